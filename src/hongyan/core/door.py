"""Doors: where an app comes in by a secret. Guessing costs the guesser time, and nobody else.

A door is an app seen from one address (an IPv6 caller's network). Its history holds the wrong
secrets of the last 24 hours; past the first ten it stays shut for a while after each.
"""

from typing import Final

from hongyan.core import limit
from hongyan.core.time import DAY, MINUTE, SECOND, Millis

FREE: Final = 10
"""Wrong secrets within 24 h that cost nothing yet: a deployment may be half done."""
_FIRST_WAIT: Final[Millis] = SECOND
_LONGEST_WAIT: Final[Millis] = 5 * MINUTE
_DOUBLINGS: Final = 9
"""2^9 seconds are over five minutes."""
KEPT: Final = FREE + _DOUBLINGS
"""Wrong secrets that a history need hold: more change nothing."""


def opens_at(history: int, now: Millis) -> Millis:
    """When the door opens again; a moment that is past while it is open."""
    wrong = limit.count(limit.chosen(history, now - DAY, 0, 0))
    if wrong < FREE:
        return 0
    wait = min(_FIRST_WAIT << (wrong - FREE), _LONGEST_WAIT)
    return limit.nth(history, 1) + wait


def is_shut(history: int, now: Millis) -> bool:
    return history != limit.NO_EVENTS and opens_at(history, now) > now
