"""kill -9 at any moment under load, fifty times in a row on one data directory."""

import random
import time
from pathlib import Path
from uuid import UUID

import pytest

from hongyan.core.identifier import read
from support.killed import KilledHouse

ROUNDS = 50
BOUGHT = 1_000_000


@pytest.mark.timeout(300)
@pytest.mark.xdist_group("alone")
def test_fifty_kills_lose_nothing_send_nothing_twice_and_keep_the_books(tmp_path: Path) -> None:
    house = KilledHouse(tmp_path)
    chance = random.Random(20_261_120)
    for _ in range(ROUNDS):
        house.start()
        house.under_load(chance.uniform(0.05, 0.6), chance)
        house.look_at_the_phone()
        _require_all_answered_is_there(house)
    house.start()
    _wait_until_nothing_is_open(house)
    assert house.stop() == 0
    _require_every_end(house)


def _require_all_answered_is_there(house: KilledHouse) -> None:
    kept = {row[0] for row in house.rows("SELECT id FROM message")}
    assert {int(read(one)) for one in house.books.messages} <= kept
    started = {row[0] for row in house.rows("SELECT id FROM verification")}
    assert {UUID(one).bytes for one in house.books.verifications} <= started


def _wait_until_nothing_is_open(house: KilledHouse) -> None:
    """Until each message has been handed over, or is in doubt. (A receipt that died with a house
    stays away: its message remains submitted.)"""
    deadline = time.monotonic() + 30
    while house.rows("SELECT 1 FROM outbox WHERE status <> 'unconfirmed' LIMIT 1"):
        assert time.monotonic() < deadline, "messages are stuck"
        time.sleep(0.05)


def _require_every_end(house: KilledHouse) -> None:
    house.look_at_the_phone()
    states = dict(
        house.rows(
            "SELECT m.id, coalesce(m.status, o.status) FROM message AS m"
            " LEFT JOIN outbox AS o ON o.id = m.id"
        )
    )
    assert house.books.messages, "the load did nothing"
    assert house.books.approvals, "no verification went through"
    for message, status in states.items():
        if status in ("submitted", "delivered"):
            assert message in house.delivered
        else:
            assert status in ("unconfirmed", "expired")
            assert status == "unconfirmed" or message not in house.delivered
    # A code that was approved may have died with its answer, but none passes twice.
    assert max(house.books.approvals.values()) == 1
    charged = house.rows("SELECT sum(units) FROM message WHERE status IS NOT 'expired'")[0][0]
    assert house.balance() == BOUGHT - charged
