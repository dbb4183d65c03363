"""Two processes and more at once: every promise about "once" and "at most" holds across them."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from hongyan.core.batch import number_mark
from hongyan.core.command import (
    Approved,
    Consumed,
    Declined,
    Knock,
    Link,
    Opened,
    Queued,
    Send,
    Sent,
)
from hongyan.core.draft import Tally
from hongyan.core.errors import CodeRefused, HongyanError, ProofUsed, WrongSecret
from hongyan.core.identifier import MemberId
from hongyan.core.limit import Window
from hongyan.core.message import Message
from hongyan.core.outcome import Rejected
from hongyan.core.time import DAY, MINUTE, SECOND
from support.processes import Processes, processes
from support.world import World

AT_ONCE = 64
BLOCKED = "SELECT max(query) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = $1"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Processes]:
    async with processes(tmp_path, 2) as opened:
        yield opened


async def together(house: Processes, ask: Callable[[World], Any]) -> list[Any]:
    """The same, 64 times at once, of all processes by turns."""
    worlds = house.worlds
    return await asyncio.gather(*(ask(worlds[n % len(worlds)]) for n in range(AT_ONCE)))


def queued(answers: list[Any]) -> list[Queued]:
    """All the messages that were taken; no answer is an error."""
    assert all(isinstance(answer, Sent) for answer in answers), Counter(map(repr, answers))
    return [one for answer in answers for one in answer.messages if isinstance(one, Queued)]


def named(world: World, reference: str) -> Message:
    mark = world.mark(reference, b"reference")
    return msgspec.structs.replace(world.message(), reference=reference, reference_mark=mark)


async def test_of_64_right_codes_one_passes(house: Processes) -> None:
    verification = await house.worlds[0].started()
    answers = await together(house, lambda world: world.check(verification))
    assert Counter(map(type, answers)) == {Approved: 1, CodeRefused: 63}


async def test_of_64_wrong_codes_five_are_compared(house: Processes) -> None:
    verification = await house.worlds[0].started()
    answers = await together(house, lambda world: world.check(verification, "000000"))
    assert set(map(type, answers)) == {CodeRefused}
    found = await house.worlds[1].store.verification(verification)
    assert found is not None
    assert (found.attempts, found.code) == (5, None)


async def test_of_64_who_use_a_proof_one_does(house: Processes) -> None:
    verification = await house.worlds[0].started()
    approved = await house.worlds[1].check(verification)
    assert isinstance(approved, Approved)
    answers = await together(house, lambda world: world.consume(approved))
    assert Counter(map(type, answers)) == {Consumed: 1, ProofUsed: 63}


async def test_a_phone_becomes_one_member(house: Processes) -> None:
    """Two purposes, verified at the same moment: no verification is common to the two."""
    purposes = [f"p{number}" for number in range(4)]
    verifications = []
    for purpose in purposes:
        verifications.append(await house.worlds[0].started(purpose=purpose))
        house.worlds[0].clock.pass_by(MINUTE)
    answers = await asyncio.gather(
        *(
            house.worlds[n % 2].check(verification, member=MemberId(n + 1))
            for n, verification in enumerate(verifications)
        )
    )
    approved = [answer for answer in answers if isinstance(answer, Approved)]
    assert len(approved) == 4
    assert len({answer.member for answer in approved}) == 1
    assert sum(answer.new_member for answer in approved) == 1


@pytest.mark.parametrize("most", [1, 7])
async def test_a_limit_is_exact(tmp_path: Path, most: int) -> None:
    windows = (Window("30s", most, 30 * SECOND),)
    async with processes(tmp_path, 3, windows=windows) as house:
        for _ in range(3):
            answers = await together(house, lambda world: world.send())
            assert len(queued(answers)) == most
            house.worlds[0].clock.pass_by(30 * SECOND)


async def test_a_client_and_an_address_are_counted_across_processes(house: Processes) -> None:
    windows = (Window("24h", 9, DAY),)

    async def send(world: World) -> Any:
        mark = world.mark("c", b"client")
        return await world.accept(Send((world.message(),), client=mark, client_windows=windows))

    assert len(queued(await together(house, send))) == 9

    numbers = iter(range(AT_ONCE))

    async def start(world: World) -> Any:
        number = f"+86138001380{next(numbers):02d}"
        return await world.start(number, caller=world.caller(ip="192.0.2.1"))

    answers = await together(house, start)
    assert sum(not isinstance(answer, HongyanError) for answer in answers) == 10


async def test_a_door_is_shut_by_all_who_guess_at_it(house: Processes) -> None:
    async def guess(world: World) -> Any:
        return await world.accept(Knock(world.mark("door", b"door"), right=False))

    assert set(map(type, await together(house, guess))) == {WrongSecret}
    for world in house.worlds:
        right = Knock(world.mark("door", b"door"), right=True)
        assert isinstance(await world.accept(right), WrongSecret)
    house.worlds[0].clock.pass_by(SECOND)
    right = Knock(house.worlds[0].mark("door", b"door"), right=True)
    assert isinstance(await house.worlds[1].accept(right), Opened)


async def test_a_request_under_a_key_is_done_once(house: Processes) -> None:
    for number in range(5):
        key = f"k{number}"
        answers = await together(house, lambda w, k=key: w.send(key=w.idempotency(k)))  # type: ignore[misc]
        assert all(answer == answers[0] for answer in answers)
    assert await house.worlds[0].balance() == 995


async def test_who_loses_each_race_for_a_key_is_answered_by_himself(
    house: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And with him those who share his batch. (Here one race is all that may be lost.)"""
    monkeypatch.setattr("hongyan.store.postgres.unit._MOST_REPEATS", 0)
    one, other = house.worlds
    taken = await other.send(key=other.idempotency("k0"))
    onlooker = await asyncpg.connect(house.url)
    await onlooker.execute("CREATE TABLE first AS SELECT * FROM kept; DELETE FROM kept")
    await onlooker.execute("BEGIN; LOCK TABLE kept IN SHARE MODE")
    asked = [one.send(key=one.idempotency(f"k{number}")) for number in range(5)]
    answers = asyncio.gather(*asked)
    while not await house.value(BLOCKED, house.name):
        await asyncio.sleep(0)
    await onlooker.execute("INSERT INTO kept SELECT * FROM first; DROP TABLE first; COMMIT")
    assert (await answers)[0] == taken
    assert len(queued(await answers)) == 5
    assert await house.books() == (995, 995, 995)
    await onlooker.close()


async def test_a_call_under_a_key_is_refused_once_and_for_all(tmp_path: Path) -> None:
    """What is bought while all ask is spent by nobody, or by the one that was decided first."""
    async with processes(tmp_path, 2, packages=0) as house:
        key = house.worlds[0].idempotency("k")

        async def send(world: World) -> Any:
            message = msgspec.structs.replace(world.message(), units=2)
            return await world.accept(Send((message,), idempotency=key, keeps_refusals=True))

        asked = asyncio.ensure_future(together(house, send))
        await send(house.worlds[1])
        house.worlds[0].administering.add_package(1, 7, "late")
        answers = await asked + await together(house, send)
        assert len({repr(answer) for answer in answers}) == 1
        assert await house.worlds[0].balance() == 7 - 2 * bool(queued(answers))


async def test_the_same_text_is_counted_across_processes(house: Processes) -> None:
    windows = (Window("30s", 3, 30 * SECOND),)

    async def send(world: World) -> Any:
        mark = world.mark("content", b"content")
        command = Send((world.message(),), contents=(mark,), content_windows=windows)
        return await world.accept(command)

    for _ in range(2):
        assert len(queued(await together(house, send))) == 3
        house.worlds[0].clock.pass_by(30 * SECOND)


async def test_statistics_lose_nothing_while_they_are_summed(house: Processes) -> None:
    async def send(world: World) -> Any:
        command = Send((world.message(units=2),), tallied=True, refused=1)
        answer, _ = await asyncio.gather(world.accept(command), world.store.sweep())
        return answer

    assert len(queued(await together(house, send))) == AT_ONCE
    for world in house.worlds:
        expected = Tally(2 * AT_ONCE, AT_ONCE, 2 * AT_ONCE)
        assert await world.store.tally(world.app, 0, 1 << 62) == expected
        await world.sweep()


async def test_each_time_a_link_is_opened_counts(house: Processes) -> None:
    message = house.worlds[0].message()
    link = Link(7, message.id, "env", "/", house.worlds[0].clock() + DAY)
    await house.worlds[0].accept(Send((message,), links=(link,)))
    opened = await together(house, lambda world: world.store.open_link(7, world.clock()))
    assert sorted(one.times for one in opened) == list(range(1, AT_ONCE + 1))


async def test_texts_are_listed_once_while_all_processes_file(house: Processes) -> None:
    house.worlds[0].administering.name_app(1, "tencent", "1400006666")
    assert len(queued(await together(house, lambda world: world.send()))) == AT_ONCE
    house.worlds[0].clock.pass_by(2 * MINUTE)

    async def look(world: World) -> Any:
        await world.store.sweep()
        return await world.store.texts(1, 0, 1 << 62, 0, 2 * AT_ONCE)

    for count, page in await together(house, look):
        assert (count, len({one.id for one in page})) == (AT_ONCE, AT_ONCE)


async def test_a_reference_is_taken_once(house: Processes) -> None:
    for number in range(3):
        reference = f"m{number % 2}"
        answers = await together(house, lambda w, r=reference: w.send(named(w, r)))  # type: ignore[misc]
        taken = queued(answers)
        assert len(taken) == (1 if number < 2 else 0)
    house.worlds[0].clock.pass_by(DAY)
    [again] = queued(await together(house, lambda w: w.send(named(w, "m0"))))
    mark = house.worlds[0].mark("m0", b"reference")
    assert await house.worlds[1].store.find(mark) == again.id


async def test_a_balance_is_spent_to_the_last_and_not_further(tmp_path: Path) -> None:
    async with processes(tmp_path, 4, packages=41) as house:
        answers = await together(house, lambda world: world.send(world.message(units=2)))
        assert len(queued(answers)) == 20
        answers = await together(house, lambda world: world.send())
        assert len(queued(answers)) == 1
        assert await house.books() == (0, 0, 0)


async def test_whatever_they_ask_at_once_nobody_is_told_of_a_deadlock(tmp_path: Path) -> None:
    """Numbers, users, keys and references of which everybody wants several, in any order."""
    chance = random.Random(4)
    windows = (Window("24h", 30, DAY),)
    async with processes(tmp_path, 3, packages=400, windows=windows) as house:
        codes: list[Any] = []

        async def send(world: World) -> Any:
            messages = tuple(
                msgspec.structs.replace(
                    named(world, f"m{chance.randrange(500)}"),
                    phone_mark=world.mark(f"phone {chance.randrange(8)}"),
                )
                for _ in range(chance.randrange(1, 4))
            )
            client = world.mark(f"client {chance.randrange(4)}", b"client")
            key = world.idempotency(f"k{chance.randrange(300)}", str(chance.random()))
            return await world.accept(Send(messages, windows, key, client, windows))

        async def start(world: World) -> Any:
            caller = world.caller(
                openid=f"o{chance.randrange(5)}", ip=f"192.0.2.{chance.randrange(3)}"
            )
            number = f"+86138001380{chance.randrange(30):02d}"
            answer = await world.start(number, caller=caller, purpose=f"p{chance.randrange(2)}")
            if not isinstance(answer, HongyanError):
                codes.append((answer.verification, caller))
            return answer

        async def check(world: World) -> Any:
            if not codes:
                return None
            verification, caller = chance.choice(codes)
            code = chance.choice(["384592", "000000"])
            return await world.check(verification, code, caller=caller, member=MemberId(7))

        async def either(world: World) -> Any:
            return await chance.choice([send, start, check])(world)

        for _ in range(4):
            await together(house, either)
            house.worlds[0].clock.pass_by(MINUTE)
        balance, ledger, charged = await house.books()
        assert balance == ledger == charged
        assert balance >= 0


async def test_a_flood_to_one_number_is_answered_by_the_limit(tmp_path: Path) -> None:
    """All batches want the row of one number, and none of its texts has a lock before it is written."""
    windows = (Window("24h", 100, DAY),)
    async with processes(tmp_path, 4, packages=500, windows=windows) as house:
        for n in range(4):
            asked = [
                together(house, lambda w, k=k: w.send(key=w.idempotency(f"{k}")))  # type: ignore[misc]
                for k in range(40 * n, 40 * n + 40)
            ]
            taken = {one.id for answers in await asyncio.gather(*asked) for one in queued(answers)}
            assert len(taken) == min(40, 100 - 40 * n) if n < 3 else not taken
        assert await house.books() == (400, 400, 400)


async def test_limits_given_back_while_texts_are_taken_are_counted_right(tmp_path: Path) -> None:
    windows = (Window("24h", 100, DAY),)
    async with processes(tmp_path, 3, packages=1_000, windows=windows) as house:

        async def refuse(world: World) -> None:
            for claimed in await world.begun(8):
                await world.settle(claimed, Rejected("no_such_number", ""))

        async def either(world: World) -> None:
            await asyncio.gather(world.send(), world.send(), refuse(world))

        await together(house, either)
        count = "SELECT count(*) FROM message WHERE status IS NULL"
        waiting = await house.value(count)
        await together(house, lambda world: world.send())
        await together(house, lambda world: world.send())
        assert waiting <= await house.value(count) == 100
        balance, ledger, charged = await house.books()
        assert balance == ledger == charged == 900


async def test_who_waits_for_limits_waits_for_none_that_is_made_meanwhile(house: Processes) -> None:
    """Else it waits out of the order in which all lock, and two wait for each other for a second."""
    [world, *_] = house.worlds
    windows = (Window("24h", 9, DAY),)
    user = world.mark("user", b"client")
    numbers = (f"+86138001380{n:02d}" for n in range(100))
    new = next(n for n in numbers if number_mark(world.app, world.mark(n)) < user)
    mark = number_mark(world.app, world.mark(new))

    async def send(number: str) -> Any:
        return await world.accept(
            Send((world.message(number),), windows, client=user, client_windows=windows)
        )

    await send("+8613900139000")
    one, other = [await asyncpg.connect(house.url) for _ in range(2)]
    await one.execute(f"BEGIN; SELECT FROM history WHERE mark = {user} FOR UPDATE")
    sending = asyncio.create_task(send(new))
    while not await house.value(BLOCKED, house.name):
        await asyncio.sleep(0)
    await other.execute("INSERT INTO history VALUES ($1, '', 0)", mark)
    await other.execute(f"BEGIN; SELECT FROM history WHERE mark = {mark} FOR UPDATE")
    await one.execute("COMMIT")
    await other.execute(f"SELECT FROM history WHERE mark = {user} FOR UPDATE; COMMIT")
    assert len(queued([await sending])) == 1
    await asyncio.gather(one.close(), other.close())


async def test_who_lost_a_race_for_a_limit_keeps_no_account_waiting(house: Processes) -> None:
    """It is repeated under the limit's lock alone, and debits the account with its last words as ever."""
    [world, *_] = house.worlds
    windows = (Window("24h", 9, DAY),)
    await world.accept(Send((world.message(),), windows))
    one, other = [await asyncpg.connect(house.url) for _ in range(2)]
    await one.execute("BEGIN; UPDATE history SET events = ''")
    await other.execute("BEGIN; SELECT FROM account FOR UPDATE")
    sending = asyncio.create_task(world.accept(Send((world.message(),), windows)))
    while not await house.value(BLOCKED, house.name):
        await asyncio.sleep(0)
    await one.execute("COMMIT")
    while "moved" in (last := await house.value(BLOCKED, house.name) or "moved"):
        await asyncio.sleep(0)
    assert last.endswith("COMMIT")
    await other.execute("COMMIT")
    assert len(queued([await sending])) == 1
    await asyncio.gather(one.close(), other.close())


async def test_each_process_makes_ids_of_its_own(house: Processes) -> None:
    third = await house.more()
    ids = [world.store.next_id() for world in (*house.worlds, third) for _ in range(5_000)]
    assert len(set(ids)) == len(ids)


async def test_what_an_operator_changes_is_seen_by_all(house: Processes) -> None:
    one, other = house.worlds
    one.administering.create_app(one.account, "app_new", "New")
    async with asyncio.timeout(2):
        while "app_new" not in other.store.directory.apps:
            await asyncio.sleep(0)


async def test_what_one_accepts_wakes_the_other(house: Processes) -> None:
    one, other = house.worlds
    await other.claim()
    waiting = asyncio.create_task(other.store.work([one.message().kind], 15 * SECOND))
    await one.sent()
    async with asyncio.timeout(5):
        await waiting
    assert len(await other.claim()) == 1


async def test_nobody_keeps_a_connection(house: Processes) -> None:
    await together(house, lambda world: world.send())
    for world in house.worlds:
        while world.raw._connections.taken:  # By whoever tells the others, after the answer.
            await asyncio.sleep(0)


async def test_what_cannot_be_written_fails_alone(house: Processes) -> None:
    [world, *_] = house.worlds
    endless = world.sent(lifetime=1 << 70)
    answers = await asyncio.gather(world.sent(), endless, world.sent(), return_exceptions=True)
    assert [isinstance(one, Exception) for one in answers] == [False, True, False]
    assert not world.store.standing().trouble


async def test_a_text_that_is_there_already_fails_alone(house: Processes) -> None:
    [world, *_] = house.worlds
    there = await world.sent()
    answers = await asyncio.gather(world.send(), world.send(there), return_exceptions=True)
    assert [isinstance(one, Exception) for one in answers] == [False, True]
    assert not world.store.standing().trouble


async def test_a_declined_number_says_why_in_every_process(tmp_path: Path) -> None:
    windows = (Window("30s", 1, 30 * SECOND),)
    async with processes(tmp_path, 2, windows=windows) as house:
        await house.worlds[0].sent()
        answer = await house.worlds[1].send()
        assert isinstance(answer, Sent)
        until = house.worlds[0].clock() + 30 * SECOND
        assert answer.messages == (Declined("30s", until),)
