"""The supervisor: keeps so many processes of a house alive, and ends with them."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import structlog

from hongyan.app.server import EXIT_OK, READY

_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 30.0
_WELL_S: Final = 60.0
"""A process that has lived for so long is begun again after the first pause."""
_MOST_TRIES: Final = 5
"""When so many starts running have failed and no other process is open, it is over."""
_STOP_S: Final = 15.0
"""What the children may take to stop, beyond which they are killed."""
_log: Final = structlog.get_logger()


class Supervisor:
    """Runs one command several times over. Each of these is told where to say that it is open."""

    def __init__(
        self,
        command: Callable[[int], Sequence[str]],
        processes: int,
        environment: Mapping[str, str],
        ready: Callable[[], None],
        first_pause_s: float = _FIRST_PAUSE_S,
    ) -> None:
        """`command`: the child's, given its end of the line to here. `ready` is called when all of
        them are open.
        """
        self._command = command
        self._environment = dict(environment)
        self._waiting_for = processes
        self._ready = ready
        self._first_pause_s = first_pause_s
        self._children: set[_Child] = set()
        self._stopping = asyncio.Event()
        self._code = EXIT_OK

    async def run(self, stop_s: float = _STOP_S) -> int:
        """Until SIGTERM or SIGINT, or until no process can be begun; the exit code."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.stop)
        keepers = [asyncio.create_task(self._keep()) for _ in range(self._waiting_for)]
        await self._stopping.wait()
        for child in self._children:
            child.signal(signal.SIGTERM)
        _, late = await asyncio.wait(keepers, timeout=stop_s)
        if late:
            _log.error("supervisor.killed", processes=len(self._children))
            for child in self._children:
                child.signal(signal.SIGKILL)
        await asyncio.gather(*keepers)
        return self._code

    def stop(self) -> None:
        """Let the children end, and then `run`."""
        self._stopping.set()

    async def _keep(self) -> None:
        """One process, again and again."""
        pause_s, failures, was_ever_open = self._first_pause_s, 0, False
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            began = loop.time()
            child = await _Child.begun(self._command, self._environment)
            self._children.add(child)
            if self._stopping.is_set():
                child.signal(signal.SIGTERM)
            is_open = await child.opens()
            failures = 0 if is_open else failures + 1
            if is_open and not was_ever_open:
                was_ever_open = True
                self._count_in()
            code = await child.ends()
            self._children.discard(child)
            if self._stopping.is_set():
                self._code = self._code or _exit_code(code)
                return
            _log.error("process.ended", process=child.pid, code=code)
            if not is_open and (not was_ever_open or self._is_over(failures)):
                self._code = _exit_code(code) or 1
                self._stopping.set()
                return
            if loop.time() - began >= _WELL_S:
                pause_s = self._first_pause_s
            await self._pause(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _count_in(self) -> None:
        self._waiting_for -= 1
        if not self._waiting_for:
            self._ready()

    def _is_over(self, failures: int) -> bool:
        return failures >= _MOST_TRIES and not any(child.is_open for child in self._children)

    async def _pause(self, seconds: float) -> None:
        # Not asyncio.wait_for: on Python 3.11 it can swallow a cancellation.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


class _Child:
    """One process, and the line to it. When this end closes, however that comes, it stops."""

    def __init__(self, process: asyncio.subprocess.Process, line: socket.socket) -> None:
        self._process = process
        self._line = line
        self.is_open = False

    @classmethod
    async def begun(
        cls, command: Callable[[int], Sequence[str]], environment: Mapping[str, str]
    ) -> "_Child":
        ours, theirs = socket.socketpair()
        ours.settimeout(0)
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *command(theirs.fileno()), pass_fds=(theirs.fileno(),), env=environment
            )
        return cls(process, ours)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def opens(self) -> bool:
        """Whether it does; False as soon as it has ended instead."""
        said = await asyncio.get_running_loop().sock_recv(self._line, len(READY))
        self.is_open = said == READY
        return self.is_open

    async def ends(self) -> int:
        """Its return code."""
        code = await self._process.wait()
        self.is_open = False
        self._line.close()
        return code

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(number)


def _exit_code(code: int) -> int:
    """As a shell would tell it: 128 and the signal. One that was told to stop before it had begun to
    listen has stopped as it should.
    """
    if code == -signal.SIGTERM:
        return EXIT_OK
    return code if code >= 0 else 128 - code


def supervise(
    command: Callable[[int], Sequence[str]], processes: int, ready: Callable[[], None]
) -> int:
    """Keep so many of them alive until told to stop; the exit code."""

    async def run() -> int:
        return await Supervisor(command, processes, os.environ, ready).run()

    return asyncio.run(run())
