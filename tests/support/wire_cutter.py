"""A wire between a store and its PostgreSQL that is cut at a chosen word, before the server hears it or
after it has answered.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final
from urllib.parse import urlsplit, urlunsplit

_PIECE: Final = 1 << 16


class WireCutter:
    """Each cut happens once, on the first connection that says its word."""

    def __init__(self, url: str) -> None:
        self._behind = urlsplit(url)
        self.url = ""
        self.cuts = 0
        """How many there have been."""
        self._unheard: bytes | None = None
        self._unanswered: bytes | None = None
        self._is_silent = False
        self._tasks: set[asyncio.Task[None]] = set()

    def cut_before(self, word: bytes) -> None:
        """The server never hears the message that holds it."""
        self._unheard = word

    def cut_after(self, word: bytes) -> None:
        """The server hears it and answers, but nobody hears the answer."""
        self._unanswered = word

    def fall_silent_after(self, word: bytes) -> None:
        """The same, but the wire stands: who waits for the answer must lose patience."""
        self._unanswered, self._is_silent = word, True

    @asynccontextmanager
    async def spanned(self) -> AsyncIterator["WireCutter"]:
        listening = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        user = f"{self._behind.username}@" if self._behind.username else ""
        self.url = urlunsplit(self._behind._replace(netloc=f"{user}127.0.0.1:{port}"))
        try:
            yield self
        finally:
            listening.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        host, port = self._behind.hostname, self._behind.port or 5432
        server_reader, server_writer = await asyncio.open_connection(host, port)
        answers = asyncio.create_task(self._pass_back(server_reader, writer))
        try:
            while piece := await reader.read(_PIECE):
                if self._unheard is not None and self._unheard in piece:
                    self._unheard = None
                    self.cuts += 1
                    return
                if self._unanswered is not None and self._unanswered in piece:
                    self._unanswered = None
                    self.cuts += 1
                    answers.cancel()
                    await asyncio.wait([answers])
                    server_writer.write(piece)
                    await server_reader.read(_PIECE)
                    if self._is_silent:
                        await reader.read()
                    return
                server_writer.write(piece)
        except ConnectionError:
            pass
        finally:
            answers.cancel()
            for end in (writer, server_writer):
                end.transport.abort()

    async def _pass_back(self, server: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while piece := await server.read(_PIECE):
                writer.write(piece)
        writer.close()
