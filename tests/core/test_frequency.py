"""Frequency: the defaults that documents name, as windows."""

from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.frequency import DOCUMENTED, LIVE, Frequency, content_key
from hongyan.core.limit import Window
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND


def test_the_document_has_one_a_minute_and_thirty_a_day() -> None:
    assert DOCUMENTED.windows == (
        Window("60s", 1, MINUTE),
        Window("day", 30, DAY, natural_day=True),
    )
    assert DOCUMENTED.content_windows == (Window("same-30s", 1, 30 * SECOND),)


def test_the_platform_has_ten_a_day() -> None:
    assert LIVE.windows == (Window("day", 10, DAY, natural_day=True),)
    assert LIVE.content_windows == DOCUMENTED.content_windows


def test_each_limit_can_be_set_and_taken_off() -> None:
    none = Frequency(same_per_30s=0, per_minute=0, per_day=0)
    assert none.windows == none.content_windows == ()
    every = Frequency(per_hour=5, same_per_day=3)
    assert every.windows[1] == Window("1h", 5, HOUR)
    assert every.content_windows[1] == Window("same-day", 3, DAY, natural_day=True)


NUMBERS = st.tuples(st.integers(0), st.text("+0123456789"), st.text())


@given(NUMBERS, NUMBERS)
def test_only_the_same_text_to_the_same_number_has_the_same_key(
    one: tuple[int, str, str], other: tuple[int, str, str]
) -> None:
    assert (content_key(*one) == content_key(*other)) == (one == other)
