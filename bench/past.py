"""A past for a store: messages that were accepted, handed over and delivered, oldest first, as the
rows that the store's own functions make of them.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from hongyan.core.batch import number_mark
from hongyan.core.command import Queued, Sent
from hongyan.core.identifier import MessageId, MessageIds, made_at, written
from hongyan.core.mark import Mark
from hongyan.core.message import Kind, Message, Status
from hongyan.core.time import DAY, HOUR, Millis
from hongyan.service.accept import PHONE
from hongyan.service.ports import Settlement
from hongyan.store.filing import day_of_reference
from hongyan.store.rows import Row, attempt_row, message_row
from hongyan.store.seal import Seal

_SLICE = 500
"""Messages of a moment: a batch under load, and what references are filed by."""
_KNOWN = 200_000
"""Messages that can be asked for afterwards, chosen evenly."""
_TEXT = "【鸿雁】您好，理发已为您预约成功，请按时到店。"
_DELIVERED_AFTER = 3_000
_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True)
class Apps:
    """Whose messages they are: by turns of one that sends under Idempotency-Keys, and of one that has
    an id of its own for each.
    """

    account: int
    keyed: int
    naming: int


@dataclass
class Past:
    """So many messages, spread evenly over so long a time up to now."""

    seal: Seal
    apps: Apps
    count: int
    span: Millis
    keyed: list[str] = field(default_factory=list)
    """Ids of some, as their app writes them."""
    naming: list[str] = field(default_factory=list)
    """What their app calls some others."""
    naming_recent: list[str] = field(default_factory=list)
    """The same, of the last hour but within the last day."""

    def slices(self, now: Millis) -> Iterator["Slice"]:
        ids, began = MessageIds(0), now - self.span
        chance = random.Random(self.count)
        share = min(_KNOWN / self.count, 1.0)
        for start in range(0, self.count, _SLICE):
            numbers = range(start, min(start + _SLICE, self.count))
            at = began + self.span * start // self.count
            messages = [self._message(ids.next(at), number, at) for number in numbers]
            for message in messages:
                if chance.random() < share:
                    self._remember(message, now)
            yield Slice(messages, at, is_recent=at > now - DAY)

    def _message(self, identifier: MessageId, number: int, at: Millis) -> Message:
        # 7919 has no factor in common with 10^9: each number comes once in so many.
        phone = f"+861{3_000_000_000 + number * 7919 % 1_000_000_000}"
        names = bool(number % 2)
        app = self.apps.naming if names else self.apps.keyed
        reference = f"past-{number}" if names else ""
        return Message(
            id=identifier,
            account=self.apps.account,
            app=app,
            kind=Kind.NOTICE,
            template=0,
            phone=phone,
            phone_mark=self.seal.mark(PHONE, phone.encode()),
            text=_TEXT,
            units=1,
            expires_at=at + DAY,
            reference=reference,
            reference_mark=self.seal.mark(b"reference", f"{app} {reference}".encode())
            if names
            else Mark(0),
        )

    def _remember(self, message: Message, now: Millis) -> None:
        if not message.reference:
            self.keyed.append(written(message.id))
            return
        self.naming.append(message.reference)
        if made_at(message.id) > now - DAY + HOUR:
            self.naming_recent.append(message.reference)


@dataclass(frozen=True)
class Slice:
    """Messages of one moment, as rows."""

    messages: Sequence[Message]
    at: Millis
    is_recent: bool
    """Whether limits, keys and names of it still matter."""

    @property
    def day(self) -> int:
        return day_of_reference(self.messages[0].id)

    def rows(self, seal: Seal) -> list[Row]:
        return [message_row(one, self.at, seal) for one in self.messages]

    def attempts(self) -> list[Row]:
        return [
            attempt_row(
                Settlement(
                    message=one,
                    token=0,
                    status=Status.SUBMITTED,
                    number=1,
                    provider="sandbox",
                    started_at=self.at + 5,
                    ended_at=self.at + 25,
                    outcome="accepted",
                    upstream_id=f"sandbox-{one.id}",
                )
            )
            for one in self.messages
        ]

    def references(self) -> list[tuple[Mark, MessageId]]:
        return sorted((one.reference_mark, one.id) for one in self.messages if one.reference)

    def hits(self) -> list[Mark]:
        return [number_mark(one.app, one.phone_mark) for one in self.messages]

    def kept(self, seal: Seal) -> list[tuple[Mark, Mark, bytes]]:
        """(key, request, answer) under an Idempotency-Key."""
        return [
            (
                seal.mark(b"idempotency", b"%d" % one.id),
                seal.mark(b"request", one.phone.encode()),
                _encode(Sent((Queued(one.id, one.units),))),
            )
            for one in self.messages
            if not one.reference
        ]

    @property
    def delivered_at(self) -> Millis:
        return self.at + _DELIVERED_AFTER


class Turn(NamedTuple):
    """What happens at one moment: some are accepted, those before are handed over, and of those
    before these the receipts come in.
    """

    accepted: Slice | None
    submitted: Slice | None
    delivered: Slice | None


def turns(slices: Iterator[Slice]) -> Iterator[Turn]:
    last: Slice | None = None
    before: Slice | None = None
    for one in slices:
        yield Turn(one, last, before)
        last, before = one, last
    yield Turn(None, last, before)
    yield Turn(None, None, last)
