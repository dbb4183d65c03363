"""A house on a thread of this process, served on a real socket, whose clock the test holds."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

import uvloop

from hongyan.app.clock import SteadyClock
from hongyan.app.development import LOOPBACK, DevSecrets, development_settings, seed
from hongyan.app.house import Development, House
from hongyan.app.http1 import HttpServer
from hongyan.app.place import Place
from hongyan.app.stores import opener_of
from hongyan.core.time import Millis
from hongyan.service.ports import Administration, Sealer
from hongyan.settings import Settings
from support.process import Client

_DEADLINE_S: Final = 10.0


class HeldClock(SteadyClock):
    """The machine's clock, and what a test has added to it."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead: Millis = 0

    def __call__(self) -> Millis:
        return super().__call__() + self._ahead

    def pass_by(self, span: Millis) -> None:
        self._ahead += span


class HeldHouse:
    """What `hongyan dev` opens, for as long as the context lasts."""

    def __init__(self, directory: Path, settings: Settings | None = None) -> None:
        self.clock = HeldClock()
        self.directory = directory
        self._settings = settings or Settings()
        self.url = ""
        self._opener = opener_of(Place(directory=directory))
        self._seal = self._opener.furnish(self.clock)
        self._secrets = DevSecrets("", "")
        self._lost: list[BaseException] = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(_DEADLINE_S)
        assert not self._lost, self._lost
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._stopping is not None
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(_DEADLINE_S)
        assert not self._thread.is_alive()
        assert not self._lost, self._lost

    @property
    def app(self) -> Client:
        """The app's server, with its secret key."""
        return Client(self.url, self._secrets.api_key)

    @property
    def sealer(self) -> Sealer:
        """The keeper of the house's keys."""
        return self._seal

    @property
    def nobody(self) -> Client:
        return Client(self.url)

    @contextmanager
    def administering(self) -> Iterator[Administration]:
        """What an operator's command does beside the house, by the house's clock."""
        opened = self._opener.administration(self._seal, self.clock)
        try:
            yield opened
        finally:
            opened.close()

    def _run(self) -> None:
        try:
            uvloop.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - raised on the test's thread
            self._lost.append(error)
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with self.administering() as administering:
            self._secrets = seed(administering, (self.url,))
        house = House(
            development_settings(self._settings, self.url),
            self._opener,
            self._seal,
            clock=self.clock,
            on_fatal=self._lost.append,
            development=Development(LOOPBACK, self._secrets.publishable_key),
        )
        await house.open()
        server = HttpServer(house.front.respond, house.front.unread, house.front.largest)
        await server.start(listening)
        self._ready.set()
        await self._stopping.wait()
        house.drain()
        await server.stop(1)
        await house.close()
