"""`hongyan …` as real processes on loopback, and a small HTTP client for the houses they open."""

import http.client
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from hongyan.app.clock import SteadyClock
from hongyan.service.ports import Administration
from hongyan.store.sqlite import administration, seal_of

T = TypeVar("T")

START_S: Final = 15.0
NOTICED_S: Final = 1.5
"""A serving house notices within a second what a command beside it has changed."""
STOP_S: Final = 10.0
"""What a SIGTERM may take: the promise of design.md §8."""

_COMMAND: Final = (sys.executable, "-m", "hongyan")
_CALL_S: Final = 15.0
_COMMAND_S: Final = 60.0
"""What a command may take on a machine that is busy with other tests."""


def eventually(look: Callable[[], T], seconds: float = 5.0) -> T:
    """What `look` finds, as soon as that is something; fails at the deadline."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"{seconds} s went by, and still {found!r}"
        time.sleep(0.02)
    return found


# What a caller sees.


@dataclass(frozen=True)
class Answer:
    """One answer, read whole."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> tuple[int, str]:
        """(status, code) of a refusal in the form that all of them have."""
        assert self.headers["content-type"] == "application/problem+json", self
        body = self.json
        assert body["status"] == self.status
        assert body["title"]
        assert body["detail"].endswith(".")
        return self.status, body["code"]

    @property
    def seen(self) -> tuple[int, dict[str, str], bytes]:
        """All that a caller could tell two answers apart by."""
        headers = {name: value for name, value in self.headers.items() if name != "date"}
        return self.status, headers, self.body


@dataclass(frozen=True)
class Client:
    """A caller: where it calls, with which key, from which loopback address."""

    url: str
    key: str = field(default="", repr=False)
    address: str = "127.0.0.1"

    def at(self, address: str) -> "Client":
        return replace(self, address=address)

    def with_key(self, key: str) -> "Client":
        return replace(self, key=key)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own; `body` is sent as JSON unless it is bytes."""
        sent = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        if body is not None:
            sent["Content-Type"] = "application/json"
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection = self.connection()
        try:
            connection.request(method, path, body, sent | dict(headers or {}))
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        source = None if ":" in host else (self.address, 0)
        return http.client.HTTPConnection(host, parts.port, timeout=_CALL_S, source_address=source)

    def get(self, path: str, **query: object) -> Answer:
        return self.call("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, body: object = None, **headers: str) -> Answer:
        """Headers are written as names: `idempotency_key`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("POST", path, body, named)

    # What callers ask.

    def start(self, phone: str, purpose: str = "login", **more: Any) -> Answer:
        return self.post("/v1/verifications", {"phone": phone, "purpose": purpose} | more)

    def started(self, phone: str, purpose: str = "login", **more: Any) -> str:
        """The id of a verification that was started."""
        answer = self.start(phone, purpose, **more)
        assert answer.status == 201, answer
        return str(answer.json["id"])

    def resend(self, verification: str, **more: Any) -> Answer:
        return self.post(f"/v1/verifications/{quote(verification)}/resend", more or None)

    def check(self, verification: str, code: str, **more: Any) -> Answer:
        path = f"/v1/verifications/{quote(verification)}/check"
        return self.post(path, {"code": code} | more)

    def approved(self, phone: str, purpose: str = "login", **more: Any) -> str:
        """The proof of a number that was verified, start to end."""
        before = self.newest(phone)
        verification = self.started(phone, purpose, **more)
        answer = self.check(verification, self.code(phone, before), **more)
        assert answer.status == 200, answer
        return str(answer.json["proof"])

    def send(self, to: str | list[str], **more: Any) -> Answer:
        """A notice by template, unless told otherwise."""
        return self.post("/v1/messages", {"to": to} | (more or NOTICE))

    def sent(self, to: str, **more: Any) -> str:
        """The id of a message that was accepted."""
        answer = self.send(to, **more)
        assert answer.status == 201, answer
        return str(answer.json["id"])

    def message(self, message: str) -> Any:
        answer = self.get(f"/v1/messages/{message}")
        assert answer.status == 200, answer
        return answer.json

    def settled(self, message: str, *statuses: str, seconds: float = 5.0) -> Any:
        """The message once it has come to one of these states."""

        def look() -> Any:
            found = self.message(message)
            return found if found["status"] in statuses else None

        return eventually(look, seconds)

    # The sandbox phone.

    def latest(self, phone: str, wait: int = 5, after: str = "") -> Any:
        """The newest text of a number, which is waited for."""
        answer = self.get("/sandbox/messages/latest", phone=phone, wait=wait, after=after)
        assert answer.status == 200, answer
        return answer.json

    def code(self, phone: str, after: str = "") -> str:
        return str(self.latest(phone, after=after)["code"])

    def newest(self, phone: str) -> str:
        """The id of a number's newest text; empty when it has none."""
        texts = self.texts(phone)
        return str(texts[0]["id"]) if texts else ""

    def texts(self, phone: str) -> list[Any]:
        """The texts of a number, newest first."""
        found: list[Any] = self.get("/sandbox/messages", phone=phone).json["messages"]
        return found


_numbers = count(1)


def new_phone() -> str:
    """A number that no other test has."""
    return f"138{next(_numbers):08d}"


def new_address() -> str:
    """A loopback address that no other test calls from."""
    number = next(_numbers) + (1 << 16)
    return f"127.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


NO_SUCH_ID: Final = "0193a5b0-0000-7000-8000-000000000000"
NOTICE: Final[dict[str, Any]] = {"template": "notice", "params": ["周五"]}


# Processes.


@dataclass(frozen=True)
class Finished:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.out.count("\n") == 1, self
        return json.loads(self.out)


def hongyan(*arguments: str | Path, **environment: str) -> Finished:
    """Run a command to its end."""
    return _finished((*_COMMAND, *map(str, arguments)), environment)


def hongyan_of_an_ordinary_user(*arguments: str | Path) -> Finished:
    """The same, for one whom rights stop even where the tests are run by root."""
    drop = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    return _finished((*(() if os.geteuid() else drop), *_COMMAND, *map(str, arguments)), {})


def _finished(command: Sequence[str], environment: Mapping[str, str]) -> Finished:
    done = subprocess.run(
        command,
        capture_output=True,
        check=False,
        encoding="utf-8",
        env=_environment(environment),
        timeout=_COMMAND_S,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


class Process:
    """A command that serves until it is told to stop. Leaving the context always ends it."""

    start_s = START_S
    """What it may take to be open."""

    def __init__(self, *arguments: str | Path, **environment: str) -> None:
        self._err = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._child = subprocess.Popen(
            [*_COMMAND, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=self._err,
            env=_environment(environment),
        )
        self._out = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        assert self._child.stdout is not None
        self._child.stdout.close()
        self._err.close()

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def err(self) -> str:
        """What it has written to standard error so far."""
        return os.pread(self._err.fileno(), 1 << 24, 0).decode()

    @property
    def out(self) -> str:
        """What it has written to standard output, as far as it was read."""
        return self._out.decode()

    def ready(self) -> Any:
        """The JSON object that it prints once it is open."""
        self.read_until("\n")
        return json.loads(self._out.partition(b"\n")[0])

    def read_until(self, mark: str) -> None:
        """Read what it prints until it has printed this."""
        assert self._child.stdout is not None
        deadline = time.monotonic() + self.start_s
        while mark.encode() not in self._out:
            left = max(deadline - time.monotonic(), 0)
            readable, _, _ = select.select([self._child.stdout], [], [], left)
            read = os.read(self._child.stdout.fileno(), 65_536) if readable else b""
            assert read, f"It did not get so far: {self.out}{self.err}"
            self._out += read

    def terminate(self, number: int = signal.SIGTERM) -> None:
        self._child.send_signal(number)

    def wait(self, seconds: float = STOP_S) -> int:
        """Its exit code; what it still had to say is in `out`."""
        code = self._child.wait(seconds)
        assert self._child.stdout is not None
        self._out += self._child.stdout.read()
        return code

    def stop(self) -> int:
        self.terminate()
        return self.wait()

    def kill(self) -> None:
        self._child.kill()
        self._child.wait(STOP_S)


class Dev(Process):
    """`hongyan dev` on a free port, and its callers."""

    def __init__(self, data: Path, *arguments: str, **environment: str) -> None:
        self.data = data
        given = arguments if "--port" in arguments else ("--port", "0", *arguments)
        super().__init__("dev", "--json", "--data", data, *given, **environment)
        self.url = ""

    def __enter__(self) -> Self:
        try:
            self.url = self.ready()["base_url"]
        except BaseException:
            self.__exit__()
            raise
        return self

    @property
    def file(self) -> dict[str, Any]:
        """dev.json"""
        return self.file_in(self.data)

    @staticmethod
    def file_in(data: Path) -> dict[str, Any]:
        """The dev.json of a directory."""
        found: dict[str, Any] = json.loads((data / "dev.json").read_text("utf-8"))
        return found

    @property
    def nobody(self) -> Client:
        """A caller without a key."""
        return Client(self.url)

    def listening(self) -> Self:
        """Once it has answered."""
        assert self.nobody.get("/readyz").status == 200
        return self

    @property
    def app(self) -> Client:
        """The app's server, with its secret key."""
        return Client(self.url, self.file["api_key"])

    @property
    def page(self) -> Client:
        """A page or a mini program, with the publishable key."""
        return Client(self.url, self.file["publishable_key"])

    def command(self, *arguments: str) -> Any:
        """What an operator's command beside the house answers."""
        done = hongyan(*arguments, "--data", str(self.data), "--json")
        assert done.code == 0, done
        return done.json

    @contextmanager
    def administering(self) -> Iterator[Administration]:
        """What such commands do, for what a test only needs to be there."""
        clock = SteadyClock()
        opened = administration(self.data, seal_of(self.data, clock), clock)
        try:
            yield opened
        finally:
            opened.close()

    def balance(self) -> int:
        """Of the only account, as `hongyan app list` tells it."""
        found: int = self.command("app", "list")[0]["balance"]
        return found


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HONGYAN")}
    return kept | {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"} | dict(more)
