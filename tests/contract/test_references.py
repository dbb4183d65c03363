"""The store's promises to apps that name their messages and users, and come in by a secret: whatever
is restarted, moved out of memory or filed.
"""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from hongyan.core import door
from hongyan.core.command import Declined, Knock, Opened, Queued, Send, Sent
from hongyan.core.errors import WrongSecret
from hongyan.core.limit import Window
from hongyan.core.message import Message
from hongyan.core.outcome import Accepted, Rejected
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND
from support.world import Furnish, World

DAILY = (Window("24h", 1, DAY),)
REFERENCE = "m1"

Between = Callable[[World], Awaitable[None]]


def named(world: World, reference: str = REFERENCE, number: str = "+8613800138000") -> Message:
    return msgspec.structs.replace(
        world.message(number),
        reference=reference,
        reference_mark=world.mark(reference, b"reference"),
    )


async def sent(world: World, message: Message | None = None, client: str = "") -> Message | None:
    """The message, if it was taken."""
    message = message or named(world)
    mark = world.mark(client, b"client")
    windows = DAILY if client else ()
    answer = await world.accept(Send((message,), client=mark, client_windows=windows))
    assert isinstance(answer, Sent)
    [one] = answer.messages
    return message if isinstance(one, Queued) else None


async def found(world: World, reference: str = REFERENCE) -> int | None:
    return await world.store.find(world.mark(reference, b"reference"))


async def nothing(world: World) -> None:
    """As it is."""


async def restart(world: World) -> None:
    await world.restart()


async def crowd(world: World) -> None:
    """So many others that what came before them goes out of memory."""
    for _ in range(12):
        await asyncio.gather(*(other(world, number) for number in range(5)))
    await world.sweep()


async def other(world: World, number: int) -> None:
    name = f"{number} of {world.store.next_id()}"
    assert await sent(world, named(world, name, f"+86139{number:08d}"), client=name)
    await world.accept(Knock(world.mark(name, b"door"), right=False))


async def crowd_and_restart(world: World) -> None:
    await crowd(world)
    await world.restart()


@pytest.fixture
async def world(furnish: Furnish) -> World:
    """A world whose memory holds twelve entries."""
    return await furnish(bound=12)


BETWEEN = pytest.mark.parametrize("between", [nothing, restart, crowd, crowd_and_restart])


# References.


@BETWEEN
async def test_a_reference_is_used_for_a_day(world: World, between: Between) -> None:
    assert await sent(world)
    await between(world)
    world.clock.pass_by(DAY - 1)
    await world.sweep()
    assert not await sent(world)
    world.clock.pass_by(1)
    assert await sent(world)
    assert not await sent(world)


@BETWEEN
async def test_a_message_is_found_by_its_reference_for_ever(world: World, between: Between) -> None:
    message = await sent(world)
    assert message
    for span in (0, HOUR, DAY - HOUR - 1, 1, HOUR, 10 * DAY, 400 * DAY):
        world.clock.pass_by(span)
        await between(world)
        assert await found(world) == message.id, span
        await world.sweep()
        assert await found(world) == message.id, span
    assert await found(world, "m2") is None


@BETWEEN
async def test_of_several_messages_the_newest_is_found(world: World, between: Between) -> None:
    for span in (DAY, DAY, 3 * DAY, 40 * DAY):
        message = await sent(world)
        assert message
        await between(world)
        assert await found(world) == message.id
        world.clock.pass_by(span)
        assert await found(world) == message.id
        await world.sweep()
        assert await found(world) == message.id


async def test_a_message_is_found_however_long_the_house_slept(world: World) -> None:
    """Between the end of the recent window and the sweep that files it, too."""
    first = await sent(world)
    world.clock.pass_by(3 * DAY)
    second = await sent(world)
    assert first
    assert second
    await world.restart()
    world.clock.pass_by(3 * DAY)
    assert await found(world) == second.id


async def test_of_64_at_once_one_takes_the_reference(world: World) -> None:
    messages = [named(world) for _ in range(64)]
    taken = await asyncio.gather(*(sent(world, message) for message in messages))
    [one] = [message for message in taken if message]
    assert await found(world) == one.id
    assert await world.balance() == 999


async def test_a_declined_message_leaves_no_reference(furnish: Furnish) -> None:
    world = await furnish(packages=0)
    assert not await sent(world)
    await world.restart()
    assert await found(world) is None
    world.administering.add_package(world.account, 1, "later")
    assert await sent(world)


async def test_a_rejected_message_keeps_its_reference(world: World) -> None:
    message = await sent(world)
    assert message
    [claimed] = await world.begun()
    await world.settle(claimed, Rejected("no_such_number", ""))
    assert not await sent(world)
    assert await found(world) == message.id
    assert await world.balance() == 1_000


async def test_references_are_filed_in_slices_and_found_meanwhile(world: World) -> None:
    messages = [await sent(world, named(world, f"m{number}")) for number in range(700)]
    world.clock.pass_by(2 * DAY)
    await world.store.sweep()
    for number in (0, 250, 499, 500, 699):
        message = messages[number]
        assert message
        assert await found(world, f"m{number}") == message.id


# Client windows.


@BETWEEN
async def test_a_clients_window_holds_and_ends_in_time(world: World, between: Between) -> None:
    assert await sent(world, world.message(), client="c")
    await between(world)
    world.clock.pass_by(DAY - 1)
    assert not await sent(world, world.message(), client="c")
    assert await sent(world, world.message(), client="d")
    world.clock.pass_by(1)
    assert await sent(world, world.message(), client="c")


@BETWEEN
async def test_what_a_client_never_got_is_given_back(world: World, between: Between) -> None:
    for _ in range(3):
        assert await sent(world, world.message(), client="c")
        [claimed] = await world.begun()
        await world.settle(claimed, Rejected("no_such_number", ""))
        await between(world)
        for other in await world.begun():  # of the crowd
            await world.settle(other, Accepted("id"))
    assert await sent(world, world.message(), client="c")
    assert not await sent(world, world.message(), client="c")


async def test_a_client_that_is_over_its_limit_is_told_the_window(world: World) -> None:
    mark = world.mark("c", b"client")
    send = Send((world.message(),), client=mark, client_windows=DAILY)
    await world.accept(send)
    world.clock.pass_by(HOUR)
    answer = await world.accept(msgspec.structs.replace(send, messages=(world.message(),)))
    assert answer == Sent((Declined("24h", world.clock() + DAY - HOUR, "client"),))


# Doors.


async def knock(world: World, *, right: bool = False) -> bool:
    """Whether it was opened."""
    answer = await world.accept(Knock(world.mark("door", b"door"), right=right))
    assert isinstance(answer, Opened | WrongSecret)
    return isinstance(answer, Opened)


@BETWEEN
async def test_a_door_stays_shut_for_as_long_as_it_should(world: World, between: Between) -> None:
    for wrong in range(1, 20):
        await knock(world)
        assert await knock(world, right=True) is (wrong < door.FREE)
        if wrong >= door.FREE:
            world.clock.pass_by(min(SECOND << (wrong - door.FREE), 5 * MINUTE) - 1)
            if wrong in {10, 14, 19}:
                await between(world)
            assert not await knock(world, right=True)
            world.clock.pass_by(1)
            assert await knock(world, right=True)
    await between(world)
    world.clock.pass_by(DAY)
    for _ in range(door.FREE - 1):
        await knock(world)
    assert await knock(world, right=True)


async def test_guesses_that_come_together_are_counted_as_those_that_do_not(world: World) -> None:
    opened = await asyncio.gather(*(knock(world) for _ in range(64)))
    assert not any(opened)
    world.clock.pass_by(SECOND)
    assert await knock(world, right=True)


async def test_a_send_by_a_shut_door_is_refused_whole(world: World) -> None:
    for _ in range(door.FREE):
        await knock(world)
    send = Send((named(world),), door=world.mark("door", b"door"))
    assert isinstance(await world.accept(send), WrongSecret)
    assert await found(world) is None
    assert await world.balance() == 1_000
    world.clock.pass_by(SECOND)
    assert isinstance(await world.accept(send), Sent)
