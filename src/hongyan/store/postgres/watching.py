"""Watches the database from a connection of its own: hears what other processes tell, looks by itself
in case it has missed something, and notices when the database goes away and comes back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

import asyncpg
import structlog

from hongyan.store.postgres.connections import LOST, Address, Connection, connect, reason

_LOOK_EVERY_S: Final = 0.5
_PATIENCE_S: Final = 5.0
"""A database that takes longer to answer is away."""
_FAILURES: Final = (*LOST, asyncpg.PostgresError)
_log: Final = structlog.get_logger()


class Watch:
    """Runs for as long as its store is open."""

    def __init__(
        self,
        address: Address,
        name: str,
        changes: str,
        others: Sequence[str],
        on_notice: Callable[[str], None],
        look: Callable[[Connection], Awaitable[None]],
    ) -> None:
        """`look` is awaited every half second, and at once when somebody tells of `changes`; of what
        is told on the other channels, `on_notice` hears.
        """
        self._address = address
        self._name = name
        self._changes = changes
        self._others = others
        self._on_notice = on_notice
        self._look = look
        self._heard = asyncio.Event()
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.trouble = ""
        """Why the database is away, in a sentence; empty while it is there."""

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="store watch")

    async def close(self) -> None:
        self._closing.set()
        self._heard.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while not self._closing.is_set():
            try:
                await self._watch()
            except _FAILURES as error:
                if not self.trouble:
                    _log.error("store.away", reason=reason(error, self._address))
                self.trouble = reason(error, self._address)
            except Exception:  # noqa: BLE001 - a bug here must not end all watching
                _log.exception("store.watch_failed")
            if not self._closing.is_set():
                await _within(_LOOK_EVERY_S, self._closing)

    async def _watch(self) -> None:
        connection = await connect(self._address, self._name)
        try:
            await connection.add_listener(self._changes, self._hear)
            for channel in self._others:
                await connection.add_listener(channel, self._pass_on)
            # What was told while nobody listened.
            for channel in self._others:
                self._on_notice(channel)
            while not self._closing.is_set():
                self._heard.clear()
                async with asyncio.timeout(_PATIENCE_S):
                    await self._look(connection)
                if self.trouble:
                    _log.info("store.back")
                self.trouble = ""
                if not self._closing.is_set():
                    await _within(_LOOK_EVERY_S, self._heard)
        finally:
            # Not a polite farewell: that would wait for a server that may be away.
            connection.terminate()

    def _hear(self, *_: object) -> None:
        self._heard.set()

    def _pass_on(self, _connection: object, _pid: int, channel: str, _payload: object) -> None:
        self._on_notice(channel)


async def _within(seconds: float, event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
