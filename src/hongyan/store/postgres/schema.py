"""Opening a database: is it ours, is it of today, is this its key file; and bringing it up to date."""

from importlib import resources
from typing import Final, NamedTuple

from hongyan.store.opening import KEY_FILE, StoreUnusable
from hongyan.store.postgres.connections import OLDEST, Address, Connection, in_words
from hongyan.store.queries.postgres import SQL
from hongyan.store.seal import Seal

_MIGRATING: Final = 0x686F6E6779616E
"""The advisory lock of whoever changes the schema: one at a time."""

UNFINISHED: Final = "unfinished_move"
"""The key of the note in `meta` by which a house is known that has not arrived in full."""


class Migration(NamedTuple):
    """One step from schema to schema."""

    number: int
    name: str
    sql: str


def migrations() -> list[Migration]:
    """All of them, in order."""
    folder = resources.files("hongyan.store.migrations").joinpath("postgres")
    files = sorted(file.name for file in folder.iterdir() if file.name.endswith(".sql"))
    return [
        Migration(int(name[:4]), name, folder.joinpath(name).read_text(encoding="utf-8"))
        for name in files
    ]


async def pending(connection: Connection, address: Address) -> list[Migration]:
    """What it lacks. Raises StoreUnusable for a database that is not ours, or is newer than we are."""
    version = await _version(connection, address)
    return [one for one in migrations() if one.number > version]


async def migrate(
    connection: Connection, address: Address, now: int, *, up_to: int | None = None
) -> list[Migration]:
    """Bring the schema up to date, or to an older one for rows of that; what was done. One transaction.
    Raises StoreUnusable.
    """
    with in_words(address):
        async with connection.transaction():
            return await _migrate(connection, address, now, up_to)


async def _migrate(
    connection: Connection, address: Address, now: int, up_to: int | None
) -> list[Migration]:
    await connection.execute(SQL["lock_schema"], _MIGRATING)
    lacking = await pending(connection, address)
    if up_to is not None:
        lacking = [one for one in lacking if one.number <= up_to]
    if lacking:
        await connection.execute(SQL["create_migrations"])
    for one in lacking:
        await connection.execute(one.sql)
        await connection.execute(SQL["insert_migration"], one.number, one.name, now)
    return lacking


async def require_current(connection: Connection, address: Address) -> None:
    """Raises StoreUnusable unless the schema is the one that this program knows."""
    lacking = await pending(connection, address)
    if lacking:
        sentence = f"{address} lacks {', '.join(one.name for one in lacking)}."
        raise StoreUnusable(sentence + " Run `hongyan migrate`, or `hongyan init` for a new one.")
    if await connection.fetchval(SQL["is_unfinished"], UNFINISHED):
        sentence = f"{address} holds a part of a house whose move is not finished."
        raise StoreUnusable(sentence + " Run 'hongyan move' once more, where it was begun.")


async def require_key(connection: Connection, address: Address, seal: Seal) -> None:
    """Raises StoreUnusable unless this is the key file that the database was sealed with."""
    await connection.execute(SQL["put_key_check"], seal.check_value)
    if await connection.fetchval(SQL["key_check"]) != seal.check_value:
        sentence = f"{KEY_FILE} is not the key file of {address}. Copy the one of the machine that"
        raise StoreUnusable(sentence + " made it, or restore the one of its backup.")


async def _version(connection: Connection, address: Address) -> int:
    """0 for an empty database."""
    server = connection.get_server_version()
    if server.major < OLDEST:
        sentence = f"{address} is PostgreSQL {server.major}; Hongyan needs {OLDEST} or newer."
        raise StoreUnusable(sentence + " Upgrade the server, or name another one.")
    if not await connection.fetchval(SQL["is_ours"]):
        strangers = [row[0] for row in await connection.fetch(SQL["some_tables"])]
        if strangers:
            sentence = f"{address} holds another program's tables ({', '.join(strangers)}, …)."
            raise StoreUnusable(sentence + " Give Hongyan a database of its own.")
        return 0
    version: int = await connection.fetchval(SQL["schema_version"])
    newest = migrations()[-1].number
    if version > newest:
        sentence = f"{address} has schema {version}; this version of Hongyan knows {newest}."
        raise StoreUnusable(sentence + " Start the newer version, or restore an older backup.")
    return version
