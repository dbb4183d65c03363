"""Doors: the first ten wrong secrets of a day cost nothing, each one after that a longer wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core import door, limit
from hongyan.core.time import DAY, MINUTE, SECOND
from support.desk import NOW


def guessed(*moments: int) -> int:
    history = limit.NO_EVENTS
    for at in moments:
        history = limit.pushed(history, at, keep=door.KEPT)
    return history


def test_a_door_that_nobody_guessed_at_is_open() -> None:
    assert not door.is_shut(limit.NO_EVENTS, NOW)
    assert not door.is_shut(guessed(*[NOW] * 9), NOW)


@pytest.mark.parametrize(
    ("wrong", "wait"),
    [
        *((10, 1), (11, 2), (12, 4), (13, 8), (14, 16), (15, 32), (16, 64), (17, 128), (18, 256)),
        *((19, 300), (20, 300), (100, 300)),
    ],
)
def test_from_the_tenth_on_each_wait_is_twice_the_last_up_to_five_minutes(
    wrong: int, wait: int
) -> None:
    history = guessed(*[NOW - MINUTE] * (wrong - 1), NOW)
    assert door.opens_at(history, NOW) == NOW + wait * SECOND
    assert door.is_shut(history, NOW + wait * SECOND - 1)
    assert not door.is_shut(history, NOW + wait * SECOND)


def test_what_is_a_day_old_no_longer_counts() -> None:
    history = guessed(NOW - DAY, *[NOW - 1] * 9)
    assert not door.is_shut(history, NOW)
    assert door.is_shut(guessed(NOW - DAY + 1, *[NOW - 1] * 9), NOW)


@given(st.lists(st.integers(0, DAY // 20), max_size=60))
def test_what_is_kept_decides_as_all_of_it_would(gaps: list[int]) -> None:
    """A store may hold more of a history (after a restart it does) and must not decide otherwise."""
    kept = whole = limit.NO_EVENTS
    at = NOW
    for gap in gaps:
        at += gap
        assert door.is_shut(kept, at) == door.is_shut(whole, at)
        kept = limit.pushed(kept, at, keep=door.KEPT)
        whole = limit.pushed(whole, at, keep=limit.MOST_EVENTS)
        assert min(door.opens_at(kept, at), at) == min(door.opens_at(whole, at), at)
        assert door.opens_at(kept, at) == door.opens_at(whole, at)


@given(st.integers(1, 200))
def test_whoever_guesses_as_fast_as_doors_allow_has_few_guesses_a_day(tries: int) -> None:
    """Ten for nothing, nine in eight and a half minutes, then one every five minutes."""
    history, at = limit.NO_EVENTS, NOW
    for _ in range(tries):
        at = max(at, door.opens_at(history, at))
        history = limit.pushed(history, at, keep=door.KEPT)
    rising = sum(2**doublings for doublings in range(min(tries - 10, 9))) * SECOND
    assert at - NOW == rising + max(0, tries - 19) * 5 * MINUTE
