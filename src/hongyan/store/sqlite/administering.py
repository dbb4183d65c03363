"""The operator's changes on SQLite.

A command opens the file beside the serving process, which notices the change by `data_version`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import apsw

from hongyan.core.time import Millis
from hongyan.service.directory import Directory
from hongyan.service.ports import Clock
from hongyan.store import directory
from hongyan.store.administering import Administering
from hongyan.store.changing import Value
from hongyan.store.opening import StoreUnusable
from hongyan.store.queries.sqlite import SQL
from hongyan.store.rows import Row
from hongyan.store.seal import Seal


def version_of(connection: apsw.Connection) -> int:
    """Raised with every change of the directory."""
    return directory.version(lambda name: connection.execute(SQL[name]))


def read(connection: apsw.Connection, seal: Seal, now: Millis) -> Directory:
    """The whole directory. The caller's transaction, if there is one, makes it of one moment."""
    return directory.read(lambda name: connection.execute(SQL[name]), seal, now)


class SqliteAdministration(Administering):
    """What an operator changes. Each method is one transaction."""

    def __init__(self, connection: apsw.Connection, seal: Seal, clock: Clock) -> None:
        super().__init__(seal, clock)
        self._connection = connection

    def directory(self) -> Directory:
        return read(self._connection, self._seal, self._clock())

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        if self._connection.in_transaction:
            yield
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except apsw.Error as error:
            sentence = f"The store did not take this change: {error}. Nothing of it was done."
            raise StoreUnusable(sentence) from error
        finally:
            self._roll_back()

    def _roll_back(self) -> None:
        """Unless all is well."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _rows(self, name: str, *values: Value) -> list[Row]:
        return self._connection.execute(SQL[name], values).fetchall()

    def _run(self, name: str, *values: Value) -> int:
        before = self._connection.total_changes()
        self._connection.execute(SQL[name], values).fetchall()
        return self._connection.total_changes() - before
