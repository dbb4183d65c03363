"""What a past costs: a house that holds nothing beside one that holds millions of messages.

`python -m bench.growth --millions 10 --store sqlite|postgres` gives one house a past and the other ten
thousand messages, then measures both by turns: texts accepted, messages looked up by their id and by
what their app calls them. Rates are of the wall clock, costs of the server's (and its database's)
processor. Nothing is left behind. Needs wrk, and about a gigabyte of disk for each million.
"""

import argparse
import asyncio
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from bench import load
from bench.databases import Probe, asked, database
from bench.filling import fill_postgres, fill_sqlite
from bench.past import Apps, Past
from bench.servers import Server, furnish, opened
from hongyan.core.time import DAY, HOUR
from hongyan.store.opening import KEY_FILE
from hongyan.store.seal import KeyRing, Seal
from hongyan.store.sqlite import schema

_FEW: Final = 10_000
_SCRIPT: Final = Path(__file__).with_name("lookups.lua")
_APPS: Final = "SELECT id, account, name FROM app"
_SIZES: Final = """
SELECT c.relname, pg_relation_size(c.oid), coalesce(pg_indexes_size(c.oid), 0)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r'
"""
_DBSTAT: Final = """
SELECT coalesce(m.tbl_name, s.name), sum(CASE WHEN s.name = m.tbl_name THEN s.pgsize ELSE 0 END),
       sum(CASE WHEN s.name = m.tbl_name THEN 0 ELSE s.pgsize END)
FROM dbstat AS s LEFT JOIN sqlite_schema AS m ON m.name = s.name WHERE s.aggregate = TRUE GROUP BY 1
"""

Sizes = Mapping[str, tuple[int, int]]
"""Table → bytes of it and of its indexes."""


class House(Protocol):
    """One of the two: where it is, and what its store can be told and asked."""

    @property
    def directory(self) -> Path: ...
    @property
    def arguments(self) -> Sequence[str]:
        """Of `hongyan dev`."""

    def apps(self) -> Mapping[str, tuple[int, int]]:
        """Name → (id, account)."""

    def fill(self, past: Past) -> None: ...
    def sizes(self) -> Sizes: ...
    def cpu_s(self) -> float:
        """Of its database, where that is a program of its own."""


class SqliteHouse:
    """In a file."""

    arguments: Sequence[str] = ()

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def apps(self) -> Mapping[str, tuple[int, int]]:
        return {name: (app, account) for app, account, name in self._rows(_APPS)}

    def fill(self, past: Past) -> None:
        fill_sqlite(self.directory, past, _now())

    def sizes(self) -> Sizes:
        return {name: (table, indexes) for name, table, indexes in self._rows(_DBSTAT)}

    def cpu_s(self) -> float:
        return 0.0

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        connection = schema.connect(self.directory, read_only=True)
        found = connection.execute(sql).fetchall()
        connection.close()
        return found


class PostgresHouse:
    """In a database of its own on a server that is there."""

    def __init__(self, directory: Path, database: str) -> None:
        self.directory = directory
        self.arguments = ("--database", database)
        self._database = database
        self._probe = Probe(database)

    def apps(self) -> Mapping[str, tuple[int, int]]:
        return {name: (app, account) for app, account, name in self._rows(_APPS)}

    def fill(self, past: Past) -> None:
        asyncio.run(fill_postgres(self._database, past, _now()))

    def sizes(self) -> Sizes:
        return {name: (table, indexes) for name, table, indexes in self._rows(_SIZES)}

    def cpu_s(self) -> float:
        return self._probe.cpu_s()

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in asyncio.run(asked(self._database, sql))]


@dataclass(frozen=True)
class Cost:
    """Medians of what one kind of request did in one house."""

    rate: float
    cpu_us: float
    """Of the server for one request."""
    database_us: float
    p99_ms: float
    failed: int


@dataclass
class Subject:
    """A house under measurement."""

    name: str
    house: House
    past: Past
    server: Server
    folder: Path
    runs: dict[str, list[Cost]] = field(default_factory=dict)

    def measure(self, kind: str, seconds: float, seed: int) -> None:
        began, spent = self.server.cpu_s(), self.house.cpu_s()
        run = self._run(kind, seconds, seed)
        count = max(run.answered + run.failed, 1)
        cost = Cost(
            run.rate,
            1e6 * (self.server.cpu_s() - began) / count,
            1e6 * (self.house.cpu_s() - spent) / count,
            run.p99,
            run.failed,
        )
        self.runs.setdefault(kind, []).append(cost)

    def median(self, kind: str) -> Cost:
        runs = [asdict(one) for one in self.runs[kind]]
        return Cost(**{name: statistics.median(one[name] for one in runs) for name in runs[0]})

    def _run(self, kind: str, seconds: float, seed: int) -> load.Run:
        if kind == "accept":
            return load.requests("messages")(self.server, seconds, seed)
        wanted = {
            "get": self.past.keyed,
            "find": self.past.naming,
            "find, of the last day": self.past.naming_recent,
        }[kind]
        file = self.folder / "wanted.txt"
        file.write_text("\n".join(wanted), "utf-8")
        environment = {
            "HY_FILE": str(file),
            "HY_KIND": "get" if kind == "get" else "find",
            "HY_KEY": self.server.key if kind == "get" else self.server.zhenzi,
            "HY_SEED": str(seed),
        }
        return load.wrk(self.server, _SCRIPT, environment, seconds)


KINDS: Final = ("accept", "get", "find", "find, of the last day")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--millions", type=float, default=10.0, help="of messages stored (10)")
    parser.add_argument("--days", type=float, default=30.0, help="over which they came (30)")
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument(
        "--server",
        default="postgresql://postgres@127.0.0.1:5432/postgres",
        help="where databases may be made (%(default)s)",
    )
    parser.add_argument("--folder", type=Path, help="for what is stored meanwhile")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each run (4)")
    parser.add_argument("--rounds", type=int, default=5, help="by turns in both houses (5)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("The load is wrk: apt-get install wrk.")
    count, span = int(options.millions * 1e6), int(options.days * DAY)
    with ExitStack() as stack:
        few = _subject(stack, options, "few", _FEW, HOUR)
        many = _subject(stack, options, "many", count, span)
        sizes = many.house.sizes()
        for number in range(options.rounds + 1):
            for kind in KINDS:
                for subject in (few, many):
                    subject.measure(kind, options.seconds, number)
            if not number:  # It was the warm-up.
                few.runs.clear()
                many.runs.clear()
    _tell(options, few, many, sizes)


def _subject(
    stack: ExitStack, options: argparse.Namespace, name: str, count: int, span: int
) -> Subject:
    """A house with its past, open."""
    folder = Path(
        stack.enter_context(tempfile.TemporaryDirectory(prefix="hongyan-", dir=options.folder))
    )
    directory = folder / "data"
    house: House = SqliteHouse(directory)
    if options.store == "postgres":
        house = PostgresHouse(directory, stack.enter_context(database(options.server)))
    with opened(directory, *house.arguments, dispatches=False):
        furnish(directory)
    apps = house.apps()
    seal = Seal(KeyRing.load(directory / KEY_FILE), _now)
    keyed, naming = apps["app_dev"], apps["app_zhenzi"]
    past = Past(seal, Apps(keyed[1], keyed[0], naming[0]), count, span)
    began = time.monotonic()
    house.fill(past)
    _say(f"{name}: {count:,} messages in {time.monotonic() - began:.0f} s")
    if not past.naming_recent:
        past.naming_recent = past.naming
    server = stack.enter_context(opened(directory, *house.arguments, dispatches=False))
    return Subject(name, house, past, server, folder)


def _tell(options: argparse.Namespace, few: Subject, many: Subject, sizes: Sizes) -> None:
    count = many.past.count
    rows = {kind: (few.median(kind), many.median(kind)) for kind in KINDS}
    bytes_each = {
        name: (table / count, indexes / count)
        for name, (table, indexes) in sorted(sizes.items(), key=lambda one: -sum(one[1]))
        if (table + indexes) / count >= 1
    }
    if options.json:
        told = {kind: [asdict(one) for one in pair] for kind, pair in rows.items()}
        print(json.dumps({"stored": count, "rows": told, "bytes_a_message": bytes_each}))
        return
    print(
        f"| {options.store} | {few.past.count:,}: req/s | µs | {count:,}: req/s | µs | rate"
        " | cost |\n|---|--:|--:|--:|--:|--:|--:|"
    )
    for kind, (before, after) in rows.items():
        costs = [one.cpu_us + one.database_us for one in (before, after)]
        print(
            f"| {kind} | {before.rate:,.0f} | {costs[0]:.0f} | {after.rate:,.0f} | {costs[1]:.0f}"
            f" | {after.rate / before.rate:.2f} | {costs[1] / costs[0]:.2f} |"
        )
    print("\n| bytes a message | table | indexes |\n|---|--:|--:|")
    for name, (table, indexes) in bytes_each.items():
        print(f"| {name} | {table:.0f} | {indexes:.0f} |")
    tables, indexes = (sum(one) for one in zip(*bytes_each.values(), strict=True))
    print(f"| all | {tables:.0f} | {indexes:.0f} |")
    if any(one.failed for pair in rows.values() for one in pair):
        raise SystemExit("Something was refused.")


def _now() -> int:
    return time.time_ns() // 1_000_000


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
