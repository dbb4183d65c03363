"""A provider that takes nothing: its lane halts, others go on, and it goes on when it is well."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest

from hongyan.core.message import LIFETIME, Kind, Message, Status
from hongyan.core.outcome import Accepted, Deferred, Outcome
from hongyan.core.time import MINUTE, SECOND, Millis
from hongyan.service.dispatch import Dispatcher, standpoints
from hongyan.service.lane import Lane
from hongyan.service.ports import Standpoint
from hongyan.service.settle import Patience
from hongyan.service.watch import look, pause_s, watch_forever
from support.world import Furnish, World

STOPS = Deferred("110 秘钥错误", stops=True)
ALARM = "provider.stopped"


class Upstream:
    """A provider whose answers and whose balance a test sets."""

    def __init__(self, name: str = "one", *outcomes: Outcome, concurrency: int = 2) -> None:
        self.name = name
        self.concurrency = concurrency
        self.rate = 0.0
        self.timeout: Millis = 5 * SECOND
        self.watch_every: Millis = 10
        self.low_balance = 100
        self.outcomes = list(outcomes)
        """In turn; then all are accepted."""
        self.gate = asyncio.Event()
        self.gate.set()
        self.left: int | Deferred = 500
        self.sent: list[Message] = []
        self.looks = 0

    async def send(self, message: Message) -> Outcome:
        self.sent.append(message)
        await self.gate.wait()
        return self.outcomes.pop(0) if self.outcomes else Accepted("up-1")

    async def balance(self) -> int | Deferred:
        self.looks += 1
        return self.left

    async def close(self) -> None: ...


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait until something is seen to be so; the test's own time limit bounds it."""
    while not (found if isinstance(found := condition(), bool) else await found):
        await asyncio.sleep(0.005)


class House:
    """A world with a dispatcher over some providers, and nobody who watches them yet."""

    def __init__(self, world: World, upstreams: Sequence[Upstream]) -> None:
        self.world = world
        self.dispatcher = Dispatcher(world.store, upstreams, world.clock, Patience())
        for kind in (Kind.VERIFICATION, Kind.NOTICE):
            world.administering.put_route(kind, [one.name for one in upstreams])
        self._watches: list[asyncio.Task[None]] = []

    def lane(self, name: str = "one") -> Lane:
        return self.dispatcher.lanes[name]

    def watch(self) -> None:
        lanes = self.dispatcher.lanes.values()
        self._watches += [asyncio.create_task(watch_forever(lane)) for lane in lanes]

    async def ends(self, message: Message, status: Status) -> None:
        async def has_ended() -> bool:
            return await self.world.status(message) is status

        await until(has_ended)

    async def close(self) -> None:
        for one in self._watches:
            one.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        await self.dispatcher.stop(0)


Open = Callable[..., Awaitable[House]]


@pytest.fixture
async def house(furnish: Furnish) -> AsyncIterator[Open]:
    opened: list[House] = []

    async def opening(*upstreams: Upstream) -> House:
        one = House(await furnish(), upstreams)
        await one.world.store.refresh()
        one.dispatcher.start()
        opened.append(one)
        return one

    yield opening
    for one in opened:
        await one.close()


def events(log: list[Any]) -> list[str]:
    return [entry["event"] for entry in log]


# Failover.


async def test_what_stops_a_provider_is_an_alarm_once_and_nothing_more_goes_there(
    house: Open, quiet_log: list[Any]
) -> None:
    first, second = Upstream("first", STOPS), Upstream("second")
    open_house = await house(first, second)
    messages = [await open_house.world.sent(f"+86138{i:08d}") for i in range(5)]
    for one in messages:
        await open_house.ends(one, Status.SUBMITTED)
    again = await open_house.world.sent("+8613900000000")
    await open_house.ends(again, Status.SUBMITTED)
    assert again in second.sent
    assert events(quiet_log).count(ALARM) == 1
    assert standpoints(open_house.dispatcher.lanes) == {
        "first": Standpoint("110 秘钥错误", None),
        "second": Standpoint("", None),
    }


async def test_what_was_kept_for_it_goes_to_another_at_once_and_as_untried(house: Open) -> None:
    first, second = Upstream("first", concurrency=1), Upstream("second")
    open_house = await house(first, second)
    first.gate.clear()
    messages = [await open_house.world.sent(f"+86138{i:08d}") for i in range(2)]
    # One is on its way there, and another waits for its turn.
    await until(lambda: bool(first.sent) and open_house.lane("first").room == 0)
    open_house.lane("first").halt("Its balance is used up.")
    await until(lambda: len(second.sent) == 1)
    await open_house.ends(second.sent[0], Status.SUBMITTED)
    [attempt] = (await open_house.world.record(second.sent[0])).attempts
    assert attempt.provider == "second"
    first.gate.set()
    for one in messages:
        await open_house.ends(one, Status.SUBMITTED)
    assert [len(one.sent) for one in (first, second)] == [1, 1]


@pytest.mark.parametrize("kind", [Kind.NOTICE, Kind.VERIFICATION])
async def test_where_all_have_stopped_a_message_waits_untried_and_expires_with_a_refund(
    house: Open, kind: Kind
) -> None:
    upstreams = Upstream("first"), Upstream("second")
    open_house = await house(*upstreams)
    for name in ("first", "second"):
        open_house.lane(name).halt("Its balance is used up.")
    message = await open_house.world.sent(kind=kind)
    await open_house.world.sweep()
    assert await open_house.world.status(message) is Status.QUEUED
    assert await open_house.world.balance() == 999
    open_house.world.clock.pass_by(LIFETIME[kind])
    await open_house.world.sweep()
    assert await open_house.world.status(message) is Status.EXPIRED
    assert await open_house.world.balance() == 1_000
    assert [one.sent for one in upstreams] == [[], []]


async def test_a_message_that_waited_goes_when_the_provider_is_well(house: Open) -> None:
    upstream = Upstream()
    open_house = await house(upstream)
    open_house.lane().halt("Its balance is used up.")
    message = await open_house.world.sent()
    open_house.lane().resume()
    await open_house.ends(message, Status.SUBMITTED)
    assert len(upstream.sent) == 1


async def test_what_a_lane_keeps_while_all_have_stopped_goes_untried_when_it_is_well(
    house: Open,
) -> None:
    upstream = Upstream(concurrency=1)
    open_house = await house(upstream)
    upstream.gate.clear()
    messages = [await open_house.world.sent(f"+86138{i:08d}") for i in range(2)]
    await until(lambda: bool(upstream.sent) and open_house.lane().room == 0)
    open_house.lane().halt("Its balance is used up.")
    upstream.gate.set()
    await open_house.ends(upstream.sent[0], Status.SUBMITTED)
    for _ in range(20):  # Time enough for the other one to be tried, if it were.
        await open_house.world.store.refresh()
    open_house.lane().resume()
    for one in messages:
        await open_house.ends(one, Status.SUBMITTED)
        [attempt] = (await open_house.world.record(one)).attempts
        assert attempt.outcome == "accepted"


async def test_what_a_lane_keeps_while_all_have_stopped_is_sent_once(house: Open) -> None:
    upstream = Upstream(concurrency=1)
    open_house = await house(upstream)
    upstream.gate.clear()
    messages = [await open_house.world.sent(f"+86138{i:08d}") for i in range(2)]
    await until(lambda: bool(upstream.sent) and open_house.lane().room == 0)
    open_house.lane().halt("Its balance is used up.")
    upstream.gate.set()
    await open_house.ends(upstream.sent[0], Status.SUBMITTED)
    # The other one's lease ends, so it is claimed anew while the lane keeps it still.
    open_house.world.clock.pass_by(MINUTE)
    await open_house.world.sweep()
    open_house.lane().resume()
    for one in messages:
        await open_house.ends(one, Status.SUBMITTED)
    assert len(upstream.sent) == 2


async def test_a_verification_text_that_was_tried_is_not_sent_after_its_8_seconds(
    house: Open,
) -> None:
    upstream = Upstream("one", STOPS)
    open_house = await house(upstream)
    message = await open_house.world.sent(kind=Kind.VERIFICATION)
    await until(lambda: bool(open_house.lane().stopped))
    open_house.world.clock.pass_by(10 * SECOND)
    open_house.lane().resume()
    await open_house.ends(message, Status.EXPIRED)
    assert len(upstream.sent) == 1
    assert await open_house.world.balance() == 1_000


async def test_a_cancelled_hand_over_may_still_be_known_not_to_have_left(house: Open) -> None:
    class Unreached(Upstream):
        async def send(self, message: Message) -> Outcome:
            with suppress(asyncio.CancelledError):
                return await super().send(message)
            return Deferred("It could not be reached in time.")

    upstream = Unreached()
    upstream.gate.clear()
    open_house = await house(upstream)
    message = await open_house.world.sent(kind=Kind.VERIFICATION)
    await until(lambda: len(upstream.sent) == 1)
    open_house.world.clock.pass_by(8 * SECOND)
    await open_house.ends(message, Status.EXPIRED)
    assert await open_house.world.balance() == 1_000
    # The lane is none the worse for it.
    upstream.gate.set()
    other = await open_house.world.sent("+8613900000000")
    await open_house.ends(other, Status.SUBMITTED)


async def test_what_was_kept_for_one_that_is_routed_elsewhere_goes_back_to_the_line(
    house: Open,
) -> None:
    upstream = Upstream(concurrency=1)
    open_house = await house(upstream)
    upstream.gate.clear()
    messages = [await open_house.world.sent(f"+86138{i:08d}") for i in range(2)]
    await until(lambda: bool(upstream.sent) and open_house.lane().room == 0)
    open_house.world.administering.put_route(Kind.NOTICE, ["elsewhere"])
    await open_house.world.store.refresh()
    open_house.lane().halt("Its balance is used up.")
    upstream.gate.set()
    await open_house.ends(upstream.sent[0], Status.SUBMITTED)
    open_house.world.administering.put_route(Kind.NOTICE, ["one"])
    await open_house.world.store.refresh()
    open_house.lane().resume()
    open_house.world.clock.pass_by(MINUTE)
    for one in messages:
        await open_house.world.sweep()
        await open_house.ends(one, Status.SUBMITTED)
    assert len(upstream.sent) == 2


# The watch.


async def test_a_stopped_provider_is_let_go_on_when_it_tells_a_balance(
    house: Open, quiet_log: list[Any]
) -> None:
    upstream = Upstream("one", STOPS)
    upstream.left = STOPS
    open_house = await house(upstream)
    open_house.watch()
    await until(lambda: bool(open_house.lane().stopped))
    message = await open_house.world.sent()
    upstream.left, upstream.outcomes = 500, []
    await open_house.ends(message, Status.SUBMITTED)
    assert events(quiet_log) == [ALARM, "provider.resumed"]


async def test_it_is_looked_after_as_soon_as_it_stops(house: Open) -> None:
    upstream = Upstream("one", STOPS)
    upstream.watch_every = 3_600 * SECOND
    open_house = await house(upstream)
    open_house.watch()
    await until(lambda: upstream.looks == 1)
    waiting = asyncio.create_task(open_house.lane().stops_within(3_600))
    await open_house.world.sent()
    assert await waiting


async def test_one_that_fails_to_tell_is_watched_on(house: Open, quiet_log: list[Any]) -> None:
    class Failing(Upstream):
        async def balance(self) -> int | Deferred:
            if not self.looks:
                self.looks += 1
                raise ValueError("13800138000")
            return await super().balance()

    open_house = await house(Failing())
    open_house.watch()
    await until(lambda: open_house.lane().balance == 500)
    assert events(quiet_log) == ["watch.failed"]


def test_one_that_takes_nothing_is_looked_after_ever_more_seldom() -> None:
    assert [pause_s(stops, 300) for stops in range(6)] == [30, 60, 120, 240, 300, 300]
    assert pause_s(1_000, 300) == 300
    assert pause_s(0, 1) == 1


LOW = "provider.balance_low"


async def test_a_low_balance_is_an_alarm_once_per_crossing(
    house: Open, quiet_log: list[Any]
) -> None:
    upstream = Upstream()
    lane = (await house(upstream)).lane()
    for left in (101, 100, 99, 98, Deferred("It answered HTTP 500."), 97):
        look(lane, upstream, left)
    assert events(quiet_log) == [LOW]
    assert quiet_log[0]["balance"] == 99
    for left in (100, 99):
        look(lane, upstream, left)
    assert events(quiet_log) == [LOW, LOW]


async def test_a_balance_that_begins_low_is_an_alarm(house: Open, quiet_log: list[Any]) -> None:
    upstream = Upstream()
    look((await house(upstream)).lane(), upstream, 5)
    assert events(quiet_log) == [LOW]


async def test_a_balance_that_is_used_up_stops_it_until_there_is_one(
    house: Open, quiet_log: list[Any]
) -> None:
    upstream = Upstream()
    lane = (await house(upstream)).lane()
    look(lane, upstream, 0)
    look(lane, upstream, Deferred("It answered HTTP 500."))
    assert (lane.stopped, lane.balance) == ("Its balance is used up.", 0)
    look(lane, upstream, 500)
    assert (lane.stopped, lane.balance) == ("", 500)
    assert events(quiet_log) == [ALARM, "provider.resumed"]


async def test_one_that_is_well_and_tells_no_number_goes_on(
    house: Open, quiet_log: list[Any]
) -> None:
    upstream = Upstream()
    lane = (await house(upstream)).lane()
    look(lane, upstream, 500)
    look(lane, upstream, STOPS)
    assert lane.stopped
    look(lane, upstream, None)
    assert (lane.stopped, lane.balance) == ("", None)
    assert events(quiet_log) == [ALARM, "provider.resumed"]


async def test_one_that_is_well_is_looked_after_again_and_again(house: Open) -> None:
    upstream = Upstream()
    (await house(upstream)).watch()
    await until(lambda: upstream.looks >= 3)


async def test_one_that_tells_no_balance_is_not_watched(house: Open) -> None:
    class Mute:
        name, concurrency, rate, timeout = "one", 1, 0.0, 5 * SECOND

        async def send(self, message: Message) -> Outcome:
            raise AssertionError

        async def close(self) -> None: ...

    open_house = await house(Upstream())
    lane = Lane(Mute(), open_house.world.store, open_house.world.clock, Patience(), lambda _: None)
    await asyncio.wait_for(watch_forever(lane), 1)


async def test_one_that_is_out_of_reach_is_not_stopped(house: Open) -> None:
    upstream = Upstream()
    lane = (await house(upstream)).lane()
    look(lane, upstream, Deferred("It could not be reached."))
    assert not lane.stopped
