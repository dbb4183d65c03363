"""Daily totals when several processes count in them at once: the cap is met to the text, and nobody
stands in another's way for good.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hongyan.core.command import Queued, Send, Sent
from hongyan.core.daily import Caps
from hongyan.core.limit import Window
from hongyan.core.outcome import Rejected
from hongyan.core.time import HOUR
from support.processes import Processes, processes
from support.world import World

AT_ONCE = 64
CAPS = Caps(in_all=40, mainland=25, abroad=30)
HOURLY = (Window("1h", 9, HOUR),)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Processes]:
    async with processes(tmp_path, 2) as opened:
        yield opened


def text(world: World, number: int, *, app: int = 0, **words: Any) -> Send:
    """To the mainland and abroad by turns."""
    to = (f"+86138{number:08d}", f"+852{51000000 + number}")[number % 2]
    message = world.message(to, app=app)
    caps = CAPS.of(message.app, ("CN", "HK")[number % 2])
    return Send((message,), caps=(caps,), **words)


async def together(house: Processes, *apps: int, **words: Any) -> list[str]:
    """What became of 64 texts of each of the apps, sent by two processes by turns."""
    asked = [
        (house.worlds[number // 2 % 2], number, app) for number in range(AT_ONCE) for app in apps
    ]
    answers = await asyncio.gather(
        *(world.accept(text(world, number, app=app, **words)) for world, number, app in asked)
    )
    assert all(isinstance(one, Sent) for one in answers), Counter(map(repr, answers))
    became = [one.messages[0] for one in answers if isinstance(one, Sent)]
    return ["queued" if isinstance(one, Queued) else one.window for one in became]


async def totals(house: Processes) -> list[int]:
    """What stands in each, the fullest last."""
    return list(await house.value("SELECT array_agg(sent ORDER BY sent) FROM daily_total"))


async def test_two_processes_at_the_cap_send_as_many_as_it_allows(house: Processes) -> None:
    found = Counter(await together(house, 1))
    assert found["queued"] == 40
    assert await house.value("SELECT count(*) FROM message") == 40
    assert sum(found.values()) == AT_ONCE
    sent = await totals(house)
    assert sent[-1] == 40
    assert sum(sent[:-1]) == 40
    assert all(part <= bound for part, bound in zip(sent, (25, 30), strict=False))
    assert "queued" not in await together(house, 1)
    assert await totals(house) == sent
    assert len(set(await house.books())) == 1


async def test_apps_that_share_batches_keep_totals_of_their_own(house: Processes) -> None:
    found = await together(house, 1, 2)
    assert Counter(found)["queued"] == 80
    for app in (1, 2):
        assert await house.value("SELECT count(*) FROM message WHERE app = $1", app) == 40


async def test_what_is_given_back_while_others_count_is_there_for_them(house: Processes) -> None:
    """One process refuses what it holds, both send on: in the end just the cap is out."""
    await together(house, 1)
    first, second = house.worlds
    held = await first.begun(20)
    assert len(held) == 20

    async def refuse() -> None:
        for claimed in held:
            await first.settle(claimed, Rejected("blocked", "Blocked."))

    async def send_on() -> int:
        became = 0
        for number in range(AT_ONCE):
            answer = await second.accept(text(second, number, app=1))
            assert isinstance(answer, Sent)
            became += isinstance(answer.messages[0], Queued)
        return became

    _, meanwhile, _ = await asyncio.gather(refuse(), send_on(), together(house, 2))
    assert meanwhile <= 20
    after = Counter(await together(house, 1))["queued"]
    assert meanwhile + after == 20
    alive = "SELECT count(*) FROM message WHERE app = 1 AND coalesce(status, '') <> 'rejected'"
    assert await house.value(alive) == 40
    assert len(set(await house.books())) == 1


async def test_nobody_waits_in_a_circle_for_numbers_and_totals(house: Processes) -> None:
    """Several numbers and both totals in each call, in any order, while what was sent is refused."""
    one, other = house.worlds
    await together(house, 1, 2, windows=HOURLY)
    held = await one.begun(40)

    def call(world: World, number: int) -> Send:
        app = 1 + number % 2
        texts = [text(world, (number * 7 + step) % 16, app=app) for step in (5, 0, 3)]
        messages = tuple([one.messages[0] for one in texts])
        return Send(messages, HOURLY, caps=tuple([one.caps[0] for one in texts]))

    for number, (first, second) in enumerate(zip(held[::2], held[1::2], strict=True)):
        *_, here, there = await asyncio.gather(
            one.settle(second, Rejected("blocked", "Blocked.")),
            other.settle(first, Rejected("blocked", "Blocked.")),
            one.accept(call(one, number)),
            other.accept(call(other, number)),
        )
        assert isinstance(here, Sent)
        assert isinstance(there, Sent)
    in_all = "SELECT array_agg(sent ORDER BY total) FROM daily_total WHERE total % 1024 = 0"
    alive = """
    SELECT array_agg(n ORDER BY app) FROM (
      SELECT app, count(*) AS n FROM message WHERE coalesce(status, '') <> 'rejected' GROUP BY app
    ) AS counted
    """
    counted = await house.value(in_all)
    assert counted == await house.value(alive)
    assert all(20 < sent <= 40 for sent in counted), "Some of what was given back went out again."
