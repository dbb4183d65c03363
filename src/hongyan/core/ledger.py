"""The ledger: packages bought, segments charged at accept, segments given back.

At every moment balance = bought - accepted + refunded, to the unit, for every account.
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from hongyan.core.time import Millis


class Entry(StrEnum):
    """Why a balance moved. `accepted` entries are negative, the others positive."""

    BOUGHT = "bought"
    ACCEPTED = "accepted"
    REFUNDED = "refunded"


def covers(balance: int, units: int) -> bool:
    """Whether a message of `units` segments may be charged to this balance: it never goes below 0."""
    return balance >= units


class Package(msgspec.Struct, frozen=True):
    """Segments that were bought together."""

    id: int
    units: int
    bought_at: Millis
    used: int
    """How many of them are gone: the oldest package is used first."""


def packages(bought: Iterable[tuple[int, int, Millis]], balance: int) -> list[Package]:
    """An account's packages, oldest first, with what its balance says was used of them.

    `bought`: (id, units, when) of all of them, in this order.
    """
    bought = list(bought)
    spent = sum(units for _, units, _ in bought) - balance
    found = []
    for id_, units, at in bought:
        used = max(0, min(units, spent))
        spent -= used
        found.append(Package(id_, units, at, used))
    return found
