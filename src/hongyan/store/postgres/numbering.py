"""Ids that no other process makes: each has a number of its own, leased from the database.

A lease ends by the database's clock, and its holder counts by its own monotonic one from before it
asked, so the holder is always the first to hold it for ended. A number is not given out again for
a while after its end: longer than the clocks of two processes, by which ids are made, may differ.
"""

import asyncio
import uuid
from typing import Final

from hongyan.core.errors import StoreUnavailable
from hongyan.core.identifier import MessageId, MessageIds
from hongyan.core.time import MINUTE, SECOND, Millis
from hongyan.service.ports import Clock
from hongyan.store.opening import StoreUnusable
from hongyan.store.postgres.connections import Connection
from hongyan.store.queries.postgres import SQL

_LEASE: Final[Millis] = 30 * SECOND
_RENEW_AFTER_S: Final = 10.0
_REST: Final[Millis] = MINUTE
_TRIES: Final = 10
"""Others may take the same number at the same moment."""


class Numbering:
    """Makes the ids of a process."""

    def __init__(self, clock: Clock, holder: uuid.UUID) -> None:
        self._clock = clock
        self._holder = holder
        self._loop = asyncio.get_running_loop()
        self.number = -1
        self._renewed_at = self._ends_at = 0.0
        self._ids = self._tokens = MessageIds(0)

    def next_id(self) -> MessageId:
        """Raises StoreUnavailable while the number may be another's."""
        self._require_lease()
        return self._ids.next(self._clock())

    def token(self) -> int:
        """A fencing token: no other process makes it. Raises as `next_id` does."""
        self._require_lease()
        return self._tokens.next(self._clock())

    async def keep(self, connection: Connection) -> None:
        """Renew the lease when it is time for that, or lease another number if it was lost."""
        now = self._loop.time()
        if self.number >= 0 and now < self._renewed_at + _RENEW_AFTER_S:
            return
        if self.number >= 0 and await self._renewed(connection):
            self._lasts_from(now)
        else:
            await self.lease(connection)

    async def lease(self, connection: Connection) -> None:
        """Take a number. Raises StoreUnusable when there is none."""
        for _ in range(_TRIES):
            now = self._loop.time()
            number = await connection.fetchval(SQL["lease_number"], self._holder, _LEASE, _REST)
            if number is None:
                continue
            last = await connection.fetchval(SQL["last_message"])
            self.number = number
            self._ids, self._tokens = MessageIds(number, last), MessageIds(number)
            self._lasts_from(now)
            return
        raise StoreUnusable("All 1024 numbers for processes are taken. Run fewer of them.")

    async def give_up(self, connection: Connection) -> None:
        """The number may rest from now on."""
        self._ends_at = 0.0
        await connection.execute(SQL["renew_number"], self.number, self._holder, 0)

    async def _renewed(self, connection: Connection) -> bool:
        renewed = await connection.execute(SQL["renew_number"], self.number, self._holder, _LEASE)
        return renewed.endswith(" 1")

    def _lasts_from(self, now: float) -> None:
        self._renewed_at, self._ends_at = now, now + _LEASE / SECOND

    def _require_lease(self) -> None:
        if self._loop.time() >= self._ends_at:
            raise StoreUnavailable("This process has no number at present to make ids with.")
