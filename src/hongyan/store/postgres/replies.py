"""Replies and results on PostgreSQL: kept, told, and given to whoever asks, each once."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from hongyan.core.command import Reply
from hongyan.core.draft import Draft
from hongyan.core.identifier import MessageId
from hongyan.core.time import Millis
from hongyan.service.directory import Directory
from hongyan.service.recording import Origin, OwedReply, RepliedTo, TextRecord
from hongyan.store.postgres.connections import Connection
from hongyan.store.postgres.pending import Pending
from hongyan.store.postgres.unit import Unit
from hongyan.store.queries.postgres import SQL
from hongyan.store.replies import (
    origin_of,
    readable_replies,
    readable_results,
    reply_row,
)
from hongyan.store.rows import Row
from hongyan.store.seal import Seal

_NAME: Final = 3
"""Of the query `owed_replies`: due_at, reply, attempts, then this, then the reply's own columns."""


class Replies:
    """Each method is one transaction's work, or a part of it."""

    def __init__(self, pending: Pending, seal: Seal) -> None:
        self._pending = pending
        self._seal = seal

    async def take_results(
        self, unit: Unit, app: int, most: int, directory: Callable[[], Directory]
    ) -> list[TextRecord]:
        """Given with the commit that takes them: what cannot be given stays."""
        given_up = await unit.rows(SQL["take_results_given_up"], app, most)
        left = most - len(given_up)
        due = await unit.rows(SQL["take_results_due"], app, unit.now, left) if left else []
        self._pending.count_given_up(unit, -len(given_up))
        taken = _in_order("message", given_up, due)
        rows = await _found(unit, "owed_messages", taken)
        return readable_results(rows, self._seal, directory())

    async def take(self, unit: Unit, app: int, most: int) -> list[Reply]:
        """The same of replies."""
        given_up = await unit.rows(SQL["take_replies_given_up"], app, most)
        left = most - len(given_up)
        due = await unit.rows(SQL["take_replies_due"], app, unit.now, left) if left else []
        rows = await _found(unit, "replies", _in_order("reply", given_up, due))
        return readable_replies(rows, self._seal)

    async def claim(
        self, unit: Unit, apps: Sequence[int], most: int, lease: Millis
    ) -> list[OwedReply]:
        due = await unit.rows(SQL["owed_replies"], apps, unit.now, most)
        rows: list[Row] = sorted(map(tuple, due))[:most]
        if not rows:
            return []
        await unit.run(SQL["lease_replies"], [row[1] for row in rows], unit.now + lease)
        owed = {row[1]: (row[_NAME], row[_NAME - 1]) for row in rows}
        return [
            OwedReply(reply=one, app_name=owed[one.id][0], attempts=owed[one.id][1])
            for one in readable_replies([row[_NAME + 1 :] for row in rows], self._seal)
        ]

    async def replied(self, unit: Unit, replies: Sequence[RepliedTo]) -> None:
        taken = [one.reply for one in replies if not one.failure]
        if taken:
            await unit.run(SQL["end_replies"], taken)
        failed = {one.reply: one for one in replies if one.failure}
        rows = [(one.reply, one.due_at, one.failure) for one in failed.values()]
        if rows:
            await unit.run(SQL["fail_replies"], *zip(*rows, strict=True))


async def hear(unit: Unit, draft: Draft, seal: Seal) -> None:
    """Write what a batch has heard, and who wants no more marketing from then on."""
    rows = [reply_row(one, seal) for one in draft.replies]
    await unit.run(SQL["insert_replies"], *zip(*rows, strict=True))
    owed = [(one.id, one.app) for one in draft.replies]
    await unit.run(SQL["owe_replies"], *zip(*owed, strict=True), unit.now)
    if draft.opted_out:
        await unit.run(SQL["insert_opt_outs"], sorted(draft.opted_out), unit.now)


async def of_phone(connection: Connection, seal: Seal, asked: tuple[int, ...]) -> list[Reply]:
    """By app, phone, since, until and most: newest first."""
    rows = await connection.fetch(SQL["replies_from"], *asked)
    return readable_replies([tuple(row) for row in rows], seal)


async def origin(
    connection: Connection, seal: Seal, directory: Directory, message: MessageId
) -> Origin | None:
    """Whose text it is that somebody answers."""
    row = await connection.fetchrow(SQL["origin"], message)
    return origin_of(row, seal, directory) if row else None


def _in_order(key: str, given_up: Sequence[Any], due: Sequence[Any]) -> list[int]:
    """Whatever order they were deleted in: the given up by age, then the others as they fell due."""
    later = sorted((row["due_at"], row[key]) for row in due)
    return sorted(row[key] for row in given_up) + [one for _, one in later]


async def _found(unit: Unit, query: str, wanted: Sequence[int]) -> list[Row]:
    """The rows of these, in this order."""
    rows = {row[0]: tuple(row) for row in await unit.rows(SQL[query], wanted)} if wanted else {}
    return [rows[one] for one in wanted if one in rows]
