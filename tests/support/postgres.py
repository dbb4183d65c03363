"""A PostgreSQL for the tests: found, or started from what is installed; and databases in it."""

import asyncio
import getpass
import os
import subprocess
import uuid
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from hongyan.store.postgres import schema
from hongyan.store.postgres.connections import Address, connect
from support import cluster
from support.cluster import Cluster

T = TypeVar("T")

NAMED: Final = "HONGYAN_TEST_POSTGRES"
"""The environment variable that names a server: postgresql://user@host:port/."""

_PREFIX: Final = "hongyan_test_"
"""Of our databases' names; then comes the process that made it."""

_LOCAL: Final = "postgresql://postgres@127.0.0.1:5432/postgres"
_OURS: Final = ("127.0.0.1", "localhost", None)
_started: list[Cluster] = []
_owned: dict[Path, str] = {}
_free: list[str] = []

_EMPTY: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid();
DO $$
DECLARE
  name text;
BEGIN
  FOR name IN
    SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'hongyan_migration'
    -- Those that others refer to go last.
    ORDER BY array_position(ARRAY['account', 'app'], tablename::text) DESC NULLS FIRST
  LOOP
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
  PERFORM setval(format('%I', sequencename)::regclass, 1, false)
  FROM pg_sequences WHERE schemaname = 'public';
END $$
"""


class NoPostgres(Exception):
    """There is none to be found, and none to be started."""


@cache
def server() -> str:
    """The URL of a server's maintenance database. Fails the test in CI where there is none; skips it
    elsewhere, and says why.
    """
    try:
        return _found() or _start()
    except NoPostgres as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


def fresh_database(template: str = "") -> str:
    """The URL of a new database, empty or as its template."""
    name = f"{_PREFIX}{os.getpid()}_{uuid.uuid4().hex[:12]}"
    made = f' TEMPLATE "{template}"' if template else ""
    execute(server(), f'CREATE DATABASE "{name}"{made}')
    return _url_of(name)


def migrated_database() -> str:
    """The URL of a new database with our tables, copied from one that was made once."""
    return fresh_database(_template())


def database_of(directory: Path) -> str:
    """The URL of a directory's own database, from when it is first asked for."""
    if directory not in _owned:
        _owned[directory] = _free.pop() if _free else migrated_database()
    return _owned[directory]


def has_database(directory: Path) -> bool:
    """Whether it is a house on PostgreSQL."""
    return directory in _owned


def forget(directory: Path) -> None:
    """Empty the directory's database, if it has one, for the next that asks. (Each DROP waits for all
    that the server has not yet written.)
    """
    if url := _owned.pop(directory, None):
        execute(url, _EMPTY)
        _free.append(url)


def drop_database(url: str) -> None:
    execute(server(), f'DROP DATABASE IF EXISTS "{_name_of(url)}" WITH (FORCE)')


@contextmanager
def database() -> Iterator[str]:
    """The URL of a migrated database, for as long as the context lasts."""
    url = migrated_database()
    try:
        yield url
    finally:
        drop_database(url)


def stop_server() -> None:
    """Stop what `server` has started and remove what this process has made."""
    while _free:
        drop_database(_free.pop())
    if _template.cache_info().currsize:
        drop_database(_url_of(_template()))
        _template.cache_clear()
    while _started:
        _started.pop().remove()
    server.cache_clear()


@cache
def _template() -> str:
    """The name of this process's template: of its own, for databases cannot be copied while another
    process looks into theirs.
    """
    _drop_what_the_dead_have_left()
    url = fresh_database()
    _await(_migrate(url))
    return _name_of(url)


def _drop_what_the_dead_have_left() -> None:
    """Of this machine's processes that were killed."""
    if urlsplit(server()).hostname not in _OURS:
        return
    for name in _await(_names()):
        maker = name.removeprefix(_PREFIX).partition("_")[0]
        if maker.isdigit() and not Path(f"/proc/{maker}").exists():
            drop_database(_url_of(name))


async def _names() -> list[str]:
    connection = await asyncpg.connect(server(), timeout=5)
    rows = await connection.fetch(
        "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", _PREFIX
    )
    await connection.close()
    return [row[0] for row in rows]


async def _migrate(url: str) -> None:
    address = Address(url)
    connection = await connect(address, "hongyan test")
    await schema.migrate(connection, address, 0)
    await connection.close()


def _found() -> str:
    named = os.environ.get(NAMED)
    for url in [named] if named else [_LOCAL, _LOCAL.replace("postgres@", f"{getpass.getuser()}@")]:
        try:
            execute(url, "SELECT 1")
        except (OSError, asyncpg.PostgresError) as error:
            if named:
                sentence = f"{NAMED} names a server that does not answer: {error}"
                raise NoPostgres(sentence) from error
        else:
            return url
    return ""


def _start() -> str:
    """A server of our own."""
    if missing := cluster.missing():
        raise NoPostgres(f"No PostgreSQL answers at 127.0.0.1. {missing}")
    own = Cluster()
    try:
        own.create()
    except subprocess.CalledProcessError as error:
        raise NoPostgres(f"{error.cmd[0]} ended with {error.returncode}.") from error
    _started.append(own)
    return own.url()


def execute(url: str, sql: str) -> None:
    """Do this in a database."""

    async def done() -> None:
        connection = await asyncpg.connect(url, timeout=5)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    _await(done())


def _await(work: Coroutine[Any, Any, T]) -> T:
    """Whether or not a loop is running here."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def _url_of(name: str) -> str:
    return urlunsplit(urlsplit(server())._replace(path=f"/{name}"))


def _name_of(url: str) -> str:
    return urlsplit(url).path.lstrip("/")
