"""Two stores, one truth: whatever is asked of them, in whatever order, they answer the same, and their
books are the same in the end. The rules are written once; this is how one would notice if not.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

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

from hongyan.core.command import (
    Approved,
    Consume,
    Hear,
    Idempotency,
    Knock,
    Link,
    Reply,
    Resend,
    Send,
    Started,
)
from hongyan.core.daily import Caps
from hongyan.core.errors import HongyanError
from hongyan.core.identifier import MemberId
from hongyan.core.limit import Window
from hongyan.core.mark import NOBODY, Mark
from hongyan.core.message import Kind, Message, Status
from hongyan.core.outcome import Accepted, Deferred, Outcome, Rejected, Unconfirmed
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND, Millis
from hongyan.service.ports import Claimed, Receipt, Reported
from hongyan.service.recording import RepliedTo
from hongyan.store.opening import KEY_FILE
from support.world import LEASE, NOON, STORES, World

T = TypeVar("T")

BOUGHT = 60
MANY = 1_000
LINK = 0x5555_5555_5555
"""Of a message's id it makes the id of its link."""
MONTH_AHEAD = NOON + 30 * DAY
CODE, WRONG = "384592", "111111"
WINDOWS = (Window("30s", 1, 30 * SECOND), Window("day", 3, DAY, natural_day=True))
CLIENT_WINDOWS = (Window("1h", 4, HOUR),)
CAPS = Caps(in_all=4, mainland=3)
OUTCOMES: list[Outcome] = [
    Accepted("up-1"),
    Rejected("blocked", "Blocked."),
    Deferred("Busy."),
    Unconfirmed("No answer."),
]
RECEIPTS = (Status.DELIVERED, Status.UNDELIVERED, Status.SUBMITTED, Status.REJECTED)
SPANS = (SECOND, 9 * SECOND, 31 * SECOND, 6 * MINUTE, 2 * HOUR, 25 * HOUR, 73 * HOUR)

numbers = st.sampled_from([f"+861380013800{digit}" for digit in range(4)])
few = st.sampled_from(["", "", "a", "b"])
"""Names, often none."""
somewhere = st.integers(0, 99)
"""One of a list, whatever its length."""


class Stores(RuleBasedStateMachine):
    """The same to each of the two; the first makes what must be the same in both."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.worlds: list[World] = []
        for kind, opened in STORES.items():
            directory = Path(self.folder.name) / kind
            directory.mkdir()
            if self.worlds:  # The same keys, so that the same things have the same marks.
                shutil.copy(self.worlds[0].directory / KEY_FILE, directory / KEY_FILE)
            world = World(directory, opened, packages=BOUGHT)
            self.worlds.append(self.runner.run(world.open()))
            world.administering.name_app(world.app, "tencent", "1400006666")
        self.messages: list[Message] = []
        self.started: list[tuple[Started, str, str]] = []
        self.approved: list[Approved] = []
        self.claims: list[tuple[Claimed, ...]] = []

    def teardown(self) -> None:
        self.look()
        for world in self.worlds:
            self.runner.run(world.close())
        self.runner.close()
        self.folder.cleanup()

    @property
    def first(self) -> World:
        return self.worlds[0]

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    def each(self, ask: Callable[[World], Awaitable[T]]) -> list[T]:
        return [self.run(_awaited(ask(world))) for world in self.worlds]

    def same(self, ask: Callable[[World], Awaitable[T]]) -> T:
        """What all of them answer."""
        answers = self.each(ask)
        shown = [_shown(answer) for answer in answers]
        assert shown == shown[:1] * len(shown)
        return answers[0]

    # What apps ask.

    @rule(
        to=st.lists(numbers, min_size=1, max_size=3),
        kind=st.sampled_from(Kind),
        units=st.integers(1, 3),
        reference=few,
        client=few,
        limited=st.booleans(),
        key=few,
        call=st.booleans(),
        capped=st.booleans(),
    )
    def send(
        self,
        *,
        to: list[str],
        kind: Kind,
        units: int,
        reference: str,
        client: str,
        limited: bool,
        key: str,
        call: bool,
        capped: bool,
    ) -> None:
        """`call`: as the protocols of others do it. `capped`: by an app that may send little a day."""
        first = self.first
        messages = [self._message(number, kind, units, reference) for number in to]
        command = Send(
            tuple(messages),
            WINDOWS if limited else (),
            self._key(key, "send") if key else None,
            first.mark(client, b"client") if client else NOBODY,
            CLIENT_WINDOWS if client else (),
            first.mark("door", b"door") if client else NOBODY,
        )
        if call:
            command = self._as_a_call(command)
        if capped:
            each = tuple([CAPS.of(first.app, "CN") for _ in messages])
            command = msgspec.structs.replace(command, caps=each)
        self.same(lambda world: world.accept(command))
        self.messages += messages

    def _as_a_call(self, command: Send) -> Send:
        """Within limits of its own, with a link in each text, and counted."""
        messages = command.messages
        links = [Link(one.id ^ LINK, one.id, "env", "/p", MONTH_AHEAD) for one in messages]
        contents = [self.first.mark(one.phone, b"content") for one in messages]
        return msgspec.structs.replace(
            command,
            contents=tuple(contents),
            content_windows=WINDOWS if command.windows else (),
            links=tuple(links),
            tallied=True,
            refused=len(messages) % 2,
            keeps_refusals=True,
        )

    @precondition(lambda self: self.messages)
    @rule(which=somewhere)
    def click(self, which: int) -> None:
        link = self.messages[which % len(self.messages)].id ^ LINK
        self.same(lambda world: world.store.open_link(link, world.clock()))

    @rule(
        number=numbers,
        purpose=st.sampled_from(["login", "register"]),
        openid=few,
        ip=few,
        key=few,
        capped=st.booleans(),
    )
    def start(
        self, number: str, purpose: str, openid: str, ip: str, key: str, *, capped: bool
    ) -> None:
        command = self.first.start_command(
            number,
            purpose=purpose,
            caller=self.first.caller(openid=openid, ip=ip),
            key=self._key(key, f"start {number}") if key else None,
        )
        if capped:
            command = msgspec.structs.replace(command, caps=CAPS.of(self.first.app, "CN"))
        answer = self.same(lambda world: world.accept(command))
        self.messages.append(command.message)
        if isinstance(answer, Started):
            self.started.append((answer, openid, ip))

    @precondition(lambda self: self.started)
    @rule(which=somewhere)
    def resend(self, which: int) -> None:
        started, openid, ip = self.started[which % len(self.started)]
        first, wanted = self.first, started.verification
        found = self.same(lambda world: world.store.verification(wanted))
        if found is None:
            return
        message = first.message(
            found.phone,
            kind=Kind.VERIFICATION,
            lifetime=first.rules.code_lifetime,
            app=found.app,
            verification=wanted,
        )
        command = Resend(
            verification=wanted,
            caller=first.caller(openid=openid, ip=ip),
            stepped_up=False,
            code=first.sealer.code(wanted, found.app, found.phone_mark, found.purpose, CODE),
            message=message,
        )
        self.same(lambda world: world.accept(command))
        self.messages.append(message)

    @precondition(lambda self: self.started)
    @rule(
        which=somewhere, code=st.sampled_from([CODE, WRONG]), mine=st.booleans(), member=somewhere
    )
    def check(self, which: int, code: str, mine: bool, member: int) -> None:
        started, openid, ip = self.started[-1 - which % len(self.started)]
        command = self.first.check_command(
            started.verification,
            code,
            caller=self.first.caller(openid=openid if mine else "other", ip=ip),
            member=MemberId(member) if member % 2 else None,
        )
        answer = self.same(lambda world: world.accept(command))
        if isinstance(answer, Approved):
            self.approved.append(answer)

    @precondition(lambda self: self.approved)
    @rule(which=somewhere, app=st.sampled_from([1, 1, 2]))
    def consume(self, which: int, app: int) -> None:
        approved = self.approved[which % len(self.approved)]
        command = Consume(app, approved.verification, approved.proof)
        self.same(lambda world: world.accept(command))

    @rule(right=st.booleans())
    def knock(self, right: bool) -> None:
        command = Knock(self.first.mark("door", b"door"), right=right)
        self.same(lambda world: world.accept(command))

    # What workers and networks do.

    @rule(most=st.sampled_from([1, 2, MANY]))
    def claim(self, most: int) -> None:
        claims = self.each(lambda world: world.claim(most))
        ids = [[one.message.id for one in claimed] for claimed in claims]
        assert ids == ids[:1] * len(ids)
        for held in zip(*claims, strict=True):
            shown = [_as_read(one) for one in held]
            assert shown == shown[:1] * len(shown)
            self.claims.append(held)

    @precondition(lambda self: self.claims)
    @rule(which=somewhere)
    def begin(self, which: int) -> None:
        self._with(which, lambda world, claimed: world.begin([claimed]))

    @precondition(lambda self: self.claims)
    @rule(which=somewhere)
    def unbegin(self, which: int) -> None:
        self._with(which, lambda world, claimed: world.unbegin([claimed]))

    @precondition(lambda self: self.claims)
    @rule(which=somewhere, outcome=st.sampled_from(OUTCOMES), providers=st.integers(1, 2))
    def settle(self, which: int, outcome: Outcome, providers: int) -> None:
        self._with(
            which, lambda world, claimed: world.settle(claimed, outcome, providers=providers)
        )

    @precondition(lambda self: self.messages)
    @rule(which=somewhere, status=st.sampled_from(RECEIPTS))
    def receive(self, which: int, status: Status) -> None:
        message = self.messages[which % len(self.messages)]
        receipt = Receipt(message.id, status, self.first.clock())
        self.same(lambda world: world.store.receive([receipt]))

    @rule(most=st.integers(1, 3))
    def report(self, most: int) -> None:
        owed = self.same(lambda world: world.store.claim_reports(most, MINUTE, most, {}))
        reports = [
            Reported(one.message, "no" if one.message % 2 else "", self.first.clock() + MINUTE)
            for one in owed
        ]
        self.same(lambda world: world.store.reported(reports))

    # What comes back, and what is asked for.

    @rule(number=numbers, text=st.sampled_from(["T", "好的"]), app=st.sampled_from([1, 1, 2]))
    def hear(self, number: str, text: str, app: int) -> None:
        first = self.first
        reply = Reply(
            id=first.store.next_id(),
            account=first.account,
            app=app,
            phone=number,
            phone_mark=first.mark(number),
            text=text,
            at=first.clock(),
            opts_out=text == "T",
        )
        self.same(lambda world: world.accept(Hear(reply)))

    @rule(most=st.integers(1, 3))
    def tell_replies(self, most: int) -> None:
        owed = self.same(lambda world: world.store.claim_replies([1, 2], most, MINUTE))
        later = self.first.clock() + MINUTE
        replied = [
            RepliedTo(one.reply.id, ("no", "", "never")[number % 3], (later, 0, 0)[number % 3])
            for number, one in enumerate(owed)
        ]
        self.same(lambda world: world.store.replied(replied))

    @rule(most=st.integers(1, 3), app=st.sampled_from([1, 1, 2]))
    def pull(self, most: int, app: int) -> None:
        self.same(lambda world: world.store.take_results(app, most))
        self.same(lambda world: world.store.take_replies(app, most))

    @rule(number=numbers, most=st.integers(1, 3))
    def look_at_replies(self, number: str, most: int) -> None:
        mark, until = self.first.mark(number), self.first.clock()
        self.same(lambda world: world.store.replies_from(1, mark, 0, until, most))

    @rule(most=st.integers(1, 3))
    def inquire(self, most: int) -> None:
        asked = self.same(lambda world: world.store.claim_inquiries("sandbox", most, MINUTE))
        later = {one.message: self.first.clock() + MINUTE for one in asked}
        self.same(lambda world: world.store.put_off(later))

    @rule(span=st.sampled_from(SPANS))
    def wait(self, span: Millis) -> None:
        for world in self.worlds:
            world.clock.pass_by(span)

    @rule()
    def sweep(self) -> None:
        self.each(World.sweep)

    @rule()
    def restart(self) -> None:
        """Past all leases: until they end, a store of many processes cannot know who is gone."""
        self.wait(LEASE)
        self.sweep()
        self.each(World.restart)

    # What can be seen.

    @invariant()
    def the_books_are_the_same(self) -> None:
        self.same(World.balance)

    @rule()
    def look(self) -> None:
        """At every message's record, and at what apps find by their own names."""
        for message in self.messages:
            self._look_at(message)
        self.look_at_lists()

    @rule()
    def look_at_lists(self) -> None:
        app, ever = self.first.app, 1 << 62
        self.same(lambda world: world.store.texts(app, 0, ever, 0, MANY))
        self.same(lambda world: world.store.ends(app, 0, ever))
        tally = self.same(lambda world: world.store.tally(app, 0, ever))
        assert tally.accepted <= tally.requests
        for digit in range(4):
            self._look_at_number(self.first.mark(f"+861380013800{digit}"))

    def _look_at_number(self, phone: Mark) -> None:
        app = self.first.app
        self.same(lambda world: world.store.texts_to(app, phone, 0, 1 << 62, MANY))

    def _look_at(self, message: Message) -> None:
        self.same(lambda world: world.store.message(message.app, message.id))
        if message.reference_mark:
            self.same(lambda world: world.store.find(message.reference_mark))

    def _with(self, which: int, do: Callable[[World, Claimed], Awaitable[Any]]) -> None:
        held = self.claims[-1 - which % len(self.claims)]
        done = [
            self.run(_awaited(do(world, claimed)))
            for world, claimed in zip(self.worlds, held, strict=True)
        ]
        assert done == done[:1] * len(done)

    def _message(self, number: str, kind: Kind, units: int, reference: str) -> Message:
        lifetime = 5 * MINUTE if kind is Kind.VERIFICATION else 0
        message = self.first.message(number, kind=kind, units=units, lifetime=lifetime)
        if not reference:
            return message
        return msgspec.structs.replace(
            message,
            reference=reference,
            reference_mark=self.first.mark(reference, b"reference"),
            reports=True,
        )

    def _key(self, key: str, request: str) -> Idempotency:
        return self.first.idempotency(key, request)


async def _awaited(one: Awaitable[T]) -> T:
    return await one


def _shown(answer: object) -> object:
    """An answer so that two can be compared: errors know no equality of their own."""
    if isinstance(answer, HongyanError):
        return type(answer), vars(answer)
    if isinstance(answer, list):
        return [_shown(one) for one in answer]
    return answer


def _as_read(claimed: Claimed) -> Claimed:
    """As a worker may rely on: what only acceptance needs may be forgotten by then."""
    replace = msgspec.structs.replace
    message = replace(claimed.message, reference_mark=NOBODY, reports=False, warning="")
    return replace(claimed, token=0, message=message)


@pytest.mark.timeout(240)
def test_every_store_answers_the_same_and_keeps_the_same_books() -> None:
    tried = hypothesis.settings()
    fewer = hypothesis.settings(tried, max_examples=tried.max_examples // 5)
    run_state_machine_as_test(Stores, settings=fewer)


def test_there_are_stores_to_compare() -> None:
    assert len(STORES) > 1
