"""What became of one hand-over to one provider: a value, one of four, matched exhaustively.

The fourth is the reason this project exists: a text that *may* have been sent is never sent again
by itself.
"""

from typing import TypeAlias

import msgspec

from hongyan.core.time import Millis


class Accepted(msgspec.Struct, frozen=True):
    """The provider took it; a receipt may tell more."""

    upstream_id: str


class Rejected(msgspec.Struct, frozen=True):
    """Not sent, and the message is at fault: nobody will take it. Refunded."""

    code: str
    reason: str


class Deferred(msgspec.Struct, frozen=True):
    """Surely not sent, and the provider is at fault: the next one may try."""

    reason: str
    retry_after: Millis = 0
    stops: bool = False
    """The provider will take nothing until somebody has mended something: an alarm."""


class Unconfirmed(msgspec.Struct, frozen=True):
    """May have been sent. Receipts and queries resolve it, never another attempt."""

    reason: str


Outcome: TypeAlias = Accepted | Rejected | Deferred | Unconfirmed
