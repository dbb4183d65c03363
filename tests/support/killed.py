"""A house under load that is killed again and again, and the books that callers keep meanwhile."""

import http.client
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hongyan.app.clock import SteadyClock
from hongyan.store.shelf import ShelfFile
from hongyan.store.sqlite import administration, inspect, schema, seal_of

_READY_S = 15.0
_DEAD = (OSError, http.client.HTTPException)
"""How a house that was killed under its callers looks to them."""
_PREFIXES = ("130", "133", "135", "138", "150", "156", "158", "177", "180", "185", "188")


@dataclass
class Books:
    """What callers were told. Only answers count: what was not answered may or may not be."""

    messages: set[str] = field(default_factory=set)
    verifications: set[str] = field(default_factory=set)
    approvals: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)


class KilledHouse:
    """`hongyan dev` in a process of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.books = Books()
        self.delivered: set[int] = set()
        self._process: subprocess.Popen[str] | None = None
        self._address = ("", 0)
        self._key = ""

    def start(self) -> None:
        command = [sys.executable, "-m", "hongyan", "dev", "--json", "--port", "0", "--data"]
        self._process = subprocess.Popen(
            [*command, str(self.directory)], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        told = json.loads(self._process.stdout.readline())
        host, port = told["base_url"].removeprefix("http://").split(":")
        self._address = (host, int(port))
        self._key = json.loads((self.directory / "dev.json").read_text())["api_key"]
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline:
            try:
                if self.call("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                continue
        raise AssertionError("the house did not open")

    def kill(self) -> None:
        """kill -9, and no more."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def stop(self) -> int:
        assert self._process is not None
        self._process.terminate()
        code = self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(*self._address, timeout=10)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        connection: http.client.HTTPConnection | None = None,
    ) -> tuple[int, Any]:
        if connection is None:
            with closing(self.connect()) as once:
                return self.call(method, path, body, once)
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")

    def under_load(self, seconds: float, chance: random.Random) -> None:
        """Callers of both kinds, until the house dies under them."""
        seeds = [chance.random() for _ in range(6)]
        callers = [
            threading.Thread(target=self._send if index % 2 else self._verify, args=(seed,))
            for index, seed in enumerate(seeds)
        ]
        for caller in callers:
            caller.start()
        time.sleep(seconds)
        self.kill()
        for caller in callers:
            caller.join()

    def _send(self, seed: float) -> None:
        chance = random.Random(seed)
        with closing(self.connect()) as connection, suppress(*_DEAD):
            while True:
                body = {"to": _number(chance), "template": "notice", "params": ["理发"]}
                status, answer = self.call("POST", "/v1/messages", body, connection)
                if status == 201:
                    with self.books.lock:
                        self.books.messages.add(answer["id"])

    def _verify(self, seed: float) -> None:
        chance = random.Random(seed)
        with closing(self.connect()) as connection, suppress(*_DEAD):
            while True:
                self._verify_once(_number(chance), connection)

    def _verify_once(self, number: str, connection: http.client.HTTPConnection) -> None:
        body = {"phone": number, "purpose": "login"}
        status, answer = self.call("POST", "/v1/verifications", body, connection)
        if status != 201:
            return
        with self.books.lock:
            self.books.verifications.add(answer["id"])
        path = f"/sandbox/messages/latest?phone={number}&wait=5"
        status, text = self.call("GET", path, None, connection)
        for _ in range(2):
            self._check(answer["id"], text["code"], connection)

    def _check(self, verification: str, code: str, connection: http.client.HTTPConnection) -> None:
        path = f"/v1/verifications/{verification}/check"
        status, _ = self.call("POST", path, {"code": code}, connection)
        if status == 200:
            with self.books.lock:
                self.books.approvals[verification] += 1

    # What the disk says, read while no house is open.

    def look_at_the_phone(self) -> None:
        """Note whose texts arrived; none may have arrived twice. (The phone keeps the newest few
        thousand, which is more than come between two looks.)"""
        clock = SteadyClock()
        shelf = ShelfFile(self.directory, seal_of(self.directory, clock))
        texts = Counter(int(text.id) for text in shelf.load(10**9))
        shelf.close()
        assert max(texts.values(), default=1) == 1
        self.delivered.update(texts)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        connection = schema.connect(self.directory, read_only=True)
        found = connection.execute(sql).fetchall()
        connection.close()
        return found

    def balance(self) -> int:
        clock = SteadyClock()
        seal = seal_of(self.directory, clock)
        assert inspect(self.directory, seal).broken_books == []
        administering = administration(self.directory, seal, clock)
        balance = administering.balance(1)
        administering.close()
        return balance


def _number(chance: random.Random) -> str:
    return chance.choice(_PREFIXES) + f"{chance.randrange(10**8):08d}"
