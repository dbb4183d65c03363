"""验证码：生成、计数、核对。What a code must obey to prove anything.

In memory, for one process; several share it in Redis (SET … PX NX for the pause, HINCRBY for the
guesses, GETDEL at the end).
"""

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LIFE_S = 5 * 60
_PAUSE_S = 60
_MOST_GUESSES = 5
_MOST_WAITING = 100_000
_CLIENT_WINDOW_S = 60 * 60
_MOST_OF_A_CLIENT = 20


class TooOften(Exception):
    """Another code may be sent later."""


@dataclass
class _Waiting:
    phone: str
    digest: bytes
    until: float
    guesses: int = 0


@dataclass
class _Counted:
    until: float
    count: int = 0


@dataclass(frozen=True)
class Made:
    """A code, and what it is asked for by."""

    id: str
    code: str
    minutes: int = LIFE_S // 60


class Codes:
    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        # 只存带密钥的摘要：内存或缓存泄露也读不出验证码。
        self._key = secrets.token_bytes(32)
        self._waiting: dict[str, _Waiting] = {}
        self._pauses: dict[str, _Counted] = {}
        self._clients: dict[str, _Counted] = {}

    def create(self, phone: str, client: str) -> Made:
        """先占位再发送：同时来的两个请求只发一条。Raises TooOften."""
        now = self._now()
        maps: tuple[dict[str, Any], ...] = (self._waiting, self._pauses, self._clients)
        for one in maps:
            for name in [name for name, kept in one.items() if kept.until <= now]:
                del one[name]
        since = self._clients.get(client, _Counted(now + _CLIENT_WINDOW_S))
        is_full = max(map(len, maps)) >= _MOST_WAITING
        if phone in self._pauses or since.count >= _MOST_OF_A_CLIENT or is_full:
            raise TooOften
        since.count += 1
        self._clients[client] = since
        self._pauses[phone] = _Counted(now + _PAUSE_S)
        made = Made(secrets.token_urlsafe(16), f"{secrets.randbelow(1_000_000):06d}")
        self._waiting[made.id] = _Waiting(phone, self._digest(made.id, made.code), now + LIFE_S)
        return made

    def drop(self, registration: str) -> None:
        """没有发出的验证码作废。"""
        self._waiting.pop(registration, None)

    def take(self, registration: str, code: str) -> str | None:
        """号码，或 None。先计数后比较；对了只算一次。"""
        one = self._waiting.get(registration)
        if one is None or one.until <= self._now():
            return None
        one.guesses += 1
        if one.guesses >= _MOST_GUESSES:
            del self._waiting[registration]
        if not hmac.compare_digest(one.digest, self._digest(registration, code)):
            return None
        self._waiting.pop(registration, None)
        return one.phone

    def _digest(self, registration: str, code: str) -> bytes:
        return hmac.digest(self._key, f"{registration} {code}".encode(), "sha256")
