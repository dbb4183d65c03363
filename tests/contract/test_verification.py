"""The store's promises about codes: each row of the policy where it can break (race, restart,
another app, clock)."""

import asyncio

import pytest

from hongyan.core.command import Approved, Started
from hongyan.core.errors import (
    CodeRefused,
    KeyReused,
    Limited,
    NoBalance,
    NoSendsLeft,
)
from hongyan.core.message import Status
from hongyan.core.outcome import Accepted, Deferred, Rejected, Unconfirmed
from hongyan.core.policy import Policy
from hongyan.core.time import HOUR, MINUTE, SECOND
from hongyan.core.verification import Rules
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
    # As many at once as share a batch: between two batches of a store's there is no order.
    for guesses in ([BAD] * 5 + [GOOD] * 27, [GOOD] * 32):
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


async def test_of_two_good_codes_texts_only_those_leave_that_can_still_pass(
    furnish: Furnish,
) -> None:
    world = await furnish(rules=Rules(Policy(accept_previous=1)))
    verification = await world.started()
    for wait in (MINUTE, 2 * MINUTE):
        world.clock.pass_by(wait)
        assert isinstance(await world.resend(verification), Started)
    assert len(await world.claim()) == 2
    assert await world.balance() == 998
    await world.restart()
    assert isinstance(await world.check(verification, "117733"), Approved)
    assert await world.claim() == []
    assert await world.balance() == 1_000


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_text_whose_code_went_while_it_was_leaving_has_no_other_try(
    world: World, restarts: bool
) -> None:
    verification = await world.started()
    [begun] = await world.begun()
    for _ in range(5):
        await world.check(verification, BAD)
    await world.settle(begun, Deferred("Busy."), providers=2)
    if restarts:
        await world.restart()
    assert await world.claim() == []
    assert await world.status(begun.message) is Status.EXPIRED
    assert await world.balance() == 1_000


async def test_a_text_whose_code_went_before_any_byte_did_is_not_begun_anew(world: World) -> None:
    verification = await world.started()
    begun = await world.begun()
    for _ in range(5):
        await world.check(verification, BAD)
    await world.unbegin(begun)
    assert await world.claim() == []
    assert await world.balance() == 1_000


async def test_a_text_that_has_left_stays_charged(world: World) -> None:
    verification = await world.started()
    [begun] = await world.begun()
    for _ in range(5):
        await world.check(verification, BAD)
    assert await world.settle(begun, Accepted("up")) == {begun.message.id}
    assert await world.balance() == 999
