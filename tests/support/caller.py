"""A caller that says exactly these bytes on a socket, and reads what it is told."""

import asyncio
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

DEADLINE_S: Final = 5.0


@dataclass(frozen=True)
class Told:
    """One answer as it came over the wire."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class Caller:
    """One connection to a port of this machine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connected(cls, port: int, *, receive_buffer: int = 0) -> "Caller":
        """`receive_buffer`: bytes that this side takes in before it reads; 0 for the usual."""
        connection = socket.socket()
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            connection.connect(("127.0.0.1", port))
        except OSError:
            connection.close()
            raise
        return cls(*await asyncio.open_connection(sock=connection))

    async def say(self, *pieces: bytes) -> None:
        """Each piece leaves by itself."""
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()

    async def hear(self, *, bodiless: bool = False, deadline: float = DEADLINE_S) -> Told:
        """One answer; `bodiless` where its length tells of a body that is not sent."""
        async with asyncio.timeout(deadline):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status, *lines = head.rstrip("\r\n").split("\r\n")
            headers = {
                name.lower(): value for name, value in (line.split(": ", 1) for line in lines)
            }
            length = 0 if bodiless else int(headers.get("content-length", 0))
            body = await self._reader.readexactly(length)
        assert status.startswith("HTTP/1.1 ")
        return Told(int(status.split(" ")[1]), headers, body)

    async def hear_until(self, mark: bytes) -> bytes:
        async with asyncio.timeout(DEADLINE_S):
            return await self._reader.readuntil(mark)

    async def hear_out(self, deadline: float = DEADLINE_S) -> bytes:
        """Everything until the other side has closed."""
        async with asyncio.timeout(deadline):
            try:
                return await self._reader.read()
            except ConnectionResetError:
                return b""

    def say_no_more(self) -> None:
        """Half close: this side has said all."""
        self._writer.write_eof()

    async def vanish(self) -> None:
        """Be gone without a goodbye, as a phone in a tunnel is."""
        connection = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await self.hang_up()

    async def hang_up(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            return
