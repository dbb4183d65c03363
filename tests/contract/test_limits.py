"""The store's promises about how often: guesses, lock-outs, lanes, addresses; rows 8 and 10 to 12."""

from hongyan.core.command import Approved, Started
from hongyan.core.errors import (
    CodeRefused,
    Limited,
    StepUpRequired,
)
from hongyan.core.policy import Policy
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND
from hongyan.core.verification import Rules
from support.world import Furnish, World

GOOD, BAD = "384592", "000000"


# Failures and lock-out: rows 8, 11.


async def _lock(world: World, **caller: str) -> None:
    """Use all five attempts of a new verification up, and wait for the next text."""
    verification = await world.started(caller=world.caller(**caller))
    for _ in range(5):
        await world.check(verification, BAD, caller=world.caller(**caller))
    world.clock.pass_by(5 * MINUTE)


async def test_a_caller_that_used_its_failures_up_waits_for_the_next_day(world: World) -> None:
    await _lock(world, ip="192.0.2.1")
    answer = await world.start(caller=world.caller(ip="192.0.2.1"))
    assert isinstance(answer, Limited)
    assert answer.retry_at == world.clock() + DAY - 5 * MINUTE


async def test_lock_out_is_the_callers_not_the_phones(world: World) -> None:
    await _lock(world, ip="192.0.2.1")
    await world.started(caller=world.caller(ip="192.0.2.2"))


async def test_who_mistypes_last_is_not_locked_out_for_a_strangers_guesses(
    furnish: Furnish,
) -> None:
    world = await furnish(rules=Rules(Policy(failures_stranger=15)))
    owner, stranger = world.caller(openid="owner"), world.caller(ip="192.0.2.1")
    verification = await world.started()
    for _ in range(4):
        await world.check(verification, BAD, caller=stranger)
    await world.check(verification, BAD, caller=owner)
    world.clock.pass_by(MINUTE)
    await world.started(caller=owner)


async def test_who_makes_most_of_the_guesses_is_locked_out(furnish: Furnish) -> None:
    world = await furnish(rules=Rules(Policy(failures_stranger=15)))
    owner, stranger = world.caller(openid="owner"), world.caller(ip="192.0.2.1")
    verification = await world.started()
    for caller in (owner, owner, stranger, stranger, stranger):
        await world.check(verification, BAD, caller=caller)
    world.clock.pass_by(MINUTE)
    answer = await world.start(caller=stranger)
    assert isinstance(answer, Limited)
    assert answer.window == "lock-out"
    await world.started(caller=owner)


async def test_lock_out_lasts_fifteen_minutes_where_failures_may_go_on(furnish: Furnish) -> None:
    world = await furnish(rules=Rules(Policy(failures_stranger=15)))
    await _lock(world, ip="192.0.2.1")
    answer = await world.start(caller=world.caller(ip="192.0.2.1"))
    assert isinstance(answer, Limited)
    assert (answer.window, answer.retry_at) == ("lock-out", world.clock() + 10 * MINUTE)
    await world.restart()
    world.clock.pass_by(10 * MINUTE)
    await world.started(caller=world.caller(ip="192.0.2.1"))


async def test_fifteen_failures_a_day_end_all_guessing_at_a_phone_by_strangers(
    world: World,
) -> None:
    for address in range(3):
        await _lock(world, ip=f"192.0.2.{address}")
    answer = await world.start(caller=world.caller(ip="192.0.2.9"))
    assert isinstance(answer, Limited)
    await world.restart()
    assert isinstance(await world.start(caller=world.caller(ip="192.0.2.9")), Limited)
    world.clock.pass_by(DAY)
    await world.started(caller=world.caller(ip="192.0.2.9"))


async def test_failures_count_across_codes_in_one_app_and_purpose_only(world: World) -> None:
    for address in range(3):
        await _lock(world, ip=f"192.0.2.{address}")
    world.clock.pass_by(HOUR)
    await world.started(purpose="login")
    world.clock.pass_by(HOUR)
    await world.started(app=world.other_app)


async def test_a_right_code_is_refused_once_the_days_failures_are_used_up(world: World) -> None:
    waiting = await world.started(caller=world.caller(ip="192.0.2.9"))
    world.clock.pass_by(MINUTE)
    for address in range(3):
        verification = await world.started(caller=world.caller(ip=f"192.0.2.{address}"))
        for _ in range(5):
            await world.check(verification, BAD, caller=world.caller(ip=f"192.0.2.{address}"))
        world.clock.pass_by(70 * SECOND if address < 1 else 125 * SECOND)
    answer = await world.check(waiting, GOOD, caller=world.caller(ip="192.0.2.9"))
    assert isinstance(answer, CodeRefused)


# Lanes: row 10.


async def _befriend(world: World, openid: str = "o-friend") -> None:
    """An openid verifies the phone, and a day goes by."""
    caller = world.caller(openid=openid)
    verification = await world.started(caller=caller)
    assert isinstance(await world.check(verification, caller=caller), Approved)
    world.clock.pass_by(DAY)


async def _starts(world: World, count: int, **caller: str) -> int:
    """How many of so many starts, an hour and a bit apart, were taken."""
    taken = 0
    for _ in range(count):
        answer = await world.start(caller=world.caller(**caller))
        taken += isinstance(answer, Started)
        world.clock.pass_by(62 * MINUTE)
    return taken


async def test_one_stranger_gets_three_texts_a_day_to_a_phone(world: World) -> None:
    assert await _starts(world, 5, openid="o-1") == 3


async def test_strangers_together_get_five_and_two_more_after_a_step_up(world: World) -> None:
    for number in range(5):
        assert await _starts(world, 1, openid=f"o-{number}") == 1
    assert isinstance(await world.start(caller=world.caller(openid="o-5")), Limited)
    for number in (5, 6):
        answer = await world.start(caller=world.caller(openid=f"o-{number}"), stepped_up=True)
        assert isinstance(answer, Started)
        world.clock.pass_by(62 * MINUTE)
    answer = await world.start(caller=world.caller(openid="o-7"), stepped_up=True)
    assert isinstance(answer, Limited)


async def test_a_code_that_took_a_step_up_can_be_used(world: World) -> None:
    for address in range(3):
        await _lock(world, ip=f"192.0.2.{address}")
    assert isinstance(await world.start(), Limited)
    verification = await world.started(stepped_up=True)
    await world.restart()
    assert isinstance(await world.check(verification), Approved)


async def test_where_there_is_a_step_up_it_is_asked_for(furnish: Furnish) -> None:
    world = await furnish(rules=Rules(Policy(), step_up=True))
    for number in range(5):
        assert await _starts(world, 1, openid=f"o-{number}") == 1
    answer = await world.start(caller=world.caller(openid="o-5"))
    assert isinstance(answer, StepUpRequired)


async def test_a_nameless_caller_has_the_phones_totals_only(world: World) -> None:
    assert await _starts(world, 10) == 7


async def test_five_texts_an_hour_to_a_phone(world: World) -> None:
    taken = 0
    for _ in range(60):
        taken += isinstance(await world.start(purpose=f"p{taken}"), Started)
        world.clock.pass_by(MINUTE - SECOND)
    assert taken == 5


async def test_strangers_cannot_use_up_what_is_reserved_for_who_verified_before(
    world: World,
) -> None:
    await _befriend(world)
    for number in range(7):
        await world.start(caller=world.caller(openid=f"o-{number}"), stepped_up=True)
        world.clock.pass_by(62 * MINUTE)
    assert isinstance(await world.start(caller=world.caller(openid="o-9")), Limited)
    await world.restart()
    assert await _starts(world, 3, openid="o-friend") == 3


async def test_the_reserved_lane_waits_for_no_hour_of_strangers(world: World) -> None:
    await _befriend(world)
    for number in range(5):
        answer = await world.start(caller=world.caller(openid=f"o-{number}"), purpose=f"p{number}")
        assert isinstance(answer, Started)
        world.clock.pass_by(MINUTE)
    assert isinstance(await world.start(caller=world.caller(openid="o-7"), purpose="p7"), Limited)
    answer = await world.start(caller=world.caller(openid="o-friend"), purpose="p8")
    assert isinstance(answer, Started)


async def test_strangers_failures_do_not_stop_who_verified_before(world: World) -> None:
    await _befriend(world)
    for address in range(3):
        await _lock(world, ip=f"192.0.2.{address}")
    friend = world.caller(openid="o-friend")
    assert isinstance(await world.start(caller=world.caller(openid="o-9")), Limited)
    verification = await world.started(caller=friend)
    for _ in range(4):
        await world.check(verification, BAD, caller=friend)
    assert isinstance(await world.check(verification, caller=friend), Approved)


# Addresses: row 12.


async def test_an_address_gets_ten_texts_in_ten_minutes(world: World) -> None:
    caller = world.caller(ip="192.0.2.1")
    for number in range(10):
        await world.started(f"+86138001380{number:02d}", caller=caller)
    answer = await world.start("+8613800138099", caller=caller)
    assert isinstance(answer, Limited)
    assert (answer.scope, answer.window) == ("ip", "10min")
    await world.restart()
    world.clock.pass_by(10 * MINUTE)
    await world.started("+8613800138099", caller=caller)


async def test_an_address_gets_sixty_texts_an_hour_and_two_hundred_a_day(
    furnish: Furnish,
) -> None:
    world = await furnish(rules=Rules(Policy(ip_per_10_minutes=100)))
    caller, taken, windows = world.caller(ip="192.0.2.1"), 0, []
    for number in range(400):
        answer = await world.start(f"+86139{number:08d}", caller=caller)
        if isinstance(answer, Started):
            taken += 1
        else:
            assert isinstance(answer, Limited)
            windows.append((taken, answer.window))
            world.clock.pass_by(answer.retry_at - world.clock())
        if taken == 200:
            break
        world.clock.pass_by(SECOND)
    assert (60, "1h") in windows
    answer = await world.start("+8613800138099", caller=caller)
    assert isinstance(answer, Limited)
    world.clock.pass_by(HOUR)
    answer = await world.start("+8613800138099", caller=caller)
    assert isinstance(answer, Limited)
    assert answer.window == "24h"


async def test_a_step_up_opens_an_addresss_windows(world: World) -> None:
    caller = world.caller(ip="192.0.2.1")
    for number in range(10):
        await world.started(f"+86138001380{number:02d}", caller=caller)
    answer = await world.start("+8613800138099", caller=caller, stepped_up=True)
    assert isinstance(answer, Started)
