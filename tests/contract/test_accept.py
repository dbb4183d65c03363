"""The store's promises about texts that apps bring: accepted once, charged once, within limits."""

import asyncio

import pytest

from hongyan.core.command import Declined, Queued, Send, Sent
from hongyan.core.errors import KeyReused, NoBalance
from hongyan.core.limit import Window
from hongyan.core.message import Kind, Status
from hongyan.core.time import DAY, HOUR, SECOND
from support.world import Furnish, World

THIRTY_SECONDS = Window("30s", 1, 30 * SECOND)
TWO_A_DAY = Window("day", 2, DAY, natural_day=True)


async def test_an_accepted_message_is_found_queued_and_masked(world: World) -> None:
    message = await world.sent()
    record = await world.record(message)
    assert (record.status, record.kind, record.units) == (Status.QUEUED, Kind.NOTICE, 1)
    assert record.phone == "+8613800138000"
    assert record.text == "【鸿雁】您的验证码为：*，请于5分钟内填写。"
    assert record.accepted_at == world.clock()


async def test_a_message_is_its_apps_alone(world: World) -> None:
    message = await world.sent()
    assert await world.store.message(world.other_app, message.id) is None


async def test_a_message_costs_its_segments(world: World) -> None:
    await world.sent(units=3)
    assert await world.balance() == 997


async def test_what_the_balance_does_not_cover_is_declined_and_leaves_nothing(
    furnish: Furnish,
) -> None:
    world = await furnish(packages=2)
    first, second, third = world.message(), world.message(units=2), world.message()
    answer = await world.send(first, second, third)
    assert isinstance(answer, Sent)
    assert [type(one) for one in answer.messages] == [Queued, Declined, Queued]
    declined = answer.messages[1]
    assert isinstance(declined, Declined)
    assert isinstance(declined.error(), NoBalance)
    assert await world.balance() == 0
    assert await world.store.message(world.app, second.id) is None


async def test_many_at_once_never_spend_more_than_the_balance(furnish: Furnish) -> None:
    world = await furnish(packages=40)
    answers = await asyncio.gather(*(world.send() for _ in range(64)))
    queued = [a for a in answers if isinstance(a, Sent) and isinstance(a.messages[0], Queued)]
    assert len(queued) == 40
    assert await world.balance() == 0


async def test_a_bought_package_is_noticed_without_a_restart(furnish: Furnish) -> None:
    world = await furnish(packages=0)
    answer = await world.send()
    assert isinstance(answer, Sent)
    assert isinstance(answer.messages[0], Declined)
    world.administering.add_package(world.account, 1, "later")
    await world.sent()


async def test_of_two_commands_in_one_batch_the_second_sees_the_first(furnish: Furnish) -> None:
    world = await furnish(windows=(THIRTY_SECONDS,))
    answers = await asyncio.gather(*(world.send() for _ in range(64)))
    queued = [a for a in answers if isinstance(a, Sent) and isinstance(a.messages[0], Queued)]
    assert len(queued) == 1


async def test_a_limit_says_which_window_and_when_to_come_back(furnish: Furnish) -> None:
    world = await furnish(windows=(THIRTY_SECONDS, TWO_A_DAY))
    await world.sent()
    world.clock.pass_by(10 * SECOND)
    answer = await world.send()
    assert isinstance(answer, Sent)
    assert answer.messages == (Declined("30s", world.clock() + 20 * SECOND),)
    world.clock.pass_by(20 * SECOND)
    await world.sent()
    world.clock.pass_by(HOUR)
    answer = await world.send()
    assert isinstance(answer, Sent)
    declined = answer.messages[0]
    assert isinstance(declined, Declined)
    midnight = world.clock() + 11 * HOUR - 30 * SECOND
    assert (declined.window, declined.retry_at) == ("day", midnight)


async def test_a_refused_send_uses_up_no_window(furnish: Furnish) -> None:
    world = await furnish(windows=(THIRTY_SECONDS,))
    await world.sent()
    for _ in range(29):
        world.clock.pass_by(SECOND)
        await world.send()
    world.clock.pass_by(SECOND)
    await world.sent()


async def test_numbers_and_apps_have_limits_of_their_own(furnish: Furnish) -> None:
    world = await furnish(windows=(THIRTY_SECONDS,))
    await world.sent("+8613800138000")
    await world.sent("+8613800138001")
    await world.sent("+8613800138000", app=world.other_app)


async def test_limits_hold_over_a_restart(furnish: Furnish) -> None:
    world = await furnish(windows=(THIRTY_SECONDS,))
    await world.sent()
    await world.restart()
    answer = await world.send()
    assert isinstance(answer, Sent)
    assert isinstance(answer.messages[0], Declined)


@pytest.mark.parametrize("restarts", [False, True])
async def test_the_same_request_under_a_key_gets_the_first_answer(
    world: World, restarts: bool
) -> None:
    first = await world.send(key=world.idempotency("k1"))
    if restarts:
        await world.restart()
    assert await world.send(key=world.idempotency("k1")) == first
    assert await world.balance() == 999


async def test_another_request_under_a_used_key_is_refused(world: World) -> None:
    await world.send(key=world.idempotency("k1"))
    answer = await world.send(key=world.idempotency("k1", "another request"))
    assert isinstance(answer, KeyReused)
    assert await world.balance() == 999


async def test_two_requests_with_one_key_in_one_batch_are_one(world: World) -> None:
    answers = await asyncio.gather(*(world.send(key=world.idempotency("k1")) for _ in range(64)))
    assert all(answer == answers[0] for answer in answers)
    assert await world.balance() == 999


async def test_a_key_is_forgotten_after_a_day(world: World) -> None:
    await world.send(key=world.idempotency("k1"))
    world.clock.pass_by(DAY)
    await world.send(key=world.idempotency("k1", "another request"))
    assert await world.balance() == 998


async def test_a_request_that_was_refused_whole_is_not_kept(furnish: Furnish) -> None:
    world = await furnish(packages=0)
    await world.send(key=world.idempotency("k1"))
    world.administering.add_package(world.account, 5, "later")
    answer = await world.send(key=world.idempotency("k1"))
    assert isinstance(answer, Sent)
    assert isinstance(answer.messages[0], Queued)


async def test_a_repeat_tells_what_became_of_each_number(furnish: Furnish) -> None:
    world = await furnish(packages=1)
    key = world.idempotency("k1")
    first = await world.send(world.message(), world.message(), key=key)
    assert isinstance(first, Sent)
    assert [type(one) for one in first.messages] == [Queued, Declined]
    assert await world.send(world.message(), world.message(), key=key) == first


async def test_a_thousand_numbers_are_decided_in_order(world: World) -> None:
    messages = tuple(world.message(f"+86138{number:08d}") for number in range(1_000))
    answer = await world.accept(Send(messages))
    assert isinstance(answer, Sent)
    assert [one.id for one in answer.messages if isinstance(one, Queued)] == [
        message.id for message in messages
    ]
    assert await world.balance() == 0


async def test_ids_go_on_after_a_restart(world: World) -> None:
    before = await world.sent()
    world.clock.pass_by(-HOUR // 60)
    await world.restart()
    assert world.store.next_id() > before.id


async def test_the_books_balance_for_every_account(world: World) -> None:
    for _ in range(5):
        await world.sent(units=2)
    assert await world.balance() == 990
