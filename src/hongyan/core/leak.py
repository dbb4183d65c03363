"""Leaks: passages of a program that are secrets, told apart from those that only look like it.

Some secrets are known by their form alone, the others by the name they are assigned to. Every
expression is bounded and possessive where it repeats: a text costs time in proportion to its length.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from enum import StrEnum, auto
from typing import Final, NamedTuple

import msgspec

from hongyan.core.placeholder import is_placeholder


class Rule(StrEnum):
    """What a passage was found to be."""

    ZHENZI_APP_SECRET = auto()
    WECHAT_APP_SECRET = auto()
    WECHAT_PAY_KEY = auto()
    TENCENT_SECRET_ID = auto()
    TENCENT_SECRET_KEY = auto()
    HONGYAN_SECRET_KEY = auto()
    PRIVATE_KEY = auto()
    ACCESS_TOKEN = auto()
    SECRET_LITERAL = auto()


class Leak(msgspec.Struct, frozen=True):
    """Where a secret stands, both counted from 1 and in characters; `masked` never is the whole."""

    rule: Rule
    line: int
    column: int
    masked: str
    ignored: bool
    """The program's author has said so in a comment."""


IGNORE: Final = "hongyan-scan: ignore"
"""In a comment behind the secret, or alone on the line above it."""


class _Passage(NamedTuple):
    start: int
    rule: Rule
    value: str


def leaks(text: str) -> list[Leak]:
    """Every secret in a text, in its order."""
    found: dict[int, _Passage] = {}
    for look in (_by_form, _private_keys, _by_name, _by_call, _by_neighbour):
        for passage in look(text):
            found.setdefault(passage.start, passage)
    return list(_located(text, [found[start] for start in sorted(found)]))


def masked(value: str) -> str:
    """The first and last letters, by which its owner knows it again."""
    shown = 3 if len(value) >= _LONG else 1
    return f"{value[:shown]}…{value[-shown:]}"


_LONG: Final = 16
_FAIRLY_LONG: Final = 12
_NEAR: Final = 800
"""Characters between a UUID and the word Zhenzi that make it Zhenzi's."""

_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_A_UUID: Final = re.compile(_UUID)
_HEX: Final = re.compile(r"[0-9a-f]{32}")
_ALPHANUMERIC: Final = re.compile(r"[A-Za-z0-9]{32}")
_QUOTE: Final = r"""\\{0,7}+["'`]"""
_SPACE: Final = r"(?:\s|\\{1,7}[nrt]){0,80}+"
"""In a source map the quotes and line ends of the source are escaped, perhaps more than once."""

_FORMS: Final = re.compile(
    r"(?<![A-Za-z0-9])(?P<tencent>AKID[A-Za-z0-9]{32,36})(?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9_-])(?P<hongyan>sk_[A-Za-z0-9_-]{32})(?![A-Za-z0-9_-])"
    # 36 octets without padding. A UUID begins with 0-9 or a-f, its base64 with one of these.
    r"|(?<![A-Za-z0-9+/])(?P<zhenzi>[MNOYZ][A-Za-z0-9+/]{47})(?![A-Za-z0-9+/=])"
)
_FORM_RULES: Final = {
    "tencent": Rule.TENCENT_SECRET_ID,
    "hongyan": Rule.HONGYAN_SECRET_KEY,
    "zhenzi": Rule.ZHENZI_APP_SECRET,
}

# Libraries hold the line alone, to put it around a key; a key follows only where one leaked.
_PRIVATE_KEY: Final = re.compile(
    r"(?P<head>-----BEGIN (?:[A-Z]{2,9} ){0,2}PRIVATE KEY-----)"
    r"(?:\\{1,7}[nr]|[\s\"'`+,\\]){0,80}+(?=(?P<body>[A-Za-z0-9+/]{40}))"
)

_NAME: Final = re.compile(
    r"secret|(?:access|api)[_-]?token|(?:mch|partner|api[_-]?v3)[_-]?key", re.IGNORECASE
)
_QUOTED: Final = re.compile(
    rf"(?P<suffix>[\w-]{{0,24}}+)(?P<closed>{_QUOTE})?+\s{{0,9}}+\]?+\s{{0,9}}+[?!]?+"
    rf"(?P<sep>={{1,3}}>?|:=?|,){_SPACE}"
    # The end of a string: '&secret=' + '…'.
    rf"(?:{_QUOTE}\s{{0,9}}+\+{_SPACE})?+"
    # A type (TypeScript), a variable that may be unset, a condition, a call.
    rf"(?P<between>(?:[\w$.!\[\]<> ]{{0,80}}+(?:\|\||\?\?|[=?:(]){_SPACE}){{0,3}}+)"
    r"""\\{0,7}+(?P<quote>["'`])(?P<value>[^\s"'`\\]{8,256}+)\\{0,7}+(?P=quote)""",
    re.ASCII,
)
_BARE: Final = re.compile(
    r"(?P<suffix>[\w-]{0,24}+)\s?+(?P<sep>[=:>])\s{0,2}+(?P<value>[\w+/=.~-]{8,256}+)", re.ASCII
)
_ARGUMENT: Final = rf"{_SPACE}(?:{_QUOTE}[^\"'`]{{0,256}}+[\"'`]|[\w$.]{{1,80}}+){_SPACE},"
_INIT: Final = re.compile(
    rf"client\s{{0,9}}+\.\s{{0,9}}+init\s{{0,9}}+\({_ARGUMENT}{_ARGUMENT}{_SPACE}"
    rf"{_QUOTE}(?P<value>[^\s\"'`\\]{{8,256}}+){_QUOTE}",
    re.ASCII,
)
_QUOTED_UUID: Final = re.compile(rf"[\"'`](?P<value>{_UUID})(?=\\{{0,7}}[\"'`])")
_NOT_ITSELF: Final = re.compile(r"[_-]?(?:id|name|hash|md5|sha\d*|digest|url|path)$", re.IGNORECASE)
_MIDST: Final = re.compile(r"[0-9][A-Za-z]")
_KEY: Final = re.compile(r"[_-]?(?:access[_-]?)?key", re.IGNORECASE)
_SHELL: Final = re.compile(r"(?:^|\n)[ \t]*+(?:export )?[A-Z0-9_]*+$")
_IGNORED_BEHIND: Final = re.compile(rf"(?:(?!\\n)[^\n]){{0,200}}?{IGNORE}")
_IGNORED_ABOVE: Final = re.compile(rf"[^\w\n]{{0,40}}+{IGNORE}")


def _by_form(text: str) -> Iterator[_Passage]:
    for found in _FORMS.finditer(text):
        kind, value = str(found.lastgroup), found[0]
        # Identifiers in snake case may have the length of a key, but not both cases.
        if kind == "hongyan" and value[3:] in (value[3:].lower(), value[3:].upper()):
            continue
        plain = _uuid_in_base64(value) if kind == "zhenzi" else value
        if not is_placeholder(plain):
            yield _Passage(found.start(), _FORM_RULES[kind], value)


def _private_keys(text: str) -> Iterator[_Passage]:
    for found in _PRIVATE_KEY.finditer(text):
        if not is_placeholder(found["body"]):
            yield _Passage(found.start(), Rule.PRIVATE_KEY, found["head"])


def _by_name(text: str) -> Iterator[_Passage]:
    for named in _NAME.finditer(text):
        found = _QUOTED.match(text, named.end()) or _BARE.match(text, named.end())
        if not found or is_placeholder(found["value"]) or _NOT_ITSELF.search(found["suffix"]):
            continue
        # Behind a comma stands the value only of a name in quotes: set('secret', '…').
        if found["sep"] == "," and not found["closed"]:
            continue
        if rule := _named(text, named, found):
            yield _Passage(found.start("value"), rule, found["value"])


def _named(text: str, named: re.Match[str], found: re.Match[str]) -> Rule | None:
    """What a value is that is given to this name."""
    word, value = named[0].lower(), found["value"]
    if word.endswith("token"):
        # Tokens that begin so are as public as our keys that do: those of maps.
        is_token = len(value) >= 2 * _LONG and _is_mixed(value) and not value.startswith("pk")
        return Rule.ACCESS_TOKEN if is_token and found.re is _QUOTED else None
    if word.endswith("key"):
        is_key = _ALPHANUMERIC.fullmatch(value) and _is_mixed(value)
        return Rule.WECHAT_PAY_KEY if is_key else None
    return _secret(text, named, found)


def _secret(text: str, named: re.Match[str], found: re.Match[str]) -> Rule | None:
    value = found["value"]
    if _KEY.fullmatch(found["suffix"]):
        return _secret_key(value) if _is_assigned(text, named, found) else None
    # Of these two forms, any name with `secret` in it is enough.
    if _A_UUID.fullmatch(value):
        return Rule.ZHENZI_APP_SECRET
    if _HEX.fullmatch(value):
        return Rule.WECHAT_APP_SECRET
    if found["suffix"] or not _is_assigned(text, named, found) or not _is_plausible(value):
        return None
    owner = text[max(named.start() - 7, 0) : named.start()].lower().rstrip("_-")
    known = owner.endswith("app") or (owner.endswith(("client", "api")) and _is_no_word(value))
    return Rule.SECRET_LITERAL if known else None


def _secret_key(value: str) -> Rule | None:
    if not _is_plausible(value) or not _is_no_word(value):
        return None
    is_tencent = _ALPHANUMERIC.fullmatch(value) and not _HEX.fullmatch(value)
    return Rule.TENCENT_SECRET_KEY if is_tencent else Rule.SECRET_LITERAL


def _is_plausible(value: str) -> bool:
    """Whether a value of no known form may be a secret; with a dot it is rather a name."""
    return _is_mixed(value) and "." not in value


def _is_no_word(value: str) -> bool:
    """Whether a value is long for a name; the digits of a shorter one are no version at its end."""
    return len(value) >= _LONG or (len(value) >= _FAIRLY_LONG and bool(_MIDST.search(value)))


def _is_assigned(text: str, named: re.Match[str], found: re.Match[str]) -> bool:
    """Whether the value is surely this name's: quoted and direct, or a line of a shell or `.env`."""
    if found.re is _QUOTED:
        return found["sep"] != "," and "(" not in found["between"]
    before = text[max(named.start() - 60, 0) : named.start()]
    return found["sep"] == "=" and named[0].isupper() and bool(_SHELL.search(before))


def _by_call(text: str) -> Iterator[_Passage]:
    """`zhenzisms.client.init(apiUrl, appId, '…')`, whatever the variables are called."""
    for found in _INIT.finditer(text):
        value = found["value"]
        if len(value) >= _LONG and _is_mixed(value) and not is_placeholder(value):
            yield _Passage(found.start("value"), Rule.ZHENZI_APP_SECRET, value)


def _by_neighbour(text: str) -> Iterator[_Passage]:
    """A UUID near Zhenzi's name is their AppSecret, but for a message's id."""
    for found in _QUOTED_UUID.finditer(text):
        start, end = found.span("value")
        before = text[max(start - _NEAR, 0) : start].lower()
        if "zhenzi" not in before and "zhenzi" not in text[end : end + _NEAR].lower():
            continue
        if "messageid" not in before[-20:] and not is_placeholder(found["value"]):
            yield _Passage(start, Rule.ZHENZI_APP_SECRET, found["value"])


def _uuid_in_base64(value: str) -> str:
    """Empty if it is something else."""
    try:
        plain = base64.b64decode(value, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return plain if _A_UUID.fullmatch(plain) else ""


def _is_mixed(value: str) -> bool:
    return any(map(str.isdigit, value)) and any(map(str.isalpha, value))


def _located(text: str, passages: list[_Passage]) -> Iterator[Leak]:
    line, line_start, seen = 1, 0, 0
    for start, rule, value in passages:
        line += text.count("\n", seen, start)
        line_start = text.rfind("\n", seen, start) + 1 or line_start
        seen = start
        told = value if rule is Rule.PRIVATE_KEY else masked(value)
        ignored = _is_ignored(text, line_start, start)
        yield Leak(rule, line, start - line_start + 1, told, ignored)


def _is_ignored(text: str, line_start: int, start: int) -> bool:
    if _IGNORED_BEHIND.match(text, start):
        return True
    # Bounded from the end of the line above: that line may be a whole program.
    above = text[max(line_start - 200, 0) : max(line_start - 1, 0)].rpartition("\n")[2]
    return bool(_IGNORED_ABOVE.match(above))
