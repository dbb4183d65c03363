"""Several processes' hands in one PostgreSQL outbox, without the rest of a store, so that a test can
hold a transaction open just where it hurts.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from hongyan.core.command import Queued, Send, Sent
from hongyan.core.identifier import MessageId, MessageIds
from hongyan.core.limit import Window
from hongyan.core.message import LIFETIME, Kind, Message, Status
from hongyan.core.outcome import Accepted, Outcome
from hongyan.core.policy import Policy
from hongyan.core.verification import Rules
from hongyan.service.ports import Begun, Claimed, Receipt, Settlement
from hongyan.service.settle import Attempted, Patience, settlement
from hongyan.store.postgres.accepting import Accepting
from hongyan.store.postgres.connections import Address, Connections, connect
from hongyan.store.postgres.outbox import Outbox
from hongyan.store.postgres.pending import Pending
from hongyan.store.postgres.texts import Texts
from hongyan.store.postgres.unit import Transactions, Unit
from hongyan.store.postgres.upkeep import Upkeep
from hongyan.store.postgres.writing import Writing
from hongyan.store.seal import KeyRing, Seal
from support.world import LEASE, TEXT, Moment

T = TypeVar("T")

ACCOUNT = APP = 1
BOUGHT = 10_000
ACCEPTED = Accepted("up-1")
_WAITS_S = 5.0


class Hands:
    """One process's."""

    def __init__(self, address: Address, seal: Seal, clock: Moment, writer: int) -> None:
        self._clock = clock
        self._ids, self._tokens = MessageIds(writer), MessageIds(writer)
        self._connections = Connections(address, "hongyan test", 4)
        self._transactions = Transactions(self._connections, clock, os.urandom)
        self._seal = seal
        rules = Rules(Policy())
        self.pending = Pending()
        self.outbox = Outbox(seal, self.pending, lambda: self._tokens.next(clock()))
        self.upkeep = Upkeep(self.pending, self.outbox, rules)
        writing = Writing(self.outbox, self.pending, Texts(seal), seal)
        self._accepting = Accepting(self._transactions, writing, seal, rules)

    async def close(self) -> None:
        await self._accepting.close()
        await self._transactions.close()
        await self._connections.close()

    async def do(self, move: Callable[..., Awaitable[T]], *values: Any, **words: Any) -> T:
        """One transaction: the move, and its commit."""
        return await self._transactions.run(lambda unit: move(unit, *values, **words))

    @asynccontextmanager
    async def held(self, move: Callable[..., Awaitable[T]], *values: Any) -> "AsyncIterator[Held]":
        """The move is made, and its commit waits for the end of the block."""
        held = Held()

        async def work(unit: Unit) -> T:
            result = await move(unit, *values)
            held.made.set()
            await held.may_commit.wait()
            return result

        held.task = asyncio.create_task(self._transactions.run(work))
        made = asyncio.create_task(held.made.wait())
        await asyncio.wait([made, held.task], return_when=asyncio.FIRST_COMPLETED)
        try:
            yield held
        finally:
            held.may_commit.set()
            await held.task

    def message(
        self, number: int = 0, *, kind: Kind = Kind.NOTICE, reports: bool = False
    ) -> Message:
        phone = f"+86138{number:08d}"
        return Message(
            id=self._ids.next(self._clock()),
            account=ACCOUNT,
            app=APP,
            kind=kind,
            template=0,
            phone=phone,
            phone_mark=self._seal.mark(b"phone", phone.encode()),
            text=TEXT,
            units=1,
            expires_at=self._clock() + LIFETIME[kind],
            reports=reports,
        )

    async def send(
        self, *messages: Message, windows: tuple[Window, ...] = (), **words: Any
    ) -> list[MessageId]:
        """Those of them that were accepted."""
        answer = await self._accepting.submit(Send(messages, windows, **words))
        assert isinstance(answer, Sent), answer
        return [one.id for one in answer.messages if isinstance(one, Queued)]

    async def claim(self, most: int = 100, *kinds: Kind) -> list[Claimed]:
        room = dict.fromkeys(kinds or tuple(Kind), most)
        return await self.do(self.outbox.claim, room, LEASE)

    async def begin(self, claimed: Sequence[Claimed]) -> set[MessageId]:
        return await self.do(self.outbox.begin, begins(claimed), LEASE)

    async def begun(self, most: int = 100) -> list[Claimed]:
        claimed = await self.claim(most)
        assert await self.begin(claimed) == {one.message.id for one in claimed}
        return claimed

    async def settle(
        self, claimed: Sequence[Claimed], outcome: Outcome = ACCEPTED, **words: Any
    ) -> set[MessageId]:
        return await self.do(self.outbox.settle, self.settlements(claimed, outcome, **words))

    def settlements(
        self,
        claimed: Sequence[Claimed],
        outcome: Outcome = ACCEPTED,
        *,
        providers: int = 1,
        is_asked: bool = False,
    ) -> list[Settlement]:
        now = self._clock()
        attempted = partial(
            Attempted, provider="test", providers=providers, outcome=outcome, is_asked=is_asked
        )
        return [
            settlement(attempted(claimed=one, started_at=now, ended_at=now), Patience())
            for one in claimed
        ]

    def receipts(self, messages: Collection[MessageId]) -> list[Receipt]:
        return [Receipt(one, Status.DELIVERED, self._clock()) for one in messages]

    async def sweep(self) -> int:
        return await self.do(self.upkeep.sweep)


class Held:
    """A transaction that has made its move and not committed it."""

    def __init__(self) -> None:
        self.made = asyncio.Event()
        self.may_commit = asyncio.Event()
        self.task: asyncio.Task[Any]


class Shared:
    """A database, and the processes that have their hands in it."""

    def __init__(self, url: str, directory: Path) -> None:
        self.clock = Moment()
        self.address = Address(url)
        self._seal = Seal(KeyRing.create(directory / "key", self.clock()), self.clock)
        self._writers = count()
        self._opened: list[Hands] = []
        self.connection: asyncpg.Connection[asyncpg.Record]

    async def open(self) -> "Shared":
        self.connection = await connect(self.address, "hongyan test")
        await self.connection.execute(
            f"INSERT INTO account (name, kind, created_at, balance)"  # noqa: S608 - a number of ours
            f" VALUES ('test', 'enterprise', 0, {BOUGHT});"
            f"INSERT INTO ledger (account, entry, units, at) VALUES (1, 'bought', {BOUGHT}, 0);"
            "INSERT INTO app (account, name, title, created_at) VALUES (1, 'app', 'App', 0)"
        )
        return self

    async def close(self) -> None:
        for hands in self._opened:
            await hands.close()
        await self.connection.close()

    def hands(self) -> Hands:
        """Another process's."""
        hands = Hands(self.address, self._seal, self.clock, next(self._writers))
        self._opened.append(hands)
        return hands

    async def somebody_waits(self) -> None:
        """Return when a transaction waits for another one's rows. Raises TimeoutError if none does."""
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database()"
        )
        async with asyncio.timeout(_WAITS_S):
            while not await self.connection.fetchval(waiting):
                await asyncio.sleep(0)

    @asynccontextmanager
    async def heard(self, channel: str) -> AsyncIterator[None]:
        """What is done in the block must be told on a channel. Raises TimeoutError if it is not."""
        heard = asyncio.Event()

        def hear(*_: object) -> None:
            heard.set()

        await self.connection.add_listener(channel, hear)
        yield
        async with asyncio.timeout(_WAITS_S):
            await heard.wait()
        await self.connection.remove_listener(channel, hear)

    async def statuses(self) -> dict[MessageId, Status]:
        rows = await self.connection.fetch(
            "SELECT m.id, coalesce(m.status, o.status) AS status"
            " FROM message AS m LEFT JOIN outbox AS o USING (id)"
        )
        return {row["id"]: Status(row["status"]) for row in rows}

    async def value(self, sql: str, *values: Any) -> Any:
        return await self.connection.fetchval(sql, *values)

    async def balance(self) -> int:
        """Of the account; that it is the sum of its ledger is seen to."""
        balance: int = await self.value("SELECT balance FROM account")
        assert balance == await self.value("SELECT sum(units) FROM ledger")
        return balance


def begins(claimed: Sequence[Claimed]) -> list[Begun]:
    return [Begun(one.message.id, one.token, "test") for one in claimed]
