"""Reviews: the states of qualifications, signatures and templates, and the only moves between them.

The numbers are those that Tencent's API shows. A signature that reviewers approved is then filed
(报备) with each carrier, and can be used once one of them has it.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum, auto
from typing import Final


class QualificationStatus(IntEnum):
    """QualificationStatusCode."""

    IN_REVIEW = 0
    APPROVED = 1
    REJECTED = 2
    TO_BE_COMPLETED = 3
    CHANGE_IN_REVIEW = 4
    CHANGE_REJECTED = 5


class ReviewStatus(IntEnum):
    """StatusCode of a signature or a template."""

    USABLE = 0
    IN_REVIEW = 1
    APPROVED = 2
    """In effect later: the carriers do not have it yet."""
    REJECTED = -1


class Carrier(StrEnum):
    MOBILE = auto()
    UNICOM = auto()
    TELECOM = auto()


class Filing(StrEnum):
    """What a carrier says of a signature."""

    PENDING = auto()
    FILED = auto()
    REFUSED = auto()


QUALIFICATION_MOVES: Final[Mapping[QualificationStatus, frozenset[QualificationStatus]]] = {
    QualificationStatus.IN_REVIEW: frozenset(
        {
            QualificationStatus.APPROVED,
            QualificationStatus.REJECTED,
            QualificationStatus.TO_BE_COMPLETED,
        }
    ),
    QualificationStatus.APPROVED: frozenset({QualificationStatus.CHANGE_IN_REVIEW}),
    QualificationStatus.REJECTED: frozenset({QualificationStatus.IN_REVIEW}),
    QualificationStatus.TO_BE_COMPLETED: frozenset({QualificationStatus.IN_REVIEW}),
    QualificationStatus.CHANGE_IN_REVIEW: frozenset(
        {QualificationStatus.APPROVED, QualificationStatus.CHANGE_REJECTED}
    ),
    QualificationStatus.CHANGE_REJECTED: frozenset({QualificationStatus.CHANGE_IN_REVIEW}),
}

REVIEW_MOVES: Final[Mapping[ReviewStatus, frozenset[ReviewStatus]]] = {
    ReviewStatus.IN_REVIEW: frozenset(
        {ReviewStatus.APPROVED, ReviewStatus.USABLE, ReviewStatus.REJECTED}
    ),
    # Filed with a carrier, or refused by all of them.
    ReviewStatus.APPROVED: frozenset({ReviewStatus.USABLE, ReviewStatus.REJECTED}),
    # A carrier may take back what it had filed, while others have not answered yet.
    ReviewStatus.USABLE: frozenset({ReviewStatus.APPROVED, ReviewStatus.REJECTED}),
    ReviewStatus.REJECTED: frozenset({ReviewStatus.IN_REVIEW}),
}


GOOD: Final = frozenset({QualificationStatus.APPROVED})
"""A qualification whose change is in review, or was rejected, carries no new signature."""


def status_by_filings(filings: Mapping[Carrier, Filing]) -> ReviewStatus:
    """The status of a signature that reviewers approved; a carrier that is not named is pending."""
    said = [filings.get(carrier, Filing.PENDING) for carrier in Carrier]
    if Filing.FILED in said:
        return ReviewStatus.USABLE
    return ReviewStatus.APPROVED if Filing.PENDING in said else ReviewStatus.REJECTED
