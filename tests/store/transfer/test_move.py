"""A house that moves from SQLite into PostgreSQL arrives whole, however often it was interrupted; and
what cannot be moved, or must not be, is left as it was.
"""

import asyncio
import random
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from hongyan.core import limit
from hongyan.core.mark import Mark
from hongyan.core.message import Status
from hongyan.core.time import HOUR
from hongyan.store.opening import Lock, StoreUnusable
from hongyan.store.postgres import schema as postgres_schema
from hongyan.store.postgres.connections import Address, connect
from hongyan.store.seal import KeyRing, Seal
from hongyan.store.sqlite import administration, departure, schema, seal_of
from hongyan.store.sqlite.memory import Memory, unpacked
from hongyan.store.transfer.arriving import META, ORDER
from hongyan.store.transfer.leaving import shapes
from hongyan.store.transfer.moving import Moved, come_back, move
from hongyan.store.transfer.table import postgres_tables, sqlite_tables
from store.transfer.conftest import House
from support.disk import failing_disk
from support.lived import lives_on, seen
from support.world import World, open_sqlite

pytestmark = pytest.mark.timeout(60)
"""Databases are made and dropped, which takes the server seconds when it has much to do."""

SLICE = 3
_OF_MEMORY = {"hit", "spilled"}
"""Tables that only SQLite has: its memory is rebuilt from them."""


def nobody(_what: str, _done: int, _total: int) -> None:
    """Nobody watches."""


class Broken(Exception):
    """The move ends here."""


BEGUN = len(ORDER) + 8
"""All tables have been counted, and some are there already."""


def broken_after(count: int) -> Callable[[str, int, int], None]:
    """A watcher that ends the move when it has been told something so often."""
    left = [count]

    def watch(_what: str, _done: int, _total: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Broken

    return watch


async def moved(house: House, address: Address, watch: Any = nobody, rows: int = SLICE) -> Moved:
    return await move(house.directory, house.seal, address, house.clock, watch, slice_rows=rows)


async def refused(house: House, address: Address, watch: Any = nobody) -> str:
    with pytest.raises(StoreUnusable) as caught:
        await moved(house, address, watch)
    return str(caught.value)


async def query(url: str, sql: str, *values: object) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(sql, *values)
    await connection.close()
    return [tuple(row) for row in rows]


async def before(house: House) -> dict[str, Any]:
    """What is seen of the house where it is; what was being sent is in doubt from now on."""
    world = await house.opened()
    found = await seen(world, house.lived)
    await world.close()
    return found


async def after(house: House, address: Address) -> dict[str, Any]:
    world = await house.opened(address)
    found = await seen(world, house.lived)
    await world.close()
    return found


# All of it.


async def test_everything_is_there_again(house: House, address: Address) -> None:
    expected = await before(house)
    there = await moved(house, address)
    assert [name for name, figures in there.figures.items() if not figures.rows] == [
        "early_receipt"  # Taken by what became of its message when that was given up.
    ]
    world = await house.opened(address)
    assert await seen(world, house.lived) == expected
    await lives_on(world, house.lived)
    await world.close()


async def test_what_waited_is_sent_from_there(house: House, address: Address) -> None:
    await moved(house, address)
    world = await house.opened(address)
    claimed = await world.begun(100)
    assert {one.message.id for one in claimed} == set(house.lived.waiting)
    assert await world.status(house.lived.sending) == Status.UNCONFIRMED
    await world.close()


async def test_every_row_is_what_it_was(house: House, address: Address, url: str) -> None:
    connection = schema.connect(house.directory)
    await moved(house, address)
    tables = await _tables(address)
    for name in ORDER:
        if name in shapes():
            continue
        table = tables[name]
        sql = f'SELECT {table.listed} FROM "{name}" ORDER BY {", ".join(table.key)}'  # noqa: S608
        assert list(connection.execute(sql)) == await query(url, sql), name
    connection.close()


async def test_what_postgresql_cannot_hold_is_made_fit(
    house: House, address: Address, url: str
) -> None:
    """An upstream may say anything, in a reason too."""
    connection = schema.connect(house.directory)
    connection.execute(
        "UPDATE attempt SET reason = 'a' || char(0) || 'b' WHERE number = 1"
    ).fetchall()
    connection.close()
    await moved(house, address)
    assert ("a b",) in await query(url, "SELECT DISTINCT reason FROM attempt WHERE number = 1")


async def test_what_memory_would_be_rebuilt_to_is_there(
    house: House, address: Address, url: str
) -> None:
    connection = schema.connect(house.directory)
    memory = Memory(connection, 1_000_000)
    memory.rebuild(house.clock())
    await moved(house, address)
    histories = await query(url, "SELECT mark, events FROM history")
    assert len(histories) > 5
    for mark, events in histories:
        assert memory.histories.get(mark) == int.from_bytes(events)
        assert limit.count(int.from_bytes(events)) > 0
    [(key, request)] = await query(url, "SELECT key, request FROM kept")
    assert unpacked(memory.kept.get(key))[1] == request
    for mark, verification in await query(
        url, "SELECT mark, verification FROM current_verification"
    ):
        assert memory.current(Mark(mark)) == verification
    for mark, message in await query(url, "SELECT mark, message FROM reference"):
        assert memory.reference(mark) == message
    connection.close()


async def test_no_table_is_forgotten(house: House, address: Address) -> None:
    await moved(house, address)
    connection = schema.connect(house.directory, read_only=True)
    there = set(await _tables(address))
    assert there == {*ORDER, META}
    assert set(sqlite_tables(connection)) - there == _OF_MEMORY
    assert set(shapes()) < there
    connection.close()


async def test_ids_go_on_beyond_those_that_moved(house: House, address: Address) -> None:
    await moved(house, address)
    world = await house.opened(address)
    assert world.administering.create_account("Third", "personal") == 3
    assert world.administering.create_app(3, "app_third", "Third") == 3
    await world.close()


async def test_a_clock_that_is_a_little_behind_is_waited_for(
    house: House, address: Address, url: str
) -> None:
    [(now,)] = await query(url, "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
    house.clock.now = now + 400
    world = await house.opened()
    last = (await world.sent()).id
    await world.close()
    await moved(house, address)
    [(now,)] = await query(url, "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
    world = await house.opened(address)
    house.clock.now = now
    assert world.store.next_id() > last
    await world.close()


async def test_one_that_is_well_behind_is_not(house: House, address: Address, url: str) -> None:
    [(now,)] = await query(url, "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
    house.clock.now = now + HOUR
    world = await house.opened()
    await world.sent()
    await world.close()
    assert "Set the clock right" in await refused(house, address)
    assert _departure(house) is None


# Interrupted.


@pytest.mark.parametrize("seed", range(3))
async def test_a_move_that_is_interrupted_goes_on(
    house: House, address: Address, seed: int
) -> None:
    expected = await before(house)
    chance, times = random.Random(seed), 0
    while True:
        with suppress(Broken):
            # Each table is told of twice at least, so a few of these go all the way.
            watch = broken_after(chance.randrange(len(ORDER) * 5 // 2))
            await moved(house, address, watch, chance.randrange(1, 9))
            break
        times += 1
    assert times
    assert await after(house, address) == expected


async def test_nothing_is_copied_twice(house: House, address: Address) -> None:
    copied: list[tuple[str, int]] = []

    def watch(what: str, done: int, _total: int) -> None:
        copied.append((what, done))
        if copied[-1] == ("message", 6):
            raise Broken

    with pytest.raises(Broken):
        await moved(house, address, watch)
    first = len(copied)
    await moved(house, address, lambda what, done, _: copied.append((what, done)))
    messages = [done for what, done in copied[first:] if what == "message"]
    assert messages[0] == 6
    assert ("ledger", 0) not in copied[first:]


async def test_while_it_is_not_finished_the_house_is_served_nowhere(
    house: House, address: Address
) -> None:
    with pytest.raises(Broken):
        await moved(house, address, broken_after(BEGUN))
    with pytest.raises(StoreUnusable, match="is being moved"):
        await house.opened()
    with pytest.raises(StoreUnusable, match="not finished"):
        await house.opened(address)


async def test_a_database_that_goes_away_loses_nothing(
    house: House, address: Address, url: str
) -> None:
    expected = await before(house)
    stop = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1"

    def watch(what: str, done: int, _total: int) -> None:
        if (what, done) == ("message", 6):
            _aside(query(url, stop + " AND datname = current_database()", "hongyan move"))

    assert "run the same command again" in await refused(house, address, watch)
    await moved(house, address)
    assert await after(house, address) == expected


async def test_a_database_whose_disk_is_full_loses_nothing(
    house: House, address: Address, url: str
) -> None:
    """As it says so itself: there is no small disk to fill here."""
    expected = await before(house)
    with pytest.raises(Broken):
        await moved(house, address, broken_after(30))
    await query(url, _FULL)
    await query(
        url, "CREATE TRIGGER full_disk BEFORE INSERT ON message EXECUTE FUNCTION full_disk()"
    )
    told = await refused(house, address)
    assert "no room left on its disk" in told
    assert "run the same command again" in told
    await query(url, "DROP TRIGGER full_disk ON message")
    await moved(house, address)
    assert await after(house, address) == expected


_FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$
"""


async def test_a_full_disk_under_the_file_loses_nothing(house: House, address: Address) -> None:
    expected = await before(house)
    with failing_disk() as disk:

        def watch(what: str, _done: int, _total: int) -> None:
            disk.is_full = what == "checking"

        assert "run the same command again" in await refused(house, address, watch)
    await moved(house, address)
    assert await after(house, address) == expected


async def test_an_end_between_the_last_two_writes_is_found_out(
    house: House, address: Address
) -> None:
    with failing_disk() as disk:

        def watch(what: str, done: int, total: int) -> None:
            disk.is_full = (what, done) == ("checking", total)

        await refused(house, address, watch)
    world = await house.opened(address)
    await world.sent()  # It may be served there, so the figures have changed.
    await world.close()
    assert (await moved(house, address)).figures == {}
    with pytest.raises(StoreUnusable, match="has moved"):
        await house.opened()


async def test_what_did_not_arrive_is_noticed(house: House, address: Address, url: str) -> None:
    def watch(what: str, done: int, _total: int) -> None:
        if (what, done) == ("checking", 0):
            _aside(
                query(url, "DELETE FROM attempt WHERE message = (SELECT min(message) FROM attempt)")
            )
            _aside(query(url, "UPDATE account SET balance = balance + 1 WHERE id = 1"))
            _aside(query(url, "UPDATE message SET receipt_code = '' WHERE receipt_code IS NULL"))

    told = await refused(house, address, watch)
    assert "attempt: " in told
    assert "account: balance" in told
    assert "message: empty values" in told
    assert "account 1 is not the sum of its ledger" in told


# Where it may go.


async def test_a_house_that_is_served_does_not_move(house: House, address: Address) -> None:
    lock = Lock(house.directory)
    assert "is being served" in await refused(house, address)
    lock.release()


async def test_a_directory_without_a_house_is_named(house: House, address: Address) -> None:
    (house.directory / schema.DATABASE).rename(house.directory / "other.db")
    assert "holds no hongyan.db" in await refused(house, address)
    assert not (house.directory / schema.DATABASE).exists()


async def test_another_house_is_left_alone(house: House, address: Address, url: str) -> None:
    await moved(house, address)
    come_back(house.directory, house.seal, house.clock, nobody)
    count = await query(url, "SELECT count(*) FROM message")
    assert "holds a house already" in await refused(house, address)
    assert await query(url, "SELECT count(*) FROM message") == count
    assert _departure(house) is None


async def test_another_programs_database_is_left_alone(
    house: House, address: Address, url: str
) -> None:
    await query(url, "CREATE TABLE theirs (id INTEGER)")
    assert "another program's tables" in await refused(house, address)
    assert await query(url, "SELECT relname FROM pg_class WHERE relname = 'account'") == []


async def test_a_house_that_has_just_been_made_is_left_alone(
    house: House, address: Address, tmp_path: Path
) -> None:
    connection = await connect(address, "test")
    other = Seal(KeyRing.create(tmp_path / "other.key", house.clock()), house.clock)
    await postgres_schema.migrate(connection, address, house.clock())
    await postgres_schema.require_key(connection, address, other)
    await connection.close()
    assert "another house's" in await refused(house, address)


async def test_a_database_that_cannot_hold_all_texts_is_refused(
    house: House, url: str, address: Address
) -> None:
    name = address.url.rpartition("/")[2] + "_ascii"
    await query(url, f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'")
    try:
        assert "UTF8" in await refused(house, Address(f"{url}_ascii"))
    finally:
        await query(url, f"DROP DATABASE {name}")


async def test_two_moves_into_one_database_take_turns(house: House, address: Address) -> None:
    told: list[str] = []

    def watch(what: str, done: int, _total: int) -> None:
        if (what, done) == ("message", 6):
            other = house.directory.parent / "other"
            other.mkdir()
            _aside(_other_house(other, house, address, told))

    await moved(house, address, watch)
    assert ["under way" in one for one in told] == [True]


async def test_no_address_is_told_with_its_password(house: House) -> None:
    address = Address("postgresql://nobody:topsecret@127.0.0.1:1/none")
    assert "topsecret" not in await refused(house, address)


# Back.


async def test_a_move_that_is_given_up_leaves_all_as_it_was(house: House, address: Address) -> None:
    expected = await before(house)
    with pytest.raises(Broken):
        await moved(house, address, broken_after(BEGUN))
    assert come_back(house.directory, house.seal, house.clock, nobody) == 0
    assert await before(house) == expected
    world = await house.opened()
    new = await world.sent()
    await world.close()
    await moved(house, address)
    world = await house.opened(address)
    assert await world.status(new) == Status.QUEUED
    await world.close()


async def test_whoever_comes_back_sends_nothing_twice(house: House, address: Address) -> None:
    await moved(house, address)
    with pytest.raises(StoreUnusable, match="has moved"):
        administration(house.directory, house.seal, house.clock)
    assert (
        come_back(house.directory, house.seal, house.clock, nobody) == len(house.lived.waiting) + 1
    )
    world = await house.opened()
    assert await world.claim() == []
    for message in (*house.lived.waiting, house.lived.deferred):
        record = await world.record(message)
        assert record.status == Status.UNCONFIRMED
        assert record.attempts[-1].outcome == "unconfirmed"
    world.clock.pass_by(73 * HOUR)
    await world.sweep()
    assert await world.status(house.lived.waiting[0]) == Status.CLOSED
    await world.close()


async def test_who_never_left_cannot_come_back(house: House) -> None:
    assert come_back(house.directory, house.seal, house.clock, nobody) is None


# What it is read by.


def _departure(house: House) -> departure.Departure | None:
    connection = schema.connect(house.directory)
    found = departure.read(connection)
    connection.close()
    return found


async def _tables(address: Address) -> Mapping[str, Any]:
    connection = await connect(address, "test")
    tables = await postgres_tables(connection)
    await connection.close()
    return tables


async def _other_house(directory: Path, house: House, address: Address, told: list[str]) -> None:
    world = await World(directory, open_sqlite, clock=house.clock).open()
    await world.close()
    try:
        await move(directory, seal_of(directory, house.clock), address, house.clock, nobody)
    except StoreUnusable as error:
        told.append(str(error))


def _aside(work: Any) -> None:
    """From within a running loop, to its end."""
    thread = threading.Thread(target=asyncio.run, args=(work,))
    thread.start()
    thread.join()
