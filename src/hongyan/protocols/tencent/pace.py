"""Pace: how many calls a second an account may make of an action, as the platform bounds them.

Counted in this process alone: a courtesy to those who test against the platform's bounds, and no
protection. What protects is counted in the store.
"""

from typing import Final

from hongyan.core.time import SECOND, Millis
from hongyan.wire.tencent.actions import Action
from hongyan.wire.tencent.fault import Fault

_MOST: Final = 10_000


class Pace:
    """Counts the calls of this second."""

    def __init__(self) -> None:
        self._second = 0
        self._made: dict[tuple[int, str], int] = {}

    def require(self, account: int, action: Action, now: Millis) -> None:
        """Raises Fault."""
        if not action.per_second:
            return
        if now // SECOND != self._second or len(self._made) >= _MOST:
            self._second = now // SECOND
            self._made.clear()
        made = self._made[account, action.name] = self._made.get((account, action.name), 0) + 1
        if made > action.per_second:
            raise Fault("RequestLimitExceeded")
