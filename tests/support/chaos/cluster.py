"""A PostgreSQL of the harness's own, so that it may be restarted as hard as it gets."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Final, Literal, Self

import asyncpg

Mode = Literal["fast", "immediate"]

_BINARIES: Final = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
_START_S: Final = 60
_MOST_CONNECTIONS: Final = 80


def missing() -> str:
    """Why no cluster can be started here, and the way to get one; empty where it can."""
    if shutil.which("initdb") or _BINARIES:
        return ""
    return "No PostgreSQL binaries were found: apt-get install postgresql"


class Cluster:
    """One server in a temporary folder, run by an ordinary user: it refuses to be root's."""

    def __init__(self) -> None:
        found = shutil.which("initdb")
        self._bin = Path(found).parent if found else _BINARIES[-1]
        self._folder = Path(tempfile.mkdtemp(prefix="hongyan-chaos-"))
        self._data = self._folder / "data"
        self._port = _free_port()

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self._folder, user.pw_uid, user.pw_gid)
        self._run(
            "initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"
        )
        with (self._data / "postgresql.conf").open("a") as config:
            config.write(
                f"port = {self._port}\nlisten_addresses = '127.0.0.1'\n"
                f"unix_socket_directories = '{self._folder}'\nmax_connections = {_MOST_CONNECTIONS}\n"
            )
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
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
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        subprocess.run(
            [
                *(user if os.geteuid() == 0 else ()),
                str(self._bin / program),
                "-D",
                str(self._data),
                *arguments,
            ],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
