"""Inquiries on a real store, with providers that say what the test tells them to."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from hongyan.core.errors import StoreUnavailable
from hongyan.core.identifier import MessageId
from hongyan.core.message import Message, Status
from hongyan.core.outcome import Accepted, Outcome, Unconfirmed
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND, Millis
from hongyan.service import inquire
from hongyan.service.inquire import Inquirer, Round
from hongyan.service.ports import Told
from hongyan.service.settle import Attempted, Patience, settlement
from support.world import World

TAKEN, DOUBTED = Accepted("up-1"), Unconfirmed("Cut off.")
DELIVERED, UNKNOWN = Told(Status.DELIVERED, code="success"), Told(unknown=True)
FAILED, SILENT = Told(failed=True), Told()
LARGE = 15
"""More than are asked in a round."""


class Upstream:
    """A provider that is asked."""

    def __init__(self, name: str = "one", told: Told = DELIVERED) -> None:
        self.name = name
        self.concurrency = 8
        self.rate = 0.0
        self.timeout: Millis = 5 * SECOND
        self.asks_a_second = 1_000.0
        self.told = told
        self.told_of: dict[MessageId, Told] = {}
        """Of these it says something else."""
        self.asked: list[MessageId] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def send(self, _message: Message) -> Outcome:
        raise AssertionError

    async def ask(self, message: MessageId) -> Told:
        self.asked.append(message)
        await self.gate.wait()
        return self.told_of.get(message, self.told)

    async def close(self) -> None: ...


class Desk:
    """A world, and somebody who asks."""

    def __init__(self, world: World, *upstreams: Upstream) -> None:
        self.world = world
        self.inquirer = Inquirer(world.store, upstreams, world.clock)
        self._running: asyncio.Task[None] | None = None

    async def sent(
        self, outcome: Outcome = TAKEN, number: str = "+8613800138000", provider: str = "one"
    ) -> Message:
        message = await self.world.sent(number)
        [claimed] = await self.world.begun()
        now = self.world.clock()
        attempted = Attempted(
            claimed=claimed,
            provider=provider,
            providers=1,
            started_at=now,
            ended_at=now,
            outcome=outcome,
            is_asked=True,
        )
        await self.world.store.settle([settlement(attempted, Patience())])
        return message

    async def after(self, span: Millis) -> Round:
        self.world.clock.pass_by(span)
        return await self.inquirer.inquire("one")

    def run(self) -> None:
        self._running = asyncio.create_task(self.inquirer.run())

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)


Asking = Callable[..., Desk]


@pytest.fixture
async def asking(world: World) -> AsyncIterator[Asking]:
    opened: list[Desk] = []

    def opening(*upstreams: Upstream) -> Desk:
        opened.append(Desk(world, *upstreams))
        return opened[-1]

    yield opening
    for one in opened:
        await one.close()


class Hours:
    """A clock that every pause moves on, as long as it is, while hours pass; none takes any time. In
    between it stands, however long a store takes for what a test does then.
    """

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self._clock = world.clock
        self._sleep = asyncio.sleep
        self._passing = asyncio.Event()
        monkeypatch.setattr(asyncio, "sleep", self._pass_by)

    async def _pass_by(self, seconds: float) -> None:
        await self._passing.wait()
        self._clock.pass_by(int(seconds * SECOND))
        await self._sleep(0)

    async def pass_by(self, span: Millis) -> None:
        """While whoever runs goes on."""
        end = self._clock() + span
        self._passing.set()
        while self._clock() < end:
            await self._sleep(0)
        self._passing.clear()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    while not await condition():
        await asyncio.sleep(0.005)


async def test_what_was_taken_becomes_delivered(asking: Asking) -> None:
    upstream = Upstream()
    desk = asking(upstream)
    message = await desk.sent()
    assert await desk.after(0) is Round.IDLE
    assert await desk.after(3 * SECOND) is Round.HEARD
    record = await desk.world.record(message)
    assert (record.status, record.receipt_code) == (Status.DELIVERED, "success")
    assert await desk.after(DAY) is Round.IDLE
    assert upstream.asked == [message.id]


@pytest.mark.parametrize(
    ("told", "status", "balance"),
    [
        (Told(Status.SUBMITTED), Status.SUBMITTED, 999),
        (DELIVERED, Status.DELIVERED, 999),
        (Told(Status.UNDELIVERED), Status.UNDELIVERED, 999),
        (Told(Status.REJECTED), Status.REJECTED, 1_000),
    ],
)
async def test_a_doubt_is_settled_by_asking(
    asking: Asking, told: Told, status: Status, balance: int
) -> None:
    desk = asking(Upstream(told=told))
    message = await desk.sent(DOUBTED)
    await desk.after(3 * SECOND)
    assert await desk.world.status(message) is status
    assert await desk.world.balance() == balance


async def test_that_it_never_arrived_is_believed_after_a_quarter_of_an_hour(
    asking: Asking,
) -> None:
    upstream = Upstream(told=UNKNOWN)
    desk = asking(upstream)
    message, since = await desk.sent(DOUBTED), desk.world.clock()
    while await desk.world.status(message) is Status.UNCONFIRMED:
        await desk.after(SECOND)
    assert await desk.world.status(message) is Status.REJECTED
    assert 14 * MINUTE < desk.world.clock() - since < 16 * MINUTE
    assert len(upstream.asked) == 5
    assert await desk.world.balance() == 1_000


async def test_one_that_is_out_of_reach_for_long_is_not_taken_to_have_said_no(
    asking: Asking,
) -> None:
    upstream = Upstream(told=FAILED)
    desk = asking(upstream)
    message = await desk.sent(DOUBTED)
    for _ in range(9):
        assert await desk.after(7 * HOUR) is Round.FAILED
    upstream.told = UNKNOWN
    assert await desk.after(7 * HOUR) is Round.HEARD
    assert await desk.world.status(message) is Status.UNCONFIRMED
    upstream.told = DELIVERED
    await desk.after(MINUTE)
    assert await desk.world.status(message) is Status.DELIVERED


async def test_what_says_nothing_counts_but_is_not_taken_to_have_said_no(asking: Asking) -> None:
    upstream = Upstream(told=SILENT)
    desk = asking(upstream)
    message = await desk.sent(DOUBTED)
    await desk.after(3 * SECOND)
    await desk.after(15 * SECOND)
    upstream.told = UNKNOWN
    for span in (MINUTE, 3 * MINUTE, 10 * MINUTE, HOUR):
        assert await desk.after(span) is Round.HEARD
        assert await desk.world.status(message) is Status.UNCONFIRMED
    await desk.after(6 * HOUR)
    assert await desk.world.status(message) is Status.REJECTED
    assert len(upstream.asked) == 7


async def test_questions_end_when_nobody_would_know_any_more(asking: Asking) -> None:
    upstream = Upstream(told=SILENT)
    desk = asking(upstream)
    message = await desk.sent()
    for _ in range(100):
        await desk.after(HOUR)
    assert await desk.world.status(message) is Status.SUBMITTED
    assert len(upstream.asked) == 10


async def test_no_more_are_asked_in_a_second_than_it_bears(asking: Asking) -> None:
    upstream = Upstream()
    upstream.asks_a_second = 2
    desk = asking(upstream)
    for number in range(5):
        await desk.sent(number=f"+861380013800{number}")
    loop = asyncio.get_running_loop()
    began = loop.time()
    await desk.after(MINUTE)
    assert len(upstream.asked) == 2
    assert loop.time() - began >= 0.9


async def test_a_slow_one_holds_no_other_up(asking: Asking) -> None:
    slow, quick = Upstream("one"), Upstream("two")
    slow.gate.clear()
    desk = asking(slow, quick)
    for number in range(3):
        await desk.sent(number=f"+861380013800{number}")
    other = await desk.sent(number="+8613900000000", provider="two")
    desk.world.clock.pass_by(MINUTE)
    desk.run()

    async def is_delivered() -> bool:
        has_begun = len(slow.asked) == 3
        return has_begun and await desk.world.status(other) is Status.DELIVERED

    await until(is_delivered)


async def test_one_that_fails_is_tried_with_one_question_at_a_time(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def short(seconds: float) -> None:
        if seconds >= 1:
            pauses.append(seconds)
        await sleep(0)

    upstream = Upstream(told=FAILED)
    desk = asking(upstream)
    for number in range(9):
        await desk.sent(number=f"+861380013800{number}")
    desk.world.clock.pass_by(MINUTE)
    monkeypatch.setattr(asyncio, "sleep", short)
    desk.run()

    async def has_been_tried() -> bool:
        desk.world.clock.pass_by(MINUTE)
        await sleep(0.001)
        return len(pauses) >= 7

    await until(has_been_tried)
    assert pauses[:7] == [2, 4, 8, 16, 32, 60, 60]
    assert len(upstream.asked) in range(9 + 6, 9 + len(pauses) + 1)


def numbers(start: int, count: int) -> list[str]:
    return [f"+86138001{start + one:05}" for one in range(count)]


@pytest.mark.parametrize("poisoned", [DOUBTED, TAKEN])
async def test_those_that_can_never_be_asked_about_keep_no_other_waiting(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, poisoned: Outcome
) -> None:
    upstream = Upstream()
    upstream.asks_a_second = 10.0
    desk = asking(upstream)
    bad = [(await desk.sent(poisoned, number)).id for number in numbers(0, LARGE)]
    upstream.told_of = dict.fromkeys(bad, FAILED)
    hours = Hours(desk.world, monkeypatch)
    desk.run()
    await hours.pass_by(10 * MINUTE)
    late = [await desk.sent(TAKEN, number) for number in numbers(100, LARGE)]
    late += [await desk.sent(DOUBTED, number) for number in numbers(200, LARGE)]
    await hours.pass_by(3 * MINUTE)
    assert {await desk.world.status(one) for one in late} == {Status.DELIVERED}
    assert max(upstream.asked.count(one) for one in bad) < 8


async def test_one_that_answers_nothing_is_tried_with_another_and_another_kind_each_time(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream = Upstream(told=FAILED)
    upstream.asks_a_second = 10.0
    desk = asking(upstream)
    doubts = [(await desk.sent(DOUBTED, number)).id for number in numbers(0, LARGE)]
    others = [(await desk.sent(TAKEN, number)).id for number in numbers(100, LARGE)]
    desk.world.clock.pass_by(MINUTE)
    hours = Hours(desk.world, monkeypatch)
    desk.run()
    await hours.pass_by(6 * HOUR)
    first, singly = upstream.asked[:10], upstream.asked[10:70]
    assert len([one for one in first if one in doubts]) == 5
    assert len(singly) == 60
    kinds = [one in doubts for one in singly]
    assert all(one is not other for one, other in itertools.pairwise(kinds))
    assert {*doubts, *others} == set(upstream.asked)


async def test_of_one_kind_none_is_asked_about_twice_running(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream = Upstream(told=FAILED)
    upstream.asks_a_second = 10.0
    desk = asking(upstream)
    for number in numbers(0, 4 * LARGE):
        await desk.sent(DOUBTED, number)
    desk.world.clock.pass_by(MINUTE)
    hours = Hours(desk.world, monkeypatch)
    desk.run()
    await hours.pass_by(HOUR)
    assert len(upstream.asked) > 40
    assert all(one != other for one, other in itertools.pairwise(upstream.asked))


async def test_doubts_have_half_of_the_questions_where_others_wait(asking: Asking) -> None:
    upstream = Upstream(told=SILENT)
    desk = asking(upstream)
    doubts = [(await desk.sent(DOUBTED, number)).id for number in numbers(0, 8)]
    others = [(await desk.sent(TAKEN, number)).id for number in numbers(100, 4)]
    desk.world.clock.pass_by(3 * SECOND)
    shares: list[tuple[int, int]] = []
    for most in (3, 3, 4, 4):
        upstream.asked.clear()
        await desk.inquirer.inquire("one", most)
        asked = set(upstream.asked)
        shares.append((len(asked & {*doubts}), len(asked & {*others})))
    assert shares == [(2, 1), (1, 2), (3, 1), (2, 0)]


async def test_where_it_bears_one_question_the_kinds_take_turns(asking: Asking) -> None:
    upstream = Upstream()
    desk = asking(upstream)
    doubts = [(await desk.sent(DOUBTED, number)).id for number in numbers(0, 3)]
    for number in numbers(100, 3):
        await desk.sent(TAKEN, number)
    desk.world.clock.pass_by(3 * SECOND)
    for _ in range(6):
        await desk.inquirer.inquire("one", 1)
    assert [one in doubts for one in upstream.asked] == [True, False] * 3


async def test_only_so_many_failures_are_remembered(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inquire, "_MOST_COUNTED", 2)
    upstream = Upstream(told=FAILED)
    desk = asking(upstream)
    for number in numbers(0, 3):
        await desk.sent(DOUBTED, number)
    for _ in range(3):
        await desk.after(MINUTE)
    assert len(upstream.asked) == 9


async def test_a_bug_of_one_and_a_store_that_refuses_end_nothing(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, quiet_log: list[Any]
) -> None:
    class Failing(Upstream):
        async def ask(self, message: MessageId) -> Told:
            if not self.asked:
                self.asked.append(message)
                raise ValueError("13800138000")
            return await super().ask(message)

    desk = asking(Failing())
    message = await desk.sent()
    claim, refusals = desk.world.store.claim_inquiries, [StoreUnavailable(), RuntimeError("a bug")]

    async def refuse(*arguments: Any) -> Any:
        if refusals:
            raise refusals.pop(0)
        return await claim(*arguments)

    sleep = asyncio.sleep

    async def short(_seconds: float) -> None:
        desk.world.clock.pass_by(MINUTE)
        await sleep(0.001)

    monkeypatch.setattr(desk.world.store, "claim_inquiries", refuse)
    monkeypatch.setattr(asyncio, "sleep", short)
    desk.run()

    async def is_delivered() -> bool:
        return await desk.world.status(message) is Status.DELIVERED

    await until(is_delivered)
    assert [one["event"] for one in quiet_log] == ["inquire.failed", "inquire.provider_failed"]


async def test_what_a_store_does_not_keep_is_asked_again(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = asking(Upstream())
    message = await desk.sent()

    async def refuse(*_arguments: Any) -> None:
        raise StoreUnavailable

    with monkeypatch.context() as full:
        full.setattr(desk.world.store, "receive", refuse)
        assert await desk.after(MINUTE) is Round.FAILED
    assert await desk.after(5 * MINUTE) is Round.HEARD
    assert await desk.world.status(message) is Status.DELIVERED


async def test_an_end_in_the_middle_of_a_question_leaves_nothing_behind(asking: Asking) -> None:
    upstream = Upstream()
    upstream.gate.clear()
    desk = asking(upstream)
    await desk.sent()
    desk.world.clock.pass_by(MINUTE)
    before = asyncio.all_tasks()
    desk.run()

    async def is_asked() -> bool:
        return bool(upstream.asked)

    await until(is_asked)
    await desk.close()
    assert asyncio.all_tasks() == before


async def test_where_nobody_is_asked_there_is_nothing_to_do(asking: Asking) -> None:
    await asking().inquirer.run()
