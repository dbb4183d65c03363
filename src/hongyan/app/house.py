"""The composition root: settings → store → services → faces. The only place that knows everybody."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from functools import partial
from typing import Final

from hongyan.api.endpoint import Endpoint
from hongyan.api.health import HealthApi
from hongyan.api.problem import Refusals
from hongyan.app.clock import ProcessClock
from hongyan.app.delivery import Delivery
from hongyan.app.faces import Development, Faces
from hongyan.app.front import Front
from hongyan.app.memory import give_back_memory
from hongyan.app.sample import place_samples, with_websites
from hongyan.app.stores import Fatal, Opener
from hongyan.core.time import SECOND
from hongyan.core.verification import Rules
from hongyan.service.handset import Handset
from hongyan.service.ports import Chance, Standpoint
from hongyan.service.prove import rotate_keys
from hongyan.service.review import decide_forever
from hongyan.settings import Settings
from hongyan.store.opening import StoreUnusable
from hongyan.store.seal import Seal
from hongyan.store.shelf import ShelfFile
from hongyan.wire.http import Route, Routes

__all__ = ["Development", "House", "Role"]

_HOUSEKEEPING_S: Final = 600.0


class Role(StrEnum):
    """What a process does of all that a house does."""

    HOUSE = "house"
    """Everything."""
    WEB = "web"
    """It answers and accepts, and hands nothing over."""
    WORKER = "worker"
    """It hands over, and answers nothing but how it is."""


class House:
    """One process of a house, wired: `open` it, serve its `front`, `close` it."""

    def __init__(  # noqa: PLR0913 - what a house is made of
        self,
        settings: Settings,
        opener: Opener,
        seal: Seal,
        *,
        clock: ProcessClock,
        on_fatal: Fatal,
        role: Role = Role.HOUSE,
        development: Development | None = None,
        chance: Chance = os.urandom,
    ) -> None:
        """Call on the event loop that will serve. Raises StoreUnusable."""
        self.draining = False
        directory = opener.place.directory
        settings = settings if development is None else with_websites(settings, directory)
        self._settings = settings
        self._opener = opener
        self._seal = seal
        self._clock = clock
        self._development = development
        self._tasks: list[asyncio.Task[None]] = []
        rules = Rules(settings.verification)
        self.store = opener.open(seal, rules, settings.store, clock, on_fatal)
        self._shelf = ShelfFile(opener.place.directory, seal) if development else None
        self._handset = self._phone()
        self._delivery: Delivery | None = None
        if role is not Role.WEB:
            self._delivery = Delivery(self.store, settings, clock, self._handset)
        self._faces: Faces | None = None
        if role is not Role.WORKER:
            self._faces = Faces(
                settings,
                self.store,
                seal,
                clock=clock,
                chance=chance,
                desk=partial(opener.administration, seal, clock),
                handset=self._handset,
                development=development,
            )
        self.front = self._front()

    async def open(self) -> None:
        """Find what the process before this one left, then begin to deliver."""
        await asyncio.to_thread(self._rotate_keys)
        await self.store.start()
        if self._development is not None:
            directory = self.store.directory
            await asyncio.to_thread(place_samples, self._settings.wechat, directory)
        if self._delivery is not None:
            self._delivery.start()
        keeping = self._opener.keep(self._clock)
        endless = {"housekeeping": self._keep_house(), "clock": keeping}
        if self._opener.serves_many and self._handset is not None and self._faces is not None:
            endless["sandbox phone"] = self._handset.follow()
        waited = self._settings.tencent.approve_after_s
        if waited >= 0 and self._faces is not None:
            desk = partial(self._opener.administration, self._seal, self._clock)
            endless["reviews"] = decide_forever(desk, self.store, waited * SECOND, self._clock)
        if self._faces is not None:
            endless["tasks"] = self._faces.worker.run(alone=not self._opener.serves_many)
        if self._faces is not None and self._faces.conversions is not None:
            endless["conversions"] = self._faces.conversions.run()
        self._tasks = [
            asyncio.create_task(one, name=name) for name, one in endless.items() if one is not None
        ]

    def drain(self) -> None:
        """Say that it is stopping, and let go of those who only listen."""
        self.draining = True
        if self._handset is not None:
            self._handset.hang_up()

    async def close(self) -> None:
        """Hand over nothing more, settle what is on its way, and let the store go."""
        if self._delivery is not None:
            await self._delivery.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.store.close()
        if self._shelf is not None:
            self._shelf.close()

    @property
    def requests(self) -> Mapping[tuple[str, int], int]:
        """See `service.ports.Traffic`."""
        return self.front.requests

    def attempts(self) -> Mapping[tuple[str, str], int]:
        """See `service.ports.Traffic`."""
        return self._delivery.attempts() if self._delivery is not None else {}

    def standpoints(self) -> Mapping[str, Standpoint]:
        """See `service.ports.Traffic`."""
        return self._delivery.standpoints() if self._delivery is not None else {}

    def _phone(self) -> Handset | None:
        if self._shelf is None:
            return None
        return Handset(self._shelf, self._clock, shared=self._opener.serves_many)

    def _front(self) -> Front:
        server = self._settings.server
        health = self._health()
        if self._faces is not None:
            routes = self._faces.routes(health)
        else:
            refuse = Refusals(self._clock)
            routes = [Route(one.method, one.path, one.handle, refuse) for one in health]
        return Front(
            Routes(routes),
            trusted_proxies=server.trusted_proxies,
            logged=server.access_log,
            of_host=self._faces.of_host if self._faces is not None else None,
        )

    def _health(self) -> list[Endpoint]:
        key = self._settings.metrics.key
        health = HealthApi(self.store, self, lambda: self.draining, key)
        if key or self._development:
            return health.endpoints()
        return [one for one in health.endpoints() if one.path != "/metrics"]

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(_HOUSEKEEPING_S)
            self._clock.follow()
            with suppress(StoreUnusable):  # It is looked after again.
                await asyncio.to_thread(self._rotate_keys)
            await asyncio.to_thread(give_back_memory)

    def _rotate_keys(self) -> None:
        administering = self._opener.administration(self._seal, self._clock)
        try:
            rotate_keys(administering, self._clock())
        finally:
            administering.close()
