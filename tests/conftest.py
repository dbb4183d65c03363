"""Fixtures of all suites, and how hard Hypothesis tries."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import structlog

from support import postgres
from support.world import STORES, Furnish, World

hypothesis.settings.register_profile(
    "dev",
    max_examples=50,
    stateful_step_count=20,
    deadline=None,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile(
    "ci",
    parent=hypothesis.settings.get_profile("dev"),
    max_examples=200,
    stateful_step_count=40,
    derandomize=True,
)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(autouse=True)
def quiet_log() -> Iterator[list[Any]]:
    """What was logged; tests that care look into it."""
    with structlog.testing.capture_logs() as logs:
        yield logs


@pytest.fixture(scope="session", autouse=True)
def stopped_postgres() -> Iterator[None]:
    """What the suite has started, it stops."""
    yield
    postgres.stop_server()


@pytest.fixture(params=list(STORES))
async def furnish(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Furnish]:
    """Opens worlds on the store that is this test's turn, and closes them."""
    opened: list[World] = []

    async def furnished(**differing: Any) -> World:
        directory = tmp_path / f"world{len(opened)}"
        directory.mkdir()
        world = await World(directory, STORES[request.param], **differing).open()
        opened.append(world)
        return world

    yield furnished
    for world in opened:
        await world.close()


@pytest.fixture
async def world(furnish: Furnish) -> World:
    """A world as it comes."""
    return await furnish()
