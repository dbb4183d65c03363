"""What a database must be before it is opened; every refusal says what to do and tells no password."""

import socket
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from hongyan.core.policy import Policy
from hongyan.core.time import DAY
from hongyan.core.verification import Rules
from hongyan.store.opening import StoreAway, StoreUnusable
from hongyan.store.postgres import Address, PostgresStore, administration, schema
from hongyan.store.postgres.connections import opened
from hongyan.store.seal import KeyRing, Seal
from support import postgres
from support.world import Moment

PASSWORD = "tiger-secret"


@pytest.fixture
def seal(tmp_path: Path) -> Seal:
    return a_seal(tmp_path / "hongyan.key")


@pytest.fixture
async def empty() -> AsyncIterator[str]:
    url = postgres.fresh_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture
async def made() -> AsyncIterator[str]:
    with postgres.database() as url:
        yield url


def a_seal(path: Path) -> Seal:
    return Seal(KeyRing.create(path, 0), Moment())


async def refused(url: str, seal: Seal, clock: Moment | None = None) -> str:
    """Why it is not opened, for serving or for an operator."""
    store = PostgresStore(Address(url, PASSWORD), seal, Rules(Policy()), clock or Moment())
    with pytest.raises(StoreUnusable) as serving:
        await store.start()
    assert PASSWORD not in repr(serving.value) + repr(store._address)
    if clock is None:
        with pytest.raises(StoreUnusable) as administering:
            administration(Address(url, PASSWORD), seal, Moment())
        assert str(administering.value) == str(serving.value)
    return str(serving.value)


async def execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(sql)
    await connection.close()


async def test_a_server_that_does_not_answer_may_answer_later(seal: Seal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    url = f"postgresql://hongyan:{PASSWORD}@127.0.0.1:{port}/house"
    assert "house at 127.0.0.1 cannot be reached" in await refused(url, seal)
    with pytest.raises(StoreAway):
        await opened(Address(url), "hongyan test")


@pytest.mark.parametrize("url", ["", "house", "mysql://127.0.0.1/house", "postgresql://h:port/x"])
async def test_an_address_must_be_one(seal: Seal, url: str) -> None:
    assert "Write postgresql://" in await refused(url, seal)


async def test_a_database_must_be_there(seal: Seal) -> None:
    url = urlunsplit(urlsplit(postgres.server())._replace(path="/nowhere"))
    assert "Create it" in await refused(url, seal)


async def test_an_empty_database_must_be_migrated(seal: Seal, empty: str) -> None:
    assert "hongyan migrate" in await refused(empty, seal)


async def test_another_programs_database_is_left_alone(seal: Seal, empty: str) -> None:
    await execute(empty, "CREATE TABLE customer (id int); CREATE TABLE invoice (id int)")
    assert "another program's tables (customer, invoice, …)" in await refused(empty, seal)
    connection = await asyncpg.connect(empty)
    with pytest.raises(StoreUnusable):
        await schema.migrate(connection, Address(empty), 0)
    assert (
        await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname='public'") == 2
    )
    await connection.close()


async def test_a_schema_from_the_future_is_left_alone(seal: Seal, made: str) -> None:
    await execute(made, "INSERT INTO hongyan_migration VALUES (99, '0099_future.sql', 0)")
    assert "Start the newer version" in await refused(made, seal)


async def test_a_server_must_be_new_enough(
    seal: Seal, made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "OLDEST", 99)
    assert "needs 99 or newer" in await refused(made, seal)


async def test_the_key_file_must_be_the_databases(seal: Seal, made: str, tmp_path: Path) -> None:
    administration(Address(made), seal, Moment()).close()
    other = a_seal(tmp_path / "other.key")
    assert "hongyan.key is not the key file of" in await refused(made, other)


async def test_rights_must_be_there(empty: str) -> None:
    role = f"hongyan_test_{uuid.uuid4().hex[:12]}"
    await execute(empty, f'CREATE ROLE "{role}" LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC')
    parts = urlsplit(empty)
    url = urlunsplit(parts._replace(netloc=f"{role}@{parts.hostname}:{parts.port or 5432}"))
    connection = await opened(Address(url), "hongyan test")
    try:
        with pytest.raises(StoreUnusable, match="lacks a right"):
            await schema.migrate(connection, Address(url), 0)
    finally:
        await connection.close()
        await execute(empty, f'DROP ROLE "{role}"')


async def test_a_clock_that_is_far_behind_is_not_served_by(seal: Seal, made: str) -> None:
    await execute(
        made,
        "INSERT INTO message (id, account, app, kind, template, phone_mark, sealed, units,"
        " accepted_at, expires_at) VALUES (1::bigint << 60, 1, 1, 'notice', 0, 0, '', 1, 0, 0)",
    )
    assert "Set the clock right" in await refused(made, seal, Moment(1_735_689_600_000 + DAY))


async def test_migrating_again_does_nothing(empty: str) -> None:
    connection = await opened(Address(empty), "hongyan test")
    done = await schema.migrate(connection, Address(empty), 7)
    assert [one.name for one in done] == [one.name for one in schema.migrations()]
    assert await schema.migrate(connection, Address(empty), 8) == []
    assert await connection.fetchval("SELECT DISTINCT at FROM hongyan_migration") == 7
    await connection.close()
