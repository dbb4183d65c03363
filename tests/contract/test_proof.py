"""The store's promises about what a passed code leads to: proofs, members, what can be read back."""

import asyncio

from hongyan.core.command import Approved, Consumed
from hongyan.core.errors import ProofInvalid, ProofUsed
from hongyan.core.identifier import MemberId
from hongyan.core.time import HOUR, MINUTE
from hongyan.core.verification import State
from support.world import World

PHONE = "+8613800138000"
BAD = "000000"


# Proofs and members.


async def test_a_proof_is_consumed_once(world: World) -> None:
    approved = await world.check(await world.started())
    assert isinstance(approved, Approved)
    answers = await asyncio.gather(*(world.consume(approved) for _ in range(64)))
    assert sum(isinstance(answer, Consumed) for answer in answers) == 1
    assert sum(isinstance(answer, ProofUsed) for answer in answers) == 63
    await world.restart()
    assert isinstance(await world.consume(approved), ProofUsed)


async def test_a_proof_is_its_apps_alone(world: World) -> None:
    approved = await world.check(await world.started())
    assert isinstance(approved, Approved)
    assert isinstance(await world.consume(approved, world.other_app), ProofInvalid)
    assert isinstance(await world.consume(approved), Consumed)


async def test_one_phone_is_one_member(world: World) -> None:
    first = await world.check(await world.started(), member=MemberId(world.store.next_id()))
    assert isinstance(first, Approved)
    assert (first.new_member, first.member) != (False, None)
    world.clock.pass_by(HOUR)
    await world.restart()
    again = await world.check(await world.started(), member=MemberId(world.store.next_id()))
    assert isinstance(again, Approved)
    assert (again.new_member, again.member) == (False, first.member)


async def test_a_wrong_code_registers_nobody(world: World) -> None:
    verification = await world.started()
    await world.check(verification, BAD, member=MemberId(world.store.next_id()))
    approved = await world.check(verification, member=MemberId(world.store.next_id()))
    assert isinstance(approved, Approved)
    assert approved.new_member


async def test_the_newest_verification_of_a_phone_is_found_while_it_may_be_alive(
    world: World,
) -> None:
    from hongyan.core.verification import current_of

    mark = current_of(world.app, world.mark(PHONE), "register")
    assert await world.store.current(mark) is None
    await world.started()
    world.clock.pass_by(MINUTE)
    newest = await world.started()
    assert await world.store.current(mark) == newest
    await world.restart()
    assert await world.store.current(mark) == newest


async def test_a_verification_is_read_back_as_it_was_written(world: World) -> None:
    caller = world.caller(openid="o-1", ip="192.0.2.1", device="d")
    verification = await world.started(caller=caller)
    found = await world.store.verification(verification)
    assert found is not None
    assert (found.phone, found.purpose, found.state) == (PHONE, "register", State.PENDING)
    assert (found.caller, found.sends, found.created_at) == (caller, 1, world.clock())
    assert await world.store.verification(world.start_command().verification) is None
