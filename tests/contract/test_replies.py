"""Every store × what it promises of replies, of opt-outs by them, and of results that are asked for."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from hongyan.core import opt_out
from hongyan.core.command import Declined, Hear, Heard, Reply, Sent
from hongyan.core.identifier import MessageId
from hongyan.core.message import Kind, Message, Status
from hongyan.core.outcome import Accepted, Rejected
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND
from hongyan.service.directory import TencentProfile
from hongyan.service.ports import Receipt, ReplyDebt, Reported
from hongyan.service.recording import OwedReply, RepliedTo, TextRecord
from support.world import World

PHONE = "+8613800138000"
OTHER = "+8613800138001"
MANY = 100


def a_reply(world: World, text: str = "好的", phone: str = PHONE, app: int = 1) -> Reply:
    return Reply(
        id=world.store.next_id(),
        account=world.account,
        app=app,
        phone=phone,
        phone_mark=world.mark(phone),
        text=text,
        at=world.clock(),
        signature="鸿雁",
        extend="12",
        opts_out=opt_out.is_opt_out(text),
    )


async def heard(world: World, text: str = "好的", phone: str = PHONE, app: int = 1) -> Reply:
    reply = a_reply(world, text, phone, app)
    assert await world.accept(Hear(reply)) == Heard()
    return reply


async def ended(world: World, count: int = 1, app: int = 1) -> list[Message]:
    """Messages that were delivered, the oldest first."""
    messages = []
    for number in range(count):
        message = world.message(f"+86138{app}{number:07}", app=app)
        message = msgspec.structs.replace(message, reference=f"ctx {number}", reports=True)
        await world.send(message)
        messages.append(message)
    for claimed in await world.begun():
        await world.settle(claimed, Accepted("up-1"))
    for message in messages:
        receipt = Receipt(message.id, Status.DELIVERED, world.clock(), "DELIVRD")
        await world.store.receive([receipt])
        world.clock.pass_by(1)
    return messages


async def since_ever(
    world: World, phone: str = PHONE, app: int = 1, most: int = MANY
) -> list[Reply]:
    until = world.clock() + 1
    return await world.store.replies_from(app, world.mark(phone), 0, until, most)


async def due(world: World, *apps: int, most: int = MANY) -> list[OwedReply]:
    return await world.store.claim_replies(apps or (1,), most, MINUTE)


def ids(found: Sequence[Message | TextRecord | Reply]) -> list[MessageId]:
    return [one.id for one in found]


# Replies.


async def test_a_reply_is_given_once_and_stays_on_record(world: World) -> None:
    reply = await heard(world)
    assert await world.store.take_replies(1, MANY) == [reply]
    assert await world.store.take_replies(1, MANY) == []
    await world.restart()
    assert await world.store.take_replies(1, MANY) == []
    assert await since_ever(world) == [reply]


async def test_a_reply_is_its_apps_and_its_numbers_alone(world: World) -> None:
    await heard(world)
    assert await world.store.take_replies(world.other_app, MANY) == []
    assert await since_ever(world, app=world.other_app) == []
    assert await since_ever(world, OTHER) == []


async def test_replies_are_given_in_the_order_in_which_they_came(world: World) -> None:
    replies = [await heard(world, str(number)) for number in range(5)]
    assert await world.store.take_replies(1, 2) == replies[:2]
    assert await world.store.take_replies(1, MANY) == replies[2:]


async def test_a_numbers_replies_are_found_within_their_span_newest_first(world: World) -> None:
    replies = []
    for number in range(4):
        replies.append(await heard(world, str(number)))
        world.clock.pass_by(SECOND)
    since, until = replies[1].at, replies[3].at
    found = await world.store.replies_from(1, world.mark(PHONE), since, until, MANY)
    assert found == [replies[2], replies[1]]
    assert await since_ever(world, most=1) == [replies[3]]


@pytest.mark.parametrize(("text", "opts_out"), [("T", True), ("退订", True), ("谢谢", False)])
async def test_who_replies_so_wants_no_more_marketing(
    world: World, text: str, *, opts_out: bool
) -> None:
    await heard(world, text)
    await heard(world, text)
    await world.restart()
    for kind, declined in ((Kind.MARKETING, opts_out), (Kind.VERIFICATION, False)):
        answer = await world.send(world.message(PHONE, kind=kind))
        assert isinstance(answer, Sent)
        assert isinstance(answer.messages[0], Declined) is declined


async def test_all_that_is_heard_at_once_is_kept(world: World) -> None:
    replies = [a_reply(world, "T", f"+86138{number:08}") for number in range(50)]
    answers = await asyncio.gather(*(world.accept(Hear(reply)) for reply in replies))
    assert answers == [Heard()] * 50
    found = await world.store.take_replies(1, MANY)
    assert sorted(ids(found)) == sorted(ids(replies))


async def test_what_one_tells_is_neither_told_nor_given_by_another(world: World) -> None:
    reply = await heard(world)
    assert [one.reply for one in await due(world)] == [reply]
    assert await due(world) == []
    assert await world.store.take_replies(1, MANY) == []
    world.clock.pass_by(MINUTE)
    (again,) = await due(world)
    assert (again.reply, again.app_name, again.attempts) == (reply, "app_test", 0)


async def test_only_these_apps_are_told_the_oldest_first(world: World) -> None:
    other = await heard(world, app=world.other_app)
    world.clock.pass_by(1)
    mine = [await heard(world, str(number)) for number in range(2)]
    assert await world.store.claim_replies([], MANY, MINUTE) == []
    found = [one.reply for one in await due(world, 1, 2, most=2)]
    assert found == [other, mine[0]]
    assert [one.reply for one in await due(world, 2)] == []
    assert [one.reply for one in await due(world, 1)] == [mine[1]]


async def test_what_came_of_telling_is_kept(world: World) -> None:
    taken, later, never = [await heard(world, str(number)) for number in range(3)]
    await due(world)
    again = world.clock() + HOUR
    given_up = RepliedTo(never.id, "It answered 500.")
    await world.store.replied([RepliedTo(taken.id), RepliedTo(later.id, "No.", again), given_up])
    assert await due(world) == []
    assert await world.store.take_replies(1, MANY) == [never]
    world.clock.pass_by(HOUR)
    (one,) = await due(world)
    assert (one.reply, one.attempts) == (later, 1)
    await world.store.replied([given_up, RepliedTo(later.id)])
    assert await world.store.take_replies(1, MANY) == []


@pytest.mark.parametrize(("span", "count"), [(7 * DAY, 1), (7 * DAY + 1, 0)])
async def test_a_reply_waits_a_week_and_stays_on_record(
    world: World, span: int, count: int
) -> None:
    reply = await heard(world)
    world.clock.pass_by(span)
    await world.sweep()
    assert len(await world.store.take_replies(1, MANY)) == count
    assert await since_ever(world) == [reply]


async def test_whose_text_it_is(world: World) -> None:
    mine = await world.sent()
    origin = await world.store.origin(mine.id)
    assert origin is not None
    assert (origin.account, origin.app) == (world.account, world.app)
    assert (origin.phone_mark, origin.signature) == (mine.phone_mark, "鸿雁")
    assert await world.store.origin(world.store.next_id()) is None


# Results.


async def test_a_result_is_given_once(world: World) -> None:
    first, second = await ended(world, 2)
    (found,) = await world.store.take_results(1, 1)
    assert (found.id, found.phone, found.status) == (first.id, first.phone, Status.DELIVERED)
    assert (found.receipt_code, found.reference) == ("DELIVRD", "ctx 0")
    assert found.settled_at == world.clock() - 2
    assert ids(await world.store.take_results(1, MANY)) == [second.id]
    await world.restart()
    assert await world.store.take_results(1, MANY) == []


async def test_a_result_is_its_apps_alone(world: World) -> None:
    await ended(world)
    assert await world.store.take_results(world.other_app, MANY) == []
    assert len(await world.store.take_results(1, MANY)) == 1


async def test_nothing_is_given_before_the_end(world: World) -> None:
    message = msgspec.structs.replace(world.message(), reports=True)
    await world.send(message)
    assert await world.store.take_results(1, MANY) == []
    (claimed,) = await world.begun()
    await world.settle(claimed, Rejected("blocked", "Blocked."))
    (found,) = await world.store.take_results(1, MANY)
    assert (found.id, found.status) == (message.id, Status.REJECTED)


async def test_what_is_taken_is_owed_to_nobody(world: World) -> None:
    await ended(world, 2)
    assert len(await world.store.take_results(1, MANY)) == 2
    assert await world.store.claim_reports(MANY, MINUTE, MANY, {}) == []


async def test_what_is_just_being_told_is_not_given(world: World) -> None:
    (message,) = await ended(world)
    await world.store.claim_reports(MANY, MINUTE, MANY, {})
    assert await world.store.take_results(1, MANY) == []
    world.clock.pass_by(MINUTE)
    assert ids(await world.store.take_results(1, MANY)) == [message.id]
    await world.store.reported([Reported(message.id)])
    await world.store.reported([Reported(message.id, "Too late.")])
    assert world.store.standing().reports_given_up == 0


async def test_replies_that_nobody_took_are_listed_and_can_be_told_again(world: World) -> None:
    old, new, other = [await heard(world, str(number)) for number in range(3)]
    await due(world)
    await world.store.replied([RepliedTo(one.id, "It answered 500.") for one in (old, new)])
    await world.store.replied([RepliedTo(other.id, "It answered 500.", world.clock() + 1)])
    desk = world.administering
    assert [one.reply for one in desk.reply_debts(MANY)] == [new.id, old.id]
    assert [one.reply for one in desk.reply_debts(1)] == [new.id]
    debt = ReplyDebt(reply=new.id, app="app_test", attempts=1, failure="It answered 500.")
    assert desk.reply_debts(1) == [debt]
    assert desk.owe_again([old.id, other.id]) == 1
    assert [one.reply for one in desk.reply_debts(MANY)] == [new.id]
    world.clock.pass_by(SECOND)
    told = {one.reply.id: one.attempts for one in await due(world)}
    assert told == {old.id: 0, other.id: 1}


async def test_what_nobody_took_is_given_first_and_is_no_debt_any_more(world: World) -> None:
    old, new = await ended(world, 2)
    await world.store.reported([Reported(old.id, "It answered 500.")])
    assert world.store.standing().reports_given_up == 1
    assert ids(await world.store.take_results(1, MANY)) == [old.id, new.id]
    assert world.store.standing().reports_given_up == 0
    assert world.administering.debts(MANY) == []


async def test_askers_at_the_same_time_get_each_once(world: World) -> None:
    messages = await ended(world, 40)
    replies = [await heard(world, str(number)) for number in range(40)]
    told = world.store.claim_reports(10, MINUTE, 10, {})
    asked = [world.store.take_results(1, 10) for _ in range(8)]
    replied = [world.store.take_replies(1, 10) for _ in range(8)]
    owed, results, texts = await asyncio.gather(
        told, asyncio.gather(*asked), asyncio.gather(*replied)
    )
    given = [one.message for one in owed] + [one.id for some in results for one in some]
    assert len(given) == len(set(given))
    given += ids(await world.store.take_results(1, MANY))
    assert sorted(given) == ids(messages)
    back = [one.id for some in texts for one in some]
    back += ids(await world.store.take_replies(1, MANY))
    assert sorted(back) == ids(replies)


@pytest.mark.parametrize(("span", "count"), [(7 * DAY - SECOND, 2), (7 * DAY + 1, 0)])
async def test_a_result_waits_a_week_for_an_app_that_may_ask(
    world: World, span: int, count: int
) -> None:
    app = world.administering.directory().apps["app_test"]
    world.administering.change_app(msgspec.structs.replace(app, tencent=TencentProfile()))
    given_up, _ = await ended(world, 2)
    await ended(world, 1, world.other_app)
    await world.store.reported([Reported(given_up.id, "It answered 500.")])
    world.clock.pass_by(span)
    await world.sweep()
    assert world.store.standing().reports_given_up == min(count, 1)
    assert len(await world.store.take_results(1, MANY)) == count
    assert len(await world.store.take_results(world.other_app, MANY)) == 1
