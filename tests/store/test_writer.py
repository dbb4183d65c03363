"""The one writer: what arrives together is committed together, and only the guilty fail."""

import asyncio

import apsw
import pytest

from hongyan.core.command import Send, Sent, Started
from hongyan.core.errors import Overloaded, StoreUnavailable
from hongyan.core.message import Status
from hongyan.core.time import HOUR
from hongyan.service.administer import new_key
from hongyan.service.directory import KeyKind
from hongyan.store.opening import StoreUnusable
from hongyan.store.sqlite.schema import DATABASE
from hongyan.store.sqlite.writer import Unit
from support.seen import seen
from support.world import World


def write_and_fail(unit: Unit) -> None:
    unit.run("INSERT INTO meta (key, value) VALUES ('guilty', 1)")
    raise LookupError("a bug")


# Batches.


async def test_what_arrives_together_is_committed_together(world: World) -> None:
    before = world.store.standing().commits
    await asyncio.gather(*(world.send() for _ in range(100)))
    assert world.store.standing().commits == before + 1


async def test_one_guilty_unit_of_a_batch_fails_alone(world: World) -> None:
    before = world.store.standing().commits
    results = await asyncio.gather(
        world.send(), world.raw._do(write_and_fail), world.send(), return_exceptions=True
    )
    assert [type(one) for one in results] == [Sent, LookupError, Sent]
    assert world.store.standing().commits == before + 2
    assert await world.balance() == 998
    assert seen(world, "SELECT * FROM meta WHERE key = 'guilty'") == []


async def test_one_command_that_breaks_a_constraint_fails_alone(world: World) -> None:
    taken = await world.sent()
    results = await asyncio.gather(
        world.send(), world.send(taken), world.start(), return_exceptions=True
    )
    assert [type(one) for one in results] == [Sent, apsw.ConstraintError, Started]
    assert await world.balance() == 997
    assert len(await world.claim()) == 3


async def test_a_claim_in_a_batch_that_is_undone_loses_nothing(world: World) -> None:
    message = await world.sent()
    claiming = asyncio.ensure_future(world.claim())
    with pytest.raises(LookupError):
        await world.raw._do(write_and_fail)
    assert await world.begin(await claiming) == {message.id}
    assert await world.claim() == []


async def test_a_caller_that_gave_up_waiting_holds_nobody_up(world: World) -> None:
    gone, staying = (asyncio.ensure_future(world.send()) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert isinstance(await staying, Sent)
    assert await world.balance() == 998


# Who else holds the file, and how much may wait.


async def test_the_command_line_holds_the_file_for_a_moment_and_nobody_is_refused(
    world: World,
) -> None:
    message = await world.sent()
    with world.administering.together():
        sending = asyncio.ensure_future(world.send())
        assert await world.status(message) is Status.QUEUED
        assert not sending.done()
        assert world.store.standing().pending == 1
    assert isinstance(await sending, Sent)


async def test_a_file_that_is_held_for_good_is_a_trouble_and_nothing_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hongyan.store.sqlite.writer._BUSY_TRIES", 3)
    with world.administering.together():
        with pytest.raises(StoreUnavailable):
            await world.send()
        assert "locked" in world.store.standing().trouble
    await world.sent()
    assert world.store.standing().trouble == ""
    assert await world.balance() == 999


async def test_beyond_twenty_thousand_that_wait_the_next_is_refused_at_once(world: World) -> None:
    waiting = [world.store.accept(Send(())) for _ in range(20_000)]
    with pytest.raises(Overloaded):
        await world.send()
    await asyncio.gather(*waiting)
    assert isinstance(await world.send(), Sent)


async def test_a_closing_store_finishes_what_waits_and_takes_nothing_more(world: World) -> None:
    waiting = asyncio.ensure_future(world.send())
    await asyncio.sleep(0)
    await world.raw.close()
    assert isinstance(waiting.result(), Sent)
    with pytest.raises(StoreUnavailable):
        await world.send()
    await world._open()


# What the command line changes.


async def test_a_change_beside_is_noticed_with_the_next_batch(world: World) -> None:
    world.administering.add_key(world.app, new_key(KeyKind.SECRET))
    assert len(world.store.directory.keys) == 0
    await world.send()
    assert len(world.store.directory.keys) == 1


async def test_while_nobody_changes_it_the_directory_is_one_and_the_same(world: World) -> None:
    before = world.store.directory
    await world.send()
    world.administering.balance(world.account)
    await world.send()
    assert world.store.directory is before


async def test_a_change_that_the_store_refuses_is_undone_and_told(world: World) -> None:
    def change_two_things() -> None:
        with world.administering.together():
            world.administering.add_package(world.account, 5, "with what follows")
            world.administering.add_signature(99, "nobody's")

    with pytest.raises(StoreUnusable, match=r"FOREIGN KEY.*Nothing of it was done"):
        change_two_things()
    assert await world.balance() == 1_000


async def test_a_key_ends_at_its_hour_though_nobody_changes_anything(world: World) -> None:
    key = new_key(KeyKind.SECRET)
    world.administering.add_key(world.app, key)
    assert world.administering.end_key(world.app, key.hint, world.clock() + HOUR)
    assert len((await world.store.refresh()).keys) == 1
    world.clock.pass_by(HOUR)
    assert len((await world.store.refresh()).keys) == 0


# The log.


async def test_the_log_is_moved_into_the_database_and_begins_anew(world: World) -> None:
    world.administering.add_package(world.account, 1_000_000, "test")
    database, log = (world.directory / name for name in (DATABASE, f"{DATABASE}-wal"))
    size, began = database.stat().st_size, _salt(log.read_bytes())
    async with asyncio.timeout(15):
        while _salt(log.read_bytes()) == began:
            await world.send(*(world.message(f"+86138{number:08d}") for number in range(1_000)))
    assert database.stat().st_size > size


def _salt(log: bytes) -> bytes:
    """Another one whenever the log starts at its beginning again (SQLite file format §4.1)."""
    return log[16:24]
