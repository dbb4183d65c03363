"""A restore: a house out of its archive, into an empty directory or an empty database. All of the
archive is looked at before anything is put in place.

An archive is an old state. What waited to be sent when it was made may have been sent since, by the
house that was lost: it is in doubt, and is not sent again unless whoever restores it knows better.
"""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import apsw
import asyncpg
import msgspec

from hongyan.service.ports import Clock
from hongyan.store.opening import KEY_FILE, LOCK_FILE, Lock, StoreUnusable
from hongyan.store.postgres import schema as postgres_schema
from hongyan.store.postgres.connections import LOST, Address, Connection
from hongyan.store.queries.postgres import SQL as STORE
from hongyan.store.queries.transfer import SQL
from hongyan.store.seal import Seal
from hongyan.store.sqlite import schema as sqlite_schema
from hongyan.store.transfer import Watch
from hongyan.store.transfer.archive import (
    CONFIG_MEMBER,
    KEYS_MEMBER,
    ArchiveReader,
    ArchiveUnusable,
    Manifest,
    sync_directory,
)
from hongyan.store.transfer.arriving import META, ORDER, connected, count_on, failed, require_utf8
from hongyan.store.transfer.backup import member_of, require_keys
from hongyan.store.transfer.leaving import RESTORED, hold_back
from hongyan.store.transfer.table import (
    NO_HURRY_S,
    differing,
    postgres_figures,
    postgres_tables,
    sqlite_figures,
    sqlite_tables,
)

_NAME: Final = "hongyan restore"
_WORKSHOP: Final = ".restoring"
_DAMAGED: Final = "Restore from another archive; nothing was changed."


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be restored, and where."""

    archive: Path
    directory: Path
    keys: Path | None
    """The key file, where it is neither in the archive nor in the directory."""
    send_waiting: bool
    """Whoever restores knows that nothing was sent after the archive was made."""


class Restored(msgspec.Struct, frozen=True):
    """What came of it."""

    manifest: Manifest
    held_back: int
    """Messages that waited, and may have been sent."""
    config: Path | None
    """Where the configuration is now."""


def restore_sqlite(wanted: Wanted, clock: Clock, watch: Watch) -> Restored:
    """Into an empty directory. Raises StoreUnusable and KeyFileUnusable."""
    with _opened(wanted, "sqlite") as archive, _workshop(wanted.directory) as workshop:
        archive.verify(lambda done, total: watch("verifying", done, total))
        seal = _keys(archive, wanted, workshop, clock)
        try:
            archive.extract(sqlite_schema.DATABASE, workshop / sqlite_schema.DATABASE)
            held = _made_ready(workshop, archive.manifest, seal, clock, wanted, watch)
        except apsw.Error as error:
            raise StoreUnusable(f"{wanted.directory} failed: {error}. {_DAMAGED}") from error
        for name in (KEY_FILE, sqlite_schema.DATABASE):
            _put_in_place(workshop / name, wanted.directory)
        config = _configuration(archive, wanted.directory, workshop)
    return Restored(archive.manifest, held, config)


async def restore_postgres(
    wanted: Wanted, address: Address, clock: Clock, watch: Watch
) -> Restored:
    """Into an empty database, and what is no table into an empty directory. Raises StoreUnusable and
    KeyFileUnusable.
    """
    with _opened(wanted, "postgres") as archive, _workshop(wanted.directory) as workshop:
        archive.verify(lambda done, total: watch("verifying", done, total))
        _keys(archive, wanted, workshop, clock)
        try:
            async with connected(address, _NAME) as connection:
                await _require_empty(connection, address)
                # One transaction: all of it is there, or nothing.
                async with connection.transaction():
                    await _load(connection, address, archive, clock, watch)
                    held = await _hold_back(connection, wanted, clock)
                    _put_in_place(workshop / KEY_FILE, wanted.directory)
                for name in ORDER:
                    await connection.execute(f'ANALYZE "{name}"', timeout=NO_HURRY_S)
        except (asyncpg.PostgresError, ValueError, *LOST) as error:
            raise failed(error, address, "Nothing was restored.") from error
        config = _configuration(archive, wanted.directory, workshop)
    return Restored(archive.manifest, held, config)


@contextmanager
def _opened(wanted: Wanted, store: str) -> Iterator[ArchiveReader]:
    """Raises StoreUnusable for an archive of another kind of house, or of a newer schema."""
    with ArchiveReader(wanted.archive) as archive:
        made = archive.manifest
        if made.store != store:
            raise StoreUnusable(_CROSSED[made.store])
        known = (
            sqlite_schema.migrations()[-1][0]
            if store == "sqlite"
            else postgres_schema.migrations()[-1].number
        )
        if made.schema > known:
            sentence = f"{wanted.archive} has schema {made.schema}; this version of Hongyan knows"
            raise ArchiveUnusable(f"{sentence} {known}. Restore it with the newer version.")
        yield archive


_CROSSED: Final = {
    "sqlite": "This is the archive of a house on SQLite. Restore it without --database, and then"
    " 'hongyan move' it into PostgreSQL.",
    "postgres": "This is the archive of a house on PostgreSQL. Name an empty database with"
    " --database; it cannot become a house on SQLite.",
}


@contextmanager
def _workshop(directory: Path) -> Iterator[Path]:
    """A folder in a directory that is empty otherwise, gone at the end. Raises StoreUnusable."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = Lock(directory)
        try:
            allowed = {KEY_FILE, LOCK_FILE, _WORKSHOP}
            found = sorted({path.name for path in directory.iterdir()} - allowed)
            if found:
                sentence = (
                    f"{directory} is not empty: it holds {', '.join(found[:3])}. Name an empty"
                )
                raise StoreUnusable(sentence + " directory; nothing was changed.")
            workshop = directory / _WORKSHOP
            shutil.rmtree(workshop, ignore_errors=True)
            workshop.mkdir(mode=0o700)
            try:
                yield workshop
            finally:
                shutil.rmtree(workshop, ignore_errors=True)
        finally:
            lock.release()
    except OSError as error:
        sentence = f"{directory} cannot be written: {error.strerror}. Make room, or choose another"
        raise StoreUnusable(sentence + " directory; nothing was restored.") from error


def _keys(archive: ArchiveReader, wanted: Wanted, workshop: Path, clock: Clock) -> Seal:
    """The seal of the archive's house; its key file stands in the workshop, or in the directory.

    Raises StoreUnusable and KeyFileUnusable.
    """
    here, made = wanted.directory / KEY_FILE, workshop / KEY_FILE
    check = archive.manifest.key_check
    if here.exists():
        return require_keys(here, check, clock)
    if wanted.keys is not None:
        seal = require_keys(wanted.keys, check, clock)
        shutil.copyfile(wanted.keys, made)
        made.chmod(0o600)
        return seal
    if KEYS_MEMBER not in archive.manifest.members:
        sentence = (
            "The archive holds no key file. Name the one of that house with --keys, or put it"
        )
        raise StoreUnusable(
            f"{sentence} into {wanted.directory}: without it nobody can read the rest."
        )
    archive.extract(KEYS_MEMBER, made)
    return require_keys(made, check, clock)


def _put_in_place(made: Path, directory: Path) -> None:
    """Where it was made; a key file may have been there before."""
    if made.exists():
        made.rename(directory / made.name)
        sync_directory(directory)


def _configuration(archive: ArchiveReader, directory: Path, workshop: Path) -> Path | None:
    """Where it is now; None where the archive holds none."""
    if CONFIG_MEMBER not in archive.manifest.members:
        return None
    archive.extract(CONFIG_MEMBER, workshop / CONFIG_MEMBER)
    _put_in_place(workshop / CONFIG_MEMBER, directory)
    return directory / CONFIG_MEMBER


# SQLite.


def _made_ready(
    workshop: Path, made: Manifest, seal: Seal, clock: Clock, wanted: Wanted, watch: Watch
) -> int:
    """Look at the file, bring it up to date, hold back what waits; how much that was."""
    connection = sqlite_schema.connect(workshop)
    try:
        tables = sqlite_tables(connection)
        figures = {}
        for done, (name, table) in enumerate(tables.items()):
            watch("checking", done, len(tables))
            figures[name] = sqlite_figures(connection, table)
        watch("checking", len(tables), len(tables))
        if figures != made.figures:
            names = sorted(made.figures.keys() & figures.keys())
            wrong = "; ".join(differing(made.figures, figures, names)) or "other tables"
            raise ArchiveUnusable(
                f"What it holds is not what its manifest says ({wrong}). {_DAMAGED}"
            )
        sqlite_schema.migrate(connection)
        held = 0 if wanted.send_waiting else hold_back(connection, seal, clock, watch)
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    finally:
        connection.close()
    return held


# PostgreSQL.


async def _require_empty(connection: Connection, address: Address) -> None:
    """Raises StoreUnusable."""
    await require_utf8(connection, address)
    await postgres_schema.pending(connection, address)
    if await connection.fetchval(STORE["is_ours"]):
        raise StoreUnusable(f"{address} holds a house already. Name an empty database.")


async def _load(
    connection: Connection, address: Address, archive: ArchiveReader, clock: Clock, watch: Watch
) -> None:
    """Raises ArchiveUnusable unless everything has arrived."""
    made = archive.manifest
    await postgres_schema.migrate(connection, address, clock(), up_to=made.schema)
    tables = await postgres_tables(connection)
    names: list[str] = [name for name in (*ORDER, META) if name in tables]
    if set(names) != made.figures.keys():
        raise ArchiveUnusable(f"The archive holds other tables than its schema has. {_DAMAGED}")
    found = {}
    for done, name in enumerate(names):
        watch(name, done, len(names))
        await connection.copy_to_table(
            name,
            columns=list(made.figures[name].sums),
            source=_pieces(archive, name),
            format="binary",
            timeout=NO_HURRY_S,
        )
        found[name] = await postgres_figures(connection, tables[name])
    watch("checking", len(names), len(names))
    if wrong := differing(made.figures, found, names):
        raise ArchiveUnusable(f"What arrived is not what left ({'; '.join(wrong)}). {_DAMAGED}")
    await count_on(connection, tables)
    await postgres_schema.migrate(connection, address, clock())


async def _pieces(archive: ArchiveReader, name: str) -> AsyncIterator[bytes]:
    for piece in archive.pieces(member_of(name)):
        yield piece


async def _hold_back(connection: Connection, wanted: Wanted, clock: Clock) -> int:
    """Whoever held a message is gone; what waits is in doubt, unless it is known not to be."""
    await connection.execute(SQL["end_leases_now"])
    if wanted.send_waiting:
        return 0
    changed: Any = await connection.execute(SQL["hold_back_all"], clock(), timeout=NO_HURRY_S)
    await connection.execute(SQL["forget_whom_all"], timeout=NO_HURRY_S)
    await connection.execute(SQL["tell_of_tasks_there"], RESTORED)
    await connection.execute(SQL["end_tasks_there"], clock())
    return int(changed.rpartition(" ")[2])
