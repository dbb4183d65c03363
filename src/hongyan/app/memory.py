"""The process's memory: what is there at the start stays, and what was given up goes back."""

import ctypes
import gc
from typing import Final

_THRESHOLD: Final = 10_000
"""Requests leave no cycles; at the default of 700 the collector looks ten times as often."""


def settle_memory() -> None:
    """After the start: what is there now stays, so the collector need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_THRESHOLD, 20, 50)


def give_back_memory() -> None:
    """Hand what the allocator holds for nothing to the system; glibc does not by itself.

    Called from a thread once in a while: it takes some milliseconds.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
