"""Time: days as Shanghai has them, moments as people write them; held against the library."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.time import DAY, HOUR, MINUTE, SECOND, day_of, next_midnight, rfc3339

SHANGHAI = ZoneInfo("Asia/Shanghai")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

moments = st.datetimes(datetime(1992, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 - the strategy adds the zone
    lambda moment: (moment - EPOCH) // timedelta(milliseconds=1)
)
"""Since the last summer time in China."""


def _in_shanghai(at: int) -> datetime:
    return (EPOCH + timedelta(milliseconds=at)).astimezone(SHANGHAI)


@given(moments)
def test_days_are_counted_as_in_shanghai(at: int) -> None:
    assert date(1970, 1, 1) + timedelta(days=day_of(at)) == _in_shanghai(at).date()


@given(moments)
def test_midnight_is_the_first_moment_of_shanghais_next_day(at: int) -> None:
    midnight = next_midnight(at)
    assert _in_shanghai(midnight).date() == _in_shanghai(at).date() + timedelta(days=1)
    assert _in_shanghai(midnight - 1).date() == _in_shanghai(at).date()


@given(moments)
def test_a_moment_is_written_so_that_it_can_be_read_back(at: int) -> None:
    written = rfc3339(at)
    assert datetime.fromisoformat(written) == EPOCH + timedelta(milliseconds=at)
    assert len(written) == len("2026-11-20T12:00:00.000Z")


def test_a_moment_is_written_in_utc_with_milliseconds() -> None:
    assert rfc3339(1_795_233_600_007) == "2026-11-21T04:00:00.007Z"


def test_spans_are_whole_milliseconds() -> None:
    assert (SECOND, MINUTE, HOUR, DAY) == (1_000, 60_000, 3_600_000, 86_400_000)
