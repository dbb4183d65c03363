"""What time alone demands, and units of work that meet in one batch."""

import asyncio
from contextlib import closing, suppress
from typing import Any

import apsw
import msgspec
import pytest

from hongyan.core.command import Link, Send
from hongyan.core.daily import Caps
from hongyan.core.identifier import written
from hongyan.core.message import Kind, Message, Status
from hongyan.core.outcome import Accepted, Deferred
from hongyan.core.time import DAY, MINUTE, SECOND
from hongyan.service.ports import Receipt
from hongyan.store.sqlite.schema import DATABASE
from hongyan.store.sqlite.writer import Unit
from support.seen import seen
from support.world import LEASE, Furnish, World

FILED = "SELECT (SELECT count(*) FROM reference), (SELECT count(*) FROM filed_reference)"
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


async def test_daily_totals_are_forgotten_after_a_month(world: World) -> None:
    count = "SELECT count(*) FROM daily_total"
    for _ in range(2):
        message = world.message()
        await world.accept(Send((message,), caps=(Caps(in_all=9).of(message.app, "CN"),)))
        world.clock.pass_by(DAY)
    world.clock.pass_by(28 * DAY)
    await world.sweep()
    assert seen(world, count) == [(2,)]
    world.clock.pass_by(DAY)
    await world.sweep()
    assert seen(world, count) == [(1,)]


async def test_rows_within_the_window_are_not_forgotten(world: World) -> None:
    await world.started(key=world.idempotency("k1"))
    world.clock.pass_by(DAY - 1)
    await world.sweep()
    assert seen(world, WINDOW_ROWS) == [("hit",), ("kept",)]


async def test_references_are_filed_by_day_once_they_are_past(world: World) -> None:
    for number in range(3):
        message = world.message()
        mark = world.mark(f"m{number}", b"reference")
        await world.send(msgspec.structs.replace(message, reference="m", reference_mark=mark))
    world.clock.pass_by(DAY)
    await world.sweep()
    assert seen(world, FILED) == [(3, 0)]
    world.clock.pass_by(1)
    await world.sweep()
    assert seen(world, FILED) == [(0, 3)]


async def test_a_sweep_is_a_slice_of_five_hundred(world: World) -> None:
    world.administering.add_package(world.account, 1_000, "test")
    for _ in range(2):
        await world.send(*(world.message(f"+86138{n:08d}") for n in range(600)))
    world.clock.pass_by(DAY)
    assert [await world.store.sweep() for _ in range(4)] == [500, 500, 200, 0]
    assert await world.balance() == 2_000


async def test_a_deferred_text_that_nobody_claims_expires_too(world: World) -> None:
    message = await world.sent(kind=Kind.VERIFICATION, lifetime=5 * MINUTE)
    [claimed] = await world.begun()
    await world.settle(claimed, Deferred("Busy."), providers=2)
    world.clock.pass_by(10 * MINUTE)
    await world.sweep()
    assert await world.status(message) is Status.EXPIRED


async def test_a_text_is_not_deferred_beyond_its_end(world: World) -> None:
    message = await world.sent()
    world.clock.pass_by(DAY - MINUTE)
    [claimed] = await world.begun()
    await world.settle(claimed, Deferred("Busy.", retry_after=5 * MINUTE))
    world.clock.pass_by(MINUTE)
    await world.sweep()
    assert await world.status(message) is Status.EXPIRED


async def test_those_that_live_on_keep_their_place_before_those_that_expire(world: World) -> None:
    [first, second, third] = [
        await world.sent(kind=Kind.VERIFICATION, lifetime=minutes * MINUTE)
        for minutes in (10, 5, 10)
    ]
    world.clock.pass_by(6 * MINUTE)
    await world.sweep()
    assert await world.status(second) is Status.EXPIRED
    fresh = await world.sent(kind=Kind.VERIFICATION)
    claimed = [one.message for one in await world.claim()]
    assert claimed == [first, third, fresh]


async def test_a_text_that_dies_in_a_workers_hands_is_not_begun(world: World) -> None:
    await world.sent(kind=Kind.VERIFICATION, lifetime=5 * MINUTE)
    world.clock.pass_by(5 * MINUTE - SECOND)
    claimed = await world.claim()
    world.clock.pass_by(SECOND)
    assert await world.begin(claimed) == set()
    await world.sweep()
    assert await world.status(claimed[0].message) is Status.EXPIRED


# In one batch: each unit must see what those before it did, though memory learns it afterwards.


async def test_a_receipt_in_the_batch_of_its_settle_is_not_lost(world: World) -> None:
    message = await world.sent()
    [claimed] = await world.begun()
    receipt = Receipt(message.id, Status.DELIVERED, world.clock())
    await asyncio.gather(world.store.receive([receipt]), world.settle(claimed, Accepted("up-1")))
    assert await world.status(message) is Status.DELIVERED


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


@pytest.mark.parametrize("sweeps_first", [False, True])
async def test_a_message_that_settles_as_its_lease_ends_comes_to_one_end(
    world: World, sweeps_first: bool
) -> None:
    message = await world.sent()
    [claimed] = await world.begun()
    world.clock.pass_by(LEASE)
    both = [world.settle(claimed, Accepted("up-1")), world.store.sweep()]
    await asyncio.gather(*(reversed(both) if sweeps_first else both))
    assert await world.status(message) is (Status.UNCONFIRMED if sweeps_first else Status.SUBMITTED)
    assert len((await world.record(message)).attempts) == 1


async def _break(world: World, message: Message) -> None:
    """As a disk may, between two processes."""
    with closing(apsw.Connection(str(world.directory / DATABASE))) as connection:
        broken = "UPDATE message SET sealed = zeroblob(40) WHERE id = ?"
        connection.execute(broken, (message.id,))
    await world.restart()


@pytest.mark.parametrize("kind", [Kind.NOTICE, Kind.VERIFICATION])
async def test_a_text_that_does_not_open_holds_no_other_up(
    world: World, kind: Kind, quiet_log: list[Any]
) -> None:
    broken, whole = await world.sent(kind=kind), await world.sent(kind=kind)
    await _break(world, broken)
    assert [one.message for one in await world.claim()] == [whole]
    assert await world.claim() == []
    assert [entry["event"] for entry in quiet_log] == ["outbox.unreadable"]
    assert quiet_log[0]["message"] == written(broken.id)
    world.clock.pass_by(DAY)
    await world.sweep()
    assert seen(world, "SELECT status FROM message WHERE sealed = zeroblob(40)") == [("expired",)]


async def test_a_text_that_does_not_open_expires_as_others_do(world: World) -> None:
    broken = await world.sent(kind=Kind.VERIFICATION)
    await _break(world, broken)
    world.clock.pass_by(DAY)
    await world.sweep()
    assert seen(world, "SELECT status FROM message") == [("expired",)]
    assert await world.balance() == 1_000


async def test_two_sweeps_at_once_give_a_message_back_once(world: World) -> None:
    await world.sent()
    await world.claim()
    world.clock.pass_by(LEASE)
    await asyncio.gather(world.store.sweep(), world.store.sweep())
    assert len(await world.claim()) == 1


async def test_what_a_process_held_is_free_as_soon_as_the_next_one_starts(world: World) -> None:
    """For nobody else can hold it."""
    claimed, sending = await world.sent(), await world.sent()
    [_, begun] = await world.claim()
    await world.begin([begun])
    await world.restart()
    assert await world.status(sending) is Status.UNCONFIRMED
    assert [one.message for one in await world.claim()] == [claimed]


async def test_a_text_that_is_being_sent_cannot_expire(world: World) -> None:
    message = await world.sent()
    await world.begun()
    outbox = world.raw._outbox
    with suppress(Exception):
        await world.raw._do(lambda unit: outbox.expire(unit, message.id))
    assert await world.status(message) is Status.SENDING
    assert await world.balance() == 999


async def test_two_sweeps_at_once_lose_nothing_of_the_window(
    furnish: Furnish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hongyan.store.sqlite.memory._SLICE", 2)
    world = await furnish(bound=3_000, packages=5_000)

    async def send_all() -> list[object]:
        keys = [world.idempotency(f"{number}") for number in range(2_200)]
        return list(await asyncio.gather(*(world.send(key=key) for key in keys)))

    sent = await send_all()
    while any(await asyncio.gather(world.store.sweep(), world.store.sweep())):
        pass
    assert await send_all() == sent


# In a batch that is undone: what was taken from memory is there again.


async def fail(world: World) -> None:
    """Undo what is under way: each unit of the batch is then tried by itself."""

    def raise_it(_unit: Unit) -> None:
        raise LookupError("a bug")

    with pytest.raises(LookupError):
        await world.raw._do(raise_it)


async def test_a_begin_in_a_batch_that_is_undone_is_made_again(world: World) -> None:
    message = await world.sent()
    begun, _ = await asyncio.gather(world.begin(await world.claim()), fail(world))
    assert begun == {message.id}


async def test_a_settle_in_a_batch_that_is_undone_is_made_again(world: World) -> None:
    message = await world.sent()
    [claimed] = await world.begun()
    await asyncio.gather(world.settle(claimed, Accepted("up-1")), fail(world))
    world.clock.pass_by(LEASE)
    await world.sweep()
    assert await world.status(message) is Status.SUBMITTED


async def test_a_sweep_in_a_batch_that_is_undone_is_made_again(world: World) -> None:
    await world.sent()
    await world.claim()
    world.clock.pass_by(LEASE)
    await asyncio.gather(world.store.sweep(), fail(world))
    assert len(await world.claim()) == 1


# Texts on record.

TALLIES = "SELECT (SELECT count(*) FROM tally), (SELECT count(*) FROM hour_tally)"
RECORDED = "SELECT (SELECT count(*) FROM filed_text), (SELECT count(*) FROM app_text)"


async def named(world: World, protocol: str = "tencent") -> None:
    world.administering.name_app(world.app, protocol, "1400006666")
    await world.store.refresh()


async def test_texts_are_filed_a_minute_later(world: World) -> None:
    await named(world)
    for number in range(3):
        await world.sent(f"+861380013800{number}")
    await world.sent(app=world.other_app)
    world.clock.pass_by(MINUTE)
    await world.sweep()
    assert seen(world, RECORDED) == [(0, 0)]
    world.clock.pass_by(1)
    await world.sweep()
    assert seen(world, RECORDED) == [(3, 3)]


async def test_where_no_app_is_known_by_such_a_protocol_nothing_is_looked_at(world: World) -> None:
    await named(world, "zhenzi")
    await world.sent()
    world.clock.pass_by(2 * MINUTE)
    await world.sweep()
    assert seen(world, "SELECT count(*) FROM meta WHERE key = 'texts_filed_to'") == [(0,)]


async def test_a_sweep_files_five_hundred_texts_and_rests_when_less_is_left(world: World) -> None:
    await named(world)
    world.administering.add_package(world.account, 1_000, "test")
    await world.send(*(world.message(f"+86138{number:08d}") for number in range(900)))
    world.clock.pass_by(2 * MINUTE)
    assert await world.store.sweep() == 500
    assert seen(world, RECORDED) == [(500, 500)]
    assert await world.store.sweep() == 0
    assert seen(world, RECORDED) == [(900, 900)]


async def test_tallies_are_summed_by_hour_and_never_keep_a_sweep_busy(world: World) -> None:
    for _ in range(3):
        command = Send((world.message(),), tallied=True)
        await world.accept(command)
    assert seen(world, TALLIES) == [(3, 0)]
    assert await world.store.sweep() == 0
    assert seen(world, TALLIES) == [(0, 1)]


async def test_a_link_stands_in_the_file_sealed(world: World) -> None:
    message = world.message()
    page = "/order.html?of=38459201"
    link = Link(7, message.id, "env-of-somebody", page, world.clock() + DAY)
    await world.accept(Send((message,), links=(link,)))
    opened = await world.store.open_link(7, world.clock())
    assert opened is not None
    assert opened.link == link
    await world.raw.close()
    for file in world.directory.iterdir():
        content = file.read_bytes()
        assert page.encode() not in content
        assert b"env-of-somebody" not in content
    await world._open()


async def test_a_text_that_cannot_be_read_is_left_out_of_lists(
    world: World, quiet_log: list[Any]
) -> None:
    first, bad, last = [await world.sent() for _ in range(3)]
    with closing(apsw.Connection(str(world.directory / DATABASE))) as connection:
        connection.execute("UPDATE message SET sealed = x'00' WHERE id = ?", (bad.id,))
    found = await world.store.texts_to(world.app, first.phone_mark, 0, 1 << 62, 10)
    assert [one.id for one in found] == [last.id, first.id]
    [logged] = [one for one in quiet_log if one["event"] == "text.unreadable"]
    assert logged["message"] == written(bad.id)


async def test_whoever_uses_none_of_this_pays_for_none_of_it(world: World) -> None:
    """No statement more: an optional part of a call costs those who make use of it."""
    asked: list[str] = []

    def note(_cursor: object, sql: str, _values: object) -> bool:
        asked.append(sql)
        return True

    world.raw._connection.exec_trace = note
    await world.send()
    await world.started("+8613800138001")
    plain = " ".join(asked)
    asked.clear()
    message = world.message(kind=Kind.MARKETING)
    link = Link(7, message.id, "env", "/", world.clock() + DAY)
    await world.accept(Send((message,), links=(link,), tallied=True))
    used = " ".join(asked)
    for table in ("link", "tally", "opt_out"):
        assert f" {table} " not in plain
        assert f" {table} " in used
    assert "app_name" not in plain + used
