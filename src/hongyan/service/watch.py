"""Watch: how the providers stand that can be asked. A stopped one is let go on when it is well."""

import asyncio
from typing import Final

import structlog

from hongyan.core.outcome import Deferred
from hongyan.core.time import SECOND
from hongyan.service.lane import Lane
from hongyan.service.ports import Watched

_STOPPED_S: Final = 30.0
"""How soon to look after one that takes nothing; doubled each time it takes nothing still or again,
for a secret that is wrong is a guess, and providers shut out who guesses."""
_log: Final = structlog.get_logger()


async def watch_forever(lane: Lane) -> None:
    """Look after one provider's balance, and after its being there at all."""
    provider = lane.provider
    if not isinstance(provider, Watched):
        return
    every = provider.watch_every / SECOND
    stops = 0
    while True:
        try:
            look(lane, provider, await provider.balance())
        except Exception:  # noqa: BLE001 - a provider's bug must not end the watch
            _log.exception("watch.failed", provider=provider.name)
        if await lane.stops_within(every):
            await asyncio.sleep(pause_s(stops, every))
            stops += 1
        else:
            stops = 0


def pause_s(stops: int, every: float) -> float:
    """How long to leave one alone that has taken nothing so many times in a row."""
    return float(min(_STOPPED_S * 2 ** min(stops, 20), every))


def look(lane: Lane, provider: Watched, found: int | Deferred | None) -> None:
    """What follows from a balance."""
    if isinstance(found, Deferred):
        if found.stops:
            lane.halt(found.reason)
        return
    was, lane.balance = lane.balance, found
    if found is None:
        lane.resume()
        return
    if found <= 0:
        lane.halt("Its balance is used up.")
        return
    lane.resume()
    if found < provider.low_balance and (was is None or was >= provider.low_balance):
        _log.error("provider.balance_low", provider=lane.provider.name, balance=found)
