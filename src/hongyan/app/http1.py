"""HTTP/1.1 on a socket: connections in, `Request`s out, `Response`s back. Nothing else.

Parsed by llhttp (through httptools). Own code because it is under every request: an ASGI server on
the same parser spends two and a half times as long on one (docs/decisions/003-own-http-front.md).
"""

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from typing import Final, TypeAlias
from urllib.parse import unquote

import httptools
import msgspec

from hongyan.api.problem import bad_request
from hongyan.wire.http import Request, Response

Respond: TypeAlias = Callable[[Request], Awaitable[Response]]

MOST_HEAD_BYTES: Final = 32_768
MOST_BODY_BYTES: Final = 262_144

_MOST_PIPELINED: Final = 16
_IDLE_S: Final = 75.0
"""How long a connection may wait for its next request (proxies keep theirs for 60 s)."""
_ARRIVING_S: Final = 15.0
"""How long a request may take to come in whole."""
_BACKLOG: Final = 2_048

_STATUS_LINES: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}
_BODILESS: Final = frozenset({204, 304})
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class HttpServer:
    """The connections of one listening socket."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond
        self.connections: set[Connection] = set()
        self.empty = asyncio.Event()
        self.stopping = False
        self.date = b""
        """The `Date` header's value; a second old at most."""
        self._loop = asyncio.get_running_loop()
        self._server: asyncio.Server | None = None
        self._watching: asyncio.Task[None] | None = None

    async def start(self, listening: socket.socket) -> None:
        self._watching = asyncio.create_task(self._watch(), name="connections")
        self._server = await self._loop.create_server(
            lambda: Connection(self), sock=listening, backlog=_BACKLOG
        )

    async def stop(self, grace_s: float) -> None:
        """Take no more; let what is being answered be answered, for so long."""
        assert self._server is not None  # noqa: S101 - it was started
        assert self._watching is not None  # noqa: S101
        self.stopping = True
        self._server.close()
        for connection in list(self.connections):
            connection.finish()
        if self.connections:
            with suppress(TimeoutError):
                async with asyncio.timeout(grace_s):
                    await self.empty.wait()
        for connection in list(self.connections):
            connection.abort()
        self._watching.cancel()
        await self._server.wait_closed()

    def forget(self, connection: "Connection") -> None:
        self.connections.discard(connection)
        if not self.connections:
            self.empty.set()

    async def _watch(self) -> None:
        """One look a second at all connections, instead of a timer for each of their requests."""
        while True:
            self.date = formatdate(usegmt=True).encode()
            now = self._loop.time()
            for connection in list(self.connections):
                connection.expire(now)
            await asyncio.sleep(1)


class _Asked(msgspec.Struct, gc=False):
    """A request, and how its connection goes on."""

    request: Request
    keep_alive: bool
    is_old: bool
    """HTTP/1.0, where keeping alive must be said."""


class Connection(asyncio.Protocol):
    """One caller. Answers leave in the order of their requests."""

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport = None  # type: ignore[assignment] # connection_made
        self._peer = ""
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._head_bytes = 0
        self._body = b""
        self._refused = ""
        self._arriving = False
        self._since = self._loop.time()
        self._waiting: deque[_Asked] = deque()
        self._answering: asyncio.Task[None] | None = None
        self._reading = True
        self._writable = asyncio.Event()
        self._writable.set()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment] # of create_server
        peer = transport.get_extra_info("peername")
        self._peer = peer[0] if isinstance(peer, tuple) else ""
        self._server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._server.forget(self)
        self._waiting.clear()
        self._writable.set()

    def pause_writing(self) -> None:
        """The caller does not read its answers: take no more requests until it does."""
        self._writable.clear()
        self._go_on()

    def resume_writing(self) -> None:
        self._writable.set()
        self._go_on()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Nothing here is upgraded: the request is answered as it stands, and none follows.
            if self._waiting:
                self._waiting[-1].keep_alive = False
        except httptools.HttpParserError:
            self._refused = self._refused or "not_http"
        if self._refused:
            self._refuse(self._refused)

    def eof_received(self) -> bool:
        """The caller has said all; what is being answered it may still read."""
        return self._answering is not None

    # httptools

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers = {}
        self._head_bytes = 0
        self._body = b""
        self._arriving = True
        self._since = self._loop.time()

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._head_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > MOST_HEAD_BYTES:
            self._refused = "head_too_large"
            return
        name = name.lower()
        headers = self._headers
        headers[name] = headers[name] + b", " + value if name in headers else value

    def on_headers_complete(self) -> None:
        if self._headers.get(b"expect", b"").lower() == b"100-continue":
            self._transport.write(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        self._body = self._body + body if self._body else body
        if len(self._body) > MOST_BODY_BYTES:
            self._refused, self._body = "too_large", b""

    def on_message_complete(self) -> None:
        self._arriving = False
        if self._refused:
            return
        parser = self._parser
        path, query = _split(self._url)
        method = parser.get_method().decode("ascii")
        request = Request(method, path, query, self._headers, self._body, self._peer)
        is_old = parser.get_http_version() == "1.0"
        self._waiting.append(_Asked(request, parser.should_keep_alive(), is_old))
        if self._answering is None:
            self._answering = self._loop.create_task(self._answer())
        elif len(self._waiting) == _MOST_PIPELINED:
            self._go_on()

    # The server's business

    def finish(self) -> None:
        """Go when nothing is being answered."""
        if self._answering is None:
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def expire(self, now: float) -> None:
        """Go when the caller keeps a request, or its next one, to itself for too long."""
        if self._answering is not None:
            return
        if self._arriving and now - self._since > _ARRIVING_S:
            self._refuse("too_slow")
        elif now - self._since > _IDLE_S:
            self._transport.close()

    # Answers

    async def _answer(self) -> None:
        """Answer what waits, one after the other."""
        try:
            while self._waiting:
                asked = self._waiting.popleft()
                response = await self._server.respond(asked.request)
                await self._write(asked, response)
        finally:
            self._answering = None
            self._since = self._loop.time()
        if not self._reading:
            self._go_on()

    async def _write(self, asked: _Asked, response: Response) -> None:
        transport = self._transport
        if transport.is_closing():
            return
        streams = response.stream is not None
        stays = asked.keep_alive and not (streams or self._refused or self._server.stopping)
        body = b"" if asked.request.method == "HEAD" else response.body
        transport.write(self._head(asked, response, stays=stays) + body)
        if response.stream is not None:
            await self._write_stream(response.stream)
        if not stays:
            self._waiting.clear()
            transport.close()

    async def _write_stream(self, stream: AsyncIterator[bytes]) -> None:
        """As it comes, until it ends or nobody listens; the end of the connection ends it."""
        async for chunk in stream:
            if self._transport.is_closing():
                return
            self._transport.write(chunk)
            await self._writable.wait()

    def _head(self, asked: _Asked, response: Response, *, stays: bool) -> bytes:
        """Everything before the body."""
        more = b"".join([b"%b: %b\r\n" % header for header in response.headers])
        if response.stream is None and response.status not in _BODILESS:
            more += b"content-length: %d\r\n" % len(response.body)
        if not stays:
            more += b"connection: close\r\n"
        elif asked.is_old:
            more += b"connection: keep-alive\r\n"
        return b"%bdate: %b\r\ncontent-type: %b\r\n%b\r\n" % (
            _STATUS_LINES[response.status],
            self._server.date,
            response.content_type,
            more,
        )

    def _refuse(self, code: str) -> None:
        """Answer what no handler will see, and go. What is being answered goes first."""
        self._waiting.clear()
        if self._answering is None and not self._transport.is_closing():
            response = bad_request(code)
            asked = _Asked(Request("GET", "", b"", {}, b"", ""), keep_alive=False, is_old=False)
            self._transport.write(self._head(asked, response, stays=False) + response.body)
            self._transport.close()

    def _go_on(self) -> None:
        """Read on exactly while answers can be written and not too much waits for one."""
        wanted = self._writable.is_set() and len(self._waiting) < _MOST_PIPELINED
        if wanted == self._reading or self._transport.is_closing():
            return
        self._reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()


def _split(url: bytes) -> tuple[str, bytes]:
    """(path, query) of a request-target; of an absolute one (RFC 9112 §3.2.2) what follows its
    host.
    """
    target, _, query = url.partition(b"?")
    if not target.startswith(b"/"):
        target = b"/" + target.partition(b"://")[2].partition(b"/")[2]
    path = target.decode("latin-1")
    return (unquote(path) if "%" in path else path), query
