"""The rules of verification as pure functions: their bounds, their steps, and what no trace of
sends can get around. Rows are the policy's."""

from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core import limit
from hongyan.core.errors import Limited, StepUpRequired
from hongyan.core.identifier import MessageId, VerificationId
from hongyan.core.limit import NO_EVENTS
from hongyan.core.mark import NOBODY, Mark, blend
from hongyan.core.policy import Policy
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND, Millis
from hongyan.core.verification import (
    Caller,
    Rules,
    State,
    Verification,
    current_of,
    guesses_of,
    lock_of,
    purpose_tag,
    send_tag,
)

NOW = 1_795_233_600_000
RULES = Rules(Policy())
WITH_STEP_UP = Rules(Policy(), step_up=True)

STRANGERS = [Caller(openid=Mark(openid << 20 | openid)) for openid in range(1, 5)]
FRIEND = Caller(openid=Mark(9 << 20 | 9))
NAMELESS = Caller()


def verification(**differing: Any) -> Verification:
    fields: dict[str, Any] = {
        "id": VerificationId(bytes(16)),
        "app": 1,
        "purpose": "register",
        "phone": "+8613800138000",
        "phone_mark": Mark(7),
        "caller": NAMELESS,
        "stepped_up": False,
        "created_at": NOW,
        "sends": 1,
        "sent_at": NOW,
        "message": MessageId(1),
        "code": b"kept",
    }
    return Verification(**fields | differing)


# Who is who: rows 10, 11.


def test_a_caller_is_its_openid_else_its_device_and_address_else_its_address() -> None:
    openid, device, ip = Mark(1), Mark(2), Mark(3)
    assert Caller(openid, device, ip).identity == openid
    assert Caller(NOBODY, device, ip).identity == blend(device, ip)
    assert Caller(NOBODY, device, ip, by_address=True).identity == ip
    assert Caller(NOBODY, NOBODY, ip).identity == ip
    assert NAMELESS.identity == NOBODY


def test_a_tag_tells_lane_caller_and_purpose_apart() -> None:
    tags = {
        send_tag(caller, purpose, known=known)
        for caller in (*STRANGERS, FRIEND, NAMELESS)
        for purpose in ("register", "login", "reset")
        for known in (False, True)
    }
    assert len(tags) == 6 * 3 * 2
    assert max(tags) < 1 << limit.TAG_BITS


def test_marks_of_different_things_never_meet() -> None:
    marks = [
        make(app, phone, purpose)
        for make in (guesses_of, current_of)
        for app in (1, 2)
        for phone in (Mark(1), Mark(2))
        for purpose in ("register", "login")
    ]
    marks += [
        lock_of(phone, purpose, Mark(identity))
        for phone in (Mark(1), Mark(2))
        for purpose in ("register", "login")
        for identity in (1, 2)
    ]
    assert len(set(marks)) == len(marks) == 24


# Sends: rows 2, 4, 10, 12, 18.


def sent(*sends: tuple[Millis, int]) -> int:
    history = NO_EVENTS
    for at, tag in sends:
        history = limit.pushed(history, at, tag, keep=RULES.sends_kept)
    return history


def held(sends: int, now: Millis, caller: Caller = NAMELESS, purpose: str = "register") -> object:
    return RULES.send_refused(sends, now, caller, purpose, known=False, stepped_up=False)


@pytest.mark.parametrize(("before", "wait_s"), [(1, 60), (2, 60), (3, 120), (4, 300)])
def test_the_wait_grows_with_each_text_of_a_purpose(before: int, wait_s: int) -> None:
    tag = purpose_tag("register")
    last = NOW + (before - 1) * 5 * MINUTE
    history = sent(*((NOW + number * 5 * MINUTE, tag) for number in range(before)))
    refusal = held(history, last + wait_s * SECOND - 1)
    assert isinstance(refusal, Limited)
    assert refusal.retry_at == last + wait_s * SECOND
    assert held(history, refusal.retry_at) is None


def test_the_steps_begin_anew_after_half_an_hour() -> None:
    tag = purpose_tag("register")
    history = sent(*((NOW + number * MINUTE, tag) for number in (0, 1, 3)), (NOW + HOUR, tag))
    assert held(history, NOW + HOUR + MINUTE) is None


def test_resend_at_is_the_moment_from_which_a_text_is_let_through() -> None:
    tag, history, now = purpose_tag("register"), NO_EVENTS, NOW
    for _ in range(5):
        assert held(history, now) is None
        history = limit.pushed(history, now, tag, keep=RULES.sends_kept)
        resend_at = RULES.resend_at(history, now, "register")
        assert held(history, resend_at - 1) is not None
        now = resend_at
    assert held(history, now) is None
    assert now == NOW + HOUR


def test_where_a_step_up_exists_it_is_asked_for_instead_of_a_wait() -> None:
    tags = [send_tag(caller, "register", known=False) for caller in STRANGERS]
    history = sent(*((NOW + n * HOUR, tags[n % 4]) for n in range(5)))
    now, asks = NOW + 6 * HOUR, STRANGERS[3]
    plain = RULES.send_refused(history, now, asks, "register", known=False, stepped_up=False)
    asked = WITH_STEP_UP.send_refused(history, now, asks, "register", known=False, stepped_up=False)
    passed = WITH_STEP_UP.send_refused(history, now, asks, "register", known=False, stepped_up=True)
    assert isinstance(plain, Limited)
    assert isinstance(asked, StepUpRequired)
    assert passed is None


def test_an_address_is_asked_for_a_step_up_where_there_is_one() -> None:
    history = sent(*((NOW, 0) for _ in range(10)))
    assert isinstance(RULES.address_refused(history, NOW, stepped_up=False), Limited)
    assert isinstance(WITH_STEP_UP.address_refused(history, NOW, stepped_up=False), StepUpRequired)
    assert WITH_STEP_UP.address_refused(history, NOW, stepped_up=True) is None


waits = st.sampled_from([0, SECOND, MINUTE - 1, MINUTE, 2 * MINUTE, 5 * MINUTE, HOUR, 3 * HOUR])
attempts_to_send = st.lists(
    st.tuples(
        waits,
        st.sampled_from([*STRANGERS, NAMELESS, FRIEND]),
        st.sampled_from(["register", "login", "reset"]),
        st.booleans(),
    ),
    max_size=120,
)


class Log:
    """Every text that a trace of attempts got through, remembered for good."""

    def __init__(self, attempts: list[tuple[Millis, Caller, str, bool]]) -> None:
        self.sent: list[tuple[Millis, Caller]] = []
        history, now = NO_EVENTS, NOW
        for wait, caller, purpose, stepped_up in attempts:
            now, known = now + wait, caller is FRIEND
            refused = RULES.send_refused(
                history, now, caller, purpose, known=known, stepped_up=stepped_up
            )
            if refused is None:
                self.sent.append((now, caller))
                tag = send_tag(caller, purpose, known=known)
                history = limit.pushed(history, now, tag, keep=RULES.sends_kept)

    def most(self, span: Millis, *callers: Caller) -> int:
        """The most texts of these callers (of all, when none is named) within any such span."""
        times = [at for at, caller in self.sent if not callers or caller in callers]
        return max((sum(at - span < one <= at for one in times) for at in times), default=0)


@given(attempts_to_send)
def test_no_trace_of_attempts_gets_more_texts_to_a_phone(
    attempts: list[tuple[Millis, Caller, str, bool]],
) -> None:
    log = Log(attempts)
    assert log.most(MINUTE) <= 1
    assert log.most(DAY) <= 10
    assert log.most(HOUR, *STRANGERS, NAMELESS) <= 5
    assert log.most(DAY, *STRANGERS, NAMELESS) <= 7
    assert all(log.most(DAY, stranger) <= 3 for stranger in STRANGERS)


@given(attempts_to_send)
def test_without_a_step_up_named_strangers_get_five_texts_a_day_to_a_phone(
    attempts: list[tuple[Millis, Caller, str, bool]],
) -> None:
    named = [(*one[:3], False) for one in attempts if one[1] in STRANGERS]
    assert Log(named).most(DAY) <= 5


@given(attempts_to_send)
def test_whatever_strangers_did_who_verified_before_gets_three_texts(
    attempts: list[tuple[Millis, Caller, str, bool]],
) -> None:
    strangers = [one for one in attempts if one[1] is not FRIEND]
    later = [(HOUR, FRIEND, "register", False)] * 3
    log = Log(strangers + later)
    assert [caller for _, caller in log.sent[-3:]] == [FRIEND] * 3


# Guesses: rows 7, 8, 11.


def failed(*guesses: tuple[Caller, bool]) -> int:
    """The history of failures by (caller, known), a minute apart."""
    history, tags = NO_EVENTS, [send_tag(one, "register", known=known) for one, known in guesses]
    for at, tag in zip(accumulate([MINUTE] * len(tags), initial=NOW), tags, strict=False):
        history = limit.pushed(history, at, tag, keep=RULES.failures_kept)
    return history


def may_guess(failures: int, caller: Caller, *, known: bool = False, step_up: bool = False) -> bool:
    now = NOW + HOUR
    return not RULES.guesses_refused(failures, now, caller, known=known, stepped_up=step_up)


def test_a_caller_guesses_wrong_five_times_a_day() -> None:
    caller, other = STRANGERS[:2]
    assert may_guess(failed(*[(caller, False)] * 4), caller)
    assert not may_guess(failed(*[(caller, False)] * 5), caller)
    assert may_guess(failed(*[(caller, False)] * 5), other)


def test_all_strangers_together_guess_wrong_fifteen_times_a_day() -> None:
    fourteen = [(STRANGERS[number % 3], False) for number in range(14)]
    assert may_guess(failed(*fourteen), STRANGERS[3])
    assert not may_guess(failed(*fourteen, (STRANGERS[2], False)), STRANGERS[3])
    assert not may_guess(failed(*fourteen, (STRANGERS[2], False)), NAMELESS)


def test_a_step_up_opens_five_more_guesses() -> None:
    caller = STRANGERS[0]
    assert may_guess(failed(*[(caller, False)] * 9), caller, step_up=True)
    assert not may_guess(failed(*[(caller, False)] * 10), caller, step_up=True)


def test_who_verified_before_has_five_guesses_that_nobody_can_use_up() -> None:
    others = [(STRANGERS[number % 4], False) for number in range(20)]
    assert may_guess(failed(*others, *[(FRIEND, True)] * 4), FRIEND, known=True)
    assert not may_guess(failed(*others, *[(FRIEND, True)] * 5), FRIEND, known=True)


def test_who_verified_before_guesses_wrong_no_more_often_than_all_may() -> None:
    assert not may_guess(failed(*[(FRIEND, True)] * 20), FRIEND, known=True)


def test_a_caller_is_locked_out_for_fifteen_minutes() -> None:
    lock = sent((NOW, 0))
    refusal = RULES.locked(lock, NOW)
    assert refusal is not None
    assert refusal.retry_at == NOW + 15 * MINUTE
    assert RULES.locked(lock, refusal.retry_at) is None
    assert RULES.locked(NO_EVENTS, NOW) is None


def test_the_last_guess_locks_and_wipes() -> None:
    one = verification(previous=b"before")
    for left in range(4, 0, -1):
        one = RULES.failed(one)
        assert (one.attempts, one.state) == (5 - left, State.PENDING)
    one = RULES.failed(one)
    assert (one.state, one.code, one.previous) == (State.LOCKED, None, None)


def test_an_approval_wipes_and_counts() -> None:
    one = RULES.approved(verification(previous=b"before"), b"proof", NOW + 1)
    assert (one.state, one.used_at, one.attempts) == (State.APPROVED, NOW + 1, 1)
    assert (one.code, one.previous, one.proof) == (None, None, b"proof")


# A verification's own life: rows 2, 5, 6.


@pytest.mark.parametrize(
    ("state", "age", "ended"),
    [
        (State.PENDING, 10 * MINUTE - 1, False),
        (State.PENDING, 10 * MINUTE, True),
        (State.APPROVED, 0, True),
        (State.LOCKED, 0, True),
    ],
)
def test_only_a_pending_one_lives_and_for_ten_minutes(
    state: State, age: Millis, ended: bool
) -> None:
    assert RULES.ended(verification(state=state), NOW + age) is ended


@pytest.mark.parametrize(
    ("sends", "resend_at", "left"),
    [
        (1, NOW + MINUTE, 2),
        (3, NOW + MINUTE, 0),
        (1, NOW + 5 * MINUTE, 2),
        (1, NOW + 5 * MINUTE + 1, 0),
    ],
)
def test_texts_are_left_while_a_code_could_live_its_whole_life(
    sends: int, resend_at: Millis, left: int
) -> None:
    assert RULES.sends_left(verification(sends=sends), resend_at) == left


@pytest.mark.parametrize(("accept_previous", "previous"), [(0, None), (1, b"kept")])
def test_a_new_code_takes_the_place_of_the_last_one(
    accept_previous: int, previous: bytes | None
) -> None:
    rules = Rules(Policy(accept_previous=accept_previous))
    one = rules.resent(
        verification(attempts=3), b"new", MessageId(2), NOW + MINUTE, stepped_up=True
    )
    assert (one.code, one.previous, one.sends, one.attempts) == (b"new", previous, 2, 3)
    assert (one.message, one.sent_at, one.stepped_up) == (2, NOW + MINUTE, True)
