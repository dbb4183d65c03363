"""Collect: what a platform tells by itself of the texts it took, by callback or when it is pulled.

It may tell of a text before the answer to its hand-over is settled here, or of texts of others who use
the same app there. What is not known to be ours is passed over: whoever may be in doubt is asked about.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol, runtime_checkable

import msgspec
import structlog

from hongyan.core.errors import NotAccepted, NotFound
from hongyan.core.identifier import MessageId, read
from hongyan.core.message import Status
from hongyan.core.time import SECOND, Millis
from hongyan.service.ports import Clock, Provider, Receipt, Store

_RETRY_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 300.0
_log: Final = structlog.get_logger()


class Result(msgspec.Struct, frozen=True):
    """What became of one text. Its repr tells no number."""

    upstream_id: str
    phone: str
    """As the platform writes it: its last digits are a number's."""
    status: Status
    code: str = ""
    reference: str = ""
    """What we had it say with it: the message's id."""

    def __repr__(self) -> str:
        return f"Result({self.upstream_id!r})"


@runtime_checkable
class Telling(Protocol):
    """A provider that hands out results, each once."""

    pull_every: Millis
    """0: it is not asked for any."""

    async def pull(self) -> Sequence[Result] | None:
        """The next results; None where it could not be asked. Never raises for what it did."""


async def collect(store: Store, provider: str, results: Sequence[Result], now: Millis) -> int:
    """Hand to the store what is of texts of ours; how many these are. Raises NotAccepted."""
    named = await store.known_as(provider, {one.upstream_id for one in results})
    receipts = [
        Receipt(message, one.status, now, one.code)
        for one in results
        if (message := await _whose(store, provider, one, named)) is not None
    ]
    if receipts:
        await store.receive(receipts)
    return len(receipts)


async def _whose(
    store: Store, provider: str, result: Result, named: Mapping[str, MessageId]
) -> MessageId | None:
    """By the platform's name for it, else by ours, if its number is that message's."""
    if result.upstream_id in named:
        return named[result.upstream_id]
    try:
        message = read(result.reference)
    except NotFound:
        return None
    handed = await store.handed(provider, message)
    if handed is None or not result.phone or not handed.phone.endswith(result.phone.lstrip("+")):
        return None
    return message


class Collector:
    """Pulls from those providers that are to be pulled from."""

    def __init__(self, store: Store, providers: Iterable[Provider], clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._telling = {
            one.name: one for one in providers if isinstance(one, Telling) and one.pull_every
        }

    async def run(self) -> None:
        """For ever, unless there is nobody to pull from."""
        async with asyncio.TaskGroup() as group:
            for name, provider in self._telling.items():
                group.create_task(self._pull_forever(name, provider), name=f"collect {name}")

    async def _pull_forever(self, name: str, provider: Telling) -> None:
        failures = 0
        while True:
            results = await self._pulled(provider)
            failures = failures + 1 if results is None else 0
            if results:
                await self._keep(name, results)
                continue
            every = provider.pull_every / SECOND
            pause = every * 2 ** min(failures, 20)
            await asyncio.sleep(max(every, min(pause, _LONGEST_PAUSE_S)))

    async def _pulled(self, provider: Telling) -> Sequence[Result] | None:
        try:
            return await provider.pull()
        except Exception:  # noqa: BLE001 - a provider's bug must not end all collecting
            _log.exception("collect.provider_failed")
            return None

    async def _keep(self, name: str, results: Sequence[Result]) -> None:
        """They are told once, so a store that takes nothing now is tried until it does."""
        while True:
            try:
                await collect(self._store, name, results, self._clock())
            except NotAccepted:
                await asyncio.sleep(_RETRY_S)
            except Exception:  # noqa: BLE001 - one bad row must not end all collecting
                _log.exception("collect.failed", provider=name)
                return
            else:
                return
