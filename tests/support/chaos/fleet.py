"""The fleet: web and worker processes of one house, each of which may be hurt and comes back."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, Self

WEBS: Final = 2
WORKERS: Final = 2
FAKETIME: Final = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
"""By which one process's clock is set; Debian's package libfaketime."""

Role = Literal["web", "worker"]
_READY_S: Final = 60.0
_BEGINNINGS: Final = 10
_SLEEP: Final = "import threading, time; time.sleep = lambda s: threading.Event().wait(s)"
"""libfaketime 0.9.10 fails where Python's time.sleep waits for an absolute moment."""
_COMMAND: Final = (sys.executable, "-c", f"{_SLEEP}; from hongyan.cli import main; main()")


@dataclass
class Member:
    """One process of the fleet, over all its lives."""

    role: Role
    number: int
    folder: Path
    data: Path
    lives: int = 0
    address: str = ""
    process: subprocess.Popen[bytes] | None = None
    paused: bool = False
    said: str = ""
    """What it printed first."""
    expected: set[int] = field(default_factory=set)
    """The pids that the harness itself has killed."""

    @property
    def name(self) -> str:
        return f"{self.role} {self.number}"

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def usable(self) -> bool:
        return self.alive and not self.paused and bool(self.address or self.role == "worker")

    def start(self) -> None:
        self.lives += 1
        self.address = ""
        self._clock.write_text("+0\n")
        environment = dict(os.environ)
        if FAKETIME is not None:
            environment |= {
                "LD_PRELOAD": str(FAKETIME),
                "FAKETIME_TIMESTAMP_FILE": str(self._clock),
                "FAKETIME_NO_CACHE": "1",
                "DONT_FAKE_MONOTONIC": "1",
            }
        port = ("--port", "0") if self.role == "web" else ()
        arguments = (self.role, "--dev", "--json", "--data", str(self.data), *port)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                (*_COMMAND, *arguments), stdout=subprocess.PIPE, stderr=log, env=environment
            )

    async def ready(self) -> None:
        """Read where it listens. One that ends with a word, for its database went away just then, is
        begun again, as its unit would; one that crashes is found dead in the end.
        """
        for _ in range(_BEGINNINGS):
            line = await self._first_line()
            self.said = line.decode()
            told = json.loads(line or b"{}")
            if "error" not in told:
                self.address = told.get("base_url", "")
                return
            await asyncio.to_thread(self.end)
            self.start()

    async def _first_line(self) -> bytes:
        assert self.process is not None
        assert self.process.stdout is not None
        async with asyncio.timeout(_READY_S):
            return await asyncio.to_thread(self.process.stdout.readline)

    def signal(self, number: int) -> None:
        assert self.process is not None
        if number == signal.SIGKILL:
            self.expected.add(self.process.pid)
        self.process.send_signal(number)

    def end(self) -> int:
        """Wait for its end."""
        assert self.process is not None
        code = self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def step_clock(self, seconds: int) -> None:
        self._clock.write_text(f"{seconds:+d}\n")

    @property
    def log(self) -> Path:
        return self.folder / f"{self.role}{self.number}.{self.lives}.log"

    @property
    def _clock(self) -> Path:
        return self.folder / f"{self.role}{self.number}.clock"


class Fleet:
    """All members. Leaving the context ends them."""

    def __init__(self, folder: Path, data: Path) -> None:
        webs: list[Role] = ["web"] * WEBS
        workers: list[Role] = ["worker"] * WORKERS
        self.members = [
            Member(role, number, folder, data) for number, role in enumerate(webs + workers)
        ]

    async def __aenter__(self) -> Self:
        for member in self.members:
            member.start()
        await asyncio.gather(*(member.ready() for member in self.members))
        return self

    async def __aexit__(self, *_: object) -> None:
        for member in self.members:
            if member.alive:
                member.signal(signal.SIGCONT)
                member.signal(signal.SIGKILL)
                member.end()

    def usable(self, role: Role) -> list[Member]:
        return [one for one in self.members if one.role == role and one.usable]

    def dead_by_themselves(self) -> list[str]:
        """Those that ended though nobody killed them."""
        return [
            f"{one.name} ended with {one.process.returncode}: {one.said}{one.log.read_text()[-4_000:]}"
            for one in self.members
            if one.process is not None
            and one.process.poll() is not None
            and one.process.pid not in one.expected
        ]

    async def stop(self) -> list[str]:
        """SIGTERM to all; those that did not end with 0."""
        for member in self.members:
            member.signal(signal.SIGTERM)
        codes = await asyncio.gather(*(asyncio.to_thread(one.end) for one in self.members))
        return [
            f"{one.name} ended with {code}"
            for one, code in zip(self.members, codes, strict=True)
            if code
        ]
