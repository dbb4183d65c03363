"""Who waits for a provider: ids only, verification texts first; bodies stay in the store."""

import heapq
from array import array
from collections.abc import Iterable
from itertools import takewhile
from typing import Final, TypeAlias

import msgspec

from hongyan.core.identifier import MessageId
from hongyan.core.message import Kind
from hongyan.core.time import Millis

_TRIM_AT: Final = 65_536

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
        """Let the first `count` go; with a negative count, have the last ones back."""
        self._head += count


class Hold(msgspec.Struct, frozen=True, gc=False):
    """Who holds a message, and for how long."""

    token: int
    until: Millis
    kind: Kind
    sending: bool = False
    """A byte may have left."""


class Waiting:
    """The order in which messages leave. Used on the writing thread only."""

    def __init__(self) -> None:
        self._ready: dict[Kind, _Line] = {kind: _Line() for kind in Kind}
        self._later: dict[Kind, list[Later]] = {kind: [] for kind in Kind}
        self.arrivals = 0
        """Raised whenever one may have become due."""
        self.held: dict[MessageId, Hold] = {}
        """What is in a worker's hands."""
        self.early: set[MessageId] = set()
        """Being sent, with a receipt already there."""
        self._doubts: list[Later] = []

    def __len__(self) -> int:
        later = sum(len(heap) for heap in self._later.values())
        return later + sum(len(line) for line in self._ready.values())

    def add(self, kind: Kind, message: MessageId) -> None:
        self.arrivals += 1
        self._ready[kind].add(message)

    def defer(self, kind: Kind, message: MessageId, due_at: Millis) -> None:
        """To be claimed again, not before a moment."""
        self.arrivals += 1
        heapq.heappush(self._later[kind], (due_at, message))

    def take(self, kind: Kind, most: int, now: Millis) -> "Taken":
        """What is due of a kind: first what waited for its hour, then the line."""
        taken = Taken(self, kind, _due(self._later[kind], now, most))
        taken.step(self._ready[kind].first(most - len(taken.ids)))
        return taken

    def take_while(self, kind: Kind, gone: Iterable[MessageId], most: int) -> "Taken":
        """Those at the head of a kind's line that are among `gone`."""
        wanted = frozenset(gone)
        taken = Taken(self, kind, [])
        taken.step(list(takewhile(wanted.__contains__, self._ready[kind].first(most))))
        return taken

    def first(self, kind: Kind, most: int) -> list[MessageId]:
        """The head of a kind's line, left where it is."""
        return self._ready[kind].first(most)

    def step(self, kind: Kind, count: int) -> None:
        self._ready[kind].step(count)

    def due_at(self, kinds: Iterable[Kind]) -> Millis | None:
        """When the next one of these is due: 0 for now, None when none waits."""
        if any(self._ready[kind] for kind in kinds):
            return 0
        heaps = (self._later[kind] for kind in kinds)
        return min((heap[0][0] for heap in heaps if heap), default=None)

    def doubt(self, message: MessageId, closed_at: Millis) -> None:
        """Unconfirmed, to be closed at a moment."""
        heapq.heappush(self._doubts, (closed_at, message))

    def take_doubts(self, now: Millis, most: int) -> list[Later]:
        """The doubts whose time is up."""
        return _due(self._doubts, now, most)

    def restore_doubts(self, taken: list[Later]) -> None:
        for doubt in taken:
            heapq.heappush(self._doubts, doubt)


class Taken:
    """Ids that have left their line; `undo` puts them back where they were."""

    def __init__(self, waiting: Waiting, kind: Kind, later: list[Later]) -> None:
        self.ids = [message for _, message in later]
        self._waiting = waiting
        self._kind = kind
        self._later = later
        self._stepped = 0

    def step(self, ids: list[MessageId]) -> None:
        self._waiting.step(self._kind, len(ids))
        self._stepped += len(ids)
        self.ids += ids

    def undo(self) -> None:
        for due_at, message in self._later:
            self._waiting.defer(self._kind, message, due_at)
        self._waiting.step(self._kind, -self._stepped)


def _due(heap: list[Later], now: Millis, most: int) -> list[Later]:
    due: list[Later] = []
    while heap and heap[0][0] <= now and len(due) < most:
        due.append(heapq.heappop(heap))
    return due
