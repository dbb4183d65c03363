"""A PostgreSQL of the tests' own: where none is found, and where one is to be restarted."""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Final, Literal, Self

import asyncpg

Mode = Literal["fast", "immediate"]

_BINARIES: Final = sorted(
    Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name)
)
_START_S: Final = 60
_USER: Final = "nobody"
"""Runs it where we are root."""


def missing() -> str:
    """Why no cluster can be started here, and the way to get one; empty where it can."""
    if shutil.which("initdb") or _BINARIES:
        return ""
    return "No PostgreSQL binaries were found: apt-get install postgresql"


class Cluster:
    """One server in a temporary folder, run by an ordinary user: it refuses to be root's."""

    def __init__(self, *, most_connections: int = 200) -> None:
        found = shutil.which("initdb")
        self._bin = Path(found).parent if found else _BINARIES[-1]
        self._folder = Path(tempfile.mkdtemp(prefix="hongyan-postgres-"))
        self._data = self._folder / "data"
        self._port = _free_port()
        self._most_connections = most_connections

    def __enter__(self) -> Self:
        self.create()
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def create(self) -> None:
        """Raises subprocess.CalledProcessError."""
        if os.geteuid() == 0:
            shutil.chown(self._folder, _USER)
        self._run(
            "initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"
        )
        with (self._data / "postgresql.conf").open("a") as config:
            config.write(
                f"port = {self._port}\nlisten_addresses = '127.0.0.1'\n"
                f"unix_socket_directories = '{self._folder}'\nmax_connections = {self._most_connections}\n"
            )
        self.start()

    def remove(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self._port}/{database}"

    def start(self) -> None:
        self._control("start", "-l", str(self._folder / "log"))

    def stop(self, mode: Mode) -> None:
        self._control("stop", "-m", mode)

    async def connect(self, database: str = "postgres") -> "asyncpg.Connection[asyncpg.Record]":
        """As the harness, which is none of those that are disturbed."""
        settings = {"application_name": "harness"}
        return await asyncpg.connect(self.url(database), server_settings=settings)

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-w", "-t", str(_START_S), "-s", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._bin / program), "-D", str(self._data), *arguments],
            check=True,
            user=_USER if os.geteuid() == 0 else None,
            extra_groups=[] if os.geteuid() == 0 else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
