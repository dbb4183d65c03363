"""Every store × what it promises of status reports that apps are owed."""

from collections import Counter
from collections.abc import Mapping

import msgspec
import pytest

from hongyan.core.message import Message, Status
from hongyan.core.outcome import Accepted
from hongyan.core.time import DAY, HOUR, MINUTE
from hongyan.service.ports import Owed, Receipt, Reported
from support.world import World

MANY = 100


async def sent(world: World, number: int = 0, app: int = 1) -> Message:
    """A message whose app will be told of its end."""
    reference = f"{app} {number}"
    message = msgspec.structs.replace(
        world.message(f"+86138{app}{number:07}", app=app),
        reference=reference,
        reference_mark=world.mark(reference, b"reference"),
        reports=True,
    )
    await world.send(message)
    return message


async def submitted(world: World, count: int = 1, app: int = 1) -> list[Message]:
    messages = [await sent(world, number, app) for number in range(count)]
    for claimed in await world.begun():
        await world.settle(claimed, Accepted("up-1"))
    return messages


async def delivered(world: World, messages: list[Message]) -> list[Message]:
    await world.store.receive([Receipt(m.id, Status.DELIVERED, world.clock()) for m in messages])
    return messages


async def due(
    world: World, most: int = MANY, each: int = MANY, bounds: Mapping[int, int] | None = None
) -> list[Owed]:
    return await world.store.claim_reports(most, MINUTE, each, bounds or {})


async def test_a_long_backlog_hides_nobody(world: World) -> None:
    await delivered(world, await submitted(world, 20))
    world.clock.pass_by(HOUR)
    await delivered(world, await submitted(world, 2, world.other_app))
    assert Counter(one.app for one in await due(world, 8, 4)) == {1: 4, 2: 2}


async def test_apps_take_turns(world: World) -> None:
    await delivered(world, await submitted(world, 5))
    await delivered(world, await submitted(world, 2, world.other_app))
    assert [one.app for _ in range(8) for one in await due(world, 1)] == [1, 2, 1, 2, 1, 1, 1]


async def test_of_an_app_the_oldest_goes_first(world: World) -> None:
    messages = await submitted(world, 3)
    for message in reversed(messages):
        await delivered(world, [message])
        world.clock.pass_by(1)
    found = [one.message for _ in messages for one in await due(world, 1)]
    assert found == [message.id for message in reversed(messages)]


@pytest.mark.parametrize(("bound", "count"), [(-1, 0), (0, 0), (1, 1), (5, 3)])
async def test_an_app_has_a_bound_of_its_own(world: World, bound: int, count: int) -> None:
    await delivered(world, await submitted(world, 3))
    await delivered(world, await submitted(world, 3, world.other_app))
    found = Counter(one.app for one in await due(world, each=2, bounds={1: bound}))
    assert (found[1], found[2]) == (count, 2)


async def test_what_came_of_it_is_kept(world: World) -> None:
    taken, later, never = await delivered(world, await submitted(world, 3))
    await due(world)
    again = world.clock() + HOUR
    never_taken = Reported(never.id, "It answered 500.")
    await world.store.reported([Reported(taken.id), Reported(later.id, "No.", again), never_taken])
    await world.store.reported([never_taken])
    assert world.store.standing().reports_given_up == 1
    assert await due(world) == []
    world.clock.pass_by(HOUR)
    assert [(one.message, one.attempts) for one in await due(world)] == [(later.id, 1)]


@pytest.mark.parametrize(("span", "count"), [(5 * DAY, 1), (5 * DAY + 1, 0)])
async def test_without_a_receipt_for_five_days_nothing_is_owed(
    world: World, span: int, count: int
) -> None:
    messages = await submitted(world)
    world.clock.pass_by(span)
    await world.sweep()
    await delivered(world, messages)
    assert len(await due(world)) == count


async def test_what_has_ended_is_still_owed_after_five_days(world: World) -> None:
    waiting, _ = await submitted(world, 2)
    await delivered(world, [waiting])
    world.clock.pass_by(6 * DAY)
    await world.sweep()
    assert [one.message for one in await due(world)] == [waiting.id]


async def test_a_message_whose_end_was_slept_through_is_still_reported(world: World) -> None:
    message = await sent(world)
    await world.begun()
    world.clock.pass_by(6 * DAY)
    await world.sweep()
    assert await world.status(message) is Status.UNCONFIRMED
    assert await due(world) == []
    world.clock.pass_by(3 * DAY)
    await world.sweep()
    assert [one.message for one in await due(world)] == [message.id]


async def test_a_report_is_kept_for_thirty_days(world: World) -> None:
    given_up, _ = await delivered(world, await submitted(world, 2))
    await world.store.reported([Reported(given_up.id, "It answered 500.")])
    world.clock.pass_by(30 * DAY)
    await world.sweep()
    assert world.store.standing().reports_given_up == len(world.administering.debts(MANY)) == 1
    world.clock.pass_by(1)
    await world.sweep()
    assert world.store.standing().reports_given_up == len(world.administering.debts(MANY)) == 0
    assert await due(world) == []
