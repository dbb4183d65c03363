"""The recent window in memory: what limits and Idempotency-Keys look up on every request.

A map from marks to whole numbers. Tables keep what it is rebuilt from; it keeps what would
otherwise be an index of random order on a hot table (which costs a server half of its rate). Keys
and values are ints: a million of them costs the garbage collector nothing.

It forgets by generations, not by scanning: entries go into the newest, and the oldest is dropped
when it is past the window. It is bounded by count: beyond the bound its oldest generation moves,
in small sorted slices, into a side table that look-ups then ask as well.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from hongyan.core.mark import BITS, Mark
from hongyan.core.time import Millis

_SHARD_BITS: Final = 6
_SHARD_SHIFT: Final = BITS - _SHARD_BITS
_SHARDS: Final = 1 << _SHARD_BITS
"""Small dicts, so that none takes long to grow or to free: one of a million entries takes 50 ms."""

_GENERATIONS: Final = 3
"""Alive at a time: an entry outlives its window by half of it at most."""


class _Generation:
    """Entries written within one stretch of time, in shards by the high bits of their marks."""

    def __init__(self, began_at: Millis) -> None:
        self.began_at = began_at
        self.written = False
        """Since the last look at the clock."""
        self.last_at = began_at
        """When an entry was last written, or a little later."""
        self.shards: list[dict[Mark, int]] = [{} for _ in range(_SHARDS)]
        self.count = 0


class RecentMap:
    """Mark → int, for at least `window`; at most about `bound` entries of it in memory."""

    def __init__(
        self, window: Millis, bound: int, find_spilled: Callable[[Mark], int | None]
    ) -> None:
        """`find_spilled` looks an entry up in the side table."""
        self._window = window
        self._stretch = window // (_GENERATIONS - 1)
        self._most = max(bound // _GENERATIONS, 1)
        self._find_spilled = find_spilled
        self._generations = [_Generation(0)]
        self._dropping: list[dict[Mark, int]] = []
        self._spilling: deque[_Generation] = deque()
        self._marks: list[Mark] = []
        self._shard = 0
        self._now: Millis = 0
        self.has_spilled = False
        """Whether the side table may hold entries that are still within the window."""

    def __len__(self) -> int:
        return sum(one.count for one in (*self._generations, *self._spilling))

    def get(self, mark: Mark) -> int:
        """The newest value; 0 for none."""
        shard = mark >> _SHARD_SHIFT
        for generation in self._generations:
            found = generation.shards[shard].get(mark)
            if found is not None:
                return found
        if self._spilling or self.has_spilled:
            return self._elsewhere(mark, shard)
        return 0

    def put(self, mark: Mark, value: int) -> None:
        newest = self._generations[0]
        shard = newest.shards[mark >> _SHARD_SHIFT]
        if mark not in shard:
            newest.count += 1
        shard[mark] = value
        newest.written = True

    def turn(self, now: Millis) -> None:
        """Begin a new generation when it is time for one; free a little of what is past.

        Time never goes back here: at start the window is told the moments of old rows, and then a
        clock that may be a little behind them.
        """
        now = self._now = max(now, self._now)
        newest = self._generations[0]
        if not newest.began_at:
            newest.began_at = newest.last_at = now
        if newest.written:
            newest.last_at, newest.written = now, False
        if now - newest.began_at >= self._stretch or newest.count >= self._most:
            self._generations.insert(0, _Generation(now))
        if len(self._generations) > 1:
            self._retire(now)
        if self._dropping:
            self._dropping.pop()

    def next_slice(self, most: int) -> list[tuple[Mark, int]]:
        """Entries to be moved into the side table, in the order of their marks; [] for none.

        They stay readable here until `confirm` says that they are committed.
        """
        while self._spilling and not self._marks:
            if self._shard == _SHARDS:
                self._spilling.popleft()
                self._shard = 0
                continue
            self._marks = sorted(self._spilling[0].shards[self._shard], reverse=True)
            self._shard += 1
        if not self._marks:
            return []
        shard = self._spilling[0].shards[self._shard - 1]
        return [(mark, shard[mark]) for mark in reversed(self._marks[-most:])]

    def confirm(self, moved: int) -> None:
        """Forget as many as `next_slice` gave out: the side table has them now."""
        self.has_spilled = True
        spilling = self._spilling[0]
        for mark in self._marks[-moved:]:
            del spilling.shards[self._shard - 1][mark]
        del self._marks[-moved:]
        spilling.count -= moved

    def _retire(self, now: Millis) -> None:
        if now - self._generations[-1].last_at >= self._window:
            self._dropping.extend(self._generations.pop().shards)
        elif len(self._generations) > _GENERATIONS:
            self._spilling.append(self._generations.pop())

    def _elsewhere(self, mark: Mark, shard: int) -> int:
        for generation in reversed(self._spilling):
            found = generation.shards[shard].get(mark)
            if found is not None:
                return found
        return (self._find_spilled(mark) or 0) if self.has_spilled else 0
