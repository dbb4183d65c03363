"""Hours: Beijing's, with their ends."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.hours import ALWAYS, LAWFUL, REVIEW, Hours, reviewed_by, reviews_at
from hongyan.core.time import DAY, HOUR, MINUTE, Millis, day_of

MOMENTS = st.integers(0, 4_000_000_000_000)


def at(written: str) -> Millis:
    """A moment in Beijing, `2026-11-20 08:00`."""
    moment = datetime.strptime(written, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1000 - 8 * HOUR


@pytest.mark.parametrize(
    ("written", "is_open"),
    [
        ("2026-11-20 07:59", False),
        ("2026-11-20 08:00", True),
        ("2026-11-20 21:59", True),
        ("2026-11-20 22:00", False),
        ("2026-11-20 00:00", False),
    ],
)
def test_marketing_goes_out_from_eight_to_ten(written: str, *, is_open: bool) -> None:
    assert LAWFUL.is_open(at(written)) is is_open
    assert ALWAYS.is_open(at(written))


@pytest.mark.parametrize(
    ("written", "opens"),
    [
        ("2026-11-20 07:59", "2026-11-20 08:00"),
        ("2026-11-20 12:00", "2026-11-20 12:00"),
        ("2026-11-20 22:00", "2026-11-21 08:00"),
        ("2026-12-31 23:59", "2027-01-01 08:00"),
    ],
)
def test_what_waits_knows_for_how_long(written: str, opens: str) -> None:
    assert LAWFUL.opens_at(at(written)) == at(opens)


@given(MOMENTS, st.integers(0, 1439), st.integers(1, 1440))
def test_hours_open_within_a_day(now: Millis, opens: int, length: int) -> None:
    hours = Hours(opens, min(opens + length, 1440))
    then = hours.opens_at(now)
    assert now <= then < now + DAY
    assert hours.is_open(then)
    assert hours.is_open(now) == (then == now)


@pytest.mark.parametrize(("opens", "closes"), [(480, 480), (600, 480), (-1, 60), (0, 1441)])
def test_hours_end_after_they_begin(opens: int, closes: int) -> None:
    with pytest.raises(ValueError, match="open before they close"):
        Hours(opens, closes)


def test_an_app_s_hours_may_only_be_narrower() -> None:
    assert Hours(9 * 60, 20 * 60).is_within(LAWFUL)
    assert LAWFUL.is_within(LAWFUL)
    assert not Hours(7 * 60, 20 * 60).is_within(LAWFUL)
    assert not ALWAYS.is_within(LAWFUL)


# 2026-11-20 is a Friday.


@pytest.mark.parametrize(
    ("written", "work"),
    [
        ("2026-11-20 08:59", False),
        ("2026-11-20 09:00", True),
        ("2026-11-20 20:59", True),
        ("2026-11-20 21:00", False),
        ("2026-11-21 17:59", True),
        ("2026-11-21 18:00", False),
        ("2026-11-22 18:00", False),
        ("2026-11-23 18:00", True),
    ],
)
def test_reviewers_work_by_day(written: str, *, work: bool) -> None:
    assert reviews_at(at(written)) is work
    assert not reviews_at(at(written), frozenset({day_of(at(written))}))


@pytest.mark.parametrize(
    ("submitted", "reviewed"),
    [
        ("2026-11-20 10:00", "2026-11-20 12:00"),
        ("2026-11-20 03:00", "2026-11-20 11:00"),
        ("2026-11-20 19:00", "2026-11-20 21:00"),
        ("2026-11-20 20:00", "2026-11-21 10:00"),
        ("2026-11-20 23:00", "2026-11-21 11:00"),
        ("2026-11-21 17:30", "2026-11-22 10:30"),
        ("2026-11-22 18:30", "2026-11-23 11:00"),
    ],
)
def test_a_review_takes_two_hours_of_work(submitted: str, reviewed: str) -> None:
    assert reviewed_by(at(submitted)) == at(reviewed)


def test_nobody_reviews_on_a_holiday() -> None:
    holidays = frozenset(day_of(at(f"2026-10-0{day} 12:00")) for day in range(1, 8))
    assert reviewed_by(at("2026-09-30 20:00"), holidays=holidays) == at("2026-10-08 10:00")


def test_a_review_ends_even_where_nobody_works() -> None:
    holidays = frozenset(range(day_of(0), day_of(0) + 100))
    assert reviewed_by(0, holidays=holidays) == 60 * DAY - 8 * HOUR


@given(MOMENTS, st.integers(1, 3 * 24 * 60))
def test_a_review_ends_while_reviewers_work(submitted: Millis, minutes: int) -> None:
    reviewed = reviewed_by(submitted, minutes * MINUTE)
    assert reviewed >= submitted + minutes * MINUTE
    assert reviews_at(reviewed - 1)
    assert reviewed_by(submitted, REVIEW) < submitted + 2 * DAY


def test_hours_are_told_as_they_are_written() -> None:
    assert [str(one) for one in (LAWFUL, ALWAYS)] == ["08:00-22:00", "00:00-24:00"]
