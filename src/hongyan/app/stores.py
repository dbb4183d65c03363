"""The stores: which kind a house has, and how that kind is opened. The only place that knows both."""

from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Protocol

from hongyan.app.clock import ProcessClock, SteadyClock
from hongyan.app.place import Place
from hongyan.core.verification import Rules
from hongyan.service.ports import Administration, Clock, Store
from hongyan.store import sqlite
from hongyan.store.opening import Inspection, Lock, StoreSettings, StoreUnusable
from hongyan.store.seal import Seal
from hongyan.store.sqlite import schema

Fatal = Callable[[BaseException], None]
"""Told when a store can go on no more."""


class OpenStore(Store, Protocol):
    """A store as a process has it: it begins and it ends."""

    async def start(self) -> None:
        """Find what the process before this one left, then take work."""

    async def close(self) -> None:
        """Commit what waits, then let go."""


class Opener(Protocol):
    """How the store of one place is opened. Everything here may raise StoreUnusable."""

    place: Place
    serves_many: bool
    """Whether several processes may serve it at once."""

    def wait(self) -> None:
        """Until its database answers, for as long as the configuration says. Raises StoreAway."""

    def clock(self) -> ProcessClock:
        """The clock that everything in this place goes by."""

    def keep(self, clock: ProcessClock) -> Coroutine[Any, Any, None] | None:
        """Keeps such a clock right, for as long as it is awaited; None where nothing has to."""

    def furnish(self, clock: Clock) -> Seal:
        """Make what a new house needs before its first furniture. Safe to run again."""

    def seal(self, clock: Clock) -> Seal:
        """By the key file that is there. Raises KeyFileUnusable."""

    def administration(self, seal: Seal, clock: Clock) -> Administration:
        """For the operator's changes, beside serving processes or without any."""

    def inspect(self, seal: Seal) -> Inspection:
        """Look without changing anything."""

    def pending(self) -> Sequence[str]:
        """The migrations that it lacks, in order. Refuses a schema that this program does not know."""

    def migrate(self) -> Sequence[str]:
        """Apply them; which they were."""

    def open(
        self, seal: Seal, rules: Rules, settings: StoreSettings, clock: Clock, on_fatal: Fatal
    ) -> OpenStore:
        """For serving. Call on the event loop that will use it."""


def opener_of(place: Place, lock: Lock | None = None) -> Opener:
    """`lock`: the directory's, where this process has it already."""
    if not place.database:
        return SqliteOpener(place, lock)
    from hongyan.app.postgres import PostgresOpener

    return PostgresOpener(place)


class SqliteOpener:
    """A file in the data directory, served by one process."""

    serves_many = False

    def __init__(self, place: Place, lock: Lock | None) -> None:
        self.place = place
        self._lock = lock

    def wait(self) -> None:
        """A file is there, or it is not."""

    def clock(self) -> SteadyClock:
        return SteadyClock()

    def keep(self, _clock: ProcessClock) -> None:
        return None

    def furnish(self, clock: Clock) -> Seal:
        seal = sqlite.seal_of(self._directory, clock, create=True)
        sqlite.administration(self._directory, seal, clock).close()
        return seal

    def seal(self, clock: Clock) -> Seal:
        return sqlite.seal_of(self._directory, clock)

    def administration(self, seal: Seal, clock: Clock) -> Administration:
        self._require_file()
        return sqlite.administration(self._directory, seal, clock)

    def inspect(self, seal: Seal) -> Inspection:
        return sqlite.inspect(self._directory, seal)

    def pending(self) -> Sequence[str]:
        self._require_file()
        return schema.pending(self._directory)

    def migrate(self) -> Sequence[str]:
        pending = self.pending()
        clock = self.clock()
        self.administration(self.seal(clock), clock).close()
        return pending

    def open(
        self, seal: Seal, rules: Rules, settings: StoreSettings, clock: Clock, on_fatal: Fatal
    ) -> OpenStore:
        self._require_file()
        return sqlite.SqliteStore(
            self._directory, seal, rules, settings, clock, on_fatal, lock=self._lock
        )

    @property
    def _directory(self) -> Path:
        return self.place.directory

    def _require_file(self) -> None:
        """SQLite would make an empty one, and a house that is elsewhere would seem to be new."""
        if (self._directory / schema.DATABASE).exists():
            return
        sentence = (
            f"{self._directory} holds no {schema.DATABASE}. Where the house is on PostgreSQL,"
        )
        raise StoreUnusable(sentence + " name its configuration with --config; else restore it.")
