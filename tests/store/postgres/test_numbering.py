"""Numbers of processes: nobody else makes the same ids, whoever stops or sleeps."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

from hongyan.core.errors import StoreUnavailable
from hongyan.core.identifier import WRITERS
from hongyan.store.opening import StoreUnusable
from hongyan.store.postgres.connections import Connection
from hongyan.store.postgres.numbering import Numbering
from support.postgres import database
from support.world import Moment

SEQUENCE_BITS = 12


@pytest.fixture
async def connection() -> AsyncIterator[Connection]:
    with database() as url:
        opened = await asyncpg.connect(url)
        yield opened
        await opened.close()


def numbering() -> Numbering:
    return Numbering(Moment(), uuid.uuid4())


async def expire(connection: Connection, seconds: int) -> None:
    """As if so much time had gone by since now."""
    await connection.execute("UPDATE writer SET until = until - $1 * 1000", 30 + seconds)


async def leased(connection: Connection) -> Numbering:
    one = numbering()
    await one.lease(connection)
    return one


async def test_each_process_has_another(connection: Connection) -> None:
    numbers = [(await leased(connection)).number for _ in range(20)]
    assert numbers == list(range(20))


async def test_an_id_bears_the_number(connection: Connection) -> None:
    await leased(connection)
    one = await leased(connection)
    assert one.next_id() >> SEQUENCE_BITS & (WRITERS - 1) == one.number == 1
    assert one.token() >> SEQUENCE_BITS & (WRITERS - 1) == 1


async def test_without_a_number_no_id_is_made() -> None:
    with pytest.raises(StoreUnavailable):
        numbering().next_id()


async def test_a_number_rests_before_it_is_anothers(connection: Connection) -> None:
    one = await leased(connection)
    await connection.execute(
        "INSERT INTO writer SELECT n, $1, 1::bigint << 60 FROM generate_series(1, 1023) n",
        uuid.uuid4(),
    )
    await expire(connection, 59)
    with pytest.raises(StoreUnusable, match="1024"):
        await leased(connection)
    await expire(connection, 1 - 30)
    assert (await leased(connection)).number == one.number


async def test_who_kept_its_number_goes_on_and_who_lost_it_gets_another(
    connection: Connection,
) -> None:
    kept, lost = await leased(connection), await leased(connection)
    await connection.execute("UPDATE writer SET holder = $1 WHERE number = $2", uuid.uuid4(), 1)
    for one in (kept, lost):
        one._renewed_at -= 10
        await one.keep(connection)
        one.next_id()
    assert kept.number == 0
    assert lost.number == 2


async def test_a_lease_that_was_not_renewed_in_time_makes_no_ids(connection: Connection) -> None:
    one = await leased(connection)
    one._ends_at = asyncio.get_running_loop().time()
    for make in (one.next_id, one.token):
        with pytest.raises(StoreUnavailable):
            make()
    one._renewed_at -= 10
    await one.keep(connection)
    one.next_id()


async def test_a_number_that_was_given_up_makes_no_ids(connection: Connection) -> None:
    one = await leased(connection)
    await one.give_up(connection)
    with pytest.raises(StoreUnavailable):
        one.next_id()
