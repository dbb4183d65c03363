"""Servers under test, each a process of its own on a core of its own."""

import asyncio
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench import databases, empty
from hongyan.store.sqlite import schema

SERVER_CORE = 0
CLIENT_CORE = (os.cpu_count() or 1) - 1
PACKAGE = 1_000_000_000
_READY_S = 20.0


@dataclass
class Server:
    """A running server, and what it costs."""

    url: str
    pid: int
    key: str = "none"
    directory: Path = field(default_factory=Path)
    zhenzi: str = ""
    """The fields by which a client of Zhenzi names its app and template."""
    database: str = ""
    """The address of its PostgreSQL; empty on SQLite."""

    def cpu_s(self) -> float:
        times = [one.cpu_times() for one in self._members()]
        return float(sum(one.user + one.system for one in times))

    def rss_mb(self) -> float:
        return float(sum(one.memory_info().rss for one in self._members())) / 1e6

    def count(self, sql: str) -> int:
        """A figure from the database, read beside the running server."""
        if self.database:
            return int(asyncio.run(databases.asked(self.database, sql))[0][0] or 0)
        connection = schema.connect(self.directory, read_only=True)
        found = connection.execute(sql).fetchall()
        connection.close()
        return int(found[0][0] or 0)

    def _members(self) -> list[psutil.Process]:
        """It, and those that it keeps."""
        first = psutil.Process(self.pid)
        return [first, *first.children(recursive=True)]


@contextmanager
def empty_server() -> Iterator[Server]:
    listening = socket.create_server(("127.0.0.1", 0), backlog=2_048)
    process = multiprocessing.get_context("fork").Process(
        target=_pinned, args=(listening,), daemon=True
    )
    process.start()
    port = listening.getsockname()[1]
    listening.close()
    assert process.pid is not None
    try:
        _wait(f"http://127.0.0.1:{port}/", b"{}")
        yield Server(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.terminate()
        process.join()


@contextmanager
def house(*, dispatches: bool, database: str = "") -> Iterator[Server]:
    """`hongyan dev`, with limits on its app and packages enough; `dispatches` or only accepts."""
    arguments = ("--database", database) if database else ()
    with (
        tempfile.TemporaryDirectory(prefix="hongyan-bench-") as folder,
        opened(Path(folder), *arguments, dispatches=dispatches) as server,
    ):
        server.database = database
        furnish(server.directory)
        yield server


@contextmanager
def opened(directory: Path, *arguments: str, dispatches: bool) -> Iterator[Server]:
    """`hongyan dev` in a directory, on the server's core."""
    with running("dev", directory, "--port", "0", *arguments, dispatches=dispatches) as server:
        yield server


@contextmanager
def running(
    role: str, directory: Path, *arguments: str, dispatches: bool, cores: Collection[int] = ()
) -> Iterator[Server]:
    """One command of a development house; on the server's core unless others are named."""
    pinned = set(cores) or {SERVER_CORE}
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "hongyan", role),
            *("--json", "--data", str(directory)),
            *arguments,
        ],
        stdout=subprocess.PIPE,
        env=os.environ | {"HONGYAN__DISPATCH__PAUSED": "false" if dispatches else "true"},
        preexec_fn=lambda: os.sched_setaffinity(0, pinned),  # noqa: PLW1509
    )
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline()).get("base_url", "")
        if url:
            _wait(f"{url}/readyz", None)
        made = json.loads((directory / "dev.json").read_text())
        named = made["zhenzi"]
        zhenzi = "appId={app_id}&appSecret={app_secret}&templateId={template_id}"
        yield Server(url, process.pid, made["api_key"], directory, zhenzi.format(**named))
    finally:
        process.terminate()
        process.wait()


def furnish(directory: Path) -> None:
    """All rules on: limits per number and client, as an operator would set them."""
    limits = ["--number", "1/30", "--number", "10/day"]
    client = ["--client", "100/3600", "--client", "500/day"]
    for command in (
        ["package", "add", str(PACKAGE)],
        ["app", "limit", "app_dev", *limits],
        ["app", "limit", "app_zhenzi", *limits, *client],
    ):
        subprocess.run(
            [sys.executable, "-m", "hongyan", *command, "--data", str(directory)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    time.sleep(1.2)  # A serving house notices a change within a second.


def _pinned(listening: socket.socket) -> None:
    os.sched_setaffinity(0, {SERVER_CORE})
    empty.serve(listening)


def _wait(url: str, body: bytes | None) -> None:
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, body, timeout=1):  # noqa: S310 - our own server
                return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"{url} did not answer in {_READY_S:.0f} s.")
