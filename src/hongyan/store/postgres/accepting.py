"""The accept batch on PostgreSQL: what waits becomes a batch when one of two hands is free; snapshot →
decide → a few set-based statements → one commit.

No delay is added. While one batch is being committed the other is decided, and what arrives meanwhile
shares the next: the cost of a commit is shared exactly when there is something to share.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from hongyan.core.batch import Decided, decide
from hongyan.core.command import Command
from hongyan.core.errors import Overloaded, StoreUnavailable
from hongyan.core.verification import Rules
from hongyan.store.postgres.snapshot import take_snapshot
from hongyan.store.postgres.unit import Raced, Transactions, Unit
from hongyan.store.postgres.writing import Writing
from hongyan.store.seal import Seal

_MOST_AT_ONCE: Final = 500
_LEAST_APART: Final = 32
"""Of more than so many a batch takes at most half of those that wait, for an answer too: callers that
all come at once would else all wait for the database at once, and the two would work by turns."""
_MOST_WAITING: Final = 20_000
_HANDS: Final = 2
_MOST_TURNS: Final = 4
"""Turns of the loop for which a batch waits while each brings more; see SQLite's writer."""


class Accepting:
    """Decides commands and writes what they did."""

    def __init__(
        self, transactions: Transactions, writing: Writing, seal: Seal, rules: Rules
    ) -> None:
        self._transactions = transactions
        self._writing = writing
        self._seal = seal
        self._rules = rules
        self._loop = asyncio.get_running_loop()
        self._arriving: list[tuple[Command, asyncio.Future[Decided]]] = []
        self._at_work: set[asyncio.Task[None]] = set()
        self._seen = self._turns = 0
        self._expecting = self._closing = False
        self.waiting = 0
        """Commands whose commit is not done."""

    def submit(self, command: Command) -> "asyncio.Future[Decided]":
        """What was decided, once it is on disk.

        Raises Overloaded when too much waits, StoreUnavailable once closing.
        """
        if self._closing:
            raise StoreUnavailable
        if self.waiting >= _MOST_WAITING:
            raise Overloaded
        future: asyncio.Future[Decided] = self._loop.create_future()
        self._arriving.append((command, future))
        self.waiting += 1
        self._expect()
        return future

    async def close(self) -> None:
        """Finish what waits, and take no more."""
        self._closing = True
        while self.waiting or self._at_work:
            await asyncio.sleep(0)
            await asyncio.gather(*self._at_work, return_exceptions=True)

    def _expect(self) -> None:
        """Take what waits at the end of this turn of the loop, with all that the turn brings."""
        if self._arriving and not self._expecting and len(self._at_work) < _HANDS:
            self._expecting = True
            self._loop.call_soon(self._take)

    def _take(self) -> None:
        if len(self._arriving) > self._seen and self._turns < _MOST_TURNS:
            self._seen = len(self._arriving)
            self._turns += 1
            self._loop.call_soon(self._take)
            return
        self._seen = self._turns = 0
        self._expecting = False
        most = min(_MOST_AT_ONCE, max(_LEAST_APART, (self.waiting + 1) // 2))
        batch = self._arriving[:most]
        del self._arriving[:most]
        task = self._loop.create_task(self._work(batch))
        self._at_work.add(task)
        task.add_done_callback(self._free)
        self._expect()

    def _free(self, task: "asyncio.Task[None]") -> None:
        self._at_work.discard(task)
        self._expect()

    async def _work(self, batch: "list[tuple[Command, asyncio.Future[Decided]]]") -> None:
        """Answer each, whatever happens: a constraint or a bug fails only the guilty one, and who shares
        keys with others' batches has them alone.
        """
        try:
            answers = await self._decided([command for command, _ in batch])
        except Exception as error:  # noqa: BLE001 - delivered to whoever caused it
            has_raced = isinstance(error.__cause__, Raced)
            is_away = isinstance(error, StoreUnavailable) and not has_raced
            if is_away or len(batch) == 1:
                self._end(batch, error)
                return
            for one in batch:
                await self._work([one])
        else:
            self.waiting -= len(batch)
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)

    def _end(self, batch: "list[tuple[Command, asyncio.Future[Any]]]", error: Exception) -> None:
        self.waiting -= len(batch)
        for _, future in batch:
            if not future.done():
                future.set_exception(error)

    async def _decided(self, commands: Sequence[Command]) -> list[Decided]:
        return await self._transactions.do(partial(self._decide, commands))

    async def _decide(self, commands: Sequence[Command], unit: Unit) -> list[Decided]:
        snapshot = await take_snapshot(unit, commands, self._seal)
        answers, draft = decide(commands, snapshot, unit.now, self._rules, self._seal.digest)
        await self._writing.write(unit, draft, snapshot)
        return answers
