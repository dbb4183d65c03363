"""What a batch costs that two databases must commit together, beside one that a single one commits.

`python -m bench.two_phase --server postgresql://…` needs a server with max_prepared_transactions above 0.
Prints one line of JSON: medians of milliseconds a batch.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from itertools import count
from typing import Any, TypeAlias

import asyncpg

from bench.databases import database

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_TABLE = "CREATE TABLE one (id bigint PRIMARY KEY, body bytea NOT NULL)"
_INSERT = "INSERT INTO one SELECT * FROM unnest($1::bigint[], $2::bytea[])"
_BODY = bytes(220)
_ids = count(1)


async def _write(connection: Connection, rows: int) -> None:
    await connection.execute(_INSERT, [next(_ids) for _ in range(rows)], [_BODY] * rows)


async def _one_phase(connections: list[Connection], rows: int) -> None:
    connection = connections[0]
    async with connection.transaction():
        await _write(connection, rows)


async def _two_phases(connections: list[Connection], rows: int) -> None:
    """As a coordinator does it: each part is prepared, then all are committed."""
    name = f"bench-{next(_ids)}"

    async def prepare(number: int, connection: Connection) -> None:
        await connection.execute("BEGIN")
        await _write(connection, rows // len(connections))
        await connection.execute(f"PREPARE TRANSACTION '{name}-{number}'")

    await asyncio.gather(*(prepare(*one) for one in enumerate(connections)))
    await asyncio.gather(
        *(one.execute(f"COMMIT PREPARED '{name}-{n}'") for n, one in enumerate(connections))
    )


Work: TypeAlias = Callable[[list[Connection], int], Awaitable[None]]


async def _measured(urls: list[str], rows: int, rounds: int) -> dict[str, Any]:
    connections = [await asyncpg.connect(url) for url in urls]
    for connection in connections:
        await connection.execute(_TABLE)
    works: dict[str, Work] = {"one": _one_phase, "two": _two_phases}
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            for _ in range(10):
                began = time.perf_counter()
                await work(connections, rows)
                times[name].append(1_000 * (time.perf_counter() - began))
    for connection in connections:
        await connection.close()
    found = {name: round(statistics.median(these), 2) for name, these in times.items()}
    return {"rows": rows, "ms": found}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.two_phase", description=__doc__)
    parser.add_argument("--server", default="postgresql://postgres@127.0.0.1:5432/postgres")
    parser.add_argument("--rows", type=int, default=100, help="of a batch (100)")
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    with ExitStack() as stack:
        urls = [stack.enter_context(database(options.server)) for _ in range(2)]
        print(json.dumps(asyncio.run(_measured(urls, options.rows, options.rounds))))


if __name__ == "__main__":
    main()
