"""The recent window on disk: beyond its bound it falls back to tables, and a restart rebuilds it."""

import pytest

from hongyan.core import limit
from hongyan.core.batch import number_mark
from hongyan.core.command import Declined, Queued, Sent
from hongyan.core.limit import Window
from hongyan.core.outcome import Rejected
from hongyan.core.time import DAY, HOUR, MINUTE
from support.seen import seen
from support.world import Furnish, World

DAILY = Window("24h", 1, DAY)
NUMBER, OTHER = "+8613800138000", "+8613800138001"


@pytest.fixture
async def world(furnish: Furnish) -> World:
    """One text a day to a number, and a window that holds twelve entries."""
    return await furnish(windows=(DAILY,), bound=12)


async def crowd(world: World) -> None:
    """So many other numbers and keys that what came before them goes into the side table."""
    for number in range(60):
        message = world.message(f"+86139{number:08d}")
        await world.send(message, key=world.idempotency(f"crowd {number}"))
    await world.sweep()


async def is_declined(world: World, number: str = NUMBER) -> bool:
    answer = await world.send(world.message(number))
    assert isinstance(answer, Sent)
    return isinstance(answer.messages[0], Declined)


async def test_memory_stays_within_its_bound(world: World) -> None:
    await crowd(world)
    assert world.store.standing().recent <= 12
    assert len(seen(world, "SELECT DISTINCT map, mark FROM spilled")) >= 2 * 60 - 12


async def test_limits_hold_beyond_the_bound(world: World) -> None:
    await world.sent()
    await crowd(world)
    assert await is_declined(world)


async def test_a_limit_beyond_the_bound_ends_in_time(world: World) -> None:
    await world.sent()
    await crowd(world)
    world.clock.pass_by(DAY - 1)
    assert await is_declined(world)
    world.clock.pass_by(1)
    assert not await is_declined(world)


async def test_keys_are_remembered_beyond_the_bound(world: World) -> None:
    first = await world.send(key=world.idempotency("k1"))
    await crowd(world)
    assert await world.send(key=world.idempotency("k1")) == first


async def test_limits_hold_beyond_the_bound_over_restarts(world: World) -> None:
    await world.sent()
    await crowd(world)
    for _ in range(2):
        await world.restart()
        assert await is_declined(world)
        await world.sweep()
        assert await is_declined(world)


async def test_keys_are_remembered_beyond_the_bound_over_restarts(world: World) -> None:
    first = await world.send(key=world.idempotency("k1"))
    await crowd(world)
    for _ in range(2):
        await world.restart()
        assert await world.send(key=world.idempotency("k1")) == first
        await world.sweep()
        assert await world.send(key=world.idempotency("k1")) == first


async def test_a_restart_counts_no_event_twice(world: World) -> None:
    await world.sent()
    await crowd(world)
    await world.restart()
    mark = number_mark(world.app, world.mark(NUMBER))
    assert limit.count(world.raw._memory.histories.get(mark)) == 1


async def test_what_is_given_back_before_a_restart_forgets_no_other_number(
    furnish: Furnish,
) -> None:
    world = await furnish(windows=(DAILY,))
    await world.sent(NUMBER)
    [claimed] = await world.begun()
    world.clock.pass_by(11 * HOUR)
    await world.sent(OTHER)
    await world.settle(claimed, Rejected("blocked", "Blocked."))
    await world.restart()
    world.clock.pass_by(2 * HOUR)
    await world.store.refresh()
    world.clock.pass_by(11 * HOUR)
    await world.store.refresh()
    assert await is_declined(world, OTHER)


async def test_a_key_that_is_past_never_finds_the_answer_of_another(world: World) -> None:
    world.clock.pass_by(DAY - world.clock() % DAY + MINUTE)
    await world.send(key=world.idempotency("k1"))
    await crowd(world)
    world.clock.pass_by(DAY + 1)
    await world.sweep()
    await world.restart()
    await world.send(world.message(OTHER), key=world.idempotency("k2", "another request"))
    answer = await world.send(key=world.idempotency("k1"))
    assert isinstance(answer, Sent)
    assert isinstance(answer.messages[0], Queued)
