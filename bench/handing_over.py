"""How many messages one process takes from PostgreSQL's outbox, begins, settles and sees delivered.

`python -m bench.handing_over` makes a database of its own on the named server, fills it, empties its
line with some workers in one process, prints one line of JSON, and drops the database again.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import uvloop

from hongyan.core.identifier import MessageId, MessageIds
from hongyan.core.message import Kind, Message, Status
from hongyan.core.time import DAY, SECOND
from hongyan.service.ports import Begun, Claimed, Receipt, Settlement
from hongyan.store.postgres import schema
from hongyan.store.postgres.connections import Address, Connections, connect
from hongyan.store.postgres.outbox import Outbox
from hongyan.store.postgres.pending import Pending
from hongyan.store.postgres.unit import Transactions, Unit
from hongyan.store.rows import message_row
from hongyan.store.seal import KeyRing, Seal

_LEASE = 30 * SECOND
_AT_ONCE = 20_000
_TEXT = "【鸿雁】您的验证码为：384592，请于5分钟内填写。"
_MESSAGE = [
    "id",
    "account",
    "app",
    "kind",
    "template",
    "phone_mark",
    "sealed",
    "units",
    "accepted_at",
    "expires_at",
    "verification",
]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.handing_over", description=__doc__)
    parser.add_argument(
        "--server", default="postgresql://postgres@127.0.0.1:5432/postgres", help="(%(default)s)"
    )
    parser.add_argument("--messages", type=int, default=100_000, help="to hand over (100000)")
    parser.add_argument("--stored", type=int, default=0, help="delivered ones beside them (0)")
    parser.add_argument("--batch", type=int, default=256, help="claimed at once (256)")
    parser.add_argument("--workers", type=int, default=4, help="batches in flight (4)")
    parser.add_argument("--backup", action="store_true", help="while a snapshot is held")
    parser.add_argument("--kind", type=Kind, choices=list(Kind), default=Kind.NOTICE)
    options = parser.parse_args()
    print(json.dumps(uvloop.run(_measured(options))))


@dataclass
class House:
    """An outbox in a database."""

    connection: "asyncpg.Connection[asyncpg.Record]"
    transactions: Transactions
    outbox: Outbox
    seal: Seal
    ids: MessageIds

    async def fill(self, kind: Kind, count: int, status: Status | None = None) -> None:
        """So many more messages: in the line, or with a status, over."""
        now = _now()
        for start in range(0, count, _AT_ONCE):
            messages = [self._message(kind) for _ in range(min(_AT_ONCE, count - start))]
            rows = [(*message_row(one, now, self.seal), status) for one in messages]
            copy = self.connection.copy_records_to_table
            await copy("message", records=rows, columns=[*_MESSAGE, "status"])
            if status is None:
                line = [(one.id, kind, one.expires_at) for one in messages]
                await copy("outbox", records=line, columns=["id", "kind", "expires_at"])

    async def hand_over(self, kind: Kind, most: int) -> int:
        """One batch, all the way; how many there were."""
        claimed = await self._run(self.outbox.claim, {kind: most}, _LEASE)
        if not claimed:
            return 0
        begun = [Begun(one.message.id, one.token, "none") for one in claimed]
        may_leave = await self._run(self.outbox.begin, begun, _LEASE)
        over = [_settled(one) for one in claimed if one.message.id in may_leave]
        settled: set[MessageId] = await self._run(self.outbox.settle, over)
        receipts = [Receipt(one, Status.DELIVERED, _now()) for one in settled]
        await self._run(self.outbox.receive, receipts)
        return len(settled)

    async def _run(self, move: Callable[..., Awaitable[Any]], *values: Any) -> Any:
        async def work(unit: Unit) -> Any:
            return await move(unit, *values)

        return await self.transactions.do(work)

    def _message(self, kind: Kind) -> Message:
        number = self.ids.next(_now())
        phone = f"+861{3_000_000_000 + number % 1_000_000_000}"
        return Message(
            id=number,
            account=1,
            app=1,
            kind=kind,
            template=0,
            phone=phone,
            phone_mark=self.seal.mark(b"phone", phone.encode()),
            text=_TEXT,
            units=1,
            expires_at=_now() + DAY,
        )


def _settled(claimed: Claimed) -> Settlement:
    return Settlement(
        message=claimed.message,
        token=claimed.token,
        status=Status.SUBMITTED,
        number=1,
        provider="none",
        started_at=_now(),
        ended_at=_now(),
        outcome="accepted",
        upstream_id="1",
    )


async def _measured(options: argparse.Namespace) -> dict[str, Any]:
    async with _house(options.server) as house:
        await house.fill(options.kind, options.stored, Status.DELIVERED)
        await house.fill(options.kind, options.messages)
        if options.backup:
            await house.connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
        began, cpu = time.monotonic(), time.process_time()
        hand_over = partial(house.hand_over, options.kind, options.batch)
        counts = await asyncio.gather(*(_drain(hand_over) for _ in range(options.workers)))
        took, cpu = time.monotonic() - began, time.process_time() - cpu
        await house.connection.execute("ROLLBACK" if options.backup else "SELECT 1")
        over = await house.connection.fetchval(
            "SELECT count(*) FROM message WHERE status = 'delivered'"
        )
        waiting = await house.connection.fetchval("SELECT count(*) FROM outbox")
        return {
            "messages": sum(counts),
            "seconds": round(took, 2),
            "a_second": round(sum(counts) / took),
            "cpu_us_each": round(cpu / max(sum(counts), 1) * 1_000_000, 1),
            "delivered": over - options.stored,
            "waiting": waiting,
        }


async def _drain(hand_over: Callable[[], Awaitable[int]]) -> int:
    total = 0
    while count := await hand_over():
        total += count
    return total


@asynccontextmanager
async def _house(server: str) -> AsyncIterator[House]:
    name = f"hongyan_bench_{uuid.uuid4().hex[:12]}"
    keeper = await asyncpg.connect(server)
    await keeper.execute(f'CREATE DATABASE "{name}"')
    try:
        address = Address(urlunsplit(urlsplit(server)._replace(path=f"/{name}")))
        connection = await connect(address, "hongyan bench")
        await schema.migrate(connection, address, _now())
        await connection.execute(
            "INSERT INTO account (name, kind, balance, created_at)"
            " VALUES ('bench', 'enterprise', 0, 0)"
        )
        connections = Connections(address, "hongyan bench", 8)
        transactions = Transactions(connections, _now, os.urandom)
        seal, tokens = _seal(), MessageIds(1)
        outbox = Outbox(seal, Pending(), lambda: tokens.next(_now()))
        yield House(connection, transactions, outbox, seal, MessageIds(0))
        await transactions.close()
        await connections.close()
        await connection.close()
    finally:
        await keeper.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await keeper.close()


def _seal() -> Seal:
    with tempfile.TemporaryDirectory(prefix="hongyan-bench-") as folder:
        return Seal(KeyRing.create(Path(folder) / "key", _now()), _now)


def _now() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main()
