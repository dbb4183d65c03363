"""Connections that end at the worst moment: nothing is done twice, and nothing that was answered is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from hongyan.core.command import Approved, Send, Sent
from hongyan.core.errors import CodeRefused, StoreUnavailable
from hongyan.core.identifier import MessageId
from hongyan.core.limit import Window
from hongyan.core.message import Status
from hongyan.core.outcome import Accepted, Rejected
from hongyan.core.time import DAY
from hongyan.store.postgres import connections
from hongyan.store.postgres.line import WORK
from support.processes import Processes, processes
from support.wire_cutter import WireCutter
from support.world import World

Cut = tuple[World, WireCutter]

_END_BACKENDS = """SELECT count(*) FROM (
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND application_name ~ '^hongyan [0-9]'
) AS ended"""

STAGES = [
    *((False, word) for word in (b"FROM account", b"INTO kept", b"notice")),
    *(
        (True, word)
        for word in (b"BEGIN", b"FROM account", b"INTO kept", b"INTO tally", b";COMMIT")
    ),
]
"""Whether a text shares a limit with others, and words that the messages of its accept hold, in their order."""
COMMITS = [(False, b"notice"), (True, b";COMMIT")]
WINDOWS = (Window("day", 500, DAY),)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Processes]:
    async with processes(tmp_path, 1) as opened:
        yield opened


@pytest.fixture
async def cut(house: Processes) -> Cut:
    return await house.over_a_wire()


def text(world: World, shares: bool, key: str) -> Send:
    """Alone it is one statement; with a limit of its user's and statistics it is several."""
    message, idempotency = world.message(), world.idempotency(key)
    if not shares:
        return Send((message,), WINDOWS, idempotency)
    user = world.mark("user", b"client")
    return Send((message,), WINDOWS, idempotency, user, WINDOWS, tallied=True)


@pytest.mark.parametrize(("shares", "word"), STAGES)
async def test_a_wire_that_is_cut_before_the_server_hears_of_it_costs_a_repeat(
    house: Processes, cut: Cut, shares: bool, word: bytes
) -> None:
    world, cutter = cut
    cutter.cut_before(word)
    answer = await world.accept(text(world, shares, "k"))
    assert isinstance(answer, Sent)
    assert cutter.cuts == 1
    assert await house.books() == (999, 999, 999)
    assert await world.accept(text(world, shares, "k")) == answer


@pytest.mark.parametrize(("shares", "word"), STAGES)
async def test_an_answer_that_is_lost_is_asked_after(
    house: Processes, cut: Cut, shares: bool, word: bytes
) -> None:
    world, cutter = cut
    cutter.cut_after(word)
    answer = await world.accept(text(world, shares, "k"))
    assert isinstance(answer, Sent)
    assert cutter.cuts == 1
    assert await house.books() == (999, 999, 999)
    assert await world.accept(text(world, shares, "k")) == answer
    assert await house.value("SELECT count(*) FROM outbox") == 1


@pytest.mark.parametrize(("shares", "word"), COMMITS)
async def test_an_answer_that_does_not_come_is_asked_after(
    house: Processes, monkeypatch: pytest.MonkeyPatch, shares: bool, word: bytes
) -> None:
    """The wire stands, so asyncpg still believes in the transaction; and no key forbids a second text."""
    monkeypatch.setattr(connections, "_PATIENCE_S", 0.5)
    world, cutter = await house.over_a_wire()
    cutter.fall_silent_after(word)
    unkeyed = msgspec.structs.replace(text(world, shares, ""), idempotency=None)
    assert isinstance(await world.accept(unkeyed), Sent)
    assert cutter.cuts == 1
    assert await house.books() == (999, 999, 999)
    assert await house.value("SELECT count(*) FROM outbox") == 1


@pytest.mark.parametrize("after", [False, True])
async def test_a_text_is_answered_though_nobody_can_be_told_of_it(
    house: Processes, cut: Cut, after: bool
) -> None:
    world, cutter = cut
    heard: asyncio.Queue[object] = asyncio.Queue()
    onlooker = await asyncpg.connect(house.url)
    (cutter.cut_after if after else cutter.cut_before)(b"NOTIFY")
    assert isinstance(await world.accept(text(world, False, "first")), Sent)
    while not cutter.cuts:
        await asyncio.sleep(0)
    await onlooker.add_listener(WORK, lambda *_: heard.put_nowait(None))
    assert isinstance(await world.accept(text(world, False, "second")), Sent)
    await heard.get()
    await onlooker.close()
    assert len(await house.worlds[0].begun()) == 2
    assert await house.books() == (998, 998, 998)


@pytest.mark.parametrize("after", [False, True])
async def test_a_code_passes_once_however_its_commit_ends(cut: Cut, after: bool) -> None:
    world, cutter = cut
    verification = await world.started()
    (cutter.cut_after if after else cutter.cut_before)(b";COMMIT")
    assert isinstance(await world.check(verification), Approved)
    assert cutter.cuts == 1
    assert isinstance(await world.check(verification), CodeRefused)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("outcome", [Accepted("up"), Rejected("no_such_number", "")])
async def test_a_settle_is_done_once_however_its_commit_ends(
    house: Processes, cut: Cut, outcome: Any, after: bool
) -> None:
    world, cutter = cut
    message = await world.sent()
    [claimed] = await world.begun()
    (cutter.cut_after if after else cutter.cut_before)(b";COMMIT")
    assert await world.settle(claimed, outcome) == {message.id}
    assert cutter.cuts == 1
    refunded = isinstance(outcome, Rejected)
    assert await world.status(message) is (Status.REJECTED if refunded else Status.SUBMITTED)
    assert await house.books() == ((1000,) * 3 if refunded else (999,) * 3)


@pytest.mark.parametrize("after", [False, True])
async def test_a_claim_whose_commit_ends_so_takes_nothing_away(cut: Cut, after: bool) -> None:
    world, cutter = cut
    message = await world.sent()
    (cutter.cut_after if after else cutter.cut_before)(b";COMMIT")
    [claimed] = await world.claim()
    assert claimed.message.id == message.id
    assert await world.begin([claimed]) == {message.id}


@pytest.mark.parametrize(("shares", "word"), COMMITS)
async def test_a_batch_is_lost_or_kept_as_a_whole(
    house: Processes, cut: Cut, shares: bool, word: bytes
) -> None:
    world, cutter = cut
    for turn, after in enumerate((False, True, False, True)):
        (cutter.cut_after if after else cutter.cut_before)(word)
        texts = [text(world, shares, f"{turn} {number}") for number in range(50)]
        answers = await asyncio.gather(*map(world.accept, texts))
        assert all(isinstance(answer, Sent) for answer in answers)
    assert cutter.cuts == 4
    assert await house.books() == (800, 800, 800)


async def test_backends_that_are_ended_at_any_moment_lose_and_double_nothing(
    house: Processes,
) -> None:
    """As an administrator, or a server that goes down in a hurry, does it."""
    [world] = house.worlds
    sent: list[MessageId] = []
    keys = count()

    async def send() -> None:
        for _ in range(10):
            message = world.message()
            with suppress(StoreUnavailable):
                answer = await world.send(message, key=world.idempotency(f"k{next(keys)}"))
                assert isinstance(answer, Sent)
                sent.append(message.id)

    async def send_all() -> None:
        await asyncio.gather(*(send() for _ in range(32)))

    working = asyncio.create_task(send_all())
    ended = 0
    while not working.done():
        ended += await house.value(_END_BACKENDS)
        commits = world.store.standing().commits
        while world.store.standing().commits == commits and not working.done():
            await asyncio.sleep(0)
    await working
    assert ended
    assert sent
    stored = await house.value("SELECT array_agg(id) FROM message")
    assert set(sent) <= set(stored)
    assert await house.books() == (1_000 - len(stored),) * 3


async def test_while_the_database_is_away_callers_are_told_and_it_comes_back_by_itself(
    house: Processes,
) -> None:
    [world] = house.worlds
    await house.let_in(False)
    with pytest.raises(StoreUnavailable):
        await world.send()
    while not world.store.standing().trouble:
        await asyncio.sleep(0)
    assert house.name in world.store.standing().trouble
    await house.let_in(True)
    while world.store.standing().trouble:
        await asyncio.sleep(0)
    await world.sent()
