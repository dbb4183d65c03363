"""`hongyan move`: real processes, killed in the middle; what it says; and the house where it has gone."""

import asyncio
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from hongyan.store.sqlite import schema
from support.commands import refused, rewrite
from support.fleet import database
from support.process import Dev, Process, eventually, hongyan, new_phone
from support.world import World, open_sqlite

pytestmark = pytest.mark.timeout(120)
"""Each runs several processes, one after the other."""

AWAY = "postgresql://nobody:topsecret@127.0.0.1:1/none"
MESSAGES = 900


@pytest.fixture
def url() -> Iterator[str]:
    with database() as made:
        yield made


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a house with many messages; to be copied."""
    directory = tmp_path_factory.mktemp("crowded")

    async def fill() -> None:
        world = await World(directory, open_sqlite).open()
        for first in range(0, MESSAGES, 100):
            numbers = range(first, first + 100)
            await world.send(*[world.message(f"+86138{number:08}") for number in numbers])
        await world.begun(50)
        await world.close()

    asyncio.run(fill())
    return directory


def asked(url: str, sql: str) -> Any:
    async def ask() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(ask())


def rows_of(directory: Path, sql: str) -> list[tuple[Any, ...]]:
    connection = schema.connect(directory, read_only=True)
    found = connection.execute(sql).fetchall()
    connection.close()
    return found


def test_a_house_moves_and_is_served_there(tmp_path: Path, url: str) -> None:
    data, phone = tmp_path / "data", new_phone()
    with Dev(data) as house:
        before = house.file
        sent = house.app.sent(phone)
        record = house.app.settled(sent, "delivered")
        verification = house.app.started(phone)
        code = house.app.code(phone, sent)
        assert "is being served" in refused("move", "--data", data, "--database", url)
        assert house.stop() == 0
    done = hongyan("move", "--data", data, "--database", url, "--json")
    assert done.code == 0, done
    assert done.json["tables"]["message"]["rows"] == 2
    assert done.json["tables"]["account"]["sums"]["balance"] == 999_998
    assert "has moved to" in refused("dev", "--data", data, "--port", "0")
    assert "has moved to" in refused("app", "list", "--data", data)
    with Dev(data, "--database", url) as house:
        assert {**house.file, "base_url": ""} == {**before, "base_url": ""}
        assert house.app.message(sent) == record
        assert house.app.check(verification, code).status == 200
        assert house.app.check(verification, code).status == 400
        assert house.balance() == 999_998
        assert house.app.settled(house.app.sent(new_phone()), "delivered")["id"] > sent
        assert house.stop() == 0
    done = hongyan("move", "--data", data, "--database", url)
    assert (done.code, "already" in done.out) == (0, True)


def test_a_move_that_is_killed_goes_on_where_it_was(
    crowded: Path, tmp_path: Path, url: str
) -> None:
    """kill -9, at whichever slice."""
    data, chance = shutil.copytree(crowded, tmp_path / "data"), random.Random()
    copied = [0]
    order = ["message", "outbox"]
    aims = sorted(
        (chance.randrange(len(order)), chance.randrange(MESSAGES - 100)) for _ in range(4)
    )
    for table, rows in aims:
        with Process("move", "--json", "--data", data, "--database", url, "--slice", "5") as moving:

            def has_come(table: str = order[table], rows: int = rows) -> bool:
                if asked(url, f"SELECT to_regclass('{table}') IS NULL"):
                    return False
                return bool(asked(url, f"SELECT count(*) > {rows} FROM {table}"))  # noqa: S608

            eventually(has_come, 40)
            moving.kill()
        copied.append(asked(url, "SELECT count(*) FROM message"))
        assert copied[-1] >= copied[-2]
        assert asked(url, "SELECT 1 FROM meta WHERE key = 'unfinished_move'") == 1
    done = hongyan("move", "--data", data, "--database", url, "--json")
    assert done.code == 0, done
    for name in ("ledger", "message", "outbox", "attempt", "inquiry"):
        [(count,)] = rows_of(data, f"SELECT count(*) FROM {name}")  # noqa: S608
        assert asked(url, f"SELECT count(*) FROM {name}") == count  # noqa: S608
        assert done.json["tables"][name]["rows"] == count
    assert asked(url, "SELECT count(*) FROM outbox WHERE status = 'unconfirmed'") == 50
    assert asked(url, "SELECT count(*) FROM outbox WHERE status = 'queued'") == MESSAGES - 50


def test_it_shows_what_moved_and_what_is_next(data: Path, url: str) -> None:
    done = hongyan("move", "--data", data, "--database", url)
    assert done.code == 0, done
    assert "Every table was compared" in done.out
    assert "[store] database" in done.out
    assert "balances of 999999 together" in done.out


def test_a_configuration_may_name_where_to(production: Path, url: str) -> None:
    rewrite(production, 'database = ""', f'database = "{url}"')
    assert "'hongyan move'" in refused("app", "list", "--config", production)
    done = hongyan("move", "--config", production, "--json")
    assert done.code == 0, done
    assert len(hongyan("app", "list", "--config", production, "--json").json) == 1


def test_what_was_given_up_is_served_where_it_was(data: Path, url: str) -> None:
    assert "has not moved" in refused("move", "--back", "--data", data)
    assert hongyan("move", "--data", data, "--database", url).code == 0
    done = hongyan("move", "--back", "--data", data, "--json")
    assert done.json == {"back": str(data), "held_back": 0}
    with Dev(data) as house:
        house.app.settled(house.app.sent(new_phone()), "delivered")
        assert house.stop() == 0
    assert "holds a house already" in refused("move", "--data", data, "--database", url)


def test_it_says_what_it_lacks(data: Path, tmp_path: Path) -> None:
    assert "--database" in refused("move", "--data", data)
    assert "hongyan.key" in refused("move", "--data", tmp_path / "none", "--database", AWAY)
    told = refused("move", "--data", data, "--database", "mysql://root:topsecret@host/db")
    assert "postgresql://" in told
    assert "topsecret" not in told


def test_a_database_that_is_away_may_be_tried_again(data: Path) -> None:
    done = hongyan("move", "--data", data, "--database", AWAY)
    assert done.code == 75
    assert "cannot be reached" in done.err
    assert "topsecret" not in done.out + done.err
    with Dev(data) as house:
        assert house.listening().stop() == 0
