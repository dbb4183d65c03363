"""The sandbox phone's network: delivers into the browser, in development only.

Nine numbers answer with a fault at hand-over, so that an app can be tried against each of them; the
table below is the one in docs/reference/sandbox.md. All other numbers are delivered.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Annotated, Final

import msgspec
import structlog
from msgspec import Meta

from hongyan.core.errors import NotAccepted
from hongyan.core.identifier import MessageId, written
from hongyan.core.message import Message, Status
from hongyan.core.outcome import Accepted, Deferred, Outcome, Rejected, Unconfirmed
from hongyan.core.time import SECOND
from hongyan.service.handset import Handset
from hongyan.service.ports import Clock, Receipt

FAULTS: Final = {
    "+8619900000001": "Rejected: the number does not exist.",
    "+8619900000002": "Deferred once; accepted and delivered at the second attempt.",
    "+8619900000003": "Deferred every time: the provider is busy.",
    "+8619900000004": "Never answers: unconfirmed, and nothing arrives.",
    "+8619900000005": "Cut off after it took the text: unconfirmed, though it arrives.",
    "+8619900000006": "Accepted, then reported as undelivered.",
    "+8619900000007": "Accepted and delivered, but no receipt ever comes.",
    "+8619900000008": "The receipt comes before the provider's answer.",
    "+8619900000009": "Unreadable answer: unconfirmed; a second later a receipt says delivered.",
}
"""What becomes of a text to each of the nine scripted numbers."""

_LATE_RECEIPT_S: Final = 1.0
_MOST_DEFERRED: Final = 10_000

Receive = Callable[[Sequence[Receipt]], Awaitable[None]]
_log: Final = structlog.get_logger()


class SandboxSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[providers.sandbox]` in the configuration. `dev` only."""

    concurrency: Annotated[int, Meta(ge=1, le=10_000)] = 256
    rate: Annotated[float, Meta(ge=0, le=1_000_000)] = 0
    """Texts a second; 0 for any number."""
    timeout_s: Annotated[float, Meta(ge=0.001, le=60)] = 5
    receipt_delay_s: Annotated[float, Meta(ge=0, le=60)] = 0.05


class Sandbox:
    """See `service.ports.Provider`; and `service.parcel.Grouping`: texts that wait together arrive
    together, each of the nine numbers alone.
    """

    name = "sandbox"
    most = 256

    def __init__(
        self, settings: SandboxSettings, handset: Handset, receive: Receive, clock: Clock
    ) -> None:
        self.concurrency = settings.concurrency
        self.rate = settings.rate
        self.timeout = int(settings.timeout_s * SECOND)
        self._receipt_delay_s = settings.receipt_delay_s
        self._handset = handset
        self._receive = receive
        self._clock = clock
        self._receipts: list[Receipt] = []
        self._flushing: asyncio.TimerHandle | None = None
        self._deferred: dict[MessageId, None] = {}
        self._reporting: set[asyncio.Task[None]] = set()
        scripts = (
            self._reject,
            self._defer_once,
            self._defer,
            self._keep_silent,
            self._cut_off,
            self._fail_to_deliver,
            self._report_nothing,
            self._report_early,
            self._answer_garbage,
        )
        self._scripts = dict(zip(FAULTS, scripts, strict=True))

    async def send(self, message: Message) -> Outcome:
        """Deliver, or do what the table says."""
        script = self._scripts.get(message.phone)
        return await script(message) if script else self._deliver(message)

    def group(self, message: Message) -> Hashable | None:
        """All but the nine."""
        return None if message.phone in self._scripts else ()

    async def send_many(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        """Deliver: none of the nine comes with others."""
        return self._deliver_all(messages)

    async def close(self) -> None:
        """Hand in the receipts that are on their way: after this the store takes none."""
        if self._flushing is not None:
            self._flushing.cancel()
        if self._receipts:
            self._flush()
        await asyncio.gather(*self._reporting)

    def _deliver(self, message: Message, status: Status | None = Status.DELIVERED) -> Outcome:
        [outcome] = self._deliver_all([message], status)
        return outcome

    def _deliver_all(
        self, messages: Sequence[Message], status: Status | None = Status.DELIVERED
    ) -> list[Outcome]:
        """Put the texts on the handset (unless they are undeliverable); the receipts follow."""
        if status is not Status.UNDELIVERED:
            self._handset.deliver(messages)
        if status is not None:
            now = self._clock()
            receipts = [Receipt(one.id, status, now) for one in messages]
            self._report(receipts, self._receipt_delay_s)
        return [Accepted(written(one.id)) for one in messages]

    def _report(self, receipts: list[Receipt], delay_s: float) -> None:
        """Receipts that come within one delay travel together."""
        loop = asyncio.get_running_loop()
        if delay_s != self._receipt_delay_s:
            loop.call_later(delay_s, self._start_flush, receipts)
            return
        if not self._receipts:
            self._flushing = loop.call_later(delay_s, self._flush)
        self._receipts += receipts

    def _flush(self) -> None:
        receipts, self._receipts = self._receipts, []
        self._start_flush(receipts)

    def _start_flush(self, receipts: list[Receipt]) -> None:
        task = asyncio.create_task(self._hand_in(receipts), name="sandbox receipts")
        self._reporting.add(task)
        task.add_done_callback(self._reporting.discard)

    async def _hand_in(self, receipts: list[Receipt]) -> None:
        try:
            await self._receive(receipts)
        except NotAccepted as error:
            # A real network would report again; the messages stay submitted.
            _log.warning("sandbox.receipts_lost", count=len(receipts), reason=str(error))

    # The nine numbers.

    async def _reject(self, _message: Message) -> Outcome:
        return Rejected("no_such_number", "The number does not exist.")

    async def _defer_once(self, message: Message) -> Outcome:
        if message.id in self._deferred:
            del self._deferred[message.id]
            return self._deliver(message)
        if len(self._deferred) < _MOST_DEFERRED:
            self._deferred[message.id] = None
        return Deferred("The provider is busy.")

    async def _defer(self, _message: Message) -> Outcome:
        return Deferred("The provider is busy.")

    async def _keep_silent(self, _message: Message) -> Outcome:
        await asyncio.get_running_loop().create_future()
        return Unconfirmed("The provider did not answer in time.")

    async def _cut_off(self, message: Message) -> Outcome:
        self._handset.deliver([message])
        return Unconfirmed("The connection was cut before the answer.")

    async def _fail_to_deliver(self, message: Message) -> Outcome:
        return self._deliver(message, Status.UNDELIVERED)

    async def _report_nothing(self, message: Message) -> Outcome:
        return self._deliver(message, None)

    async def _report_early(self, message: Message) -> Outcome:
        await self._hand_in([Receipt(message.id, Status.DELIVERED, self._clock())])
        return self._deliver(message, None)

    async def _answer_garbage(self, message: Message) -> Outcome:
        self._handset.deliver([message])
        late = Receipt(message.id, Status.DELIVERED, self._clock())
        self._report([late], _LATE_RECEIPT_S)
        return Unconfirmed("The provider's answer could not be read.")
