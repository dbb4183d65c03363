"""Several processes of one house on PostgreSQL, as far as one test process can be several: stores of
their own on one database, one clock.
"""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from hongyan.store.postgres import PostgresStore
from hongyan.store.postgres.connections import Address
from support import postgres
from support.wire_cutter import WireCutter
from support.world import Moment, World, open_postgres


class Processes:
    """The first one furnishes the house; the others find it so."""

    def __init__(self, directory: Path, **differing: Any) -> None:
        self._directory = directory
        self._differing = differing
        self.worlds: list[World] = []
        self._cutters = AsyncExitStack()

    async def more(self) -> World:
        """Another process."""
        clock = self.worlds[0].clock if self.worlds else Moment()
        world = World(self._directory, open_postgres, clock=clock, **self._differing)
        if self.worlds:
            await world._open()
        else:
            await world.open()
        self.worlds.append(world)
        return world

    async def over_a_wire(self) -> tuple[World, WireCutter]:
        """Another process, whose wire can be cut."""
        world = await self.more()
        cutter = await self._cutters.enter_async_context(WireCutter(self.url).spanned())
        await world.raw.close()
        seal: Any = world.sealer
        store = PostgresStore(Address(cutter.url), seal, world.rules, world.clock)
        await store.start()
        world.store = store
        return world, cutter

    @property
    def url(self) -> str:
        return postgres.database_of(self._directory)

    @property
    def name(self) -> str:
        """Of the database."""
        return self.url.rpartition("/")[2]

    async def let_in(self, allowed: bool) -> None:
        """Whether the server lets anybody into the database; who is in is thrown out."""
        connection = await asyncpg.connect(postgres.server())
        await connection.execute(f'ALTER DATABASE "{self.name}" ALLOW_CONNECTIONS {allowed}')
        if not allowed:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
                self.name,
            )
        await connection.close()

    async def value(self, sql: str, *values: object) -> Any:
        """What an onlooker finds."""
        connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetchval(sql, *values)
        finally:
            await connection.close()

    async def books(self) -> tuple[int, int, int]:
        """Balance, sum of the ledger, and what was bought less what messages cost that were not
        refunded: all the same in good books.
        """
        balance = await self.value("SELECT balance FROM account WHERE id = 1")
        ledger = await self.value("SELECT sum(units)::bigint FROM ledger WHERE account = 1")
        charged = await self.value(
            "SELECT (SELECT sum(units) FROM package)::bigint - coalesce(sum(units), 0)::bigint"
            " FROM message WHERE coalesce(status, '') NOT IN ('rejected', 'expired')"
        )
        return balance, ledger, charged

    async def close(self) -> None:
        for world in self.worlds:
            await world._close()
        await self._cutters.aclose()
        postgres.forget(self._directory)


@asynccontextmanager
async def processes(directory: Path, count: int, **differing: Any) -> AsyncIterator[Processes]:
    """So many of them."""
    directory = directory / os.urandom(4).hex()
    directory.mkdir()
    opened = Processes(directory, **differing)
    try:
        for _ in range(count):
            await opened.more()
        yield opened
    finally:
        await opened.close()
