"""Inquire: ask those providers that do not tell by themselves what became of a message.

Each is asked by itself, as many questions a second as it bears. Where more is sent than can be asked
about, doubts have half of the questions, and what became due last goes first: a status is of use
while somebody waits for it.

An answer counts, whatever it says. A question without one is asked again after a time that grows
with its failures: those that fail for their own sake must not keep all others from being asked.
"""

import asyncio
from collections.abc import Iterable
from enum import Enum, auto
from typing import Final

import structlog

from hongyan.core.errors import NotAccepted
from hongyan.core.identifier import MessageId
from hongyan.core.inquiry import believed, wait, wait_failed
from hongyan.core.message import ENDS
from hongyan.core.time import MINUTE, SECOND, Millis
from hongyan.service.ports import Asked, Clock, Inquiry, Provider, Receipt, Store, Told

_LEASE: Final[Millis] = 3 * MINUTE
"""Longer than any round: the slowest question takes two of these minutes."""
_MOST: Final = 100
_IDLE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0
_MOST_COUNTED: Final = 10_000
_log: Final = structlog.get_logger()


class Round(Enum):
    """What came of asking a provider about what was due."""

    IDLE = auto()
    HEARD = auto()
    FAILED = auto()


class _Counts:
    """A number for each of the messages that were counted last; none is of use for long."""

    def __init__(self) -> None:
        self._counts: dict[MessageId, int] = {}

    def of(self, message: MessageId) -> int:
        return self._counts.get(message, 0)

    def add(self, message: MessageId) -> int:
        """One more; how many these are."""
        count = self._counts.pop(message, 0) + 1
        self._counts[message] = count
        if len(self._counts) > _MOST_COUNTED:
            del self._counts[next(iter(self._counts))]
        return count

    def forget(self, message: MessageId) -> None:
        self._counts.pop(message, None)


class Inquirer:
    """Asks, spaced as each provider wants it, and hands what it hears to the store."""

    def __init__(self, store: Store, providers: Iterable[Provider], clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._asked = {one.name: one for one in providers if isinstance(one, Asked)}
        self._failures = dict.fromkeys(self._asked, 0)
        """Rounds running that failed, by provider."""
        self._failed = _Counts()
        """Questions running that were not answered."""
        self._silent = _Counts()
        """Answers that said nothing."""

    async def run(self) -> None:
        """For ever, unless there is nobody to ask."""
        async with asyncio.TaskGroup() as group:
            for name in self._asked:
                group.create_task(self._ask_forever(name), name=f"inquire {name}")

    async def inquire(self, name: str, most: int = _MOST) -> Round:
        """Ask a provider about what is due, a second's worth of it at most."""
        provider = self._asked[name]
        most = max(min(most, int(provider.asks_a_second), _MOST), 1)
        due = await self._store.claim_inquiries(name, most, _LEASE)
        asking = []
        async with asyncio.TaskGroup() as group:
            for one in due:
                asking.append(group.create_task(self._ask(name, one)))
                await asyncio.sleep(1 / provider.asks_a_second)
        if not asking:
            return Round.IDLE
        return Round.HEARD if all(one.result() for one in asking) else Round.FAILED

    async def _ask_forever(self, name: str) -> None:
        """While it cannot be asked, it is tried with one question at a time, ever more seldom."""
        while True:
            try:
                came = await self.inquire(name, 1 if self._failures[name] else _MOST)
            except NotAccepted:
                came = Round.IDLE
            except Exception:  # noqa: BLE001 - one bad row must not end all inquiries
                _log.exception("inquire.failed", provider=name)
                came = Round.FAILED
            if came is Round.HEARD:
                self._failures[name] = 0
            elif came is Round.IDLE:
                await asyncio.sleep(_IDLE_S)
            else:
                pause_s = self._pause_s(name)
                self._failures[name] += 1
                await asyncio.sleep(pause_s)

    def _pause_s(self, name: str) -> float:
        """After a round that fails now."""
        return min(2.0 ** min(self._failures[name] + 1, 10), _LONGEST_PAUSE_S)

    async def _ask(self, name: str, inquiry: Inquiry) -> bool:
        """Whether it answered, and that is kept; else it is asked again."""
        told = await self._told(self._asked[name], inquiry)
        try:
            if told.failed:
                await self._failed_to_ask(name, inquiry)
            else:
                await self._heard(inquiry, told)
        except NotAccepted:
            return False
        return not told.failed

    async def _told(self, provider: Asked, inquiry: Inquiry) -> Told:
        try:
            return await provider.ask(inquiry.message)
        except Exception:  # noqa: BLE001 - a provider's bug must not end all inquiries
            _log.exception("inquire.provider_failed")
            return Told(failed=True)

    async def _failed_to_ask(self, name: str, inquiry: Inquiry) -> None:
        """Put off beyond the pause that follows: after it another is asked, where one is due."""
        pause = int(self._pause_s(name) * SECOND)
        again = self._clock() + pause + wait_failed(self._failed.add(inquiry.message))
        await self._store.put_off({inquiry.message: again}, asked=False)

    async def _heard(self, inquiry: Inquiry, told: Told) -> None:
        asked, now = inquiry.asked + 1, self._clock()
        self._failed.forget(inquiry.message)
        if told.status is None and not told.unknown:
            self._silent.add(inquiry.message)
        telling = asked - self._silent.of(inquiry.message)
        status = believed(
            told.status, unknown=told.unknown, asked=telling, in_doubt=inquiry.in_doubt
        )
        if status is not None:
            await self._store.receive([Receipt(inquiry.message, status, now, told.code)])
        later = 0 if status in ENDS else wait(asked)
        if not later:
            self._silent.forget(inquiry.message)
        await self._store.put_off({inquiry.message: now + later if later else 0})
