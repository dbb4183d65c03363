"""The draft of a batch: what its commands have done so far, over the snapshot they began with."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeAlias

import msgspec

from hongyan.core import daily, ledger, limit, opt_out
from hongyan.core.command import Approved, Idempotency, Keepable, Kept, Link, Reply, Started
from hongyan.core.daily import Cap, Total
from hongyan.core.errors import Limited
from hongyan.core.identifier import MemberId, MessageId, VerificationId
from hongyan.core.mark import Mark
from hongyan.core.message import Message
from hongyan.core.time import Millis, next_midnight
from hongyan.core.verification import Verification

Hit: TypeAlias = tuple[Mark, int]
"""(mark, tag): an event that a message counted, given back if it is surely never sent. Daily totals
are among them; see `daily.as_hit`.
"""


class Tally(msgspec.Struct, frozen=True, gc=False):
    """What happened to an app's numbers in a batch."""

    requests: int = 0
    """Numbers asked for, refused ones among them."""
    accepted: int = 0
    units: int = 0
    """Segments of those."""


class Snapshot(Protocol):
    """What the store held when the batch began, under the locks that keep it so."""

    def balance(self, account: int) -> int:
        """Segments the account may still send; 0 for an unknown one."""

    def history(self, mark: Mark) -> int:
        """The mark's events (see `limit`); no events for an unknown one."""

    def total(self, total: Total) -> int:
        """How many texts an app has sent in a day; see `daily`."""

    def kept(self, key: Mark) -> Kept | None:
        """The answer under an Idempotency-Key of the last 24 h."""

    def current(self, mark: Mark) -> VerificationId | None:
        """The newest verification of an app, phone and purpose, while it may be alive."""

    def reference(self, mark: Mark) -> MessageId | None:
        """The newest message of the last 24 h that an app gave this id of its own, at least."""

    def opted_out(self, mark: Mark) -> bool:
        """Whether the owner of a number wants no marketing of an account; see `opt_out.mark_of`."""

    def verification(self, verification: VerificationId) -> Verification | None:
        """The verification, whatever its state."""

    def knows(self, phone: Mark, openid: Mark) -> bool:
        """Whether this openid has verified this phone before."""

    def member(self, phone: Mark) -> MemberId | None:
        """The member that this phone registered."""


class Draft:
    """Reads go through it to the snapshot, so that the second of two commands sees what the first
    one did; the store writes it out as it stands when all are decided.
    """

    def __init__(self, snapshot: Snapshot, now: Millis) -> None:
        self._snapshot = snapshot
        self.now = now
        self.queued: list[tuple[Message, Sequence[Hit]]] = []
        self.hits: list[tuple[Mark, Millis, int]] = []
        self.histories: dict[Mark, int] = {}
        self.totals: dict[Total, int] = {}
        """How many more texts there were in each."""
        self.balances: dict[int, int] = {}
        self.charged: dict[int, int] = {}
        self.kept: dict[Mark, Kept] = {}
        self.created: dict[VerificationId, Verification] = {}
        self.changed: dict[VerificationId, Verification] = {}
        self.currents: dict[Mark, VerificationId] = {}
        self.known: set[tuple[Mark, Mark]] = set()
        self.members: dict[Mark, tuple[MemberId, Verification]] = {}
        self.references: dict[Mark, MessageId] = {}
        self.replies: list[Reply] = []
        self.opted_out: set[Mark] = set()
        """Whoever opted out in this batch; see `opt_out.mark_of`."""
        self.links: list[Link] = []
        self.tallies: dict[int, Tally] = {}
        """App → what its statistics gain."""
        self.void: list[MessageId] = []
        """Texts whose code nobody can use any more: not to be sent, if they still wait."""
        self.probes = 0
        """Checks that had nothing to compare with; written too, so that each costs a commit."""

    def history(self, mark: Mark) -> int:
        found = self.histories.get(mark)
        return self._snapshot.history(mark) if found is None else found

    def find_kept(self, key: Mark) -> Kept | None:
        return self.kept.get(key) or self._snapshot.kept(key)

    def current(self, mark: Mark) -> VerificationId | None:
        return self.currents.get(mark) or self._snapshot.current(mark)

    def reference(self, mark: Mark) -> MessageId | None:
        return self.references.get(mark) or self._snapshot.reference(mark)

    def verification(self, wanted: VerificationId) -> Verification | None:
        found = self.changed.get(wanted) or self.created.get(wanted)
        return found or self._snapshot.verification(wanted)

    def knows(self, phone: Mark, openid: Mark) -> bool:
        if not openid:
            return False
        return (phone, openid) in self.known or self._snapshot.knows(phone, openid)

    def queue(self, message: Message, hits: Sequence[Hit] = ()) -> None:
        self.queued.append((message, hits))
        if message.reference_mark:
            self.references[message.reference_mark] = message.id

    def charge(self, account: int, units: int) -> bool:
        """Debit the account, if its balance covers that."""
        before = self.balances.get(account)
        if before is None:
            before = self._snapshot.balance(account)
        if not ledger.covers(before, units):
            return False
        self.balances[account] = before - units
        self.charged[account] = self.charged.get(account, 0) + units
        return True

    def hit(self, mark: Mark, before: int, *, keep: int, tag: int = 0) -> int:
        """Count an event now, after the history `before`; the mark's history with it."""
        history = limit.pushed(before, self.now, tag, keep=keep)
        self.histories[mark] = history
        self.hits.append((mark, self.now, tag))
        return history

    def full(self, caps: Iterable[Cap]) -> Limited | None:
        """The first daily total that has no room for another text."""
        for cap in caps:
            total = cap.total(self.now)
            if self._snapshot.total(total) + self.totals.get(total, 0) >= cap.most:
                return Limited("app", cap.window, next_midnight(self.now))
        return None

    def count(self, caps: Iterable[Cap]) -> list[Hit]:
        """Count a text in each; what it gives back if it is surely never sent."""
        totals = [cap.total(self.now) for cap in caps]
        for total in totals:
            self.totals[total] = self.totals.get(total, 0) + 1
        return [daily.as_hit(total) for total in totals]

    def has_opted_out(self, mark: Mark) -> bool:
        return mark in self.opted_out or self._snapshot.opted_out(mark)

    def hear(self, reply: Reply) -> None:
        self.replies.append(reply)
        if reply.opts_out:
            self.opted_out.add(opt_out.mark_of(reply.account, reply.phone_mark))

    def tally(self, app: int, *, requests: int, accepted: int = 0, units: int = 0) -> None:
        before = self.tallies.get(app, Tally())
        self.tallies[app] = Tally(
            before.requests + requests, before.accepted + accepted, before.units + units
        )

    def create(self, started: Verification, current: Mark) -> None:
        self.created[started.id] = started
        self.currents[current] = started.id

    def change(self, changed: Verification) -> None:
        target = self.created if changed.id in self.created else self.changed
        target[changed.id] = changed

    def enrol(self, verification: Verification, new: MemberId) -> tuple[MemberId, bool]:
        """The member of the verified phone, and whether it is one from now on."""
        phone = verification.phone_mark
        enrolled = self.members.get(phone)
        found = enrolled[0] if enrolled else self._snapshot.member(phone)
        if found is not None:
            return found, False
        self.members[phone] = (new, verification)
        return new, True

    def keep(self, idempotency: Idempotency, answer: Keepable) -> None:
        """Keep an answer, without what is personal in it."""
        if isinstance(answer, Started | Approved):
            answer = msgspec.structs.replace(answer, phone="")
        self.kept[idempotency.key] = Kept(idempotency.request, answer, idempotency.lasts)
