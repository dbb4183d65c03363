"""Convert: tell a platform which of its codes were filled in, where it wants to know.

It is for its statistics only, so nothing waits for it and nothing is kept: what a process had still to
tell when it ends is not told.
"""

import asyncio
from collections.abc import Awaitable
from typing import Final, Protocol

import structlog

from hongyan.core.errors import NotAccepted
from hongyan.core.identifier import MessageId, VerificationId
from hongyan.core.time import Millis
from hongyan.service.ports import Clock, Store

_MOST: Final = 1_000
"""Codes that wait to be told of; more are passed over."""
_log: Final = structlog.get_logger()


class Converting(Protocol):
    """A provider that is told."""

    async def converted(self, message: MessageId, at: Millis) -> None:
        """Tell of the code in a text; nothing where it did not send it."""

    def close(self) -> Awaitable[None]: ...


class Conversions:
    """The line of codes to tell of."""

    def __init__(self, store: Store, provider: Converting, clock: Clock) -> None:
        self._store = store
        self._provider = provider
        self._clock = clock
        self._line: asyncio.Queue[tuple[VerificationId, Millis]] = asyncio.Queue(_MOST)

    def approved(self, verification: VerificationId) -> None:
        """This code was right. Never waits."""
        if not self._line.full():
            self._line.put_nowait((verification, self._clock()))

    async def run(self) -> None:
        """For ever; it lets the provider go at its end."""
        try:
            while True:
                verification, at = await self._line.get()
                await self._tell(verification, at)
        finally:
            await self._provider.close()

    async def _tell(self, verification: VerificationId, at: Millis) -> None:
        try:
            found = await self._store.verification(verification)
            if found is not None:
                await self._provider.converted(found.message, at)
        except NotAccepted:
            return
        except Exception:  # noqa: BLE001 - a provider's bug must not end all telling
            _log.exception("convert.failed")
