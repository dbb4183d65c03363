"""Short links: what stands in a text for a page, 11 letters that open for 30 days.

A link is 63 random bits that the store keeps (`command.Link`): a guess opens something once in 2^63
for each link that is alive. Here they are only written and read.
"""

from typing import Final

from hongyan.core.errors import NotFound
from hongyan.core.time import DAY, Millis

LIFETIME: Final[Millis] = 30 * DAY
LENGTH: Final = 11
BYTES: Final = 8
"""What a link takes from chance."""
SLOTS: Final = 4
"""Links that one text may hold."""

_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES: Final = {letter: value for value, letter in enumerate(_LETTERS)}
_BASE: Final = len(_LETTERS)
_SQUARE: Final = _BASE * _BASE
_PAIRS: Final = tuple(first + second for first in _LETTERS for second in _LETTERS)
"""Written two at a time: a call may make a thousand links."""
_BITS: Final = 63


def made(chance: bytes) -> int:
    """A link of 8 random bytes."""
    return int.from_bytes(chance) >> BYTES * 8 - _BITS


def written(link: int) -> str:
    """A link's letters, always 11."""
    pairs = _PAIRS
    link, fifth = divmod(link, _SQUARE)
    link, fourth = divmod(link, _SQUARE)
    link, third = divmod(link, _SQUARE)
    link, second = divmod(link, _SQUARE)
    link, first = divmod(link, _SQUARE)
    return (
        _LETTERS[link] + pairs[first] + pairs[second] + pairs[third] + pairs[fourth] + pairs[fifth]
    )


def read(letters: str) -> int:
    """The link that these letters write. Raises NotFound for what no link is written as."""
    if len(letters) != LENGTH:
        raise NotFound
    link = 0
    for letter in letters:
        if letter not in _VALUES:
            raise NotFound
        link = link * _BASE + _VALUES[letter]
    if link >> _BITS:
        raise NotFound
    return link
