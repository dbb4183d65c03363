"""What the database and the phone say in the end, held against the books of the callers."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg

from hongyan.app.clock import SteadyClock
from hongyan.core.identifier import read
from hongyan.store.shelf import ShelfFile
from hongyan.store.sqlite import seal_of
from support.chaos.callers import Books

LIMIT_S: Final = 30
"""One text to a number in so many seconds."""

_OPEN: Final = "SELECT count(*) FROM outbox WHERE status <> 'unconfirmed'"
_STATES: Final = "SELECT m.id, coalesce(m.status, o.status) FROM message AS m LEFT JOIN outbox AS o ON o.id = m.id"
_TOO_SOON: Final = """
    SELECT count(*) FROM (
      SELECT accepted_at - lag(accepted_at) OVER (PARTITION BY phone_mark ORDER BY id) AS apart
      FROM message
      WHERE verification IS NULL AND coalesce(status, '') NOT IN ('expired', 'rejected')
    ) AS pairs WHERE apart < $1
"""
_BROKEN_BOOKS: Final = """
    SELECT count(*) FROM (
      SELECT a.id FROM account AS a LEFT JOIN ledger AS l ON l.account = a.id
      GROUP BY a.id, a.balance HAVING a.balance <> coalesce(sum(l.units), 0)
    ) AS broken
"""
_SPENT: Final = (
    "SELECT coalesce(-sum(units), 0) FROM ledger WHERE entry IN ('accepted', 'refunded')"
)
_CHARGED: Final = """
    SELECT coalesce(sum(units), 0) FROM message
    WHERE coalesce(status, '') NOT IN ('expired', 'rejected')
"""
_LEFT_OUT: Final = """
    SELECT count(*) FROM pg_stat_activity
    WHERE application_name LIKE 'hongyan%' AND state LIKE 'idle in transaction%'
      AND state_change < clock_timestamp() - interval '2 seconds'
"""
_CONNECTED: Final = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'hongyan%'"


async def nothing_open(connection: "asyncpg.Connection[asyncpg.Record]", seconds: float) -> str:
    """Wait until each message has been handed over, has ended or is in doubt; what is stuck else."""
    deadline = asyncio.get_running_loop().time() + seconds
    while open_ones := await connection.fetchval(_OPEN):
        if asyncio.get_running_loop().time() > deadline:
            return f"{open_ones} messages are stuck"
        await asyncio.sleep(0.2)
    return ""


async def left_out(connection: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    """Connections that somebody took and did not give back."""
    count = await connection.fetchval(_LEFT_OUT)
    return [f"{count} connections hang in a transaction"] if count else []


async def still_connected(connection: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    count = await connection.fetchval(_CONNECTED)
    return [f"{count} connections were left behind"] if count else []


def phone(data: Path) -> ShelfFile:
    """The sandbox phone's texts. While it is open here, no process that starts drops the oldest."""
    return ShelfFile(data, seal_of(data, SteadyClock()))


def arrived(shelf: ShelfFile) -> Counter[int]:
    """How often each text arrived."""
    return Counter(int(text.id) for text in shelf.load(10**9))


async def judged(
    connection: "asyncpg.Connection[asyncpg.Record]", books: Books, phone: Counter[int]
) -> list[str]:
    """Everything that is wrong."""
    states = {row[0]: row[1] for row in await connection.fetch(_STATES)}
    started = {bytes(row[0]) for row in await connection.fetch("SELECT id FROM verification")}
    wrong = [
        *_counted("answered messages are not there", _ids(books) - states.keys()),
        *_counted(
            "answered verifications are not there",
            {UUID(one).bytes for one in books.verifications} - started,
        ),
        *_counted("texts arrived twice", [one for one, times in phone.items() if times > 1]),
        *_counted("keys made more than one message", _more_than_one(books.by_key)),
        *_counted("codes passed twice", [1 for times in books.approvals.values() if times > 1]),
        *_counted("proofs were used twice", [1 for times in books.consumed.values() if times > 1]),
        *books.strange[:5],
    ]
    for message, status in states.items():
        if status in ("submitted", "delivered") and message not in phone:
            wrong.append(f"{message} is {status}, and did not arrive")
        if status in ("expired", "rejected") and message in phone:
            wrong.append(f"{message} is {status}, and arrived")
    return wrong + await _sums(connection)


async def _sums(connection: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    too_soon = await connection.fetchval(_TOO_SOON, LIMIT_S * 1_000)
    broken = await connection.fetchval(_BROKEN_BOOKS)
    spent, charged = await connection.fetchval(_SPENT), await connection.fetchval(_CHARGED)
    wrong = [f"{too_soon} texts came sooner than their limit allows"] if too_soon else []
    if broken:
        wrong.append(f"{broken} balances are not the sum of their ledger")
    if spent != charged:
        wrong.append(f"{spent} units were spent for messages of {charged}")
    return wrong


def _ids(books: Books) -> set[int]:
    found: set[int] = set()
    for one in books.messages:
        message = read(one)
        assert message is not None, one
        found.add(int(message))
    return found


def _more_than_one(by_key: dict[str, set[str]]) -> list[str]:
    return [key for key, messages in by_key.items() if len(messages) > 1]


def _counted(what: str, these: Any) -> list[str]:
    return [f"{len(these)} {what}"] if these else []
