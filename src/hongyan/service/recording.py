"""Recording: what a store promises of texts that went out, of replies, of links and of statistics."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from hongyan.core.command import Link, Reply
from hongyan.core.draft import Tally
from hongyan.core.identifier import MessageId
from hongyan.core.mark import Mark
from hongyan.core.message import Kind, Status
from hongyan.core.time import Millis


class TextRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A text as lists of them show it. It is masked."""

    id: MessageId
    kind: Kind
    phone: str
    text: str
    units: int
    status: Status
    accepted_at: Millis
    settled_at: Millis
    """Of its last move; 0 while it is open."""
    receipt_code: str
    reference: str
    """What its app calls it, or wants to be told with it."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a text came from that somebody answers."""

    account: int
    app: int
    phone_mark: Mark
    signature: str


class OwedReply(msgspec.Struct, frozen=True, kw_only=True):
    """A reply that an app is to be told of."""

    reply: Reply
    app_name: str
    attempts: int


class RepliedTo(msgspec.Struct, frozen=True):
    """What came of an attempt to tell it."""

    reply: MessageId
    failure: str = ""
    """Empty: the app has it."""
    due_at: Millis = 0
    """When to try again; 0 for never: it then waits to be pulled."""


class Opened(msgspec.Struct, frozen=True):
    """A short link, and the app whose page it opens."""

    link: Link
    app: int
    times: int
    """How often it has been opened, this time included."""


class Records(Protocol):
    """A part of `ports.Store`. Lists are of one app, within `[since, until)`.

    A text's moment in lists is when its id was made, which is when its call came in. All texts of apps
    that the protocols of others know are found, of other apps those of the last minute at least.
    """

    async def texts_to(
        self, app: int, phone: Mark, since: Millis, until: Millis, most: int
    ) -> list[TextRecord]:
        """The texts to a number (`accept.PHONE`'s mark of it), newest first."""

    async def texts(
        self, app: int, since: Millis, until: Millis, offset: int, most: int
    ) -> tuple[int, list[TextRecord]]:
        """How many there are (of more than 100,000 that many), and a page of them, newest first."""

    async def take_results(self, app: int, most: int) -> list[TextRecord]:
        """The oldest ends of texts that the app has not been told, each once, whoever asks."""

    async def origin(self, message: MessageId) -> Origin | None:
        """Whose text this is, whichever app's; None where there is none."""

    async def replies_from(
        self, app: int, phone: Mark, since: Millis, until: Millis, most: int
    ) -> list[Reply]:
        """The replies of a number, newest first, whether they were told or not."""

    async def take_replies(self, app: int, most: int) -> list[Reply]:
        """The oldest replies that the app has not been told, each once, whoever asks."""

    async def claim_replies(self, apps: Sequence[int], most: int, lease: Millis) -> list[OwedReply]:
        """Replies to these apps that are due, the oldest first. None is taken twice before the lease
        ends.
        """

    async def replied(self, replies: Sequence[RepliedTo]) -> None:
        """What came of them."""

    async def tally(self, app: int, since: Millis, until: Millis) -> Tally:
        """What was asked for in these hours."""

    async def ends(
        self, app: int, since: Millis, until: Millis
    ) -> Mapping[tuple[Status, str], int]:
        """(status, what the network said) → how many of the texts accepted in these hours."""

    async def open_link(self, link: int, at: Millis) -> Opened | None:
        """A link that is good at that moment; counted as opened. None for every other."""

    async def convert(self, app: int, message: MessageId, at: Millis) -> bool:
        """Keep that a text led to what it was for: the first time that this is told of it. Whether
        it is a text of this app's at all.
        """
