"""How a house on PostgreSQL is opened: by whose clock, with whose patience, and by which file."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hongyan.app.place import Place
from hongyan.app.postgres import PostgresOpener
from hongyan.core.time import SECOND
from hongyan.store.opening import StoreAway, StoreUnusable
from hongyan.store.seal import KeyFileUnusable
from support.postgres import database

NOBODY = "postgresql://u@127.0.0.1:1/x"


@pytest.fixture
def opener(tmp_path: Path) -> Iterator[PostgresOpener]:
    with database() as url:
        yield PostgresOpener(Place(directory=tmp_path, database=url))


def test_its_clock_is_the_databases(
    opener: PostgresOpener, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time_ns() // 1_000_000
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    # The database of the tests is on this machine, or near it.
    assert abs(opener.clock()() - now) < 60 * SECOND


async def test_its_clock_is_kept_for_as_long_as_it_is_asked_for(opener: PostgresOpener) -> None:
    keeping = asyncio.create_task(opener.keep(opener.clock()))
    await asyncio.sleep(0)
    assert not keeping.done()
    keeping.cancel()


def test_a_database_that_is_away_is_waited_for_no_longer_than_told(tmp_path: Path) -> None:
    opener = PostgresOpener(Place(directory=tmp_path, database=NOBODY, wait_s=0))
    for ask in (opener.wait, opener.clock, opener.pending):
        with pytest.raises(StoreAway, match="cannot be reached"):
            ask()


def test_a_key_file_is_made_once_for_a_database(opener: PostgresOpener, tmp_path: Path) -> None:
    clock = opener.clock()
    before = opener.furnish(clock).check_value
    assert opener.furnish(clock).check_value == before
    (tmp_path / "hongyan.key").unlink()
    with pytest.raises(KeyFileUnusable, match="Copy it there"):
        opener.furnish(clock)


def test_a_house_that_is_in_the_directory_is_not_overlooked(
    opener: PostgresOpener, tmp_path: Path
) -> None:
    (tmp_path / "hongyan.db").touch()
    with pytest.raises(StoreUnusable, match="hongyan move"):
        opener.furnish(opener.clock())


def test_what_it_lacks_is_nothing_once_it_is_migrated(opener: PostgresOpener) -> None:
    assert list(opener.pending()) == list(opener.migrate()) == []
    inspection = opener.inspect(opener.furnish(opener.clock()))
    assert inspection.broken_books == []
    assert inspection.commit_ms > 0
