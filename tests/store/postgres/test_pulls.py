"""Pulls by several processes, and over wires that are cut: each result and each reply is given once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from hongyan.core.message import Message, Status
from hongyan.core.outcome import Accepted
from hongyan.core.time import MINUTE
from hongyan.service.hear import Hearing
from hongyan.service.ports import Receipt
from support.processes import Processes, processes
from support.world import World

MANY = 100


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Processes]:
    async with processes(tmp_path, 3) as opened:
        yield opened


async def ended(world: World, count: int) -> list[Message]:
    messages = []
    for number in range(count):
        message = msgspec.structs.replace(world.message(f"+86138{number:08}"), reports=True)
        await world.send(message)
        messages.append(message)
    for claimed in await world.begun():
        await world.settle(claimed, Accepted("up-1"))
    await world.store.receive([Receipt(m.id, Status.DELIVERED, world.clock()) for m in messages])
    return messages


async def heard(world: World, count: int) -> list[int]:
    message = await world.sent()
    hearing = Hearing(world.store, world.sealer, world.clock)
    return [
        (await hearing.hear(message.phone, str(number), message=message.id)).id
        for number in range(count)
    ]


async def test_processes_that_pull_and_tell_at_once_share_what_there_is(house: Processes) -> None:
    first, *_ = house.worlds
    messages = await ended(first, 60)
    replies = await heard(first, 60)
    told, leased = [], []
    for _ in range(8):
        results = [world.store.take_results(1, 3) for world in house.worlds]
        owed = [world.store.claim_reports(3, MINUTE, 3, {}) for world in house.worlds]
        texts = [world.store.take_replies(1, 3) for world in house.worlds]
        owing = [world.store.claim_replies([1], 3, MINUTE) for world in house.worlds]
        found = await asyncio.gather(
            asyncio.gather(*results),
            asyncio.gather(*owed),
            asyncio.gather(*texts),
            asyncio.gather(*owing),
        )
        told += [one.id for some in found[0] for one in some]
        told += [one.message for some in found[1] for one in some]
        leased += [one.id for some in found[2] for one in some]
        leased += [one.reply.id for some in found[3] for one in some]
    assert sorted(told) == [one.id for one in messages]
    assert sorted(leased) == replies


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("word", [b"DELETE FROM report", b";COMMIT"])
async def test_a_pull_whose_wire_is_cut_gives_each_result_once(
    house: Processes, word: bytes, *, after: bool
) -> None:
    messages = await ended(house.worlds[0], 6)
    world, cutter = await house.over_a_wire()
    (cutter.cut_after if after else cutter.cut_before)(word)
    given = await world.store.take_results(1, 4)
    assert cutter.cuts == 1
    given += await world.store.take_results(1, MANY)
    assert [one.id for one in given] == [one.id for one in messages]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("word", [b"DELETE FROM owed_reply", b";COMMIT"])
async def test_a_pull_whose_wire_is_cut_gives_each_reply_once(
    house: Processes, word: bytes, *, after: bool
) -> None:
    replies = await heard(house.worlds[0], 6)
    world, cutter = await house.over_a_wire()
    (cutter.cut_after if after else cutter.cut_before)(word)
    given = await world.store.take_replies(1, 4)
    assert cutter.cuts == 1
    given += await world.store.take_replies(1, MANY)
    assert [one.id for one in given] == replies


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("word", [b"INTO reply", b"INTO opt_out", b";COMMIT"])
async def test_a_reply_is_kept_once_however_its_commit_ends(
    house: Processes, word: bytes, *, after: bool
) -> None:
    message = await house.worlds[0].sent()
    world, cutter = await house.over_a_wire()
    (cutter.cut_after if after else cutter.cut_before)(word)
    hearing = Hearing(world.store, world.sealer, world.clock)
    reply = await hearing.hear(message.phone, "T", message=message.id)
    assert cutter.cuts == 1
    assert await house.worlds[0].store.take_replies(1, MANY) == [reply]
    assert await house.value("SELECT count(*) FROM opt_out") == 1
