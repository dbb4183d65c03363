"""Inquiries and status reports that several processes share out among them."""

import asyncio

from hongyan.core.identifier import MessageId
from hongyan.core.outcome import Accepted
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND
from hongyan.service.ports import Owed, Reported
from support.hands import Hands, Shared


async def delivered(hands: Hands, count: int) -> list[MessageId]:
    """So many that their app is to be told of, and that nobody need be asked about."""
    sent = await hands.send(*(hands.message(n, reports=True) for n in range(count)))
    await hands.settle(await hands.begun(count))
    await hands.do(hands.outbox.receive, hands.receipts(sent))
    return sent


async def submitted(hands: Hands, count: int) -> list[MessageId]:
    """So many that a provider is to be asked about."""
    sent = await hands.send(*(hands.message(n) for n in range(count)))
    await hands.settle(await hands.begun(count), Accepted("up-1"), is_asked=True)
    return sent


async def owed(hands: Hands, most: int) -> list[Owed]:
    return await hands.do(hands.pending.claim_reports, most, MINUTE, 100, {})


async def asked(hands: Hands, most: int) -> list[MessageId]:
    claimed = await hands.do(hands.pending.claim_inquiries, "test", most, MINUTE)
    return [one.message for one in claimed]


async def test_reports_are_shared_out(shared: Shared) -> None:
    processes = [shared.hands() for _ in range(4)]
    messages = await delivered(processes[0], 200)

    async def tell_all(hands: Hands) -> list[MessageId]:
        told: list[MessageId] = []
        while due := await owed(hands, 13):
            told += [one.message for one in due]
            await hands.do(hands.pending.reported, [Reported(one.message) for one in due])
        return told

    told = await asyncio.gather(*map(tell_all, processes))
    assert sorted(one for mine in told for one in mine) == messages
    assert await shared.value("SELECT count(*) FROM report") == 0


async def test_a_claim_of_reports_waits_for_no_other(shared: Shared) -> None:
    one, other = shared.hands(), shared.hands()
    first, second = await delivered(one, 2)
    async with one.held(one.pending.claim_reports, 1, MINUTE, 100, {}) as held:
        assert [report.message for report in await owed(other, 5)] == [second]
    assert [report.message for report in held.task.result()] == [first]


async def test_inquiries_are_shared_out(shared: Shared) -> None:
    processes = [shared.hands() for _ in range(4)]
    messages = await submitted(processes[0], 100)
    shared.clock.pass_by(MINUTE)
    claimed = await asyncio.gather(*(asked(hands, 30) for hands in processes))
    again = [await asked(hands, 100) for hands in processes]
    assert sorted(one for mine in [*claimed, *again] for one in mine) == messages


async def test_a_claim_of_inquiries_waits_for_no_other(shared: Shared) -> None:
    one, other = shared.hands(), shared.hands()
    older = await submitted(one, 1)
    shared.clock.pass_by(SECOND)
    newer = await submitted(one, 1)
    shared.clock.pass_by(MINUTE)
    async with one.held(one.pending.claim_inquiries, "test", 1, MINUTE) as held:
        assert await asked(other, 5) == older
    assert [inquiry.message for inquiry in held.task.result()] == newer


async def test_what_others_have_given_up_is_counted_in_a_while(shared: Shared) -> None:
    one, other = shared.hands(), shared.hands()
    first, second = await delivered(one, 2)
    await one.do(one.pending.reported, [Reported(first, "No."), Reported(second, "No.")])
    assert (one.pending.given_up, other.pending.given_up) == (2, 0)
    await other.sweep()
    assert other.pending.given_up == 2
    await shared.connection.execute("UPDATE report SET given_up = FALSE")
    shared.clock.pass_by(5 * SECOND)
    await other.sweep()
    assert other.pending.given_up == 0


async def test_every_process_lets_go_of_what_will_never_end(shared: Shared) -> None:
    one, other = shared.hands(), shared.hands()
    await one.send(*(one.message(n, reports=True) for n in range(3)))
    await one.settle(await one.begun())
    shared.clock.pass_by(5 * DAY + HOUR)
    await asyncio.gather(one.sweep(), other.sweep())
    assert await shared.value("SELECT count(*) FROM report") == 0
