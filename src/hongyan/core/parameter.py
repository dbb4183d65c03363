"""Parameters: what the values of a template may be, by the template's kind.

`flaw_of` says what is wrong and where; who refuses a caller puts it into words or a code.
"""

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum, auto
from typing import Final, NamedTuple

from hongyan.core.message import Kind

LONGEST_CODE: Final = 6
"""Digits in a value of a verification template, as carriers review them."""
LONGEST_VALUE: Final = 30
"""Characters in a value of any other, where no protocol says else."""

_DIGITS: Final = re.compile(r"[0-9]*", re.ASCII)
_LINK: Final = re.compile(
    r"(?ai)://|www\.|[a-z0-9-]\.[a-z]{2,24}[/?:#]|\b\d{1,3}(?:\.\d{1,3}){3}\b"
    r"|[a-z0-9-]\.(?:com|cn|net|org|top|xyz|cc|io|vip|co|me|ly|info|site|shop|club|icu|wang|link|ltd"
    r"|tv|app|store|online|tech|pro|asia|mobi|im|gg|cf|tk|ml|ga|fun|live|work|biz|ren|xin|red|pub)\b"
)
_FULL_STOP: Final = "。"
"""What a browser takes for the dot of a name, and NFKC leaves as it is."""
_MARKS: Final = tuple(zip("｡．，：！？；（）", "..,:!?;()", strict=True))
"""That too in half its width; and the marks of nearly every text, as NFKC has them, but in less time."""
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
"""Line breaks, and what turns or hides letters: they would make a text read otherwise."""


class Flaw(StrEnum):
    """What is wrong with the values."""

    COUNT = auto()
    """There are more or fewer than the template takes."""
    NOT_CODE_LIKE = auto()
    """A verification's is not of a few digits."""
    TOO_LONG = auto()
    UNSEEN = auto()
    LINK = auto()
    """Reviewers allow one only as a constant of the body."""


class Place(NamedTuple):
    """A flaw, and in which value it is, counted from 1; 0 for all of them."""

    flaw: Flaw
    position: int


def flaw_of(
    kind: Kind,
    values: Sequence[str],
    count: int,
    longest_code: int = LONGEST_CODE,
    longest_value: int = LONGEST_VALUE,
) -> Place | None:
    """The first flaw of the values for a template of this kind that takes `count`; None for none."""
    if len(values) != count:
        return Place(Flaw.COUNT, 0)
    for position, value in enumerate(values, start=1):
        if kind is Kind.VERIFICATION:
            flaw = None if _is_code_like(value, longest_code) else Flaw.NOT_CODE_LIKE
        else:
            flaw = _flaw_of_plain(value, longest_value)
        if flaw is not None:
            return Place(flaw, position)
    return None


def holds_link(text: str) -> bool:
    """Whether a browser or a handset would make a link of a part of it, whatever its clothes."""
    plain = text.replace(_FULL_STOP, ".")
    if not unicodedata.is_normalized("NFKC", plain):
        for mark, narrow in _MARKS:
            plain = plain.replace(mark, narrow)
        plain = unicodedata.normalize("NFKC", plain)
    return _LINK.search(plain) is not None


def _is_code_like(value: str, longest: int) -> bool:
    return len(value) <= longest and _DIGITS.fullmatch(value) is not None


def _flaw_of_plain(value: str, longest: int) -> Flaw | None:
    if len(value) > longest:
        return Flaw.TOO_LONG
    if _UNSEEN.search(value):
        return Flaw.UNSEEN
    return Flaw.LINK if holds_link(value) else None
