"""`hongyan backup` and `restore`: beside a house that is served; then the original is lost."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.commands import refused
from support.fleet import database
from support.process import Dev, Finished, hongyan, new_phone

pytestmark = pytest.mark.timeout(120)
"""Each runs several processes, one after the other."""

KEY = {"idempotency_key": "k-0001"}


@pytest.fixture(params=["sqlite", "postgres"])
def urls(request: pytest.FixtureRequest) -> Iterator[list[tuple[str, ...]]]:
    """How the database of the original is named, and that of the restored house."""
    with ExitStack() as stack:
        yield [
            ("--database", stack.enter_context(database())) if request.param == "postgres" else ()
            for _ in range(2)
        ]


def done(*arguments: str | Path) -> Finished:
    finished = hongyan(*arguments)
    assert finished.code == 0, finished
    return finished


def test_what_was_lost_is_found_again(tmp_path: Path, urls: list[tuple[str, ...]]) -> None:
    data, archive, phone = tmp_path / "data", tmp_path / "house.zip", new_phone()
    with Dev(data, *urls[0]) as house:
        before = house.file
        body = {"to": phone, "template": "notice", "params": ["周五"]}
        first = house.app.post("/v1/messages", body, **KEY)
        record = house.app.settled(first.json["id"], "delivered")
        verification = house.app.started(phone)
        code = house.app.code(phone, first.json["id"])
        proof = house.app.approved(new_phone())
        told = done("backup", archive, "--data", data, "--with-keys", "--json").json
        assert (told["keys"], told["rows"]["message"]) == (True, 3)
        assert house.stop() == 0
    shutil.rmtree(data)
    found = tmp_path / "found"
    told = done("restore", archive, "--data", found, *urls[1], "--json").json
    assert told["rows"]["message"] == 3
    # Where it was: a proof names the address of its house.
    with Dev(found, "--port", house.url.rpartition(":")[2]) as house:
        assert {**house.file, "base_url": ""} == {**before, "base_url": ""}
        assert house.balance() == 999_997
        assert house.app.message(first.json["id"]) == record
        again = house.app.post("/v1/messages", body, **KEY)
        assert (again.status, again.json) == (first.status, first.json)
        assert house.app.start(phone).status == 429
        assert house.app.check(verification, code).status == 200
        assert house.app.check(verification, code).status == 400
        assert house.app.post("/v1/proofs/verify", {"proof": proof}).status == 200
        assert house.app.post("/v1/proofs/verify", {"proof": proof}).status == 409
        house.app.settled(house.app.sent(new_phone()), "delivered")
        assert house.stop() == 0


def test_it_says_what_is_in_it_and_what_is_not(data: Path, tmp_path: Path) -> None:
    archive = tmp_path / "house.zip"
    told = done("backup", archive, "--data", data).out
    assert "does not hold the key file" in told
    assert "no configuration" in told
    assert archive.stat().st_mode & 0o777 == 0o600
    assert "exists already" in refused("backup", archive, "--data", data)
    told = done("backup", tmp_path / "other.zip", "--data", data, "--with-keys").out
    assert "whoever has it can read everything" in told
    assert "--keys" in refused("restore", archive, "--data", tmp_path / "found")
    told = done(
        "restore", archive, "--data", tmp_path / "found", "--keys", data / "hongyan.key"
    ).out
    assert "1 messages" in told


def test_the_configuration_is_in_it(production: Path, tmp_path: Path) -> None:
    archive, found = tmp_path / "house.zip", tmp_path / "found"
    done("backup", archive, "--config", production, "--with-keys")
    told = done("restore", archive, "--data", found, "--json").json
    assert told["config"] == str(found / "hongyan.toml")
    assert (found / "hongyan.toml").read_text("utf-8") == production.read_text("utf-8")


def test_what_is_there_is_not_written_over(data: Path, tmp_path: Path) -> None:
    archive = tmp_path / "house.zip"
    done("backup", archive, "--data", data, "--with-keys")
    assert "not empty" in refused("restore", archive, "--data", data)
    assert "hongyan move" in refused(
        "restore",
        archive,
        "--data",
        tmp_path / "found",
        "--database",
        "postgresql://u@127.0.0.1:1/n",
    )


def test_what_cannot_be_written_is_told(data: Path, tmp_path: Path) -> None:
    assert "cannot be written" in refused("backup", tmp_path / "none" / "house.zip", "--data", data)
    assert "holds no hongyan.db" in refused("backup", tmp_path / "a.zip", "--data", tmp_path)
