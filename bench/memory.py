"""What a million messages of the recent window cost in memory, and whether they give it back.

`python -m bench.memory [MILLIONS]` prints one line of JSON.
"""

import asyncio
import gc
import json
import sys
import tempfile
import time
from pathlib import Path

import psutil
import uvloop

from hongyan.app.memory import give_back_memory, settle_memory
from hongyan.core.command import Idempotency, Send
from hongyan.core.limit import Window
from hongyan.core.message import Kind, Message, Status
from hongyan.core.policy import Policy
from hongyan.core.time import DAY, SECOND
from hongyan.core.verification import Rules
from hongyan.service.ports import Begun, Claimed, Settlement
from hongyan.store.opening import StoreSettings
from hongyan.store.sqlite import SqliteStore, administration, seal_of

_AT_ONCE = 200
_WINDOWS = (Window("30s", 1, 30 * SECOND), Window("day", 10, DAY, natural_day=True))


class _Clock:
    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead


class Filling:
    """A store that is filled with messages to distinct numbers under distinct keys."""

    def __init__(self, directory: Path) -> None:
        self.clock = _Clock()
        self._seal = seal_of(directory, self.clock, create=True)
        administering = administration(directory, self._seal, self.clock)
        account = administering.create_account("bench", "enterprise")
        administering.add_package(account, 10**9, "bench")
        administering.create_app(account, "app_bench", "bench")
        administering.close()
        self.store = SqliteStore(
            directory, self._seal, Rules(Policy()), StoreSettings(), self.clock, _fail
        )
        self._count = 0

    async def fill(self, to: int) -> None:
        await asyncio.gather(*(self._send_until(to) for _ in range(_AT_ONCE)))

    async def deliver(self) -> None:
        """Take what waits off the line, so that only the window remains."""
        while claimed := await self.store.claim({Kind.NOTICE: 250}, 30 * SECOND):
            begun = [Begun(one.message.id, one.token, "none") for one in claimed]
            await self.store.begin(begun, 30 * SECOND)
            await self.store.settle([_settled(one, self.clock()) for one in claimed])

    async def _send_until(self, to: int) -> None:
        while self._count < to:
            self._count += 1
            await self.store.accept(self._command(self._count))

    def _command(self, number: int) -> Send:
        phone = f"+861{3_000_000_000 + number}"
        message = Message(
            id=self.store.next_id(),
            account=1,
            app=1,
            kind=Kind.NOTICE,
            template=0,
            phone=phone,
            phone_mark=self._seal.mark(b"phone", phone.encode()),
            text="【鸿雁】您好，理发已为您预约成功，请按时到店。",
            units=1,
            expires_at=self.clock() + DAY,
        )
        key = self._seal.mark(b"idempotency", b"%d" % number)
        return Send(
            (message,), _WINDOWS, Idempotency(key, self._seal.mark(b"request", phone.encode()))
        )


def _settled(claimed: Claimed, now: int) -> Settlement:
    return Settlement(
        message=claimed.message,
        token=claimed.token,
        status=Status.SUBMITTED,
        number=1,
        provider="none",
        started_at=now,
        ended_at=now,
        outcome="accepted",
    )


class Pauses:
    """The longest time for which the loop, or a garbage collection, let nothing else run."""

    def __init__(self) -> None:
        self.longest_loop = self.longest_gc = 0.0
        self._gc_began = 0.0
        gc.callbacks.append(self._note_gc)

    async def watch(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            self.longest_loop = max(self.longest_loop, time.perf_counter() - began - 0.001)

    def _note_gc(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._gc_began = time.perf_counter()
        else:
            self.longest_gc = max(self.longest_gc, time.perf_counter() - self._gc_began)


async def main(millions: float) -> None:
    with tempfile.TemporaryDirectory(prefix="hongyan-bench-") as folder:
        filling = Filling(Path(folder))
        await filling.store.start()
        settle_memory()
        pauses = Pauses()
        watching = asyncio.create_task(pauses.watch())
        rss = [_rss()]
        for part in (0.5, 1.0):
            await filling.fill(int(part * millions * 1e6))
            await filling.deliver()
            rss.append(_rss())
        entries = filling.store.standing().recent
        disk = (Path(folder) / "hongyan.db").stat().st_size
        filling.clock.ahead = 2 * DAY
        while filling.store.standing().recent:
            await filling.store.sweep()
        for _ in range(200):
            await filling.store.refresh()
        watching.cancel()
        await asyncio.to_thread(give_back_memory)
        count = millions * 1e6
        print(
            json.dumps(
                {
                    "messages": int(count),
                    "rss_mb": [round(one / 1e6, 1) for one in rss],
                    "bytes_a_message": round((rss[2] - rss[0]) / count),
                    "entries": entries,
                    "rss_mb_after_the_window": round(_rss() / 1e6, 1),
                    "disk_bytes_a_message": round(disk / count),
                    "longest_loop_pause_ms": round(pauses.longest_loop * 1e3, 1),
                    "longest_gc_pause_ms": round(pauses.longest_gc * 1e3, 1),
                }
            )
        )
        await filling.store.close()


def _fail(error: BaseException) -> None:
    raise SystemExit(str(error))


def _rss() -> int:
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    uvloop.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
