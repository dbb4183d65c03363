"""What the writing thread holds in memory, and how it is rebuilt from disk at start.

Changed only by what is committed, and only on the writing thread.
"""

from collections.abc import Collection, Iterator
from functools import partial
from typing import Final

import apsw

from hongyan.core import limit
from hongyan.core.identifier import MessageId, VerificationId, made_at
from hongyan.core.mark import BITS, Mark
from hongyan.core.time import DAY, HOUR, Millis
from hongyan.core.verification import current_of
from hongyan.store.administering import Value
from hongyan.store.projection import RecentMap
from hongyan.store.queries.sqlite import SQL
from hongyan.store.rows import Row
from hongyan.store.sqlite.recording import filed
from hongyan.store.sqlite.writer import Unit
from hongyan.store.terms import CURRENT_WINDOW

_FEW: Final = 64
"""Messages that wait to be filed and can be looked through on the way."""
_SLICE: Final = 250
"""Entries moved aside in one commit: half a millisecond of the writer's time."""


class Memory:
    """The recent window, the balances, and the next number of an answer to be kept."""

    def __init__(self, connection: apsw.Connection, bound: int) -> None:
        """`bound`: about how many entries the recent window may have in memory."""
        self._connection = connection
        self._now: Millis = 0
        self.histories = self._map("histories", DAY, bound // 3)
        self.kept = self._map("kept", DAY, bound // 3)
        self.currents = self._map("currents", CURRENT_WINDOW, bound // 3)
        # An hour more than it must: what is past is filed in the meantime.
        self.references = self._map("references", DAY + HOUR, bound // 3)
        self._maps = {
            "references": self.references,
            "histories": self.histories,
            "kept": self.kept,
            "currents": self.currents,
        }
        self.balances: dict[int, int] = {}
        self.next_kept = 1
        self.filed: tuple[int, ...] = ()
        """The days under which references are filed, newest first."""
        self._spilling: Unit | None = None

    def __len__(self) -> int:
        return sum(len(one) for one in self._maps.values())

    def rebuild(self, now: Millis) -> None:
        """Read back what the window needs, in the order in which it was written.

        What an earlier process has spilled is among it, and so is not asked for until this one
        spills: it would be counted twice.
        """
        rows = self._rows
        self._now = now
        self.reload_balances()
        for mark, at, tag in rows("hits_since", now - DAY):
            self.apply_hit(Mark(mark), at, tag)
            self.histories.turn(abs(at))
        for row, key, request, at in rows("kept_since", now - DAY):
            self.kept.put(Mark(key), packed(row, request))
            self.kept.turn(at)
        for message, mark in rows("references"):
            self.references.put(Mark(mark), message)
            self.references.turn(made_at(message))
        oldest = (now - CURRENT_WINDOW).to_bytes(6)
        for row, app, phone, purpose, at in rows("verifications_since", oldest):
            self.currents.put(current_of(app, phone, purpose), int.from_bytes(row))
            self.currents.turn(at)
        self.next_kept = 1 + next(rows("last_kept"))[0]
        self.filed = tuple(day for (day,) in rows("filed_days"))

    def reload_balances(self) -> None:
        """From the table: another process (the command line) may have changed them."""
        self.balances = dict(self._connection.execute(SQL["balances"]))

    def credit(self, account: int, units: int) -> None:
        self.balances[account] = self.balances.get(account, 0) + units

    def apply_hit(self, mark: Mark, at: Millis, tag: int) -> None:
        """One row of the hit table: an event, or with a negative time the return of one."""
        history = self.histories.get(mark)
        if at < 0:
            self.histories.put(mark, limit.dropped(history, -at, tag))
        else:
            self.histories.put(mark, limit.pushed(history, at, tag, keep=limit.MOST_EVENTS))

    def current(self, mark: Mark) -> VerificationId | None:
        found = self.currents.get(mark)
        return VerificationId(found.to_bytes(16)) if found else None

    def reference(self, mark: Mark) -> MessageId | None:
        found = self.references.get(mark)
        return MessageId(found) if found else None

    def find(self, unit: Unit, mark: Mark, before: MessageId) -> tuple[MessageId | None, bool]:
        """(the newest message that bears it, whether that is certain). It is not while many of before
        the recent window wait to be filed: nobody is kept waiting here until they are looked through.
        """
        found = self.reference(mark)
        if found is not None and found >= before:
            return found, True
        unfiled = unit.rows(SQL["references_before"], before, _FEW)
        if len(unfiled) == _FEW:
            return found, False
        # Memory may have let go of a newer one of these before an older one that it had moved aside.
        past = [MessageId(message) for message, other in unfiled if other == mark]
        if not past:
            past = [one] if (one := filed(unit.connection, mark, self.filed)) else []
        return max([*past, *([found] if found else [])], default=None), True

    def note_filed(self, days: Collection[int]) -> None:
        """References have been filed under these."""
        if not set(days) <= set(self.filed):
            self.filed = tuple(sorted({*self.filed, *days}, reverse=True))

    def turn(self, now: Millis) -> None:
        """Let the window move on; called with each batch."""
        self._now = now
        for one in self._maps.values():
            one.turn(now)

    def spill(self, unit: Unit) -> int:
        """Move a slice of each map that is over its bound into the side table; how many."""
        if unit is self._spilling:
            return 0  # Another sweep of this batch: the next slice is known when it is committed.
        self._spilling = unit
        moved = 0
        for name, one in self._maps.items():
            moving = one.next_slice(_SLICE)
            if moving:
                day = unit.now // DAY
                rows = [(day, name, mark, value.to_bytes(_width(value))) for mark, value in moving]
                unit.run_many(SQL["insert_spilled"], rows)
                unit.committed.append(partial(one.confirm, len(moving)))
                moved += len(moving)
        return moved

    def _rows(self, name: str, *values: Value) -> Iterator[Row]:
        return iter(self._connection.execute(SQL[name], values))

    def _map(self, name: str, window: Millis, bound: int) -> RecentMap:
        return RecentMap(window, bound, partial(self._find_spilled, name))

    def _find_spilled(self, name: str, mark: Mark) -> int | None:
        today = self._now // DAY
        row = self._connection.execute(SQL["spilled"], (today, today - 1, name, mark)).fetchone()
        return int.from_bytes(row[0]) if row else None


def packed(row: int, request: Mark) -> int:
    """A kept answer's row and the mark of its request, as one value of a RecentMap."""
    return row << BITS | request


def unpacked(value: int) -> tuple[int, Mark]:
    """(row, request) again."""
    return value >> BITS, Mark(value & (1 << BITS) - 1)


def _width(value: int) -> int:
    return (value.bit_length() + 7) // 8
