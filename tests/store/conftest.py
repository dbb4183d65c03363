"""What the suites of the SQLite store share: worlds on SQLite alone, and a look from outside."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from support.world import Furnish, World, open_sqlite


@pytest.fixture
async def furnish(tmp_path: Path) -> AsyncIterator[Furnish]:
    """Opens worlds, and closes them."""
    opened: list[World] = []

    async def furnished(**differing: Any) -> World:
        directory = tmp_path / f"world{len(opened)}"
        directory.mkdir()
        world = await World(directory, open_sqlite, **differing).open()
        opened.append(world)
        return world

    yield furnished
    for world in opened:
        await world.close()


@pytest.fixture
async def house(tmp_path: Path) -> Path:
    """A data directory that a process has left, with one message in it."""
    world = await World(tmp_path, open_sqlite).open()
    await world.sent()
    await world.close()
    return tmp_path
