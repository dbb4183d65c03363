"""The ledger: packages bought, segments charged at accept, segments given back.

At every moment balance = bought - accepted + refunded, to the unit, for every account.
"""

from enum import StrEnum


class Entry(StrEnum):
    """Why a balance moved. `accepted` entries are negative, the others positive."""

    BOUGHT = "bought"
    ACCEPTED = "accepted"
    REFUNDED = "refunded"


def covers(balance: int, units: int) -> bool:
    """Whether a message of `units` segments may be charged to this balance: it never goes below 0."""
    return balance >= units
