"""The store's promises about codes: each row of the policy where it can break (race, restart,
another app, clock)."""

import asyncio

import pytest

from hongyan.core.command import Approved, Consumed, Started
from hongyan.core.errors import (
    CodeRefused,
    KeyReused,
    Limited,
    NoBalance,
    NoSendsLeft,
    ProofInvalid,
    ProofUsed,
    StepUpRequired,
)
from hongyan.core.identifier import MemberId
from hongyan.core.message import Status
from hongyan.core.outcome import Accepted, Deferred, Rejected, Unconfirmed
from hongyan.core.policy import Policy
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND
from hongyan.core.verification import Rules, State
from support.world import TEXT, Furnish, World

PHONE = "+8613800138000"
GOOD, BAD = "384592", "000000"


# Start: rows 2, 4, 5.


async def test_a_start_tells_how_the_verification_will_go(world: World) -> None:
    answer = await world.start()
    now = world.clock()
    assert isinstance(answer, Started)
    assert (answer.phone, answer.sends_left) == (PHONE, 2)
    assert (answer.expires_at, answer.resend_at) == (now + 10 * MINUTE, now + MINUTE)


async def test_sixty_four_starts_for_one_phone_send_one_text(world: World) -> None:
    answers = await asyncio.gather(*(world.start() for _ in range(64)))
    assert sum(isinstance(answer, Started) for answer in answers) == 1
    assert len(await world.claim()) == 1
    assert await world.balance() == 999


async def test_a_second_start_must_wait_for_the_cool_down(world: World) -> None:
    await world.started()
    world.clock.pass_by(59 * SECOND)
    answer = await world.start()
    assert isinstance(answer, Limited)
    assert (answer.scope, answer.retry_at) == ("phone", world.clock() + SECOND)
    world.clock.pass_by(SECOND)
    await world.started()


async def test_the_cool_down_grows_within_half_an_hour(world: World) -> None:
    waits = []
    for _ in range(5):
        answer = await world.start()
        assert isinstance(answer, Started), answer
        waits.append((answer.resend_at - world.clock()) // SECOND)
        world.clock.pass_by(answer.resend_at - world.clock())
    assert waits[:4] == [60, 60, 120, 300]


async def test_the_cool_down_holds_over_a_restart_and_in_another_app(world: World) -> None:
    await world.started()
    await world.restart()
    assert isinstance(await world.start(), Limited)
    assert isinstance(await world.start(app=world.other_app), Limited)


async def test_another_purpose_has_its_own_cool_down_but_not_its_own_minute(world: World) -> None:
    for _ in range(3):
        await world.started()
        world.clock.pass_by(60 * SECOND)
    assert isinstance(await world.start(), Limited)
    assert isinstance(await world.start(purpose="login"), Started)
    assert isinstance(await world.start(purpose="reset"), Limited)


async def test_a_refused_start_uses_up_no_window(world: World) -> None:
    await world.started()
    for _ in range(20):
        world.clock.pass_by(2 * SECOND)
        assert isinstance(await world.start(), Limited)
    world.clock.pass_by(20 * SECOND)
    await world.started()


async def test_a_start_without_balance_leaves_nothing(furnish: Furnish) -> None:
    world = await furnish(packages=0)
    assert isinstance(await world.start(), NoBalance)
    world.administering.add_package(world.account, 10, "later")
    await world.started()


async def test_a_clock_that_is_set_back_opens_no_window(world: World) -> None:
    await world.started()
    world.clock.pass_by(-HOUR)
    answer = await world.start()
    assert isinstance(answer, Limited)


# Resend: rows 2, 5, 6.


async def test_a_resend_makes_a_new_code_and_the_old_one_is_void(world: World) -> None:
    verification = await world.started()
    world.clock.pass_by(MINUTE)
    answer = await world.resend(verification)
    assert isinstance(answer, Started)
    assert answer.sends_left == 1
    assert isinstance(await world.check(verification, GOOD), CodeRefused)
    assert isinstance(await world.check(verification, "117733"), Approved)


async def test_the_previous_code_is_good_where_the_policy_says_so(furnish: Furnish) -> None:
    world = await furnish(rules=Rules(Policy(accept_previous=1)))
    verification = await world.started()
    world.clock.pass_by(MINUTE)
    await world.resend(verification)
    assert isinstance(await world.check(verification, GOOD), Approved)


async def test_the_previous_code_still_ends_with_its_own_lifetime(furnish: Furnish) -> None:
    world = await furnish(rules=Rules(Policy(accept_previous=1)))
    verification = await world.started()
    world.clock.pass_by(4 * MINUTE)
    await world.resend(verification)
    world.clock.pass_by(MINUTE)
    assert isinstance(await world.check(verification, GOOD), CodeRefused)
    assert isinstance(await world.check(verification, "117733"), Approved)


async def test_a_verification_sends_three_texts_at_most(world: World) -> None:
    verification = await world.started()
    for left in (1, 0):
        world.clock.pass_by(MINUTE)
        answer = await world.resend(verification)
        assert isinstance(answer, Started)
        assert answer.sends_left == left
    world.clock.pass_by(2 * MINUTE)
    assert isinstance(await world.resend(verification), NoSendsLeft)


async def test_no_resend_when_a_code_could_not_live_its_whole_life(world: World) -> None:
    verification = await world.started()
    world.clock.pass_by(5 * MINUTE)
    answer = await world.resend(verification)
    assert isinstance(answer, Started)
    assert answer.sends_left == 0
    other = await world.started("+8613800138001")
    world.clock.pass_by(5 * MINUTE + 1)
    assert isinstance(await world.resend(other), NoSendsLeft)


async def test_sixty_four_resends_at_once_send_one_text(world: World) -> None:
    verification = await world.started()
    world.clock.pass_by(MINUTE)
    answers = await asyncio.gather(*(world.resend(verification) for _ in range(64)))
    assert sum(isinstance(answer, Started) for answer in answers) == 1


async def test_a_resend_does_not_give_attempts_back(world: World) -> None:
    verification = await world.started()
    for _ in range(4):
        await world.check(verification, BAD)
    world.clock.pass_by(MINUTE)
    assert isinstance(await world.resend(verification), Started)
    await world.check(verification, BAD)
    assert isinstance(await world.check(verification, "117733"), CodeRefused)


@pytest.mark.parametrize("caller", [{}, {"openid": "o-2"}])
async def test_only_the_openid_that_started_may_resend(
    world: World, caller: dict[str, str]
) -> None:
    verification = await world.started(caller=world.caller(openid="o-1"))
    world.clock.pass_by(MINUTE)
    answer = await world.resend(verification, caller=world.caller(**caller))
    assert isinstance(answer, CodeRefused)


# Check: rows 7, 22, 24, 25.


async def test_the_right_code_passes_once(world: World) -> None:
    verification = await world.started()
    answer = await world.check(verification)
    assert isinstance(answer, Approved)
    assert (answer.phone, answer.purpose, answer.at) == (PHONE, "register", world.clock())
    assert isinstance(await world.check(verification), CodeRefused)


async def test_of_sixty_four_checks_of_one_code_one_succeeds(world: World) -> None:
    verification = await world.started()
    answers = await asyncio.gather(*(world.check(verification) for _ in range(64)))
    assert sum(isinstance(answer, Approved) for answer in answers) == 1


async def test_of_sixty_four_guesses_at_once_five_are_compared(world: World) -> None:
    verification = await world.started()
    guesses = [BAD] * 5 + [GOOD] * 59
    answers = await asyncio.gather(*(world.check(verification, guess) for guess in guesses))
    assert all(isinstance(answer, CodeRefused) for answer in answers)


async def test_the_sixth_attempt_is_refused_even_if_it_is_right(world: World) -> None:
    verification = await world.started()
    for _ in range(5):
        assert isinstance(await world.check(verification, BAD), CodeRefused)
    await world.restart()
    assert isinstance(await world.check(verification, GOOD), CodeRefused)


async def test_the_fifth_attempt_may_be_the_right_one(world: World) -> None:
    verification = await world.started()
    for _ in range(4):
        await world.check(verification, BAD)
    await world.restart()
    assert isinstance(await world.check(verification, GOOD), Approved)


async def test_a_code_ends_after_five_minutes(world: World) -> None:
    verification = await world.started()
    world.clock.pass_by(5 * MINUTE)
    assert isinstance(await world.check(verification), CodeRefused)


async def test_a_verification_ends_after_ten_minutes_whatever_was_sent(furnish: Furnish) -> None:
    world = await furnish(rules=Rules(Policy(code_lifetime_s=300, lifetime_s=400)))
    verification = await world.started()
    world.clock.pass_by(100 * SECOND)
    assert isinstance(await world.resend(verification), Started)
    world.clock.pass_by(300 * SECOND)
    assert isinstance(await world.check(verification, "117733"), CodeRefused)


async def test_a_code_is_its_apps_alone_and_anothers_guess_costs_nothing(world: World) -> None:
    verification = await world.started()
    for _ in range(6):
        answer = await world.check(verification, GOOD, app=world.other_app)
        assert isinstance(answer, CodeRefused)
    assert isinstance(await world.check(verification), Approved)


@pytest.mark.parametrize("openid", ["", "o-2"])
async def test_another_openid_is_refused_and_counted(world: World, openid: str) -> None:
    mine = world.caller(openid="o-1")
    verification = await world.started(caller=mine)
    for _ in range(5):
        answer = await world.check(verification, GOOD, caller=world.caller(openid=openid))
        assert isinstance(answer, CodeRefused)
    assert isinstance(await world.check(verification, GOOD, caller=mine), CodeRefused)


async def test_an_unknown_verification_is_refused_like_a_wrong_code(world: World) -> None:
    stranger = world.start_command().verification
    for unknown in (stranger, None):
        assert isinstance(await world.check(unknown), CodeRefused)


async def test_a_code_is_never_kept_in_the_clear_nor_beyond_its_end(world: World) -> None:
    used = await world.started()
    locked = await world.started("+8613800138001")
    dead = await world.started("+8613800138002")
    found = await world.store.verification(used)
    assert found is not None
    assert found.code is not None
    assert GOOD.encode() not in found.code
    await world.check(used)
    for _ in range(5):
        await world.check(locked, BAD)
    world.clock.pass_by(10 * MINUTE)
    await world.sweep()
    for verification in (used, locked, dead):
        found = await world.store.verification(verification)
        assert found is not None
        assert found.code is None


async def test_a_repeated_check_under_a_key_gets_the_first_answer(world: World) -> None:
    verification = await world.started()
    key = world.idempotency("check-1")
    first = await world.check(verification, key=key)
    await world.restart()
    assert isinstance(first, Approved)
    assert await world.check(verification, key=key) == first


async def test_a_repeated_wrong_check_under_a_key_costs_one_attempt(world: World) -> None:
    verification = await world.started()
    key = world.idempotency("check-1")
    for _ in range(10):
        assert isinstance(await world.check(verification, BAD, key=key), CodeRefused)
    assert isinstance(await world.check(verification), Approved)


async def test_a_repeated_start_under_a_key_gets_the_first_answer_and_sends_nothing(
    world: World,
) -> None:
    key = world.idempotency("start-1")
    first = await world.start(key=key)
    assert isinstance(first, Started)
    assert await world.start(key=key) == first
    assert isinstance(await world.start(key=world.idempotency("start-1", "else")), KeyReused)
    assert await world.balance() == 999


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


# Who may be told of a pending verification: row 26.


@pytest.mark.parametrize(
    ("mine", "asks", "is_told"),
    [
        ({"openid": "o-1"}, {"openid": "o-1"}, True),
        ({"openid": "o-1"}, {"openid": "o-2"}, False),
        ({"openid": "o-1", "ip": "192.0.2.1"}, {"ip": "192.0.2.1"}, False),
        ({"ip": "192.0.2.1"}, {"ip": "192.0.2.1"}, False),
        ({"ip": "192.0.2.1", "device": "d"}, {"ip": "192.0.2.1", "device": "d"}, True),
        ({"ip": "192.0.2.1", "device": "d"}, {"ip": "192.0.2.1", "device": "e"}, False),
        ({"ip": "192.0.2.1"}, {"ip": "192.0.2.2"}, False),
        ({}, {}, False),
    ],
)
async def test_a_pending_verification_is_told_to_its_own_caller_only(
    world: World, mine: dict[str, str], asks: dict[str, str], is_told: bool
) -> None:
    verification = await world.started(caller=world.caller(**mine))
    answer = await world.start(caller=world.caller(**asks))
    assert isinstance(answer, Limited)
    assert answer.verification == (verification if is_told else None)
    elsewhere = await world.start(caller=world.caller(**asks), app=world.other_app)
    assert isinstance(elsewhere, Limited)
    assert elsewhere.verification is None


# What becomes of the text decides what becomes of the limits: rows 4, 27, 28.


@pytest.mark.parametrize(
    ("outcome", "waits"),
    [
        (Accepted("up"), True),
        (Unconfirmed("No answer."), True),
        (Rejected("blocked", "Blocked."), False),
    ],
    ids=["accepted", "unconfirmed", "rejected"],
)
async def test_the_cool_down_begins_only_if_the_text_may_have_left(
    world: World, outcome: Accepted | Unconfirmed | Rejected, waits: bool
) -> None:
    await world.started(caller=world.caller(ip="192.0.2.1"))
    [claimed] = await world.begun()
    await world.settle(claimed, outcome)
    answer = await world.start(caller=world.caller(ip="192.0.2.1"))
    assert isinstance(answer, Limited if waits else Started)


async def test_a_text_that_is_given_up_gives_its_windows_back(world: World) -> None:
    await world.started()
    for _ in range(2):
        [claimed] = await world.begun()
        await world.settle(claimed, Deferred("Busy."), providers=2)
    await world.started()


async def test_a_code_that_dies_unsent_is_never_sent_and_is_refunded(world: World) -> None:
    verification = await world.started()
    world.clock.pass_by(5 * MINUTE)
    assert await world.claim() == []
    found = await world.store.verification(verification)
    assert found is not None
    record = await world.record(found.message)
    assert (record.status, record.text) == (
        Status.EXPIRED,
        TEXT.replace("384592", "*"),
    )
    assert await world.balance() == 1_000


# A void text is not sent, if it has not left yet.


async def test_a_text_whose_code_was_replaced_is_not_sent_and_refunded(world: World) -> None:
    verification = await world.started()
    [held] = await world.claim()  # in a worker's hands, and one in the line
    world.clock.pass_by(MINUTE)
    assert isinstance(await world.resend(verification), Started)
    assert await world.begin([held]) == set()
    world.clock.pass_by(2 * MINUTE)
    assert isinstance(await world.resend(verification), Started)
    [newest] = await world.claim()
    assert await world.begin([newest]) == {newest.message.id}
    assert await world.status(held.message) is Status.EXPIRED
    assert await world.balance() == 999


async def test_a_text_whose_code_was_replaced_is_sent_where_both_are_good(furnish: Furnish) -> None:
    world = await furnish(rules=Rules(Policy(accept_previous=1)))
    verification = await world.started()
    world.clock.pass_by(MINUTE)
    assert isinstance(await world.resend(verification), Started)
    assert len(await world.claim()) == 2


@pytest.mark.parametrize("codes", [[GOOD], [BAD] * 5], ids=["approved", "locked"])
async def test_a_text_of_a_verification_that_is_over_is_not_sent(
    world: World, codes: list[str]
) -> None:
    verification = await world.started()
    for code in codes:
        await world.check(verification, code)
    assert await world.claim() == []
    assert await world.balance() == 1_000
    await world.restart()
    assert await world.claim() == []


async def test_a_text_that_has_left_stays_charged(world: World) -> None:
    verification = await world.started()
    [begun] = await world.begun()
    for _ in range(5):
        await world.check(verification, BAD)
    assert await world.settle(begun, Accepted("up")) == {begun.message.id}
    assert await world.balance() == 999


# Proofs and members.


async def test_a_proof_is_consumed_once(world: World) -> None:
    approved = await world.check(await world.started())
    assert isinstance(approved, Approved)
    answers = await asyncio.gather(*(world.consume(approved) for _ in range(64)))
    assert sum(isinstance(answer, Consumed) for answer in answers) == 1
    assert sum(isinstance(answer, ProofUsed) for answer in answers) == 63
    await world.restart()
    assert isinstance(await world.consume(approved), ProofUsed)


async def test_a_proof_is_its_apps_alone(world: World) -> None:
    approved = await world.check(await world.started())
    assert isinstance(approved, Approved)
    assert isinstance(await world.consume(approved, world.other_app), ProofInvalid)
    assert isinstance(await world.consume(approved), Consumed)


async def test_one_phone_is_one_member(world: World) -> None:
    first = await world.check(await world.started(), member=MemberId(world.store.next_id()))
    assert isinstance(first, Approved)
    assert (first.new_member, first.member) != (False, None)
    world.clock.pass_by(HOUR)
    await world.restart()
    again = await world.check(await world.started(), member=MemberId(world.store.next_id()))
    assert isinstance(again, Approved)
    assert (again.new_member, again.member) == (False, first.member)


async def test_a_wrong_code_registers_nobody(world: World) -> None:
    verification = await world.started()
    await world.check(verification, BAD, member=MemberId(world.store.next_id()))
    approved = await world.check(verification, member=MemberId(world.store.next_id()))
    assert isinstance(approved, Approved)
    assert approved.new_member


async def test_the_newest_verification_of_a_phone_is_found_while_it_may_be_alive(
    world: World,
) -> None:
    from hongyan.core.verification import current_of

    mark = current_of(world.app, world.mark(PHONE), "register")
    assert await world.store.current(mark) is None
    await world.started()
    world.clock.pass_by(MINUTE)
    newest = await world.started()
    assert await world.store.current(mark) == newest
    await world.restart()
    assert await world.store.current(mark) == newest


async def test_a_verification_is_read_back_as_it_was_written(world: World) -> None:
    caller = world.caller(openid="o-1", ip="192.0.2.1", device="d")
    verification = await world.started(caller=caller)
    found = await world.store.verification(verification)
    assert found is not None
    assert (found.phone, found.purpose, found.state) == (PHONE, "register", State.PENDING)
    assert (found.caller, found.sends, found.created_at) == (caller, 1, world.clock())
    assert await world.store.verification(world.start_command().verification) is None
