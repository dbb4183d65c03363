"""Something between a house and its upstream that can lose an answer on its way back."""

import socket
import threading
from contextlib import suppress
from typing import Final, Self

_PIECE: Final = 65_536
"""More than any request or answer here: each comes in one piece."""
_DEADLINE_S: Final = 10.0
_TEXTS: Final = (b"/send.do", b"x-tc-action: SendSms", b"/tcb/sendsms")
"""What stands in requests that bring texts."""


class Between:
    """Relays from a port of its own to another, one connection for one."""

    def __init__(self, port: int) -> None:
        self.requests: list[bytes] = []
        self.texts = 0
        """Handed on, answered or not."""
        self.answers_to_lose = 0
        self.lost: list[bytes] = []
        self._behind = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]
        self._open: list[socket.socket] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._listening, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(_DEADLINE_S)
            assert not thread.is_alive()
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._listening.accept()
                self._open.append(caller)
                thread = threading.Thread(target=self._relay, args=(caller,))
                self._threads.append(thread)
                thread.start()

    def _relay(self, caller: socket.socket) -> None:
        with caller, suppress(OSError), self._connected() as behind:
            while request := caller.recv(_PIECE):
                self.requests.append(request)
                behind.sendall(request)
                is_text = any(mark in request for mark in _TEXTS)
                self.texts += is_text
                answer = behind.recv(_PIECE)
                if is_text and self.answers_to_lose:
                    self.answers_to_lose -= 1
                    self.lost.append(answer)
                    return
                if not answer:
                    return
                caller.sendall(answer)

    def _connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._behind), _DEADLINE_S)
