"""Replies and results on SQLite: kept, told, and given to whoever asks, each once."""

from collections.abc import Callable, Sequence
from typing import Final

import apsw
import msgspec

from hongyan.core.command import Reply
from hongyan.core.draft import Draft
from hongyan.core.identifier import MessageId
from hongyan.core.time import Millis
from hongyan.service.directory import Directory
from hongyan.service.recording import Origin, OwedReply, RepliedTo, TextRecord
from hongyan.store.queries.sqlite import SQL
from hongyan.store.replies import (
    origin_of,
    readable_replies,
    readable_results,
    reply_row,
)
from hongyan.store.rows import Row
from hongyan.store.seal import Seal
from hongyan.store.sqlite.pending import Pending
from hongyan.store.sqlite.writer import Unit

_NAME: Final = 3
"""Of the query `owed_replies`: due_at, reply, attempts, then this, then the reply's own columns."""


class Replies:
    """Used on the writing thread only."""

    def __init__(self, pending: Pending, seal: Seal) -> None:
        self._pending = pending
        self._seal = seal

    def take_results(
        self, unit: Unit, app: int, most: int, directory: Callable[[], Directory]
    ) -> list[TextRecord]:
        """Given with the commit that takes them: what cannot be given stays."""
        given_up = unit.rows(SQL["results_given_up"], app, most)
        due = unit.rows(SQL["due_reports"], app, unit.now, most - len(given_up))
        taken = [row[0] for row in (*given_up, *due)]
        rows = [unit.rows(SQL["owed_message"], one)[0] for one in taken]
        found = readable_results(rows, self._seal, directory())
        unit.run_many(SQL["end_report"], [(one,) for one in taken])
        self._pending.count_given_up(unit, -len(given_up))
        return found

    def take(self, unit: Unit, app: int, most: int) -> list[Reply]:
        """The same of replies."""
        given_up = unit.rows(SQL["replies_given_up"], app, most)
        due = unit.rows(SQL["replies_due"], app, unit.now, most - len(given_up))
        taken = [row[0] for row in (*given_up, *due)]
        found = readable_replies([unit.rows(SQL["reply"], one)[0] for one in taken], self._seal)
        unit.run_many(SQL["end_reply"], [(one,) for one in taken])
        return found

    def claim(self, unit: Unit, apps: Sequence[int], most: int, lease: Millis) -> list[OwedReply]:
        asked = msgspec.json.encode(apps).decode()
        rows = unit.rows(SQL["owed_replies"], asked, unit.now, most)
        until = unit.now + lease
        unit.run_many(SQL["lease_reply"], [(until, row[1]) for row in rows])
        owed = {row[1]: (row[_NAME], row[_NAME - 1]) for row in rows}
        return [
            OwedReply(reply=one, app_name=owed[one.id][0], attempts=owed[one.id][1])
            for one in readable_replies([row[_NAME + 1 :] for row in rows], self._seal)
        ]

    def replied(self, unit: Unit, replies: Sequence[RepliedTo]) -> None:
        unit.run_many(SQL["end_reply"], [(one.reply,) for one in replies if not one.failure])
        failed = [
            (one.due_at, one.failure, not one.due_at, one.reply) for one in replies if one.failure
        ]
        unit.run_many(SQL["fail_reply"], failed)


def hear(unit: Unit, draft: Draft, seal: Seal) -> None:
    """Write what a batch has heard, and who wants no more marketing from then on."""
    rows = [reply_row(one, seal) for one in draft.replies]
    unit.run_many(SQL["insert_reply"], rows)
    owed = [(one.id, one.app, unit.now) for one in draft.replies]
    unit.run_many(SQL["owe_reply"], owed)
    if draft.opted_out:
        unit.run_many(SQL["insert_opt_out"], [(one, unit.now) for one in draft.opted_out])


def of_phone(connection: apsw.Connection, seal: Seal, asked: tuple[int, ...]) -> list[Reply]:
    """By app, phone, since, until and most: newest first."""
    rows: list[Row] = connection.execute(SQL["replies_from"], asked).fetchall()
    return readable_replies(rows, seal)


def origin(
    connection: apsw.Connection, seal: Seal, directory: Directory, message: MessageId
) -> Origin | None:
    """Whose text it is that somebody answers."""
    row: Row | None = connection.execute(SQL["origin"], (message,)).fetchone()
    return origin_of(row, seal, directory) if row else None
