"""The same house on PostgreSQL: one web process, two of them, and one worker.

The database runs where the system puts it, so it shares the cores with what is measured.
"""

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from bench import databases, load
from bench.servers import Server, house, running

SERVER: Final = os.environ.get(
    "HONGYAN_BENCH_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres"
)
_WAITING: Final = "SELECT count(*) FROM outbox WHERE status <> 'unconfirmed'"
_DRAIN_S: Final = 90.0


@dataclass(frozen=True)
class Drained:
    """What one worker process did with a line that others had filled."""

    messages: int
    rate: float
    """Messages a second: claimed, begun, on the sandbox phone, settled, their receipts applied."""
    cpu: float
    """Of a core, in percent."""
    left: int


def missing() -> str:
    """Why PostgreSQL cannot be measured here; empty where it can."""
    try:
        asyncio.run(databases.asked(SERVER, "SELECT 1"))
    except (OSError, asyncpg.PostgresError) as error:
        return str(error)
    return ""


def one_web(client: load.Client, seconds: float) -> tuple[load.Figures, int, Drained]:
    """(accepting with one process, answered but not there, then one worker at what waits)."""
    with (
        databases.database(SERVER) as database,
        house(dispatches=False, database=database) as server,
    ):
        figures = load.measured(server, client, seconds)
        lost = max(figures.answered - server.count("SELECT count(*) FROM message"), 0)
        return figures, lost, _drained(server)


def two_webs(client: load.Client, seconds: float) -> load.Figures:
    """Two processes at one address, on all cores that there are."""
    cores = range(os.cpu_count() or 1)
    with (
        databases.database(SERVER) as database,
        house(dispatches=False, database=database) as first,
    ):
        more = ("--dev", "--port", "0", "--processes", "2")
        with running("web", first.directory, *more, dispatches=False, cores=cores) as server:
            server.database = database
            return load.measured(server, client, seconds)


def _drained(server: Server) -> Drained:
    before = server.count(_WAITING)
    with running("worker", Path(server.directory), "--dev", dispatches=True) as worker:
        began, spent = time.monotonic(), worker.cpu_s()
        while (left := server.count(_WAITING)) and time.monotonic() - began < _DRAIN_S:
            time.sleep(0.1)
        took = time.monotonic() - began
        cpu = 100 * (worker.cpu_s() - spent) / took
    return Drained(before - left, (before - left) / took, cpu, left)
