"""Every store × what it promises of calls of others' protocols: no text too often, no call twice."""

import asyncio
from typing import Any

import msgspec
import pytest

from hongyan.core.command import Declined, Idempotency, Queued, Send, Sent
from hongyan.core.errors import HongyanError, KeyReused
from hongyan.core.limit import Window
from hongyan.core.mark import Mark
from hongyan.core.message import Message
from hongyan.core.outcome import Accepted, Rejected
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND
from support.world import Furnish, World

PHONE = "+8613800138000"
CONTENT = (Window("30s", 1, 30 * SECOND), Window("day", 2, DAY, natural_day=True))
MINUTELY = (Window("1m", 1, 60 * SECOND),)


def content(world: World, message: Message) -> Mark:
    return world.mark(f"{message.app} {message.phone} {message.text}", b"content")


async def sent(world: World, *messages: Message, **words: Any) -> Sent | HongyanError:
    contents = tuple([content(world, one) for one in messages])
    command = Send(messages, contents=contents, content_windows=CONTENT, **words)
    answer = await world.accept(command)
    assert isinstance(answer, Sent | HongyanError)
    return answer


async def told(world: World, *messages: Message, **words: Any) -> list[str]:
    """What became of each, in a word: of a limit its scope and window."""
    answer = await sent(world, *messages, **words)
    assert isinstance(answer, Sent), answer
    return ["queued" if isinstance(one, Queued) else word(one) for one in answer.messages]


def word(one: Declined) -> str:
    return f"{one.scope} {one.window}" if one.window else type(one.error()).__name__


# The same text.


async def test_the_same_text_goes_to_a_number_once_in_its_window(world: World) -> None:
    assert await told(world, world.message(), world.message()) == ["queued", "content 30s"]
    world.clock.pass_by(30 * SECOND - 1)
    assert await told(world, world.message()) == ["content 30s"]
    await world.restart()
    assert await told(world, world.message()) == ["content 30s"]
    world.clock.pass_by(1)
    assert await told(world, world.message()) == ["queued"]
    world.clock.pass_by(HOUR)
    assert await told(world, world.message()) == ["content day"]


async def test_another_text_or_number_or_app_has_windows_of_its_own(world: World) -> None:
    different = [
        world.message(),
        world.message(text="【鸿雁】另一条"),
        world.message("+8613800138001"),
        world.message(app=world.other_app),
    ]
    assert await told(world, *different) == ["queued"] * 4


async def test_of_several_limits_that_of_the_text_is_told(world: World) -> None:
    await told(world, world.message(), windows=MINUTELY)
    other = world.message(text="【鸿雁】另一条")
    found = await told(world, world.message(), other, windows=MINUTELY)
    assert found == ["content 30s", "phone 1m"]


async def test_a_text_that_is_declined_uses_no_window_up(furnish: Furnish) -> None:
    world = await furnish(packages=1)
    assert await told(world, world.message(units=2)) == ["NoBalance"]
    assert await told(world, world.message(), windows=MINUTELY) == ["queued"]
    other = "【鸿雁】另一条"
    assert await told(world, world.message(text=other), windows=MINUTELY) == ["phone 1m"]
    world.administering.add_package(world.account, 1, "more")
    world.clock.pass_by(60 * SECOND)
    assert await told(world, world.message(text=other), windows=MINUTELY) == ["queued"]


async def test_a_window_is_given_back_when_the_text_was_surely_not_sent(world: World) -> None:
    await told(world, world.message())
    [claimed] = await world.begun()
    await world.settle(claimed, Rejected("blocked", "Blocked."))
    assert await told(world, world.message()) == ["queued"]
    [claimed] = await world.begun()
    await world.settle(claimed, Accepted("up-1"))
    assert await told(world, world.message()) == ["content 30s"]


# The same call.


def key(world: World, request: str = "the request") -> Idempotency:
    return world.idempotency("SecretId signature", request)


@pytest.mark.parametrize("again", ["at once", "later", "by another process"])
async def test_a_repeated_call_gets_the_first_answer_and_sends_nothing(
    furnish: Furnish, again: str
) -> None:
    """Also where nothing was queued: what would be taken by now stays refused."""
    world = await furnish(packages=0)
    first = await sent(world, world.message(), idempotency=key(world), keeps_refusals=True)
    assert first == Sent((Declined(),))
    world.administering.add_package(world.account, 5, "more")
    await world.store.refresh()
    if again == "later":
        world.clock.pass_by(DAY - 1)
    if again == "by another process":
        await world.restart()
    assert await sent(world, world.message(), idempotency=key(world), keeps_refusals=True) == first
    assert await world.balance() == 5


async def test_a_key_may_last_for_less_than_a_day(world: World) -> None:
    brief = msgspec.structs.replace(key(world), lasts=10 * MINUTE)
    usual = world.idempotency("usual")
    first, other = world.message(), world.message("+8613800138001")
    answers = [
        await sent(world, first, idempotency=brief),
        await sent(world, other, idempotency=usual),
    ]
    world.clock.pass_by(10 * MINUTE - 1)
    await world.sweep()
    await world.restart()
    assert await sent(world, world.message(), idempotency=brief) == answers[0]
    world.clock.pass_by(1)
    for _ in range(2):
        assert await sent(world, world.message(), idempotency=usual) == answers[1]
        await world.sweep()
    assert await sent(world, world.message(), idempotency=brief) != answers[0]


async def test_a_refusal_is_not_kept_unless_asked_for(furnish: Furnish) -> None:
    world = await furnish(packages=0)
    await sent(world, world.message(), idempotency=key(world))
    world.administering.add_package(world.account, 5, "more")
    await world.store.refresh()
    assert await told(world, world.message(), idempotency=key(world)) == ["queued"]


async def test_a_call_without_texts_is_kept_too(world: World) -> None:
    words: dict[str, Any] = {"app": world.app, "idempotency": key(world), "keeps_refusals": True}
    assert await sent(world, **words, refused=2, tallied=True) == Sent(())
    assert await sent(world, world.message(), **words) == Sent(())
    assert await world.balance() == world.packages


async def test_another_call_under_the_same_key_is_refused(furnish: Furnish) -> None:
    world = await furnish(packages=0)
    await sent(world, world.message(), idempotency=key(world), keeps_refusals=True)
    other = key(world, "another request")
    answer = await sent(world, world.message(), idempotency=other, keeps_refusals=True)
    assert isinstance(answer, KeyReused)


async def test_of_repeated_calls_at_the_same_time_one_is_decided(world: World) -> None:
    messages = [msgspec.structs.replace(world.message(), units=2) for _ in range(20)]
    answers = await asyncio.gather(
        *(sent(world, one, idempotency=key(world), keeps_refusals=True) for one in messages)
    )
    assert len({repr(answer) for answer in answers}) == 1
    assert await world.balance() == world.packages - 2
