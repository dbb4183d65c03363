"""What time alone demands, and units of work that meet in one batch."""

import asyncio
from contextlib import suppress

import pytest

from hongyan.core.message import Kind, Status
from hongyan.core.outcome import Accepted, Deferred
from hongyan.core.time import DAY, MINUTE, SECOND
from hongyan.service.ports import Receipt
from support.seen import seen
from support.world import LEASE, Furnish, World

WINDOW_ROWS = """
SELECT 'hit' FROM hit UNION SELECT 'kept' FROM kept UNION SELECT 'spilled' FROM spilled ORDER BY 1
"""


async def test_rows_that_the_window_has_left_behind_are_forgotten(furnish: Furnish) -> None:
    world = await furnish(bound=6)
    for number in range(40):
        await world.started(f"+86138{number:08d}", key=world.idempotency(f"{number}"))
    await world.sweep()
    assert seen(world, WINDOW_ROWS) == [("hit",), ("kept",), ("spilled",)]
    world.clock.pass_by(2 * DAY)
    await world.sweep()
    assert seen(world, WINDOW_ROWS) == []


async def test_rows_within_the_window_are_not_forgotten(world: World) -> None:
    await world.started(key=world.idempotency("k1"))
    world.clock.pass_by(DAY - 1)
    await world.sweep()
    assert seen(world, WINDOW_ROWS) == [("hit",), ("kept",)]


async def test_a_sweep_is_a_slice_of_five_hundred(world: World) -> None:
    world.administering.add_package(world.account, 1_000, "test")
    for _ in range(2):
        await world.send(*(world.message(f"+86138{n:08d}") for n in range(600)))
    world.clock.pass_by(DAY)
    assert [await world.store.sweep() for _ in range(4)] == [500, 500, 200, 0]
    assert await world.balance() == 2_000


@pytest.mark.xfail(strict=True, reason="who was deferred is not looked at, only who never left")
async def test_a_deferred_text_that_nobody_claims_expires_too(world: World) -> None:
    message = await world.sent(kind=Kind.VERIFICATION, lifetime=5 * MINUTE)
    [claimed] = await world.begun()
    await world.settle(claimed, Deferred("Busy."), providers=2)
    world.clock.pass_by(10 * MINUTE)
    await world.sweep()
    assert await world.status(message) is Status.EXPIRED


@pytest.mark.xfail(strict=True, reason="a begin does not look at when the text expires")
async def test_a_text_that_dies_in_a_workers_hands_is_not_begun(world: World) -> None:
    await world.sent(kind=Kind.VERIFICATION, lifetime=5 * MINUTE)
    world.clock.pass_by(5 * MINUTE - SECOND)
    claimed = await world.claim()
    world.clock.pass_by(SECOND)
    assert await world.begin(claimed) == set()


# In one batch: each unit must see what those before it did, though memory learns it afterwards.


@pytest.mark.xfail(strict=True, reason="a settle learns of early receipts after their commit only")
async def test_a_receipt_in_the_batch_of_its_settle_is_not_lost(world: World) -> None:
    message = await world.sent()
    [claimed] = await world.begun()
    receipt = Receipt(message.id, Status.DELIVERED, world.clock())
    await asyncio.gather(world.store.receive([receipt]), world.settle(claimed, Accepted("up-1")))
    assert await world.status(message) is Status.DELIVERED


@pytest.mark.xfail(strict=True, reason="a sweep does not see what its batch has begun")
@pytest.mark.parametrize("sweeps_first", [False, True])
async def test_a_message_whose_lease_ends_as_it_begins_is_not_given_back_too(
    world: World, sweeps_first: bool
) -> None:
    message = await world.sent()
    claimed = await world.claim()
    world.clock.pass_by(LEASE)
    both = [world.begin(claimed), world.store.sweep()]
    await asyncio.gather(*(reversed(both) if sweeps_first else both))
    is_waiting = await world.status(message) is Status.QUEUED
    assert len(await world.claim()) == is_waiting


@pytest.mark.xfail(strict=True, reason="both sweeps give the same message back")
async def test_two_sweeps_at_once_give_a_message_back_once(world: World) -> None:
    await world.sent()
    await world.claim()
    world.clock.pass_by(LEASE)
    await asyncio.gather(world.store.sweep(), world.store.sweep())
    assert len(await world.claim()) == 1


@pytest.mark.xfail(strict=True, reason="it is concluded and refunded though its guard found no row")
async def test_a_text_that_is_being_sent_cannot_expire(world: World) -> None:
    message = await world.sent()
    await world.begun()
    outbox = world.raw._outbox
    with suppress(Exception):
        await world.raw._do(lambda unit: outbox.expire(unit, message.id))
    assert await world.status(message) is Status.SENDING
    assert await world.balance() == 999
