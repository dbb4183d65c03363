"""One transaction, and how it comes to its end: repeated where it lost a race, asked after where the
answer to its COMMIT was lost.

Rows of several tables are locked in the order that the schema's first lines tell.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import asyncpg
import structlog

from hongyan.core.errors import StoreUnavailable
from hongyan.core.identifier import RANDOM_BYTES, verification_id
from hongyan.core.time import Millis
from hongyan.service.ports import Chance, Clock
from hongyan.store.postgres.connections import LOST, Connection, Connections
from hongyan.store.queries.postgres import SQL

T = TypeVar("T")

_MOST_REPEATS: Final = 3
_ASK_FOR_S: Final = 10.0
"""How long a lost COMMIT is asked after: a database that is restarted is back by then."""
_ASK_EVERY_S: Final = 0.2
_TELL_EVERY_S: Final = 0.005
"""Those who wait for work under load need not be woken for each batch."""
_CONTENDED: Final = ("account", "batch", "history", "kept")
"""Tables whose keys and checks say that another batch was first; see `write_batch`."""

_log: Final = structlog.get_logger()


class Raced(Exception):
    """Another transaction was first: this one is undone and done again."""


class Overspent(Raced):
    """Another transaction has spent what this one found."""


class ConnectionLost(Exception):
    """The connection has gone, and nothing of its transaction was committed."""


class GuardBroken(Exception):
    """A guarded statement found another row than was locked: a bug, so its transaction is undone."""


_REPEATED: Final = (
    Raced,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    # The schema was migrated meanwhile.
    asyncpg.InvalidCachedStatementError,
    asyncpg.OutdatedSchemaCacheError,
)


_REFUSED: Final = (
    asyncpg.InsufficientResourcesError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.PostgresSystemError,
)
"""What the database says when it cannot write at all, whatever it is."""


class Unit:
    """One transaction: its connection, its moment, and what follows from its fate."""

    def __init__(
        self,
        connection: Connection,
        batch: uuid.UUID,
        now: Millis,
        tries: int = 0,
        *,
        is_overspent: bool = False,
    ) -> None:
        """Nothing is begun before it is asked for something; `batch` is what it is noted under."""
        self.now = now
        self.connection = connection
        self._batch = batch
        self.tries = tries
        """How often the same work was tried before and had to be undone."""
        self.is_overspent = is_overspent
        """Whether others had spent what one of those had found."""
        self.committed: list[Callable[[], object]] = []
        """Called when it is on disk."""
        self.notices: set[str] = set()
        """Channels whose listeners are woken when it is."""
        self.must_last = False
        """Whether it costs a commit although it writes nothing, so that nobody can tell."""
        self._balances: dict[int, int] = {}
        self._is_begun = self._is_noted = False
        self._put_off: Sequence[Any] = ()
        """The statement that is still to be written, and its values."""

    @property
    def is_one_statement(self) -> bool:
        """Whether all that it does is what it was given to write."""
        return bool(self._put_off) and not self._is_begun

    async def hold(self, sql: str) -> None:
        """Lock something, by a statement without parameters whose rows nobody needs. The first of a
        transaction begins it in the same message.
        """
        begin, self._is_begun = not self._is_begun, True
        await self.connection.execute(f"{SQL['begin']};{sql}" if begin else sql)

    async def look(self, sql: str, *values: object) -> "list[asyncpg.Record]":
        """What need not be held still: reading it begins nothing."""
        return await self.connection.fetch(sql, *values)

    async def rows(self, sql: str, *values: object) -> "list[asyncpg.Record]":
        await self._begin()
        return await self.connection.fetch(sql, *values)

    async def row(self, sql: str, *values: object) -> "asyncpg.Record | None":
        """The first row; None when there is none."""
        await self._begin()
        return await self.connection.fetchrow(sql, *values)

    async def value(self, sql: str, *values: object) -> Any:
        """The first column of the first row; None when there is none."""
        await self._begin()
        return await self.connection.fetchval(sql, *values)

    async def run(self, sql: str, *values: object) -> int:
        """How many rows the statement changed."""
        await self._begin()
        status = await self.connection.execute(sql, *values)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    def write(self, sql: str, *values: object) -> None:
        """Write most of what there is, before anything else that is asked for or at the end: a statement
        that notes the batch, by three values more. Where nothing else was asked for it is the whole
        transaction, which needs no messages for its beginning and its end.
        """
        self._put_off = (sql, *values)

    def move_balance(self, account: int, units: int) -> None:
        """Debit (below 0) or credit an account, at the very end.

        All batches of an account want its row. Its lock is taken by the very message to the server
        that carries the COMMIT, so no busy or stopped process ever holds it.
        """
        self._balances[account] = self._balances.get(account, 0) + units

    async def end(self) -> None:
        """Commit."""
        if self.is_one_statement:
            await self._write(self._moved())
            return
        if self._put_off:
            await self._write({})
        await self.connection.execute(self._last_words())

    def _last_words(self) -> str:
        """What the transaction ends with, as one message to the server."""
        begin = [] if self._is_begun else [SQL["begin"]]
        balances = [
            SQL["move_balance"].format(account=int(account), units=int(units))
            for account, units in self._moved().items()
        ]
        note = SQL["note_batch"].format(batch=self._batch, must_last=self.must_last)
        return ";".join([*begin, *balances, *([] if self._is_noted else [note]), "COMMIT"])

    def _moved(self) -> dict[int, int]:
        """Account → what its balance moves by, in the order of locks."""
        return {account: units for account, units in sorted(self._balances.items()) if units}

    async def _begin(self) -> None:
        if not self._is_begun:
            self._is_begun = True
            await self.connection.execute(SQL["begin"])
        if self._put_off:
            await self._write({})

    async def _write(self, moved: Mapping[int, int]) -> None:
        (sql, *values), self._put_off = self._put_off, ()
        self._is_noted = True
        try:
            await self.connection.execute(sql, *values, self._batch, [*moved], [*moved.values()])
        except asyncpg.IntegrityConstraintViolationError as error:
            if error.table_name in _CONTENDED:
                raise (Overspent if error.table_name == "account" else Raced) from error
            raise


class Transactions:
    """Does units of work, each in a transaction of its own."""

    def __init__(
        self,
        connections: Connections,
        clock: Clock,
        chance: Chance,
        on_notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`on_notice` is told at once what other processes hear through their listening connections."""
        self._connections = connections
        self._on_notice = on_notice
        self._clock = clock
        self._chance = chance
        self._tasks: set[asyncio.Task[Any]] = set()
        self._untold: set[str] = set()
        self._is_telling = False
        self.trouble = ""
        """Why the last one failed, in a sentence; empty when it did not."""
        self.commits = 0

    async def run(self, work: Callable[[Unit], Awaitable[T]]) -> T:
        """What the work returned, once it is on disk. It may be called several times, with a new unit
        each; whoever cancels the wait does not stop it halfway.

        Raises StoreUnavailable, and whatever the work raises.
        """
        return await asyncio.shield(self._begun(self.do(work)))

    async def read(self, look: Callable[[Connection], Awaitable[T]]) -> T:
        """What `look` finds, without a transaction. Raises StoreUnavailable."""
        tries = 0
        while True:
            connection = await self._connections.take()
            try:
                return await look(connection)
            except BaseException as error:
                tries += 1
                if not await _is_lost(connection, error):
                    raise
                self._connections.mistrust()
                if tries > _MOST_REPEATS:
                    raise self._unavailable(error) from error
            finally:
                self._connections.give(connection)

    async def close(self) -> None:
        """Wait for those that are under way, and for what they have to tell others."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def do(self, work: Callable[[Unit], Awaitable[T]]) -> T:
        """The same, for a caller that nobody cancels."""
        tries, is_overspent = 0, False
        while True:
            try:
                result = await self._try(work, tries, is_overspent=is_overspent)
            except (*_REPEATED, ConnectionLost) as error:
                tries += 1
                is_overspent |= isinstance(error, Overspent)
                if tries > _MOST_REPEATS:
                    raise self._unavailable(error.__cause__ or error) from error
                _log.info("store.repeated", reason=type(error).__name__, tries=tries)
            except _REFUSED as error:
                raise self._unavailable(error) from error
            except StoreUnavailable as error:
                self.trouble = str(error)
                raise
            else:
                self.commits += 1
                self.trouble = ""
                return result

    async def _try(
        self, work: Callable[[Unit], Awaitable[T]], tries: int, *, is_overspent: bool
    ) -> T:
        connection = await self._connections.take()
        batch = uuid.UUID(bytes=verification_id(self._clock(), self._chance(RANDOM_BYTES)))
        try:
            unit = Unit(connection, batch, self._clock(), tries, is_overspent=is_overspent)
            result = await work(unit)
            ended = await self._commit(unit)
        except BaseException as error:
            if await _is_lost(connection, error):
                self._connections.mistrust()
                raise ConnectionLost(str(error)) from error
            raise
        finally:
            self._connections.give(connection)
        if not ended and not await self._was_committed(batch):
            raise ConnectionLost
        for follow in unit.committed:
            follow()
        self._tell(unit.notices)
        return result

    def _begun(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _tell(self, channels: Collection[str]) -> None:
        """Nobody waits for it: a transaction that notifies keeps all others that do from committing."""
        for channel in channels:
            self._on_notice(channel)
        self._untold.update(channels)
        if self._untold and not self._is_telling:
            self._is_telling = True
            self._begun(self._tell_others())

    async def _tell_others(self) -> None:
        """At once, and then together what there is to tell every few milliseconds."""
        try:
            while self._untold:
                notices = ";".join([f"NOTIFY {channel}" for channel in sorted(self._untold)])
                self._untold.clear()
                await self.read(partial(_execute, notices))
                await asyncio.sleep(_TELL_EVERY_S)
        except (StoreUnavailable, asyncpg.PostgresError):
            pass  # Who listens looks for itself when it hears of the database again.
        finally:
            self._is_telling = False

    async def _commit(self, unit: Unit) -> bool:
        """Whether the answer came. Raises what kept it from being committed."""
        by_itself = unit.is_one_statement
        try:
            await unit.end()
        except asyncpg.CheckViolationError as error:
            # Another batch spent what this one found: decided again, under the account's lock.
            raise Overspent from error
        except (*LOST, asyncpg.PostgresError) as error:
            if _is_undone(unit.connection, error, by_itself=by_itself):
                raise
            unit.connection.terminate()
            return False
        return True

    async def _was_committed(self, batch: uuid.UUID) -> bool:
        """Whether it was; if it was not, it never will be, for its id is noted so from now on. Should
        its server process still be at it, this waits for the end of that.

        Raises StoreUnavailable when nobody can be asked.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + _ASK_FOR_S
        while True:
            try:
                return await self._ask(batch)
            except (StoreUnavailable, asyncpg.PostgresError, *LOST) as error:
                if loop.time() > until:
                    self.trouble = "The connection was lost during a commit; what became of it"
                    raise StoreUnavailable(self.trouble + " is unknown.") from error
            await asyncio.sleep(_ASK_EVERY_S)

    async def _ask(self, batch: uuid.UUID) -> bool:
        connection = await self._connections.take()
        try:
            never: bool = await connection.fetchval(SQL["claim_batch"], batch)
        except BaseException as error:
            await _is_lost(connection, error)
            raise
        finally:
            self._connections.give(connection)
        return not never

    def _unavailable(self, error: BaseException) -> StoreUnavailable:
        self.trouble = self._connections.reason(error)
        _log.error("store.refused", reason=self.trouble)
        return StoreUnavailable(self.trouble)


async def _execute(sql: str, connection: Connection) -> None:
    await connection.execute(sql)


def _is_undone(connection: Connection, error: Exception, *, by_itself: bool) -> bool:
    """Whether it surely failed before its COMMIT: the server says what is wrong with it, or asyncpg could
    not even say it. Where no answer came in time, the transaction is only as asyncpg last heard of it.
    """
    if connection.is_closed() or _came_no_answer(error):
        return False
    return by_itself or connection.is_in_transaction()


def _came_no_answer(error: Exception) -> bool:
    return isinstance(error, LOST) and not isinstance(error, asyncpg.InterfaceError)


async def _is_lost(connection: Connection, error: BaseException) -> bool:
    """Whether the connection is of no more use; if it is, it has been left clean."""
    if not connection.is_closed() and not isinstance(error, (*LOST, asyncio.CancelledError)):
        if not connection.is_in_transaction():
            return False
        try:
            await connection.execute("ROLLBACK")
        except (*LOST, asyncpg.PostgresError):
            connection.terminate()
        return False
    lost = connection.is_closed() or not isinstance(error, asyncpg.InterfaceError)
    connection.terminate()
    # asyncpg says so, too, when it is called wrongly: that is no loss but a bug.
    return lost and not isinstance(error, asyncio.CancelledError)
