"""Messages: exactly the moves that the design draws, and where money goes back."""

import pytest

from hongyan.core.message import LIFETIME, REFUNDED, TRANSITIONS, Kind, Status, may_move
from hongyan.core.time import DAY, MINUTE

MOVES = {
    "queued": "claimed expired",
    "claimed": "sending queued expired",
    "sending": "submitted rejected queued unconfirmed",
    "submitted": "delivered undelivered",
    "unconfirmed": "submitted delivered undelivered rejected closed",
}
ENDS = {
    Status.DELIVERED,
    Status.UNDELIVERED,
    Status.REJECTED,
    Status.EXPIRED,
    Status.CLOSED,
}


@pytest.mark.parametrize("old", list(Status))
@pytest.mark.parametrize("new", list(Status))
def test_exactly_the_drawn_moves_are_taken(old: Status, new: Status) -> None:
    assert may_move(old, new) is (new in MOVES.get(old, "").split())


def test_every_status_is_reached_from_queued() -> None:
    assert _reached({Status.QUEUED}) == set(Status)


def test_the_ends_are_those_that_lead_nowhere() -> None:
    assert {status for status in Status if not TRANSITIONS[status]} == ENDS


@pytest.mark.parametrize("status", list(Status))
def test_every_status_comes_to_an_end(status: Status) -> None:
    assert _reached({status}) & ENDS


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.UNCONFIRMED, *ENDS])
def test_what_may_have_been_sent_is_never_sent_again(status: Status) -> None:
    assert not _reached({status}) & {Status.QUEUED, Status.CLAIMED, Status.SENDING}


def test_money_goes_back_where_nothing_was_sent_and_nowhere_else() -> None:
    assert {Status.REJECTED, Status.EXPIRED} == REFUNDED
    assert REFUNDED <= ENDS


def test_a_text_waits_as_long_as_its_kind_allows() -> None:
    assert LIFETIME == {
        Kind.VERIFICATION: 10 * MINUTE,
        Kind.NOTICE: DAY,
        Kind.MARKETING: DAY,
    }


def _reached(some: set[Status]) -> set[Status]:
    """These, and all that they can become."""
    further = some.union(*(TRANSITIONS[one] for one in some))
    return some if further == some else _reached(further)
