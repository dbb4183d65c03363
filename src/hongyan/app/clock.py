"""The clocks of a process: none ever runs backwards, whatever the machine's own clock does."""

import time
from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol

from hongyan.core.time import SECOND, Millis

_NANOS: Final = 1_000_000
_STEP: Final[Millis] = SECOND
"""A wall clock that is this far ahead was set forward; less is drift, or a slow call."""
_SLEW: Final = 10
"""One part in so many is what an aligned clock runs fast or slow while it comes to agree."""


class ProcessClock(Protocol):
    """Callable: now. What a house needs of its clock."""

    def __call__(self) -> Millis: ...

    def follow(self) -> None:
        """Compare with the wall, where that is its measure; called once in a while."""


class SteadyClock:
    """Callable: now. Set back, the machine's clock is not followed until the next start: limits and
    codes would live on for as long as the step. Set forward, it is followed at once.
    """

    def __init__(self) -> None:
        self._offset = time.time_ns() - time.monotonic_ns()

    def __call__(self) -> Millis:
        return (time.monotonic_ns() + self._offset) // _NANOS

    def follow(self) -> None:
        """Compare with the wall; called once in a while."""
        offset = time.time_ns() - time.monotonic_ns()
        if offset - self._offset > _STEP * _NANOS:
            self._offset = offset


class Reading(NamedTuple):
    """The database was asked for the time once. All in nanoseconds."""

    asked: int
    """By this process's monotonic clock."""
    told: int
    """What the database said, since 1970."""
    answered: int


class AlignedClock:
    """Callable: now, by the clock of the database, which all processes of a house share. This
    machine's wall is never asked: it may be wrong, or be set, and no rule changes.

    Between two looks at the database it goes on with the machine's monotonic clock. What it then
    finds itself off by is made up for by running a little fast or slow; only when the database's
    clock was set forward is it followed at once. It never runs backwards.
    """

    def __init__(self, readings: Iterable[Reading]) -> None:
        self._offset = self._target = _offset_of(readings)
        self._since = time.monotonic_ns()
        """From when on it makes up for what lies between the two."""

    def __call__(self) -> Millis:
        now = time.monotonic_ns()
        return (now + self._offset + self._made_up(now)) // _NANOS

    def follow(self) -> None:
        """The wall means nothing here."""

    def learn(self, readings: Iterable[Reading]) -> Millis:
        """What the database says now; how far this clock was behind it (ahead: below zero)."""
        target, now = _offset_of(readings), time.monotonic_ns()
        self._offset += self._made_up(now)
        self._since, self._target = now, target
        behind = target - self._offset
        if behind > _STEP * _NANOS:
            self._offset = target
        return behind // _NANOS

    def _made_up(self, now: int) -> int:
        left = self._target - self._offset
        if not left:
            return 0
        most = (now - self._since) // _SLEW
        return max(-most, min(left, most))


def _offset_of(readings: Iterable[Reading]) -> int:
    """Database less monotonic, by the reading that took least: the truth is within half of that."""
    asked, told, answered = min(readings, key=lambda one: one.answered - one.asked)
    return told - (asked + answered) // 2
