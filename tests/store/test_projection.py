"""The recent window: nothing within it is lost, whatever is spilled, and memory stays bounded."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hongyan.core.mark import BITS, Mark
from hongyan.core.time import Millis
from hongyan.store.projection import RecentMap

WINDOW, BOUND = 1_000, 9
MARKS = [Mark(number << BITS - 3 | number) for number in range(8)]

marks = st.sampled_from(MARKS)


def nowhere(_mark: Mark) -> int | None:
    return None


class RecentWindow(RuleBasedStateMachine):
    """A map, a dict as its side table, and a dict that never forgets."""

    def __init__(self) -> None:
        super().__init__()
        self.aside: dict[Mark, int] = {}
        self.recent = RecentMap(WINDOW, BOUND, self.aside.get)
        self.written: dict[Mark, list[tuple[Millis, int]]] = {}
        self.now, self.values = 1, 0

    @rule(mark=marks)
    def put(self, mark: Mark) -> None:
        self.values += 1
        self.recent.put(mark, self.values)
        self.recent.turn(self.now)
        self.written.setdefault(mark, []).append((self.now, self.values))

    @rule(span=st.sampled_from([0, 1, WINDOW // 2 - 1, WINDOW // 2, WINDOW - 1, WINDOW]))
    def wait(self, span: Millis) -> None:
        self.now += span
        self.recent.turn(self.now)

    @rule(most=st.integers(1, 3))
    def spill(self, most: int) -> None:
        moving = self.recent.next_slice(most)
        assert len(moving) <= most
        assert moving == sorted(moving)
        self.aside.update(moving)
        if moving:
            self.recent.confirm(len(moving))

    @rule(most=st.integers(1, 3))
    def spill_in_a_batch_that_is_undone(self, most: int) -> None:
        moving = self.recent.next_slice(most)
        assert self.recent.next_slice(most) == moving

    @rule()
    def spill_all(self) -> None:
        while moving := self.recent.next_slice(3):
            self.aside.update(moving)
            self.recent.confirm(len(moving))
        assert len(self.recent) <= BOUND

    @invariant()
    def nothing_within_the_window_is_lost(self) -> None:
        for mark in MARKS:
            at, value = self.written.get(mark, [(0, 0)])[-1]
            found = self.recent.get(mark)
            if self.now - at < WINDOW:
                assert found == value
            else:
                assert found in {0, *(older for _, older in self.written.get(mark, []))}


TestRecentWindow = RecentWindow.TestCase


def filled(count: int, bound: int = 1_000_000) -> RecentMap:
    recent = RecentMap(WINDOW, bound, nowhere)
    recent.turn(1)
    for number in range(count):
        recent.put(Mark(number << 30), number + 1)
    return recent


def overfilled(count: int) -> RecentMap:
    """So many entries, and so many younger ones that they must go."""
    recent = filled(count, bound=3)
    for _ in range(3):
        recent.turn(1)
        recent.put(MARKS[-1], 1)
    return recent


def test_what_was_never_put_is_zero() -> None:
    assert filled(10).get(Mark(1)) == 0


def test_the_newest_value_counts() -> None:
    recent = filled(1)
    recent.put(Mark(0), 7)
    assert (recent.get(Mark(0)), len(recent)) == (7, 1)


def test_zero_may_be_put_and_hides_what_was_before() -> None:
    recent = RecentMap(WINDOW, BOUND, {MARKS[1]: 5}.get)
    recent.has_spilled = True
    assert recent.get(MARKS[1]) == 5
    recent.put(MARKS[1], 0)
    assert recent.get(MARKS[1]) == 0


def test_the_side_table_is_asked_only_when_it_may_hold_something() -> None:
    asked: list[Mark] = []
    recent = RecentMap(WINDOW, BOUND, asked.append)
    recent.get(MARKS[0])
    assert asked == []
    recent.has_spilled = True
    recent.put(MARKS[1], 1)
    assert (recent.get(MARKS[0]), recent.get(MARKS[1])) == (0, 1)
    assert asked == [MARKS[0]]


@pytest.mark.parametrize("count", [0, 1, 500])
def test_entries_past_the_window_are_given_back(count: int) -> None:
    recent = filled(count)
    for now in range(1, WINDOW, WINDOW // 10):
        recent.turn(now)
    assert len(recent) == count
    for now in range(WINDOW, 2 * WINDOW, WINDOW // 10):
        recent.turn(now)
    assert len(recent) == 0
    assert recent.next_slice(10) == []


def test_an_entry_outlives_its_window_by_half_of_it_at_most() -> None:
    recent = filled(1)
    for now in range(1, WINDOW + WINDOW // 2 + 1):
        recent.turn(now)
        if now <= WINDOW:
            assert recent.get(Mark(0)) == 1
    assert recent.get(Mark(0)) == 0


def test_a_slice_is_in_the_order_of_marks_and_is_given_once() -> None:
    recent = overfilled(300)
    moved: list[tuple[Mark, int]] = []
    while moving := recent.next_slice(7):
        recent.confirm(len(moving))
        moved += moving
    assert moved == [(Mark(number << 30), number + 1) for number in range(300)]
    assert recent.has_spilled


def test_what_is_moving_stays_readable_until_it_is_confirmed() -> None:
    recent = overfilled(5)
    moving = recent.next_slice(2)
    assert [recent.get(mark) for mark, _ in moving] == [value for _, value in moving] == [1, 2]
    recent.confirm(len(moving))
    assert [recent.get(mark) for mark, _ in moving] == [0, 0]
