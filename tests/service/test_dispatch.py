"""Dispatch on a real store, with providers that do what the test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from hongyan.core.errors import StoreUnavailable
from hongyan.core.identifier import MessageId
from hongyan.core.message import Kind, Message, Status
from hongyan.core.outcome import Accepted, Deferred, Outcome, Rejected, Unconfirmed
from hongyan.core.time import SECOND, Millis
from hongyan.service.dispatch import Dispatcher
from hongyan.service.settle import Patience
from support.world import Furnish, World

LEFT = {Status.QUEUED, Status.CLAIMED}
"""Of those that no byte of has left; a claim ends with its lease."""

Script = Callable[[Message], Awaitable[Outcome]]


class Upstream:
    """A provider that is told what to answer, and remembers what it was handed."""

    def __init__(
        self,
        name: str = "one",
        script: Script | None = None,
        *,
        concurrency: int = 8,
        rate: float = 0,
    ) -> None:
        self.name = name
        self.concurrency = concurrency
        self.rate = rate
        self.timeout: Millis = 5 * SECOND
        self.sent: list[Message] = []
        self.has_some = asyncio.Event()
        """What is begun on disk may still be on its way to the provider's hands."""
        self.at_once = 0
        self.most_at_once = 0
        self._script = script or accept

    async def send(self, message: Message) -> Outcome:
        self.sent.append(message)
        self.has_some.set()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await self._script(message)
        finally:
            self.at_once -= 1

    async def close(self) -> None: ...


async def accept(_message: Message) -> Outcome:
    return Accepted("up-1")


async def wait_a_turn(_message: Message) -> Outcome:
    await asyncio.sleep(0)
    return Accepted("up-1")


async def never(_message: Message) -> Outcome:
    await asyncio.Event().wait()
    raise AssertionError


def answers(*outcomes: Outcome) -> Script:
    """These in turn."""
    left = list(outcomes)

    async def answer(_message: Message) -> Outcome:
        return left.pop(0)

    return answer


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is seen to be so; the test's own time limit bounds it."""
    while not await condition():
        await asyncio.sleep(0.005)


class Delivery:
    """A world with a dispatcher over some providers, in this order on every route."""

    def __init__(self, world: World, upstreams: tuple[Upstream, ...], **patience: Any) -> None:
        self.world = world
        self.dispatcher = Dispatcher(world.store, upstreams, world.clock, Patience(**patience))
        for kind in (Kind.VERIFICATION, Kind.NOTICE):
            world.administering.put_route(kind, [one.name for one in upstreams])

    async def start(self) -> None:
        await self.world.store.refresh()
        self.dispatcher.start()

    async def ends(self, message: Message, status: Status) -> None:
        async def has_ended() -> bool:
            return await self.world.status(message) is status

        await until(has_ended)


@pytest.fixture
async def deliver(furnish: Furnish) -> AsyncIterator[Callable[..., Awaitable[Delivery]]]:
    """Opens deliveries over the given providers, and stops them."""
    opened: list[Delivery] = []

    async def delivering(*upstreams: Upstream, **words: Any) -> Delivery:
        delivery = Delivery(await furnish(), upstreams, **words)
        await delivery.start()
        opened.append(delivery)
        return delivery

    yield delivering
    for delivery in opened:
        await delivery.dispatcher.stop(0)


Deliver = Callable[..., Awaitable[Delivery]]


async def test_a_message_reaches_its_provider_once(deliver: Deliver) -> None:
    upstream = Upstream()
    delivery = await deliver(upstream)
    message = await delivery.world.sent()
    await delivery.ends(message, Status.SUBMITTED)
    assert upstream.sent == [message]


async def test_a_thousand_messages_reach_it_once_each(deliver: Deliver) -> None:
    upstream = Upstream(script=wait_a_turn, concurrency=16)
    delivery = await deliver(upstream)
    messages = [await delivery.world.sent(f"+86138{i:08d}") for i in range(1_000)]
    await delivery.ends(messages[-1], Status.SUBMITTED)
    await until(lambda: _all_sent(delivery, messages))
    assert sorted(one.id for one in upstream.sent) == [one.id for one in messages]
    assert upstream.most_at_once <= 16


async def _all_sent(delivery: Delivery, messages: list[Message]) -> bool:
    return all([await delivery.world.status(one) is Status.SUBMITTED for one in messages])


async def test_concurrency_is_the_providers(deliver: Deliver) -> None:
    release = asyncio.Event()

    async def wait(_message: Message) -> Outcome:
        await release.wait()
        return Accepted("up-1")

    upstream = Upstream(script=wait, concurrency=3)
    delivery = await deliver(upstream)
    messages = [await delivery.world.sent(f"+86138{i:08d}") for i in range(10)]

    async def is_full() -> bool:
        return upstream.at_once == 3

    await until(is_full)
    release.set()
    await until(lambda: _all_sent(delivery, messages))
    assert upstream.most_at_once == 3


async def test_rate_is_the_providers(deliver: Deliver) -> None:
    upstream = Upstream(rate=10)
    delivery = await deliver(upstream)
    messages = [await delivery.world.sent(f"+86138{i:08d}") for i in range(5)]
    await delivery.ends(messages[0], Status.SUBMITTED)
    # The clock stands still: a burst of a tenth of a second's worth, then no more.
    assert len(upstream.sent) == 1
    delivery.world.clock.pass_by(100)

    async def two_are_sent() -> bool:
        return len(upstream.sent) == 2

    await until(two_are_sent)


async def test_only_a_deferral_lets_the_next_provider_try(deliver: Deliver) -> None:
    first = Upstream("first", answers(Deferred("Busy.")))
    second = Upstream("second")
    delivery = await deliver(first, second)
    message = await delivery.world.sent()
    await delivery.ends(message, Status.SUBMITTED)
    assert (len(first.sent), len(second.sent)) == (1, 1)
    attempts = (await delivery.world.record(message)).attempts
    assert [(one.provider, one.outcome) for one in attempts] == [
        ("first", "deferred"),
        ("second", "accepted"),
    ]


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Rejected("blocked", "Blocked."), Status.REJECTED),
        (Unconfirmed("Cut off."), Status.UNCONFIRMED),
    ],
)
async def test_nothing_else_does(deliver: Deliver, outcome: Outcome, status: Status) -> None:
    first, second = Upstream("first", answers(outcome)), Upstream("second")
    delivery = await deliver(first, second)
    message = await delivery.world.sent()
    await delivery.ends(message, status)
    assert second.sent == []


async def test_a_verification_text_is_given_up_after_two_providers(deliver: Deliver) -> None:
    busy = [Upstream(name, answers(Deferred("Busy."))) for name in ("a", "b", "c")]
    delivery = await deliver(*busy)
    message = await delivery.world.sent(kind=Kind.VERIFICATION)
    await delivery.ends(message, Status.EXPIRED)
    assert [len(one.sent) for one in busy] == [1, 1, 0]
    assert await delivery.world.balance() == 1_000


async def test_a_provider_that_does_not_answer_in_time_leaves_a_doubt(deliver: Deliver) -> None:
    upstream = Upstream(script=never)
    delivery = await deliver(upstream)
    message = await delivery.world.sent()
    await delivery.ends(message, Status.SENDING)
    delivery.world.clock.pass_by(5 * SECOND)
    await delivery.ends(message, Status.UNCONFIRMED)
    assert len(upstream.sent) == 1
    [attempt] = (await delivery.world.record(message)).attempts
    assert attempt.reason == "The provider did not answer in time."


async def test_a_provider_may_take_longer_than_a_lease(deliver: Deliver) -> None:
    answered = asyncio.Event()

    async def take_long(_message: Message) -> Outcome:
        await answered.wait()
        return Accepted("up-1")

    upstream = Upstream(script=take_long)
    upstream.timeout = 120 * SECOND
    delivery = await deliver(upstream)
    message = await delivery.world.sent()
    await upstream.has_some.wait()
    delivery.world.clock.pass_by(119 * SECOND)
    await delivery.world.sweep()
    answered.set()
    await delivery.ends(message, Status.SUBMITTED)


async def test_a_provider_that_fails_leaves_a_doubt_and_the_others_go_on(
    deliver: Deliver, quiet_log: list[Any]
) -> None:
    async def fail_once(message: Message) -> Outcome:
        if len(upstream.sent) == 1:
            raise ValueError("13800138000")
        return await accept(message)

    upstream = Upstream(script=fail_once)
    delivery = await deliver(upstream)
    first = await delivery.world.sent()
    await delivery.ends(first, Status.UNCONFIRMED)
    second = await delivery.world.sent("+8613800138001")
    await delivery.ends(second, Status.SUBMITTED)
    [attempt] = (await delivery.world.record(first)).attempts
    assert attempt.reason == "The provider failed: ValueError."
    assert [entry["event"] for entry in quiet_log] == ["dispatch.provider_failed"]


async def test_a_full_lane_holds_up_its_own_kind_only(deliver: Deliver) -> None:
    stuck, free = Upstream("stuck", never, concurrency=1), Upstream("free")
    delivery = await deliver(stuck, free)
    delivery.world.administering.put_route(Kind.NOTICE, ["stuck"])
    delivery.world.administering.put_route(Kind.VERIFICATION, ["free"])
    await delivery.world.store.refresh()
    for i in range(10):
        await delivery.world.sent(f"+86138{i:08d}")
    code = await delivery.world.sent(kind=Kind.VERIFICATION)
    await delivery.ends(code, Status.SUBMITTED)


async def test_a_paused_house_accepts_and_hands_nothing_over(deliver: Deliver) -> None:
    upstream = Upstream()
    delivery = await deliver(upstream, paused=True)
    message = await delivery.world.sent()
    assert await delivery.world.status(message) is Status.QUEUED
    assert upstream.sent == []


async def test_a_stop_lets_what_is_on_its_way_arrive(deliver: Deliver) -> None:
    release = asyncio.Event()

    async def wait(_message: Message) -> Outcome:
        await release.wait()
        return Accepted("up-1")

    upstream = Upstream(script=wait, concurrency=1)
    delivery = await deliver(upstream)
    first = await delivery.world.sent()
    await upstream.has_some.wait()
    waiting = [await delivery.world.sent(f"+86139{i:08d}") for i in range(5)]
    stopping = asyncio.create_task(delivery.dispatcher.stop(10 * SECOND))
    await asyncio.sleep(0)
    release.set()
    await stopping
    assert await delivery.world.status(first) is Status.SUBMITTED
    assert upstream.sent == [first]
    assert {await delivery.world.status(one) for one in waiting} <= LEFT


async def test_a_stop_puts_what_takes_too_long_in_doubt(deliver: Deliver) -> None:
    upstream = Upstream(script=never)
    delivery = await deliver(upstream)
    message = await delivery.world.sent()
    await upstream.has_some.wait()
    await delivery.dispatcher.stop(0)
    assert await delivery.world.status(message) is Status.UNCONFIRMED
    assert len(upstream.sent) == 1


@pytest.mark.parametrize("turns", range(6))
async def test_a_stop_while_a_begin_is_committed_puts_nothing_in_doubt(
    deliver: Deliver, turns: int
) -> None:
    delivery = await deliver(Upstream())
    lane = delivery.dispatcher.lanes["one"]
    room = lane.room
    message = await delivery.world.sent()
    while lane.room == room:
        await asyncio.sleep(0)
    for _ in range(turns):
        await asyncio.sleep(0)
    await delivery.dispatcher.stop(0)
    if await delivery.world.status(message) is not Status.SUBMITTED:
        await delivery.world.restart()
        [claimed] = await delivery.world.claim()
        assert (claimed.attempts, claimed.first_attempt_at) == (0, 0)


async def test_a_stop_does_not_wait_for_a_store_that_takes_nothing(
    deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream = Upstream(script=never)
    delivery = await deliver(upstream)
    message = await delivery.world.sent()

    async def refuse(_settlements: object) -> set[MessageId]:
        raise StoreUnavailable

    await upstream.has_some.wait()
    with monkeypatch.context() as full:
        full.setattr(delivery.world.store, "settle", refuse)
        async with asyncio.timeout(5):
            await delivery.dispatcher.stop(0)
    await delivery.world.lost()
    assert await delivery.world.status(message) is Status.UNCONFIRMED


async def test_a_stop_does_not_wait_for_a_begin_that_does_not_end(
    deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = await deliver(Upstream())
    begins = asyncio.Event()

    async def never_ends(*_arguments: Any) -> set[MessageId]:
        begins.set()
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(delivery.world.store, "begin", never_ends)
    message = await delivery.world.sent()
    await begins.wait()
    async with asyncio.timeout(5):
        await delivery.dispatcher.stop(0)
    await delivery.world.restart()
    assert [one.message for one in await delivery.world.claim()] == [message]


async def test_a_begin_that_fails_is_logged_and_tried_again(
    deliver: Deliver, monkeypatch: pytest.MonkeyPatch, quiet_log: list[Any]
) -> None:
    delivery = await deliver(Upstream())
    begin, failures = delivery.world.store.begin, iter([RuntimeError("a bug")])

    async def fail_once(*arguments: Any) -> set[MessageId]:
        for failure in failures:
            raise failure
        return await begin(*arguments)

    monkeypatch.setattr(delivery.world.store, "begin", fail_once)
    message = await delivery.world.sent()
    await delivery.ends(message, Status.SUBMITTED)
    assert [entry["event"] for entry in quiet_log] == ["dispatch.begin_failed"]


async def test_a_verification_text_whose_time_is_over_is_not_begun_to_be_cut_off(
    deliver: Deliver,
) -> None:
    async def busy_for_long(_message: Message) -> Outcome:
        delivery.world.clock.pass_by(7_100)
        return Deferred("Busy.")

    second = Upstream("two")
    delivery = await deliver(Upstream("one", busy_for_long), second)
    message = await delivery.world.sent(kind=Kind.VERIFICATION)
    await delivery.ends(message, Status.EXPIRED)
    assert second.sent == []
    assert await delivery.world.balance() == 1_000


async def test_a_route_to_a_provider_that_is_not_there_waits_for_it(deliver: Deliver) -> None:
    delivery = await deliver(Upstream("here"))
    delivery.world.administering.put_route(Kind.NOTICE, ["elsewhere"])
    message = await delivery.world.sent()
    assert await delivery.world.status(message) is Status.QUEUED
    delivery.world.administering.put_route(Kind.NOTICE, ["here"])
    await delivery.world.store.refresh()
    await delivery.ends(message, Status.SUBMITTED)
