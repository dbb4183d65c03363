"""Databases of the measurements: made, looked at from outside, and dropped again."""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import psutil


@dataclass(frozen=True)
class Look:
    """How much has been used up to now."""

    cpu_s: float
    """By the server's processes that work for the database, as far as they can be seen from here. What
    its writers and its vacuum do for all databases together is not among it."""
    log_bytes: float
    """Of the whole server."""


class Probe:
    """Looks at a database; of none it sees nothing."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._name = urlsplit(database).path.lstrip("/")

    async def look(self) -> Look:
        if not self._database:
            return Look(0.0, 0.0)
        log = await asked(self._database, "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        return Look(self.cpu_s(), float(log[0][0]))

    def cpu_s(self) -> float:
        spent = 0.0
        for process in psutil.process_iter(["cmdline"]):
            title = " ".join(process.info["cmdline"] or ())
            if title.startswith("postgres:") and f" {self._name} " in title:
                times = process.cpu_times()
                spent += times.user + times.system
        return spent


async def asked(database: str, sql: str) -> list[Any]:
    """What it answers."""
    connection = await asyncpg.connect(database)
    try:
        return await connection.fetch(sql)
    finally:
        await connection.close()


@contextmanager
def database(server: str) -> Iterator[str]:
    """A new database, dropped at the end. Call outside of a loop."""
    name = f"hongyan_bench_{uuid.uuid4().hex[:12]}"
    asyncio.run(asked(server, f"CREATE DATABASE {name}"))
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        asyncio.run(asked(server, f"DROP DATABASE {name} WITH (FORCE)"))
