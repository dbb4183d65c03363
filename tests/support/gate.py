"""A gate before a database: connections go through it while it is open, and it can be shut or held."""

import selectors
import socket
import threading
from contextlib import suppress
from typing import Final, Self
from urllib.parse import urlsplit, urlunsplit

_TURN_S: Final = 0.02
_PIECE: Final = 65_536


class Gate:
    """Passes bytes on between callers and a server, on one thread, for as long as the context lasts."""

    def __init__(self, url: str) -> None:
        """`url`: of the database behind it."""
        parts = urlsplit(url)
        self._behind = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.setblocking(False)
        port = self._listening.getsockname()[1]
        user = f"{parts.username}@" if parts.username else ""
        self.url = urlunsplit(parts._replace(netloc=f"{user}127.0.0.1:{port}"))
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._open, self._held, self._ending = True, False, False
        self._turned = threading.Condition()
        self._turns = 0
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending = True
        self._thread.join()
        self._listening.close()
        self._selector.close()

    def shut(self) -> None:
        """All connections are cut, and new ones as soon as they come."""
        self._open = False
        self._wait()

    def open(self) -> None:
        self._open, self._held = True, False
        self._wait()

    def hold(self) -> None:
        """Nothing is passed on, and nothing is cut: as when a network loses everything."""
        self._held = True
        self._wait()

    @property
    def connections(self) -> int:
        return len(self._pairs) // 2

    def _wait(self) -> None:
        """Until the thread has seen what it was told."""
        with self._turned:
            seen = self._turns
            assert self._turned.wait_for(lambda: self._turns >= seen + 2, 5)

    def _run(self) -> None:
        while not self._ending:
            self._turn()
            with self._turned:
                self._turns += 1
                self._turned.notify_all()
        self._cut_all()

    def _turn(self) -> None:
        ready = [key.fileobj for key, _ in self._selector.select(_TURN_S)]
        if not self._open:
            self._cut_all()
        for one in ready:
            assert isinstance(one, socket.socket)
            if one is self._listening:
                self._welcome()
            elif one in self._pairs and not self._held:
                self._pass_on(one)
        if self._held:
            threading.Event().wait(_TURN_S)

    def _welcome(self) -> None:
        caller, _ = self._listening.accept()
        if not self._open:
            caller.close()
            return
        server = socket.create_connection(self._behind)
        for one, other in ((caller, server), (server, caller)):
            self._pairs[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _pass_on(self, one: socket.socket) -> None:
        try:
            piece = one.recv(_PIECE)
            self._pairs[one].sendall(piece)
        except OSError:
            piece = b""
        if not piece:
            self._cut(one)

    def _cut(self, one: socket.socket) -> None:
        for end in (one, self._pairs[one]):
            del self._pairs[end]
            self._selector.unregister(end)
            with suppress(OSError):
                end.close()

    def _cut_all(self) -> None:
        while self._pairs:
            self._cut(next(iter(self._pairs)))
