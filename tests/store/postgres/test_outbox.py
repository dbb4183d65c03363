"""PostgreSQL's outbox in the hands of several processes at once."""

import asyncio
import random
from collections import Counter

import pytest

from hongyan.core import limit
from hongyan.core.identifier import MessageId
from hongyan.core.limit import Window
from hongyan.core.message import Kind, Status
from hongyan.core.outcome import Accepted, Deferred, Outcome, Rejected, Unconfirmed
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND
from hongyan.service.ports import Receipt
from hongyan.store.postgres.line import WORK
from support.hands import BOUGHT, Hands, Shared, begins
from support.world import LEASE

ACCEPTED = Accepted("up-1")
REJECTED = Rejected("no_such_number", "")
DEFERRED = Deferred("Busy.")
UNCONFIRMED = Unconfirmed("No answer.")
OFTEN = (Window("day", 500, DAY),)


async def send(hands: Hands, count: int, *, windows: tuple[Window, ...] = ()) -> list[MessageId]:
    messages = [hands.message(number) for number in range(count)]
    sent = await hands.send(*messages, windows=windows)
    assert len(sent) == count
    return sent


# Claims.


async def test_eight_processes_share_the_messages_out(shared: Shared) -> None:
    processes = [shared.hands() for _ in range(8)]
    sent = await send(processes[0], 1_000)

    async def claim_all(hands: Hands) -> list[MessageId]:
        mine: list[MessageId] = []
        while claimed := await hands.claim(37):
            mine += [one.message.id for one in claimed]
        return mine

    taken = await asyncio.gather(*map(claim_all, processes))
    assert sorted(one for mine in taken for one in mine) == sent


async def test_a_claim_waits_for_no_other(shared: Shared) -> None:
    one, other = shared.hands(), shared.hands()
    first, second = await send(one, 2)
    async with one.held(one.outbox.claim, {Kind.NOTICE: 1}, LEASE) as held:
        assert [claimed.message.id for claimed in await other.claim()] == [second]
    assert [claimed.message.id for claimed in held.task.result()] == [first]


async def test_what_is_back_in_line_goes_first_and_the_oldest_of_it(shared: Shared) -> None:
    hands, other = shared.hands(), shared.hands()
    sent = await send(hands, 6)
    claimed = await hands.begun(4)
    await hands.settle(claimed[2:3], DEFERRED, providers=2)
    await hands.do(hands.outbox.unbegin, begins(claimed[:1]))
    await hands.settle(claimed[3:4], Deferred("Busy.", retry_after=MINUTE))
    assert [one.message.id for one in await other.claim(3)] == [sent[0], sent[2], sent[4]]
    shared.clock.pass_by(MINUTE)
    assert [one.message.id for one in await other.claim(3)] == [sent[3], sent[5]]


async def test_each_kind_has_its_room(shared: Shared) -> None:
    hands = shared.hands()
    for kind in (Kind.MARKETING, Kind.NOTICE, Kind.VERIFICATION):
        await hands.send(*(hands.message(n, kind=kind) for n in range(3)))
    room = {Kind.VERIFICATION: 2, Kind.MARKETING: 1}
    claimed = await hands.do(hands.outbox.claim, room, LEASE)
    assert [one.message.kind for one in claimed] == [
        Kind.VERIFICATION,
        Kind.VERIFICATION,
        Kind.MARKETING,
    ]


async def test_a_message_that_was_committed_late_is_found(shared: Shared) -> None:
    """Its id is older than all that is known to be gone."""
    hands = shared.hands()
    late = hands.message()
    shared.clock.pass_by(HOUR)
    await send(hands, 1)
    assert len(await hands.claim()) == 1
    await hands.send(late)
    shared.clock.pass_by(15 * SECOND)
    assert [one.message for one in await hands.claim()] == [late]


@pytest.mark.parametrize("how", ["deferred", "taken back", "left by a worker that is gone"])
async def test_whoever_waits_for_work_hears_of_what_is_back_in_line(
    shared: Shared, how: str
) -> None:
    hands = shared.hands()
    await send(hands, 1)
    claimed = await hands.claim()
    if how != "left by a worker that is gone":
        await hands.begin(claimed)
    async with shared.heard(WORK):
        match how:
            case "deferred":
                await hands.settle(claimed, DEFERRED, providers=2)
            case "taken back":
                await hands.do(hands.outbox.unbegin, begins(claimed))
            case _:
                shared.clock.pass_by(LEASE)
                await hands.sweep()


# Leases.


async def test_a_worker_that_slept_through_its_lease_does_nothing(shared: Shared) -> None:
    sleeper, other = shared.hands(), shared.hands()
    [message] = await send(sleeper, 1)
    claimed = await sleeper.claim()
    shared.clock.pass_by(LEASE)
    assert await other.sweep() == 1
    again = await other.claim()
    assert await sleeper.begin(claimed) == set()
    assert await other.begin(again) == {message}
    assert await sleeper.begin(claimed) == set()
    assert await sleeper.settle(claimed) == set()
    await sleeper.do(sleeper.outbox.unbegin, begins(claimed))
    assert await other.settle(again) == {message}
    assert await shared.value("SELECT count(*) FROM attempt") == 1


async def test_sweeps_at_once_end_a_lease_once(shared: Shared) -> None:
    processes = [shared.hands() for _ in range(4)]
    sent = await send(processes[0], 40)
    begun = await processes[0].begun(20)
    await processes[0].claim(20)
    shared.clock.pass_by(LEASE)
    assert sum(await asyncio.gather(*(hands.sweep() for hands in processes))) == 40
    unconfirmed = {one.message.id for one in begun}
    assert {
        message for message, status in (await shared.statuses()).items() if status == "unconfirmed"
    } == unconfirmed
    assert await shared.value("SELECT count(*) FROM attempt") == 20
    assert {one.message.id for one in await processes[1].claim()} == set(sent) - unconfirmed


async def test_a_settle_and_the_end_of_its_lease_come_to_one_end(shared: Shared) -> None:
    worker, sweeper = shared.hands(), shared.hands()
    await send(worker, 1)
    begun = await worker.begun()
    shared.clock.pass_by(LEASE)
    async with worker.held(worker.outbox.settle, worker.settlements(begun)):
        assert await sweeper.sweep() == 0
    assert set((await shared.statuses()).values()) == {Status.SUBMITTED}
    assert await shared.value("SELECT count(*) FROM attempt") == 1


async def test_the_end_of_a_lease_and_its_settle_come_to_one_end(shared: Shared) -> None:
    worker, sweeper = shared.hands(), shared.hands()
    await send(worker, 1)
    begun = await worker.begun()
    shared.clock.pass_by(LEASE)
    async with sweeper.held(sweeper.upkeep.sweep):
        settling = asyncio.create_task(worker.settle(begun))
        await shared.somebody_waits()
    assert await settling == set()
    assert set((await shared.statuses()).values()) == {Status.UNCONFIRMED}
    assert await shared.value("SELECT count(*) FROM attempt") == 1


async def test_sweeps_at_once_refund_once(shared: Shared) -> None:
    processes = [shared.hands() for _ in range(4)]
    await send(processes[0], 100)
    shared.clock.pass_by(DAY)
    assert sum(await asyncio.gather(*(hands.sweep() for hands in processes))) == 100
    assert await shared.balance() == BOUGHT


# Receipts.


async def test_a_receipt_waits_for_the_settle_that_is_being_committed(shared: Shared) -> None:
    worker, receiver = shared.hands(), shared.hands()
    [message] = await send(worker, 1)
    begun = await worker.begun()
    async with worker.held(worker.outbox.settle, worker.settlements(begun)):
        receipts = receiver.receipts([message])
        receiving = asyncio.create_task(receiver.do(receiver.outbox.receive, receipts))
        await shared.somebody_waits()
    await receiving
    assert await shared.statuses() == {message: Status.DELIVERED}


@pytest.mark.parametrize(
    ("outcome", "end"),
    [
        (ACCEPTED, Status.DELIVERED),
        (UNCONFIRMED, Status.DELIVERED),
        (REJECTED, Status.REJECTED),
        (DEFERRED, Status.QUEUED),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_a_settle_waits_for_the_receipt_that_is_being_kept(
    shared: Shared, outcome: Outcome, end: Status
) -> None:
    worker, receiver = shared.hands(), shared.hands()
    [message] = await send(worker, 1)
    begun = await worker.begun()
    async with receiver.held(receiver.outbox.receive, receiver.receipts([message])):
        settling = asyncio.create_task(worker.settle(begun, outcome))
        await shared.somebody_waits()
    assert await settling == {message}
    assert await shared.statuses() == {message: end}
    assert await shared.value("SELECT count(*) FROM early_receipt") == 0


async def test_a_receipt_that_many_bring_is_applied_once(shared: Shared) -> None:
    processes = [shared.hands() for _ in range(4)]
    sent = await processes[0].send(*(processes[0].message(n, reports=True) for n in range(50)))
    begun = await processes[0].begun()
    await processes[0].settle(begun)
    await asyncio.gather(
        *(
            hands.do(hands.outbox.receive, hands.receipts(random.sample(sent, len(sent))))
            for hands in processes
        )
    )
    assert set((await shared.statuses()).values()) == {Status.DELIVERED}
    assert await shared.value("SELECT count(*) FROM report WHERE status = 'delivered'") == 50


async def test_a_mixed_set_of_receipts_does_each_what_it_must(shared: Shared) -> None:
    hands = shared.hands()
    sent = await send(hands, 5)
    submitted, doubted, refused, sending = await hands.begun(4)
    await hands.settle([submitted])
    await hands.settle([doubted, refused], UNCONFIRMED)
    receipts = hands.receipts([*sent, hands.message().id])
    receipts[2] = Receipt(refused.message.id, Status.REJECTED, shared.clock())
    await hands.do(hands.outbox.receive, receipts)
    await hands.settle([sending])
    assert await shared.statuses() == dict(
        zip(
            sent,
            [
                Status.DELIVERED,
                Status.DELIVERED,
                Status.REJECTED,
                Status.DELIVERED,
                Status.QUEUED,
            ],
            strict=True,
        )
    )
    assert await shared.balance() == BOUGHT - 4


# Codes that are void.


async def test_a_text_that_is_withdrawn_from_a_workers_hands_is_not_begun(shared: Shared) -> None:
    worker, other = shared.hands(), shared.hands()
    [message] = await send(worker, 1)
    claimed = await worker.claim()
    await other.do(other.outbox.withdraw, [message])
    assert await worker.begin(claimed) == set()
    assert await shared.statuses() == {message: Status.EXPIRED}
    assert await shared.balance() == BOUGHT


@pytest.mark.parametrize("taken_back", [False, True])
async def test_a_text_that_is_withdrawn_while_it_leaves_has_no_other_try(
    shared: Shared, *, taken_back: bool
) -> None:
    worker, other = shared.hands(), shared.hands()
    [message] = await send(worker, 1)
    begun = await worker.begun()
    await other.do(other.outbox.withdraw, [message])
    if taken_back:
        await worker.do(worker.outbox.unbegin, begins(begun))
    else:
        assert await worker.settle(begun, DEFERRED, providers=2) == {message}
    assert await shared.statuses() == {message: Status.EXPIRED}
    assert await shared.balance() == BOUGHT


async def test_a_withdrawal_waits_for_the_settle_that_is_being_committed(shared: Shared) -> None:
    worker, other = shared.hands(), shared.hands()
    [message] = await send(worker, 1)
    begun = await worker.begun()
    async with worker.held(worker.outbox.settle, worker.settlements(begun, DEFERRED, providers=2)):
        withdrawing = asyncio.create_task(other.do(other.outbox.withdraw, [message]))
        await shared.somebody_waits()
    await withdrawing
    assert await shared.statuses() == {message: Status.EXPIRED}


# Money and limits.


async def test_refusals_everywhere_give_back_exactly_what_was_taken(shared: Shared) -> None:
    """Four processes send to one number, and hand over, and are refused, all at once."""
    processes = [shared.hands() for _ in range(4)]
    outcomes: dict[MessageId, Outcome] = {}

    async def work(hands: Hands, chance: random.Random) -> None:
        for _ in range(10):
            sent = await hands.send(*(hands.message() for _ in range(5)), windows=OFTEN)
            assert len(sent) == 5
            for outcome in (REJECTED, ACCEPTED, UNCONFIRMED):
                begun = await hands.begun(chance.randint(1, 4))
                outcomes.update({one.message.id: outcome for one in begun})
                assert len(await hands.settle(begun, outcome)) == len(begun)

    seeds = [random.Random(number) for number in range(4)]
    await asyncio.gather(*map(work, processes, seeds))
    refused = sum(outcome is REJECTED for outcome in outcomes.values())
    assert await shared.balance() == BOUGHT - 200 + refused
    history = int.from_bytes(await shared.value("SELECT events FROM history"))
    assert limit.count(history) == 200 - refused
    assert Counter((await shared.statuses()).values())[Status.REJECTED] == refused


async def test_a_limit_that_was_forgotten_takes_nothing_back(shared: Shared) -> None:
    hands = shared.hands()
    await send(hands, 1, windows=OFTEN)
    await shared.connection.execute("DELETE FROM history")
    await hands.settle(await hands.begun(), REJECTED)
    assert await shared.balance() == BOUGHT


# Everything at once.


async def _step(hands: Hands, chance: random.Random, left: Counter[MessageId]) -> bool:
    """Take some, and let something become of them; `left` counts what has been sent. False when
    there was nothing to take.
    """
    claimed = await hands.claim(chance.randint(1, 40))
    taken = chance.sample(claimed, chance.randint(0, len(claimed)))
    begun = await hands.begin(taken)
    going = [one for one in taken if one.message.id in begun]
    match chance.randrange(6):
        case 0:
            await hands.do(hands.outbox.unbegin, begins(going))
        case 1:
            await hands.settle(going, DEFERRED, providers=100)
        case 2:
            await hands.settle(going, REJECTED)
        case 3:  # It dies while it sends.
            left.update(begun)
        case _:
            left.update(begun)
            receive = hands.do(hands.outbox.receive, hands.receipts(sorted(begun)))
            await asyncio.gather(hands.settle(going), receive)
    return bool(claimed)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_several_processes_do_nothing_is_sent_twice_or_lost(
    shared: Shared, seed: int
) -> None:
    processes = [shared.hands() for _ in range(4)]
    sent = await send(processes[0], 300, windows=OFTEN)
    left: Counter[MessageId] = Counter()

    async def work(hands: Hands, chance: random.Random) -> None:
        while await _step(hands, chance, left):
            if not chance.randrange(4):
                shared.clock.pass_by(LEASE)
            await hands.sweep()

    chances = [random.Random(seed * 10 + number) for number in range(4)]
    while await shared.value("SELECT count(*) FROM outbox WHERE token >= 0"):
        await asyncio.gather(*map(work, processes, chances))
        shared.clock.pass_by(LEASE)
        await processes[0].sweep()
    ended: dict[Status, set[MessageId]] = {}
    for message, status in (await shared.statuses()).items():
        ended.setdefault(status, set()).add(message)
    refused = ended.pop(Status.REJECTED, set())
    assert sorted(refused.union(*ended.values())) == sent
    assert not refused & left.keys()
    assert ended.pop(Status.DELIVERED) | ended.pop(Status.SUBMITTED, set()) <= left.keys()
    assert ended.keys() <= {Status.UNCONFIRMED}
    assert set(left.values()) == {1}
    assert await shared.balance() == BOUGHT - 300 + len(refused)
