"""The server: a socket, the house behind it, and a stop that loses nothing."""

import asyncio
import signal
import socket
from collections.abc import Callable
from typing import Final

import structlog
import uvloop

from hongyan.app import House
from hongyan.app.http1 import HttpServer
from hongyan.app.memory import settle_memory

EXIT_OK: Final = 0
EXIT_STORE_LOST: Final = 75
"""EX_TEMPFAIL: the disk failed during a commit; started again, the process reads what it holds."""

_BACKLOG: Final = 2_048
_REQUESTS_S: Final = 3.0
"""How long a stopping process waits for requests that are being answered."""
_log: Final = structlog.get_logger()


class PortInUse(Exception):
    """The address cannot be listened on; the sentence says what to do."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises PortInUse."""
    try:
        return socket.create_server(
            (host, port), family=_family(host), backlog=_BACKLOG, reuse_port=False
        )
    except OSError as error:
        sentence = f"Port {port} on {host} cannot be used: {error.strerror}."
        raise PortInUse(
            sentence + " Stop what is using it, or choose another with --port."
        ) from error


def run(
    listening: socket.socket,
    build: Callable[[Callable[[BaseException], None]], House],
    ready: Callable[[], None],
) -> int:
    """Serve until SIGTERM or SIGINT; the exit code.

    `build` makes the house (given whom to tell of its end); `ready` is called when it is open,
    before the first request is answered.
    """
    return uvloop.run(_serve(listening, build, ready))


async def _serve(
    listening: socket.socket,
    build: Callable[[Callable[[BaseException], None]], House],
    ready: Callable[[], None],
) -> int:
    lost, stopping = asyncio.Event(), asyncio.Event()

    def on_fatal(error: BaseException) -> None:
        _log.critical("store.lost", reason=str(error))
        lost.set()
        stopping.set()

    # From here on, so that whoever is told to stop as soon as it is ready stops as it should.
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    house = build(on_fatal)
    await house.open()
    ready()
    settle_memory()
    server = HttpServer(house.front.respond, house.front.unread)
    await server.start(listening)
    await stopping.wait()
    closing = asyncio.create_task(_close(server, house), name="close")
    losing = asyncio.create_task(lost.wait(), name="lost")
    # A store may be lost in the middle of a stop, too; then there is nothing left to wait for.
    await asyncio.wait([losing, closing], return_when=asyncio.FIRST_COMPLETED)
    if lost.is_set():
        return EXIT_STORE_LOST
    await closing
    return EXIT_OK


async def _close(server: HttpServer, house: House) -> None:
    house.drain()
    await server.stop(_REQUESTS_S)
    await house.close()


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
