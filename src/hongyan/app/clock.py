"""The clock of a process: wall time that never runs backwards, whatever the machine's clock does."""

import time

from hongyan.core.time import SECOND, Millis

_NANOS: int = 1_000_000
_STEP: Millis = SECOND
"""A wall clock that is this far ahead was set forward; less is drift, or a slow call."""


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
