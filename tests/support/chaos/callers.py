"""Callers, and the books they keep. Only answers count: what was not answered may or may not be."""

import asyncio
import base64
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import aiohttp

from support.chaos.fleet import Fleet

HOT: Final = tuple(f"1380000{number:04d}" for number in range(8))
"""Numbers that everybody texts at once, so that their limit is tried."""

_PREFIXES: Final = ("130", "133", "135", "150", "156", "158", "177", "180", "185", "188")
_CALL_S: Final = 20.0
_CODE_S: Final = 3
_BREATH_S: Final = 0.05
_FAMILY: Final = 6
"""Callers of each kind."""

Answer: TypeAlias = tuple[int, Any]
"""(status, body); status 0 where there was no answer."""

_Kind: TypeAlias = Callable[[aiohttp.ClientSession], Coroutine[Any, Any, None]]


@dataclass
class Books:
    """What callers were told."""

    messages: set[str] = field(default_factory=set)
    by_key: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    verifications: set[str] = field(default_factory=set)
    approvals: Counter[str] = field(default_factory=Counter)
    consumed: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    strange: list[str] = field(default_factory=list)
    """Answers that nothing explains."""


class Callers:
    """All of them, calling whichever web process is up."""

    def __init__(self, fleet: Fleet, keys: Mapping[str, str], chance: random.Random) -> None:
        self.books = Books()
        self._fleet = fleet
        self._chance = chance
        self._keys = keys
        self._calling = True
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        kinds: list[_Kind] = [
            self._send,
            self._send_keyed,
            self._send_hot,
            self._verify,
        ]
        self._tasks = [
            asyncio.create_task(self._forever(kind)) for kind in kinds for _ in range(_FAMILY)
        ]

    async def stop(self) -> None:
        """After the call that each is in."""
        self._calling = False
        await asyncio.gather(*self._tasks)

    async def _forever(self, call: _Kind) -> None:
        timeout = aiohttp.ClientTimeout(total=_CALL_S)
        headers = {"Authorization": f"Bearer {self._keys['api_key']}"}
        async with aiohttp.ClientSession(timeout=timeout, headers=headers) as session:
            while self._calling:
                await call(session)
                await asyncio.sleep(self._chance.random() * _BREATH_S)

    async def _send(self, session: aiohttp.ClientSession) -> None:
        status, body = await self._post(session, "/v1/messages", _notice(self._number()))
        if status == 201:
            self.books.messages.add(body["id"])

    async def _send_keyed(self, session: aiohttp.ClientSession) -> None:
        """The same request at two processes at once, and once more: one message."""
        key, body = f"{self._chance.getrandbits(64):x}", _notice(self._number())
        header = {"Idempotency-Key": key}
        calls = [self._post(session, "/v1/messages", body, header) for _ in range(2)]
        answers = await asyncio.gather(*calls)
        answers.append(await self._post(session, "/v1/messages", body, header))
        for status, told in answers:
            if status == 201:
                self.books.by_key[key].add(told["id"])
                self.books.messages.add(told["id"])

    async def _send_hot(self, session: aiohttp.ClientSession) -> None:
        number = self._chance.choice(HOT)
        calls = [self._post(session, "/v1/messages", _notice(number)) for _ in range(2)]
        for status, body in await asyncio.gather(*calls):
            if status == 201:
                self.books.messages.add(body["id"])

    async def _verify(self, session: aiohttp.ClientSession) -> None:
        """Start, read the code, check it at two processes at once, use the proof at two at once."""
        number = self._number()
        asked = {"phone": number, "purpose": "login"}
        status, body = await self._post(session, "/v1/verifications", asked)
        if status != 201:
            return
        self.books.verifications.add(body["id"])
        code = await self._code(session, number)
        if code is None:
            return
        path = f"/v1/verifications/{body['id']}/check"
        answers = await asyncio.gather(*(self._post(session, path, {"code": code}) for _ in "ab"))
        for status, told in answers:
            if status == 200:
                self.books.approvals[body["id"]] += 1
                await self._consume(session, told["proof"])

    async def _consume(self, session: aiohttp.ClientSession, proof: str) -> None:
        asked = {"proof": proof}
        answers = await asyncio.gather(
            *(self._post(session, "/v1/proofs/verify", asked) for _ in "ab")
        )
        self.books.consumed[_jti(proof)] += sum(status == 200 for status, _ in answers)

    async def _code(self, session: aiohttp.ClientSession, number: str) -> str | None:
        path = f"/sandbox/messages/latest?phone={number}&wait={_CODE_S}"
        status, body = await self._call(session, "GET", path)
        return str(body["code"]) if status == 200 else None

    async def _post(
        self,
        session: aiohttp.ClientSession,
        path: str,
        body: object,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        return await self._call(session, "POST", path, body, headers)

    async def _call(
        self,
        session: aiohttp.ClientSession,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        webs = self._fleet.usable("web")
        if not webs:
            await asyncio.sleep(_BREATH_S)
            return 0, None
        url = self._chance.choice(webs).address + path
        try:
            async with session.request(method, url, json=body, headers=headers) as response:
                told = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            self.books.answers[0] += 1
            return 0, None
        self.books.answers[response.status] += 1
        if response.status == 500:
            self.books.strange.append(f"{method} {path.partition('?')[0]}: {told[:300]!r}")
        return response.status, json.loads(told) if told else None

    def _number(self) -> str:
        return self._chance.choice(_PREFIXES) + f"{self._chance.randrange(10**8):08d}"


def _notice(number: str) -> dict[str, object]:
    return {"to": number, "template": "notice", "params": ["周五"]}


def _jti(proof: str) -> str:
    claims = proof.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["jti"])
