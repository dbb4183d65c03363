"""Limits: how often something may happen, over several windows, as one decision.

What happened to one mark is a *history*: a whole number that holds an event in every 90 bits, the
newest lowest. It costs 48 bytes for up to two events where a list of tuples costs 300, and a store
keeps it as it is. An event is its time (42 bits) and a tag (48 bits) that a rule may tell it by.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from hongyan.core.errors import Limited, Scope
from hongyan.core.time import DAY, Millis, next_midnight

NO_EVENTS: Final = 0
MOST_EVENTS: Final = 500
"""No window may count further back, whoever sets it, so no history need be longer: 5.6 kB."""
TAG_BITS: Final = 48
_TIME_BITS: Final = 42
_EVENT_BITS: Final = _TIME_BITS + TAG_BITS
_TIME: Final = (1 << _TIME_BITS) - 1
_EVENT: Final = (1 << _EVENT_BITS) - 1


class Window(msgspec.Struct, frozen=True):
    """At most `most` events within `span`, rolling, or within a natural day in Asia/Shanghai."""

    name: str
    most: int
    span: Millis
    natural_day: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.span <= DAY:
            raise ValueError("A window is 1 second to 24 hours long: no store looks further back.")
        if not 0 < self.most <= MOST_EVENTS:
            sentence = f"A window counts 1 to {MOST_EVENTS} events."
            raise ValueError(sentence)

    def opens_at(self, history: int) -> Millis:
        """When this window lets another event in: 0 when it was never full."""
        oldest = nth(history, self.most)
        if not oldest:
            return 0
        return next_midnight(oldest) if self.natural_day else oldest + self.span


def refused(scope: Scope, windows: Iterable[Window], history: int, now: Millis) -> Limited | None:
    """The window that holds this event up longest, with when to come back; None lets it happen."""
    latest: Limited | None = None
    if history == NO_EVENTS:
        return None
    for window in windows:
        opens_at = window.opens_at(history)
        if opens_at > now and (latest is None or opens_at > latest.retry_at):
            latest = Limited(scope, window.name, opens_at)
    return latest


def later(one: Limited | None, other: Limited | None) -> Limited | None:
    """Of two refusals, the one that lasts longer, so that the caller comes back once."""
    if one is None or (other is not None and other.retry_at > one.retry_at):
        return other
    return one


def pushed(history: int, at: Millis, tag: int = 0, *, keep: int) -> int:
    """The history with a new event, at its newest `keep` ones.

    `at` must not be before the newest event there. `keep` is the most that any window looks back:
    older events can change no decision, so they need no clean-up.
    """
    history = history << _EVENT_BITS | tag << _TIME_BITS | at
    bits = _EVENT_BITS * keep
    return history & (1 << bits) - 1 if history.bit_length() > bits else history


def dropped(history: int, at: Millis, tag: int = 0) -> int:
    """The history without one event: a send that surely never happened gives its place back."""
    gone = tag << _TIME_BITS | at
    raw = list(_raw(history))
    if gone in raw:
        raw.remove(gone)
    return _packed(raw)


def nth(history: int, count: int) -> Millis:
    """The time of the `count`-th newest event, 0 when there are fewer."""
    return history >> _EVENT_BITS * (count - 1) & _TIME


def events(history: int) -> Iterator[tuple[Millis, int]]:
    """(time, tag) of each event, newest first."""
    for event in _raw(history):
        yield event & _TIME, event >> _TIME_BITS


def chosen(history: int, since: Millis, mask: int, tag: int) -> int:
    """The history of those events after `since` whose tag, under `mask`, is `tag`."""
    return _packed(
        event
        for event in _raw(history)
        if event & _TIME > since and event >> _TIME_BITS & mask == tag
    )


def count(history: int) -> int:
    """How many events a history holds."""
    return -(-history.bit_length() // _EVENT_BITS)


def _raw(history: int) -> Iterator[int]:
    while history:
        yield history & _EVENT
        history >>= _EVENT_BITS


def _packed(newest_first: Iterable[int]) -> int:
    history = NO_EVENTS
    for position, event in enumerate(newest_first):
        history |= event << _EVENT_BITS * position
    return history
