"""What time alone demands of PostgreSQL, whichever process sees to it."""

import asyncio

import msgspec
import pytest

from hongyan.core.daily import Caps
from hongyan.core.identifier import made_at
from hongyan.core.limit import Window
from hongyan.core.message import Kind, Message, Status
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND
from support.hands import BOUGHT, Hands, Shared

DAILY = (Window("day", 5, DAY),)


def named(hands: Hands, number: int) -> Message:
    return msgspec.structs.replace(
        hands.message(number), reference=f"m{number}", reference_mark=number + 1
    )


async def test_limits_are_forgotten_when_no_window_reaches_back_to_them(shared: Shared) -> None:
    hands = shared.hands()
    await hands.send(hands.message(), windows=DAILY)
    for span, count in ((DAY, 1), (2 * HOUR, 0)):
        shared.clock.pass_by(span)
        await hands.sweep()
        assert await shared.value("SELECT count(*) FROM history") == count


async def test_daily_totals_are_forgotten_after_a_month(shared: Shared) -> None:
    hands, caps = shared.hands(), Caps(in_all=9)
    for _ in range(2):
        await hands.send(hands.message(), caps=(caps.of(1, "CN"),))
        shared.clock.pass_by(DAY)
    for span, count in ((28 * DAY, 2), (DAY, 1)):
        shared.clock.pass_by(span)
        await hands.sweep()
        assert await shared.value("SELECT count(*) FROM daily_total") == count


async def test_batches_are_forgotten_when_nobody_asks_after_them(shared: Shared) -> None:
    hands = shared.hands()
    await hands.send(hands.message())
    shared.clock.pass_by(HOUR)
    await hands.sweep()
    assert await shared.value("SELECT count(*) FROM batch") == 1
    shared.clock.pass_by(1)
    await hands.sweep()
    # The sweep itself has written, and so has left one.
    assert await shared.value("SELECT count(*) FROM batch") == 1


async def test_references_are_filed_by_32_days_once_they_are_past(shared: Shared) -> None:
    hands = shared.hands()
    sent = await hands.send(*(named(hands, number) for number in range(3)))
    shared.clock.pass_by(DAY)
    await hands.sweep()
    assert await shared.value("SELECT count(*) FROM filed_reference") == 0
    shared.clock.pass_by(1)
    await hands.sweep()
    rows = await shared.connection.fetch("SELECT day, mark, message FROM filed_reference")
    assert {tuple(row) for row in rows} == {
        (made_at(message) // DAY // 32 * 32, number + 1, message)
        for number, message in enumerate(sent)
    }
    assert await shared.value("SELECT count(*) FROM reference") == 0


async def test_a_sweep_is_a_slice(shared: Shared) -> None:
    hands = shared.hands()
    for _ in range(2):
        await hands.send(*(named(hands, number) for number in range(600)))
    sent = await shared.value("SELECT count(*) FROM message")
    shared.clock.pass_by(DAY)
    assert [await hands.sweep() for _ in range(3)] == [500, sent - 500, 0]
    assert await shared.balance() == BOUGHT
    shared.clock.pass_by(1)
    assert [await hands.sweep() for _ in range(2)] == [500, 0]
    assert await shared.value("SELECT count(*) FROM filed_reference") == sent


async def test_one_process_lets_go_while_the_others_move_messages(shared: Shared) -> None:
    one, other = shared.hands(), shared.hands()
    [message] = await one.send(named(one, 0))
    await one.begun()
    shared.clock.pass_by(DAY + 1)
    async with one.held(one.upkeep.sweep):
        [fresh] = await other.send(other.message(1))
        await other.begun()
        shared.clock.pass_by(MINUTE)
        assert await other.sweep() == 1
        assert (await shared.statuses())[fresh] is Status.UNCONFIRMED
        assert await shared.value("SELECT count(*) FROM filed_reference") == 0
    assert (await shared.statuses())[message] is Status.UNCONFIRMED
    assert await shared.value("SELECT count(*) FROM filed_reference") == 1


async def test_doubts_are_closed_once(shared: Shared) -> None:
    processes = [shared.hands() for _ in range(3)]
    await processes[0].send(*(processes[0].message(n, reports=True) for n in range(30)))
    await processes[0].begun()
    shared.clock.pass_by(MINUTE)
    await processes[0].sweep()
    shared.clock.pass_by(72 * HOUR - SECOND)
    assert sum(await asyncio.gather(*(hands.sweep() for hands in processes))) == 0
    shared.clock.pass_by(SECOND)
    assert sum(await asyncio.gather(*(hands.sweep() for hands in processes))) == 30
    assert set((await shared.statuses()).values()) == {Status.CLOSED}
    assert await shared.value("SELECT count(*) FROM report WHERE status = 'closed'") == 30
    assert await shared.balance() == BOUGHT - 30


@pytest.mark.parametrize("kind", list(Kind))
async def test_a_text_that_does_not_open_holds_no_other_up(shared: Shared, kind: Kind) -> None:
    hands = shared.hands()
    broken, whole = await hands.send(*(hands.message(n, kind=kind) for n in range(2)))
    damage = "UPDATE message SET sealed = decode(repeat('00', 40), 'hex') WHERE id = $1"
    await shared.connection.execute(damage, broken)
    assert [one.message.id for one in await hands.claim()] == [whole]
    assert await hands.claim() == []
    shared.clock.pass_by(DAY)
    # What is still claimed is in the line again first.
    assert [await hands.sweep() for _ in range(3)] == [2, 1, 0]
    assert set((await shared.statuses()).values()) == {Status.EXPIRED}
    assert await shared.balance() == BOUGHT
