"""A data directory that is not as it was left: it is not opened, and `doctor` finds why."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from support.commands import refused, rewrite
from support.process import (
    Dev,
    hongyan,
    hongyan_of_an_ordinary_user,
)

# A data directory that is not as it was left.


def change(data: Path, sql: str) -> None:
    connection = sqlite3.connect(data / "hongyan.db")
    connection.executescript(sql)
    connection.close()


def newer(data: Path) -> None:
    change(data, "PRAGMA user_version = 999")


def garbage(data: Path) -> None:
    (data / "hongyan.db").write_bytes(b"not a database" * 1_000)


def keyless(data: Path) -> None:
    (data / "hongyan.key").unlink()


def foreign_key(data: Path) -> None:
    key = json.loads((data / "hongyan.key").read_text())
    key["keys"][0]["key"] = "A" * 43 + "="
    (data / "hongyan.key").write_text(json.dumps(key))


def broken_key(data: Path) -> None:
    (data / "hongyan.key").write_text("{")


def from_tomorrow(data: Path) -> None:
    change(data, "UPDATE message SET id = id + (86400000 << 22)")


DAMAGES = [
    (newer, "this version of Hongyan knows"),
    (garbage, "hongyan.db"),
    (keyless, "hongyan.key is missing. Restore it"),
    (foreign_key, "is not the key file of this hongyan.db"),
    (broken_key, "is not a key file"),
    (from_tomorrow, "before the store's last write. Set the clock right"),
]


@pytest.mark.parametrize(
    ("damage", "sentence"), DAMAGES, ids=lambda one: getattr(one, "__name__", "")
)
def test_a_damaged_directory_is_not_opened_and_the_reason_told(
    data: Path, damage: Any, sentence: str
) -> None:
    damage(data)
    before = (data / "dev.json").read_bytes()
    assert sentence in refused("dev", "--port", "0", "--data", data)
    assert (data / "dev.json").read_bytes() == before


@pytest.mark.parametrize(
    ("damage", "sentence"), DAMAGES, ids=lambda one: getattr(one, "__name__", "")
)
def test_the_doctor_finds_the_damage(data: Path, damage: Any, sentence: str) -> None:
    damage(data)
    done = hongyan("doctor", "--data", data, "--json")
    assert done.code == 3
    found = [one for one in done.json if not one["ok"]]
    assert found
    assert all(one["sentence"] and one["cure"] for one in found)


# doctor


def test_a_healthy_house_has_no_findings(dev: Dev) -> None:
    dev.listening()
    done = hongyan("doctor", "--data", dev.data, "--json")
    assert done.code == 0, done
    assert {one["area"] for one in done.json} == {"disk", "keys", "clock", "books", "routes"}
    assert all(one["ok"] and not one["cure"] for one in done.json)
    assert not (dev.data / ".doctor").exists()


def test_a_person_is_told_each_finding_with_its_cure(tmp_path: Path) -> None:
    done = hongyan("doctor", "--data", tmp_path / "none")
    assert done.code == 3
    assert f"BAD  data       {tmp_path / 'none'} does not exist." in done.out
    assert "→ Make one with 'hongyan init' or 'hongyan dev'" in done.out


def test_broken_books_are_found(data: Path) -> None:
    change(data, "UPDATE account SET balance = balance + 1")
    done = hongyan("doctor", "--data", data, "--json")
    assert done.code == 3
    (found,) = [one for one in done.json if not one["ok"]]
    assert (found["area"], "account 1" in found["sentence"]) == ("books", True)


def test_a_house_without_routes_is_found(production: Path) -> None:
    done = hongyan("doctor", "--config", production, "--json")
    assert done.code == 3
    (found,) = [one for one in done.json if not one["ok"]]
    assert (found["area"], found["sentence"]) == ("routes", "No provider is routed.")


def test_a_route_wants_its_provider_configured(production: Path) -> None:
    data = production.parent / "data"
    assert hongyan("route", "verification", "zhenzi", "--data", data).code == 0
    done = hongyan("doctor", "--config", production, "--json")
    (found,) = [one for one in done.json if one["area"] == "routes"]
    assert (found["ok"], found["cure"]) == (
        False,
        "Configure [providers.zhenzi], and name the file: --config.",
    )
    secret = '\n[providers.zhenzi]\napp_id = "100001"\napp_secret = "a-secret-of-a-test"\n'
    production.write_text(production.read_text("utf-8") + secret, "utf-8")
    done = hongyan("doctor", "--config", production, "--json")
    (found,) = [one for one in done.json if one["area"] == "routes"]
    assert found["ok"], done
    assert "a-secret-of-a-test" not in done.out


def test_an_unsafe_configuration_is_found(production: Path) -> None:
    rewrite(production, "https://", "http://")
    done = hongyan("doctor", "--config", production, "--json")
    assert done.code == 3
    assert "in the clear" in next(one["sentence"] for one in done.json if not one["ok"])


def test_a_broken_configuration_is_found(production: Path) -> None:
    rewrite(production, "drain_s = 6", "drain_s = 0")
    done = hongyan("doctor", "--config", production, "--json")
    assert done.code == 3
    (found,) = done.json
    assert "server.drain_s" in found["sentence"]


def test_a_disk_that_cannot_be_written_is_found(mine: Path) -> None:
    mine.chmod(0o555)
    done = hongyan_of_an_ordinary_user("doctor", "--data", mine, "--json")
    assert done.code == 3
    assert any("cannot be written" in one["sentence"] for one in done.json)
