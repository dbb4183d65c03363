"""Lane: one provider's messages, at its concurrency and rate, until they are settled.

A hand-over is begun (on disk) before its first byte leaves, so that after a crash nothing is sent
that may have been sent already.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

import structlog

from hongyan.core.errors import NotAccepted
from hongyan.core.identifier import MessageId
from hongyan.core.message import Kind
from hongyan.core.outcome import Deferred, Outcome, Unconfirmed
from hongyan.core.time import SECOND, Millis
from hongyan.service.parcel import Grouping, Parcel, Parcels
from hongyan.service.ports import (
    Asked,
    Begun,
    Claimed,
    Clock,
    Provider,
    Settlement,
    Store,
)
from hongyan.service.settle import WORTH, Attempted, Patience, settlement

LEASE: Final[Millis] = 30 * SECOND
_SPARE: Final[Millis] = 10 * SECOND
STORE_RETRY_S: Final = 0.5
_MOST_KEPT: Final = 512
"""Messages kept ready for a provider that can take so many."""
_SETTLE_S: Final = 0.5
"""How long a stop waits for its last settle, when the hand-overs have used its grace up."""
_LOOK_S: Final = 0.05
"""How exactly a provider's time is kept."""

_log: Final = structlog.get_logger()


class Lane:
    """One provider's messages: claimed for it, on their way, and over but not yet settled."""

    def __init__(  # noqa: PLR0915 - what a lane is made of
        self,
        provider: Provider,
        store: Store,
        clock: Clock,
        patience: Patience,
        place: Callable[[Claimed], None],
    ) -> None:
        """`place`: finds another lane for what was claimed for this one."""
        self.provider = provider
        self._place = place
        self.outcomes: dict[str, int] = {}
        """How many hand-overs came to what, for the metrics."""
        self.stopped = ""
        """Why it is given nothing; empty while it is."""
        self.balance: int | None = None
        """How many texts are left there, where it tells."""
        self._store = store
        self._clock = clock
        self._patience = patience
        self._pace = _Pace(provider.rate, clock)
        self._is_asked = isinstance(provider, Asked)
        # An answer that comes in time must not find that the lease has ended.
        self._lease = max(LEASE, provider.timeout + _SPARE)
        self._claimed = Parcels(provider)
        self._begun: deque[Parcel] = deque()
        self._over: list[list[Attempted]] = []
        """By the call that they went with."""
        self._on_their_way = 0
        self._calls = 0
        self._beginning = asyncio.Lock()
        """Held while a begin is being committed: nobody may forget then what it was for."""
        self._stirred = asyncio.Event()
        self._stops = asyncio.Event()
        self._ended = asyncio.Event()
        self._all_settled = asyncio.Event()
        self._stopping = False
        self._workers: set[asyncio.Task[None]] = set()
        self._deadlines: dict[asyncio.Task[Any], Millis] = {}
        self._spare = False
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def room(self) -> int:
        """How many more may be claimed: two rounds are kept, so that it never runs dry."""
        call = self._claimed.most
        most = min(2 * self.provider.concurrency * call, max(2 * call, _MOST_KEPT))
        return most - len(self._claimed) - self._on_their_way

    def add(self, claimed: Claimed, providers: int) -> None:
        self._claimed.add(claimed, providers)
        self._stirred.set()

    def halt(self, reason: str) -> None:
        """Give it nothing more until `resume`; somebody must mend something."""
        was, self.stopped = self.stopped, reason
        if was:
            return
        _log.error("provider.stopped", provider=self.provider.name, reason=reason)
        self._stops.set()
        for waiting in self._claimed.clear():
            self._place(waiting.claimed)

    def resume(self) -> None:
        if self.stopped:
            _log.warning("provider.resumed", provider=self.provider.name)
        self.stopped = ""
        self._stops.clear()
        self._stirred.set()

    async def stops_within(self, seconds: float) -> bool:
        """Wait for so long; whether it has stopped."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stops.wait()
        return bool(self.stopped)

    def start(self) -> None:
        name = f"lane {self.provider.name}"
        loops = (self._begin_forever(), self._settle_forever(), self._watch_forever())
        self._tasks = [asyncio.create_task(one, name=name) for one in loops]

    def hold(self) -> None:
        """Hand over nothing more; what is on its way may arrive."""
        self._stopping = True

    async def stop(self, grace: Millis) -> None:
        """See `Dispatcher.stop`. What was claimed but not begun stays for the next process."""
        if not self._tasks:
            return
        beginning, settling, watching = self._tasks
        self._tasks = []
        loop = asyncio.get_running_loop()
        until = loop.time() + grace / SECOND
        # A store that takes nothing is not waited for: the next process finds what it began in doubt.
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until + _SETTLE_S):
                async with self._beginning:
                    await cancelled([beginning])
                if self._workers:
                    await asyncio.wait(self._workers, timeout=max(until - loop.time(), 0))
                await cancelled(self._workers)
                await self._clear_up()
        await cancelled([beginning, settling, watching, *self._workers])

    async def _clear_up(self) -> None:
        """Take back what no worker has touched, and settle the rest."""
        unsent = self._attempts(self._begun)
        self._begun.clear()
        while unsent:
            try:
                await self._store.unbegin(unsent)
                break
            except NotAccepted:
                await asyncio.sleep(STORE_RETRY_S)
            except Exception:  # noqa: BLE001 - a bug here must not keep the rest from being settled
                _log.exception("dispatch.unbegin_failed", messages=len(unsent))
                break
        while self._over:
            self._ended.set()
            await self._all_settled.wait()
            self._all_settled.clear()

    async def _begin_forever(self) -> None:
        while not self._stopping:
            self._stirred.clear()
            free = 0 if self.stopped else self.provider.concurrency - self._calls
            wanted = min(free * self._claimed.most, len(self._claimed))
            parcels = self._claimed.take(free, self._pace.allows(wanted))
            self._pace.spend(sum(map(len, parcels)))
            if parcels:
                async with self._beginning:
                    await self._begin(parcels)
            elif wanted:
                await asyncio.sleep(self._pace.wait_s)
            else:
                await self._stirred.wait()

    async def _begin(self, parcels: list[Parcel]) -> None:
        attempts = self._attempts(parcels)
        self._on_their_way += len(attempts)
        self._calls += len(parcels)
        try:
            begun = await self._store.begin(attempts, self._lease)
        except Exception as error:  # noqa: BLE001 - a bug here must not end all delivery
            if not isinstance(error, NotAccepted):
                _log.exception("dispatch.begin_failed", messages=len(attempts))
            self._on_their_way -= len(attempts)
            self._calls -= len(parcels)
            self._claimed.put_back(parcels)
            await asyncio.sleep(STORE_RETRY_S)
            return
        going = parcels if len(begun) == len(attempts) else _among(parcels, begun)
        self._on_their_way -= len(attempts) - sum(map(len, going))
        self._calls -= len(parcels) - len(going)
        self._begun.extend(going)
        self._hire()

    def _attempts(self, parcels: Iterable[Parcel]) -> list[Begun]:
        name = self.provider.name
        return [
            Begun(one.claimed.message.id, one.claimed.token, name)
            for parcel in parcels
            for one in parcel
        ]

    def _hire(self) -> None:
        """See that some worker will come for what is begun; one that is busy hires the next."""
        if self._begun and not self._spare:
            self._spare = True
            worker = asyncio.create_task(self._work(), name=f"worker {self.provider.name}")
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def _work(self) -> None:
        """Hand over while there is something. A provider that never waits needs one worker."""
        worker = asyncio.current_task()
        assert worker is not None  # noqa: S101 - a worker is a task
        self._spare = False
        while self._begun and not self._stopping:
            parcel = self._begun.popleft()
            self._hire()
            started_at = self._clock()
            self._note(parcel, started_at, await self._send(parcel, started_at, worker))

    def _note(self, parcel: Parcel, started_at: Millis, outcomes: Sequence[Outcome]) -> None:
        ended_at = self._clock()
        over = []
        for one, outcome in zip(parcel, outcomes, strict=True):
            if isinstance(outcome, Deferred) and outcome.stops:
                self.halt(outcome.reason)
            over.append(
                Attempted(
                    claimed=one.claimed,
                    provider=self.provider.name,
                    providers=one.providers,
                    started_at=started_at,
                    ended_at=ended_at,
                    outcome=outcome,
                    is_asked=self._is_asked,
                )
            )
        self._over.append(over)
        self._ended.set()

    async def _send(
        self, parcel: Parcel, now: Millis, worker: asyncio.Task[Any]
    ) -> Sequence[Outcome]:
        """One call within its time. Anything but an answer may have been a send."""
        outcome: Outcome
        if self.stopped:
            outcome = Deferred(self.stopped)
        elif not (time := self._time_for(parcel, now)):
            outcome = Deferred("Its time was over before it could be tried again.")
        else:
            self._deadlines[worker] = now + time
            try:
                if len(parcel) == 1:
                    return [await self.provider.send(parcel[0].claimed.message)]
                return await self._send_many(parcel)
            except asyncio.CancelledError:
                ended = "The process ended before the provider answered."
                late = "The provider did not answer in time."
                outcome = Unconfirmed(ended if self._stopping else late)
            except Exception as error:  # noqa: BLE001 - a provider's bug must not become a second send
                _log.exception("dispatch.provider_failed", provider=self.provider.name)
                outcome = Unconfirmed(f"The provider failed: {type(error).__name__}.")
            finally:
                del self._deadlines[worker]
                worker.uncancel()  # What it was cancelled for is over, however the provider took it.
        return [outcome] * len(parcel)

    async def _send_many(self, parcel: Parcel) -> Sequence[Outcome]:
        assert isinstance(self.provider, Grouping)  # noqa: S101 - others get parcels of one
        outcomes = await self.provider.send_many([one.claimed.message for one in parcel])
        if len(outcomes) != len(parcel):
            raise ValueError(f"{len(outcomes)} outcomes of {len(parcel)} messages")
        return outcomes

    async def _watch_forever(self) -> None:
        """End the hand-overs that take too long. One look for all costs less than a timer each."""
        while True:
            await asyncio.sleep(_LOOK_S)
            now = self._clock()
            for worker, deadline in self._deadlines.items():
                if deadline <= now:
                    worker.cancel()

    def _time_for(self, parcel: Parcel, now: Millis) -> Millis:
        """How long the provider has; 0 when it is too late for a try."""
        time = self.provider.timeout
        for one in parcel:
            if one.claimed.message.kind is Kind.VERIFICATION:
                first = one.claimed.first_attempt_at or now
                left = self._patience.verification_ends_at(first) - now
                time = min(time, left) if left >= WORTH else 0
        return time

    async def _settle_forever(self) -> None:
        while True:
            await self._ended.wait()
            self._ended.clear()
            try:
                await self._settle()
            except NotAccepted:
                await asyncio.sleep(STORE_RETRY_S)
                self._ended.set()

    async def _settle(self) -> None:
        """All that is over, in one commit. What the store refuses is tried again."""
        over = self._over[:]
        if not over:
            return
        settlements = [settlement(one, self._patience) for call in over for one in call]
        settled = await self._settled(settlements)
        del self._over[: len(over)]
        self._on_their_way -= len(settlements)
        self._calls -= len(over)
        self._stirred.set()
        self._all_settled.set()
        for one in settlements:
            self.outcomes[one.outcome] = self.outcomes.get(one.outcome, 0) + 1
            if one.message.id not in settled:
                _log.warning("dispatch.fenced", message=one.message.id, outcome=one.outcome)

    async def _settled(self, settlements: list[Settlement]) -> set[MessageId]:
        """Those that were settled. One that the store chokes on must not hold the others up: its
        lease ends, and it is in doubt.
        """
        try:
            return await self._store.settle(settlements)
        except NotAccepted:
            raise
        except Exception:  # noqa: BLE001 - a bug here must not end all delivery
            _log.exception("dispatch.settle_failed", messages=len(settlements))
            if len(settlements) == 1:
                return set()
        singly = [await self._settled([one]) for one in settlements]
        return set().union(*singly)


def _among(parcels: Iterable[Parcel], begun: set[MessageId]) -> list[Parcel]:
    """What is left of them."""
    left = [[one for one in parcel if one.claimed.message.id in begun] for parcel in parcels]
    return [parcel for parcel in left if parcel]


class _Pace:
    """At most `rate` a second, in bursts of a tenth of it; any number when `rate` is 0."""

    def __init__(self, rate: float, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._burst = max(rate / 10, 1.0)
        self._allowed = self._burst
        self._at = clock()

    @property
    def wait_s(self) -> float:
        """Seconds until one more is allowed."""
        return max((1 - self._allowed) / self._rate, 0.001)

    def allows(self, wanted: int) -> int:
        """How many of these may go now."""
        if not self._rate or not wanted:
            return wanted
        now = self._clock()
        earned = (now - self._at) / SECOND * self._rate
        self._allowed, self._at = min(self._allowed + earned, self._burst), now
        return min(wanted, int(self._allowed))

    def spend(self, taken: int) -> None:
        self._allowed -= taken


async def cancelled(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel them, and wait until they have ended."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)
