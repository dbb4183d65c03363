"""The store's promises about delivery: handed over once, every end accounted for."""

import asyncio

import pytest

from hongyan.core.command import Queued, Sent
from hongyan.core.limit import Window
from hongyan.core.message import Kind, Status
from hongyan.core.outcome import Accepted, Deferred, Outcome, Rejected, Unconfirmed
from hongyan.core.time import HOUR, MINUTE, SECOND
from hongyan.service.ports import Receipt
from support.world import LEASE, Furnish, World

ACCEPTED = Accepted("up-1")
REJECTED = Rejected("no_such_number", "The number does not exist.")
DEFERRED = Deferred("Busy.")
UNCONFIRMED = Unconfirmed("No answer.")
DAILY = Window("day", 1, 24 * HOUR, natural_day=True)


async def test_a_claimed_message_is_not_claimed_again(world: World) -> None:
    message = await world.sent()
    assert [one.message for one in await world.claim()] == [message]
    assert await world.claim() == []


async def test_many_claims_at_once_share_the_messages_out(world: World) -> None:
    for _ in range(50):
        await world.sent()
    claims = await asyncio.gather(*(world.claim(7) for _ in range(16)))
    claimed = [one.message.id for claim in claims for one in claim]
    assert len(claimed) == len(set(claimed)) == 50


async def test_texts_leave_in_their_order_however_many_wait(furnish: Furnish) -> None:
    world = await furnish(packages=5_000)
    messages = [world.message(f"+86138{number:08d}") for number in range(2_500)]
    await asyncio.gather(*(world.send(*messages[at : at + 500]) for at in range(0, 2_500, 500)))
    claimed = [one for _ in range(5) for one in await world.claim(600)]
    assert [one.message for one in claimed] == messages
    assert {(one.attempts, one.first_attempt_at) for one in claimed} == {(0, 0)}


async def test_verification_texts_go_first(world: World) -> None:
    notice = await world.sent()
    code = await world.sent(kind=Kind.VERIFICATION)
    claimed = await world.claim()
    assert [one.message.id for one in claimed] == [code.id, notice.id]


async def test_only_kinds_with_room_are_claimed(world: World) -> None:
    await world.sent()
    assert await world.claim(1, Kind.VERIFICATION) == []
    assert len(await world.claim(1, Kind.NOTICE)) == 1


async def test_a_lease_that_ends_before_the_begin_gives_the_message_back(world: World) -> None:
    message = await world.sent()
    [stale] = await world.claim()
    world.clock.pass_by(LEASE)
    await world.sweep()
    [fresh] = await world.claim()
    assert fresh.message == message
    assert await world.begin([stale]) == set()
    assert await world.begin([fresh]) == {message.id}


async def test_a_message_is_begun_once(world: World) -> None:
    await world.sent()
    [claimed] = await world.claim()
    begun = await asyncio.gather(*(world.begin([claimed]) for _ in range(16)))
    assert sorted(map(len, begun)) == [0] * 15 + [1]


async def test_a_begin_that_is_taken_back_was_no_attempt(world: World) -> None:
    message = await world.sent(kind=Kind.VERIFICATION)
    begun = await world.begun()
    await world.unbegin(begun)
    await world.restart()
    world.clock.pass_by(MINUTE)
    [claimed] = await world.claim()
    assert (claimed.message, claimed.attempts, claimed.first_attempt_at) == (message, 0, 0)
    assert (await world.record(message)).attempts == ()


async def test_only_its_first_begin_can_be_forgotten(world: World) -> None:
    await world.sent(kind=Kind.VERIFICATION)
    [first] = await world.begun()
    began_at = world.clock()
    await world.settle(first, DEFERRED, providers=2)
    world.clock.pass_by(SECOND)
    await world.unbegin(await world.begun())
    [claimed] = await world.claim()
    assert (claimed.attempts, claimed.first_attempt_at) == (1, began_at)


async def test_a_stale_hand_takes_no_begin_back(world: World) -> None:
    message = await world.sent()
    [begun] = await world.begun()
    await world.settle(begun, ACCEPTED)
    await world.unbegin([begun])
    assert await world.status(message) is Status.SUBMITTED
    assert await world.claim() == []


async def test_a_lease_that_ends_while_sending_is_a_doubt_not_another_send(world: World) -> None:
    message = await world.sent()
    [claimed] = await world.begun()
    world.clock.pass_by(LEASE)
    await world.sweep()
    assert await world.status(message) is Status.UNCONFIRMED
    assert await world.claim() == []
    assert await world.settle(claimed, ACCEPTED) == set()
    [attempt] = (await world.record(message)).attempts
    assert (attempt.outcome, attempt.code) == ("unconfirmed", "lease_ended")


async def test_what_was_claimed_when_the_process_ended_waits_again(world: World) -> None:
    message = await world.sent()
    await world.claim()
    await world.lost()
    assert [one.message for one in await world.claim()] == [message]


async def test_what_was_being_sent_when_the_process_ended_is_in_doubt(world: World) -> None:
    message = await world.sent()
    await world.begun()
    await world.lost()
    assert await world.status(message) is Status.UNCONFIRMED
    assert await world.claim() == []


@pytest.mark.parametrize(
    ("outcome", "status", "balance"),
    [
        (ACCEPTED, Status.SUBMITTED, 998),
        (REJECTED, Status.REJECTED, 1_000),
        (DEFERRED, Status.QUEUED, 998),
        (UNCONFIRMED, Status.UNCONFIRMED, 998),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_each_outcome_has_its_end(
    world: World, outcome: object, status: Status, balance: int
) -> None:
    message = await world.sent(units=2)
    [claimed] = await world.begun()
    assert await world.settle(claimed, outcome) == {message.id}  # type: ignore[arg-type] # any
    assert await world.status(message) is status
    assert await world.balance() == balance
    [attempt] = (await world.record(message)).attempts
    assert attempt.outcome == type(outcome).__name__.lower()


async def test_the_second_of_two_settlements_is_refused(world: World) -> None:
    message = await world.sent()
    [claimed] = await world.begun()
    assert await world.settle(claimed, ACCEPTED) == {message.id}
    for outcome in (REJECTED, DEFERRED, UNCONFIRMED, ACCEPTED):
        assert await world.settle(claimed, outcome) == set()
    assert await world.status(message) is Status.SUBMITTED
    assert await world.balance() == 999


async def test_a_deferred_message_comes_back_when_it_is_due(world: World) -> None:
    message = await world.sent()
    [claimed] = await world.begun()
    await world.settle(claimed, DEFERRED)
    assert await world.claim() == []
    world.clock.pass_by(SECOND)
    [again] = await world.claim()
    assert (again.message, again.attempts) == (message, 1)


async def test_a_deferred_message_waits_over_a_restart(world: World) -> None:
    await world.sent()
    [claimed] = await world.begun()
    await world.settle(claimed, DEFERRED)
    await world.restart()
    assert await world.claim() == []
    world.clock.pass_by(SECOND)
    assert len(await world.claim()) == 1


async def test_a_verification_text_is_tried_by_two_providers_then_expires(world: World) -> None:
    message = await world.sent(kind=Kind.VERIFICATION)
    for _ in range(2):
        [claimed] = await world.begun()
        await world.settle(claimed, DEFERRED, providers=2)
    assert await world.status(message) is Status.EXPIRED
    assert await world.balance() == 1_000
    assert await world.claim() == []


async def test_a_verification_text_is_given_up_after_eight_seconds(world: World) -> None:
    message = await world.sent(kind=Kind.VERIFICATION)
    [claimed] = await world.begun()
    world.clock.pass_by(8 * SECOND)
    await world.settle(claimed, DEFERRED, providers=2)
    assert await world.status(message) is Status.QUEUED
    [claimed] = await world.begun()
    assert claimed.first_attempt_at == world.clock() - 8 * SECOND
    await world.settle(claimed, DEFERRED, providers=2)
    assert await world.status(message) is Status.EXPIRED


@pytest.mark.parametrize("claims", [True, False])
async def test_a_text_that_nobody_took_in_time_expires_and_is_refunded(
    world: World, claims: bool
) -> None:
    message = await world.sent(kind=Kind.VERIFICATION, lifetime=5 * MINUTE)
    world.clock.pass_by(5 * MINUTE)
    if claims:
        assert await world.claim() == []
    else:
        await world.sweep()
    assert await world.status(message) is Status.EXPIRED
    assert await world.balance() == 1_000


async def test_a_text_that_is_not_due_to_expire_is_left_in_its_place(world: World) -> None:
    await world.sent(kind=Kind.VERIFICATION, lifetime=10 * MINUTE)
    world.clock.pass_by(6 * MINUTE)
    await world.sweep()
    assert len(await world.claim()) == 1


async def test_a_refusal_gives_the_place_in_the_limits_back(furnish: Furnish) -> None:
    world = await furnish(windows=(DAILY,))
    await world.sent()
    [claimed] = await world.begun()
    world.clock.pass_by(MINUTE)
    await world.settle(claimed, REJECTED)
    await world.sent()
    await world.restart()
    answer = await world.send()
    assert isinstance(answer, Sent)
    assert not isinstance(answer.messages[0], Queued)


async def test_a_doubt_gives_nothing_back(furnish: Furnish) -> None:
    world = await furnish(windows=(DAILY,))
    await world.sent()
    [claimed] = await world.begun()
    await world.settle(claimed, UNCONFIRMED)
    answer = await world.send()
    assert isinstance(answer, Sent)
    assert not isinstance(answer.messages[0], Queued)
    assert await world.balance() == 999


@pytest.mark.parametrize("end", [Status.DELIVERED, Status.UNDELIVERED])
async def test_a_receipt_ends_a_submitted_message(world: World, end: Status) -> None:
    message = await world.sent()
    [claimed] = await world.begun()
    await world.settle(claimed, ACCEPTED)
    world.clock.pass_by(SECOND)
    await world.store.receive([Receipt(message.id, end, world.clock(), "DELIVRD")])
    record = await world.record(message)
    assert (record.status, record.settled_at, record.receipt_code) == (
        end,
        world.clock(),
        "DELIVRD",
    )


@pytest.mark.parametrize("outcome", [ACCEPTED, UNCONFIRMED], ids=["accepted", "unconfirmed"])
@pytest.mark.parametrize("is_lost", [False, True])
async def test_a_receipt_before_the_settle_waits_for_it(
    world: World, outcome: Accepted | Unconfirmed, is_lost: bool
) -> None:
    message = await world.sent()
    [claimed] = await world.begun()
    await world.store.receive([Receipt(message.id, Status.DELIVERED, world.clock())])
    if is_lost:
        await world.lost()
    else:
        assert await world.status(message) is Status.SENDING
        await world.settle(claimed, outcome)
    assert await world.status(message) is Status.DELIVERED


async def test_a_second_receipt_changes_nothing(world: World) -> None:
    message = await world.sent()
    [claimed] = await world.begun()
    await world.settle(claimed, ACCEPTED)
    await world.store.receive([Receipt(message.id, Status.DELIVERED, world.clock())])
    await world.store.receive([Receipt(message.id, Status.UNDELIVERED, world.clock() + 1)])
    assert await world.status(message) is Status.DELIVERED


async def test_a_receipt_of_nothing_known_is_passed_over(world: World) -> None:
    message = await world.sent()
    [claimed] = await world.begun()
    await world.settle(claimed, ACCEPTED)
    stranger = world.store.next_id()
    await world.store.receive(
        [
            Receipt(stranger, Status.DELIVERED, world.clock()),
            Receipt(message.id, Status.DELIVERED, world.clock()),
        ]
    )
    assert await world.status(message) is Status.DELIVERED


@pytest.mark.parametrize(
    ("end", "balance"),
    [
        (Status.SUBMITTED, 999),
        (Status.DELIVERED, 999),
        (Status.UNDELIVERED, 999),
        (Status.REJECTED, 1_000),
    ],
)
async def test_a_receipt_resolves_a_doubt(world: World, end: Status, balance: int) -> None:
    message = await world.sent()
    [claimed] = await world.begun()
    await world.settle(claimed, UNCONFIRMED)
    await world.store.receive([Receipt(message.id, end, world.clock())])
    assert await world.status(message) is end
    assert await world.balance() == balance


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_doubt_that_nobody_resolves_is_closed_after_three_days_charged(
    world: World, restarts: bool
) -> None:
    message = await world.sent()
    [claimed] = await world.begun()
    await world.settle(claimed, UNCONFIRMED)
    if restarts:
        await world.restart()
    world.clock.pass_by(72 * HOUR - SECOND)
    await world.sweep()
    assert await world.status(message) is Status.UNCONFIRMED
    world.clock.pass_by(SECOND)
    await world.sweep()
    assert await world.status(message) is Status.CLOSED
    assert await world.balance() == 999


@pytest.mark.parametrize(
    "outcome", [ACCEPTED, REJECTED, UNCONFIRMED], ids=lambda o: type(o).__name__
)
async def test_the_clear_text_of_a_verification_is_gone_with_its_settle(
    world: World, outcome: Accepted | Rejected | Unconfirmed
) -> None:
    message = await world.sent(kind=Kind.VERIFICATION)
    [claimed] = await world.begun()
    await world.settle(claimed, outcome)
    assert "384592" not in (await world.record(message)).text
    if outcome is UNCONFIRMED:
        await world.store.receive([Receipt(message.id, Status.DELIVERED, world.clock())])
    assert (await world.record(message)).text == "【鸿雁】您的验证码为：*，请于5分钟内填写。"


async def test_work_is_announced_as_soon_as_there_is_some(world: World) -> None:
    waiting = asyncio.create_task(world.store.work(tuple(Kind), HOUR))
    await asyncio.sleep(0)
    await world.sent()
    await waiting


async def test_a_mixed_settle_settles_each_by_itself(world: World) -> None:
    messages = [await world.sent(f"+86138{number:08d}") for number in range(4)]
    claimed = await world.begun()
    outcomes: list[Outcome] = [ACCEPTED, REJECTED, DEFERRED, UNCONFIRMED]
    settled = await asyncio.gather(*map(world.settle, claimed, outcomes))
    assert set().union(*settled) == {message.id for message in messages}
    assert [await world.status(message) for message in messages] == [
        Status.SUBMITTED,
        Status.REJECTED,
        Status.QUEUED,
        Status.UNCONFIRMED,
    ]
