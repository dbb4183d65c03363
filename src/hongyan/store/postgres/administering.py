"""The operator's changes on PostgreSQL, from callers that cannot wait on a loop of their own."""

from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import asyncpg

from hongyan.service.directory import Directory
from hongyan.service.ports import Clock
from hongyan.store.administering import Administering
from hongyan.store.changing import Value
from hongyan.store.opening import StoreAway, StoreUnusable
from hongyan.store.postgres import schema
from hongyan.store.postgres.aside import Aside
from hongyan.store.postgres.connections import LOST, Address, Connection, in_words, opened, reason
from hongyan.store.postgres.directory import CHANGED, read
from hongyan.store.queries.postgres import SQL
from hongyan.store.seal import Seal

T = TypeVar("T")

_CHANGING: Final = 0x686F6E6779616E03
"""The advisory lock of whoever makes several changes together."""
_FAILURES = (*LOST, asyncpg.PostgresError)


def administration(address: Address, seal: Seal, clock: Clock) -> "PostgresAdministration":
    """Beside serving processes or without any. Raises StoreUnusable."""
    aside = Aside()
    try:
        connection = aside.run(_opened(address, seal))
    except BaseException:
        aside.close()
        raise
    return PostgresAdministration(aside, connection, address, seal, clock)


async def _opened(address: Address, seal: Seal) -> Connection:
    connection = await opened(address, "hongyan administration", lock_timeout="15s")
    try:
        with in_words(address):
            await schema.require_current(connection, address)
            await schema.require_key(connection, address, seal)
    except BaseException:
        await connection.close()
        raise
    return connection


class PostgresAdministration(Administering):
    """See `service.ports.Administration`."""

    def __init__(
        self, aside: Aside, connection: Connection, address: Address, seal: Seal, clock: Clock
    ) -> None:
        super().__init__(seal, clock)
        self._aside = aside
        self._connection = connection
        self._address = address

    def directory(self) -> Directory:
        return self._wait(read(self._connection, self._seal, self._clock()))

    def close(self) -> None:
        self._aside.run(self._connection.close())
        self._aside.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        if self._connection.is_in_transaction():
            yield
            return
        self._wait(self._connection.execute("BEGIN"))
        try:
            # What is read here is changed by nobody else before it is written back.
            self._run("lock_schema", _CHANGING)
            yield
        except BaseException:
            self._roll_back()
            raise
        try:
            self._aside.run(self._connection.execute(f"COMMIT; NOTIFY {CHANGED}"))
        except _FAILURES as error:
            sentence = f"{reason(error, self._address)} Whether this change was done is unknown:"
            raise StoreUnusable(sentence + " look before you make it again.") from error

    def _rows(self, name: str, *values: Value) -> "list[asyncpg.Record]":
        return self._wait(self._connection.fetch(SQL[name], *values))

    def _run(self, name: str, *values: Value) -> int:
        status = self._wait(self._connection.execute(SQL[name], *values))
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    def _roll_back(self) -> None:
        if not self._connection.is_closed():
            self._wait(self._connection.execute("ROLLBACK"))

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Raises StoreAway where it may be done later, else StoreUnusable: nothing is done until its
        COMMIT.
        """
        try:
            return self._aside.run(work)
        except _FAILURES as error:
            sentence = f"The store did not take this change: {reason(error, self._address)}"
            kind = StoreAway if isinstance(error, LOST) else StoreUnusable
            raise kind(sentence + " Nothing of it was done.") from error
