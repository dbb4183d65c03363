"""Codes that were right are told of, in their own time, and nothing waits for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from hongyan.core.errors import StoreUnavailable
from hongyan.core.identifier import MessageId, VerificationId
from hongyan.core.time import SECOND, Millis
from hongyan.service import convert
from hongyan.service.convert import Conversions
from support.world import NOON, World


class Platform:
    """Is told."""

    def __init__(self) -> None:
        self.told: list[tuple[MessageId, Millis]] = []
        self.has_been_told = asyncio.Event()
        self.fails: list[Exception] = []
        self.is_closed = False

    async def converted(self, message: MessageId, at: Millis) -> None:
        if self.fails:
            raise self.fails.pop()
        self.told.append((message, at))
        self.has_been_told.set()

    async def close(self) -> None:
        self.is_closed = True


Telling = Callable[[World, Platform], Conversions]


@pytest.fixture
async def telling() -> AsyncIterator[Telling]:
    tasks: list[asyncio.Task[None]] = []

    def begin(world: World, platform: Platform) -> Conversions:
        one = Conversions(world.store, platform, world.clock)
        tasks.append(asyncio.create_task(one.run()))
        return one

    yield begin
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def message_of(world: World, verification: VerificationId) -> MessageId:
    found = await world.store.verification(verification)
    assert found is not None
    return found.message


async def test_the_text_and_the_moment_are_told(world: World, telling: Telling) -> None:
    platform = Platform()
    verification = await world.started()
    world.clock.pass_by(SECOND)
    telling(world, platform).approved(verification)
    await asyncio.wait_for(platform.has_been_told.wait(), 5)
    assert platform.told == [(await message_of(world, verification), NOON + SECOND)]


async def test_a_failure_is_passed_over(
    world: World, telling: Telling, quiet_log: list[Any]
) -> None:
    platform = Platform()
    platform.fails = [ValueError("a bug"), StoreUnavailable()]
    verification = await world.started()
    one = telling(world, platform)
    for _ in range(3):
        one.approved(verification)
    await asyncio.wait_for(platform.has_been_told.wait(), 5)
    assert len(platform.told) == 1
    assert [entry["event"] for entry in quiet_log] == ["convert.failed"]


async def test_nothing_waits_for_it_and_what_is_too_much_is_passed_over(
    world: World, telling: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "_MOST", 2)
    platform = Platform()
    first = await world.started()
    second = await world.started("+8613800138001")
    one = Conversions(world.store, platform, world.clock)
    for verification in (first, first, second):
        one.approved(verification)
    task = asyncio.create_task(one.run())
    while len(platform.told) < 2:
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert {message for message, _ in platform.told} == {await message_of(world, first)}
    assert platform.is_closed
