"""Messages: one text to one number. Their kinds, their states, and the only moves between them."""

from enum import StrEnum
from typing import Final

import msgspec

from hongyan.core.identifier import MessageId, VerificationId
from hongyan.core.mark import NOBODY, Mark
from hongyan.core.time import HOUR, Millis


class Kind(StrEnum):
    """What a text is for; decides its route, its rules and how long it may wait."""

    VERIFICATION = "verification"
    NOTICE = "notice"
    MARKETING = "marketing"


class Status(StrEnum):
    """Where a message is. The same words in SQL, in the API and in the documents."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENDING = "sending"
    SUBMITTED = "submitted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    REJECTED = "rejected"
    UNCONFIRMED = "unconfirmed"
    EXPIRED = "expired"
    CLOSED = "closed"


TRANSITIONS: Final[dict[Status, frozenset[Status]]] = {
    # expired: nobody took it in time.
    Status.QUEUED: frozenset({Status.CLAIMED, Status.EXPIRED}),
    # queued: the lease ended before a byte left. expired: the code died in a worker's hands.
    Status.CLAIMED: frozenset({Status.SENDING, Status.QUEUED, Status.EXPIRED}),
    # queued: surely not sent, another provider may try. unconfirmed: it may have been sent.
    Status.SENDING: frozenset(
        {Status.SUBMITTED, Status.REJECTED, Status.QUEUED, Status.UNCONFIRMED}
    ),
    Status.SUBMITTED: frozenset({Status.DELIVERED, Status.UNDELIVERED}),
    # By receipt or query; closed after 72 h, charged. Never back to queued: it may have been sent.
    Status.UNCONFIRMED: frozenset(
        {
            Status.SUBMITTED,
            Status.DELIVERED,
            Status.UNDELIVERED,
            Status.REJECTED,
            Status.CLOSED,
        }
    ),
    Status.DELIVERED: frozenset(),
    Status.UNDELIVERED: frozenset(),
    Status.REJECTED: frozenset(),
    Status.EXPIRED: frozenset(),
    Status.CLOSED: frozenset(),
}

REFUNDED: Final = frozenset({Status.REJECTED, Status.EXPIRED})
"""Surely never sent: money and limits are given back."""

LIFETIME: Final[dict[Kind, Millis]] = {
    # A verification text lives as long as its code; this bounds texts that apps bring themselves.
    Kind.VERIFICATION: HOUR // 6,
    Kind.NOTICE: 24 * HOUR,
    Kind.MARKETING: 24 * HOUR,
}
"""How long a message may wait for a provider before it expires."""


ENDS: Final = frozenset(status for status, following in TRANSITIONS.items() if not following)
"""Nothing more will become of such a message."""


def may_move(old: Status, new: Status) -> bool:
    """Whether the table has this move."""
    return new in TRANSITIONS[old]


class Message(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A message as it is accepted. What it goes through later is told by its attempts."""

    id: MessageId
    account: int
    app: int
    kind: Kind
    template: int
    """0 for free text."""
    phone: str
    phone_mark: Mark
    text: str
    units: int
    expires_at: Millis
    verification: VerificationId | None = None
    params: tuple[str, ...] = ()
    """The template's values: an upstream that has the template too takes them, not the text."""
    reference: str = ""
    """The app's own id for it."""
    reference_mark: Mark = NOBODY
    reports: bool = False
    """Whether its app is told of its end."""
    warning: str = ""
    """What its app should know of it, in a word; such as `meaningless`."""
