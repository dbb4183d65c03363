"""Collecting on a real store: whose a result is, and pulls that fail."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from hongyan.core.errors import StoreUnavailable
from hongyan.core.identifier import written
from hongyan.core.message import Message, Status
from hongyan.core.outcome import Accepted, Outcome
from hongyan.core.time import SECOND, Millis
from hongyan.service import collect
from hongyan.service.collect import Collector, Result
from support.world import World

HERE = "tencent"


def result(upstream_id: str, message: Message | None = None, **words: Any) -> Result:
    given: dict[str, Any] = {"phone": "13800138000", "status": Status.DELIVERED, "code": "DELIVRD"}
    reference = written(message.id) if message else ""
    return Result(upstream_id=upstream_id, reference=reference, **(given | words))


async def submitted(world: World, serial: str = "2019:1", provider: str = HERE) -> Message:
    message = await world.sent()
    [claimed] = await world.begun()
    await world.settle(claimed, Accepted(serial), provider=provider)
    return message


async def told(world: World, *results: Result) -> int:
    return await collect.collect(world.store, HERE, results, world.clock())


async def test_a_result_is_known_by_the_platforms_name(world: World) -> None:
    message = await submitted(world)
    assert await told(world, result("2019:1")) == 1
    record = await world.record(message)
    assert (record.status, record.receipt_code) == (Status.DELIVERED, "DELIVRD")


async def test_or_by_ours_also_before_the_answer_is_settled(world: World) -> None:
    message = await world.sent()
    [claimed] = await world.begun()
    assert await told(world, result("2019:1", message, phone="+8613800138000")) == 1
    await world.settle(claimed, Accepted("2019:1"), provider=HERE)
    assert await world.status(message) is Status.DELIVERED


async def test_the_same_may_be_told_in_every_way_and_again(world: World) -> None:
    message = await submitted(world)
    for _ in range(2):
        assert await told(world, result("2019:1"), result("2019:1", message)) == 2
    assert await world.status(message) is Status.DELIVERED


async def test_an_end_is_an_end_whatever_is_told_after_it(world: World) -> None:
    message = await submitted(world)
    await told(world, result("2019:1", status=Status.UNDELIVERED, code="MK:0001"))
    await told(world, result("2019:1"))
    assert await world.status(message) is Status.UNDELIVERED


async def test_what_is_not_ours_is_passed_over(world: World) -> None:
    message = await submitted(world)
    other = await submitted(world, "2019:9", "zhenzi")
    strangers = [
        result("2019:2"),
        result("", message, phone=""),
        result("", message, phone="13900139000"),
        Result("2019:3", "13800138000", Status.DELIVERED, reference="outsid_1729495320_1011"),
        Result("2019:4", "13800138000", Status.DELIVERED, reference="0000000000005"),
        result("2019:9"),
    ]
    assert await told(world, *strangers) == 0
    assert await world.status(message) is Status.SUBMITTED
    assert await world.status(other) is Status.SUBMITTED


# Pulling.


class Upstream:
    """A platform that is pulled from: what it gives is given once."""

    name = HERE
    concurrency = 1
    rate = 0.0
    timeout: Millis = SECOND
    pull_every: Millis = 1

    def __init__(self) -> None:
        self.given: list[Sequence[Result] | Exception | None] = []
        self.pulls = 0

    async def pull(self) -> Sequence[Result] | None:
        self.pulls += 1
        found = self.given.pop(0) if self.given else []
        if isinstance(found, Exception):
            raise found
        return found

    async def send(self, _message: Message) -> Outcome:
        raise AssertionError

    async def close(self) -> None: ...


Pulling = Callable[[World, Upstream], None]


@pytest.fixture
async def pulling() -> AsyncIterator[Pulling]:
    tasks: list[asyncio.Task[None]] = []

    def begin(world: World, upstream: Upstream) -> None:
        collector = Collector(world.store, [upstream], world.clock)
        tasks.append(asyncio.create_task(collector.run()))

    yield begin
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def ends(world: World, message: Message) -> None:
    while await world.status(message) is not Status.DELIVERED:
        await asyncio.sleep(0.005)


async def test_results_are_pulled_whatever_fails_between(
    world: World, pulling: Pulling, quiet_log: list[Any]
) -> None:
    first, second = await submitted(world, "2019:1"), await submitted(world, "2019:2")
    upstream = Upstream()
    upstream.given = [None, [result("2019:1")], ValueError("a bug"), [], [result("2019:2")]]
    pulling(world, upstream)
    await ends(world, first)
    await ends(world, second)
    assert [entry["event"] for entry in quiet_log] == ["collect.provider_failed"]


async def test_what_was_pulled_is_kept_until_a_store_takes_it(
    world: World, pulling: Pulling, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await submitted(world)
    monkeypatch.setattr(collect, "_RETRY_S", 0.001)
    receive, refusals = world.store.receive, [StoreUnavailable(), StoreUnavailable()]

    async def unwilling(receipts: Any) -> None:
        if refusals:
            raise refusals.pop()
        await receive(receipts)

    monkeypatch.setattr(world.store, "receive", unwilling)
    upstream = Upstream()
    upstream.given = [[result("2019:1")]]
    pulling(world, upstream)
    await ends(world, message)
    assert refusals == []


async def test_nobody_is_pulled_from_who_does_not_want_it(world: World) -> None:
    upstream = Upstream()
    upstream.pull_every = 0
    await asyncio.wait_for(Collector(world.store, [upstream], world.clock).run(), 5)
    assert upstream.pulls == 0
