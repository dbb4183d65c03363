"""Texts: what a handset can show, how many segments 计费条 it takes, where it may be cut.

Own code because it sets the price. GSM 03.38 is 3GPP TS 23.038 §6.2.1 (alphabet and extension
table); segment sizes are those of a concatenated message with a 6-octet header, TS 23.040 §9.2.3.24.
"""

import re
from collections.abc import Callable
from typing import Final

from hongyan.core.errors import InvalidText, TextTooLong

GSM_ALPHABET: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""Position = septet. 0x1B is the escape to the extension table and no character of its own."""

GSM_EXTENSION: Final = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
"""Characters that take two septets: the escape, then this one."""

LONGEST: Final = 500
"""Characters in all, signature included (Tencent's ContentLengthLimit), where no protocol says else."""

_GSM_COST: Final = dict.fromkeys(GSM_ALPHABET.replace("\x1b", ""), 1) | dict.fromkeys(
    GSM_EXTENSION, 2
)
_HIGHEST_PLANE_0: Final = "\uffff"
_ALONE_BYTES: Final = 70 * 2
_UNSHOWABLE: Final = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_SIGNED: Final = re.compile(r"【([^【】]{1,40})】(.*)", re.DOTALL)
_CODE_LIKE: Final = re.compile(r"(?<!\d)\d{4,8}(?!\d)")
_NAMES_A_CODE: Final = re.compile(r"(?i)验证码|校验码|动态码|注册码|verification code")
_GREETINGS: Final = frozenset({"你好", "您好", "测试", "hello", "hi", "test"})
_LONGEST_GREETING: Final = 16
_LETTER: Final = re.compile(r"[^\W\d_]")
_NO_WORDS: Final = re.compile(r"[\W_]+")


def require_showable(text: str, longest: int = LONGEST) -> None:
    """Raise InvalidText for an empty text or one that no handset shows, TextTooLong for one of over
    `longest` characters.
    """
    if not text or text.isspace():
        raise InvalidText("The text is empty.")
    if len(text) > longest:
        raise TextTooLong(f"The text has {len(text)} characters; {longest} are the most.")
    if bad := _UNSHOWABLE.search(text):
        sentence = f"The text holds U+{ord(bad[0]):04X} at character {bad.start() + 1}."
        raise InvalidText(sentence + " Control characters and lone surrogates cannot be sent.")


def signed(signature: str, text: str) -> str:
    """The text as it leaves: 【signature】 in front, and counted.

    Raises InvalidText when the text brings 【】 of its own: handsets would show two signatures.
    """
    if "【" in text or "】" in text:
        raise InvalidText(
            "【】 mark the signature and are added here; write the text without them."
        )
    return f"【{signature}】{text}"


def signature_of(text: str) -> tuple[str, str]:
    """(signature, the text without it) of a text that begins with one; ("", text) of others."""
    found = _SIGNED.fullmatch(text)
    return (found[1], found[2]) if found else ("", text)


def masked(text: str) -> str:
    """Free text with every run of 4-8 digits, which may be a code, as `*`."""
    return _CODE_LIKE.sub("*", text)


def names_a_code(text: str) -> bool:
    """Whether a free text is a verification text: it must come at once and be wiped soon."""
    return _NAMES_A_CODE.search(text) is not None


def is_meaningless(text: str) -> bool:
    """A greeting or digits alone: "可能会被运营商屏蔽", as Zhenzi's documents warn."""
    if _LETTER.search(text) is None:
        return True
    return len(text) <= _LONGEST_GREETING and _NO_WORDS.sub("", text).lower() in _GREETINGS


def segments(text: str, *, domestic: bool) -> int:
    """How many segments the text is charged as; at least 1.

    `domestic` (+86): every UTF-16 unit counts 1, 70 fit alone, 67 in each part of a long one.
    Else the GSM alphabet is used where it suffices: 160 septets alone, 153 a part.
    """
    # Nearly every text: one segment, counted at the speed of C.
    if len(text) <= _UCS2.alone and len(text.encode("utf-16-le", "surrogatepass")) <= _ALONE_BYTES:
        return 1
    return len(parts(text, domestic=domestic))


def parts(text: str, *, domestic: bool) -> list[str]:
    """The text cut as it is sent: never inside a surrogate pair or an escape pair."""
    coding = _UCS2 if domestic or not is_gsm(text) else _GSM
    costs = [coding.cost(character) for character in text]
    if sum(costs) <= coding.alone:
        return [text]
    return _cut(text, costs, coding.part)


def is_gsm(text: str) -> bool:
    """Whether GSM 03.38 with its extension table can carry the text."""
    return _GSM_COST.keys() >= set(text)


def _cut(text: str, costs: list[int], room: int) -> list[str]:
    cuts, used = [0], 0
    for index, cost in enumerate(costs):
        if used + cost > room:
            cuts.append(index)
            used = 0
        used += cost
    return [text[start:end] for start, end in zip(cuts, [*cuts[1:], len(text)], strict=True)]


class _Coding:
    """A way to carry text: what a character costs, and how much a message and a part hold."""

    def __init__(self, alone: int, part: int, cost: Callable[[str], int]) -> None:
        self.alone = alone
        self.part = part
        self.cost = cost


_GSM: Final = _Coding(160, 153, _GSM_COST.__getitem__)
_UCS2: Final = _Coding(70, 67, lambda character: 1 if character <= _HIGHEST_PLANE_0 else 2)
