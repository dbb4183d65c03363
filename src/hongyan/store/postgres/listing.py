"""Lists of texts on PostgreSQL, a statement each, so that it is of one moment."""

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Final

import asyncpg

from hongyan.core.draft import Tally
from hongyan.core.identifier import MessageId
from hongyan.core.mark import Mark
from hongyan.core.message import Status
from hongyan.core.time import HOUR, Millis
from hongyan.service.directory import Directory
from hongyan.service.recording import TextRecord
from hongyan.store.filing import days_of, span_of
from hongyan.store.postgres.connections import Connection
from hongyan.store.postgres.unit import Transactions
from hongyan.store.queries.postgres import SQL
from hongyan.store.records import seen, texts_of
from hongyan.store.seal import Seal
from hongyan.store.terms import WORTH_COUNTING

_SLICE: Final = 5_000
"""Texts whose ends are counted in one go, on a connection that others have in between."""


class Listing:
    """See `service.recording.Records`."""

    def __init__(self, transactions: Transactions, seal: Seal) -> None:
        self._transactions = transactions
        self._seal = seal

    async def texts_to(
        self,
        directory: Directory,
        app: int,
        phone: Mark,
        since: Millis,
        until: Millis,
        most: int,
    ) -> list[TextRecord]:
        first, end = span_of(since, until)
        wanted = (app, phone, first, end, *days_of(first, end), most)
        rows = await self._transactions.read(lambda c: c.fetch(SQL["texts_to"], *wanted))
        return texts_of(rows, self._seal, directory)

    async def texts(
        self, directory: Directory, app: int, since: Millis, until: Millis, offset: int, most: int
    ) -> tuple[int, list[TextRecord]]:
        first, end = span_of(since, until)

        async def look(connection: Connection) -> tuple[int, list[TextRecord]]:
            wanted = (app, first, end, WORTH_COUNTING)
            count: int = await connection.fetchval(SQL["count_texts"], *wanted)
            rows = await connection.fetch(SQL["texts"], app, first, end, offset, most)
            return count, texts_of(rows, self._seal, directory)

        return await self._transactions.read(look)

    async def tally(self, app: int, since: Millis, until: Millis) -> Tally:
        wanted = (app, since - since % HOUR, until)
        row = await self._transactions.read(lambda c: c.fetchrow(SQL["tally"], *wanted))
        assert row is not None  # noqa: S101 - a sum always is
        return Tally(*row)

    async def ends(
        self, app: int, since: Millis, until: Millis
    ) -> Mapping[tuple[Status, str], int]:
        after, end = span_of(since, until)
        counts: Counter[tuple[Status, str]] = Counter()
        while True:
            rows = await self._transactions.read(partial(_ends, app=app, after=after, end=end))
            for status, code, count, _ in rows:
                counts[seen(Status(status)), code] += count
            if sum(count for _, _, count, _ in rows) < _SLICE:
                return counts
            after = MessageId(max(last for *_, last in rows) + 1)


async def _ends(
    connection: Connection, app: int, after: MessageId, end: MessageId
) -> "list[asyncpg.Record]":
    return await connection.fetch(SQL["ends"], app, after, end, _SLICE)
