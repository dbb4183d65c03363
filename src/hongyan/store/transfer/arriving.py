"""A house as it arrives in PostgreSQL: an empty database, or one that holds what an unfinished move of
this very house has brought there. While that note stands in it, nobody serves it.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
import msgspec

from hongyan.core.time import Millis
from hongyan.store.opening import StoreAway, StoreUnusable
from hongyan.store.postgres import schema
from hongyan.store.postgres.connections import Address, Connection, connect, is_away, reason
from hongyan.store.queries.postgres import SQL as STORE
from hongyan.store.queries.transfer import SQL
from hongyan.store.rows import Row
from hongyan.store.seal import Seal
from hongyan.store.transfer.table import (
    NO_HURRY_S,
    Figures,
    Table,
    postgres_figures,
    postgres_tables,
)

ORDER: Final = (
    # Whoever is named by another comes before it.
    *(
        "account",
        "package",
        "ledger",
        "app",
        "app_name",
        "api_key",
        "signature",
        "template",
        "route",
    ),
    *(
        "secret_key",
        "environment",
        "cloud_token",
        "ticket",
        "authorisation",
        "token_grant",
        "audit",
    ),
    *("submission", "paper", "done"),
    *("upload", "upload_piece", "task", "task_line"),
    *("signing_key", "message", "outbox", "attempt", "early_receipt", "verification"),
    *("current_verification", "known_openid", "member", "history", "kept", "reference"),
    *("filed_reference", "warning", "report", "inquiry", "reply", "owed_reply", "conversion"),
    *("opt_out", "link", "tally", "hour_tally", "filed_text", "app_text", "daily_total"),
)
"""All tables of a house but `meta`, which is written last."""
META: Final = "meta"
_PASSAGE: Final = 0x686F6E6779616E03
"""The advisory lock of whoever brings a house: one at a time."""
_PATIENCE: Final = "5s"
"""What the server may take to notice that a move was killed."""
_MOVED: Final = "moved"
_CLOSE_S: Final = 5.0


class Brought(msgspec.Struct, frozen=True):
    """How far a move has come; written with each slice, in its transaction."""

    id: str
    began_at: Millis
    figures: dict[str, Figures]
    """Of each table, as it leaves."""
    last: dict[str, bytes] = {}
    """Of each table, the packed key of the last row that is here."""
    rows: dict[str, int] = {}
    """Of each table, how many are here."""

    def after(self, table: Table) -> list[Any]:
        """The key beyond which rows of a table are still to come; empty for all of them."""
        packed = self.last.get(table.name)
        return msgspec.msgpack.decode(packed, type=list[Any]) if packed else []

    def further(self, table: Table, some: Sequence[Row]) -> "Brought":
        """With these rows, which follow."""
        last = [some[-1][table.names.index(column)] for column in table.key]
        count = self.rows.get(table.name, 0) + len(some)
        return msgspec.structs.replace(
            self,
            last=self.last | {table.name: msgspec.msgpack.encode(last)},
            rows=self.rows | {table.name: count},
        )


_encode: Final = msgspec.json.Encoder().encode
"""Not msgpack: sums of ids need more than 64 bits."""
_decode: Final = msgspec.json.Decoder(Brought).decode


class Arriving:
    """One connection to the database that a house arrives in."""

    def __init__(self, connection: Connection, address: Address) -> None:
        self._connection = connection
        self._address = address
        self.tables: dict[str, Table] = {}

    @classmethod
    async def of(cls, connection: Connection, address: Address) -> "Arriving":
        """Raises StoreUnusable."""
        await require_utf8(connection, address)
        try:
            async with connection.transaction():
                await connection.execute(SQL["be_patient"], _PATIENCE)
                await connection.execute(SQL["take_passage"], _PASSAGE)
        except asyncpg.LockNotAvailableError as error:
            sentence = f"Another move into {address} is under way. Wait for its end."
            raise StoreUnusable(sentence) from error
        return cls(connection, address)

    async def require_empty(self, seal: Seal, now: Millis) -> None:
        """Nobody serves it, and it holds no house but the beginnings of this one. Raises StoreUnusable."""
        await schema.migrate(self._connection, self._address, now)
        self.tables = await postgres_tables(self._connection)
        check = await self._connection.fetchval(SQL["note"], "key_check")
        is_ours = check == seal.check_value
        if await self._connection.fetchval(SQL["note"], schema.UNFINISHED) is not None and is_ours:
            return
        for name in ORDER:
            sql = f'SELECT EXISTS (SELECT 1 FROM "{name}")'  # noqa: S608 - our own names
            if await self._connection.fetchval(sql):
                raise StoreUnusable(
                    f"{self._address} holds a house already. Name an empty database."
                )
        if (check is not None and not is_ours) or await self._connection.fetchval(SQL["is_served"]):
            sentence = f"{self._address} is another house's, which is empty yet. Name an empty"
            raise StoreUnusable(sentence + " database.")

    async def brought(self, move: str) -> Brought | None:
        """How far this move has come."""
        note = await self._connection.fetchval(SQL["note"], schema.UNFINISHED)
        brought = _decode(note) if note else None
        return brought if brought and brought.id == move else None

    async def has(self, move: str) -> bool:
        """Whether this move was finished here. False for a database that is empty, or not ours."""
        if not await self._connection.fetchval(STORE["is_ours"]):
            return False
        note = await self._connection.fetchval(SQL["note"], _MOVED)
        return bool(note == move.encode())

    async def begin(self, brought: Brought, seal: Seal) -> None:
        """Empty it of what an earlier move of this house, which was given up, has left."""
        names = ", ".join(f'"{name}"' for name in ORDER)
        async with self._connection.transaction():
            await self._connection.execute(f"TRUNCATE {names}")
            await schema.require_key(self._connection, self._address, seal)
            await self._note(brought)

    async def put(self, table: Table, rows: Sequence[Row], brought: Brought) -> None:
        """A slice, and how far that is: both or neither."""
        async with self._connection.transaction():
            await self._connection.copy_records_to_table(
                table.name, records=rows, columns=table.names, timeout=NO_HURRY_S
            )
            await self._note(brought)

    async def figures(self, table: Table) -> Figures:
        return await postgres_figures(self._connection, table)

    async def broken_books(self) -> list[str]:
        """Accounts whose balance is not the sum of their ledger."""
        rows = await self._connection.fetch(SQL["broken_books"], timeout=NO_HURRY_S)
        return [f"the balance of account {row[0]} is not the sum of its ledger" for row in rows]

    async def finish(self, move: str, meta: Sequence[Row]) -> None:
        """From now on it can be served."""
        for name in ORDER:
            await self._connection.execute(f'ANALYZE "{name}"', timeout=NO_HURRY_S)
        async with self._connection.transaction():
            await self._connection.executemany(SQL["put_meta"], meta)
            await count_on(self._connection, self.tables)
            await self._connection.execute(SQL["put_note"], _MOVED, move.encode())
            await self._connection.execute(SQL["drop_note"], schema.UNFINISHED)

    async def now(self) -> Millis:
        """By the clock of the server."""
        now: Millis = await self._connection.fetchval(SQL["server_time"])
        return now

    async def _note(self, brought: Brought) -> None:
        await self._connection.execute(SQL["put_note"], schema.UNFINISHED, _encode(brought))


@asynccontextmanager
async def connected(address: Address, name: str) -> AsyncIterator[Connection]:
    """A connection for as long as the context lasts. Raises whatever asyncpg does."""
    connection = await connect(address, name, timezone="UTC", synchronous_commit="on")
    try:
        yield connection
    except BaseException:
        connection.terminate()
        raise
    await connection.close(timeout=_CLOSE_S)


def failed(error: BaseException, address: Address, sentence: str) -> StoreUnusable:
    """Why the database cannot be used, what to do, and what has become of it all."""
    kind = StoreAway if is_away(error) else StoreUnusable
    return kind(f"{reason(error, address)} {sentence}")


async def require_utf8(connection: Connection, address: Address) -> None:
    """Raises StoreUnusable for a database that cannot hold all texts."""
    encoding = await connection.fetchval(SQL["encoding"])
    if encoding != "UTF8":
        sentence = (
            f"{address} has the encoding {encoding}. Create the database with ENCODING 'UTF8'"
        )
        raise StoreUnusable(sentence + " TEMPLATE template0, or name another one.")


async def count_on(connection: Connection, tables: dict[str, Table]) -> None:
    """What the database numbers itself goes on where the rows end."""
    for table in tables.values():
        for column in table.columns:
            if column.counts:
                await connection.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'),"  # noqa: S608
                    f' greatest((SELECT max("{column.name}") FROM "{table.name}"), 1),'
                    f' EXISTS (SELECT 1 FROM "{table.name}"))'
                )
