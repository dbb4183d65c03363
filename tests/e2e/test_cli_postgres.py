"""`init`, `migrate` and `serve` on PostgreSQL, and each database that they refuse."""

import asyncio
import shutil
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from support.commands import refused, rewrite
from support.fleet import database
from support.postgres import server
from support.process import Client, Process, eventually, hongyan

pytestmark = pytest.mark.timeout(120)

BASE_URL = "https://sms.example.com"


@pytest.fixture
def empty() -> Iterator[str]:
    """The URL of an empty database."""
    with database() as url:
        yield url


@pytest.fixture
def pointed(production: Path, empty: str) -> Path:
    """The configuration of a house that has its key file, and an empty database."""
    (production.parent / "data" / "hongyan.db").unlink()
    rewrite(production, 'database = ""', f'database = "{empty}"')
    return production


def execute(url: str, *statements: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(url)
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    asyncio.run(run())


def with_user(url: str, user: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc.rpartition('@')[2]}"))


def opened(*arguments: str | Path) -> Process:
    return Process(*arguments, "--port", "0", "--json")


# A house of its own.


def test_init_makes_a_house_that_all_processes_serve(tmp_path: Path, empty: str) -> None:
    user, password = urlsplit(empty).username or "postgres", "pa%40ss-w0rd"
    done = hongyan(
        "init",
        tmp_path,
        "--base-url",
        BASE_URL,
        "--database",
        with_user(empty, f"{user}:{password}"),
        "--json",
    )
    assert (done.code, done.err) == (0, ""), done
    config, secret = tmp_path / "hongyan.toml", tmp_path / "data" / "hongyan.password"
    assert f'database = "{with_user(empty, user)}"' in config.read_text()
    assert "w0rd" not in config.read_text()
    assert (secret.read_text(), stat.S_IMODE(secret.stat().st_mode)) == ("pa@ss-w0rd\n", 0o600)
    assert not (tmp_path / "data" / "hongyan.db").exists()
    commands = [("serve",), ("web",), ("web", "--processes", "2"), ("worker",)]
    for command in commands:
        with opened(*command, "--config", config) as process:
            process.start_s = 45
            client = Client(process.ready()["listening"], done.json["api_key"])
            assert client.get("/readyz").status == 200
            assert client.get("/sandbox/messages").problem == (404, "no_such_path")
            known = client.get("/v1/messages/06XSFM3AW0000").problem
            assert known == (404, "no_such_path" if command == ("worker",) else "not_found")
            assert process.stop() == 0
            assert "w0rd" not in process.err


def test_a_password_that_has_a_file_stays_there(tmp_path: Path, empty: str) -> None:
    (tmp_path / "secret").write_text("w0rd")
    done = hongyan(
        "init",
        tmp_path,
        "--base-url",
        BASE_URL,
        "--json",
        HONGYAN__STORE__DATABASE=empty,
        HONGYAN__STORE__DATABASE_PASSWORD_FILE=str(tmp_path / "secret"),
    )
    assert done.code == 0, done
    assert f'database = "{empty}"' in (tmp_path / "hongyan.toml").read_text()
    assert not (tmp_path / "data" / "hongyan.password").exists()


def test_operators_commands_find_it_by_its_configuration(pointed: Path) -> None:
    assert hongyan("migrate", "--config", pointed).code == 0
    for command in (
        ("account", "create", "Shop"),
        ("package", "add", "100"),
        ("app", "create", "Shop", "--name", "app_shop"),
        ("template", "add", "code", "验证码{1}", "--kind", "verification", "--signature", "鸿雁"),
        ("route", "verification", "zhenzi"),
        ("callback", "list"),
    ):
        done = hongyan(*command, "--config", pointed, "--json")
        assert done.code == 0, done
    (app,) = hongyan("app", "list", "--config", pointed, "--json").json
    assert (app["app"], app["balance"]) == ("app_shop", 100)
    key = hongyan("key", "add", "app_shop", "--config", pointed, "--json").json
    assert hongyan("key", "end", "app_shop", key["hint"], "--config", pointed).code == 0
    assert "app_shop has no live key" in refused(
        "key", "end", "app_shop", key["hint"], "--config", pointed
    )


# The schema.


def test_serving_processes_migrate_nothing(pointed: Path) -> None:
    for command in ("serve", "worker"):
        sentence = refused(command, "--config", pointed)
        assert "lacks 0001" in sentence
        assert "Run `hongyan migrate`" in sentence
    dry = hongyan("migrate", "--config", pointed, "--dry-run", "--json").json
    assert dry["lacking"]
    assert hongyan("migrate", "--config", pointed, "--json").json["applied"] == dry["lacking"]
    assert hongyan("migrate", "--config", pointed, "--json").json == {"applied": [], "lacking": []}
    with opened("serve", "--config", pointed) as house:
        client = Client(house.ready()["listening"])
        eventually(lambda: client.get("/readyz").status == 200)
        assert house.stop() == 0


def test_a_schema_from_the_future_is_refused(pointed: Path, empty: str) -> None:
    assert hongyan("migrate", "--config", pointed).code == 0
    execute(empty, "INSERT INTO hongyan_migration (number, name, at) VALUES (999, 'x', 0)")
    for command in ("migrate", "web"):
        sentence = refused(command, "--config", pointed)
        assert "has schema 999" in sentence
        assert "Start the newer version" in sentence


def test_another_programs_database_is_refused(pointed: Path, empty: str) -> None:
    execute(empty, "CREATE TABLE theirs (id integer)")
    for command in ("migrate", "web"):
        sentence = refused(command, "--config", pointed)
        assert "holds another program's tables (theirs" in sentence
    directory = pointed.parent / "new"
    init = ("init", directory, "--base-url", BASE_URL, "--database", empty)
    assert "another program's tables" in refused(*init)
    assert not (directory / "hongyan.toml").exists()


def test_a_database_that_does_not_exist_is_refused(pointed: Path, empty: str) -> None:
    rewrite(pointed, urlsplit(empty).path[1:], "hongyan_no_such_database")
    assert "There is no database hongyan_no_such_database" in refused("web", "--config", pointed)


def test_a_user_without_rights_is_refused(pointed: Path, empty: str) -> None:
    name = f"hongyan_test_{uuid.uuid4().hex[:12]}"
    execute(server(), f'CREATE ROLE "{name}" LOGIN')
    try:
        rewrite(pointed, empty, with_user(empty, name))
        sentence = refused("migrate", "--config", pointed)
        assert "lacks a right" in sentence or "permission denied" in sentence
    finally:
        execute(server(), f'DROP ROLE "{name}"')


def test_a_house_on_sqlite_beside_it_is_not_overlooked(production: Path, empty: str) -> None:
    rewrite(production, 'database = ""', f'database = "{empty}"')
    for command in (("web",), ("app", "list")):
        sentence = refused(*command, "--config", production)
        assert "holds a house on SQLite. Move it" in sentence


def test_another_houses_key_is_refused(pointed: Path, tmp_path: Path) -> None:
    assert hongyan("migrate", "--config", pointed).code == 0
    assert hongyan("app", "list", "--config", pointed).code == 0
    other = shutil.copytree(pointed.parent, tmp_path / "other")
    assert hongyan("init", tmp_path / "third", "--base-url", BASE_URL).code == 0
    shutil.copy(tmp_path / "third" / "data" / "hongyan.key", other / "data" / "hongyan.key")
    sentence = refused("web", "--config", other / "hongyan.toml")
    assert "is not the key file of" in sentence
