"""What each step of a message costs: the process that does it, and its database.

`python -m bench.costs [--store sqlite|postgres]` takes messages through a store all the way, many at
once, without HTTP and without a provider: accepted (limits, Idempotency-Key, debit), handed over (claimed,
begun, settled), their receipts applied. Prints one line of JSON.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import uvloop

from bench.databases import Probe, database
from hongyan.app.memory import settle_memory
from hongyan.app.place import Place
from hongyan.app.stores import OpenStore, opener_of
from hongyan.core.command import Idempotency, Send, Sent
from hongyan.core.limit import Window
from hongyan.core.message import Kind, Message, Status
from hongyan.core.policy import Policy
from hongyan.core.time import DAY, SECOND
from hongyan.core.verification import Rules
from hongyan.service.accept import PHONE
from hongyan.service.ports import Begun, Clock, Receipt, Settlement
from hongyan.store.opening import StoreSettings
from hongyan.store.seal import Seal

_WINDOWS: Final = (Window("30s", 1, 30 * SECOND), Window("day", 10, DAY, natural_day=True))
_LEASE: Final = 30 * SECOND
_BATCH: Final = 256
_LANES: Final = 4
"""Batches that are handed over at once."""


class House:
    """A store with an account and an app, and the numbers that it has texted."""

    def __init__(self, store: OpenStore, seal: Seal, clock: Clock) -> None:
        self._store = store
        self._seal = seal
        self._clock = clock
        self._count = 0
        self._over: list[Receipt] = []

    async def accept(self, messages: int, at_once: int) -> int:
        to = self._count + messages
        await asyncio.gather(*(self._accept_until(to) for _ in range(at_once)))
        return messages

    async def hand_over(self) -> int:
        counts = await asyncio.gather(*(self._hand_over() for _ in range(_LANES)))
        return sum(counts)

    async def receive(self) -> int:
        over, self._over = self._over, []
        batches = [over[start : start + _BATCH] for start in range(0, len(over), _BATCH)]
        waiting = iter(batches)
        await asyncio.gather(*(self._receive(waiting) for _ in range(_LANES)))
        return len(over)

    async def _accept_until(self, to: int) -> None:
        while self._count < to:
            self._count += 1
            answer = await self._store.accept(self._command(self._count))
            assert isinstance(answer, Sent)

    async def _hand_over(self) -> int:
        count = 0
        while claimed := await self._store.claim({Kind.NOTICE: _BATCH}, _LEASE):
            begun = [Begun(one.message.id, one.token, "none") for one in claimed]
            await self._store.begin(begun, _LEASE)
            now = self._clock()
            settled = await self._store.settle(
                [
                    Settlement(
                        message=one.message,
                        token=one.token,
                        status=Status.SUBMITTED,
                        number=1,
                        provider="none",
                        started_at=now,
                        ended_at=now,
                        outcome="accepted",
                        upstream_id="1",
                    )
                    for one in claimed
                ]
            )
            self._over += [Receipt(one, Status.DELIVERED, now, "DELIVRD") for one in settled]
            count += len(settled)
        return count

    async def _receive(self, waiting: Iterator[list[Receipt]]) -> None:
        for receipts in waiting:
            await self._store.receive(receipts)

    def _command(self, number: int) -> Send:
        phone = f"+861{3_000_000_000 + number * 7919 % 1_000_000_000}"
        message = Message(
            id=self._store.next_id(),
            account=1,
            app=1,
            kind=Kind.NOTICE,
            template=0,
            phone=phone,
            phone_mark=self._seal.mark(PHONE, phone.encode()),
            text="【鸿雁】您好，理发已为您预约成功，请按时到店。",
            units=1,
            expires_at=self._clock() + DAY,
        )
        key = self._seal.mark(b"idempotency", b"%d" % number)
        request = self._seal.mark(b"request", phone.encode())
        return Send((message,), _WINDOWS, Idempotency(key, request))


async def _measured(options: argparse.Namespace, place: Place, probe: Probe) -> dict[str, Any]:
    opener = opener_of(place)
    clock = opener.clock()
    seal = opener.furnish(clock)
    administering = opener.administration(seal, clock)
    account = administering.create_account("bench", "enterprise")
    administering.add_package(account, 1_000_000_000, "bench")
    administering.create_app(account, "app_bench", "bench")
    administering.close()
    store = opener.open(seal, Rules(Policy()), StoreSettings(), clock, _fail)
    await store.start()
    settle_memory()
    house = House(store, seal, clock)
    found: dict[str, Any] = {}
    for name, count in (("warm-up", options.messages // 5), ("", options.messages)):
        for step, work in (
            ("accept", lambda count=count: house.accept(count, options.at_once)),
            ("hand over", house.hand_over),
            ("receive", house.receive),
        ):
            cost = await _cost(work, probe)
            if not name:
                found[step] = cost
    await store.close()
    return found


async def _cost(work: Callable[[], Awaitable[int]], probe: Probe) -> dict[str, float]:
    before, began = await probe.look(), time.monotonic()
    cpu = time.process_time()
    count = await work()
    took, cpu = time.monotonic() - began, time.process_time() - cpu
    after = await probe.look()
    return {
        "a_second": round(count / took),
        "process_us": round(1e6 * cpu / count, 1),
        "database_us": round(1e6 * (after.cpu_s - before.cpu_s) / count, 1),
        "log_bytes": round((after.log_bytes - before.log_bytes) / count),
    }


def _fail(error: BaseException) -> None:
    raise SystemExit(str(error))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.costs", description=__doc__)
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="postgres")
    parser.add_argument("--messages", type=int, default=50_000, help="of each step (50000)")
    parser.add_argument("--at-once", type=int, default=200, help="callers that wait (200)")
    parser.add_argument(
        "--server",
        default="postgresql://postgres@127.0.0.1:5432/postgres",
        help="where a database may be made (%(default)s)",
    )
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hongyan-bench-")))
        url = stack.enter_context(database(options.server)) if options.store == "postgres" else ""
        place = Place(directory=folder, database=url)
        print(json.dumps(uvloop.run(_measured(options, place, Probe(url)))))


if __name__ == "__main__":
    main()
