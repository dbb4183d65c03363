"""A provider that takes several messages in one call: each is begun, each has an outcome of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from typing import Any

import pytest

from hongyan.core.message import Kind, Message, Status
from hongyan.core.outcome import Accepted, Deferred, Outcome, Rejected, Unconfirmed
from hongyan.core.time import SECOND, Millis
from hongyan.service.dispatch import Dispatcher
from hongyan.service.settle import Patience
from support.world import Furnish, World

Script = Callable[[Sequence[Message]], Awaitable[Sequence[Outcome]]]


class Upstream:
    """Takes what is for one number's province together, and holds its answers until a test opens."""

    name = "one"
    rate = 0.0
    timeout: Millis = 5 * SECOND

    def __init__(self, script: Script | None = None, concurrency: int = 2, most: int = 50) -> None:
        self.concurrency = concurrency
        self.most = most
        self.calls: list[list[Message]] = []
        self.at_once = self.most_at_once = 0
        self.gate = asyncio.Event()
        self._script = script or accept

    def group(self, message: Message) -> Hashable | None:
        return None if message.phone.endswith("9") else message.phone[:7]

    async def send(self, message: Message) -> Outcome:
        [outcome] = await self.send_many([message])
        return outcome

    async def send_many(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        self.calls.append(list(messages))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.gate.wait()
            return await self._script(messages)
        finally:
            self.at_once -= 1

    async def close(self) -> None: ...


async def accept(messages: Sequence[Message]) -> Sequence[Outcome]:
    return [Accepted("up-1") for _ in messages]


class Delivery:
    def __init__(self, world: World, upstream: Upstream) -> None:
        self.world = world
        self.upstream = upstream
        self.dispatcher = Dispatcher(world.store, [upstream], world.clock, Patience())
        for kind in (Kind.VERIFICATION, Kind.NOTICE):
            world.administering.put_route(kind, ["one"])

    async def deliver(self, *numbers: str) -> list[Message]:
        """Messages that wait together when delivery begins."""
        messages = [await self.world.sent(number) for number in numbers]
        await self.world.store.refresh()
        self.dispatcher.start()
        return messages

    async def ends(self, message: Message, status: Status) -> None:
        while await self.world.status(message) is not status:
            await asyncio.sleep(0.005)


Open = Callable[..., Awaitable[Delivery]]


@pytest.fixture
async def delivering(furnish: Furnish) -> AsyncIterator[Open]:
    opened: list[Delivery] = []

    async def opening(upstream: Upstream) -> Delivery:
        opened.append(Delivery(await furnish(), upstream))
        return opened[-1]

    yield opening
    for one in opened:
        await one.dispatcher.stop(0)


def numbers(count: int, province: int = 0) -> list[str]:
    return [f"+86138{province}{i:06d}0" for i in range(count)]


async def test_what_waits_goes_in_one_call(delivering: Open) -> None:
    upstream = Upstream()
    upstream.gate.set()
    delivery = await delivering(upstream)
    messages = await delivery.deliver(*numbers(40))
    for one in messages:
        await delivery.ends(one, Status.SUBMITTED)
    assert upstream.calls == [messages]


async def test_concurrency_counts_calls_and_none_is_too_large(delivering: Open) -> None:
    upstream = Upstream(concurrency=2, most=10)
    delivery = await delivering(upstream)
    messages = await delivery.deliver(*numbers(35), *numbers(5, 1))
    while len(upstream.calls) < 2:
        await asyncio.sleep(0.005)
    assert [len(call) for call in upstream.calls] == [10, 10]
    upstream.gate.set()
    for one in messages:
        await delivery.ends(one, Status.SUBMITTED)
    assert upstream.most_at_once == 2
    assert [len(call) for call in upstream.calls] == [10, 10, 10, 5, 5]
    assert sorted(one.id for call in upstream.calls for one in call) == [m.id for m in messages]


async def test_each_number_has_its_own_outcome(delivering: Open) -> None:
    outcomes: list[Outcome] = [
        Accepted("up-1"),
        Rejected("Bad", "No such number."),
        Unconfirmed("Who knows."),
        Deferred("Later.", 60 * SECOND),
    ]

    async def mixed(messages: Sequence[Message]) -> Sequence[Outcome]:
        return outcomes[: len(messages)]

    upstream = Upstream(mixed)
    upstream.gate.set()
    delivery = await delivering(upstream)
    messages = await delivery.deliver(*numbers(4))
    ends = (Status.SUBMITTED, Status.REJECTED, Status.UNCONFIRMED, Status.QUEUED)
    for one, end in zip(messages, ends, strict=True):
        await delivery.ends(one, end)
    assert [len(call) for call in upstream.calls] == [4]
    [attempt] = (await delivery.world.record(messages[3])).attempts
    assert attempt.outcome == "deferred"


async def cut(_messages: Sequence[Message]) -> Sequence[Outcome]:
    raise OSError


async def short(messages: Sequence[Message]) -> Sequence[Outcome]:
    return [Accepted("up-1") for _ in messages][1:]


@pytest.mark.parametrize("script", [cut, short])
async def test_a_lost_answer_leaves_all_in_doubt_and_none_is_sent_again(
    delivering: Open, script: Script, quiet_log: list[Any]
) -> None:
    upstream = Upstream(script)
    upstream.gate.set()
    delivery = await delivering(upstream)
    messages = await delivery.deliver(*numbers(7))
    for one in messages:
        await delivery.ends(one, Status.UNCONFIRMED)
    assert upstream.calls == [messages]
    assert [entry["event"] for entry in quiet_log] == ["dispatch.provider_failed"]


async def test_what_takes_too_long_is_cut_off_together(delivering: Open) -> None:
    upstream = Upstream()
    delivery = await delivering(upstream)
    messages = await delivery.deliver(*numbers(3))
    while not upstream.calls:
        await asyncio.sleep(0.005)
    delivery.world.clock.pass_by(upstream.timeout)
    for one in messages:
        await delivery.ends(one, Status.UNCONFIRMED)
    assert upstream.at_once == 0


async def test_who_goes_alone_goes_alone(delivering: Open) -> None:
    upstream = Upstream(concurrency=8)
    upstream.gate.set()
    delivery = await delivering(upstream)
    lonely = [number[:-1] + "9" for number in numbers(3)]
    messages = await delivery.deliver(*lonely)
    for one in messages:
        await delivery.ends(one, Status.SUBMITTED)
    assert [len(call) for call in upstream.calls] == [1, 1, 1]


async def test_one_that_stops_it_halts_the_lane(delivering: Open, quiet_log: list[Any]) -> None:
    async def stopping(messages: Sequence[Message]) -> Sequence[Outcome]:
        return [Deferred("No money.", stops=True) for _ in messages]

    upstream = Upstream(stopping)
    upstream.gate.set()
    delivery = await delivering(upstream)
    await delivery.deliver(*numbers(3))
    while not delivery.dispatcher.lanes["one"].stopped:
        await asyncio.sleep(0.005)
    assert [entry["event"] for entry in quiet_log] == ["provider.stopped"]
    assert len(upstream.calls) == 1
