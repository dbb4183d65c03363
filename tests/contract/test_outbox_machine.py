"""Whatever apps, workers, networks and crashes do in whatever order: the promises about delivery
that no single test can show, held against a model on every store."""

import asyncio
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import hypothesis
import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hongyan.core.command import Queued, Sent
from hongyan.core.message import REFUNDED, TRANSITIONS, Kind, Message, Status
from hongyan.core.outcome import Accepted, Deferred, Outcome, Rejected, Unconfirmed
from hongyan.core.time import HOUR, MINUTE, SECOND, Millis
from hongyan.service.ports import Claimed, MessageRecord, Receipt
from support.world import LEASE, STORES, World

T = TypeVar("T")

BOUGHT = 40

OUTCOMES: list[Outcome] = [
    Accepted("up-1"),
    Rejected("blocked", "Blocked."),
    Deferred("Busy."),
    Unconfirmed("No answer."),
]

somewhere = st.integers(0, 99)
"""One of a list, whatever its length."""


class Known(msgspec.Struct):
    """What the model remembers of a message."""

    message: Message
    status: Status = Status.QUEUED
    token: int = 0
    """Of who holds it; 0 for nobody."""
    until: Millis = 0
    """When the lease ends."""
    begun: int = 0
    deferred: int = 0


class Outbox(RuleBasedStateMachine):
    """One account, some workers, a network, and a process that may end at any time."""

    kind: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.directory = tempfile.TemporaryDirectory()
        world = World(Path(self.directory.name), STORES[self.kind], packages=BOUGHT)
        self.world = self.run(world.open())
        self.known: list[Known] = []
        self.claims: list[Claimed] = []

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    def teardown(self) -> None:
        self.run(self.world.close())
        self.runner.close()
        self.directory.cleanup()

    @rule(kind=st.sampled_from(Kind), units=st.integers(1, 3))
    def accept(self, kind: Kind, units: int) -> None:
        lifetime = 5 * MINUTE if kind is Kind.VERIFICATION else 0
        message = self.world.message(kind=kind, units=units, lifetime=lifetime)
        covered = self._balance() >= units
        answer = self.run(self.world.send(message))
        assert isinstance(answer, Sent)
        assert isinstance(answer.messages[0], Queued) == covered
        if covered:
            self.known.append(Known(message))

    @rule(most=st.integers(1, 3))
    def claim(self, most: int) -> None:
        self._claim(most)
        self._look()

    @precondition(lambda self: self.claims)
    @rule(which=somewhere)
    def begin(self, which: int) -> None:
        self._begin(self._claimed(which))
        self._look()

    @precondition(lambda self: self.claims)
    @rule(which=somewhere, outcome=st.sampled_from(OUTCOMES), providers=st.integers(1, 2))
    def settle(self, which: int, outcome: Outcome, providers: int) -> None:
        self._settle(self._claimed(which), outcome, providers)
        self._look()

    @precondition(lambda self: self.known)
    @rule(
        which=somewhere,
        status=st.sampled_from(sorted(TRANSITIONS[Status.UNCONFIRMED] - {Status.CLOSED})),
    )
    def receive(self, which: int, status: Status) -> None:
        one = self.known[which % len(self.known)]
        receipt = Receipt(one.message.id, status, self.world.clock())
        self.run(self.world.store.receive([receipt]))
        self._look()

    @rule(span=st.sampled_from([SECOND, 8 * SECOND, MINUTE, HOUR, 73 * HOUR]))
    def wait(self, span: Millis) -> None:
        self.world.clock.pass_by(span)

    @rule()
    def sweep(self) -> None:
        self.run(self.world.sweep())
        self._let_go(self.world.clock())
        self._look()

    @rule()
    def end_leases(self) -> None:
        self.world.clock.pass_by(LEASE)
        self.sweep()
        assert all(one.status is not Status.SENDING for one in self.known)

    @rule()
    def lose(self) -> None:
        self.run(self.world.lost())
        self._let_go(self.world.clock())
        self._look()
        assert all(one.status is not Status.SENDING for one in self.known)

    @rule()
    def deliver_all(self) -> None:
        """With a provider that works, nothing is left behind."""
        self.end_leases()
        self.world.clock.pass_by(10 * MINUTE)
        for claimed in self._claim(100):
            self._begin(claimed)
            self._settle(claimed, OUTCOMES[0], 1)
        self._look()
        assert not {one.status for one in self.known} & {Status.QUEUED, Status.SENDING}

    @invariant()
    def the_books_balance(self) -> None:
        accepted = sum(one.message.units for one in self.known)
        refunded = sum(one.message.units for one in self.known if one.status in REFUNDED)
        assert self._balance() == BOUGHT - accepted + refunded

    def _balance(self) -> int:
        return self.world.administering.balance(self.world.account)

    def _claimed(self, which: int) -> Claimed:
        return self.claims[-1 - which % len(self.claims)]

    def _of(self, claimed: Claimed) -> Known:
        return next(one for one in self.known if one.message == claimed.message)

    def _claim(self, most: int) -> list[Claimed]:
        claims = self.run(self.world.claim(most))
        for claimed in claims:
            one = self._of(claimed)
            assert (one.status, one.token) == (Status.QUEUED, 0)
            assert claimed.attempts == one.begun
            one.token, one.until = claimed.token, self.world.clock() + LEASE
        self.claims += claims
        return claims

    def _begin(self, claimed: Claimed) -> None:
        """Begun if it is held and waits, and once only without a Deferred in between."""
        one, begun = self._of(claimed), self.run(self.world.begin([claimed]))
        may_begin = (one.status, one.token) == (Status.QUEUED, claimed.token)
        alive = one.message.expires_at > self.world.clock()
        assert begun == {one.message.id} if may_begin and alive else may_begin or not begun
        if begun:
            one.status, one.until = Status.SENDING, self.world.clock() + LEASE
            one.begun += 1
            assert one.begun == one.deferred + 1

    def _settle(self, claimed: Claimed, outcome: Outcome, providers: int) -> None:
        one = self._of(claimed)
        settled = self.run(self.world.settle(claimed, outcome, providers=providers))
        assert bool(settled) == ((one.status, one.token) == (Status.SENDING, claimed.token))
        if settled:
            one.token = 0
            one.deferred += isinstance(outcome, Deferred)

    def _let_go(self, now: Millis) -> None:
        for one in self.known:
            if one.until <= now:
                one.token = 0

    def _look(self) -> None:
        """Where each message is now; it got there by the table."""
        for one, record in zip(self.known, self.run(self._records()), strict=True):
            assert record.status in _reached(one.status), (one.status, record.status)
            assert len(record.attempts) == one.begun - (record.status is Status.SENDING)
            one.status = record.status

    async def _records(self) -> list[MessageRecord]:
        return await asyncio.gather(*(self.world.record(one.message) for one in self.known))


def _reached(status: Status) -> set[Status]:
    """What it can become before somebody begins to send it."""
    reached = {status}
    for _ in Status:
        further = frozenset[Status]().union(*(TRANSITIONS[one] for one in reached))
        reached |= further - {Status.SENDING}
    return reached


_SHARE = {"sqlite": 1, "postgres": 5}
"""Of so many examples one is tried: where each has a database of its own, most of its time is that."""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", list(STORES))
def test_messages_go_their_way_whatever_happens(kind: str) -> None:
    machine = type("Outbox", (Outbox,), {"kind": kind})
    tried = hypothesis.settings().max_examples // _SHARE[kind]
    run_state_machine_as_test(machine, settings=hypothesis.settings(max_examples=tried))
