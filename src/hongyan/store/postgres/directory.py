"""The directory on PostgreSQL: read in one moment, whole."""

from typing import Final

from hongyan.core.time import Millis
from hongyan.service.directory import Directory
from hongyan.store import directory
from hongyan.store.postgres.connections import Connection
from hongyan.store.queries.postgres import SQL
from hongyan.store.seal import Seal

CHANGED: Final = "hongyan_directory"
"""The channel that tells that it has changed."""


async def version(connection: Connection) -> int:
    """Raised with every change."""
    return await connection.fetchval(SQL["version"]) or 0


async def read(connection: Connection, seal: Seal, now: Millis) -> Directory:
    """All of it. Within a transaction of the caller's, as that sees it."""
    if connection.is_in_transaction():
        return await _read(connection, seal, now)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await _read(connection, seal, now)


async def _read(connection: Connection, seal: Seal, now: Millis) -> Directory:
    tables = {name: await connection.fetch(SQL[name]) for name in directory.TABLES}
    return directory.read(tables.__getitem__, seal, now)
