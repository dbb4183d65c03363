"""A bounded load client for what wrk cannot do: callers that use what an answer told them.

`python -m bench.client URL KEY KIND SECONDS SEED CONNECTIONS` prints: answered failed rate p50 p99
"""

import asyncio
import random
import sys
import time
from urllib.parse import urlsplit

import msgspec
import uvloop

_PREFIXES = ("130", "133", "135", "138", "150", "156", "158", "177", "180", "185", "188")


class Caller:
    """One connection that asks, waits, and asks again."""

    def __init__(self, host: str, port: int, key: str, chance: random.Random) -> None:
        self._address = (host, port)
        self._head = (
            f"host: {host}\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n"
        )
        self._chance = chance
        self.answered = 0
        self.failed = 0
        self.times: list[float] = []

    async def call(self, kind: str, until: float) -> None:
        self._reader, self._writer = await asyncio.open_connection(*self._address)
        ask = {"messages": self._message, "verifications": self._start, "pairs": self._pair}[kind]
        while time.perf_counter() < until:
            began = time.perf_counter()
            if await ask():
                self.answered += 1
                self.times.append(time.perf_counter() - began)
            else:
                self.failed += 1
        self._writer.close()

    async def _message(self) -> bool:
        body = f'{{"to":"{self._number()}","template":"notice","params":["理发"]}}'
        return (await self._ask("POST", "/v1/messages", body))[0] == 201

    async def _start(self) -> bool:
        body = f'{{"phone":"{self._number()}","purpose":"login"}}'
        return (await self._ask("POST", "/v1/verifications", body))[0] == 201

    async def _pair(self) -> bool:
        number = self._number()
        body = f'{{"phone":"{number}","purpose":"login"}}'
        status, started = await self._ask("POST", "/v1/verifications", body)
        if status != 201:
            return False
        path = f"/sandbox/messages/latest?phone={number}&wait=10"
        status, text = await self._ask("GET", path, "")
        if status != 200:
            return False
        path = f"/v1/verifications/{msgspec.json.decode(started)['id']}/check"
        code = msgspec.json.decode(text)["code"]
        return (await self._ask("POST", path, f'{{"code":"{code}"}}'))[0] == 200

    async def _ask(self, method: str, path: str, body: str) -> tuple[int, bytes]:
        content = body.encode()
        head = f"{method} {path} HTTP/1.1\r\n{self._head}content-length: {len(content)}\r\n\r\n"
        self._writer.write(head.encode() + content)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
        return int(answer[9:12]), await self._reader.readexactly(length)

    def _number(self) -> str:
        return self._chance.choice(_PREFIXES) + f"{self._chance.randrange(10**8):08d}"


async def _load(url: str, key: str, kind: str, seconds: float, seed: int, many: int) -> None:
    parts = urlsplit(url)
    callers = [
        Caller(parts.hostname or "", parts.port or 80, key, random.Random(seed * 1_000 + index))
        for index in range(many)
    ]
    began = time.perf_counter()
    await asyncio.gather(*(one.call(kind, began + seconds) for one in callers))
    spent = time.perf_counter() - began
    times = sorted(t for one in callers for t in one.times) or [0.0]
    answered = sum(one.answered for one in callers)
    failed = sum(one.failed for one in callers)
    p50, p99 = times[len(times) // 2] * 1_000, times[len(times) * 99 // 100] * 1_000
    print(answered, failed, answered / spent, p50, p99)


if __name__ == "__main__":
    url, key, kind, seconds, seed, many = sys.argv[1:]
    uvloop.run(_load(url, key, kind, float(seconds), int(seed), int(many)))
