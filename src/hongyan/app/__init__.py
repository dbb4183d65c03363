"""The composition root: settings → store → services → faces. The only place that knows everybody."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from hongyan.api.authenticate import Authentication
from hongyan.api.endpoint import Endpoint
from hongyan.api.guard import Cors, for_hosts
from hongyan.api.health import HealthApi
from hongyan.api.messages import Messages
from hongyan.api.openapi import OpenApi
from hongyan.api.pages import DevelopmentPage, Pages
from hongyan.api.problem import Refusals
from hongyan.api.proofs import ProofsApi
from hongyan.api.register import RegisterApi
from hongyan.api.sandbox import SandboxApi
from hongyan.api.verifications import Verifications
from hongyan.app.clock import SteadyClock
from hongyan.app.front import Front
from hongyan.app.late import LateCourier
from hongyan.app.memory import give_back_memory
from hongyan.core.time import SECOND
from hongyan.core.verification import Rules
from hongyan.protocols import PROTOCOLS
from hongyan.providers import PROVIDERS
from hongyan.service import dispatch
from hongyan.service.accept import Acceptance
from hongyan.service.admit import Admission
from hongyan.service.dispatch import Dispatcher
from hongyan.service.handset import Handset
from hongyan.service.inquire import Inquirer
from hongyan.service.notify import Notifier
from hongyan.service.ports import Chance, Provider, Standpoint
from hongyan.service.prove import Proofs, rotate_keys
from hongyan.service.register import Registration
from hongyan.service.sweep import sweep_forever
from hongyan.service.verify import Verification
from hongyan.service.watch import watch_forever
from hongyan.settings import Settings
from hongyan.store.opening import Lock
from hongyan.store.seal import Seal
from hongyan.store.shelf import ShelfFile
from hongyan.store.sqlite import SqliteStore, administration
from hongyan.wire.http import Refuse, Route, Routes

_HOUSEKEEPING_S: Final = 600.0


class Development(msgspec.Struct, frozen=True):
    """What `hongyan dev` has and `hongyan serve` has not."""

    hosts: frozenset[str]
    publishable_key: str


class House:
    """One serving process, wired: `open` it, serve its `front`, `close` it."""

    def __init__(  # noqa: PLR0913 - what a house is made of
        self,
        settings: Settings,
        directory: Path,
        seal: Seal,
        *,
        clock: SteadyClock,
        on_fatal: Callable[[BaseException], None],
        development: Development | None = None,
        lock: Lock | None = None,
        chance: Chance = os.urandom,
    ) -> None:
        """Call on the event loop that will serve. Raises StoreUnusable.

        `lock`: the directory's, where this process has it already.
        """
        self.draining = False
        self._settings = settings
        self._directory = directory
        self._seal = seal
        self._clock = clock
        self._development = development
        self._tasks: list[asyncio.Task[None]] = []
        rules = Rules(settings.verification)
        self.store = SqliteStore(directory, seal, rules, settings.store, clock, on_fatal, lock=lock)
        self._shelf = ShelfFile(directory, seal) if development else None
        self._handset = Handset(self._shelf, clock) if self._shelf else None
        self._upstreams = self._providers()
        self._dispatcher = Dispatcher(self.store, self._upstreams, clock, settings.dispatch)
        self._configured = frozenset(self._dispatcher.lanes)
        self._courier = LateCourier(settings.callbacks)
        self._notifier = Notifier(self.store, self._courier, clock)
        self._inquirer = Inquirer(self.store, self._upstreams, clock)
        self._verification = Verification(
            self.store, seal, rules, clock=clock, chance=chance, providers=self._configured
        )
        self._acceptance = Acceptance(self.store, seal, clock, self._configured)
        lifetime = settings.verification.proof_lifetime_s * SECOND
        self._proofs = Proofs(self.store, clock, settings.server.base_url, lifetime)
        self.front = self._front()

    async def open(self) -> None:
        """Find what the process before this one left, then begin to deliver."""
        await asyncio.to_thread(self._rotate_keys)
        await self.store.start()
        self._dispatcher.start()
        self._tasks = [
            asyncio.create_task(sweep_forever(self.store), name="sweep"),
            asyncio.create_task(self._keep_house(), name="housekeeping"),
            asyncio.create_task(self._notifier.run(), name="notify"),
            asyncio.create_task(self._inquirer.run(), name="inquire"),
            *[
                asyncio.create_task(watch_forever(lane), name=f"watch {lane.provider.name}")
                for lane in self._dispatcher.lanes.values()
            ],
        ]

    def drain(self) -> None:
        """Say that it is stopping, and let go of those who only listen."""
        self.draining = True
        if self._handset is not None:
            self._handset.hang_up()

    async def close(self) -> None:
        """Hand over nothing more, settle what is on its way, and let the store go."""
        await self._dispatcher.stop(self._settings.server.drain_s * SECOND)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._courier.close()
        for provider in self._upstreams:
            await provider.close()
        await self.store.close()
        if self._shelf is not None:
            self._shelf.close()

    @property
    def requests(self) -> Mapping[tuple[str, int], int]:
        """See `service.ports.Traffic`."""
        return self.front.requests

    def attempts(self) -> Mapping[tuple[str, str], int]:
        """See `service.ports.Traffic`."""
        return dispatch.outcomes(self._dispatcher.lanes)

    def standpoints(self) -> Mapping[str, Standpoint]:
        """See `service.ports.Traffic`."""
        return dispatch.standpoints(self._dispatcher.lanes)

    def _providers(self) -> list[Provider]:
        settings = self._settings.providers
        providers: list[Provider] = []
        if self._handset is not None and settings.sandbox is not None:
            sandbox = PROVIDERS["sandbox"]
            receive = self.store.receive
            providers.append(sandbox(settings.sandbox, self._handset, receive, self._clock))
        if settings.zhenzi is not None:
            providers.append(PROVIDERS["zhenzi"](settings.zhenzi))
        return providers

    def _front(self) -> Front:
        server = self._settings.server
        pages = self._pages()
        endpoints = [*self._endpoints(), *pages.endpoints()]
        endpoints += OpenApi(endpoints, server.base_url).endpoints()
        cors, refuse = Cors(self.store), Refusals(self._clock)
        routes = [route for one in endpoints for route in self._routes(one, cors, refuse)]
        routes += [self._guarded(route) for route in pages.routes(refuse)]
        routes += self._served()
        return Front(
            Routes(routes),
            trusted_proxies=server.trusted_proxies,
            logged=server.access_log,
        )

    def _served(self) -> list[Route]:
        """The protocols of others."""
        admission = Admission(self.store, self._seal)
        parts = (self.store, self._seal, admission, self._acceptance)
        return [route for make in PROTOCOLS.values() for route in make(*parts).routes()]

    def _pages(self) -> Pages:
        if self._development is None:
            return Pages(None)
        length = self._settings.verification.code_length
        return Pages(DevelopmentPage(self._development.publishable_key, length))

    def _endpoints(self) -> Sequence[Endpoint]:
        store, seal = self.store, self._seal
        authentication = Authentication(store, seal)
        endpoints = [
            *Verifications(authentication, self._verification, self._proofs, seal).endpoints(),
            *Messages(authentication, self._acceptance, store, seal).endpoints(),
            *ProofsApi(authentication, self._proofs).endpoints(),
            *self._health(),
        ]
        if app := self._settings.register.app:
            registration = Registration(store, self._verification, app)
            endpoints += RegisterApi(registration, self._proofs, seal, self._clock).endpoints()
        if self._handset is not None:
            endpoints += SandboxApi(self._handset).endpoints()
        return endpoints

    def _health(self) -> list[Endpoint]:
        key = self._settings.metrics.key
        health = HealthApi(self.store, self, lambda: self.draining, key)
        if key or self._development:
            return health.endpoints()
        return [one for one in health.endpoints() if one.path != "/metrics"]

    def _routes(self, one: Endpoint, cors: Cors, refuse: Refuse) -> list[Route]:
        refuse = one.refuse or refuse
        if one.needs == "any":
            return [
                Route(one.method, one.path, one.handle, refuse, cors.finish),
                Route("OPTIONS", one.path, cors.preflight, refuse),
            ]
        route = Route(one.method, one.path, one.handle, refuse)
        return [self._guarded(route) if one.path.startswith("/sandbox") else route]

    def _guarded(self, route: Route) -> Route:
        """The development pages answer under the configured Host names only."""
        if self._development is None:
            return route
        guarded = for_hosts(self._development.hosts, route.handle)
        return msgspec.structs.replace(route, handle=guarded)

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(_HOUSEKEEPING_S)
            self._clock.follow()
            await asyncio.to_thread(self._rotate_keys)
            await asyncio.to_thread(give_back_memory)

    def _rotate_keys(self) -> None:
        administering = administration(self._directory, self._seal, self._clock)
        try:
            rotate_keys(administering, self._clock())
        finally:
            administering.close()
