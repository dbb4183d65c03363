"""Sweep: what time alone demands, a second at a time."""

import asyncio
from typing import Final

import structlog

from hongyan.core.errors import NotAccepted
from hongyan.service.ports import Store

_EVERY_S: Final = 1.0
_log: Final = structlog.get_logger()


async def sweep_forever(store: Store) -> None:
    """Sweep until nothing is left to do, then once a second."""
    while True:
        try:
            left = await store.sweep()
        except NotAccepted:
            left = 0
        except Exception:  # noqa: BLE001 - one bad row must not end all upkeep
            _log.exception("sweep.failed")
            left = 0
        await asyncio.sleep(0 if left else _EVERY_S)
