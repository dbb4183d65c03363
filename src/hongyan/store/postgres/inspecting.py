"""A look at the database that changes nothing: what time it is there, and what `doctor` asks."""

import statistics
import time
from typing import Final

from hongyan.core.identifier import made_at
from hongyan.store.opening import Inspection
from hongyan.store.postgres.connections import Connection
from hongyan.store.queries.postgres import SQL

_COMMITS: Final = 20


async def now(connection: Connection) -> int:
    """By the database's clock, in microseconds since 1970."""
    micros: int = await connection.fetchval(SQL["time"])
    return micros


async def is_sealed(connection: Connection) -> bool:
    """Whether a key file goes with it already."""
    return await connection.fetchval(SQL["key_check"]) is not None


async def inspect(connection: Connection) -> Inspection:
    """What `doctor` asks of it."""
    last = await connection.fetchval(SQL["last_message"])
    broken = [row[0] for row in await connection.fetch(SQL["books"])]
    took = statistics.median([await _commit(connection) for _ in range(_COMMITS)])
    return Inspection(made_at(last) if last else 0, broken, took)


async def _commit(connection: Connection) -> float:
    """How many milliseconds one takes."""
    began = time.perf_counter()
    await connection.execute(SQL["touch_log"])
    return (time.perf_counter() - began) * 1_000
