"""Every store × what it promises of texts that went out: found by number and by app, new or filed,
across restarts; and what lists show of them.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from hongyan.core.command import Send, Sent
from hongyan.core.identifier import MessageId, made_at
from hongyan.core.message import Kind, Message, Status
from hongyan.core.outcome import Accepted, Rejected
from hongyan.core.time import DAY, MINUTE, Millis
from hongyan.service.ports import Receipt
from hongyan.service.recording import TextRecord
from support.world import Furnish, World

PHONE = "+8613800138000"
OTHER = "+8613800138001"
EVER: Millis = 1 << 62
MANY = 100

Between = Callable[[World], Awaitable[None]]


@pytest.fixture
async def world(furnish: Furnish) -> World:
    """Its first app is known to a protocol that lists texts."""
    return await known(await furnish())


async def known(world: World) -> World:
    world.administering.name_app(world.app, "tencent", "1400006666")
    await world.store.refresh()
    return world


async def nothing(world: World) -> None:
    """As it is: the texts are new."""


async def filed(world: World) -> None:
    world.clock.pass_by(2 * MINUTE)
    await world.sweep()


async def filed_by_another(world: World) -> None:
    await filed(world)
    await world.restart()


async def restarted(world: World) -> None:
    await world.restart()
    await world.sweep()


BETWEEN = pytest.mark.parametrize("between", [nothing, filed, filed_by_another, restarted])


async def texts_to(
    world: World,
    phone: str = PHONE,
    since: Millis = 0,
    until: Millis = EVER,
    most: int = MANY,
) -> list[TextRecord]:
    return await world.store.texts_to(world.app, world.mark(phone), since, until, most)


async def texts(
    world: World, since: Millis = 0, until: Millis = EVER, offset: int = 0, most: int = MANY
) -> tuple[int, list[MessageId]]:
    count, page = await world.store.texts(world.app, since, until, offset, most)
    return count, ids(page)


async def sent(world: World, count: int = 1, phone: str = PHONE, **words: Any) -> list[MessageId]:
    """So many, a millisecond after each other; the newest first."""
    messages = []
    for _ in range(count):
        messages.append((await world.sent(phone, **words)).id)
        world.clock.pass_by(1)
    return messages[::-1]


def ids(found: list[TextRecord]) -> list[MessageId]:
    return [one.id for one in found]


# Found.


@BETWEEN
async def test_texts_to_a_number_are_found_the_newest_first(world: World, between: Between) -> None:
    mine = await sent(world, 3)
    await sent(world, 2, OTHER)
    await sent(world, 2, app=world.other_app)
    await between(world)
    assert ids(await texts_to(world)) == mine
    assert ids(await texts_to(world, most=2)) == mine[:2]
    assert await texts_to(world, "+8613800138002") == []


@BETWEEN
async def test_texts_of_an_app_are_found_by_pages(world: World, between: Between) -> None:
    mine = await sent(world, 2) + await sent(world, 3, OTHER)
    mine = sorted(mine, reverse=True)
    await sent(world, 2, app=world.other_app)
    await between(world)
    assert await texts(world) == (5, mine)
    assert await texts(world, offset=1, most=2) == (5, mine[1:3])
    assert await texts(world, offset=4, most=2) == (5, mine[4:])
    assert await texts(world, offset=5) == (5, [])


@BETWEEN
async def test_a_span_begins_with_its_first_moment_and_ends_before_its_last(
    world: World, between: Between
) -> None:
    mine = await sent(world, 3)
    await between(world)
    middle = made_at(mine[1])
    assert await texts(world, middle, middle + 1) == (1, [mine[1]])
    assert ids(await texts_to(world, PHONE, middle, middle + 1)) == [mine[1]]
    assert await texts(world, middle + 1, EVER) == (1, [mine[0]])
    assert ids(await texts_to(world, PHONE, 0, middle)) == [mine[2]]
    assert await texts(world, middle, middle) == (0, [])


async def test_some_may_be_filed_and_others_new(world: World) -> None:
    old = await sent(world, 2)
    await filed(world)
    new = await sent(world, 2)
    await world.sweep()
    assert ids(await texts_to(world)) == new + old
    assert await texts(world, offset=1, most=2) == (4, [new[1], old[0]])


async def test_texts_of_many_days_are_found(world: World) -> None:
    mine = []
    for _ in range(4):
        mine += await sent(world)
        world.clock.pass_by(DAY)
    await world.sweep()
    mine += await sent(world)
    assert ids(await texts_to(world)) == mine[::-1]
    assert ids(await texts_to(world, most=2)) == mine[:2:-1]
    since = world.clock() - 3 * DAY - MINUTE
    assert ids(await texts_to(world, since=since)) == mine[:0:-1]
    assert await texts(world, since) == (4, mine[:0:-1])


async def test_a_sweep_files_all_there_is_slice_by_slice(furnish: Furnish) -> None:
    world = await known(await furnish(packages=2_000))
    messages = [world.message(f"+86139{number:08d}") for number in range(1_200)]
    await world.send(*messages)
    await filed(world)
    count, page = await texts(world, most=2_000)
    assert (count, page) == (1_200, [one.id for one in messages[::-1]])
    assert ids(await texts_to(world, messages[7].phone)) == [messages[7].id]


@pytest.mark.parametrize("late", [MINUTE // 3 + 1, 2 * MINUTE, DAY])
async def test_a_text_that_is_committed_late_is_found_like_any_other(
    world: World, late: Millis
) -> None:
    waiting = world.message()
    world.clock.pass_by(late)
    mine = await sent(world)
    await filed(world)
    waiting = msgspec.structs.replace(waiting, expires_at=world.clock() + MINUTE)
    await world.send(waiting)
    for _ in range(2):
        assert ids(await texts_to(world)) == [*mine, waiting.id]
        assert await texts(world) == (2, [*mine, waiting.id])
        await filed(world)


async def test_a_late_text_is_found_once_before_it_is_reached_and_after(world: World) -> None:
    late = world.message()
    world.clock.pass_by(MINUTE // 2)
    await world.send(late)
    for _ in range(2):
        await world.sweep()
        assert await texts(world) == (1, [late.id])
        assert ids(await texts_to(world)) == [late.id]
        world.clock.pass_by(MINUTE)


async def test_texts_of_apps_that_no_such_protocol_knows_are_not_filed(furnish: Furnish) -> None:
    world = await furnish()
    mine = await sent(world)
    assert ids(await texts_to(world)) == mine
    await known(world)
    world.administering.name_app(world.other_app, "zhenzi", "other")
    await sent(world, app=world.other_app)
    await filed(world)
    found = await world.store.texts(world.other_app, 0, EVER, 0, MANY)
    assert found == (0, [])


async def test_a_name_given_by_wechat_counts_too(furnish: Furnish) -> None:
    world = await furnish()
    world.administering.name_app(world.app, "wechat", "wx2b5d1c1e7a9f3b08")
    await world.store.refresh()
    mine = await sent(world, 2)
    await filed(world)
    assert await texts(world) == (2, mine)


# Shown.


async def test_a_list_shows_what_became_of_each(world: World) -> None:
    waiting, rejected, delivered = await sent(world, 3)
    claimed = {one.message.id: one for one in await world.begun()}
    await world.settle(claimed[delivered], Accepted("up-1"))
    await world.settle(claimed[rejected], Rejected("blocked", "Blocked."))
    world.clock.pass_by(1)
    receipt = Receipt(claimed[delivered].message.id, Status.DELIVERED, world.clock(), "DELIVRD")
    await world.store.receive([receipt])
    found = {one.id: one for one in await texts_to(world)}
    assert {one.id: one.status for one in found.values()} == {
        waiting: Status.SENDING,
        rejected: Status.REJECTED,
        delivered: Status.DELIVERED,
    }
    assert found[delivered].receipt_code == "DELIVRD"
    assert found[delivered].settled_at == world.clock()
    assert found[waiting].settled_at == 0


async def test_whose_hands_a_text_waits_in_is_not_told(world: World) -> None:
    [message] = await sent(world)
    await world.claim()
    [found] = await texts_to(world)
    assert (found.id, found.status) == (message, Status.QUEUED)
    assert await world.store.ends(world.app, 0, EVER) == {(Status.QUEUED, ""): 1}


async def test_a_list_shows_masked_texts_and_what_the_app_calls_them(world: World) -> None:
    message = msgspec.structs.replace(
        world.message(text="【鸿雁】您的订单384592已发货"), reference="ctx-1"
    )
    await world.send(message)
    [found] = await texts_to(world)
    assert found.text == "【鸿雁】您的订单*已发货"
    assert (found.phone, found.reference, found.units) == (PHONE, "ctx-1", 1)


def of_template(world: World, template: int, text: str, **words: Any) -> Message:
    return msgspec.structs.replace(world.message(text=text, **words), template=template)


@pytest.mark.parametrize("kind", [Kind.NOTICE, Kind.VERIFICATION])
async def test_a_template_is_shown_under_the_signature_of_each_text(
    world: World, kind: Kind
) -> None:
    """Where it has none of its own; also when the clear text has gone."""
    template = world.administering.add_template(world.account, "t", kind, "", "验证码{1}，{2}分钟")
    await world.store.refresh()
    for signature in ("鸿雁", "小雁"):
        text = f"【{signature}】验证码384592，5分钟"
        await world.send(of_template(world, template, text, kind=kind))
        world.clock.pass_by(1)
    await world.send(of_template(world, template, "验证码384592，5分钟", kind=kind))
    shown = ["验证码*，*分钟", "【小雁】验证码*，*分钟", "【鸿雁】验证码*，*分钟"]
    assert [one.text for one in await texts_to(world)] == shown
    for claimed in await world.begun():
        await world.settle(claimed, Accepted("up-1"))
    assert [one.text for one in await texts_to(world)] == shown
    [newest, *_] = await texts_to(world)
    assert (await world.record(newest.id)).text == shown[0]


# Ends.


async def test_ends_are_counted_by_what_was_said(world: World) -> None:
    await sent(world, 6)
    claims = await world.begun()
    codes = ["DELIVRD", "DELIVRD", "UNDELIV", "MK:0001"]
    for claimed, code in zip(claims, codes, strict=False):
        await world.settle(claimed, Accepted("up-1"))
        status = Status.DELIVERED if code == "DELIVRD" else Status.UNDELIVERED
        await world.store.receive([Receipt(claimed.message.id, status, world.clock(), code)])
    await world.settle(claims[4], Accepted("up-1"))
    expected = {
        (Status.DELIVERED, "DELIVRD"): 2,
        (Status.UNDELIVERED, "UNDELIV"): 1,
        (Status.UNDELIVERED, "MK:0001"): 1,
        (Status.SUBMITTED, ""): 1,
        (Status.SENDING, ""): 1,
    }
    assert await world.store.ends(world.app, 0, EVER) == expected
    world.clock.pass_by(2 * MINUTE)
    await world.sweep()
    after = await world.store.ends(world.app, 0, EVER)
    assert sum(after.values()) == 6
    assert after[Status.DELIVERED, "DELIVRD"] == 2
    assert await world.store.ends(world.app, 0, made_at(claims[0].message.id)) == {}
    assert await world.store.ends(world.other_app, 0, EVER) == {}


async def test_ends_of_more_texts_than_are_counted_in_one_go(furnish: Furnish) -> None:
    world = await known(await furnish(packages=6_000))
    for start in range(0, 5_100, 1_020):
        numbers = range(start, start + 1_020)
        command = Send(tuple(world.message(f"+86139{number:08d}") for number in numbers))
        assert isinstance(await world.accept(command), Sent)
        if start == 2_040:
            await filed(world)
    assert await world.store.ends(world.app, 0, EVER) == {(Status.QUEUED, ""): 5_100}
