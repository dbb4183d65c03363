"""A minute of chaos: the short form of `make chaos`, which goes on for half an hour."""

import asyncio
import os
import random

import pytest

from support import cluster
from support.chaos.fleet import FAKETIME
from support.chaos.run import chaos

SECONDS = 60
SEED = 20_261_121


def _require_tools() -> None:
    """What cannot be had is said; in CI all of it must be there."""
    missing = cluster.missing()
    if not missing and os.environ.get("CI") and FAKETIME is None:
        missing = "No clock can be set: apt-get install libfaketime"
    if missing and os.environ.get("CI"):
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)


@pytest.mark.timeout(360)
@pytest.mark.xdist_group("alone")
def test_a_fleet_that_is_hurt_loses_nothing_sends_nothing_twice_and_keeps_the_books() -> None:
    _require_tools()
    report = asyncio.run(chaos(SECONDS, random.Random(SEED)))
    assert not report.wrong, report
    figures = report.figures
    assert figures["messages"], figures
    assert figures["approved"], figures
    assert sum(figures["done"].values()) > len(figures["done"]), figures
