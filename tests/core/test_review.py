"""Reviews: the numbers are the API's, and only declared moves are made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.review import (
    GOOD,
    QUALIFICATION_MOVES,
    REVIEW_MOVES,
    Carrier,
    Filing,
    QualificationStatus,
    ReviewStatus,
    status_by_filings,
)


def test_the_numbers_are_those_of_the_api() -> None:
    assert [status.value for status in QualificationStatus] == [0, 1, 2, 3, 4, 5]
    assert {status.name: status.value for status in ReviewStatus} == {
        "USABLE": 0,
        "IN_REVIEW": 1,
        "APPROVED": 2,
        "REJECTED": -1,
    }


def test_every_state_has_its_moves_and_none_moves_to_itself() -> None:
    assert set(QUALIFICATION_MOVES) == set(QualificationStatus)
    assert set(REVIEW_MOVES) == set(ReviewStatus)
    assert not [old for old, new in QUALIFICATION_MOVES.items() if old in new]
    assert not [old for old, new in REVIEW_MOVES.items() if old in new]


def test_what_was_rejected_can_be_handed_in_again() -> None:
    assert ReviewStatus.IN_REVIEW in REVIEW_MOVES[ReviewStatus.REJECTED]
    for status in (QualificationStatus.REJECTED, QualificationStatus.TO_BE_COMPLETED):
        assert QualificationStatus.IN_REVIEW in QUALIFICATION_MOVES[status]
    assert frozenset({QualificationStatus.APPROVED}) == GOOD


@pytest.mark.parametrize(
    ("filings", "status"),
    [
        ({}, ReviewStatus.APPROVED),
        ({Carrier.MOBILE: Filing.REFUSED}, ReviewStatus.APPROVED),
        ({Carrier.UNICOM: Filing.FILED}, ReviewStatus.USABLE),
        (dict.fromkeys(Carrier, Filing.FILED), ReviewStatus.USABLE),
        (dict.fromkeys(Carrier, Filing.REFUSED), ReviewStatus.REJECTED),
    ],
)
def test_one_carrier_is_enough(filings: dict[Carrier, Filing], status: ReviewStatus) -> None:
    assert status_by_filings(filings) is status


@given(st.dictionaries(st.sampled_from(Carrier), st.sampled_from(Filing)))
def test_whatever_carriers_say_approved_ones_move_only_as_declared(
    filings: dict[Carrier, Filing],
) -> None:
    status = status_by_filings(filings)
    assert status is ReviewStatus.APPROVED or status in REVIEW_MOVES[ReviewStatus.APPROVED]
