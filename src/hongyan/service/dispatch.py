"""Dispatch: claimed messages go to their providers, a lane each, and come back as outcomes."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import structlog

from hongyan.core.errors import NotAccepted
from hongyan.core.message import Kind
from hongyan.core.time import SECOND, Millis
from hongyan.service.directory import Directory
from hongyan.service.lane import LEASE, STORE_RETRY_S, Lane, cancelled
from hongyan.service.ports import Claimed, Clock, Provider, Standpoint, Store
from hongyan.service.settle import Patience

_MOST: Final = 256
"""Messages claimed at once."""
_IDLE: Final[Millis] = SECOND
_BUSY: Final = 8
_GATHER_S: Final = 0.02
"""After a claim of so many, what comes in for so long is claimed together: each step of the way has
a price of its own, and a hundredth of a second is nothing to a text."""
_CROWDED: Final[Millis] = SECOND // 20
"""How often to look again while some lane has no room."""

_log: Final = structlog.get_logger()


class Dispatcher:
    """Keeps every lane supplied with what is due."""

    def __init__(
        self,
        store: Store,
        providers: Iterable[Provider],
        clock: Clock,
        patience: Patience,
    ) -> None:
        self._store = store
        self._patience = patience
        self.lanes = {one.name: Lane(one, store, clock, patience, self._place) for one in providers}
        self._claiming: asyncio.Task[None] | None = None

    def start(self) -> None:
        for lane in self.lanes.values():
            lane.start()
        if not self._patience.paused:
            self._claiming = asyncio.create_task(self._claim_forever(), name="dispatch")

    async def stop(self, grace: Millis) -> None:
        """Claim no more, and wait for what is on its way; what takes longer is in doubt."""
        for lane in self.lanes.values():
            lane.hold()
        if self._claiming is not None:
            await cancelled([self._claiming])
        await asyncio.gather(*[lane.stop(grace) for lane in self.lanes.values()])

    async def _claim_forever(self) -> None:
        while True:
            try:
                await self._claim()
            except NotAccepted:
                await asyncio.sleep(STORE_RETRY_S)
            except Exception:  # noqa: BLE001 - a bug here must not end all delivery
                _log.exception("dispatch.claim_failed")
                await asyncio.sleep(STORE_RETRY_S)

    async def _claim(self) -> None:
        loop = asyncio.get_running_loop()
        gathered_at = loop.time() + _GATHER_S
        directory = self._store.directory
        room = self._room(directory)
        claimed = await self._store.claim(room, LEASE) if room else []
        for one in claimed:
            self._place(one)
        if len(claimed) >= _BUSY:
            await asyncio.sleep(max(gathered_at - loop.time(), 0))
        elif not claimed:
            crowded = len(room) < len(directory.routes)
            await self._store.work(room.keys(), _CROWDED if crowded else _IDLE)

    def _place(self, claimed: Claimed) -> None:
        """Give it to a lane that would take it, or to one that has stopped meanwhile: if that one
        does not go on before the lease ends, it is claimed again.
        """
        route = self._store.directory.routes[claimed.message.kind]
        names = self._open(route) or [name for name in route if name in self.lanes]
        if not names:  # Routed elsewhere this very moment.
            return
        self.lanes[names[claimed.attempts % len(names)]].add(claimed, len(names))

    def _room(self, directory: Directory) -> dict[Kind, int]:
        """How many of each kind may be claimed: none while a lane of its route is full."""
        room = {}
        for kind, route in directory.routes.items():
            lanes = [self.lanes[name] for name in self._open(route)]
            if lanes and self.lanes.keys() >= set(route):
                room[kind] = min(_MOST, *(lane.room for lane in lanes))
        return {kind: most for kind, most in room.items() if most > 0}

    def _open(self, route: Sequence[str]) -> list[str]:
        """Those of a route that would take a message now."""
        return [name for name in route if name in self.lanes and not self.lanes[name].stopped]


def standpoints(lanes: Mapping[str, Lane]) -> dict[str, Standpoint]:
    """Of each provider."""
    return {name: Standpoint(lane.stopped, lane.balance) for name, lane in lanes.items()}


def outcomes(lanes: Mapping[str, Lane]) -> dict[tuple[str, str], int]:
    """(provider, outcome) → how many hand-overs, since the start."""
    return {
        (name, outcome): count
        for name, lane in lanes.items()
        for outcome, count in lane.outcomes.items()
    }
