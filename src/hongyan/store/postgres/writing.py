"""Writes the draft of a batch, in the order in which everybody locks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from hongyan.core.draft import Draft
from hongyan.core.identifier import MessageId, first_id
from hongyan.core.mark import Mark
from hongyan.core.time import DAY
from hongyan.store.filing import day_of_reference
from hongyan.store.postgres.line import WORK
from hongyan.store.postgres.outbox import Outbox
from hongyan.store.postgres.pending import Pending
from hongyan.store.postgres.replies import hear
from hongyan.store.postgres.snapshot import LoadedSnapshot, to_the_hour
from hongyan.store.postgres.texts import Texts
from hongyan.store.postgres.totals import add_to_totals
from hongyan.store.postgres.unit import GuardBroken, Raced, Unit
from hongyan.store.queries.postgres import SQL
from hongyan.store.rows import (
    MEMBER_PHONE,
    kept_at,
    message_row,
    row_key,
    verification_change,
    verification_row,
)
from hongyan.store.seal import Seal

_encode: Final = msgspec.msgpack.Encoder().encode


class Writing:
    """What a batch did becomes rows, a statement a table."""

    def __init__(self, outbox: Outbox, pending: Pending, texts: Texts, seal: Seal) -> None:
        self._outbox = outbox
        self._texts = texts
        self._pending = pending
        self._seal = seal

    async def write(self, unit: Unit, draft: Draft, snapshot: LoadedSnapshot) -> None:
        """Raises Raced where another batch was first."""
        if draft.histories or draft.kept or draft.queued:
            await self._write_batch(unit, draft, snapshot)
        if draft.totals:
            await add_to_totals(unit, draft.totals)
        if draft.created or draft.changed:
            await _write_verifications(unit, draft)
        if draft.references:
            await _write_references(unit, draft, snapshot)
        await self._write_people(unit, draft)
        if draft.queued:
            await self._tell_of_messages(unit, draft)
        if draft.replies:
            await hear(unit, draft, self._seal)
        await self._texts.write(unit, draft)
        if draft.void:
            await self._outbox.withdraw(unit, set(draft.void))
        # A check with nothing to compare with costs a commit as any other does.
        unit.must_last = bool(draft.probes)

    async def _write_batch(self, unit: Unit, draft: Draft, snapshot: LoadedSnapshot) -> None:
        """What most batches write, as one statement: each costs a round trip."""
        if outdated := sorted(snapshot.outdated & draft.kept.keys()):
            await unit.run(SQL["forget_answers"], outdated, unit.now - DAY)
        stored, new = _counted(draft, snapshot)
        kept = [
            (key, one.request, _encode(one.answer), kept_at(one, unit.now))
            for key, one in sorted(draft.kept.items())
        ]
        rows = [message_row(message, unit.now, self._seal) for message, _ in draft.queued]
        unit.write(
            SQL["write_batch"],
            *_columns(stored, 3),
            *_columns(new, 2),
            to_the_hour(unit.now),
            *_columns(kept, 4),
            unit.now,
            *_columns(rows, 11),
            [_encode(hits) if hits else None for _, hits in draft.queued],
            list(draft.charged),
            list(draft.charged.values()),
        )
        for account, units in draft.charged.items():
            unit.move_balance(account, -units)

    async def _tell_of_messages(self, unit: Unit, draft: Draft) -> None:
        messages = [message for message, _ in draft.queued]
        warned = [(one.id, one.warning) for one in messages if one.warning]
        if warned:
            await unit.run(SQL["insert_warnings"], *_columns(warned))
        await self._pending.owe(unit, messages)
        unit.notices.add(WORK)

    async def _write_people(self, unit: Unit, draft: Draft) -> None:
        """Whom a right code has shown to be who they are."""
        if draft.known:
            known = sorted(draft.known)
            await unit.run(SQL["insert_known_openids"], *_columns(known), unit.now)
        if not draft.members:
            return
        rows = [
            (
                phone,
                member,
                verification.app,
                self._seal.close(MEMBER_PHONE, row_key(phone), verification.phone.encode()),
            )
            for phone, (member, verification) in sorted(draft.members.items())
        ]
        _require_all(await unit.run(SQL["insert_members"], *_columns(rows), unit.now), rows)


def _counted(
    draft: Draft, snapshot: LoadedSnapshot
) -> tuple[list[tuple[Mark, bytes, bytes]], list[tuple[Mark, bytes]]]:
    """Limits that have a row, with what stands in it, and new ones."""
    if not draft.histories.keys() <= snapshot.keys.counted:
        raise GuardBroken("A limit was counted that had not been locked.")
    stored, new = [], []
    for mark, history in sorted(draft.histories.items()):
        events = history.to_bytes((history.bit_length() + 7) // 8)
        if mark in snapshot.stored:
            stored.append((mark, events, snapshot.stored[mark]))
        else:
            new.append((mark, events))
    return stored, new


async def _write_verifications(unit: Unit, draft: Draft) -> None:
    if draft.created:
        rows = [verification_row(one) for one in draft.created.values()]
        await unit.run(SQL["insert_verifications"], *_columns(rows))
        currents = sorted(draft.currents.items())
        await unit.run(SQL["put_currents"], *_columns(currents), to_the_hour(unit.now))
    if draft.changed:
        rows = [verification_change(one) for one in draft.changed.values()]
        if await unit.run(SQL["change_verifications"], *_columns(rows)) != len(rows):
            raise GuardBroken("A verification changed although it was locked.")


async def _write_references(unit: Unit, draft: Draft, snapshot: LoadedSnapshot) -> None:
    """The message that bore one more than a day ago is filed where it is found from now on."""
    rows = sorted(draft.references.items())
    past = sorted(_past(draft.references, snapshot.references))
    if past:
        await unit.run(SQL["file_references"], *_columns(past))
    free = first_id(unit.now - DAY + 1)
    _require_all(await unit.run(SQL["write_references"], *_columns(rows), free), rows)


def _past(
    new: Iterable[Mark], stored: Mapping[Mark, MessageId]
) -> Iterable[tuple[int, Mark, MessageId]]:
    for mark in new:
        if mark in stored:
            yield day_of_reference(stored[mark]), mark, stored[mark]


def _columns(rows: Sequence[tuple[Any, ...]], width: int = 0) -> Iterable[Sequence[Any]]:
    """What UNNEST takes: a list for each column. Without a width there must be rows."""
    return zip(*rows, strict=True) if rows else [()] * width


def _require_all(written: int, wanted: "list[Any] | dict[Any, Any]") -> None:
    if written < len(wanted):
        raise Raced
