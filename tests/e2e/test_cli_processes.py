"""`web`, `worker`, `--processes`, `migrate`: what they refuse, and what `migrate` does to a file."""

import shutil
import sqlite3
from importlib import resources
from pathlib import Path

import pytest

from support.commands import refused, rewrite
from support.process import Dev, Process, hongyan

pytestmark = pytest.mark.timeout(120)

WEB, WORKER, SERVE = ("web",), ("worker",), ("serve", "--processes", "2")


@pytest.mark.parametrize("command", [WEB, WORKER, SERVE, ("web", "--processes", "2")])
def test_a_house_on_sqlite_has_one_process(production: Path, command: tuple[str, ...]) -> None:
    sentence = refused(*command, "--config", production)
    assert "which one process serves: 'hongyan serve'" in sentence
    assert "set [store] database to a PostgreSQL" in sentence


@pytest.mark.parametrize("command", [WEB, WORKER])
def test_a_process_of_the_development_house_needs_one(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    assert "Open that first" in refused(*command, "--dev", "--data", tmp_path)
    assert "--data goes with --dev" in refused(*command, "--data", tmp_path)


@pytest.mark.parametrize("command", [WEB, WORKER, SERVE])
def test_no_process_opens_unsafe(production: Path, command: tuple[str, ...]) -> None:
    rewrite(production, "https://sms", "http://sms")
    assert "would travel in the clear" in refused(*command, "--config", production)


def test_serve_with_one_process_is_as_before(production: Path) -> None:
    with Process("serve", "--config", production, "--processes", "1", "--json") as house:
        house.ready()
        assert house.stop() == 0


def test_a_port_may_be_another_than_the_configurations(production: Path) -> None:
    with Process("serve", "--config", production, "--json") as house:
        port = house.ready()["listening"].rsplit(":", 1)[1]
        sentence = refused(
            "serve",
            "--config",
            shutil.copytree(production.parent, production.parent / "other") / "hongyan.toml",
            "--port",
            port,
        )
    assert f"Port {port}" in sentence


@pytest.mark.parametrize(
    "address",
    [
        "mysql://u:w0rd@127.0.0.1/x",
        "postgresql://u:w0rd/@127.0.0.1/x",
        "w0rd",
    ],
)
def test_an_address_that_is_none_is_refused_and_not_repeated(tmp_path: Path, address: str) -> None:
    for command in (
        ("dev", "--port", "0", "--data", tmp_path / "dev"),
        ("init", tmp_path / "init", "--base-url", "https://sms.example.com"),
    ):
        sentence = refused(*command, "--database", address)
        assert "its form is postgresql://" in sentence
        assert "w0rd" not in sentence
    assert not (tmp_path / "init").exists()


NOBODY = "postgresql://u:w0rd@127.0.0.1:1/x"


def test_a_database_that_is_away_ends_a_start_with_75(production: Path) -> None:
    rewrite(production, 'database = ""', f'database = "{NOBODY}"')
    rewrite(production, "wait_s = 60", "wait_s = 0")
    for command in ("serve", "web", "worker", "doctor", "migrate"):
        done = hongyan(command, "--config", production, "--json")
        assert done.code == (3 if command == "doctor" else 75), done
        assert "cannot be reached" in done.out
        assert "w0rd" not in done.out + done.err


def test_a_start_waits_for_its_database_and_says_so(production: Path) -> None:
    rewrite(production, 'database = ""', f'database = "{NOBODY}"')
    rewrite(production, "wait_s = 60", "wait_s = 1")
    done = hongyan("serve", "--config", production, "--json")
    assert done.code == 75
    assert done.err.count("store.waiting") == 1
    assert "w0rd" not in done.out + done.err


def test_a_supervisor_ends_with_its_processes_when_they_cannot_begin(production: Path) -> None:
    rewrite(production, 'database = ""', f'database = "{NOBODY}"')
    rewrite(production, "wait_s = 60", "wait_s = 0")
    done = hongyan("web", "--config", production, "--processes", "2", "--json")
    assert done.code == 75


# migrate


def applied(data: Path, *more: str) -> tuple[list[str], list[str]]:
    done = hongyan("migrate", "--data", data, "--json", *more)
    assert (done.code, done.err) == (0, ""), done
    return done.json["applied"], done.json["lacking"]


@pytest.fixture
def older(data: Path) -> Path:
    """A house of the first release: its key, and a database with the first migration only."""
    first = resources.files("hongyan.store.migrations").joinpath("sqlite/0001_first_house.sql")
    for file in data.glob("hongyan.db*"):
        file.unlink()
    connection = sqlite3.connect(data / "hongyan.db")
    connection.executescript(first.read_text("utf-8") + "; PRAGMA user_version = 1")
    connection.close()
    return data


def test_migrate_shows_and_applies_what_is_lacking(older: Path) -> None:
    names = ["0002_zhenzi.sql"]
    assert applied(older, "--dry-run")[1][:1] == names
    assert applied(older, "--dry-run")[1][:1] == names
    assert applied(older)[0][:1] == names
    assert applied(older) == ([], [])
    assert applied(older, "--dry-run") == ([], [])
    with Dev(older) as house:
        assert house.stop() == 0


def test_migrate_beside_a_house_that_is_open(dev: Dev) -> None:
    assert applied(dev.data) == ([], [])


def test_migrate_refuses_what_it_does_not_know(data: Path, tmp_path: Path) -> None:
    connection = sqlite3.connect(data / "hongyan.db")
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    assert "this version of Hongyan knows" in refused("migrate", "--data", data)
    (data / "hongyan.db").unlink()
    assert "holds no hongyan.db" in refused("migrate", "--data", data)
    connection = sqlite3.connect(data / "hongyan.db")
    connection.execute("CREATE TABLE theirs (id INTEGER)")
    connection.close()
    assert "tables that are not Hongyan's" in refused("migrate", "--data", data)
