"""Opening the file: the right settings, the right key, the schema brought up to date."""

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

import apsw

from hongyan.store.opening import KEY_FILE, StoreUnusable
from hongyan.store.seal import Seal

DATABASE: Final = "hongyan.db"

_BUSY_TIMEOUT_MS: Final = 5_000
"""Of the command line. The serving process asks again itself, without blocking its loop."""
_CACHE_KB: Final = 32_768
"""At most, of each connection. It holds the inner pages of 10 million messages; the leaves are the system's."""


def connect(directory: Path, *, read_only: bool = False, serving: bool = False) -> apsw.Connection:
    """A connection with the settings that every promise here rests on. Raises StoreUnusable."""
    flags = apsw.SQLITE_OPEN_READONLY if read_only else _READ_WRITE
    connection = apsw.Connection(str(directory / DATABASE), flags=flags)
    if connection.readonly("main") and not read_only:
        # SQLite takes a file that it may only read for one that nobody wants to write.
        sentence = f"{directory / DATABASE} cannot be written."
        raise StoreUnusable(sentence + " Check the path and this user's rights.")
    connection.set_busy_timeout(0 if serving else _BUSY_TIMEOUT_MS)
    pragmas = [
        "foreign_keys = ON",
        f"cache_size = -{_CACHE_KB}",
        "temp_store = MEMORY",
    ]
    if not read_only:
        # Without FULL a commit in WAL mode is not synced, and an answer would not mean on disk.
        pragmas += ["journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 0"]
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


_READ_WRITE: Final = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE


def migrations() -> list[tuple[int, str]]:
    """(number, SQL) of every migration, in order."""
    return [(int(file.name[:4]), file.read_text(encoding="utf-8")) for file in _migration_files()]


def pending(directory: Path) -> list[str]:
    """The names of the migrations that a file lacks. Raises StoreUnusable."""
    try:
        connection = connect(directory, read_only=True)
        version = require_known(connection)
        connection.close()
    except apsw.Error as error:
        raise StoreUnusable(f"{directory / DATABASE} cannot be read: {error}.") from error
    return [file.name for file in _migration_files() if int(file.name[:4]) > version]


def _migration_files() -> list[Traversable]:
    folder = resources.files("hongyan.store.migrations").joinpath("sqlite")
    files = [file for file in folder.iterdir() if file.name.endswith(".sql")]
    return sorted(files, key=lambda file: file.name)


def migrate(connection: apsw.Connection) -> None:
    """Bring the schema up to date. Raises StoreUnusable for one newer than this program."""
    version = require_known(connection)
    for number, sql in migrations():
        if number > version:
            with connection:
                connection.execute(sql).fetchall()
                connection.execute(f"PRAGMA user_version = {number}")


def require_known(connection: apsw.Connection) -> int:
    """The schema's version. Raises StoreUnusable for one newer than this program."""
    version: int = connection.pragma("user_version")
    newest = migrations()[-1][0]
    if version > newest:
        sentence = f"The database has schema {version}; this version of Hongyan knows {newest}."
        raise StoreUnusable(sentence + " Start the newer version, or restore an older backup.")
    if not version and connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        sentence = f"{DATABASE} holds tables that are not Hongyan's. Name another data directory,"
        raise StoreUnusable(sentence + " or put that file away.")
    return version


def require_key(connection: apsw.Connection, seal: Seal) -> None:
    """Raises StoreUnusable unless this is the key file that the database was sealed with."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'key_check'").fetchone()
    if row is None:
        with connection:
            connection.execute(
                "INSERT INTO meta (key, value) VALUES ('key_check', ?)", (seal.check_value,)
            )
    elif row[0] != seal.check_value:
        sentence = f"{KEY_FILE} is not the key file of this {DATABASE}. Restore the one that was"
        raise StoreUnusable(sentence + " beside it when it was written.")
