"""Writes the draft of a batch, in the order in which everybody locks."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from hongyan.core.draft import Draft
from hongyan.core.identifier import MessageId, first_id, made_at
from hongyan.core.mark import Mark
from hongyan.core.time import DAY
from hongyan.store.postgres.line import WORK
from hongyan.store.postgres.outbox import Outbox
from hongyan.store.postgres.pending import Pending
from hongyan.store.postgres.replies import hear
from hongyan.store.postgres.snapshot import LoadedSnapshot, to_the_hour
from hongyan.store.postgres.texts import Texts
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
        if draft.histories:
            await _write_histories(unit, draft, snapshot)
        if draft.created or draft.changed:
            await _write_verifications(unit, draft)
        if draft.kept:
            await _write_kept(unit, draft)
        if draft.references:
            await _write_references(unit, draft, snapshot)
        await self._write_people(unit, draft)
        if draft.queued:
            await self._write_messages(unit, draft)
        if draft.replies:
            await hear(unit, draft, self._seal)
        await self._texts.write(unit, draft)
        if draft.void:
            await self._outbox.withdraw(unit, set(draft.void))
        # A check with nothing to compare with costs a commit as any other does.
        unit.must_last = bool(draft.probes)

    async def _write_messages(self, unit: Unit, draft: Draft) -> None:
        messages = [message for message, _ in draft.queued]
        rows = [message_row(message, unit.now, self._seal) for message in messages]
        hits = [_encode(hits) if hits else None for _, hits in draft.queued]
        charged = list(draft.charged), list(draft.charged.values())
        await unit.run(SQL["insert_messages"], *_columns(rows), hits, *charged, unit.now)
        for account, units in draft.charged.items():
            unit.move_balance(account, -units)
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


async def _write_histories(unit: Unit, draft: Draft, snapshot: LoadedSnapshot) -> None:
    if not draft.histories.keys() <= snapshot.keys.counted:
        raise GuardBroken("A limit was counted that had not been locked.")
    stored = [one for one in sorted(draft.histories.items()) if one[0] in snapshot.stored]
    new = [one for one in sorted(draft.histories.items()) if one[0] not in snapshot.stored]
    written = await unit.value(
        SQL["write_histories"], *_packed(stored), *_packed(new), to_the_hour(unit.now)
    )
    _require_all(written, draft.histories)


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


async def _write_kept(unit: Unit, draft: Draft) -> None:
    now = unit.now
    rows = [
        (key, one.request, _encode(one.answer), kept_at(one, now))
        for key, one in sorted(draft.kept.items())
    ]
    written = await unit.run(SQL["write_kept"], *_columns(rows), now - DAY)
    _require_all(written, rows)


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
            yield made_at(stored[mark]) // DAY, mark, stored[mark]


def _packed(histories: Iterable[tuple[Mark, int]]) -> tuple[list[Mark], list[bytes]]:
    marks, events = [], []
    for mark, history in histories:
        marks.append(mark)
        events.append(history.to_bytes((history.bit_length() + 7) // 8))
    return marks, events


def _columns(rows: Iterable[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
    """What UNNEST takes: a list for each column. There must be rows."""
    return zip(*rows, strict=True)


def _require_all(written: int, wanted: "list[Any] | dict[Any, Any]") -> None:
    if written < len(wanted):
        raise Raced
