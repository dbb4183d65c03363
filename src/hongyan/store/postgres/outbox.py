"""The outbox on PostgreSQL: claim, begin, settle, receive, by any number of processes. Every move is
guarded by the state it leaves and by who holds the message, so a stale hand finds no row, and nothing
follows from a move that was not made.

Everything is done to sets: a message costs no statement of its own. Rows are locked in the order that
the schema names, within a table by their keys; what a claim or a sweep finds locked it passes over.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

import structlog

from hongyan.core.identifier import MessageId, written
from hongyan.core.message import Kind, Status, may_move
from hongyan.core.time import Millis
from hongyan.service.ports import Begun, Claimed, Receipt, Settlement
from hongyan.store.postgres.ending import End, Ending
from hongyan.store.postgres.line import WORK, Line
from hongyan.store.postgres.pending import Pending
from hongyan.store.postgres.unit import Unit
from hongyan.store.queries.postgres import SQL
from hongyan.store.rows import attempt_row, message_of, wiped_of, wiped_row
from hongyan.store.seal import Seal, SealBroken
from hongyan.store.terms import CLOSE_AFTER, LOST

_BY_RECEIPT: Final = (Status.DELIVERED, Status.UNDELIVERED)
T = TypeVar("T", Begun, Receipt)

_log: Final = structlog.get_logger()


class Outbox:
    """Moves messages. Each public method is one transaction's work, or a part of it."""

    def __init__(self, seal: Seal, pending: Pending, token: Callable[[], int]) -> None:
        """`token` makes fencing tokens: no other process makes the same, and they grow with time."""
        self._seal = seal
        self._pending = pending
        self._ending = Ending(seal, pending)
        self._token = token
        self._line = Line()

    async def claim(self, unit: Unit, room: Mapping[Kind, int], lease: Millis) -> list[Claimed]:
        """See the port. Nobody waits for anybody here."""
        token = self._token()
        rows = await unit.rows(
            SQL["claim"],
            list(room),
            list(room.values()),
            [self._line.floor(kind, unit.now) for kind in room],
            unit.now,
            token,
            unit.now + lease,
        )
        self._line.note(rows, room, unit.now)
        if not rows:
            return []
        dead = [row["id"] for row in rows if row["expires_at"] <= unit.now]
        await self.expire(unit, dead)
        turn = {kind: place for place, kind in enumerate(room)}
        rows.sort(key=lambda row: (turn[row["kind"]], row["due_at"] == 0, row["id"]))
        alive = [row for row in rows if row["expires_at"] > unit.now]
        return await self._opened(unit, alive, token)

    async def begin(self, unit: Unit, attempts: Sequence[Begun], lease: Millis) -> set[MessageId]:
        if not attempts:
            return set()
        begun = await unit.rows(
            SQL["begin_attempts"],
            *_columns((one.message, one.token, one.provider) for one in _in_order(attempts)),
            unit.now,
            unit.now + lease,
        )
        return _ids(begun)

    async def unbegin(self, unit: Unit, attempts: Sequence[Begun]) -> None:
        if attempts:
            these = _columns((one.message, one.token) for one in _in_order(attempts))
            queued = await unit.rows(SQL["unbegin_attempts"], *these)
            await self.expire(unit, _void(queued))
            unit.notices.add(WORK)

    async def settle(self, unit: Unit, settlements: Sequence[Settlement]) -> set[MessageId]:
        groups: dict[Status, list[Settlement]] = {}
        for one in sorted(settlements, key=lambda one: one.message.id):
            groups.setdefault(one.status, []).append(one)
        refused = groups.get(Status.REJECTED, ())
        deferred = groups.get(Status.QUEUED, ())
        over = [one.message.id for one in deferred if one.give_up]
        await self._ending.prepare(unit, [*(one.message.id for one in refused), *over])
        settled = await self._submit(unit, groups.get(Status.SUBMITTED, ()))
        settled |= await self._doubt(unit, groups.get(Status.UNCONFIRMED, ()))
        queued = await self._defer(unit, deferred)
        settled |= _ids(queued)
        settled |= await self._reject(unit, refused)
        kept = [one for one in settlements if one.message.id in settled]
        if not kept:
            return settled
        rows = [attempt_row(one) for one in kept if one.status is not Status.SUBMITTED]
        if rows:
            await unit.run(SQL["insert_attempts"], *_columns(rows))
        await self._pending.inquire(unit, kept)
        await self._apply_early_receipts(unit, settled)
        await self.expire(unit, settled.intersection(over) | _void(queued))
        return settled

    async def receive(self, unit: Unit, receipts: Sequence[Receipt]) -> None:
        left = await self._deliver(unit, receipts)
        if not left:
            return
        refused = [one.message for one in left if one.status is Status.REJECTED]
        await self._ending.prepare(unit, refused)
        # What is still in the outbox is held while it is looked at: its settle waits, and then
        # finds the receipt; or its settle was first, and then it is there to be delivered.
        ids = sorted({one.message for one in left})
        states = {row["id"]: Status(row["status"]) for row in await unit.rows(SQL["states"], ids)}
        await self._keep_early(unit, [o for o in left if states.get(o.message) is Status.SENDING])
        gone = [one for one in left if one.message not in states]
        if gone:
            await self._deliver(unit, gone)
        doubted = [one for one in left if states.get(one.message) is Status.UNCONFIRMED]
        ends = {one.message: End(one.status, one.at, one.code) for one in reversed(doubted)}
        await self.resolve(unit, ends)

    async def expire(self, unit: Unit, messages: Collection[MessageId]) -> int:
        """queued, claimed → expired: surely never sent, so everything is given back. How many were
        still there.
        """
        ends = {message: End(Status.EXPIRED, unit.now) for message in messages}
        return len(await self._ending.end(unit, SQL["expire"], ends))

    async def withdraw(self, unit: Unit, messages: Collection[MessageId]) -> None:
        """Their codes are void: a text that has not left yet expires, one that is leaving has no
        other try.
        """
        await self._ending.prepare(unit, messages)
        held = await unit.rows(SQL["states"], sorted(messages))
        waiting = [r["id"] for r in held if r["status"] in (Status.QUEUED, Status.CLAIMED)]
        leaving = [row["id"] for row in held if row["status"] == Status.SENDING]
        if leaving:
            await unit.run(SQL["void"], leaving)
        await self.expire(unit, waiting)

    async def resolve(self, unit: Unit, ends: Mapping[MessageId, End]) -> int:
        """Unconfirmed → what a receipt, a query or the end of patience says; how many were so."""
        possible = {
            message: end
            for message, end in ends.items()
            if may_move(Status.UNCONFIRMED, end.status)
        }
        return len(await self._ending.end(unit, SQL["resolve"], possible))

    async def end_leases(self, unit: Unit, most: int) -> int:
        """Those of workers that are gone: back to the line, or in doubt if a byte may have left."""
        ended = await unit.rows(SQL["ended_leases"], unit.now, most)
        claimed = [row["id"] for row in ended if row["status"] == Status.CLAIMED]
        if claimed:
            await unit.run(SQL["requeue"], claimed)
            unit.notices.add(WORK)
        sending = [row["id"] for row in ended if row["status"] == Status.SENDING]
        if sending:
            await self._lose(unit, sending)
        return len(ended)

    async def release(self, unit: Unit, writer: int) -> None:
        """What this process has claimed and not begun to send goes back to the line: it is stopping,
        and others need not wait for the end of its lease.
        """
        if await unit.rows(SQL["release"], writer):
            unit.notices.add(WORK)

    async def close_doubts(self, unit: Unit, most: int) -> int:
        """Nobody told in 72 h: charged, and for a person to look at."""
        due = await unit.rows(SQL["due_doubts"], unit.now, most)
        return await self.resolve(unit, {row["id"]: End(Status.CLOSED, unit.now) for row in due})

    async def expire_dead(self, unit: Unit, most: int) -> int:
        """Texts whose time ran out before a provider could take them."""
        return await self.expire(unit, _ids(await unit.rows(SQL["dead"], unit.now, most)))

    # Where an attempt leads.

    async def _submit(self, unit: Unit, these: Sequence[Settlement]) -> set[MessageId]:
        if not these:
            return set()
        rows = [
            (*_held(one), wiped_of(one.message, self._seal), *attempt_row(one)[1:]) for one in these
        ]
        return _ids(await unit.rows(SQL["submit"], *_columns(rows), unit.now))

    async def _reject(self, unit: Unit, these: Sequence[Settlement]) -> set[MessageId]:
        ends = {one.message.id: End(Status.REJECTED, unit.now, token=one.token) for one in these}
        return await self._ending.end(unit, SQL["reject"], ends)

    async def _defer(self, unit: Unit, these: Sequence[Settlement]) -> list[Any]:
        if not these:
            return []
        rows = [(one.message.id, one.token, one.due_at) for one in these]
        unit.notices.add(WORK)
        return await unit.rows(SQL["defer"], *_columns(rows))

    async def _doubt(self, unit: Unit, these: Sequence[Settlement]) -> set[MessageId]:
        if not these:
            return set()
        closed_at = unit.now + CLOSE_AFTER
        doubted = _ids(await unit.rows(SQL["doubt"], *_columns(map(_held, these)), closed_at))
        mine = [one.message for one in these if one.message.id in doubted]
        await self._wipe(unit, [(one.id, wiped_of(one, self._seal)) for one in mine])
        return doubted

    async def _lose(self, unit: Unit, messages: Collection[MessageId]) -> None:
        """Sending → unconfirmed, with nobody left to tell what became of them."""
        lost = await unit.rows(SQL["lose"], messages, unit.now + CLOSE_AFTER)
        await unit.run(SQL["insert_lost_attempts"], messages, unit.now, LOST)
        await self._pending.inquire_after(unit, messages)
        codes = [row for row in lost if row["kind"] == Kind.VERIFICATION]
        wiped = [
            (row["id"], wiped_row(row["id"], row["template"], row["sealed"], self._seal))
            for row in codes
        ]
        await self._wipe(unit, wiped)
        await self._apply_early_receipts(unit, messages)

    # Receipts.

    async def _deliver(self, unit: Unit, receipts: Sequence[Receipt]) -> list[Receipt]:
        """Submitted → what a receipt says; the receipts of those that are not simply submitted."""
        # Of two receipts of one message the first counts.
        ends = {one.message: one for one in reversed(receipts) if one.status in _BY_RECEIPT}
        rows = [(one.message, one.status, one.at, one.code) for one in _in_order(ends.values())]
        moved = await unit.rows(SQL["deliver"], *_columns(rows), unit.now) if rows else []
        delivered = _ids(moved)
        if len(delivered) == len(receipts):
            return []
        return [one for one in receipts if one.message not in delivered]

    async def _keep_early(self, unit: Unit, receipts: Sequence[Receipt]) -> None:
        last = {one.message: one for one in receipts}
        rows = [(one.message, one.at, one.status, one.code) for one in last.values()]
        if rows:
            await unit.run(SQL["keep_early_receipts"], *_columns(rows))

    async def _apply_early_receipts(self, unit: Unit, messages: Collection[MessageId]) -> None:
        taken = await unit.rows(SQL["take_early_receipts"], messages)
        if taken:
            await self.receive(
                unit,
                [Receipt(message, Status(status), at, code) for message, status, at, code in taken],
            )

    # Small things that the moves share.

    async def _opened(self, unit: Unit, rows: Sequence[Any], token: int) -> list[Claimed]:
        """Those that open. One that does not is set aside until it expires: it must not hold the
        others up.
        """
        opened: list[Claimed] = []
        broken: list[MessageId] = []
        for row in rows:
            *columns, attempts, first_attempt_at, _ = row
            try:
                message = message_of(columns, self._seal)
            except SealBroken as error:
                _log.error("outbox.unreadable", message=written(columns[0]), reason=str(error))
                broken.append(columns[0])
                continue
            opened.append(
                Claimed(
                    message=message,
                    token=token,
                    attempts=attempts,
                    first_attempt_at=first_attempt_at,
                )
            )
        if broken:
            await unit.run(SQL["set_aside"], broken, token)
        return opened

    async def _wipe(self, unit: Unit, rows: Iterable[tuple[MessageId, bytes | None]]) -> None:
        wiped = [(message, sealed) for message, sealed in rows if sealed is not None]
        if wiped:
            await unit.run(SQL["wipe"], *_columns(wiped))


def _held(one: Settlement) -> tuple[MessageId, int]:
    return one.message.id, one.token


def _in_order(these: Iterable[T]) -> list[T]:
    """By their messages' ids: the order of locks."""
    return sorted(these, key=lambda one: one.message)


def _columns(rows: Iterable[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
    """What UNNEST takes: a list for each column. There must be rows."""
    return zip(*rows, strict=True)


def _ids(rows: Iterable[Any]) -> set[MessageId]:
    return {row["id"] for row in rows}


def _void(queued: Iterable[Any]) -> set[MessageId]:
    """Those that are queued again, but whose codes have gone meanwhile: they do not go on."""
    return {row["id"] for row in queued if row["void"]}
