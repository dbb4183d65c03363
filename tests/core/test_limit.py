"""Limits: histories against a list, windows against a counter that remembers everything."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core import limit
from hongyan.core.limit import MOST_EVENTS, NO_EVENTS, TAG_BITS, Window
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND, Millis

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = 1_795_233_600_000

Event = tuple[Millis, int]

times = st.integers(1, (1 << 42) - 1)
tags = st.integers(0, (1 << TAG_BITS) - 1)
events = st.lists(st.tuples(times, tags), max_size=30).map(sorted)

gaps = st.sampled_from(
    [0, 1, SECOND, 30 * SECOND, MINUTE - 1, MINUTE, HOUR, 5 * HOUR, DAY - 1, DAY]
)
"""What may pass between two events: much at once, and the edges of windows."""

windows = st.lists(
    st.builds(
        Window,
        st.just("window"),
        st.integers(1, 4),
        st.sampled_from([SECOND, MINUTE, HOUR, DAY]),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


def history_of(happened: list[Event], keep: int = MOST_EVENTS) -> int:
    history = NO_EVENTS
    for at, tag in happened:
        history = limit.pushed(history, at, tag, keep=keep)
    return history


# Histories.


@given(events)
def test_a_history_tells_its_events_newest_first(happened: list[Event]) -> None:
    history = history_of(happened)
    assert list(limit.events(history)) == happened[::-1]
    assert limit.count(history) == len(happened)


@given(events, st.integers(1, 30))
def test_a_history_is_kept_at_its_newest_events(happened: list[Event], keep: int) -> None:
    history = history_of(happened, keep)
    assert list(limit.events(history)) == happened[::-1][:keep]


@given(events, st.integers(1, 32))
def test_the_nth_event_is_counted_from_the_newest(happened: list[Event], count: int) -> None:
    newest_first = [at for at, _ in reversed(happened)] + [0] * 32
    assert limit.nth(history_of(happened), count) == newest_first[count - 1]


@given(events, times, tags)
def test_one_event_is_given_back_and_no_other(happened: list[Event], at: Millis, tag: int) -> None:
    with_it = sorted([*happened, (at, tag)])
    assert limit.dropped(history_of(with_it), at, tag) == history_of(happened)


@given(events, times, tags)
def test_an_event_that_is_not_there_is_not_given_back(
    happened: list[Event], at: Millis, tag: int
) -> None:
    others = [one for one in happened if one != (at, tag)]
    assert limit.dropped(history_of(others), at, tag) == history_of(others)


@given(
    st.lists(st.tuples(st.integers(1, 20), st.integers(0, 7)), max_size=30).map(sorted),
    st.integers(0, 20),
    st.integers(0, 7),
    st.integers(0, 7),
)
def test_events_are_chosen_by_time_and_tag(
    happened: list[Event], since: Millis, mask: int, tag: int
) -> None:
    chosen = [one for one in happened if one[0] > since and one[1] & mask == tag & mask]
    history = limit.chosen(history_of(happened), since, mask, tag & mask)
    assert list(limit.events(history)) == chosen[::-1]


def test_two_events_cost_no_more_than_forty_eight_bytes() -> None:
    history = history_of([(NOW, (1 << TAG_BITS) - 1)] * 2)
    assert history.__sizeof__() <= 48


# Windows.


@given(windows, st.lists(gaps, min_size=1, max_size=40))
def test_windows_let_in_what_a_counter_that_remembers_all_would(
    limits: list[Window], waits: list[Millis]
) -> None:
    history, happened = NO_EVENTS, list[Millis]()
    for now in accumulate(waits, initial=NOW):
        held = limit.refused("phone", limits, history, now)
        assert (held is None) == all(_has_room(one, happened, now) for one in limits)
        if held is None:
            happened.append(now)
            history = limit.pushed(history, now, keep=max(one.most for one in limits))


@given(windows, st.lists(gaps, min_size=1, max_size=20))
def test_a_refusal_tells_the_first_moment_that_is_open(
    limits: list[Window], waits: list[Millis]
) -> None:
    happened = list(accumulate(waits, initial=NOW))
    history = history_of([(at, 0) for at in happened])
    held = limit.refused("phone", limits, history, happened[-1])
    if held is not None:
        assert all(_has_room(one, happened, held.retry_at) for one in limits)
        assert not all(_has_room(one, happened, held.retry_at - 1) for one in limits)


def _has_room(window: Window, happened: list[Millis], now: Millis) -> bool:
    """By looking at all that ever happened."""
    if window.natural_day:
        within = [at for at in happened if _date(at) == _date(now)]
    else:
        within = [at for at in happened if at > now - window.span]
    return len(within) < window.most


def _date(at: Millis) -> object:
    return (datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at)).astimezone(SHANGHAI).date()


def test_a_rolling_window_opens_to_the_millisecond() -> None:
    minute = Window("60s", 1, MINUTE)
    history = limit.pushed(NO_EVENTS, NOW, keep=1)
    held = limit.refused("phone", [minute], history, NOW + MINUTE - 1)
    assert held is not None
    assert (held.scope, held.window, held.retry_at) == ("phone", "60s", NOW + MINUTE)
    assert limit.refused("phone", [minute], history, NOW + MINUTE) is None


def test_a_natural_day_opens_at_midnight_in_shanghai() -> None:
    day = Window("day", 1, DAY, natural_day=True)
    midnight = round(datetime(2026, 11, 22, tzinfo=SHANGHAI).timestamp()) * SECOND
    history = limit.pushed(NO_EVENTS, NOW, keep=1)
    held = limit.refused("app", [day], history, midnight - 1)
    assert held is not None
    assert held.retry_at == midnight
    assert limit.refused("app", [day], history, midnight) is None


def test_of_several_windows_the_one_that_lasts_longest_is_told() -> None:
    limits = [Window("60s", 1, MINUTE), Window("1h", 1, HOUR), Window("30s", 1, 30 * SECOND)]
    held = limit.refused("ip", limits, limit.pushed(NO_EVENTS, NOW, keep=1), NOW)
    assert held is not None
    assert (held.window, held.retry_at) == ("1h", NOW + HOUR)


@pytest.mark.parametrize("swapped", [False, True])
def test_of_two_refusals_the_later_one_is_told(swapped: bool) -> None:
    history = limit.pushed(NO_EVENTS, NOW, keep=1)
    pair = [
        limit.refused("phone", [Window(str(span), 1, span)], history, NOW)
        for span in (MINUTE, HOUR)
    ]
    longer = limit.later(*reversed(pair)) if swapped else limit.later(*pair)
    assert longer is pair[1]
    assert limit.later(pair[0], None) is limit.later(None, pair[0]) is pair[0]
    assert limit.later(None, None) is None
