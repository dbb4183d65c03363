"""Marks: keyed hashes of what is personal (a number, an openid, an address), as whole numbers.

The store makes them under its key; the rules compare and combine them and never see behind them.
60 bits, so that CPython keeps one in 32 bytes and a million of them costs no garbage collection.
"""

from typing import Final, NewType

Mark = NewType("Mark", int)

BITS: Final = 60
NOBODY: Final = Mark(0)
"""Stands where a caller gave no openid, device or address."""

_MASK: Final = (1 << BITS) - 1
_ODD: Final = 0x9E3779B97F4A7C15
"""2^64 over the golden ratio: spreads neighbouring numbers (Knuth, TAOCP 3 §6.4)."""


def blend(mark: int, other: int) -> Mark:
    """One mark of two numbers, order counting.

    Marks are keyed already, so nobody outside can aim at a collision; mixing suffices here.
    """
    mixed = (mark * _ODD ^ other) * _ODD
    return Mark((mixed ^ mixed >> 31) & _MASK)
