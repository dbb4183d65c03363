"""When a provider is asked, and what its word moves."""

import pytest

from hongyan.core.inquiry import FIRST_WAIT, LONGEST, believed, wait, wait_failed
from hongyan.core.message import Status, may_move
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND


def test_questions_come_within_seconds_and_end_within_days() -> None:
    waits = [wait(asked) for asked in range(20)]
    assert waits[0] == FIRST_WAIT <= 5 * SECOND
    asked = waits[: waits.index(0)]
    assert set(waits[len(asked) :]) == {0}
    assert 72 * HOUR <= sum(asked) < 73 * HOUR
    assert sum(asked) + DAY == LONGEST


def test_a_question_that_fails_on_is_repeated_ever_more_seldom() -> None:
    waits = [wait_failed(failures) for failures in range(1, 14)]
    assert waits[:4] == [10 * SECOND, 20 * SECOND, 40 * SECOND, 80 * SECOND]
    assert waits == sorted(waits)
    assert waits[-1] == wait_failed(1_000_000) == 6 * HOUR


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.DELIVERED, Status.UNDELIVERED])
def test_of_a_doubt_the_provider_is_believed_at_once(status: Status) -> None:
    assert believed(status, unknown=False, asked=1, in_doubt=True) is status


def test_that_it_never_got_it_is_believed_after_a_quarter_of_an_hour() -> None:
    asked = 1
    while believed(None, unknown=True, asked=asked, in_doubt=True) is None:
        asked += 1
    assert believed(None, unknown=True, asked=asked, in_doubt=True) is Status.REJECTED
    assert sum(map(wait, range(asked))) > 14 * MINUTE


def test_that_it_forgot_what_it_took_is_nothing_new() -> None:
    assert all(
        believed(None, unknown=True, asked=asked, in_doubt=False) is None for asked in range(20)
    )


def test_what_it_gave_up_is_paid_for_where_it_took_it_and_not_where_nobody_knew() -> None:
    word = Status.REJECTED
    assert believed(word, unknown=False, asked=1, in_doubt=True) is Status.REJECTED
    assert believed(word, unknown=False, asked=1, in_doubt=False) is Status.UNDELIVERED


@pytest.mark.parametrize("in_doubt", [True, False])
@pytest.mark.parametrize("unknown", [True, False])
@pytest.mark.parametrize(
    "said", [None, Status.SUBMITTED, Status.DELIVERED, Status.UNDELIVERED, Status.REJECTED]
)
def test_whatever_it_says_moves_a_message_only_where_the_table_lets_it(
    said: Status | None, *, unknown: bool, in_doubt: bool
) -> None:
    was = Status.UNCONFIRMED if in_doubt else Status.SUBMITTED
    moved = believed(None if unknown else said, unknown=unknown, asked=9, in_doubt=in_doubt)
    assert moved is None or may_move(was, moved)
