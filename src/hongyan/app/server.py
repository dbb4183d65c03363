"""The server: a socket, the house behind it, and a stop that loses nothing."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeAlias

import structlog
import uvloop

from hongyan.app.house import House
from hongyan.app.http1 import HttpServer
from hongyan.app.memory import settle_memory
from hongyan.app.stores import Fatal

Build: TypeAlias = Callable[[Fatal], House]
"""Makes the house (given whom to tell of its end)."""

EXIT_OK: Final = 0
EXIT_STORE_LOST: Final = 75
"""EX_TEMPFAIL: the disk failed during a commit, or the database is away. Start again."""
READY: Final = b"ready\n"
"""What a child tells its supervisor."""

_BACKLOG: Final = 2_048
_REQUESTS_S: Final = 3.0
"""How long a stopping process waits for requests that are being answered."""
_log: Final = structlog.get_logger()


class PortInUse(Exception):
    """The address cannot be listened on; the sentence says what to do."""


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises PortInUse.

    `shared`: other processes of this house listen there too, and the system deals the callers out.
    """
    try:
        return socket.create_server(
            (host, port), family=_family(host), backlog=_BACKLOG, reuse_port=shared
        )
    except OSError as error:
        sentence = f"Port {port} on {host} cannot be used: {error.strerror}."
        raise PortInUse(
            sentence + " Stop what is using it, or choose another with --port."
        ) from error


def reserve(host: str, port: int) -> socket.socket:
    """A port that children will share. It is bound, and nobody listens on it. Raises PortInUse."""
    try:
        bound = socket.socket(_family(host), socket.SOCK_STREAM)
        # Without the option first: one that anybody else listens on is not ours to share.
        with socket.create_server((host, port), family=_family(host)) as alone:
            port = alone.getsockname()[1]
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((host, port))
    except OSError as error:
        sentence = f"Port {port} on {host} cannot be used: {error.strerror}."
        raise PortInUse(
            sentence + " Stop what is using it, or choose another with --port."
        ) from error
    return bound


def run(
    listening: socket.socket | None,
    build: Build,
    ready: Callable[[], None],
    supervisor: int | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT; the exit code. Raises what `build` does.

    `ready` is called when it is open, before the first request is answered. `supervisor`: where that
    one is told so too, and by whose end this process knows that it has to stop.
    """
    return uvloop.run(_serve(listening, build, ready, supervisor))


async def _serve(
    listening: socket.socket | None,
    build: Build,
    ready: Callable[[], None],
    supervisor: int | None,
) -> int:
    lost, stopping = asyncio.Event(), asyncio.Event()

    def on_fatal(error: BaseException) -> None:
        _log.critical("store.lost", reason=str(error))
        lost.set()
        stopping.set()

    # From here on, so that whoever is told to stop as soon as it is ready stops as it should.
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    if supervisor is not None:
        loop.add_reader(supervisor, stopping.set)  # It never says anything; this is its end.
    house = build(on_fatal)
    await house.open()
    ready()
    settle_memory()
    server = (
        HttpServer(house.front.respond, house.front.unread, house.front.largest)
        if listening
        else None
    )
    if server is not None and listening is not None:
        await server.start(listening)
    if supervisor is not None:
        with suppress(OSError):
            os.write(supervisor, READY)
    await stopping.wait()
    if supervisor is not None:
        loop.remove_reader(supervisor)
    closing = asyncio.create_task(_close(server, house), name="close")
    losing = asyncio.create_task(lost.wait(), name="lost")
    # A store may be lost in the middle of a stop, too; then there is nothing left to wait for.
    await asyncio.wait([losing, closing], return_when=asyncio.FIRST_COMPLETED)
    if lost.is_set():
        return EXIT_STORE_LOST
    await closing
    return EXIT_OK


async def _close(server: HttpServer | None, house: House) -> None:
    house.drain()
    if server is not None:
        await server.stop(_REQUESTS_S)
    await house.close()


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
