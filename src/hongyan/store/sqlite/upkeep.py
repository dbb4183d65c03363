"""What time alone demands: ended leases, dead codes, old rows, the window's overflow. Each call is
a small slice, so that it never holds a batch up.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

import msgspec

from hongyan.core import inquiry
from hongyan.core.daily import first_total
from hongyan.core.identifier import MessageId, first_id, made_at
from hongyan.core.message import LIFETIME, Kind, Status
from hongyan.core.time import DAY, Millis
from hongyan.core.verification import Rules
from hongyan.store.filing import day_of_reference
from hongyan.store.queries.sqlite import SQL
from hongyan.store.sqlite.memory import Memory
from hongyan.store.sqlite.outbox import Outbox
from hongyan.store.sqlite.pending import Pending
from hongyan.store.sqlite.texts import Texts
from hongyan.store.sqlite.waiting import Waiting
from hongyan.store.sqlite.writer import Unit
from hongyan.store.terms import RECEIPTS_COME, REPORTS_KEPT, RESULTS_KEPT, SLICE, TOTALS_KEPT

_WIPED_TO: Final = "codes_wiped_to"
"""The meta key of the newest verification whose codes are known to be gone."""


class Upkeep:
    """Used on the writing thread only."""

    def __init__(
        self,
        memory: Memory,
        waiting: Waiting,
        pending: Pending,
        outbox: Outbox,
        texts: Texts,
        rules: Rules,
    ) -> None:
        self._memory = memory
        self._pending = pending
        self._waiting = waiting
        self._outbox = outbox
        self._texts = texts
        self._rules = rules

    def sweep(self, unit: Unit) -> int:
        """One slice of everything; how much there was to do."""
        return sum(
            (
                self._end_leases(unit),
                self._close_doubts(unit),
                self._expire_waiting(unit),
                self._wipe_codes(unit),
                self._forget(unit),
                self._file_references(unit),
                self._texts.sweep(unit),
                self._memory.spill(unit),
            )
        )

    def _end_leases(self, unit: Unit) -> int:
        held = self._waiting.held.items()
        ended = [message for message, hold in held if hold.until <= unit.now][:SLICE]
        self._outbox.end_leases(unit, ended)
        return len(ended)

    def _close_doubts(self, unit: Unit) -> int:
        """Nobody told in 72 h: charged, and for a person to look at."""
        due = self._waiting.take_doubts(unit.now, SLICE)
        unit.undone.append(partial(self._waiting.restore_doubts, due))
        for _, message in due:
            self._outbox.resolve(unit, message, Status.CLOSED)
        return len(due)

    def _expire_waiting(self, unit: Unit) -> int:
        """Texts whose time ran out before a provider could take them."""
        count = 0
        for kind in Kind:
            oldest = self._waiting.oldest(kind, unit.now)
            if oldest is None or made_at(oldest) + self._shortest_life(kind) > unit.now:
                continue
            taken = self._outbox.take(unit, kind, SLICE)
            dead = self._dead(unit, taken)
            for message in dead:
                self._outbox.expire(unit, message)
            alive = [message for message in taken if message not in dead]
            unit.committed.append(partial(self._waiting.put_back, kind, alive))
            count += len(dead)
        return count

    def _shortest_life(self, kind: Kind) -> Millis:
        lifetime = LIFETIME[kind]
        return min(lifetime, self._rules.code_lifetime) if kind is Kind.VERIFICATION else lifetime

    def _dead(self, unit: Unit, messages: Sequence[MessageId]) -> set[MessageId]:
        rows = unit.rows(SQL["expires_at"], msgspec.json.encode(messages).decode())
        return {MessageId(message) for message, expires_at in rows if expires_at <= unit.now}

    def _wipe_codes(self, unit: Unit) -> int:
        """A dead verification keeps no code (policy row 20)."""
        wiped_to = unit.value(SQL["meta"], _WIPED_TO) or bytes(16)
        dead_before = _first_of(unit.now - self._rules.lifetime + 1)
        dead = unit.rows(SQL["dead_verifications"], wiped_to, dead_before, SLICE)
        if dead:
            last = dead[-1][0]
            unit.run(SQL["wipe_codes"], wiped_to, last)
            unit.run(SQL["put_meta"], _WIPED_TO, last)
        return len(dead)

    def _forget(self, unit: Unit) -> int:
        """Rows that only the recent window is rebuilt from, when it has moved past them."""
        past = unit.now - DAY
        count = unit.changes(SQL["forget_hits"], [(SLICE, past)])
        count += unit.changes(SQL["forget_kept"], [(SLICE, past)])
        count += unit.changes(SQL["forget_totals"], [(first_total(unit.now - TOTALS_KEPT), SLICE)])
        count += self._pending.forget_inquiries(unit, first_id(unit.now - inquiry.LONGEST), SLICE)
        count += self._forget_reports(unit)
        return count + unit.changes(SQL["forget_spilled"], [(past // DAY, SLICE)])

    def _forget_reports(self, unit: Unit) -> int:
        kept, ending = first_id(unit.now - REPORTS_KEPT), first_id(unit.now - RECEIPTS_COME)
        count = self._pending.forget_reports(unit, kept, ending, SLICE)
        return count + self._pending.forget_results(unit, first_id(unit.now - RESULTS_KEPT), SLICE)

    def _file_references(self, unit: Unit) -> int:
        """Out of the recent window, in the order of their marks: a small sorted slice is cheap where
        an index of random order over all of them is not.
        """
        past = unit.rows(SQL["references_before"], first_id(unit.now - DAY), SLICE)
        if past:
            rows = sorted((day_of_reference(message), mark, message) for message, mark in past)
            unit.run_many(SQL["file_reference"], rows)
            unit.committed.append(partial(self._memory.note_filed, {day for day, _, _ in rows}))
            unit.run(SQL["forget_references"], past[-1][0])
        return len(past)


def _first_of(moment: Millis) -> bytes:
    """The smallest UUIDv7 of a moment."""
    return max(moment, 0).to_bytes(6) + bytes(10)
