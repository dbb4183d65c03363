"""How messages leave the outbox for good, and what is given back of those that were surely never sent."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import msgspec
from asyncpg import Record

from hongyan.core import limit
from hongyan.core.daily import Total, total_of
from hongyan.core.draft import Hit
from hongyan.core.identifier import MessageId
from hongyan.core.message import ENDS, REFUNDED, Kind, Status
from hongyan.core.time import Millis
from hongyan.store.postgres.pending import Pending
from hongyan.store.postgres.totals import locked_totals
from hongyan.store.postgres.unit import Unit
from hongyan.store.queries.postgres import SQL
from hongyan.store.rows import wiped_row
from hongyan.store.seal import Seal

_decode_hits: Final = msgspec.msgpack.Decoder(list[Hit]).decode


class End(msgspec.Struct, frozen=True):
    """What becomes of a message."""

    status: Status
    at: Millis
    code: str = ""
    """What the network said with it."""
    token: int = 0
    """Who must hold it, for moves that ask."""


class Ending:
    """Ends messages, a set at a time."""

    def __init__(self, seal: Seal, pending: Pending) -> None:
        self._seal = seal
        self._pending = pending

    async def prepare(self, unit: Unit, messages: Collection[MessageId]) -> dict[int, int]:
        """Hold the limits still that these would be given back to, each with its history, and then the
        daily totals: whoever is going to move outbox rows does so before, for that is the order of
        locks.
        """
        if not messages:
            return {}
        packs = await unit.rows(SQL["hits"], messages)
        marks = sorted({mark for row in packs for mark, _ in _decode_hits(row["hits"])})
        totals = [total for mark in marks if (total := total_of(mark))]
        del marks[: len(totals)]
        held = await unit.rows(SQL["lock_histories"], marks) if marks else ()
        if totals:
            await locked_totals(unit, totals, make=False)
        return {row["mark"]: int.from_bytes(row["events"]) for row in held}

    async def end(self, unit: Unit, move: str, ends: Mapping[MessageId, End]) -> set[MessageId]:
        """Take them out of the outbox by `move`; give back what was surely not used.

        Those that it does not find in the state that it leaves are left alone; the others are
        returned.
        """
        if not ends:
            return set()
        order = sorted(ends)
        refunded = [message for message in order if ends[message].status in REFUNDED]
        histories = await self.prepare(unit, refunded)
        left = await unit.rows(move, order, [ends[message].token for message in order])
        if not left:
            return set()
        await unit.run(SQL["conclude"], *zip(*self._concluded(left, ends), strict=True))
        ended = {row["id"]: ends[row["id"]].status for row in left}
        await self._pending.report(
            unit, {m: status for m, status in ended.items() if status in ENDS}
        )
        back = [row for row in left if ended[row["id"]] in REFUNDED]
        if back:
            await self._refund(unit, back)
            await _give_back(unit, back, histories)
        return set(ended)

    def _concluded(
        self, left: Iterable[Record], ends: Mapping[MessageId, End]
    ) -> Iterable[tuple[Any, ...]]:
        """The values of the query `conclude`."""
        for row in left:
            end = ends[row["id"]]
            wipe = row["kind"] == Kind.VERIFICATION and not row["masked"]
            wiped = (
                wiped_row(row["id"], row["template"], row["sealed"], self._seal) if wipe else None
            )
            yield row["id"], end.status, end.at, end.code, wiped

    async def _refund(self, unit: Unit, back: Iterable[Record]) -> None:
        owed = Counter[int]()
        for row in back:
            owed[row["account"]] += row["units"]
        await unit.run(SQL["insert_refunds"], list(owed), list(owed.values()), unit.now)
        for account, units in owed.items():
            unit.move_balance(account, units)


async def _give_back(unit: Unit, back: Iterable[Record], histories: dict[int, int]) -> None:
    """Their places in the limits and totals. A mark or a total that is not there was forgotten: nothing
    counts it now.
    """
    changed: dict[int, int] = {}
    totals = Counter[Total]()
    for row in back:
        for mark, tag in _decode_hits(row["hits"]) if row["hits"] else ():
            if total := total_of(mark):
                totals[total] -= 1
            elif mark in histories:
                before = changed.get(mark, histories[mark])
                changed[mark] = limit.dropped(before, row["accepted_at"], tag)
    if changed:
        events = [one.to_bytes((one.bit_length() + 7) // 8) for one in changed.values()]
        await unit.run(SQL["put_histories"], list(changed), events)
    if totals:
        rows = sorted(totals.items())
        await unit.run(SQL["add_to_totals"], *zip(*rows, strict=True))
