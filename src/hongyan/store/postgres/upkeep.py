"""What time alone demands: ended leases, dead codes, old rows. Each call is a small slice, so that it
never holds anybody up, and any number of processes may call at once.
"""

import uuid
from typing import Final

from hongyan.core import inquiry
from hongyan.core.daily import first_total
from hongyan.core.identifier import first_id
from hongyan.core.time import DAY, HOUR, Millis
from hongyan.core.verification import Rules
from hongyan.store.filing import day_of_reference
from hongyan.store.postgres import texts
from hongyan.store.postgres.outbox import Outbox
from hongyan.store.postgres.pending import Pending
from hongyan.store.postgres.unit import Unit
from hongyan.store.queries.postgres import SQL
from hongyan.store.terms import (
    CURRENT_WINDOW,
    RECEIPTS_COME,
    REPORTS_KEPT,
    RESULTS_KEPT,
    SLICE,
    TOTALS_KEPT,
)

_LOCK: Final = 0x686F6E6779616E02
"""The advisory lock of whoever lets go of what is past."""
_BATCHES_KEPT: Final[Millis] = HOUR
"""Nobody asks after a COMMIT for longer."""


class Upkeep:
    """One transaction's work: first what may be let go, then what moves messages; of that first what
    gives limits back, for so everybody locks.
    """

    def __init__(self, pending: Pending, outbox: Outbox, rules: Rules) -> None:
        self._pending = pending
        self._outbox = outbox
        self._rules = rules

    async def sweep(self, unit: Unit) -> int:
        """One slice of everything; how much there was to do. Of what is let go less than a slice is
        all there was, and counts as nothing: in a busy house there is always a little more.
        """
        done = 0
        if await unit.value(SQL["try_upkeep"], _LOCK):
            slices = [
                *await self._forget(unit),
                await self._file_references(unit),
                *await texts.sweep(unit),
                await self._wipe_codes(unit),
            ]
            done = sum(count for count in slices if count >= SLICE)
        await self._pending.count(unit)
        done += await self._outbox.expire_dead(unit, SLICE)
        done += await self._outbox.close_doubts(unit, SLICE)
        return done + await self._outbox.end_leases(unit, SLICE)

    async def _forget(self, unit: Unit) -> list[int]:
        """Rows that nobody looks at any more. Times there are kept to the hour."""
        now, past = unit.now, unit.now - DAY - HOUR
        current = now - CURRENT_WINDOW - HOUR
        return [
            await unit.run(SQL["forget_kept"], now - DAY, SLICE),
            await unit.run(SQL["forget_histories"], past, SLICE),
            await unit.run(SQL["forget_totals"], first_total(now - TOTALS_KEPT), SLICE),
            await unit.run(SQL["forget_currents"], current, SLICE),
            await unit.run(SQL["forget_batches"], _first_of(now - _BATCHES_KEPT), SLICE),
            await self._pending.forget_inquiries(unit, first_id(now - inquiry.LONGEST), SLICE),
            await self._pending.forget_reports(
                unit, first_id(now - REPORTS_KEPT), first_id(now - RECEIPTS_COME), SLICE
            ),
            await self._pending.forget_results(unit, first_id(now - RESULTS_KEPT), SLICE),
        ]

    async def _file_references(self, unit: Unit) -> int:
        """Out of the recent window, in the order of their marks: a small sorted slice is cheap where
        an index of random order over all of them is not.
        """
        past = await unit.rows(SQL["take_references"], first_id(unit.now - DAY), SLICE)
        if past:
            rows = sorted((day_of_reference(message), mark, message) for mark, message in past)
            await unit.run(SQL["file_references"], *zip(*rows, strict=True))
        return len(past)

    async def _wipe_codes(self, unit: Unit) -> int:
        """A dead verification keeps no code (policy row 20)."""
        wiped_to = await unit.value(SQL["codes_wiped_to"]) or bytes(16)
        dead_before = _first_of(unit.now - self._rules.lifetime + 1).bytes
        dead = await unit.rows(SQL["dead_verifications"], wiped_to, dead_before, SLICE)
        if dead:
            last = dead[-1]["id"]
            await unit.run(SQL["wipe_codes"], wiped_to, last)
            await unit.run(SQL["put_codes_wiped_to"], last)
        return len(dead)


def _first_of(moment: Millis) -> uuid.UUID:
    """The smallest UUIDv7 of a moment."""
    return uuid.UUID(bytes=max(moment, 0).to_bytes(6) + bytes(10))
