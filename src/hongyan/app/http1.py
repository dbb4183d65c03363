"""HTTP/1.1 on a socket: connections in, `Request`s out, `Response`s back. Nothing else.

Parsed by llhttp (through httptools). Own code because it is under every request: an ASGI server on
the same parser spends two and a half times as long on one (docs/decisions/003-own-http-front.md).
"""

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from typing import Final, TypeAlias
from urllib.parse import unquote

import httptools

from hongyan.wire.http import Request, Response

Respond: TypeAlias = Callable[[Request], Awaitable[Response]]
Unread: TypeAlias = Callable[[str, str], Response]
"""The answer to a request that could not be read, by its path and the word for why."""
Largest: TypeAlias = Callable[[str, Mapping[bytes, bytes]], int]
"""How large a body may be, by path and headers; asked of those over MOST_BODY_BYTES alone."""

MOST_HEAD_BYTES: Final = 32_768
"""No larger head is taken; one that is smaller by two pieces always is."""
MOST_BODY_BYTES: Final = 262_144
"""But where a route takes larger ones."""
MOST_LARGE: Final = 8
"""Larger bodies that may be held at once, by all connections."""

_PIECE_BYTES: Final = 4_096
"""What is parsed at a time: what a caller makes us hold is looked at in between."""
_MOST_PIPELINED: Final = 16
_IDLE_S: Final = 75.0
"""How long a connection may wait for its next request (proxies keep theirs for 60 s), or an answer
for its caller to read it.
"""
_ARRIVING_S: Final = 15.0
"""How long a request may take to come in whole."""
_LARGE_BYTES_A_S: Final = 1 << 18
"""A large body may take longer, if so much of it comes each second."""
_LEAVING_S: Final = 2.0
"""How long a caller that was refused may still send, so that it reads why."""
_BACKLOG: Final = 2_048

_STATUS_LINES: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}
_BODILESS: Final = frozenset({204, 304})
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class HttpServer:
    """The connections of one listening socket."""

    def __init__(self, respond: Respond, unread: Unread, largest: Largest | None = None) -> None:
        self.respond = respond
        self.unread = unread
        self.largest = largest
        self.connections: set[Connection] = set()
        self.with_large: set[Connection] = set()
        """Those that hold a body over MOST_BODY_BYTES."""
        self.stopping = False
        self.date = b""
        """The `Date` header's value; a second old at most."""
        self.heads: dict[tuple[int, bytes, int], bytes] = {}
        """(status, content type, length) → everything before the body, for as long as the date is
        good: of the answers that are given most often there are few kinds.
        """
        self._empty = asyncio.Event()
        self._empty.set()
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
        with suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await self._empty.wait()
        for connection in list(self.connections):
            connection.abort()
        self._watching.cancel()
        await self._server.wait_closed()

    def welcome(self, connection: "Connection") -> None:
        self.connections.add(connection)
        self._empty.clear()
        if self.stopping:  # It had been accepted just before.
            connection.finish()

    def forget(self, connection: "Connection") -> None:
        self.connections.discard(connection)
        if not self.connections:
            self._empty.set()

    async def _watch(self) -> None:
        """One look a second at all connections, instead of a timer for each of their requests."""
        while True:
            self.date = formatdate(usegmt=True).encode()
            self.heads.clear()
            now = self._loop.time()
            for connection in list(self.connections):
                connection.expire(now)
            await asyncio.sleep(1)


class Connection(asyncio.Protocol):
    """One caller. Answers leave in the order of their requests.

    It can make us hold what one read brings, one request that is coming in, and a few that wait:
    while too many wait no more is parsed, and while its answers are not read none is made.
    """

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport = None  # type: ignore[assignment] # connection_made
        self._peer = ""
        self._unparsed: deque[bytes] = deque()
        self._untaken_bytes = 0
        """What came in, counted by pieces, since a request or a part of a body was last taken: a
        head; the sizes, extensions and trailers of chunks; line ends before a request.
        """
        self._arriving = False
        self._in_head = False
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._body = bytearray()
        self._large_waits = False
        """Whether a large body waits for its answer: until then, nothing more is parsed."""
        self._waiting: deque[tuple[Request, bool]] = deque()
        """Requests, each with whether it is of HTTP/1.0, which is told that it is kept alive."""
        self._answering: asyncio.Task[None] | None = None
        self._ending = False
        """No further request is taken: the last answer ends the connection."""
        self._refused = False
        self._leaving = False
        """All is said, and what still comes in is passed over."""
        self._reading = True
        self._writable = asyncio.Event()
        self._writable.set()
        self._since = self._loop.time()
        """When the caller last began to keep us waiting."""

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment] # of create_server
        peer = transport.get_extra_info("peername")
        if not peer:
            # It is gone already. What it has sent must not be taken for a nameless caller's, who
            # has fewer limits.
            self._ending = True
            self._transport.abort()
            return
        self._peer = peer[0]
        self._server.welcome(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._ending = True
        self._unparsed.clear()
        self._waiting.clear()
        self._writable.set()
        if self._answering is None:
            self._let_go_of_large()
        self._server.forget(self)

    def pause_writing(self) -> None:
        self._since = self._loop.time()
        self._writable.clear()
        self._go_on()

    def resume_writing(self) -> None:
        self._writable.set()
        self._go_on()

    def data_received(self, data: bytes) -> None:
        if self._ending:
            return
        if len(data) <= _PIECE_BYTES:
            self._unparsed.append(data)
        else:
            starts = range(0, len(data), _PIECE_BYTES)
            self._unparsed.extend(data[start : start + _PIECE_BYTES] for start in starts)
        self._parse()

    def eof_received(self) -> bool:
        """The caller has said all; what is being answered it may still read."""
        self._ending = True
        return self._answering is not None

    # Requests

    def _parse(self) -> None:
        """Take requests while not too many wait for an answer."""
        while self._unparsed and self._has_room() and not self._ending:
            piece = self._unparsed.popleft()
            self._untaken_bytes += len(piece)
            if self._untaken_bytes > MOST_HEAD_BYTES:
                self._refuse("head_too_large")
                return
            try:
                self._parser.feed_data(piece)
            except httptools.HttpParserUpgrade:
                # Nothing here is upgraded: the request is answered as it stands, and none follows.
                self._ending = True
            except httptools.HttpParserError:
                self._refuse("not_http")
        self._go_on()

    def _refuse(self, code: str) -> None:
        """Take nothing more. Who waits for no answer is told why; else the last one says goodbye."""
        if self._refused:
            return
        self._refused = self._ending = True
        self._let_go_of_large()
        if self._answering is None and not self._transport.is_closing():
            response = self._server.unread(self._path(), code)
            head = self._head(response, is_old=False, stays=False)
            self._transport.write(head + response.body)
            self._leave()
        self._arriving = False

    def _path(self) -> str:
        """Of the request that is coming in; empty before it has told."""
        return _split(self._url)[0] if self._url and self._arriving else ""

    def _leave(self) -> None:
        """Close, but not at once upon a caller that was refused: while it is still sending, it would
        see the connection reset and never read why (RFC 9112 §9.6).
        """
        if not self._refused or self._server.stopping or self._transport.is_closing():
            self._transport.close()
            return
        self._transport.write_eof()
        self._transport.resume_reading()
        self._leaving = True
        self._since = self._loop.time()

    def _go_on(self) -> None:
        """Read on exactly while answers can be written and not too much waits for one."""
        wanted = self._has_room() and self._writable.is_set()
        if wanted == self._reading or self._transport.is_closing():
            return
        self._reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _has_room(self) -> bool:
        return len(self._waiting) < _MOST_PIPELINED and not self._large_waits

    def _require_room(self) -> None:
        """For a body that is over the bound of most."""
        server = self._server
        most = server.largest(self._path(), self._headers) if server.largest else 0
        if len(self._body) > most:
            self._refuse("too_large")
        elif self not in server.with_large:
            if len(server.with_large) >= MOST_LARGE:
                self._refuse("busy")
            else:
                server.with_large.add(self)

    def _let_go_of_large(self) -> None:
        self._large_waits = False
        self._server.with_large.discard(self)

    # httptools

    def on_message_begin(self) -> None:
        self._arriving = self._in_head = True
        self._url = b""
        self._headers = {}
        self._body.clear()
        self._since = self._loop.time()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:  # A trailer: what follows a body must not say who sent it.
            return
        name = name.lower()
        headers = self._headers
        headers[name] = headers[name] + b", " + value if name in headers else value

    def on_headers_complete(self) -> None:
        self._in_head = False
        # To be told while an earlier answer is on its way would be taken for a part of that.
        is_free = self._answering is None and not self._ending
        if is_free and self._headers.get(b"expect", b"").lower() == b"100-continue":
            self._transport.write(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        self._untaken_bytes = _PIECE_BYTES
        self._body += body
        if len(self._body) > MOST_BODY_BYTES and not self._refused:
            self._since += len(body) / _LARGE_BYTES_A_S
            self._require_room()

    def on_message_complete(self) -> None:
        if self._ending:
            return
        self._untaken_bytes = _PIECE_BYTES
        self._arriving = False
        parser = self._parser
        path, query = _split(self._url)
        method = parser.get_method().decode("ascii")
        body = bytes(self._body)
        if len(body) > MOST_BODY_BYTES:
            self._large_waits = True
            self._body = bytearray()
        request = Request(method, path, query, self._headers, body, self._peer)
        # HTTP/1.0 is kept alive only where that was asked for.
        is_old = b"connection" in self._headers and parser.get_http_version() == "1.0"
        # An old proxy before us may have read the length of such a body otherwise (RFC 9112 §6.1).
        is_doubtful = is_old and b"transfer-encoding" in self._headers
        self._ending = is_doubtful or not parser.should_keep_alive()
        self._waiting.append((request, is_old))
        if self._answering is None:
            self._answering = self._loop.create_task(self._answer())

    # Answers

    async def _answer(self) -> None:
        """Answer what waits, one after the other, no faster than the caller reads."""
        try:
            while self._waiting:
                request, is_old = self._waiting.popleft()
                response = await self._server.respond(request)
                await self._write(request, response, is_old=is_old)
                if len(request.body) > MOST_BODY_BYTES:
                    self._let_go_of_large()
                if not self._reading:
                    await self._writable.wait()
                    self._parse()
        finally:
            self._answering = None
            self._since = self._loop.time()
            if self._ending:
                self._let_go_of_large()
                self._leave()

    async def _write(self, request: Request, response: Response, *, is_old: bool) -> None:
        transport = self._transport
        if transport.is_closing():
            return
        if response.stream is not None:  # Only the end of the connection tells its end.
            self._ending = True
            self._waiting.clear()
        stays = not self._ending or bool(self._waiting)
        head = self._head(response, is_old=is_old, stays=stays)
        if request.method == "HEAD":
            transport.write(head)
        else:
            transport.write(head + response.body)
            if response.stream is not None:
                await self._write_stream(response.stream)

    async def _write_stream(self, stream: AsyncIterator[bytes]) -> None:
        """As it comes, until it ends or nobody listens; the end of the connection ends it."""
        async for chunk in stream:
            if self._transport.is_closing():
                return
            self._transport.write(chunk)
            await self._writable.wait()

    def _head(self, response: Response, *, is_old: bool, stays: bool) -> bytes:
        """Everything before the body."""
        if is_old or not stays or response.headers or response.stream is not None:
            return self._new_head(response, is_old=is_old, stays=stays)
        kind = (response.status, response.content_type, len(response.body))
        head = self._server.heads.get(kind)
        if head is None:
            head = self._server.heads[kind] = self._new_head(response, is_old=False, stays=True)
        return head

    def _new_head(self, response: Response, *, is_old: bool, stays: bool) -> bytes:
        more = b"".join([b"%b: %b\r\n" % header for header in response.headers])
        if response.stream is None and response.status not in _BODILESS:
            more += b"content-length: %d\r\n" % len(response.body)
        if not stays:
            more += b"connection: close\r\n"
        elif is_old:
            more += b"connection: keep-alive\r\n"
        return b"%bdate: %b\r\ncontent-type: %b\r\n%b\r\n" % (
            _STATUS_LINES[response.status],
            self._server.date,
            response.content_type,
            more,
        )

    # The server's business

    def finish(self) -> None:
        """Answer what was asked, and go."""
        self._ending = True
        if self._answering is None:
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def expire(self, now: float) -> None:
        """Go when the caller keeps us waiting for too long."""
        waited = now - self._since
        if self._leaving and waited > _LEAVING_S:
            self._transport.abort()
        elif self._answering is None and self._arriving and waited > _ARRIVING_S:
            self._refuse("too_slow")
        elif waited > _IDLE_S and not (self._answering and self._writable.is_set()):
            self._transport.abort()


def _split(url: bytes) -> tuple[str, bytes]:
    """(path, query) of a request-target; of an absolute one (RFC 9112 §3.2.2) what follows its
    host.
    """
    target, _, query = url.partition(b"?")
    if not target.startswith(b"/"):
        target = b"/" + target.partition(b"://")[2].partition(b"/")[2]
    path = target.decode("latin-1")
    return (unquote(path) if "%" in path else path), query
