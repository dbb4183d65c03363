"""Every store × daily totals: counted across batches, restarts and days, and given back."""

from typing import Any

import msgspec
import pytest

from hongyan.core.command import Declined, Queued, Send, Sent, Started
from hongyan.core.daily import Caps
from hongyan.core.errors import Limited
from hongyan.core.limit import Window
from hongyan.core.message import Kind, Message, Status
from hongyan.core.outcome import Accepted, Deferred, Outcome, Rejected, Unconfirmed
from hongyan.core.time import DAY, HOUR, MINUTE, next_midnight
from hongyan.service.ports import Receipt
from support.world import NOON, Furnish, World

HOME, HONG_KONG, MALAYSIA = "+8613800138000", "+85251234567", "+60123456789"
HOURLY = (Window("1h", 1, HOUR),)


def capped(caps: Caps, *messages: Message, **words: Any) -> Send:
    """As the service has it of an app with these."""
    places = {HONG_KONG: "HK", MALAYSIA: "MY"}
    each = [caps.of(one.app, places.get(one.phone, "CN")) for one in messages]
    return Send(messages, caps=tuple(each), **words)


async def told(world: World, caps: Caps, *to: str, app: int = 0) -> list[str]:
    answer = await world.accept(capped(caps, *(world.message(one, app=app) for one in to)))
    assert isinstance(answer, Sent), answer
    return ["queued" if isinstance(one, Queued) else word(one) for one in answer.messages]


def word(one: Declined) -> str:
    return f"{one.scope} {one.window}" if one.window else type(one.error()).__name__


async def test_no_more_go_out_in_a_day_than_the_cap_allows(world: World) -> None:
    caps = Caps(in_all=3)
    assert await told(world, caps, HOME, HONG_KONG) == ["queued"] * 2
    assert await told(world, caps, HOME, MALAYSIA) == ["queued", "app app-day"]
    await world.restart()
    assert await told(world, caps, HOME) == ["app app-day"]
    assert await told(world, caps, HOME, app=world.other_app) == ["queued"]
    world.clock.pass_by(next_midnight(NOON) - world.clock() - 1)
    assert await told(world, caps, HOME) == ["app app-day"]
    world.clock.pass_by(1)
    assert await told(world, caps, *[HOME] * 4) == [*["queued"] * 3, "app app-day"]


async def test_each_side_and_each_country_has_a_total_of_its_own(world: World) -> None:
    caps = Caps(mainland=1, abroad=2, countries=(("HK", 1),))
    assert await told(world, caps, HOME, HOME) == ["queued", "app app-day-mainland"]
    assert await told(world, caps, HONG_KONG, HONG_KONG) == ["queued", "app app-day-country"]
    assert await told(world, caps, MALAYSIA, MALAYSIA) == ["queued", "app app-day-abroad"]


async def test_a_text_that_no_package_covers_is_not_counted(furnish: Furnish) -> None:
    world = await furnish(packages=0)
    caps = Caps(in_all=1)
    assert await told(world, caps, HOME) == ["NoBalance"]
    world.administering.add_package(world.account, 2, "more")
    await world.store.refresh()
    assert await told(world, caps, HOME, HOME) == ["queued", "app app-day"]


@pytest.mark.parametrize(
    ("outcome", "room"),
    [
        (Accepted("up-1"), 0),
        (Unconfirmed("No answer."), 0),
        (Deferred("Busy."), 0),
        (Rejected("blocked", "Blocked."), 1),
    ],
)
async def test_what_was_surely_not_sent_is_given_back(
    world: World, outcome: Outcome, room: int
) -> None:
    caps = Caps(in_all=2, mainland=1, abroad=1)
    await told(world, caps, HOME, HONG_KONG)
    for claimed in await world.begun():
        await world.settle(claimed, outcome)
    await world.restart()
    found = await told(world, caps, HOME, HOME)
    assert found == [*["queued"] * room, *["app app-day-mainland"] * (2 - room)]


async def test_a_receipt_that_refuses_gives_back_and_so_does_the_end_of_a_texts_life(
    world: World,
) -> None:
    caps = Caps(in_all=1)
    await told(world, caps, HOME)
    [claimed] = await world.begun()
    await world.settle(claimed, Unconfirmed("No answer."))
    message = claimed.message.id
    await world.store.receive([Receipt(message, Status.REJECTED, world.clock())])
    code = world.message(HOME, kind=Kind.VERIFICATION, lifetime=5 * MINUTE)
    answer = await world.accept(capped(caps, code))
    assert isinstance(answer, Sent)
    assert isinstance(answer.messages[0], Queued)
    assert await told(world, caps, HOME) == ["app app-day"]
    world.clock.pass_by(10 * MINUTE)
    await world.sweep()
    assert await told(world, caps, HOME, HOME) == ["queued", "app app-day"]


async def test_a_text_is_given_back_to_the_day_that_counted_it(world: World) -> None:
    caps = Caps(in_all=1)
    await told(world, caps, HOME)
    world.clock.pass_by(next_midnight(NOON) - world.clock())
    assert await told(world, caps, HOME) == ["queued"]
    yesterdays = (await world.begun())[0]
    await world.settle(yesterdays, Rejected("blocked", "Blocked."))
    assert await told(world, caps, HOME) == ["app app-day"]


async def test_a_total_and_a_limit_of_one_text_are_both_given_back(world: World) -> None:
    caps, client = Caps(in_all=1), world.mark("client", b"client")

    async def send() -> str:
        send = capped(caps, world.message(), client=client, client_windows=HOURLY)
        answer = await world.accept(send)
        assert isinstance(answer, Sent)
        [one] = answer.messages
        return word(one) if isinstance(one, Declined) else "queued"

    assert [await send(), await send()] == ["queued", "client 1h"]
    [claimed] = await world.begun()
    await world.settle(claimed, Rejected("blocked", "Blocked."))
    assert [await send(), await send()] == ["queued", "client 1h"]
    world.clock.pass_by(HOUR)
    assert await send() == "app app-day"


async def test_totals_are_let_go_of_a_month_later_and_given_back_to_no_more(world: World) -> None:
    caps = Caps(in_all=1)
    await told(world, caps, HOME)
    [claimed] = await world.begun()
    await world.settle(claimed, Unconfirmed("No answer."))
    world.clock.pass_by(DAY)
    await world.sweep()
    await told(world, caps, HOME)
    world.clock.pass_by(31 * DAY)
    await world.sweep()
    assert await told(world, caps, HOME, HOME) == ["queued", "app app-day"]


async def test_texts_of_verifications_count_and_give_back(world: World) -> None:
    caps = Caps(in_all=1)

    def start(number: str, openid: str) -> Any:
        command = world.start_command(number, caller=world.caller(openid))
        return msgspec.structs.replace(command, caps=caps.of(world.app, "CN"))

    assert isinstance(await world.accept(start(HOME, "o1")), Started)
    answer = await world.accept(start("+8613800138001", "o2"))
    assert isinstance(answer, Limited)
    assert (answer.scope, answer.window) == ("app", "app-day")
    assert await told(world, caps, HOME) == ["app app-day"]
    [claimed] = await world.begun()
    await world.settle(claimed, Rejected("blocked", "Blocked."))
    assert isinstance(await world.accept(start("+8613800138001", "o2")), Started)
