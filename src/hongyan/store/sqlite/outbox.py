"""The outbox on SQLite: claim, begin, settle, receive. Every move is guarded by the state it
leaves, so a stale hand finds no row, and nothing follows from a move that was not made.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec
import structlog

from hongyan.core.daily import total_of
from hongyan.core.draft import Hit
from hongyan.core.identifier import MessageId, written
from hongyan.core.ledger import Entry
from hongyan.core.message import ENDS, REFUNDED, Kind, Message, Status, may_move
from hongyan.core.time import Millis
from hongyan.service.ports import Begun, Claimed, Receipt, Settlement
from hongyan.store.queries.sqlite import SQL
from hongyan.store.rows import attempt_row, message_of, wiped_of, wiped_row
from hongyan.store.seal import Seal, SealBroken
from hongyan.store.sqlite.memory import Memory
from hongyan.store.sqlite.pending import Pending
from hongyan.store.sqlite.waiting import Hold, Waiting
from hongyan.store.sqlite.writer import Unit
from hongyan.store.terms import CLOSE_AFTER, LOST

_decode_hits: Final = msgspec.msgpack.Decoder(list[Hit]).decode
_BY_RECEIPT: Final = (Status.DELIVERED, Status.UNDELIVERED)
_MOST_FRESH: Final = 2_048
"""About 2 MB, whatever waits."""
_log: Final = structlog.get_logger()


class Outbox:
    """Moves messages. Used on the writing thread only; each public method is one unit's work."""

    def __init__(
        self,
        memory: Memory,
        waiting: Waiting,
        pending: Pending,
        seal: Seal,
        token: Callable[[], int],
    ) -> None:
        """`token` makes fencing tokens: each is larger than every one before it."""
        self._pending = pending
        self._memory = memory
        self._waiting = waiting
        self._seal = seal
        self._token = token
        self._fresh: dict[MessageId, Message] = {}
        """Some that have just been accepted, as they came: most are claimed a moment later, and need
        not be read back and opened.
        """
        self._moves = {
            Status.SUBMITTED: self._submit,
            Status.REJECTED: self._reject,
            Status.QUEUED: self._defer,
            Status.UNCONFIRMED: self._doubt,
        }

    def recover(self, unit: Unit) -> None:
        """At start: what the process before us was sending may have been sent."""
        for row in unit.rows(SQL["sending"]):
            self._lose(unit, row[0])

    def load(self, unit: Unit) -> None:
        """At start, after `recover`: who waits, and what is in doubt."""
        for message, kind, due_at in unit.rows(SQL["waiting"]):
            if due_at:
                self._waiting.defer(Kind(kind), message, due_at)
            else:
                self._waiting.add(Kind(kind), message)
        for message, closed_at in unit.rows(SQL["unconfirmed"]):
            self._waiting.doubt(message, closed_at)

    def add(self, message: Message) -> None:
        """Accepted, and committed: it waits from now on."""
        self._waiting.add(message.kind, message.id)
        if len(self._fresh) < _MOST_FRESH:
            self._fresh[message.id] = message

    def claim(self, unit: Unit, room: Mapping[Kind, int], lease: Millis) -> list[Claimed]:
        """Writes nothing, but for those whose time ran out: see the table's comment."""
        ids: list[MessageId] = []
        for kind, most in room.items():
            ids += self.take(unit, kind, most)
        if not ids:
            return []
        token = self._token()
        alive: dict[MessageId, Claimed] = {}
        for message in ids:
            one = self._fresh.pop(message, None)
            if one is not None and one.expires_at > unit.now:
                alive[message] = Claimed(message=one, token=token, attempts=0, first_attempt_at=0)
        others = [message for message in ids if message not in alive]
        if others:
            alive |= self._read(unit, others, token)
        holds = {message: _hold(one, unit.now + lease) for message, one in alive.items()}
        unit.committed.append(partial(self._waiting.held.update, holds))
        return [alive[message] for message in ids if message in alive]

    def _read(
        self, unit: Unit, messages: Sequence[MessageId], token: int
    ) -> dict[MessageId, Claimed]:
        """Those that live and open. One that does not open is set aside until it expires: it must
        not hold the others up.
        """
        alive: dict[MessageId, Claimed] = {}
        for body in unit.rows(SQL["bodies"], msgspec.json.encode(messages).decode()):
            message, kind, expires_at = body[:3]
            if expires_at <= unit.now:
                self.expire(unit, message)
            elif (claimed := self._claimed(body, token)) is not None:
                alive[message] = claimed
            else:
                later = partial(self._waiting.defer, Kind(kind), message, expires_at)
                unit.committed.append(later)
        return alive

    def take(self, unit: Unit, kind: Kind, most: int) -> list[MessageId]:
        """Out of the line, for this unit alone."""
        taken = self._waiting.take(kind, most, unit.now)
        unit.undone.append(partial(self._waiting.put_back, kind, taken))
        return taken

    def begin(self, unit: Unit, attempts: Sequence[Begun], lease: Millis) -> set[MessageId]:
        rows = {
            one.message: (one.provider, unit.now, one.token, one.message)
            for one in attempts
            if self._may_begin(one, unit.now)
        }
        begun = _guarded(unit, SQL["begin"], rows)
        until = unit.now + lease
        holds = {
            message: Hold(hold.token, until, hold.kind, hold.expires_at, sending=True)
            for message, hold in self._let_go(unit, begun).items()
        }
        unit.committed.append(partial(self._waiting.held.update, holds))
        return begun

    def unbegin(self, unit: Unit, attempts: Sequence[Begun]) -> None:
        rows = {one.message: (one.message, one.token) for one in attempts}
        for message, hold in self._let_go(unit, _guarded(unit, SQL["unbegin"], rows)).items():
            self._line_up(unit, hold.kind, message)

    def settle(self, unit: Unit, settlements: Sequence[Settlement]) -> set[MessageId]:
        settled: set[MessageId] = set()
        for status, move in self._moves.items():
            these = [one for one in settlements if one.status is status]
            if these:
                settled |= move(unit, these)
        kept = [one for one in settlements if one.message.id in settled]
        unit.run_many(SQL["insert_attempt"], [attempt_row(one) for one in kept])
        self._pending.inquire(unit, kept)
        self._let_go(unit, settled)
        for message in settled.intersection(row[0] for row in unit.rows(SQL["early"])):
            self._apply_early_receipt(unit, message)
        return settled

    def receive(self, unit: Unit, receipts: Sequence[Receipt]) -> None:
        ends = [
            (one.status, one.at, one.code, one.message)
            for one in receipts
            if one.status in _BY_RECEIPT
        ]
        if unit.changes(SQL["deliver"], ends) < len(receipts):
            for one in receipts:
                self._receive_otherwise(unit, one)
        self._pending.report_delivered(unit, [one.message for one in receipts])

    def expire(self, unit: Unit, message: MessageId) -> None:
        """queued, claimed → expired: surely never sent, so everything is given back."""
        self._end(unit, message, Status.EXPIRED, SQL["expire"])

    def withdraw(self, unit: Unit, message: MessageId) -> None:
        """Its code is void: a text that has not left yet expires, one that is leaving has no other
        try.
        """
        match self._state(unit, message):
            case Status.QUEUED:
                self.expire(unit, message)
            case Status.SENDING:
                unit.run(SQL["void"], message)
            case _:
                pass

    def resolve(
        self, unit: Unit, message: MessageId, status: Status, at: Millis = 0, code: str = ""
    ) -> None:
        """Unconfirmed → what a receipt, a query or the end of patience says."""
        self._end(unit, message, status, SQL["resolve"], at=at, code=code)

    def end_leases(self, unit: Unit, messages: Iterable[MessageId]) -> None:
        """Their workers are gone: back to the line, or in doubt if a byte may have left."""
        for message, hold in self._let_go(unit, messages).items():
            if hold.sending:
                self._lose(unit, message)
            else:
                unit.committed.append(partial(self._waiting.put_back, hold.kind, (message,)))

    # Where an attempt leads.

    def _submit(self, unit: Unit, these: Sequence[Settlement]) -> set[MessageId]:
        rows = {one.message.id: (one.message.id, one.token) for one in these}
        left = _guarded(unit, SQL["leave"], rows)
        concluded = [
            (Status.SUBMITTED, unit.now, None, wiped_of(one.message, self._seal), one.message.id)
            for one in these
            if one.message.id in left
        ]
        unit.move(SQL["conclude"], concluded)
        return left

    def _reject(self, unit: Unit, these: Sequence[Settlement]) -> set[MessageId]:
        rejected = [one for one in these if self._holds(unit, one)]
        for one in rejected:
            self._end(unit, one.message.id, Status.REJECTED, SQL["leave"], one.token)
        return {one.message.id for one in rejected}

    def _defer(self, unit: Unit, these: Sequence[Settlement]) -> set[MessageId]:
        rows = {one.message.id: (one.due_at, one.message.id, one.token) for one in these}
        deferred = _guarded(unit, SQL["defer"], rows)
        for one in these:
            if one.message.id in deferred and one.give_up:
                self.expire(unit, one.message.id)
            elif one.message.id in deferred:
                self._line_up(unit, one.message.kind, one.message.id, one.due_at)
        return deferred

    def _line_up(self, unit: Unit, kind: Kind, message: MessageId, due_at: Millis = 0) -> None:
        """It is queued again: to its place in the line, unless its code has gone meanwhile."""
        if unit.value(SQL["is_void"], message):
            self.expire(unit, message)
        elif due_at:
            unit.committed.append(partial(self._waiting.defer, kind, message, due_at))
        else:
            unit.committed.append(partial(self._waiting.put_back, kind, (message,)))

    def _doubt(self, unit: Unit, these: Sequence[Settlement]) -> set[MessageId]:
        closed_at = unit.now + CLOSE_AFTER
        rows = {one.message.id: (closed_at, one.message.id, one.token) for one in these}
        doubted = _guarded(unit, SQL["doubt"], rows)
        for one in these:
            if one.message.id in doubted:
                wiped = wiped_of(one.message, self._seal)
                if wiped is not None:
                    unit.run(SQL["wipe"], wiped, one.message.id)
                note = partial(self._waiting.doubt, one.message.id, closed_at)
                unit.committed.append(note)
        return doubted

    def _lose(self, unit: Unit, message: MessageId) -> None:
        """Sending → unconfirmed, with nobody left to tell what became of it."""
        closed_at = unit.now + CLOSE_AFTER
        unit.move(SQL["lose"], [(closed_at, message)])
        unit.run(SQL["insert_lost_attempt"], unit.now, LOST, message)
        self._pending.inquire_after(unit, message)
        kind, template, sealed, *_ = unit.rows(SQL["open_message"], message)[0]
        wiped = (
            wiped_row(message, template, sealed, self._seal) if kind == Kind.VERIFICATION else None
        )
        if wiped is not None:
            unit.run(SQL["wipe"], wiped, message)
        unit.committed.append(partial(self._waiting.doubt, message, closed_at))
        self._apply_early_receipt(unit, message)

    def _end(
        self,
        unit: Unit,
        message: MessageId,
        status: Status,
        leave: str,
        *guard: int,
        at: Millis = 0,
        code: str = "",
    ) -> None:
        """Take it out of the outbox for good, by `leave`; give back what was surely not used.

        One that is not there any more is left alone. Raises GuardBroken for one in another state.
        """
        self._fresh.pop(message, None)
        found = unit.row(SQL["open_message"], message)
        if found is None:
            return
        kind, template, sealed, masked, account, units, accepted_at, hits = found
        unit.move(leave, [(message, *guard)])
        wipe = kind == Kind.VERIFICATION and not masked
        wiped = wiped_row(message, template, sealed, self._seal) if wipe else None
        unit.move(SQL["conclude"], [(status, at or unit.now, code, wiped, message)])
        if status in ENDS:
            self._pending.report(unit, message, status)
        if status in REFUNDED:
            self._refund(unit, account, units)
            self._give_back(unit, accepted_at, hits)

    def _refund(self, unit: Unit, account: int, units: int) -> None:
        unit.run(SQL["credit"], units, account)
        unit.run(SQL["insert_ledger"], account, Entry.REFUNDED, units, unit.now)
        unit.committed.append(partial(self._memory.credit, account, units))

    def _give_back(self, unit: Unit, accepted_at: Millis, hits: bytes | None) -> None:
        for mark, tag in _decode_hits(hits) if hits else ():
            if total := total_of(mark):
                unit.run(SQL["give_back_to_total"], total)
                continue
            unit.run(SQL["insert_hit"], mark, -accepted_at, tag)
            again = partial(self._memory.apply_hit, mark, -accepted_at, tag)
            unit.committed.append(again)

    # Receipts.

    def _receive_otherwise(self, unit: Unit, one: Receipt) -> None:
        """A receipt of a message that is not simply submitted."""
        match self._state(unit, one.message):
            case Status.SENDING:
                unit.run(SQL["keep_early_receipt"], one.message, one.at, one.status, one.code)
            case Status.UNCONFIRMED if may_move(Status.UNCONFIRMED, one.status):
                self.resolve(unit, one.message, one.status, one.at, one.code)
            case _:
                # Delivered already, or nothing of ours: a network may say things twice.
                pass

    def _apply_early_receipt(self, unit: Unit, message: MessageId) -> None:
        for status, at, code in unit.rows(SQL["take_early_receipt"], message):
            self.receive(unit, [Receipt(message, Status(status), at, code)])

    # Small things that the moves share.

    def _claimed(self, body: tuple[Any, ...], token: int) -> Claimed | None:
        """None for one that does not open."""
        *columns, attempts, first_attempt_at = body
        try:
            message = message_of(tuple(columns), self._seal)
        except SealBroken as error:
            _log.error("outbox.unreadable", message=written(columns[0]), reason=str(error))
            return None
        return Claimed(
            message=message,
            token=token,
            attempts=attempts,
            first_attempt_at=first_attempt_at,
        )

    def _may_begin(self, one: Begun, now: Millis) -> bool:
        hold = self._waiting.held.get(one.message)
        return hold is not None and hold.token == one.token and hold.expires_at > now

    def _let_go(self, unit: Unit, messages: Iterable[MessageId]) -> dict[MessageId, Hold]:
        """Out of their workers' hands; those that were in some."""
        held = self._waiting.let_go(messages)
        unit.undone.append(partial(self._waiting.held.update, held))
        return held

    def _holds(self, unit: Unit, one: Settlement) -> bool:
        return unit.row(SQL["state"], one.message.id) == (Status.SENDING, one.token)

    def _state(self, unit: Unit, message: MessageId) -> Status | None:
        found = unit.value(SQL["state"], message)
        return Status(found) if isinstance(found, str) else None


def _hold(claimed: Claimed, until: Millis) -> Hold:
    """Not for longer than the text lives: a dead one is not kept in a worker's hands."""
    message = claimed.message
    until = min(until, message.expires_at)
    return Hold(claimed.token, until, message.kind, message.expires_at)


def _guarded(unit: Unit, sql: str, rows: dict[MessageId, tuple[Any, ...]]) -> set[MessageId]:
    """Run a guarded statement for each message; those whose row was as expected."""
    unit.run("SAVEPOINT guarded")
    if unit.changes(sql, list(rows.values())) == len(rows):
        unit.run("RELEASE guarded")
        return set(rows)
    unit.run("ROLLBACK TO guarded")
    unit.run("RELEASE guarded")
    return {message for message, values in rows.items() if unit.changes(sql, [values])}
