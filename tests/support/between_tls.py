"""A proxy as a firm's network has one: it answers for hosts on the internet, and what goes to them over
TLS goes to a house.
"""

import re
import select
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from support.upstream import Authority

_PIECE: Final = 1 << 16
_CALL_S: Final = 15.0


class TlsProxy:
    """Answers CONNECT for the duration of the context. Clients are told of it by their environment."""

    def __init__(self, url: str, directory: Path, *hosts: str) -> None:
        """`url`: the house's."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        self._house = (parts.hostname, parts.port)
        authority = Authority(directory)
        self.authority = authority.file
        self._context = authority.server(*hosts)
        self._hosts = hosts
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.asked: list[str] = []
        """What was asked to be connected with."""
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._start(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        # One that waits to accept is not woken by a close.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(_CALL_S)

    @property
    def environment(self) -> dict[str, str]:
        """For a client: where its calls go, and who signs for those there."""
        return {
            "HTTPS_PROXY": self.url,
            "https_proxy": self.url,
            "NO_PROXY": "",
            "no_proxy": "",
            "REQUESTS_CA_BUNDLE": str(self.authority),
            "NODE_EXTRA_CA_CERTS": str(self.authority),
        }

    def _start(self, work: object, *given: object) -> None:
        thread = threading.Thread(target=work, args=given, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        while True:
            try:
                caller, _ = self._listening.accept()
            except OSError:
                return
            self._start(self._serve, caller)

    def _serve(self, caller: socket.socket) -> None:
        caller.settimeout(_CALL_S)
        with caller, suppress(OSError):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += caller.recv(1)
            found = re.match(rb"CONNECT ([^:]+):443 ", head)
            host = found[1].decode() if found else ""
            self.asked.append(host)
            if host not in self._hosts:
                caller.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
                return
            caller.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with (
                self._context.wrap_socket(caller, server_side=True) as within,
                socket.create_connection(self._house, _CALL_S) as house,
            ):
                _pass_on(within, house)


def _pass_on(caller: ssl.SSLSocket, house: socket.socket) -> None:
    """Until one of them has nothing more to say."""
    while True:
        ready = [caller] if caller.pending() else select.select([caller, house], [], [], _CALL_S)[0]
        if not ready:
            return
        for one in ready:
            piece = one.recv(_PIECE)
            if not piece:
                return
            (house if one is caller else caller).sendall(piece)
