"""Results and replies are given once, though whoever gives them is killed at any moment."""

import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from hongyan.core.message import Status
from hongyan.core.outcome import Accepted
from hongyan.core.time import HOUR, MINUTE
from hongyan.service.directory import TencentProfile
from hongyan.service.hear import Hearing
from hongyan.service.ports import Receipt
from support import postgres
from support.world import World

PULL = """
import asyncio, sys
from pathlib import Path
from support import postgres
from support.world import STORES, World

async def pull():
    kind, directory, url = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    if url:
        postgres._owned[directory] = url
    world = World(directory, STORES[kind])
    await world._open()
    given = True
    while given:
        results = await world.store.take_results(1, 3)
        replies = await world.store.take_replies(1, 2)
        given = [one.id for one in (*results, *replies)]
        print(*given, flush=True)

asyncio.run(pull())
"""
COUNT = 60
A_TIME = 5
"""What one asks for at a time: as much may be lost with a kill."""


class Pulling:
    """A process that pulls, and tells what it has got."""

    def __init__(self, kind: str, directory: Path, url: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", PULL, kind, str(directory), url],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )

    def told(self) -> list[int]:
        """What the next line tells; nothing where there is no more to be had."""
        assert self._process.stdout is not None
        return list(map(int, self._process.stdout.readline().split()))

    def kill(self) -> list[int]:
        """What it had told, and nobody had read yet."""
        self._process.kill()
        rest, _ = self._process.communicate()
        return list(map(int, rest.split()))


async def lived_in(world: World) -> tuple[list[int], list[int]]:
    """Messages that have ended, and their replies."""
    app = world.administering.directory().apps["app_test"]
    world.administering.change_app(msgspec.structs.replace(app, tencent=TencentProfile()))
    await world.store.refresh()
    hearing = Hearing(world.store, world.sealer, world.clock)
    messages = []
    for number in range(COUNT):
        message = msgspec.structs.replace(world.message(f"+86138{number:08}"), reports=True)
        await world.send(message)
        messages.append(message)
    for claimed in await world.begun():
        await world.settle(claimed, Accepted("up-1"))
    await world.store.receive([Receipt(m.id, Status.DELIVERED, world.clock()) for m in messages])
    replies = [await hearing.hear(one.phone, "好的", message=one.id) for one in messages]
    return [one.id for one in messages], [one.id for one in replies]


@pytest.mark.timeout(120)
async def test_what_is_pulled_is_given_once_whoever_is_killed(world: World) -> None:
    messages, replies = await lived_in(world)
    url = postgres.database_of(world.directory) if postgres.has_database(world.directory) else ""
    kind, pulling_at_once = ("postgres", 2) if url else ("sqlite", 1)
    await world.raw.close()
    chance = random.Random(20_261_121)
    given: Counter[int] = Counter()
    kills = 0
    while True:
        pulling = [Pulling(kind, world.directory, url) for _ in range(pulling_at_once)]
        told = [one.told() for one in pulling for _ in range(chance.randint(1, 4))]
        rest = [one.kill() for one in pulling]
        given.update(one for some in (*told, *rest) for one in some)
        if not any(told):
            break
        kills += len(pulling)
    assert kills
    assert max(given.values()) == 1
    assert given.keys() <= {*messages, *replies}
    lost = len(messages) + len(replies) - len(given)
    assert 0 <= lost <= kills * A_TIME
    await reopened(world)
    world.clock.pass_by(HOUR)
    assert await world.store.claim_reports(COUNT, MINUTE, COUNT, {}) == []
    assert await world.store.claim_replies([1], COUNT, MINUTE) == []
    found = []
    for number in range(COUNT):
        mark = world.mark(f"+86138{number:08}")
        found += await world.store.replies_from(1, mark, 0, world.clock(), COUNT)
    assert sorted(one.id for one in found) == sorted(replies)


async def reopened(world: World) -> None:
    world.administering.close()
    await world._open()
