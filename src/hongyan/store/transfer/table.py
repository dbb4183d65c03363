"""A table as whoever copies it sees it: its columns, its key, and its figures.

Figures are counts and sums: rows, empty values, and of each column the sum of its numbers, or how
many bytes its texts are. Both kinds of store count them alike, so that they can be compared.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import apsw
import msgspec

from hongyan.store.postgres.connections import Connection
from hongyan.store.queries.transfer import SQL
from hongyan.store.rows import Row

NO_HURRY_S: Final = 7 * 24 * 3_600.0
"""What a statement over a whole table may take."""

_HALF: Final = 32
_LOW: Final = (1 << _HALF) - 1
_OF_PROCESSES: Final = frozenset({"batch", "writer", "hongyan_migration"})
"""Tables that tell of processes and of the schema, not of the house."""


class Holds(StrEnum):
    """What a column holds."""

    NUMBERS = "numbers"
    TRUTHS = "truths"
    TEXTS = "texts"
    BYTES = "bytes"


_TYPES: Final = {
    "bigint": Holds.NUMBERS,
    "integer": Holds.NUMBERS,
    "boolean": Holds.TRUTHS,
    "text": Holds.TEXTS,
    "bytea": Holds.BYTES,
    "blob": Holds.BYTES,
    "any": Holds.BYTES,  # SQLite's: it says of each value what it is; counted by its bytes.
}


class Column(msgspec.Struct, frozen=True):
    """One column."""

    name: str
    holds: Holds
    counts: bool = False
    """Whether the database numbers new rows by it."""


class Table(msgspec.Struct, frozen=True):
    """One table."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def listed(self) -> str:
        """Its columns, for a statement."""
        return ", ".join(f'"{name}"' for name in self.names)


class Figures(msgspec.Struct, frozen=True):
    """What a table comes to."""

    rows: int
    nulls: int
    sums: dict[str, int]


def sqlite_tables(connection: apsw.Connection) -> dict[str, Table]:
    """By name."""
    names: list[Row] = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
    ).fetchall()
    return {name: _sqlite_table(connection, name) for (name,) in names}


def _sqlite_table(connection: apsw.Connection, name: str) -> Table:
    rows: list[Row] = connection.execute(
        "SELECT name, lower(type), pk FROM pragma_table_info(?)", (name,)
    ).fetchall()
    keys = sorted((place, column) for column, _, place in rows if place)
    columns = tuple([Column(column, _TYPES[kind]) for column, kind, _ in rows])
    return Table(name, columns, tuple([column for _, column in keys]))


async def postgres_tables(connection: Connection) -> dict[str, Table]:
    """Those that tell of the house, by name."""
    columns: dict[str, list[Column]] = {}
    keys: dict[str, list[tuple[int, str]]] = {}
    for row in await connection.fetch(SQL["columns"]):
        name = row["table"]
        if name in _OF_PROCESSES:
            continue
        column = Column(row["name"], _TYPES[row["type"]], row["counts"])
        columns.setdefault(name, []).append(column)
        keys.setdefault(name, [])
        if row["key"] >= 0:
            keys[name].append((row["key"], column.name))
    return {
        name: Table(name, tuple(found), tuple([key for _, key in sorted(keys[name])]))
        for name, found in columns.items()
    }


def sqlite_figures(
    connection: apsw.Connection,
    table: Table,
    query: str = "",
    values: Mapping[str, Any] | None = None,
) -> Figures:
    """Of a table, or of a query that gives rows like its."""
    sums = []
    for column in table.columns:
        name = f'"{column.name}"'
        if column.holds is Holds.NUMBERS:
            # In halves: a sum of ids does not fit into 64 bits.
            sums += [f"sum({name} >> {_HALF})", f"sum({name} & {_LOW})"]
        elif column.holds is Holds.TRUTHS:
            sums.append(f"sum({name})")
        else:
            sums.append(f"sum(octet_length({name}))")
    nulls = " + ".join(f'sum("{name}" IS NULL)' for name in table.names)
    source = f"({query})" if query else f'"{table.name}"'
    sql = f"SELECT count(*), {nulls}, {', '.join(sums)} FROM {source}"  # noqa: S608 - our own names
    found: list[Any] = connection.execute(sql, values or {}).fetchall()
    rows, empty, *numbers = [number or 0 for number in found[0]]
    left = iter(numbers)
    return Figures(
        rows,
        empty,
        {
            column.name: (next(left) << _HALF) + next(left)
            if column.holds is Holds.NUMBERS
            else next(left)
            for column in table.columns
        },
    )


async def postgres_figures(connection: Connection, table: Table) -> Figures:
    """Of a table."""
    sums = ", ".join(_summed(column) for column in table.columns)
    sql = f'SELECT count(*), sum(num_nulls({table.listed})), {sums} FROM "{table.name}"'  # noqa: S608
    found = await connection.fetchrow(sql, timeout=NO_HURRY_S)
    rows, nulls, *numbers = [int(number or 0) for number in found or ()]
    return Figures(rows, nulls, dict(zip(table.names, numbers, strict=True)))


def _summed(column: Column) -> str:
    match column.holds:
        case Holds.NUMBERS:
            return f'sum("{column.name}")'
        case Holds.TRUTHS:
            return f'sum("{column.name}"::int)'
        case Holds.TEXTS | Holds.BYTES:
            return f'sum(octet_length("{column.name}"))'


def differing(
    ours: Mapping[str, Figures], theirs: Mapping[str, Figures], names: Sequence[str]
) -> list[str]:
    """Which tables differ, and in what; empty when all is well."""
    told = []
    for name in names:
        one, other = ours[name], theirs[name]
        if one.rows != other.rows:
            told.append(f"{name}: {one.rows} rows, but {other.rows}")
        elif one != other:
            columns = [key for key in one.sums if one.sums[key] != other.sums.get(key)]
            told.append(f"{name}: {', '.join(columns) or 'empty values'}")
    return told
