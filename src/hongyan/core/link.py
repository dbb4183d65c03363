"""Short links: what stands in a text for a page, 11 letters that open for 30 days.

A link's letters are its message's id and the place of the link in it, encrypted: 65 bits under a
Feistel network of keyed hashes (Luby and Rackoff, 1988; eight rounds). So nothing is stored for a
link but what is stored of its message, and there is no table of random order to grow. Guesses cannot
be aimed: one that opens something must decrypt to a message that exists, once in 2^65 for each link
that is alive; and all but one in 800 are told from good ones by their time alone.

For who accepts: `Links(key).written(message, slot)`. For who opens: `read`, `is_open`, then the
message from the store, and of its values the one that stands in the link's slot.
"""

from hashlib import blake2b
from typing import Final

from hongyan.core.errors import NotFound
from hongyan.core.identifier import MessageId, made_at
from hongyan.core.time import DAY, Millis

LIFETIME: Final[Millis] = 30 * DAY
LENGTH: Final = 11
SLOTS: Final = 4
"""Links that one text may hold."""

_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES: Final = {letter: value for value, letter in enumerate(_LETTERS)}
_BASE: Final = len(_LETTERS)
_SLOT_BITS: Final = 2
_BITS: Final = 65
_RIGHT_BITS: Final = 32
_LEFT_MASK: Final = (1 << _BITS - _RIGHT_BITS) - 1
_RIGHT_MASK: Final = (1 << _RIGHT_BITS) - 1
_HALF_BYTES: Final = 5
_ROUNDS: Final = 8
_DIGEST_BYTES: Final = 8


class Links:
    """Writes and reads the letters of links under one key. Its repr tells nothing."""

    def __init__(self, key: bytes) -> None:
        """`key` has 16 to 64 bytes and is used for nothing else."""
        self._rounds = [
            blake2b(bytes((number,)), key=key, digest_size=_DIGEST_BYTES, person=b"hongyan.link")
            for number in range(_ROUNDS)
        ]

    def written(self, message: MessageId, slot: int = 0) -> str:
        """The letters of the link in a message's slot (0 to 3)."""
        value = message << _SLOT_BITS | slot
        left, right = value >> _RIGHT_BITS, value & _RIGHT_MASK
        for number in range(0, _ROUNDS, 2):
            left ^= self._mixed(number, right) & _LEFT_MASK
            right ^= self._mixed(number + 1, left) & _RIGHT_MASK
        return _letters(left << _RIGHT_BITS | right)

    def read(self, letters: str) -> tuple[MessageId, int]:
        """(message, slot) of a link's letters.

        Raises NotFound for what cannot be a link. What can be one need not be: ask `is_open`, and
        the store.
        """
        value = _value(letters)
        left, right = value >> _RIGHT_BITS, value & _RIGHT_MASK
        for number in range(_ROUNDS - 1, 0, -2):
            right ^= self._mixed(number, left) & _RIGHT_MASK
            left ^= self._mixed(number - 1, right) & _LEFT_MASK
        plain = left << _RIGHT_BITS | right
        return MessageId(plain >> _SLOT_BITS), plain & (1 << _SLOT_BITS) - 1

    def _mixed(self, number: int, half: int) -> int:
        digest = self._rounds[number].copy()
        digest.update(half.to_bytes(_HALF_BYTES))
        return int.from_bytes(digest.digest())


def is_open(message: MessageId, now: Millis) -> bool:
    """Whether links of such a message, if there is one, still open."""
    return made_at(message) <= now < made_at(message) + LIFETIME


def _letters(value: int) -> str:
    written = []
    for _ in range(LENGTH):
        value, digit = divmod(value, _BASE)
        written.append(_LETTERS[digit])
    return "".join(reversed(written))


def _value(letters: str) -> int:
    if len(letters) != LENGTH:
        raise NotFound
    value = 0
    for letter in letters:
        if letter not in _VALUES:
            raise NotFound
        value = value * _BASE + _VALUES[letter]
    if value >> _BITS:
        raise NotFound
    return value
