"""A backup: an archive of a house as it is at one moment, taken while it is served."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import apsw
import asyncpg
import msgspec

from hongyan import __version__
from hongyan.core.time import Millis
from hongyan.service.ports import Clock
from hongyan.store.opening import KEY_FILE, StoreUnusable
from hongyan.store.postgres import schema as postgres_schema
from hongyan.store.postgres.connections import LOST, Address, Connection
from hongyan.store.queries.postgres import SQL as STORE
from hongyan.store.queries.transfer import SQL
from hongyan.store.seal import KeyFileUnusable, KeyRing, Seal
from hongyan.store.sqlite import schema as sqlite_schema
from hongyan.store.transfer import Watch
from hongyan.store.transfer.archive import (
    CONFIG_MEMBER,
    KEYS_MEMBER,
    ArchiveUnusable,
    ArchiveWriter,
    Manifest,
)
from hongyan.store.transfer.arriving import connected, failed
from hongyan.store.transfer.table import (
    NO_HURRY_S,
    Figures,
    Table,
    postgres_figures,
    postgres_tables,
    sqlite_figures,
    sqlite_tables,
)

_NAME: Final = "hongyan backup"
_PAGES: Final = 5_000
"""Copied at a time."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What of a house goes into its archive, beside the database."""

    directory: Path
    config: Path | None
    with_keys: bool


def backup_sqlite(kept: Kept, path: Path, clock: Clock, watch: Watch) -> Manifest:
    """Write the archive of a house on SQLite. Raises StoreUnusable and KeyFileUnusable."""
    database = kept.directory / sqlite_schema.DATABASE
    if not database.exists():
        sentence = f"{kept.directory} holds no {sqlite_schema.DATABASE}."
        raise StoreUnusable(sentence + " Name another directory, or the house's configuration.")
    with ArchiveWriter(path) as archive, _beside(path) as copy:
        try:
            began_at = clock()
            _copy(kept.directory, copy, watch)
            manifest = _looked_into(copy, began_at, watch)
        except apsw.Error as error:
            sentence = f"{database} cannot be copied to {copy.parent}: {error}."
            raise StoreUnusable(sentence + " See to it; no archive was made.") from error
        size = copy.stat().st_size
        archive.put_file(sqlite_schema.DATABASE, copy, lambda done: watch("packing", done, size))
        _finish(archive, kept, manifest, clock)
    return manifest


async def backup_postgres(
    kept: Kept, address: Address, path: Path, clock: Clock, watch: Watch
) -> Manifest:
    """Write the archive of a house on PostgreSQL. Raises StoreUnusable and KeyFileUnusable."""
    try:
        async with (
            connected(address, _NAME) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            manifest = await _backup(connection, address, kept, path, clock, watch)
    except (asyncpg.PostgresError, ValueError, *LOST) as error:
        raise failed(error, address, "No archive was made.") from error
    return manifest


# SQLite.


def _copy(directory: Path, copy: Path, watch: Watch) -> None:
    """As of the moment when it begins, whatever is written meanwhile."""
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    source = sqlite_schema.connect(directory, read_only=True)
    destination = apsw.Connection(str(copy))
    try:
        destination.execute("PRAGMA synchronous = OFF").fetchall()
        source.execute("BEGIN")
        sqlite_schema.require_known(source)
        with destination.backup("main", source, "main") as copying:
            while not copying.done:
                copying.step(_PAGES)
                watch("copying", copying.page_count - copying.remaining, copying.page_count)
        # One file, without a log beside it.
        destination.execute("PRAGMA journal_mode = DELETE").fetchall()
    finally:
        destination.close()
        source.close()


def _looked_into(copy: Path, began_at: Millis, watch: Watch) -> Manifest:
    connection = apsw.Connection(str(copy), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        _require_sound(connection)
        tables = sqlite_tables(connection)
        figures = {}
        for done, (name, table) in enumerate(tables.items()):
            watch("counting", done, len(tables))
            figures[name] = sqlite_figures(connection, table)
        watch("counting", len(tables), len(tables))
        check: list[Any] = connection.execute(
            "SELECT value FROM meta WHERE key = 'key_check'"
        ).fetchall()
        version: int = connection.pragma("user_version")
    finally:
        connection.close()
    return Manifest(
        program=__version__,
        store="sqlite",
        schema=version,
        made_at=began_at,
        key_check=check[0][0] if check else b"",
        figures=figures,
    )


def _require_sound(connection: apsw.Connection) -> None:
    """Raises StoreUnusable for a file that is damaged: a backup of that would hide it."""
    found: list[Any] = connection.execute("PRAGMA quick_check(1)").fetchall()
    if found[0][0] != "ok":
        sentence = (
            f"The database is damaged ({found[0][0]}). Keep what there is, and restore the last"
        )
        raise StoreUnusable(sentence + " good backup; no archive was made.")


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A file beside the archive, for as long as the context lasts."""
    copy = path.with_name(path.name + ".copy")
    try:
        yield copy
    finally:
        copy.unlink(missing_ok=True)


# PostgreSQL.


async def _backup(
    connection: Connection,
    address: Address,
    kept: Kept,
    path: Path,
    clock: Clock,
    watch: Watch,
) -> Manifest:
    await _require_whole(connection, address)
    tables = await postgres_tables(connection)
    sizes = {name: await connection.fetchval(SQL["sizes"], f'"{name}"') for name in tables}
    began_at, total, done = clock(), sum(sizes.values()), 0
    figures: dict[str, Figures] = {}
    with ArchiveWriter(path) as archive:
        for name, table in tables.items():
            watch(name, done, total)
            figures[name] = await postgres_figures(connection, table)
            await _put(connection, archive, table)
            done += sizes[name]
        watch("syncing", total, total)
        manifest = Manifest(
            program=__version__,
            store="postgres",
            schema=await connection.fetchval(STORE["schema_version"]),
            made_at=began_at,
            key_check=await connection.fetchval(SQL["note"], "key_check") or b"",
            figures=figures,
        )
        _finish(archive, kept, manifest, clock)
    return manifest


async def _put(connection: Connection, archive: ArchiveWriter, table: Table) -> None:
    with archive.member(member_of(table.name)) as put:

        async def put_piece(piece: bytes) -> None:
            put(piece)

        await connection.copy_from_table(
            table.name,
            columns=table.names,
            output=put_piece,
            format="binary",
            timeout=NO_HURRY_S,
        )


async def _require_whole(connection: Connection, address: Address) -> None:
    """Raises StoreUnusable for what is not a house, or only a part of one."""
    await postgres_schema.pending(connection, address)
    if not await connection.fetchval(STORE["is_ours"]):
        raise StoreUnusable(f"{address} holds no house. Name its database.")
    if await connection.fetchval(STORE["is_unfinished"], postgres_schema.UNFINISHED):
        sentence = f"{address} holds a part of a house whose move is not finished."
        raise StoreUnusable(sentence + " Back up the one in the data directory.")


def member_of(table: str) -> str:
    """The name of a table's member."""
    return f"tables/{table}"


# Both.


def _finish(archive: ArchiveWriter, kept: Kept, manifest: Manifest, clock: Clock) -> None:
    """Configuration, keys, manifest. Raises StoreUnusable and KeyFileUnusable."""
    if kept.config is not None:
        _put_small(archive, CONFIG_MEMBER, kept.config)
    keys = kept.directory / KEY_FILE
    if kept.with_keys or keys.exists():
        require_keys(keys, manifest.key_check, clock)
    if kept.with_keys:
        _put_small(archive, KEYS_MEMBER, keys)
    archive.finish(manifest)


def _put_small(archive: ArchiveWriter, name: str, path: Path) -> None:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArchiveUnusable(f"{path} cannot be read: {error.strerror}.") from error
    with archive.member(name) as put:
        put(content)


def require_keys(path: Path, check: bytes, clock: Clock) -> Seal:
    """The seal of a key file. Raises KeyFileUnusable for one that is not this house's."""
    seal = Seal(KeyRing.load(path), clock)
    if seal.check_value != check:
        raise KeyFileUnusable(f"{path} is not the key file of this house: it opens nothing in it.")
    return seal
