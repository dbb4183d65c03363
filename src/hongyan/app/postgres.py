"""A house on PostgreSQL: how it is opened, and by which clock it goes."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import asyncpg
import structlog

from hongyan.app.alignment import align_forever, readings
from hongyan.app.clock import AlignedClock, ProcessClock, Reading
from hongyan.app.place import Place
from hongyan.app.stores import Fatal, OpenStore
from hongyan.core.verification import Rules
from hongyan.service.ports import Administration, Clock
from hongyan.store.opening import KEY_FILE, Inspection, StoreAway, StoreSettings, StoreUnusable
from hongyan.store.postgres import PostgresStore, administration, inspecting, schema
from hongyan.store.postgres.connections import (
    LOST,
    Address,
    Connection,
    is_away,
    opened,
    reason,
)
from hongyan.store.seal import KeyFileUnusable, KeyRing, Seal
from hongyan.store.sqlite import departure
from hongyan.store.sqlite.schema import DATABASE

T = TypeVar("T")

_NAME: Final = "hongyan opening"
_TRY_EVERY_S: Final = 0.5
_log: Final = structlog.get_logger()


class PostgresOpener:
    """See `app.stores.Opener`: a database, served by any number of processes."""

    serves_many = True

    def __init__(self, place: Place) -> None:
        self.place = place
        self._address = Address(place.database, place.password)

    def wait(self) -> None:
        deadline = time.monotonic() + self.place.wait_s
        told = False
        while True:
            try:
                self._asked(inspecting.now)
            except StoreAway as error:
                if time.monotonic() >= deadline:
                    raise
                if not told:
                    _log.warning("store.waiting", reason=str(error), seconds=self.place.wait_s)
                told = True
                time.sleep(_TRY_EVERY_S)
            else:
                return

    def clock(self) -> AlignedClock:
        return AlignedClock(_awaited(self._readings()))

    def keep(self, clock: ProcessClock) -> Coroutine[Any, Any, None]:
        assert isinstance(clock, AlignedClock)  # noqa: S101 - made above
        return align_forever(clock, self._readings)

    def furnish(self, clock: Clock) -> Seal:
        self._require_alone()
        self.migrate()
        path = self.place.directory / KEY_FILE
        if not path.exists():
            if self._asked(inspecting.is_sealed):
                sentence = f"{self.place.told} was made with another {KEY_FILE}, which is not in"
                raise KeyFileUnusable(f"{sentence} {self.place.directory}. Copy it there.")
            KeyRing.create(path, clock())
        seal = self.seal(clock)
        self._asked(lambda connection: schema.require_key(connection, self._address, seal))
        return seal

    def seal(self, clock: Clock) -> Seal:
        return Seal(KeyRing.load(self.place.directory / KEY_FILE), clock)

    def administration(self, seal: Seal, clock: Clock) -> Administration:
        self._require_alone()
        return administration(self._address, seal, clock)

    def open(
        self, seal: Seal, rules: Rules, _settings: StoreSettings, clock: Clock, _on_fatal: Fatal
    ) -> OpenStore:
        self._require_alone()
        return PostgresStore(self._address, seal, rules, clock)

    def inspect(self, seal: Seal) -> Inspection:
        async def inspect(connection: Connection) -> Inspection:
            await schema.require_current(connection, self._address)
            await schema.require_key(connection, self._address, seal)
            return await inspecting.inspect(connection)

        return self._asked(inspect)

    def pending(self) -> Sequence[str]:
        lacking = self._asked(lambda connection: schema.pending(connection, self._address))
        return [one.name for one in lacking]

    def migrate(self) -> Sequence[str]:
        now = time.time_ns() // 1_000_000
        done = self._asked(lambda connection: schema.migrate(connection, self._address, now))
        return [one.name for one in done]

    def _require_alone(self) -> None:
        """A house that is in the data directory must not seem to be empty all at once."""
        if not departure.has_left(self.place.directory):
            sentence = f"{self.place.directory} holds a house on SQLite. Move it to"
            more = f" {self.place.told} with 'hongyan move', or put its {DATABASE} away."
            raise StoreUnusable(sentence + more)

    async def _readings(self) -> list[Reading]:
        """Raises StoreUnusable."""
        async with self._connected() as connection:
            return await readings(lambda: inspecting.now(connection))

    def _asked(self, ask: Callable[[Connection], Awaitable[T]]) -> T:
        """By a connection of its own. Raises StoreUnusable."""

        async def asked() -> T:
            async with self._connected() as connection:
                return await ask(connection)

        return _awaited(asked())

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Connection]:
        connection = await opened(self._address, _NAME)
        try:
            yield connection
        except (*LOST, asyncpg.PostgresError) as error:
            kind = StoreAway if is_away(error) else StoreUnusable
            raise kind(reason(error, self._address)) from error
        finally:
            connection.terminate()


def _awaited(work: Coroutine[Any, Any, T]) -> T:
    """On a loop of its own, whether or not one runs here."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
