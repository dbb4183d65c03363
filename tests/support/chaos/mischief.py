"""What happens to the fleet: one thing after the other, at random, until the time is up."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import asyncpg

from support.chaos.fleet import FAKETIME, Fleet, Member, Role
from support.cluster import Cluster, Mode

LEASE_S: Final = 30.0
_BEYOND_LEASE_S: Final = LEASE_S + 3
_REST_S: Final = (0.2, 2.0)
_DOWN_S: Final = (0.1, 2.0)
_FULL_S: Final = 2.0
_STEPS_S: Final = (-7_200, -90, -31, 31, 90, 7_200, 90_000)

_BACKENDS: Final = (
    "SELECT pid FROM pg_stat_activity"
    " WHERE application_name LIKE 'hongyan%' AND pid <> pg_backend_pid()"
)


class Mischief:
    """Does things, counts them, and mends what must be mended for the end."""

    def __init__(self, cluster: Cluster, fleet: Fleet, chance: random.Random) -> None:
        self.done: Counter[str] = Counter()
        self._cluster = cluster
        self._fleet = fleet
        self._chance = chance
        self._mending: set[asyncio.Task[None]] = set()
        self._things: dict[str, tuple[int, Callable[[], Awaitable[None]]]] = {
            "web killed": (4, lambda: self._kill("web")),
            "worker killed": (4, lambda: self._kill("worker")),
            "worker paused beyond its lease": (2, self._pause),
            "connections ended": (6, self._end_connections),
            "database restarted fast": (2, lambda: self._restart("fast")),
            "database restarted at once": (2, lambda: self._restart("immediate")),
            "connections used up": (2, self._fill),
        }
        if FAKETIME is not None:
            self._things["clock of one process set"] = (4, self._step_clock)

    async def run(self, seconds: float) -> None:
        """Everything once at least, in random order, then at random."""
        until = asyncio.get_running_loop().time() + seconds
        names = list(self._things)
        first = self._chance.sample(names, len(names))
        # A pause takes longest, so it comes early.
        first.sort(key=lambda name: name != "worker paused beyond its lease")
        weights = [weight for weight, _ in self._things.values()]
        while asyncio.get_running_loop().time() < until:
            name = first.pop(0) if first else self._chance.choices(names, weights)[0]
            _, happens = self._things[name]
            with suppress(_NotNow):
                await happens()
                self.done[name] += 1
            await asyncio.sleep(self._chance.uniform(*_REST_S))

    async def mend(self) -> None:
        """Wait until all that was hurt is back."""
        while self._mending:
            await asyncio.gather(*self._mending)

    async def _kill(self, role: Role) -> None:
        member = self._one(role)
        member.signal(signal.SIGKILL)
        await asyncio.to_thread(member.end)
        self._mend(self._start(member))

    async def _start(self, member: Member) -> None:
        await asyncio.sleep(self._chance.uniform(*_DOWN_S))
        member.start()
        await member.ready()

    async def _pause(self) -> None:
        """One worker at a time, while the others go on; it wakes and finds its lease gone."""
        if any(member.paused for member in self._fleet.members):
            raise _NotNow
        member = self._one("worker")
        member.paused = True
        member.signal(signal.SIGSTOP)
        self._mend(self._wake(member))

    async def _wake(self, member: Member) -> None:
        await asyncio.sleep(_BEYOND_LEASE_S)
        member.signal(signal.SIGCONT)
        member.paused = False

    async def _end_connections(self) -> None:
        connection = await self._connected()
        pids = [row[0] for row in await connection.fetch(_BACKENDS)]
        some = self._chance.sample(pids, self._chance.randint(0, len(pids)))
        for pid in some:
            await connection.execute("SELECT pg_terminate_backend($1)", pid)
        await connection.close()

    async def _restart(self, mode: Mode) -> None:
        await asyncio.to_thread(self._cluster.stop, mode)
        await asyncio.sleep(self._chance.uniform(*_DOWN_S))
        await asyncio.to_thread(self._cluster.start)

    async def _fill(self) -> None:
        """Others take every connection there is, and those of the fleet are cut."""
        taken = [await self._connected()]
        with suppress(asyncpg.PostgresError, OSError):
            while True:
                taken.append(await self._cluster.connect())
        with suppress(asyncpg.PostgresError, OSError):
            for row in await taken[0].fetch(_BACKENDS):
                await taken[0].execute("SELECT pg_terminate_backend($1)", row[0])
                taken.append(await self._cluster.connect())
        await asyncio.sleep(_FULL_S)
        for connection in taken:
            with suppress(asyncpg.PostgresError, OSError):
                await connection.close()

    async def _step_clock(self) -> None:
        members = [member for member in self._fleet.members if member.usable]
        self._choose(members).step_clock(self._chance.choice(_STEPS_S))

    async def _connected(self) -> "asyncpg.Connection[asyncpg.Record]":
        try:
            return await self._cluster.connect()
        except (asyncpg.PostgresError, OSError) as error:
            raise _NotNow from error

    def _one(self, role: Role) -> Member:
        return self._choose(self._fleet.usable(role))

    def _choose(self, members: list[Member]) -> Member:
        if not members:
            raise _NotNow
        return self._chance.choice(members)

    def _mend(self, mending: Awaitable[None]) -> None:
        async def mended() -> None:
            await mending

        task = asyncio.create_task(mended())
        self._mending.add(task)
        task.add_done_callback(self._mending.discard)


class _NotNow(Exception):
    """There is nobody left to do it to."""
