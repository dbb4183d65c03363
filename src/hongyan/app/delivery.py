"""Delivery: all that hands over, asks, tells and sweeps. What a worker does and a web does not."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from hongyan.app.late import LateCourier
from hongyan.core.time import SECOND
from hongyan.providers import PROVIDERS
from hongyan.service import dispatch
from hongyan.service.collect import Collector
from hongyan.service.convert import Conversions
from hongyan.service.dispatch import Dispatcher
from hongyan.service.handset import Handset
from hongyan.service.inquire import Inquirer
from hongyan.service.notify import Notifier
from hongyan.service.ports import Clock, Provider, Standpoint, Store
from hongyan.service.sweep import sweep_forever
from hongyan.service.watch import watch_forever
from hongyan.settings import ProvidersSettings, Settings

_SANDBOX: Final = "sandbox"
_BY_NUMBER: Final = ("tencent", "wechat")
"""Platforms that know texts by number and time, or by names of their own."""


def configured(settings: ProvidersSettings, *, in_development: bool) -> frozenset[str]:
    """The providers that the workers of such a house can call: the sandbox's only in `dev`."""
    names = {name for name in PROVIDERS if getattr(settings, name) is not None}
    return frozenset(names if in_development else names - {_SANDBOX})


def by_number(
    name: str, settings: ProvidersSettings, store: Store, clock: Clock
) -> Provider | None:
    """A provider that asks the store about what it has been given; None for one that is not called."""
    configuration = getattr(settings, name)
    if configuration is None:
        return None
    find, named = partial(store.handed, name), partial(store.known_as, name)
    return PROVIDERS[name](configuration, clock, find, named)


def conversions(settings: ProvidersSettings, store: Store, clock: Clock) -> Conversions | None:
    """Who tells of codes that were right: each process that answers, by connections of its own."""
    if settings.tencent is None or not settings.tencent.report_conversion:
        return None
    provider: Any = by_number("tencent", settings, store, clock)
    return Conversions(store, provider, clock)


class Delivery:
    """The upstreams of a process, and whoever keeps them busy."""

    def __init__(
        self, store: Store, settings: Settings, clock: Clock, handset: Handset | None
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._upstreams = self._providers(handset)
        self._dispatcher = Dispatcher(store, self._upstreams, clock, settings.dispatch)
        self._courier = LateCourier(settings.callbacks)
        self._notifier = Notifier(store, self._courier, clock)
        self._inquirer = Inquirer(store, self._upstreams, clock)
        self._collector = Collector(store, self._upstreams, clock)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._dispatcher.start()
        self._tasks = [
            asyncio.create_task(sweep_forever(self._store), name="sweep"),
            asyncio.create_task(self._notifier.run(), name="notify"),
            asyncio.create_task(self._inquirer.run(), name="inquire"),
            asyncio.create_task(self._collector.run(), name="collect"),
            *[
                asyncio.create_task(watch_forever(lane), name=f"watch {lane.provider.name}")
                for lane in self._dispatcher.lanes.values()
            ],
        ]

    async def stop(self) -> None:
        """Hand over nothing more, and settle what is on its way."""
        await self._dispatcher.stop(self._settings.server.drain_s * SECOND)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._courier.close()
        for provider in self._upstreams:
            await provider.close()

    def attempts(self) -> Mapping[tuple[str, str], int]:
        """See `service.ports.Traffic`."""
        return dispatch.outcomes(self._dispatcher.lanes)

    def standpoints(self) -> Mapping[str, Standpoint]:
        """See `service.ports.Traffic`."""
        return dispatch.standpoints(self._dispatcher.lanes)

    def _providers(self, handset: Handset | None) -> list[Provider]:
        settings = self._settings.providers
        providers: list[Provider] = []
        if handset is not None and settings.sandbox is not None:
            sandbox = PROVIDERS[_SANDBOX]
            receive = self._store.receive
            providers.append(sandbox(settings.sandbox, handset, receive, self._clock))
        if settings.zhenzi is not None:
            providers.append(PROVIDERS["zhenzi"](settings.zhenzi))
        providers += [
            provider
            for name in _BY_NUMBER
            if (provider := by_number(name, settings, self._store, self._clock)) is not None
        ]
        return providers
