"""Opening a data directory: one process, the right key, a schema that is known, a sane clock."""

import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw
import pytest

from hongyan.core.policy import Policy
from hongyan.core.time import MINUTE
from hongyan.core.verification import Rules
from hongyan.store.opening import KEY_FILE, StoreSettings, StoreUnusable
from hongyan.store.seal import KeyFileUnusable, KeyRing
from hongyan.store.sqlite import SqliteStore, administration, inspect, seal_of
from hongyan.store.sqlite.schema import DATABASE
from support.world import NOON, Moment, World, open_sqlite

RULES = Rules(Policy())

SERVE = """
import asyncio, sys
from pathlib import Path
from support.world import Moment, Policy, Rules, open_sqlite

async def serve():
    opened = await open_sqlite(Path(sys.argv[1]), Moment(), Rules(Policy()), 1_000)
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.read)

asyncio.run(serve())
"""


async def open_and_close(directory: Path, clock: Moment | None = None) -> None:
    store, _, administering = await open_sqlite(directory, clock or Moment(), RULES, 1_000)
    administering.close()
    await store.close()


# One process.


@pytest.fixture
def other_process(house: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Another process, which serves the house."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(house)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        yield process
        process.kill()


async def test_a_second_process_is_refused_and_told_which_one_serves(
    house: Path, other_process: "subprocess.Popen[bytes]"
) -> None:
    with pytest.raises(StoreUnusable, match=f"served by process {other_process.pid}"):
        await open_and_close(house)


async def test_a_killed_process_leaves_the_house_to_the_next_one(
    house: Path, other_process: "subprocess.Popen[bytes]"
) -> None:
    other_process.kill()
    other_process.wait()
    await open_and_close(house)


def test_the_command_line_works_beside_a_serving_process(
    house: Path, other_process: "subprocess.Popen[bytes]"
) -> None:
    with closing(administration(house, seal_of(house, Moment()), Moment())) as administering:
        assert administering.add_package(1, 5, "beside") == 1_004


async def test_a_refused_start_leaves_the_house_to_the_next_one(house: Path) -> None:
    with pytest.raises(StoreUnusable):
        await open_and_close(house, Moment(0))
    await open_and_close(house)


# The right files.

OPENINGS: dict[str, Callable[[Path], object]] = {
    "serve": lambda house: SqliteStore(
        house, seal_of(house, Moment()), RULES, StoreSettings(), Moment(), print
    ),
    "administer": lambda house: administration(house, seal_of(house, Moment()), Moment()),
    "inspect": lambda house: inspect(house, seal_of(house, Moment())),
}

each_opening = pytest.mark.parametrize("opens", OPENINGS.values(), ids=OPENINGS)


@each_opening
async def test_a_database_of_a_newer_version_is_refused(
    house: Path, opens: Callable[[Path], object]
) -> None:
    with closing(apsw.Connection(str(house / DATABASE))) as connection:
        connection.pragma("user_version", 999)
    with pytest.raises(StoreUnusable, match=r"schema 999.*Start the newer version"):
        opens(house)


@each_opening
async def test_the_key_file_of_another_house_is_refused(
    house: Path, opens: Callable[[Path], object]
) -> None:
    (house / KEY_FILE).unlink()
    KeyRing.create(house / KEY_FILE, NOON)
    with pytest.raises(StoreUnusable, match=f"{KEY_FILE} is not the key file of this {DATABASE}"):
        opens(house)


@each_opening
async def test_a_file_that_is_no_database_is_refused(
    house: Path, opens: Callable[[Path], object]
) -> None:
    (house / DATABASE).write_bytes(b"The wild goose that carries letters. " * 100)
    with pytest.raises(StoreUnusable, match="file is not a database"):
        opens(house)


@pytest.mark.parametrize("create", [False, True])
def test_a_house_that_lost_its_key_file_gets_no_other_one(house: Path, create: bool) -> None:
    (house / KEY_FILE).unlink()
    with pytest.raises(KeyFileUnusable, match="Restore it from your backup"):
        seal_of(house, Moment(), create=create)


@contextmanager
def nobody() -> Iterator[None]:
    """As a user without any rights: root may write everywhere."""
    before = os.geteuid()
    if not before:
        os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.fixture(params=["new", "old"])
async def read_only(request: pytest.FixtureRequest) -> AsyncIterator[Path]:
    """A directory that all may read and nobody may write; an old one has been served."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        if request.param == "old":
            await (await World(directory, open_sqlite).open()).close()
        for path in directory.iterdir():
            path.chmod(0o444)
        directory.chmod(0o555)
        yield directory
        directory.chmod(0o755)


@pytest.mark.parametrize("read_only", ["old"], indirect=True)
async def test_a_directory_that_cannot_be_written_is_refused_with_what_to_do(
    read_only: Path,
) -> None:
    with nobody(), pytest.raises(StoreUnusable, match="Choose another directory or give this user"):
        OPENINGS["serve"](read_only)
    with nobody(), pytest.raises(StoreUnusable, match="Check the path and this user's rights"):
        OPENINGS["administer"](read_only)


@pytest.mark.parametrize("read_only", ["new"], indirect=True)
async def test_a_first_start_that_cannot_write_its_key_file_is_refused_in_a_sentence(
    read_only: Path,
) -> None:
    with nobody(), pytest.raises(KeyFileUnusable):
        seal_of(read_only, Moment(), create=True)


# The clock.


@pytest.mark.parametrize("behind", [0, MINUTE, 5 * MINUTE])
async def test_a_clock_a_little_behind_is_lived_with(house: Path, behind: int) -> None:
    await open_and_close(house, Moment(NOON - behind))


async def test_a_clock_well_behind_the_last_write_is_refused(house: Path) -> None:
    with pytest.raises(StoreUnusable, match="300 s before the store's last write"):
        await open_and_close(house, Moment(NOON - 5 * MINUTE - 1))


# What `doctor` sees.


def test_an_inspection_tells_the_last_write(house: Path) -> None:
    assert inspect(house, seal_of(house, Moment())).last_write == NOON


def test_an_inspection_tells_the_accounts_whose_books_do_not_balance(house: Path) -> None:
    seal = seal_of(house, Moment())
    assert inspect(house, seal).broken_books == []
    with closing(apsw.Connection(str(house / DATABASE))) as connection:
        connection.execute("UPDATE account SET balance = balance + 1")
    assert inspect(house, seal).broken_books == [1]
