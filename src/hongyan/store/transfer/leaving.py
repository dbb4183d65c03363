"""A house as it leaves SQLite: what was being sent is in doubt, and every table is read in the shape
that it has in PostgreSQL.

The shape differs where SQLite's one process keeps in memory what several must share: the rows that
its memory is rebuilt from become what it would have rebuilt.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import apsw

from hongyan.core import limit
from hongyan.core.identifier import MessageId, MessageIds, first_id
from hongyan.core.time import DAY, Millis
from hongyan.core.verification import current_of
from hongyan.service.ports import Clock
from hongyan.store.filing import day_of_reference
from hongyan.store.queries.transfer import SQL
from hongyan.store.rows import Row
from hongyan.store.seal import Seal
from hongyan.store.sqlite.memory import Memory
from hongyan.store.sqlite.outbox import Outbox
from hongyan.store.sqlite.pending import Pending
from hongyan.store.sqlite.waiting import Waiting
from hongyan.store.sqlite.writer import Unit
from hongyan.store.terms import CURRENT_WINDOW
from hongyan.store.transfer import Watch
from hongyan.store.transfer.table import Column, Figures, Holds, Table, sqlite_figures

_SHAPED: Final = {
    "outbox": SQL["leaving_outbox"],
    "history": SQL["leaving_history"],
    "kept": SQL["leaving_kept"],
    "current_verification": SQL["leaving_current_verification"],
    "reference": SQL["leaving_reference"],
    "filed_reference": SQL["leaving_filed_reference"],
    "meta": SQL["leaving_meta"],
}
"""The tables that are not alike in both stores."""
_SLICE: Final = 1_000


class Leaving:
    """Reads a file that nobody serves, as of one moment."""

    def __init__(self, connection: apsw.Connection, now: Millis) -> None:
        """`now`: where the last day, which limits look back on, ends."""
        self._connection = connection
        connection.execute("PRAGMA temp_store = FILE").fetchall()
        connection.create_aggregate_function("history", _History, 2)
        connection.create_scalar_function("current_of", _current_of, 3, deterministic=True)
        connection.create_scalar_function("day_of", _day_of, 1, deterministic=True)
        self._values = {
            "since": now - DAY,
            "first": first_id(now - DAY),
            "born": (now - CURRENT_WINDOW).to_bytes(6),
        }

    def figures(self, table: Table) -> Figures:
        return sqlite_figures(self._connection, table, self._query(table), self._values)

    def rows(self, table: Table, after: Sequence[Any]) -> Iterator[Row]:
        """In the order of the table's key, beyond `after` where that is given."""
        key = ", ".join(f'"{name}"' for name in table.key)
        beyond = ""
        values: dict[str, Any] = dict(self._values)
        if after:
            places = ", ".join(f":key{place}" for place, _ in enumerate(after))
            values |= {f"key{place}": value for place, value in enumerate(after)}
            beyond = f"WHERE ({key}) > ({places})"
        sql = f"SELECT {table.listed} FROM ({self._query(table)}) {beyond} ORDER BY {key}"  # noqa: S608
        fit = _fitting(table.columns)
        return map(fit, self._connection.execute(sql, values))

    def _query(self, table: Table) -> str:
        return _SHAPED.get(table.name) or f'SELECT {table.listed} FROM "{table.name}"'  # noqa: S608


class _History:
    """history(at, tag): the events of a mark, oldest first, as one whole number in bytes."""

    def __init__(self) -> None:
        self._history = limit.NO_EVENTS

    def step(self, *values: Any) -> None:
        at, tag = values
        if at < 0:
            self._history = limit.dropped(self._history, -at, tag)
        else:
            self._history = limit.pushed(self._history, at, tag, keep=limit.MOST_EVENTS)

    def final(self) -> bytes:
        return self._history.to_bytes((self._history.bit_length() + 7) // 8)


RESTORED: Final = (
    "The house was restored from an archive. Which lines from here on were sent before, nobody knows;"
    " none is sent again."
)
"""What is told of a task in the place of its next line."""


def recover(connection: apsw.Connection, seal: Seal, clock: Clock) -> None:
    """What a process that is gone was sending may have been sent: as the store does when it opens.

    Within a transaction.
    """
    pending = Pending(connection)
    tokens = MessageIds(0)
    outbox = Outbox(Memory(connection, 1), Waiting(), pending, seal, lambda: tokens.next(clock()))
    outbox.recover(Unit(connection, clock()))


def hold_back(connection: apsw.Connection, seal: Seal, clock: Clock, watch: Watch) -> int:
    """What waits may have been sent by the house that this is an old state of: in doubt, all of it.
    How many there were.
    """
    with connection:
        connection.execute(SQL["tell_of_tasks"], (RESTORED,)).fetchall()
        connection.execute(SQL["end_tasks"], (clock(),)).fetchall()
    rows: list[Row] = connection.execute(SQL["count_waiting"]).fetchall()
    held, total = 0, rows[0][0]
    while True:
        watch("holding back", held, total)
        with connection:
            before = connection.total_changes()
            connection.execute(SQL["hold_back"], (clock(), _SLICE)).fetchall()
            count = connection.total_changes() - before
            connection.execute(SQL["forget_whom"]).fetchall()
            recover(connection, seal, clock)
        held += count
        if not count:
            return held


def last_message(connection: apsw.Connection) -> MessageId:
    """0 when there is none."""
    rows: list[Row] = connection.execute("SELECT coalesce(max(id), 0) FROM message").fetchall()
    return MessageId(rows[0][0])


def _current_of(*values: Any) -> int:
    return current_of(*values)


def _day_of(*values: Any) -> int:
    return day_of_reference(*values)


def _fitting(columns: Sequence[Column]) -> Any:
    """What makes a row fit: truths are whole numbers in SQLite, and PostgreSQL keeps no NUL in a text
    (an upstream may have put one into its reason).
    """
    truths = [place for place, column in enumerate(columns) if column.holds is Holds.TRUTHS]
    texts = [place for place, column in enumerate(columns) if column.holds is Holds.TEXTS]

    def fit(row: Row) -> Row:
        if not truths and not any("\0" in (row[place] or "") for place in texts):
            return row
        changed = list(row)
        for place in truths:
            changed[place] = bool(changed[place])
        for place in texts:
            if changed[place]:
                changed[place] = changed[place].replace("\0", " ")
        return tuple(changed)

    return fit


def shapes() -> Mapping[str, str]:
    """The tables whose rows are made, and how."""
    return _SHAPED
