"""The schema and the queries: the words of SQL are Python's, and nothing lies about unused."""

import re
from collections.abc import Iterable
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any, get_args

import apsw
import msgspec
import pytest

from hongyan.core.country import Scope
from hongyan.core.ledger import Entry
from hongyan.core.message import TRANSITIONS, Kind, Status
from hongyan.core.outcome import Outcome
from hongyan.core.verification import State
from hongyan.service.directory import Form, KeyKind, Review
from hongyan.store.opening import StoreUnusable
from hongyan.store.queries.sqlite import SQL
from hongyan.store.rows import MESSAGE, Content, content_opened
from hongyan.store.sqlite import seal_of
from hongyan.store.sqlite.schema import connect, migrate, migrations
from support.world import Moment


def _migrated() -> dict[str, str]:
    """Table → the SQL of it, as all migrations together leave it."""
    made = apsw.Connection(":memory:")
    migrate(made)
    return dict(made.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'"))


TABLES = _migrated()

ENDED = {status for status in Status if not TRANSITIONS[status]}

STORE = Path(str(resources.files("hongyan.store")))
CODE = "".join(
    file.read_text("utf-8")
    for room in (STORE, STORE / "sqlite")
    for file in sorted(room.glob("*.py"))
)
CALLED = re.findall(r'(?:SQL\[|\b_?(?:row|rows|run|returning)\(\s*)"([a-z_]+)"', CODE)


def words(table: str, column: str) -> set[str]:
    """What the table's CHECK lets the column hold."""
    checked = re.search(rf"CHECK \({column} (?:IN \(|= )([^)]*)\)", TABLES[table])
    assert checked is not None
    return set(re.findall(r"'(\w+)'", checked[1]))


@pytest.mark.parametrize(
    ("table", "column", "of"),
    [
        ("message", "status", {*ENDED, Status.SUBMITTED}),
        ("outbox", "status", {Status.QUEUED, Status.SENDING, Status.UNCONFIRMED}),
        ("early_receipt", "status", TRANSITIONS[Status.UNCONFIRMED] - {Status.CLOSED}),
        ("template", "kind", Kind),
        ("route", "kind", Kind),
        ("ledger", "entry", Entry),
        ("api_key", "kind", KeyKind),
        ("app", "callback_form", Form),
        ("template", "review", Review),
        ("report", "status", ENDED),
        ("account", "kind", {"personal", "enterprise"}),
        ("verification", "state", State),
        ("attempt", "outcome", {one.__name__.lower() for one in get_args(Outcome)}),
    ],
)
def test_the_words_of_sql_are_pythons(table: str, column: str, of: Iterable[str]) -> None:
    assert words(table, column) == set(of)


@pytest.mark.parametrize("table", ["signature", "template"])
def test_scopes_are_the_numbers_of_the_api(table: str) -> None:
    checked = re.search(r"CHECK \(scope IN \(([\d, ]+)\)\)", TABLES[table])
    assert checked is not None
    assert {int(one) for one in checked[1].split(",")} == set(Scope)


def test_every_status_but_claimed_is_written_somewhere() -> None:
    assert words("message", "status") | words("outbox", "status") == set(Status) - {Status.CLAIMED}


@pytest.mark.parametrize("enum", [Status, Kind, Entry, KeyKind, Review, State, Form])
def test_a_word_is_its_name_in_lower_case(enum: type[StrEnum]) -> None:
    assert [one.value for one in enum] == [one.name.lower() for one in enum]


@pytest.mark.parametrize("name", list(SQL))
def test_every_query_is_used(name: str) -> None:
    assert name in CALLED


@pytest.mark.parametrize("name", sorted(set(CALLED)))
def test_every_query_that_is_used_exists(name: str) -> None:
    assert name in SQL


@pytest.fixture
def connection(tmp_path: Path) -> apsw.Connection:
    opened = connect(tmp_path)
    migrate(opened)
    return opened


def explained(connection: apsw.Connection, name: str) -> list[tuple[Any, ...]]:
    holes = max(map(int, re.findall(r"\?(\d+)", SQL[name])), default=SQL[name].count("?"))
    return connection.execute(f"EXPLAIN {SQL[name]}", [None] * holes).fetchall()


@pytest.mark.parametrize("name", list(SQL))
def test_every_query_is_understood_by_sqlite(connection: apsw.Connection, name: str) -> None:
    explained(connection, name)
    connection.close()


@pytest.mark.parametrize(
    "name",
    [
        *("insert_message", "insert_outbox", "begin", "leave", "conclude", "insert_attempt"),
        *("deliver", "insert_verification", "change_verification", "insert_report", "report"),
    ],
)
def test_what_is_written_for_every_text_is_checked_word_by_word(
    connection: apsw.Connection, name: str
) -> None:
    assert "OpenEphemeral" not in {step[1] for step in explained(connection, name)}
    connection.close()


@pytest.mark.parametrize("table", ["message", "outbox", "attempt", "verification", "report"])
def test_a_check_that_was_put_otherwise_still_refuses(
    connection: apsw.Connection, table: str
) -> None:
    column = {"attempt": "outcome", "verification": "state"}.get(table, "status")
    some = {"INTEGER": "1", "TEXT": "''", "BLOB": "x''"}
    values = [
        "'elsewhere'" if name == column else some[kind]
        for _, name, kind, *_ in connection.execute(f"PRAGMA table_info({table})")
    ]
    with pytest.raises(apsw.ConstraintError, match=f"CHECK constraint failed: {column} = "):
        connection.execute(f"INSERT INTO {table} VALUES ({', '.join(values)})")  # noqa: S608 - our own words
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


# Migrations.


def test_migrations_are_numbered_from_one_without_a_gap() -> None:
    assert [number for number, _ in migrations()] == list(range(1, len(migrations()) + 1))


def test_a_migrated_database_says_its_version_and_is_left_alone(tmp_path: Path) -> None:
    opened = connect(tmp_path)
    migrate(opened)
    assert opened.pragma("user_version") == migrations()[-1][0]
    before = opened.data_version(), opened.total_changes()
    migrate(opened)
    assert (opened.data_version(), opened.total_changes()) == before
    opened.close()


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    opened = connect(tmp_path)
    opened.pragma("user_version", 999)
    with pytest.raises(StoreUnusable, match="schema 999") as unusable:
        migrate(opened)
    assert "Start the newer version" in str(unusable.value)
    assert opened.execute("SELECT count(*) FROM sqlite_schema").fetchall() == [(0,)]
    opened.close()


def test_a_migration_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    opened = connect(tmp_path)
    opened.execute(migrations()[0][1]).fetchall()
    opened.pragma("user_version", 1)
    opened.execute("CREATE TABLE inquiry (in_the_way INTEGER)")
    before = opened.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
    with pytest.raises(apsw.SQLError):
        migrate(opened)
    assert opened.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall() == before
    assert opened.pragma("user_version") == 1
    opened.close()


def test_every_promise_to_the_disk_is_asked_of_sqlite(tmp_path: Path) -> None:
    opened = connect(tmp_path, serving=True)
    asked = ("journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint")
    assert [opened.pragma(name) for name in asked] == ["wal", 2, 1, 0]
    opened.close()


def test_a_house_of_the_first_schema_keeps_what_it_has(tmp_path: Path) -> None:
    opened = connect(tmp_path)
    opened.execute(migrations()[0][1]).fetchall()
    opened.pragma("user_version", 1)
    opened.execute(
        "INSERT INTO account (id, name, kind, created_at) VALUES (1, 'A', 'personal', 1);"
        "INSERT INTO app (id, account, name, title, created_at) VALUES (7, 1, 'app_a', 'A', 1);"
        "INSERT INTO api_key (hash, app, kind, hint, created_at, ended_at)"
        " VALUES (x'01', 7, 'secret', 'sk', 1, 9);"
        "INSERT INTO template (id, account, name, kind, signature, body, created_at)"
        " VALUES (3, 1, 'code', 'verification', 'S', '{1}', 1)"
    ).fetchall()
    migrate(opened)
    keys = opened.execute("SELECT hash, app, kind, hint, created_at, ended_at FROM api_key")
    assert keys.fetchall() == [(b"\x01", 7, "secret", "sk", 1, 9)]
    # What was sent before a review was asked for is sent still, and what was open stays open.
    assert opened.execute("SELECT id, review FROM template").fetchall() == [(3, "approved")]
    settings = opened.execute("SELECT free_text, networks, client_windows, callback FROM app")
    assert settings.fetchall() == [(1, "[]", "[]", "")]
    hours = opened.execute("SELECT opens_min, closes_min, content_windows, wechat FROM app")
    assert hours.fetchall() == [(8 * 60, 22 * 60, "[]", None)]
    opened.execute(
        "INSERT INTO api_key (hash, app, kind, hint, created_at)"
        " VALUES (x'02', 7, 'app_secret', 'a', 1)"
    ).fetchall()
    opened.close()


def test_a_message_that_was_sealed_before_it_could_have_a_name_opens(tmp_path: Path) -> None:
    seal = seal_of(tmp_path, Moment(), create=True)
    before = msgspec.msgpack.encode(("+8613800138000", "【鸿雁】您好"))
    sealed = seal.close(MESSAGE, (5).to_bytes(8), before)
    assert content_opened(5, sealed, seal) == Content("+8613800138000", "【鸿雁】您好")
