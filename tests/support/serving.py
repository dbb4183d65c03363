"""Our own HTTP/1.1 on a real socket or without one, and who answers behind it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import msgspec

from hongyan.api.problem import bad_request
from hongyan.app.http1 import Connection, HttpServer
from hongyan.wire.http import Request, Response
from support.caller import DEADLINE_S, Caller

HELLO = b"GET /hello HTTP/1.1\r\nHost: here\r\n\r\n"
SLOW = b"GET /slow HTTP/1.1\r\nHost: here\r\n\r\n"
LARGE = b"GET /large HTTP/1.1\r\nHost: here\r\n\r\n"
STREAM = b"GET /stream HTTP/1.1\r\nHost: here\r\n\r\n"
LARGE_BYTES = 1 << 20


class Responder:
    """Answers with what it was asked; `/slow` when it is let, `/stream` without an end."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.began = asyncio.Event()
        self.gate = asyncio.Event()
        self.answered = asyncio.Event()
        self.stream_ended = asyncio.Event()

    async def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        match request.path:
            case "/slow":
                self.began.set()
                await self.gate.wait()
                self.answered.set()
            case "/large":
                return Response(200, bytes(LARGE_BYTES))
            case "/stream":
                return Response(200, content_type=b"text/plain", stream=self._stream())
            case "/204" | "/304":
                return Response(int(request.path[1:]))
            case _:
                pass
        return Response(200, msgspec.json.encode(request.path))

    async def _stream(self) -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"more\n"
                await asyncio.sleep(0.01)
        finally:
            self.stream_ended.set()


def unread(_path: str, code: str) -> Response:
    return bad_request(code)


def largest(_path: str, headers: Mapping[bytes, bytes]) -> int:
    """Whoever says how large its body may be is believed."""
    return int(headers.get(b"x-most", b"0"))


class Serving:
    """A server with its responder, and the callers that a test has."""

    def __init__(self) -> None:
        self.responder = Responder()
        self.server = HttpServer(self.responder, unread, largest)
        self.port = 0
        self._callers: list[Caller] = []

    async def start(self) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        await self.server.start(listening)

    async def close(self) -> None:
        self.responder.gate.set()
        for caller in self._callers:
            await caller.hang_up()
        if not self.server.stopping:
            await self.server.stop(0.1)

    async def caller(self, **how: Any) -> Caller:
        caller = await Caller.connected(self.port, **how)
        self._callers.append(caller)
        return caller

    @property
    def connection(self) -> Connection:
        """The only one there is."""
        (found,) = self.server.connections
        return found

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.responder.asked]

    async def until(self, look: Callable[[], object]) -> None:
        """Let the server work until something is so."""
        async with asyncio.timeout(DEADLINE_S):
            while not look():
                await asyncio.sleep(0.005)

    async def took_a_turn(self) -> None:
        """The server has read whatever had come in before this."""
        other = await self.caller()
        await other.say(request(target="/turn"))
        await other.hear()
        await other.hang_up()


class Wire(asyncio.Transport):
    """What a connection writes, without a socket."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.written = b""
        self.closing = False
        self.said_all = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.said_all, "A socket raises when it is written to after its end."
        self.written += data

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = True

    def write_eof(self) -> None:
        self.said_all = True

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


def request(*headers: str, method: str = "POST", target: str = "/body", body: bytes = b"") -> bytes:
    head = "\r\n".join([f"{method} {target} HTTP/1.1", "Host: here", *headers])
    return head.encode("latin-1") + b"\r\n\r\n" + body


def chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in (*chunks, b""))


async def refused(caller: Caller, deadline: float = DEADLINE_S) -> tuple[int, str]:
    """(status, code) of the answer, after which the connection ends."""
    told = await caller.hear(deadline=deadline)
    assert told.headers["content-type"] == "application/problem+json"
    assert told.headers["connection"] == "close"
    assert await caller.hear_out() == b""
    problem = msgspec.json.decode(told.body)
    assert problem["status"] == told.status
    return told.status, problem["code"]
