"""The accept batch on SQLite: snapshot → decide → a few set-based statements."""

from collections.abc import Sequence
from typing import Final

import apsw
import msgspec

from hongyan.core.batch import Decided, decide
from hongyan.core.command import Command, Keepable, Kept
from hongyan.core.daily import Total
from hongyan.core.draft import Draft
from hongyan.core.identifier import MemberId, VerificationId
from hongyan.core.ledger import Entry
from hongyan.core.mark import Mark
from hongyan.core.time import DAY, Millis
from hongyan.core.verification import Rules, Verification
from hongyan.store.administering import Value
from hongyan.store.queries.sqlite import SQL
from hongyan.store.rows import (
    MEMBER_PHONE,
    Row,
    kept_at,
    message_row,
    row_key,
    verification_change,
    verification_of,
    verification_row,
)
from hongyan.store.seal import Seal
from hongyan.store.sqlite.memory import Memory, packed, unpacked
from hongyan.store.sqlite.outbox import Outbox
from hongyan.store.sqlite.pending import Pending
from hongyan.store.sqlite.replies import hear
from hongyan.store.sqlite.texts import Texts
from hongyan.store.sqlite.writer import Unit

_encode: Final = msgspec.msgpack.Encoder().encode
_decode_answer: Final = msgspec.msgpack.Decoder(Keepable).decode


class Accepting:
    """Decides commands and writes what they did."""

    def __init__(
        self,
        memory: Memory,
        outbox: Outbox,
        pending: Pending,
        texts: Texts,
        seal: Seal,
        rules: Rules,
    ) -> None:
        self._memory = memory
        self._pending = pending
        self._texts = texts
        self._outbox = outbox
        self._seal = seal
        self._rules = rules

    def decide(self, unit: Unit, commands: Sequence[Command]) -> list[Decided]:
        snapshot = _Snapshot(unit.connection, unit.now, self._memory, self._seal)
        answers, draft = decide(commands, snapshot, unit.now, self._rules, self._seal.digest)
        self._write(unit, draft)
        unit.committed.append(lambda: self._remember(draft))
        for message in draft.void:
            self._outbox.withdraw(unit, message)
        return answers

    def _write(self, unit: Unit, draft: Draft) -> None:
        if draft.queued:
            self._write_messages(unit, draft)
        self._texts.write(unit, draft)
        if draft.hits:
            unit.run_many(SQL["insert_hit"], draft.hits)
        if draft.totals:
            unit.run_many(SQL["add_to_total"], sorted(draft.totals.items()))
        if draft.kept:
            self._write_kept(unit, draft)
        if draft.created or draft.changed:
            self._write_verifications(unit, draft)
        self._write_people(unit, draft)
        if draft.replies:
            hear(unit, draft, self._seal)
        if draft.probes:
            unit.run(SQL["count_probes"], draft.probes)

    def _write_messages(self, unit: Unit, draft: Draft) -> None:
        seal, now = self._seal, unit.now
        unit.run_many(
            SQL["insert_message"],
            [message_row(message, now, seal) for message, _ in draft.queued],
        )
        unit.run_many(
            SQL["insert_outbox"],
            [
                (message.id, message.kind, _encode(hits) if hits else None)
                for message, hits in draft.queued
            ],
        )
        messages = [message for message, _ in draft.queued]
        self._pending.owe(unit, messages)
        named = [(one.id, one.reference_mark) for one in messages if one.reference_mark]
        if named:
            unit.run_many(SQL["insert_reference"], named)
        warned = [(one.id, one.warning) for one in messages if one.warning]
        if warned:
            unit.run_many(SQL["insert_warning"], warned)
        for account, units in draft.charged.items():
            unit.run(SQL["debit"], units, account)
            unit.run(SQL["insert_ledger"], account, Entry.ACCEPTED, -units, now)

    def _write_kept(self, unit: Unit, draft: Draft) -> None:
        first = self._memory.next_kept
        rows = [
            (row, key, kept.request, _encode(kept.answer), kept_at(kept, unit.now))
            for row, (key, kept) in enumerate(draft.kept.items(), first)
        ]
        unit.run_many(SQL["insert_kept"], rows)

    def _write_verifications(self, unit: Unit, draft: Draft) -> None:
        created = [verification_row(one) for one in draft.created.values()]
        unit.run_many(SQL["insert_verification"], created)
        changed = [verification_change(one) for one in draft.changed.values()]
        unit.move(SQL["change_verification"], changed)

    def _write_people(self, unit: Unit, draft: Draft) -> None:
        """Whom a right code has shown to be who they are."""
        if draft.known:
            rows = [(phone, openid, unit.now) for phone, openid in draft.known]
            unit.run_many(SQL["insert_known_openid"], rows)
        for phone, (member, verification) in draft.members.items():
            sealed = self._seal.close(MEMBER_PHONE, row_key(phone), verification.phone.encode())
            unit.run(SQL["insert_member"], phone, member, verification.app, sealed, unit.now)

    def _remember(self, draft: Draft) -> None:
        """Committed: now memory may know it."""
        memory = self._memory
        memory.balances.update(draft.balances)
        for mark, history in draft.histories.items():
            memory.histories.put(mark, history)
        for mark, verification in draft.currents.items():
            memory.currents.put(mark, int.from_bytes(verification))
        for mark, message in draft.references.items():
            memory.references.put(mark, message)
        for key, kept in draft.kept.items():
            memory.kept.put(key, packed(memory.next_kept, kept.request))
            memory.next_kept += 1
        for queued, _ in draft.queued:
            self._outbox.add(queued)


class _Snapshot:
    """The store as the batch finds it. `BEGIN IMMEDIATE` holds it still."""

    def __init__(
        self, connection: apsw.Connection, now: Millis, memory: Memory, seal: Seal
    ) -> None:
        self._connection = connection
        self._now = now
        self._memory = memory
        self._seal = seal
        self.history = memory.histories.get
        self.current = memory.current
        self.reference = memory.reference

    def balance(self, account: int) -> int:
        return self._memory.balances.get(account, 0)

    def total(self, total: Total) -> int:
        found = self._row("total", total)
        return int(found[0]) if found else 0

    def kept(self, key: Mark) -> Kept | None:
        found = self._memory.kept.get(key)
        if not found:
            return None
        row, _ = unpacked(found)
        columns = self._row("kept", row, key)
        if columns is None:
            return None
        request, answer, at = columns
        if at <= self._now - DAY:
            return None
        return Kept(Mark(request), _decode_answer(answer))

    def verification(self, verification: VerificationId) -> Verification | None:
        columns = self._row("verification", verification)
        return verification_of(columns, self._seal) if columns else None

    def knows(self, phone: Mark, openid: Mark) -> bool:
        return self._row("known_openid", phone, openid) is not None

    def opted_out(self, mark: Mark) -> bool:
        return self._row("opt_out", mark) is not None

    def member(self, phone: Mark) -> MemberId | None:
        found = self._row("member", phone)
        return MemberId(found[0]) if found else None

    def _row(self, query: str, *values: Value) -> Row | None:
        return self._connection.execute(SQL[query], values).fetchone()
