"""Marks: blended ones stand in stored rows, so how they are blended never changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.mark import BITS, NOBODY, Mark, blend

HIGHEST = Mark((1 << BITS) - 1)

marks = st.integers(0, HIGHEST).map(Mark)


@pytest.mark.parametrize(
    ("mark", "other", "blended"),
    [
        (0, 0, 0),
        (1, 2, 781_417_699_698_479_304),
        (2, 1, 1_038_603_475_214_436_473),
        (979_718_773_555_131_068, 1, 713_707_299_460_488_027),
        (HIGHEST, HIGHEST, 1_004_196_324_337_564_534),
    ],
)
def test_stored_marks_stay_what_they_are(mark: int, other: int, blended: int) -> None:
    assert blend(mark, other) == blended


@given(marks, marks)
def test_a_blend_is_a_mark(mark: Mark, other: Mark) -> None:
    assert NOBODY <= blend(mark, other) <= HIGHEST


@given(marks, st.sets(marks, max_size=50))
def test_one_mark_blends_differently_with_each_other(mark: Mark, others: set[Mark]) -> None:
    assert len({blend(mark, other) for other in others}) == len(others)


def test_neighbours_in_either_place_never_collide() -> None:
    blended = {blend(mark, other) for mark in range(300) for other in range(1, 300)}
    assert len(blended) == 300 * 299


def test_the_order_counts() -> None:
    pairs = [(mark, other) for mark in range(1, 100) for other in range(1, mark)]
    assert all(blend(mark, other) != blend(other, mark) for mark, other in pairs)
