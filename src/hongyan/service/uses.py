"""Uses: when secret keys were used last, written down once a minute at most."""

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from hongyan.core.errors import NotAccepted
from hongyan.core.time import MINUTE, Millis
from hongyan.service.serving import Serving

_NOTED_EVERY: Final[Millis] = MINUTE
_log: Final = structlog.get_logger()


class KeyUses:
    """What one protocol has seen of keys."""

    def __init__(self, serving: Serving, protocol: str) -> None:
        """`protocol`: for the log."""
        self._desk = serving.desk
        self._protocol = protocol
        self._since: dict[str, Millis] = {}
        self._written_at: Millis = 0
        self._writing: asyncio.Task[None] | None = None

    def note(self, name: str, now: Millis) -> None:
        """A key was used for a call that it had signed."""
        self._since[name] = now
        if now - self._written_at >= _NOTED_EVERY and self._writing is None:
            self._written_at = now
            self._writing = asyncio.create_task(self._write(), name="uses of keys")

    async def _write(self) -> None:
        uses, self._since = self._since, {}
        try:
            await asyncio.to_thread(self._write_down, uses)
        except Exception as error:  # noqa: BLE001 - nobody's call may fail for it
            _log.warning(f"{self._protocol}.uses_not_noted", reason=type(error).__name__)
        finally:
            self._writing = None

    def _write_down(self, uses: dict[str, Millis]) -> None:
        desk = self._desk()
        try:
            with suppress(NotAccepted):
                desk.used_secret_keys(uses)
        finally:
            desk.close()
