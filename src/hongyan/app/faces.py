"""Faces: all that a house answers to, and who answers where."""

from collections.abc import Sequence

import msgspec

from hongyan.api.authenticate import Authentication
from hongyan.api.endpoint import Endpoint
from hongyan.api.guard import Cors, for_hosts
from hongyan.api.messages import Messages
from hongyan.api.openapi import OpenApi
from hongyan.api.pages import DevelopmentPage, Pages
from hongyan.api.problem import Refusals
from hongyan.api.proofs import ProofsApi
from hongyan.api.receipts import ReceiptsApi
from hongyan.api.register import RegisterApi
from hongyan.api.sandbox import SandboxApi
from hongyan.api.verifications import Verifications
from hongyan.api.websites import WebsitesApi
from hongyan.app.delivery import configured, conversions
from hongyan.app.front import OfHost
from hongyan.core.time import SECOND
from hongyan.core.verification import Rules
from hongyan.protocols import PROTOCOLS
from hongyan.service.accept import Acceptance
from hongyan.service.admit import Admission
from hongyan.service.handset import Handset
from hongyan.service.hear import Hearing
from hongyan.service.ports import Chance, Clock, Desk, Store
from hongyan.service.prove import Proofs
from hongyan.service.register import Registration
from hongyan.service.serving import Serving
from hongyan.service.verify import Verification
from hongyan.service.website import Websites
from hongyan.service.wechat.working import Worker
from hongyan.settings import Settings
from hongyan.store.seal import Seal
from hongyan.wire.http import Refuse, Route, beside


class Development(msgspec.Struct, frozen=True):
    """What `hongyan dev` has and `hongyan serve` has not."""

    hosts: frozenset[str]
    publishable_key: str


class Faces:
    """What callers see of a house: our own API, the protocols of others, pages."""

    def __init__(  # noqa: PLR0913 - what faces are made of
        self,
        settings: Settings,
        store: Store,
        seal: Seal,
        *,
        clock: Clock,
        chance: Chance,
        desk: Desk,
        handset: Handset | None,
        development: Development | None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._seal = seal
        self._clock = clock
        self._handset = handset
        self._development = development
        self.conversions = conversions(settings.providers, store, clock)
        """Tells a platform of codes that were right; None where none is to be told."""
        providers = configured(settings.providers, in_development=development is not None)
        self._verification = Verification(
            store,
            seal,
            Rules(settings.verification),
            clock=clock,
            chance=chance,
            providers=providers,
            approved=self.conversions.approved if self.conversions else None,
        )
        self._acceptance = Acceptance(store, seal, clock, providers)
        lifetime = settings.verification.proof_lifetime_s * SECOND
        self._proofs = Proofs(store, clock, settings.server.base_url, lifetime)
        self._serving = Serving(
            store=store,
            sealer=seal,
            clock=clock,
            chance=chance,
            admission=Admission(store, seal),
            acceptance=self._acceptance,
            desk=desk,
            base_url=settings.server.base_url,
            in_development=development is not None,
        )
        websites = Websites(settings.wechat, settings.server.base_url)
        self._websites = WebsitesApi(self._serving, websites)
        self.worker = Worker(self._serving, websites)
        """Does tasks that came in."""

    def routes(self, health: Sequence[Endpoint]) -> list[Route]:
        """Who answers where; `health` among them."""
        pages = self._pages()
        endpoints = [*self._endpoints(), *health, *pages.endpoints()]
        endpoints += OpenApi(endpoints, self._settings.server.base_url).endpoints()
        cors, refuse = Cors(self._store), Refusals(self._clock)
        routes = [route for one in endpoints for route in self._routes(one, cors, refuse)]
        routes += [self._guarded(route) for route in pages.routes(refuse)]
        routes += self._websites.routes()
        served = self._served()
        return beside(
            [one for one in served if one.wants is not None],
            routes + [one for one in served if one.wants is None],
        )

    @property
    def of_host(self) -> OfHost | None:
        """Who answers under host names that are not the house's: those of websites."""
        return self._websites.of_host if self._settings.wechat.website_host else None

    def _served(self) -> list[Route]:
        """The protocols of others."""
        return [
            route
            for name, make in PROTOCOLS.items()
            for route in make(self._serving, getattr(self._settings, name, None)).routes()
        ]

    def _pages(self) -> Pages:
        if self._development is None:
            return Pages(None)
        length = self._settings.verification.code_length
        return Pages(DevelopmentPage(self._development.publishable_key, length))

    def _endpoints(self) -> list[Endpoint]:
        store, seal = self._store, self._seal
        authentication = Authentication(store, seal)
        endpoints = [
            *Verifications(authentication, self._verification, self._proofs, seal).endpoints(),
            *Messages(authentication, self._acceptance, store, seal).endpoints(),
            *ProofsApi(authentication, self._proofs).endpoints(),
        ]
        if app := self._settings.register.app:
            registration = Registration(store, self._verification, app)
            endpoints += RegisterApi(registration, self._proofs, seal, self._clock).endpoints()
        hearing = Hearing(store, seal, self._clock)
        tencent = self._settings.providers.tencent
        if tencent is not None and tencent.receipts_key:
            receipts = ReceiptsApi(store, hearing, self._clock, tencent.receipts_key)
            endpoints += receipts.endpoints()
        if self._handset is not None:
            endpoints += SandboxApi(self._handset, hearing).endpoints()
        return endpoints

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
