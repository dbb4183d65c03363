"""A house on SQLite that has lived, and an empty database to go to."""

import asyncio
import atexit
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from hongyan.core.time import DAY
from hongyan.store.postgres import PostgresStore
from hongyan.store.postgres import administration as postgres_administration
from hongyan.store.postgres.connections import Address
from hongyan.store.seal import Seal
from hongyan.store.sqlite import seal_of
from support.lived import Lived, lived_in
from support.postgres import drop_database, fresh_database
from support.world import NOON, Moment, World, open_sqlite


@pytest.fixture
def url() -> Iterator[str]:
    """Of an empty database."""
    made = fresh_database()
    yield made
    drop_database(made)


@pytest.fixture
def address(url: str) -> Address:
    return Address(url)


@dataclass
class House:
    """A house that was closed, where it is, and what is known of it."""

    directory: Path
    clock: Moment
    lived: Lived

    @property
    def seal(self) -> Seal:
        return seal_of(self.directory, self.clock)

    async def opened(self, address: Address | None = None, directory: Path | None = None) -> World:
        """The same house, on SQLite or where it is now."""
        world = World(directory or self.directory, open_sqlite, clock=self.clock)
        if address is None:
            await world._open()
            return world
        seal = seal_of(world.directory, self.clock)
        world.administering = postgres_administration(address, seal, self.clock)
        world.store = PostgresStore(address, seal, world.rules, self.clock)
        world.sealer = seal
        await world.raw.start()
        return world


@cache
def _lived_in() -> tuple[Path, World, Lived]:
    """Made once for a process; to be copied."""

    async def live() -> tuple[World, Lived]:
        # Long ago enough for the server's clock, which is nobody's to hold.
        world = await World(directory, open_sqlite, clock=Moment(NOON - 3 * DAY)).open()
        lived = await lived_in(world)
        await world.close()
        return world, lived

    directory = Path(tempfile.mkdtemp(prefix="hongyan-lived-"))
    atexit.register(shutil.rmtree, directory)
    with ThreadPoolExecutor(1) as thread:
        return directory, *thread.submit(asyncio.run, live()).result()


@pytest.fixture
def house(tmp_path: Path) -> House:
    made, world, lived = _lived_in()
    directory = shutil.copytree(made, tmp_path / "data")
    return House(directory, Moment(world.clock()), lived)
