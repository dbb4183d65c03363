"""An app's own server: takes the callbacks that a house makes, and answers as a test wants."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from typing import Any, Self
from urllib.parse import parse_qsl

from hongyan.wire.callback import is_signed

_WAIT_S = 10.0


@dataclass(frozen=True)
class Called:
    """One call, as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), strict_parsing=True, keep_blank_values=True))

    def is_signed_by(self, secret: str, now: int | None = None) -> bool:
        timestamp = int(self.headers["hongyan-timestamp"])
        event, signature = self.headers["hongyan-event"], self.headers["hongyan-signature"]
        key = bytes.fromhex(secret)
        return is_signed(
            key, timestamp, event, self.body, signature, timestamp if now is None else now
        )


class Receiver:
    """Listens on loopback for as long as the context lasts."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        """Statuses to answer with, in turn; 200 when there is none left."""
        self.body = b""
        """Of each answer."""
        self.answer_headers: dict[str, str] = {}
        self.location = ""
        self._calls: Queue[Called] = Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/status?a=1"

    def call(self) -> Called:
        """The next call; waits for it."""
        return self._calls.get(timeout=_WAIT_S)

    def silent(self) -> bool:
        """Whether nobody has called."""
        try:
            self._calls.get_nowait()
        except Empty:
            return True
        return False

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                found = {name.lower(): value for name, value in self.headers.items()}
                status = receiver.answers.pop(0) if receiver.answers else 200
                self.send_response(status)
                if receiver.location:
                    self.send_header("location", receiver.location)
                for name, value in receiver.answer_headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(receiver.body)))
                self.end_headers()
                self.wfile.write(receiver.body)
                receiver._calls.put(Called(self.path, found, body))

            do_GET = do_POST  # noqa: N815

            def log_message(self, *_: Any) -> None: ...

        return Handler
