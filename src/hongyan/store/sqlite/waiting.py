"""Who waits for a provider: ids only, verification texts first; bodies stay in the store."""

import heapq
from array import array
from collections.abc import Iterable
from typing import Final, TypeAlias

import msgspec

from hongyan.core.identifier import MessageId
from hongyan.core.message import Kind
from hongyan.core.time import Millis

_TRIM_AT: Final = 65_536
_RIPE_AT_ONCE: Final = 500
"""Nobody takes more at a time, and a long outage must not end in a long look at the clock."""

Later: TypeAlias = tuple[Millis, MessageId]
"""A message with its hour."""


class _Line:
    """First in, first out, at 8 bytes an id (a deque of ints takes 56)."""

    def __init__(self) -> None:
        self._ids = array("q")
        self._head = 0

    def __len__(self) -> int:
        return len(self._ids) - self._head

    def add(self, identifier: MessageId) -> None:
        if self._head > _TRIM_AT:
            del self._ids[: self._head]
            self._head = 0
        self._ids.append(identifier)

    def first(self, most: int) -> list[MessageId]:
        return [MessageId(one) for one in self._ids[self._head : self._head + most]]

    def step(self, count: int) -> None:
        """Let the first `count` go."""
        self._head += count


class Hold(msgspec.Struct, frozen=True, gc=False):
    """Who holds a message, and for how long."""

    token: int
    until: Millis
    kind: Kind
    expires_at: Millis
    """The text's own end, after which it may not begin."""
    sending: bool = False
    """A byte may have left."""


class Waiting:
    """The order in which messages leave. Used on the writing thread only.

    What a unit of work takes is gone at once, so that the units after it in its batch cannot take
    it too; if the batch is undone, it is put back. What a unit gives is added when its batch is
    committed, for nobody may take what is not on disk.
    """

    def __init__(self) -> None:
        self._ready: dict[Kind, _Line] = {kind: _Line() for kind in Kind}
        self._due: dict[Kind, list[MessageId]] = {kind: [] for kind in Kind}
        """Heaps of those that are back in line: they go before those that never left it."""
        self._later: dict[Kind, list[Later]] = {kind: [] for kind in Kind}
        """Heaps of those that wait for their hour."""
        self.arrivals = 0
        """Raised whenever one may have become due."""
        self.held: dict[MessageId, Hold] = {}
        """What is in a worker's hands."""
        self._doubts: list[Later] = []

    def __len__(self) -> int:
        return sum(
            len(self._ready[kind]) + len(self._due[kind]) + len(self._later[kind]) for kind in Kind
        )

    def add(self, kind: Kind, message: MessageId) -> None:
        self.arrivals += 1
        self._ready[kind].add(message)

    def defer(self, kind: Kind, message: MessageId, due_at: Millis) -> None:
        """To be taken again, not before a moment."""
        self.arrivals += 1
        heapq.heappush(self._later[kind], (due_at, message))

    def put_back(self, kind: Kind, messages: Iterable[MessageId]) -> None:
        """At the head of the line again, the oldest first."""
        for message in messages:
            self.arrivals += 1
            heapq.heappush(self._due[kind], message)

    def take(self, kind: Kind, most: int, now: Millis) -> list[MessageId]:
        """What is due of a kind: first those that are back in line, then the others."""
        self._ripen(kind, now)
        due, line = self._due[kind], self._ready[kind]
        taken = [heapq.heappop(due) for _ in range(min(most, len(due)))]
        fresh = line.first(most - len(taken))
        line.step(len(fresh))
        return taken + fresh

    def oldest(self, kind: Kind, now: Millis) -> MessageId | None:
        """The oldest at the head of a kind's line, left where it is."""
        self._ripen(kind, now)
        return min(self._due[kind][:1] + self._ready[kind].first(1), default=None)

    def due_at(self, kinds: Iterable[Kind]) -> Millis | None:
        """When the next one of these is due: 0 for now, None when none waits."""
        if any(self._ready[kind] or self._due[kind] for kind in kinds):
            return 0
        heaps = (self._later[kind] for kind in kinds)
        return min((heap[0][0] for heap in heaps if heap), default=None)

    def let_go(self, messages: Iterable[MessageId]) -> dict[MessageId, Hold]:
        """Out of their workers' hands; those that were in some."""
        return {one: self.held.pop(one) for one in messages if one in self.held}

    def doubt(self, message: MessageId, closed_at: Millis) -> None:
        """Unconfirmed, to be closed at a moment."""
        heapq.heappush(self._doubts, (closed_at, message))

    def take_doubts(self, now: Millis, most: int) -> list[Later]:
        """The doubts whose time is up."""
        return _due(self._doubts, now, most)

    def restore_doubts(self, taken: list[Later]) -> None:
        for doubt in taken:
            heapq.heappush(self._doubts, doubt)

    def _ripen(self, kind: Kind, now: Millis) -> None:
        ripe = _due(self._later[kind], now, _RIPE_AT_ONCE)
        for _, message in ripe:
            heapq.heappush(self._due[kind], message)


def _due(heap: list[Later], now: Millis, most: int) -> list[Later]:
    due: list[Later] = []
    while heap and heap[0][0] <= now and len(due) < most:
        due.append(heapq.heappop(heap))
    return due
