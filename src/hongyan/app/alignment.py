"""Alignment: the process's clock is compared with the database's, at the start and then for ever."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import structlog

from hongyan.app.clock import AlignedClock, Reading
from hongyan.core.time import SECOND
from hongyan.store.opening import StoreUnusable

Ask: TypeAlias = Callable[[], Awaitable[int]]
"""The database's time, in microseconds since 1970."""

READINGS: Final = 5
_EVERY_S: Final = 30.0
_WORTH_TELLING: Final = SECOND
_MICRO: Final = 1_000
_log: Final = structlog.get_logger()


async def readings(ask: Ask, times: int = READINGS) -> list[Reading]:
    """Ask several times: that a process or a network was busy spoils one, not all."""
    return [await _reading(ask) for _ in range(times)]


async def align_forever(
    clock: AlignedClock, look: Callable[[], Awaitable[list[Reading]]], every_s: float = _EVERY_S
) -> None:
    """Look again every half a minute. While the database is away (`look` raises StoreUnusable), the
    clock goes on by itself.
    """
    while True:
        await asyncio.sleep(every_s)
        try:
            behind = clock.learn(await look())
        except StoreUnusable as error:
            _log.debug("clock.not_aligned", reason=str(error))
            continue
        if abs(behind) >= _WORTH_TELLING:
            _log.warning("clock.database_differs", behind_ms=behind)


async def _reading(ask: Ask) -> Reading:
    asked = time.monotonic_ns()
    told = await ask()
    return Reading(asked, told * _MICRO, time.monotonic_ns())
