"""What an attempt came to decides where its message goes."""

import pytest

from hongyan.core.identifier import MessageId
from hongyan.core.mark import Mark
from hongyan.core.message import Kind, Message, Status
from hongyan.core.outcome import Accepted, Deferred, Outcome, Rejected, Unconfirmed
from hongyan.core.time import HOUR, MINUTE, SECOND, Millis
from hongyan.service.ports import Claimed, Settlement
from hongyan.service.settle import Attempted, Patience, settlement
from support.world import NOON


def settled(
    outcome: Outcome,
    *,
    kind: Kind = Kind.NOTICE,
    attempts: int = 0,
    providers: int = 2,
    since_first: Millis = 0,
    lifetime: Millis = 24 * HOUR,
) -> Settlement:
    message = Message(
        id=MessageId(1),
        account=1,
        app=1,
        kind=kind,
        template=0,
        phone="+8613800138000",
        phone_mark=Mark(1),
        text="text",
        units=1,
        expires_at=NOON + lifetime,
    )
    claimed = Claimed(
        message=message,
        token=1,
        attempts=attempts,
        first_attempt_at=NOON - since_first if attempts else 0,
    )
    attempted = Attempted(
        claimed=claimed,
        provider="sandbox",
        providers=providers,
        started_at=NOON,
        ended_at=NOON,
        outcome=outcome,
    )
    return settlement(attempted, Patience())


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Accepted("up-1"), Status.SUBMITTED),
        (Rejected("blocked", "Blocked."), Status.REJECTED),
        (Deferred("Busy."), Status.QUEUED),
        (Unconfirmed("No answer."), Status.UNCONFIRMED),
    ],
)
def test_each_outcome_leads_to_its_state(outcome: Outcome, status: Status) -> None:
    assert settled(outcome).status is status


def test_a_deferred_message_goes_to_the_next_provider_at_once() -> None:
    assert settled(Deferred("Busy."), attempts=0, providers=2).due_at == NOON


@pytest.mark.parametrize(
    ("attempts", "wait_s"), [(1, 1), (3, 2), (5, 4), (7, 8), (19, 300), (199, 300)]
)
def test_it_waits_longer_after_each_round_of_all_providers(attempts: int, wait_s: int) -> None:
    deferred = settled(Deferred("Busy."), attempts=attempts, providers=2)
    assert deferred.due_at == NOON + wait_s * SECOND


def test_a_provider_may_ask_for_a_longer_wait_but_not_for_ever() -> None:
    one = settled(Deferred("Busy.", 30 * SECOND), providers=1)
    assert one.due_at == NOON + 30 * SECOND
    endless = settled(Deferred("Busy.", 3_600 * SECOND), providers=1)
    assert endless.due_at == NOON + 5 * MINUTE


def test_no_text_waits_beyond_its_end() -> None:
    one = settled(Deferred("Busy.", 30 * SECOND), providers=1, lifetime=20 * SECOND)
    assert one.due_at == NOON + 20 * SECOND


def test_a_notice_is_tried_as_long_as_it_lives() -> None:
    assert not settled(Deferred("Busy."), attempts=99).give_up


@pytest.mark.parametrize(
    ("attempts", "since_first", "gives_up"),
    [(0, 0, False), (1, 0, True), (1, 9 * SECOND, True)],
)
def test_a_verification_text_is_tried_by_two_providers_within_eight_seconds(
    attempts: int, since_first: Millis, gives_up: bool
) -> None:
    one = settled(
        Deferred("Busy."),
        kind=Kind.VERIFICATION,
        attempts=attempts,
        since_first=since_first,
    )
    assert one.give_up is gives_up


def test_a_verification_text_is_not_kept_for_a_provider_that_wants_too_much_time() -> None:
    one = settled(Deferred("Busy.", 9 * SECOND), kind=Kind.VERIFICATION, providers=1)
    assert one.give_up
