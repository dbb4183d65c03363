"""Every store × what it promises of inquiries."""

import pytest

from hongyan.core.inquiry import LONGEST
from hongyan.core.message import Kind, Message, Status
from hongyan.core.outcome import Accepted, Outcome, Rejected, Unconfirmed
from hongyan.core.time import MINUTE, SECOND
from hongyan.service.ports import Inquiry, Receipt
from hongyan.service.settle import Attempted, Patience, settlement
from support.world import World

NAME = "sandbox"
"""Whom the world begins everything at."""
LEASE = 3 * MINUTE
TAKEN, DOUBTED = Accepted("up-1"), Unconfirmed("Cut off.")


async def sent(
    world: World, outcome: Outcome, number: str = "+8613800138000", *, is_asked: bool = True
) -> Message:
    """A message that such a provider has had."""
    message = await world.sent(number)
    [claimed] = await world.begun()
    attempted = Attempted(
        claimed=claimed,
        provider=NAME,
        providers=1,
        started_at=world.clock(),
        ended_at=world.clock(),
        outcome=outcome,
        is_asked=is_asked,
    )
    assert await world.store.settle([settlement(attempted, Patience())]) == {message.id}
    return message


async def due(world: World, most: int = 100) -> list[Inquiry]:
    return await world.store.claim_inquiries(NAME, most, LEASE)


def about(message: Message, *, asked: int = 0, in_doubt: bool = False) -> Inquiry:
    return Inquiry(message=message.id, asked=asked, in_doubt=in_doubt)


@pytest.mark.parametrize(("outcome", "in_doubt"), [(TAKEN, False), (DOUBTED, True)])
async def test_what_was_taken_or_doubted_is_asked_about_after_a_while(
    world: World, outcome: Outcome, *, in_doubt: bool
) -> None:
    message = await sent(world, outcome)
    assert await due(world) == []
    world.clock.pass_by(3 * SECOND)
    assert await due(world) == [about(message, in_doubt=in_doubt)]


async def test_nothing_else_is(world: World) -> None:
    await sent(world, Rejected("blocked", "Blocked."))
    await sent(world, TAKEN, "+8613800138001", is_asked=False)
    world.clock.pass_by(LEASE)
    assert await due(world) == []


async def test_each_provider_is_asked_about_its_own(world: World) -> None:
    message = await sent(world, TAKEN)
    world.clock.pass_by(MINUTE)
    assert await world.store.claim_inquiries("zhenzi", 100, LEASE) == []
    assert await due(world) == [about(message)]


async def test_none_is_claimed_twice_before_its_lease_ends(world: World) -> None:
    message = await sent(world, TAKEN)
    world.clock.pass_by(MINUTE)
    assert await due(world) == [about(message)]
    assert await due(world) == []
    world.clock.pass_by(LEASE)
    assert await due(world) == [about(message)]


async def test_doubts_go_first_then_what_became_due_last(world: World) -> None:
    doubt = await sent(world, DOUBTED, "+8613800138000")
    world.clock.pass_by(SECOND)
    old = await sent(world, TAKEN, "+8613800138001")
    world.clock.pass_by(SECOND)
    new = await sent(world, TAKEN, "+8613800138002")
    world.clock.pass_by(MINUTE)
    found = await due(world, 2) + await due(world, 2)
    assert [one.message for one in found] == [doubt.id, new.id, old.id]


async def test_a_question_is_put_off_or_was_the_last(world: World) -> None:
    message = await sent(world, TAKEN)
    world.clock.pass_by(MINUTE)
    await due(world)
    await world.store.put_off({message.id: world.clock() + SECOND})
    assert await due(world) == []
    world.clock.pass_by(SECOND)
    assert await due(world) == [about(message, asked=1)]
    await world.store.put_off({message.id: 0})
    world.clock.pass_by(LEASE)
    assert await due(world) == []


async def test_one_that_nobody_heard_does_not_count(world: World) -> None:
    message = await sent(world, TAKEN)
    world.clock.pass_by(MINUTE)
    await due(world)
    await world.store.put_off({message.id: world.clock()}, asked=False)
    assert await due(world) == [about(message)]


async def test_nobody_is_asked_about_what_has_ended(world: World) -> None:
    message = await sent(world, TAKEN)
    await world.store.receive([Receipt(message.id, Status.DELIVERED, world.clock())])
    world.clock.pass_by(MINUTE)
    assert await due(world) == []
    world.clock.pass_by(LEASE)
    assert await due(world) == []


async def test_inquiries_outlive_the_process(world: World) -> None:
    doubt = await sent(world, DOUBTED)
    taken = await sent(world, TAKEN, "+8613800138001")
    await world.restart()
    world.clock.pass_by(MINUTE)
    assert await due(world) == [about(doubt, in_doubt=True), about(taken)]


@pytest.mark.parametrize("kind", [Kind.NOTICE, Kind.VERIFICATION])
async def test_what_a_lost_process_was_sending_is_asked_about_at_once(
    world: World, kind: Kind
) -> None:
    message = await world.sent(kind=kind)
    await world.begun()
    await world.lost()
    assert await world.status(message) is Status.UNCONFIRMED
    assert await due(world) == [about(message, in_doubt=True)]


async def test_a_doubt_that_becomes_a_fact_is_asked_about_on(world: World) -> None:
    message = await sent(world, DOUBTED)
    await world.store.receive([Receipt(message.id, Status.SUBMITTED, world.clock())])
    assert await world.status(message) is Status.SUBMITTED
    world.clock.pass_by(MINUTE)
    assert await due(world) == [about(message)]


async def test_what_nobody_could_be_asked_about_is_forgotten_in_the_end(world: World) -> None:
    await sent(world, TAKEN)
    world.clock.pass_by(LONGEST + 1)
    young = await sent(world, TAKEN, "+8613800138001")
    await world.sweep()
    assert await due(world) == []
    world.clock.pass_by(MINUTE)
    assert await due(world) == [about(young)]
