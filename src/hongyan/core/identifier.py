"""Identifiers: ordered by time, so that tables grow at one end and need no index of random order.

A message is 63 bits: 41 of milliseconds since 2025, 10 of the writer, 12 of sequence. Outside it is
13 Crockford letters. A verification is a UUIDv7 (RFC 9562 §5.7): its 74 random bits are its secret.
"""

import uuid
from typing import Final, NewType

from hongyan.core.errors import NotFound
from hongyan.core.time import Millis

MessageId = NewType("MessageId", int)
MemberId = NewType("MemberId", int)
VerificationId = NewType("VerificationId", bytes)

EPOCH: Final[Millis] = 1_735_689_600_000
"""2025-01-01T00:00:00Z, where the 41 bits begin; they last until 2094."""

WRITERS: Final = 1 << 10
_SEQUENCE_BITS: Final = 12
_TIME_SHIFT: Final = 22

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = [high + low for high in _LETTERS for low in _LETTERS]
_VALUES: Final = {letter: value for value, letter in enumerate(_LETTERS)}
_VALUES.update({"O": 0, "I": 1, "L": 1})
_WRITTEN_LENGTH: Final = 13
_VARIANT: Final = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
"""A digit whose two high bits are made 10."""
RANDOM_BYTES: Final = 10
"""What `verification_id` takes from chance."""


class MessageIds:
    """Makes the ids of one writer: never two alike, never backwards, whatever the clock does."""

    def __init__(self, writer: int, last: int = 0) -> None:
        """`last` is the highest id that the store holds."""
        self._writer = writer << _SEQUENCE_BITS
        # Time and sequence as one counter: when a millisecond is full, the next one is borrowed.
        self._counter = (last >> _TIME_SHIFT) + 1 << _SEQUENCE_BITS

    def next(self, now: Millis) -> MessageId:
        """A new id, at `now` or, when the clock is behind the last one, right after that."""
        counter = (now - EPOCH) << _SEQUENCE_BITS
        counter = self._counter = max(counter, self._counter + 1)
        time, sequence = counter >> _SEQUENCE_BITS, counter & ((1 << _SEQUENCE_BITS) - 1)
        return MessageId(time << _TIME_SHIFT | self._writer | sequence)


def made_at(message: MessageId) -> Millis:
    """When an id was made."""
    return (message >> _TIME_SHIFT) + EPOCH


def first_id(at: Millis) -> MessageId:
    """No message of a moment, or of a later one, has a smaller id."""
    return MessageId(max(at - EPOCH, 0) << _TIME_SHIFT)


def written(message: int) -> str:
    """A 63-bit id as 13 letters, in the same order."""
    pairs = _PAIRS
    return (
        _LETTERS[message >> 60]
        + pairs[message >> 50 & 1023]
        + pairs[message >> 40 & 1023]
        + pairs[message >> 30 & 1023]
        + pairs[message >> 20 & 1023]
        + pairs[message >> 10 & 1023]
        + pairs[message & 1023]
    )


def read(letters: str) -> MessageId:
    """The id that 13 letters write; lower case, and O, I, L for 0, 1, 1, are understood.

    Raises NotFound: whatever is not an id names nothing.
    """
    # Only of ASCII does upper() make one letter of each.
    if len(letters) != _WRITTEN_LENGTH or not letters.isascii():
        raise NotFound
    value = 0
    for letter in letters.upper():
        if letter not in _VALUES:
            raise NotFound
        value = value << 5 | _VALUES[letter]
    if value >> 63:
        raise NotFound
    return MessageId(value)


def verification_id(now: Millis, chance: bytes) -> VerificationId:
    """A UUIDv7 of this moment; `chance` is 10 random bytes."""
    random = int.from_bytes(chance)
    value = now << 80 | 0x7 << 76 | (random >> 68 & 0xFFF) << 64 | 0b10 << 62
    return VerificationId((value | random & (1 << 62) - 1).to_bytes(16))


def written_uuid(verification: bytes) -> str:
    """`0193…-7…-…`, the form that people and JSON use."""
    digits = verification.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def random_uuid(chance: bytes) -> str:
    """A UUIDv4 (RFC 9562 §5.4) of 16 random bytes, written."""
    digits = chance.hex()
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-"
        f"{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:]}"
    )


def read_uuid(written_form: str) -> VerificationId:
    """Raises NotFound for anything that is not a UUID."""
    try:
        return VerificationId(uuid.UUID(written_form).bytes)
    except ValueError as error:
        raise NotFound from error
