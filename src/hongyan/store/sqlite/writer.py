"""The one writer: takes what has come in since the last commit, does it in one transaction, and
answers when it is on disk.

The work of a batch is done on the event loop, between requests; only the COMMIT, which waits for
the disk, is done by a thread, while the loop goes on answering. (With the work on the thread too,
the two would take the interpreter from each other at every row: a third of the rate.) No delay is
added: a batch is whatever arrived while the one before it was being committed, so the cost of an
fsync is shared exactly when there is something to share.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, Final, TypeAlias

import apsw
import structlog

from hongyan.core.errors import Overloaded, StoreUnavailable
from hongyan.core.time import Millis
from hongyan.service.ports import Clock
from hongyan.store.administering import Value
from hongyan.store.rows import Row
from hongyan.store.sqlite.checkpoint import Checkpoint

_MOST_AT_ONCE: Final = 500
_MOST_WAITING: Final = 20_000
_MOST_TURNS: Final = 4
"""Turns of the loop for which a batch waits while each brings more. It is no delay: a turn that
brings nothing takes microseconds, one that brings something was needed anyway."""
_BUSY_RETRY_S: Final = 0.005
_BUSY_TRIES: Final = 1_000
"""The command line holds the file for milliseconds; after five seconds something is wrong."""

Work: TypeAlias = object
"""A command of the accept batch, or a function that takes the unit of work."""

_log: Final = structlog.get_logger()


class CommitUnknown(Exception):
    """The disk failed while a commit was being synced: only a fresh start can tell what it holds."""


class GuardBroken(Exception):
    """A guarded statement found another row than was known: a bug, so its batch is undone."""


class Unit:
    """One transaction: its connection, its moment, and what follows from its fate.

    Its tables show each piece of work what those before it in the batch have done. What stands in
    memory alone must do so too: it is taken at once (`undone` gives it back) and given when it is
    on disk (`committed`).
    """

    def __init__(self, connection: apsw.Connection, now: Millis) -> None:
        self.now = now
        self.connection = connection
        self.committed: list[Callable[[], object]] = []
        self.undone: list[Callable[[], object]] = []

    def run(self, sql: str, *values: Value) -> None:
        self.connection.execute(sql, values).fetchall()

    def rows(self, sql: str, *values: Value) -> list[Row]:
        return self.connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Value) -> Row | None:
        return self.connection.execute(sql, values).fetchone()

    def run_many(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        self.connection.executemany(sql, rows)

    def value(self, sql: str, *values: Value) -> Any:
        """The first column of the first row; None when there is none."""
        row = self.row(sql, *values)
        return row[0] if row else None

    def changes(self, sql: str, rows: Sequence[Sequence[Value]]) -> int:
        """How many rows the statement changed, over all of `rows`."""
        before = self.connection.total_changes()
        self.connection.executemany(sql, rows)
        return self.connection.total_changes() - before

    def move(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        """Run a guarded statement where each row must be as expected. Raises GuardBroken."""
        if self.changes(sql, rows) != len(rows):
            raise GuardBroken(sql)


class Job:
    """Work that waits for its commit."""

    __slots__ = ("future", "work")

    def __init__(self, work: Work, future: "asyncio.Future[Any]") -> None:
        self.work = work
        self.future = future


class Batch:
    """Jobs that share a transaction; `singly` when each must be tried by itself."""

    __slots__ = ("jobs", "results", "tries", "unit")

    def __init__(self, jobs: list[Job]) -> None:
        self.jobs = jobs
        self.results: list[object] = []
        self.unit: Unit | None = None
        self.tries = 0


class Writer:
    """Owns the writing connection; nothing else writes in this process."""

    def __init__(
        self,
        connection: apsw.Connection,
        transact: Callable[[Unit, Sequence[Work]], list[object]],
        clock: Clock,
        checkpoint: Checkpoint,
        on_fatal: Callable[[BaseException], None],
    ) -> None:
        """`transact` does the work of a batch and returns its results in order. `on_fatal` is
        called when the process must stop.
        """
        self._connection = connection
        self._transact = transact
        self._clock = clock
        self._checkpoint = checkpoint
        self._on_fatal = on_fatal
        self._loop = asyncio.get_running_loop()
        self._arriving: list[Job] = []
        self._alone: list[Job] = []
        self._waiting = 0
        self._seen = self._turns = 0
        self._busy = False
        self._closing = False
        self._lost = False
        self._idle = asyncio.Event()
        self._commits: SimpleQueue[Batch | None] = SimpleQueue()
        self._thread = threading.Thread(
            target=self._commit_forever, name="hongyan-commit", daemon=True
        )
        self.trouble = ""
        """Why writes fail, in a sentence; empty while they work."""
        self.commits = 0

    def start(self) -> None:
        self._thread.start()

    def submit(self, work: Work) -> "asyncio.Future[Any]":
        """What the work returned, once it is on disk.

        Raises Overloaded when too much waits, StoreUnavailable once closing.
        """
        if self._closing:
            raise StoreUnavailable
        if self._waiting >= _MOST_WAITING:
            raise Overloaded
        future = self._loop.create_future()
        if not self._arriving and not self._busy:
            # At the end of this turn of the loop, with all that the turn brings.
            self._loop.call_soon(self._take)
        self._arriving.append(Job(work, future))
        self._waiting += 1
        return future

    @property
    def waiting(self) -> int:
        """Commands whose commit is not done."""
        return self._waiting

    async def close(self) -> None:
        """Finish what waits, then stop; at once if the disk is lost, for then nothing is answered."""
        self._closing = True
        while (self._waiting or self._busy) and not self._lost:
            self._idle.clear()
            await self._idle.wait()
        self._commits.put(None)
        await asyncio.to_thread(self._thread.join)

    def _take(self) -> None:
        """Make a batch of what waits, unless one is under way or more is just coming in."""
        if self._busy:
            return
        if len(self._arriving) > self._seen and self._turns < _MOST_TURNS:
            self._seen = len(self._arriving)
            self._turns += 1
            self._loop.call_soon(self._take)
            return
        self._seen = self._turns = 0
        if self._alone:
            self._attempt(Batch([self._alone.pop(0)]))
        elif self._arriving:
            jobs = self._arriving[:_MOST_AT_ONCE]
            del self._arriving[:_MOST_AT_ONCE]
            self._attempt(Batch(jobs))
        else:
            self._idle.set()

    def _attempt(self, batch: Batch) -> None:
        """Do the work of a batch and send it to be committed."""
        self._busy = True
        batch.unit = Unit(self._connection, self._clock())
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            batch.results = self._transact(batch.unit, [job.work for job in batch.jobs])
        except BaseException as error:  # noqa: BLE001 - delivered to whoever caused it
            self._failed(batch, error)
        else:
            self._commits.put(batch)

    def _commit_forever(self) -> None:
        """On the thread: the only thing here that waits for the disk."""
        while (batch := self._commits.get()) is not None:
            try:
                self._connection.execute("COMMIT")
            except BaseException as error:  # noqa: BLE001 - judged on the loop
                self._loop.call_soon_threadsafe(self._failed, batch, error)
                continue
            due = self._checkpoint.is_writers_turn
            self._loop.call_soon_threadsafe(self._done, batch, due)
            if due:
                self._checkpoint.finish()
                self._loop.call_soon_threadsafe(self._free)

    def _done(self, batch: Batch, checkpointing: bool) -> None:  # noqa: FBT001
        """On disk: memory may know it, and its callers get their answers."""
        assert batch.unit is not None  # noqa: S101 - it was committed
        self.commits += 1
        self.trouble = ""
        for follow in batch.unit.committed:
            follow()
        self._deliver(batch.jobs, batch.results)
        if not checkpointing:
            self._free()

    def _free(self) -> None:
        self._busy = False
        self._checkpoint.consider()
        self._loop.call_soon(self._take)

    def _failed(self, batch: Batch, error: BaseException) -> None:
        """Undo it; then find out whose fault it was."""
        if isinstance(error, apsw.IOError) and batch.results:
            # COMMIT itself: some of it may be on disk.
            sentence = f"The disk failed during a commit ({error}); what it holds is unknown."
            self._end(CommitUnknown(sentence))
            return
        try:
            self._undo(batch)
        except apsw.Error as undoing:
            self._end(undoing)
            return
        self._judge(batch, error)

    def _undo(self, batch: Batch) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        assert batch.unit is not None  # noqa: S101 - made before anything can fail
        for undo in reversed(batch.unit.undone):
            undo()
        batch.results = []

    def _judge(self, batch: Batch, error: BaseException) -> None:
        match error:
            case apsw.BusyError() if batch.tries < _BUSY_TRIES:
                batch.tries += 1
                self._loop.call_later(_BUSY_RETRY_S, self._attempt, batch)
                return
            case apsw.FullError() | apsw.ReadOnlyError() | apsw.IOError() | apsw.BusyError():
                self._refuse(batch.jobs, error)
            case _ if len(batch.jobs) == 1:
                self._raise(batch.jobs, error)
            case _:
                # A constraint or a bug: one by one, so that only the guilty one fails.
                self._alone += batch.jobs
        self._free()

    def _refuse(self, jobs: list[Job], error: apsw.Error) -> None:
        self.trouble = f"The store cannot write: {error}."
        _log.error("store.refused", reason=str(error), commands=len(jobs))
        self._raise(jobs, StoreUnavailable(self.trouble))

    def _raise(self, jobs: list[Job], error: BaseException) -> None:
        self._waiting -= len(jobs)
        for job in jobs:
            if not job.future.done():
                job.future.set_exception(error)

    def _deliver(self, jobs: list[Job], results: list[object]) -> None:
        self._waiting -= len(jobs)
        for job, result in zip(jobs, results, strict=True):
            if not job.future.done():
                job.future.set_result(result)

    def _end(self, error: BaseException) -> None:
        self.trouble = str(error)
        self._closing = self._lost = True
        self._idle.set()
        self._on_fatal(error)
