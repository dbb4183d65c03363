"""The supervisor: its processes come back when they die, and end when it does, however that is."""

import asyncio
import os
import select
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hongyan.app.supervisor import Supervisor

DEADLINE_S = 10.0

WELL = """
    begin()
    os.write(line, b"ready\\n")
    os.read(line, 1)
"""
"""A child that ends when its supervisor does."""


@dataclass
class Nursery:
    """A supervisor of scripts, and the pids that these have written down."""

    folder: Path
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    running: "asyncio.Task[int] | None" = None
    supervisor: Supervisor | None = None

    def script(self, body: str) -> Path:
        path = self.folder / "child.py"
        path.write_text(
            "import os, signal, sys, time\n"
            "line = int(sys.argv[1])\n"
            "def begin():\n"
            "    with open(sys.argv[2], 'a') as file: file.write(f'{os.getpid()}\\n')\n"
            "def lives():\n"
            "    return len(open(sys.argv[2]).readlines())\n" + textwrap.dedent(body)
        )
        return path

    def begin(self, body: str, processes: int = 2, stop_s: float = DEADLINE_S) -> None:
        path, born = self.script(body), self.folder / "born"
        self.supervisor = Supervisor(
            lambda line: [sys.executable, str(path), str(line), str(born)],
            processes,
            dict(os.environ),
            self.ready.set,
            first_pause_s=0.01,
        )
        self.running = asyncio.create_task(self.supervisor.run(stop_s))

    @property
    def pids(self) -> list[int]:
        """In the order in which they were born."""
        born = self.folder / "born"
        return [int(line) for line in born.read_text().splitlines()] if born.exists() else []

    async def until_born(self, count: int) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while len(self.pids) < count:
                await asyncio.sleep(0.01)

    async def stopped(self) -> int:
        assert self.supervisor is not None
        self.supervisor.stop()
        return await self.ended()

    async def ended(self) -> int:
        assert self.running is not None
        async with asyncio.timeout(DEADLINE_S):
            return await self.running


@pytest.fixture
async def nursery(tmp_path: Path) -> AsyncIterator[Nursery]:
    found = Nursery(tmp_path)
    yield found
    if found.running is not None and not found.running.done():
        await found.stopped()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_all_are_open_before_it_says_so_and_all_end_with_it(nursery: Nursery) -> None:
    nursery.begin(WELL, 3)
    await nursery.ready.wait()
    assert len(nursery.pids) == 3
    assert await nursery.stopped() == 0
    assert not any(map(is_alive, nursery.pids))


async def test_one_that_is_killed_is_begun_again(nursery: Nursery) -> None:
    nursery.begin(WELL)
    await nursery.ready.wait()
    for lives in (3, 4):
        os.kill(nursery.pids[-1], signal.SIGKILL)
        await nursery.until_born(lives)
    assert await nursery.stopped() == 0
    assert not any(map(is_alive, nursery.pids))


async def test_it_ends_when_one_cannot_begin(nursery: Nursery) -> None:
    body = """
        begin()
        if lives() == 2: sys.exit(75)
        os.write(line, b"ready\\n")
        os.read(line, 1)
    """
    nursery.begin(body)
    assert await nursery.ended() == 75
    assert not nursery.ready.is_set()
    assert not any(map(is_alive, nursery.pids))


async def test_it_ends_when_none_can_be_begun_any_more(nursery: Nursery) -> None:
    body = """
        begin()
        if lives() > 1: sys.exit(1)
        os.write(line, b"ready\\n")
        sys.exit(0)
    """
    nursery.begin(body, 1)
    assert await nursery.ended() == 1
    assert len(nursery.pids) == 6


async def test_one_that_does_not_stop_is_killed(nursery: Nursery) -> None:
    body = """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        begin()
        os.write(line, b"ready\\n")
        time.sleep(60)
    """
    nursery.begin(body, 1, stop_s=0.1)
    await nursery.ready.wait()
    assert await nursery.stopped() == 128 + signal.SIGKILL
    assert not is_alive(nursery.pids[0])


async def test_one_that_stops_badly_is_told_by_the_exit_code(nursery: Nursery) -> None:
    body = """
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
        begin()
        os.write(line, b"ready\\n")
        time.sleep(60)
    """
    nursery.begin(body)
    await nursery.ready.wait()
    assert await nursery.stopped() == 7


def test_children_end_when_it_is_killed(tmp_path: Path) -> None:
    nursery = Nursery(tmp_path)
    path, born = nursery.script(WELL), tmp_path / "born"
    parent = tmp_path / "parent.py"
    parent.write_text(
        "import sys\n"
        "from hongyan.app.supervisor import supervise\n"
        f"command = lambda line: [sys.executable, {str(path)!r}, str(line), {str(born)!r}]\n"
        "supervise(command, 2, lambda: print('ready', flush=True))\n"
    )
    process = subprocess.Popen([sys.executable, str(parent)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    ends = [os.pidfd_open(pid) for pid in nursery.pids]
    process.kill()
    process.wait()
    process.stdout.close()
    for end in ends:  # Readable once the process has ended.
        assert select.select([end], [], [], DEADLINE_S)[0]
        os.close(end)
