"""How PostgreSQL goes about what is asked of it. Statements are planned once, perhaps while a table is
empty, perhaps while it is full of something else, and must find their rows by a key whatever it holds.
"""

import re
from collections.abc import AsyncIterator

import pytest

from hongyan.store.postgres.connections import Address, Connection, Connections
from hongyan.store.queries.postgres import SQL
from support.postgres import database

PLANNED = re.compile(r"(--[^\n]*\n)*(SELECT|INSERT|UPDATE|DELETE|WITH)")
SMALL = {
    "accounts",
    "apps",
    "app_names",
    "authorisations",
    "cloud_tokens",
    "environments",
    "grants",
    "keys",
    "routes",
    "secret_keys",
    "signatures",
    "templates",
    "tickets",
}
"""Read whole, and seldom."""
SELDOM = {
    "advance_task",
    "all_submissions",
    "audits",
    "audits_of",
    "books",
    "count_given_up",
    "count_waiting",
    "end_cloud_token",
    "end_key",
    "end_task",
    "filed_reference",
    "forget_signing_keys",
    "forgotten_uploads",
    "free_tasks",
    "given_up",
    "last_message",
    "lease_number",
    "packages",
    "put_off_task",
    "replies_nobody_took",
    "schema_version",
    "signing_keys",
    "some_tables",
    "sum_tallies",
    "tally",
    "unreviewed_signatures",
    "unreviewed_templates",
    "uses_of_secret_keys",
}
"""A person's or a minute's look at a table or an index that holds little, or at an end of one."""


LIVED_IN = """
INSERT INTO outbox (id, kind, expires_at, status, token, due_at)
SELECT n, 'notice', 1000 + n, status, token, due_at
FROM generate_series(1, 4000) AS n JOIN (VALUES (0, 'unconfirmed', -1, 9), (1, 'queued', 0, 9),
  (2, 'sending', 7, 0), (3, 'queued', 0, 0)) AS of (which, status, token, due_at) ON which = n % 4;
INSERT INTO message (id, account, app, kind, template, phone_mark, sealed, units, accepted_at,
                     expires_at)
SELECT n, 1, 1, 'notice', 0, n, repeat('x', 100)::bytea, 1, 0, 1000 + n
FROM generate_series(1, 4000) AS n;
ANALYZE
"""


@pytest.fixture(params=["SELECT", "ANALYZE", LIVED_IN], ids=["new", "still empty", "lived in"])
async def connection(request: pytest.FixtureRequest) -> AsyncIterator[Connection]:
    with database() as url:
        connections = Connections(Address(url), "hongyan test", 1)
        connection = await connections.take()
        await connection.execute(request.param)
        yield connection
        connections.give(connection)
        await connections.close()


async def plan(connection: Connection, name: str) -> str:
    """As it is made once for all, whatever will be asked."""
    prepared = await connection.prepare(SQL[name])
    await connection.execute(f"PREPARE asked AS {SQL[name]}")
    nothing = ", ".join(["NULL"] * len(prepared.get_parameters()))
    explain = f"EXPLAIN (COSTS OFF) EXECUTE asked{f'({nothing})' if nothing else ''}"
    rows = await connection.fetch(explain)
    await connection.execute("DEALLOCATE asked")
    return "\n".join(row[0] for row in rows)


def without_a_key(plan: str) -> list[str]:
    """The tables and indexes that it would read from end to end."""
    found = re.findall(r"Seq Scan on (\w+)", plan)
    lines = plan.splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        scan = re.search(r"(?:Index|Index Only) Scan (?:Backward )?(?:using|on) (\w+)", line)
        if scan and "Index Cond" not in following:
            found.append(scan[1])
    return found


async def test_whatever_is_asked_finds_its_rows_by_a_key(connection: Connection) -> None:
    asked = [name for name, sql in SQL.items() if PLANNED.match(sql) and "{" not in sql]
    plans = {name: await plan(connection, name) for name in asked if name not in SMALL | SELDOM}
    read = {name: tables for name, one in plans.items() if (tables := without_a_key(one))}
    assert read == {}


async def test_a_claim_looks_at_the_heads_of_its_lines_alone(connection: Connection) -> None:
    """Not at those that are held, in doubt or done, however many there are."""
    claim = await plan(connection, "claim")
    assert set(re.findall(r"(?:using|on) (outbox_\w+)", claim)) == {
        "outbox_ready",
        "outbox_later",
        "outbox_pkey",
    }
    [fresh] = re.findall(r"LockRows\n\s*->  Index Scan using outbox_ready", claim)
    assert fresh, "Sorted by its index, so it stops when it has enough."
