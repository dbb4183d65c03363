"""Inquiries: when a provider is asked what became of a message, and what its word moves."""

from typing import Final

from hongyan.core.message import LIFETIME, Status
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND, Millis

_WAITS: Final[tuple[Millis, ...]] = (
    3 * SECOND,
    15 * SECOND,
    MINUTE,
    3 * MINUTE,
    10 * MINUTE,
    HOUR,
    6 * HOUR,
    DAY,
    DAY,
    17 * HOUR,
)
"""Most receipts come within seconds; after these (72 h in all) nobody would know any more."""

FIRST_WAIT: Final = _WAITS[0]
LONGEST: Final[Millis] = sum(_WAITS) + max(LIFETIME.values())
"""After its acceptance no message is asked about, whoever may have been out of reach meanwhile."""
_SURE_AFTER: Final = 5
"""Such answers, and with them a quarter of an hour, after which "no such message" is believed."""
_AGAIN: Final[Millis] = 10 * SECOND
_LONGEST_AGAIN: Final[Millis] = 6 * HOUR
_DOUBLINGS: Final = _LONGEST_AGAIN.bit_length()
"""More than any that count; it keeps the numbers small."""


def wait(asked: int) -> Millis:
    """How long until the next question when so many have been answered; 0 for no further one."""
    return _WAITS[asked] if asked < len(_WAITS) else 0


def wait_failed(failures: int) -> Millis:
    """How long until the same question when so many running were not answered.

    It grows: messages that can never be asked about must leave room for all others.
    """
    return min(_AGAIN << min(failures - 1, _DOUBLINGS), _LONGEST_AGAIN)


def believed(status: Status | None, *, unknown: bool, asked: int, in_doubt: bool) -> Status | None:
    """The state that the provider's word moves the message to; None for none.

    `asked`: the answers that said something of it.

    A provider that took a message and forgot it says nothing. Of one that may never have arrived,
    "no such message" is the answer hoped for, once it has had the time to arrive.
    """
    if in_doubt:
        return Status.REJECTED if unknown and asked >= _SURE_AFTER else status
    match status:
        case Status.SUBMITTED:
            return None
        case Status.REJECTED:  # It was taken, and is paid for.
            return Status.UNDELIVERED
        case _:
            return status
