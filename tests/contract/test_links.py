"""Every store × what it promises of short links, and of the statistics of those who send."""

import asyncio
from typing import Any

import msgspec
import pytest

from hongyan.core.command import Link, Queued, Send, Sent
from hongyan.core.draft import Tally
from hongyan.core.limit import Window
from hongyan.core.link import LIFETIME
from hongyan.core.message import Message
from hongyan.core.time import DAY, HOUR, MINUTE
from hongyan.service.recording import Opened
from support.world import Furnish, World

LINK = 0x1234_5678_9ABC_DEF0
PAGE = "/index.html?order=7"
ONCE = (Window("1h", 1, HOUR),)


def link(world: World, message: Message, link: int = LINK) -> Link:
    return Link(link, message.id, "env-1", PAGE, world.clock() + LIFETIME)


async def linked(world: World) -> tuple[Message, Link]:
    message = world.message()
    made = link(world, message)
    await sent(world, message, links=(made,))
    return message, made


async def sent(world: World, *messages: Message, **words: Any) -> list[bool]:
    """Which of them were queued."""
    answer = await world.accept(Send(messages, **words))
    assert isinstance(answer, Sent)
    return [isinstance(one, Queued) for one in answer.messages]


async def opened(world: World, wanted: int = LINK) -> Opened | None:
    return await world.store.open_link(wanted, world.clock())


async def tally(world: World, app: int = 1, since: int = 0, until: int = 1 << 62) -> Tally:
    return await world.store.tally(app, since, until)


# Links.


async def test_a_link_opens_and_each_time_counts(world: World) -> None:
    message, made = await linked(world)
    world.clock.pass_by(MINUTE)
    first = world.clock()
    assert await opened(world) == Opened(made, world.app, 1)
    await world.restart()
    world.clock.pass_by(MINUTE)
    assert await opened(world) == Opened(made, world.app, 2)
    record = await world.record(message)
    assert (record.clicks, record.clicked_at) == (2, first)


async def test_clicks_are_those_of_all_links_of_a_text_and_of_no_other(world: World) -> None:
    message, other = world.message(), world.message("+8613800138001")
    links = (link(world, message, 1), link(world, message, 2), link(world, other, 3))
    await sent(world, message, other, links=links)
    for wanted in (1, 2, 2):
        assert await opened(world, wanted)
    assert (await world.record(message)).clicks == 3
    assert (await world.record(other)).clicks == 0


async def test_a_link_that_nobody_made_opens_nothing(world: World) -> None:
    await linked(world)
    for guess in (0, 1, LINK - 1, LINK + 1, (1 << 63) - 1):
        assert await opened(world, guess) is None


async def test_a_link_opens_for_thirty_days_and_is_forgotten_then(world: World) -> None:
    message, _ = await linked(world)
    world.clock.pass_by(LIFETIME - 1)
    await world.sweep()
    assert await opened(world)
    world.clock.pass_by(1)
    assert await opened(world) is None
    assert (await world.record(message)).clicks == 1
    world.clock.pass_by(HOUR + 1)
    await world.sweep()
    assert (await world.record(message)).clicks == 0


async def test_links_are_kept_of_texts_that_are_queued_only(world: World) -> None:
    first, again = world.message(), world.message()
    links = (link(world, first, 1), link(world, again, 2))
    assert await sent(world, first, again, windows=ONCE, links=links) == [True, False]
    assert await opened(world, 1)
    assert await opened(world, 2) is None


async def test_two_links_alike_are_refused_and_hurt_nobody_else(world: World) -> None:
    _, made = await linked(world)
    second, other = world.message(), world.message("+8613800138001")
    command = Send((second,), links=(link(world, second),))
    answers = await asyncio.gather(
        world.accept(command), world.accept(Send((other,))), return_exceptions=True
    )
    assert isinstance(answers[0], Exception)
    assert isinstance(answers[1], Sent)
    assert await opened(world) == Opened(made, world.app, 1)
    assert await world.store.message(world.app, second.id) is None


# Statistics.


async def test_a_tally_is_of_what_was_asked_taken_and_charged(world: World) -> None:
    messages = [world.message(units=3), world.message(), world.message("+8613800138001", units=2)]
    queued = await sent(world, *messages, windows=ONCE, tallied=True, refused=4)
    assert queued == [True, False, True]
    expected = Tally(requests=7, accepted=2, units=5)
    assert await tally(world) == expected
    await world.sweep()
    assert await tally(world) == expected
    await world.restart()
    assert await tally(world) == expected
    assert await tally(world, world.other_app) == Tally()


async def test_tallies_of_batches_add_up(world: World) -> None:
    for _ in range(3):
        calls = [sent(world, world.message(f"+861390000000{n}"), tallied=True) for n in range(4)]
        await asyncio.gather(*calls)
        await world.sweep()
    await sent(world, world.message(app=world.other_app), tallied=True)
    assert await tally(world) == Tally(12, 12, 12)
    assert await tally(world, world.other_app) == Tally(1, 1, 1)


async def test_a_call_of_which_nothing_became_a_text_is_counted(world: World) -> None:
    assert await sent(world, tallied=True, refused=3, app=world.app) == []
    assert await tally(world) == Tally(requests=3)


async def test_who_keeps_no_statistics_has_none(world: World) -> None:
    await sent(world, world.message(), refused=2)
    await world.started()
    assert await tally(world) == Tally()


async def test_a_tally_is_told_by_the_hour(world: World) -> None:
    noon = world.clock()
    for _ in range(3):
        await sent(world, world.message(), tallied=True)
        world.clock.pass_by(HOUR)
    world.clock.pass_by(DAY)
    await world.sweep()
    assert await tally(world, since=noon, until=noon + HOUR) == Tally(1, 1, 1)
    assert await tally(world, since=noon + HOUR, until=noon + 3 * HOUR) == Tally(2, 2, 2)
    assert await tally(world, since=noon + MINUTE, until=noon + HOUR) == Tally(1, 1, 1)
    assert await tally(world, since=noon + 3 * HOUR) == Tally()
    assert await tally(world, until=noon) == Tally()


async def test_a_repeated_call_is_counted_once(world: World) -> None:
    key = world.idempotency("k")
    for _ in range(2):
        await sent(world, world.message(), tallied=True, refused=1, idempotency=key)
    assert await tally(world) == Tally(2, 1, 1)


async def test_statistics_add_up_to_the_books(furnish: Furnish) -> None:
    world = await furnish(packages=20)
    for units in (3, 5, 7, 9):
        await sent(world, world.message(units=units), tallied=True)
    counted = await tally(world)
    assert counted == Tally(requests=4, accepted=3, units=15)
    assert await world.balance() == 20 - counted.units


@pytest.mark.parametrize("again", [1, 600])
async def test_a_tally_stays_right_however_many_batches_there_were(
    world: World, again: int
) -> None:
    message = world.message()
    for _ in range(again):
        declined = msgspec.structs.replace(message, id=world.store.next_id(), units=10_000)
        assert await sent(world, declined, tallied=True) == [False]
    assert await tally(world) == Tally(requests=again)
    await world.sweep()
    assert await tally(world) == Tally(requests=again)
