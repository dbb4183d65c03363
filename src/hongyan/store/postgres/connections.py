"""Connections to the database: their settings, how many there are, and what their failures mean."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import asyncpg
import msgspec

from hongyan.core.errors import StoreUnavailable
from hongyan.store.opening import StoreAway, StoreUnusable

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_SCHEMES: Final = ("postgresql", "postgres")

OLDEST: Final = 14
"""The oldest major version that is tried."""

_SETTINGS: Final = {
    # Statements are prepared once and kept for as long as the connection lives. A plan made while a
    # table was small must still be the right one when it has grown by ten million rows: every hot
    # statement finds its rows by a key, so keys are all that the planner may choose from.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_sort": "off",
    "enable_memoize": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
    # An answer means on disk, whatever the server's own setting is.
    "synchronous_commit": "on",
    # A process that was stopped in the middle of a transaction must not hold its rows for longer.
    "idle_in_transaction_session_timeout": "10s",
    "lock_timeout": "15s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "timezone": "UTC",
}
_PATIENCE_S: Final = 20.0
"""Longer than any wait for a lock."""
_CONNECT_S: Final = 5.0
_STATEMENTS: Final = 400
"""Prepared ones that a connection keeps: all that there are."""

LOST: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
"""What a statement raises when its connection has gone, or is of no more use."""


class Address(msgspec.Struct, frozen=True):
    """Where the database is. Its repr and its str tell no password."""

    url: str
    """`postgresql://user@host:port/database`; a password may stand in it."""
    password: str = ""
    """The password, where it does not stand in the URL."""

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.path.lstrip('/') or 'the database'} at {parts.hostname or 'this host'}"

    def __repr__(self) -> str:
        return f"Address({self})"


async def connect(address: Address, name: str, **settings: str) -> Connection:
    """A connection under a name of ours. Raises whatever asyncpg does; `reason` puts it into words."""
    if urlsplit(address.url).scheme not in _SCHEMES:
        raise ValueError("not an address")
    more: dict[str, Any] = {"password": address.password} if address.password else {}
    return await asyncpg.connect(
        address.url,
        timeout=_CONNECT_S,
        command_timeout=_PATIENCE_S,
        statement_cache_size=_STATEMENTS,
        max_cached_statement_lifetime=0,
        server_settings={"application_name": name, **settings},
        **more,
    )


async def opened(address: Address, name: str, **settings: str) -> Connection:
    """The same. Raises StoreAway where it may succeed later, else StoreUnusable."""
    try:
        with in_words(address):
            return await connect(address, name, **settings)
    except ValueError as error:
        raise StoreUnusable(reason(error, address)) from error


@contextmanager
def in_words(address: Address) -> Iterator[None]:
    """What the database refuses is raised as StoreAway where it may succeed later, else as
    StoreUnusable.
    """
    try:
        yield
    except (*LOST, asyncpg.PostgresError) as error:
        kind = StoreAway if is_away(error) else StoreUnusable
        raise kind(reason(error, address)) from error


def reason(error: BaseException, address: Address) -> str:
    """Why the database cannot be used, and what to do, in a sentence or two that tell no secret."""
    for kinds, words in _REASONS:
        if isinstance(error, kinds):
            return words.format(address=address, error=_brief(error))
    return f"{address} failed: {_brief(error)}."


def is_away(error: BaseException) -> bool:
    """Whether the database may answer later, with nobody changing anything."""
    return isinstance(error, _AWAY) and not isinstance(error, _WRONG)


_AWAY: Final = (
    OSError,
    TimeoutError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.PostgresConnectionError,
)
_WRONG: Final = (asyncpg.ClientConfigurationError, ValueError)
_NO_ENTRY: Final = (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError)
_REASONS: Final[tuple[tuple[Any, str], ...]] = (
    (_NO_ENTRY, "{address} does not let this user in. Check the user and the password."),
    (
        asyncpg.InvalidCatalogNameError,
        "There is no database {address}. Create it, or correct the address.",
    ),
    (
        asyncpg.TooManyConnectionsError,
        "{address} has no connection left. Raise its max_connections, or run fewer processes.",
    ),
    (
        asyncpg.CannotConnectNowError,
        "{address} is starting or stopping. Try again in a moment.",
    ),
    (
        asyncpg.InsufficientPrivilegeError,
        "This user lacks a right in {address}: {error}. Grant it, or name the owner of the database.",
    ),
    (
        _WRONG,
        "The address of the database is not one. Write postgresql://user@host:5432/database.",
    ),
    (asyncpg.DiskFullError, "{address} has no room left on its disk."),
    (
        asyncpg.ReadOnlySQLTransactionError,
        "{address} is read-only. If it is a standby, give the address of the primary.",
    ),
    ((OSError, TimeoutError), "{address} cannot be reached: {error}. Is it running?"),
)
"""The first that fits."""


def _brief(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0].rstrip(".") or type(error).__name__


class Connections:
    """The pool of a process. What is taken is given back, alive or not."""

    def __init__(self, address: Address, name: str, most: int) -> None:
        self._address = address
        self._name = name
        self._most = most
        self._idle: list[Connection] = []
        self._open = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> Connection:
        """A live connection, once there is one to be had. Raises StoreUnavailable."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await self._take()
        except TimeoutError as error:
            sentence = f"All {self._most} connections to {self._address} are busy."
            raise StoreUnavailable(sentence) from error

    def give(self, connection: Connection) -> None:
        if connection.is_closed():
            self._open -= 1
        else:
            self._idle.append(connection)
        self._call_next()

    def mistrust(self) -> None:
        """One was lost, so those that lie idle may be dead too, without anybody having told: a repeat
        must not be spent on each of them.
        """
        for connection in self._idle:
            connection.terminate()

    async def close(self) -> None:
        """Those that are taken are closed by whoever gives them back last."""
        for connection in self._idle:
            await connection.close(timeout=_CONNECT_S)
        self._open -= len(self._idle)
        self._idle.clear()

    def reason(self, error: BaseException) -> str:
        """Why the database cannot be used, in a sentence."""
        return reason(error, self._address)

    @property
    def taken(self) -> int:
        """How many are in somebody's hands."""
        return self._open - len(self._idle)

    async def _take(self) -> Connection:
        while True:
            while self._idle:
                connection = self._idle.pop()
                if not connection.is_closed():
                    return connection
                self._open -= 1
            if self._open < self._most:
                return await self._connect()
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn

    async def _connect(self) -> Connection:
        self._open += 1
        try:
            connection = await connect(self._address, self._name, **_SETTINGS)
        except BaseException as error:
            self._open -= 1
            self._call_next()
            if not isinstance(error, (*LOST, asyncpg.PostgresError, ValueError)):
                raise
            raise StoreUnavailable(self.reason(error)) from error
        return connection

    def _call_next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
