"""Gives a store a past, in the order in which a house writes it and by the store's own statements, so
that tables and indexes come to look as they would have. Left out are the syncs of the disk and what a
message's stay in the line costs.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias

import apsw
import asyncpg

from bench.past import Past, Slice, Turn, turns
from hongyan.core import limit
from hongyan.core.message import Status
from hongyan.core.time import HOUR, Millis
from hongyan.store.queries.postgres import SQL as POSTGRES
from hongyan.store.queries.sqlite import SQL as SQLITE
from hongyan.store.rows import Row
from hongyan.store.seal import Seal
from hongyan.store.sqlite import schema

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_TURNS_A_COMMIT: Final = 40
_MESSAGE: Final = [
    "id",
    "account",
    "app",
    "kind",
    "template",
    "phone_mark",
    "sealed",
    "units",
    "accepted_at",
    "expires_at",
    "verification",
]
_CODE: Final = "DELIVRD"


def fill_sqlite(directory: Path, past: Past, now: Millis) -> None:
    """The house must not be open."""
    connection = schema.connect(directory)
    connection.execute("PRAGMA synchronous = OFF").fetchall()
    filling = _Sqlite(connection, past.seal)
    for number, turn in enumerate(turns(past.slices(now)), 1):
        if not connection.in_transaction:
            connection.execute("BEGIN IMMEDIATE")
        filling.write(turn)
        if not number % _TURNS_A_COMMIT:
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    if not connection.in_transaction:
        connection.execute("BEGIN IMMEDIATE")
    connection.execute(SQLITE["debit"], (past.count, past.apps.account))
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()


class _Sqlite:
    def __init__(self, connection: apsw.Connection, seal: Seal) -> None:
        self._many = connection.executemany
        self._seal = seal
        self._kept = 1 + int(str(connection.execute(SQLITE["last_kept"]).fetchall()[0][0]))

    def write(self, turn: Turn) -> None:
        if turn.accepted is not None:
            self._accept(turn.accepted)
        if turn.submitted is not None:
            one = turn.submitted
            left = [(Status.SUBMITTED, one.at + 25, "", None, each.id) for each in one.messages]
            self._many(SQLITE["conclude"], left)
            self._many(SQLITE["insert_attempt"], one.attempts())
        if turn.delivered is not None:
            one, at = turn.delivered, turn.delivered.delivered_at
            rows = [(Status.DELIVERED, at, _CODE, each.id) for each in one.messages]
            self._many(SQLITE["deliver"], rows)

    def _accept(self, one: Slice) -> None:
        self._many(SQLITE["insert_message"], one.rows(self._seal))
        books = (one.messages[0].account, "accepted", -len(one.messages), one.at)
        self._many(SQLITE["insert_ledger"], [books])
        if not one.is_recent:
            filed = [(one.day, *reference) for reference in one.references()]
            self._many(SQLITE["file_reference"], filed)
            return
        named = sorted((message, mark) for mark, message in one.references())
        self._many(SQLITE["insert_reference"], named)
        self._many(SQLITE["insert_hit"], [(mark, one.at, 0) for mark in one.hits()])
        rows = [(row, *kept, one.at) for row, kept in enumerate(one.kept(self._seal), self._kept)]
        self._many(SQLITE["insert_kept"], rows)
        self._kept += len(rows)


async def fill_postgres(database: str, past: Past, now: Millis) -> None:
    """Vacuumed and analysed at the end, as PostgreSQL does by itself in time."""
    connection = await asyncpg.connect(database)
    await connection.execute("SET synchronous_commit = off")
    filling = _Postgres(connection, past.seal)
    for turn in turns(past.slices(now)):
        await filling.write(turn)
    debit = "UPDATE account SET balance = balance - $1 WHERE id = $2"
    await connection.execute(debit, past.count, past.apps.account)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


class _Postgres:
    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    async def write(self, turn: Turn) -> None:
        """Each step commits for itself: what is dead then may give its place up to what comes."""
        if turn.accepted is not None:
            async with self._connection.transaction():
                await self._accept(turn.accepted)
        if turn.submitted is not None:
            async with self._connection.transaction():
                await self._submit(turn.submitted)
        if turn.delivered is not None:
            await self._deliver(turn.delivered)

    async def _accept(self, one: Slice) -> None:
        await self._copy("message", one.rows(self._seal), _MESSAGE)
        books = (one.messages[0].account, "accepted", -len(one.messages), one.at)
        await self._copy("ledger", [books], ["account", "entry", "units", "at"])
        references = one.references()
        if not one.is_recent:
            filed = [(one.day, *reference) for reference in references]
            await self._copy("filed_reference", filed, ["day", "mark", "message"])
            return
        await self._copy("reference", references, ["mark", "message"])
        event = limit.pushed(limit.NO_EVENTS, one.at, keep=1)
        events = event.to_bytes((event.bit_length() + 7) // 8)
        hour = one.at - one.at % HOUR
        histories = [(mark, events, hour) for mark in sorted(one.hits())]
        await self._copy("history", histories, ["mark", "events", "touched_at"])
        kept = [(*each, one.at) for each in sorted(one.kept(self._seal))]
        await self._copy("kept", kept, ["key", "request", "answer", "at"])

    async def _submit(self, one: Slice) -> None:
        ids = [each.id for each in one.messages]
        many = len(ids)
        statuses, moments = [Status.SUBMITTED] * many, [one.at + 25] * many
        values = (ids, statuses, moments, [""] * many, [None] * many)
        await self._connection.execute(POSTGRES["conclude"], *values)
        await self._connection.execute(
            POSTGRES["insert_attempts"], *map(list, zip(*one.attempts(), strict=True))
        )

    async def _deliver(self, one: Slice) -> None:
        ids = [each.id for each in one.messages]
        many = len(ids)
        values = (ids, [Status.DELIVERED] * many, [one.delivered_at] * many, [_CODE] * many)
        await self._connection.execute(POSTGRES["deliver"], *values, 0)

    async def _copy(self, table: str, rows: Sequence[Row], columns: Sequence[str]) -> None:
        await self._connection.copy_records_to_table(table, records=rows, columns=list(columns))
