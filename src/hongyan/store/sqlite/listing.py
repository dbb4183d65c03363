"""Lists of texts on SQLite: each a few statements on the connection of a thread that only reads."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import apsw
import msgspec

from hongyan.core.draft import Tally
from hongyan.core.identifier import MessageId
from hongyan.core.mark import Mark
from hongyan.core.message import Status
from hongyan.core.time import HOUR, Millis
from hongyan.service.directory import Directory
from hongyan.service.recording import TextRecord
from hongyan.store.filing import days_of, span_of
from hongyan.store.queries.sqlite import SQL
from hongyan.store.records import seen, texts_of
from hongyan.store.rows import Row
from hongyan.store.seal import Seal
from hongyan.store.sqlite.reading import Reader
from hongyan.store.terms import WORTH_COUNTING

_SLICE: Final = 5_000
"""Texts whose ends are counted in one go; others read in between."""


class Listing:
    """See `service.recording.Records`."""

    def __init__(self, reader: Reader, seal: Seal) -> None:
        self._reader = reader
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
        newest, oldest = days_of(first, end)

        def look(connection: apsw.Connection) -> list[TextRecord]:
            wanted = (app, phone, first, end, newest, oldest, most)
            found = connection.execute(SQL["texts_to"], wanted).fetchall()
            return self._records(connection, found, directory)

        return await self._reader.read(look)

    async def texts(
        self, directory: Directory, app: int, since: Millis, until: Millis, offset: int, most: int
    ) -> tuple[int, list[TextRecord]]:
        first, end = span_of(since, until)

        def look(connection: apsw.Connection) -> tuple[int, list[TextRecord]]:
            wanted = (app, first, end, WORTH_COUNTING)
            count: Row = connection.execute(SQL["count_texts"], wanted).fetchall()[0]
            page = connection.execute(SQL["texts"], (app, first, end, offset, most)).fetchall()
            return count[0], self._records(connection, page, directory)

        return await self._reader.read(look)

    async def tally(self, app: int, since: Millis, until: Millis) -> Tally:
        wanted = (app, since - since % HOUR, until)
        rows: list[Row] = await self._reader.read(
            lambda connection: connection.execute(SQL["tally"], wanted).fetchall()
        )
        return Tally(*rows[0])

    async def ends(
        self, app: int, since: Millis, until: Millis
    ) -> Mapping[tuple[Status, str], int]:
        after, end = span_of(since, until)
        counts: Counter[tuple[Status, str]] = Counter()
        while True:
            rows = await self._reader.read(partial(_ends, app=app, after=after, end=end))
            for status, code, count, _ in rows:
                counts[seen(Status(status)), code] += count
            if sum(count for _, _, count, _ in rows) < _SLICE:
                return counts
            after = MessageId(max(last for *_, last in rows) + 1)

    def _records(
        self, connection: apsw.Connection, found: Sequence[Row], directory: Directory
    ) -> list[TextRecord]:
        wanted = msgspec.json.encode([message for (message,) in found]).decode()
        rows = connection.execute(SQL["text_records"], (wanted,)).fetchall()
        return texts_of(rows, self._seal, directory)


def _ends(connection: apsw.Connection, app: int, after: MessageId, end: MessageId) -> list[Row]:
    return connection.execute(SQL["ends"], (app, after, end, _SLICE)).fetchall()
