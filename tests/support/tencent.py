"""Tencent's calls as they were recorded of official clients, and calls of our own making."""

import base64
import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from hongyan.wire.http import Request

FIXTURES: Final = Path(__file__).parents[1] / "fixtures" / "tencent"
SECRET_ID: Final = "AKIDFIXTUREzFakeSecretIdForTests0001"
SECRET_KEY: Final = "FixtureFakeSecretKey0123456789abcd"


class Recorded(msgspec.Struct, frozen=True):
    """A request of an official client, and what was found of its signature when it was recorded."""

    label: str
    request: Request
    timestamp: int
    signature: str
    """Empty if the client did not sign."""
    token: str

    @property
    def is_v1(self) -> bool:
        return b"authorization" not in self.request.headers


def load(name: str) -> Any:
    """A file of facts."""
    return json.loads((FIXTURES / name).read_text("utf-8"))


def recorded() -> list[Recorded]:
    """All 97."""
    requests = load("requests.json")["requests"]
    return [_recorded(number, one) for number, one in enumerate(requests, start=1)]


def _recorded(number: int, one: dict[str, Any]) -> Recorded:
    path, _, query = one["target"].partition("?")
    body = base64.b64decode(one["body_base64"]) if "body_base64" in one else one["body"].encode()
    headers = {name.lower().encode(): value.encode() for name, value in one["headers"]}
    return Recorded(
        f"{number:03d}_{one['label']}",
        Request(one["method"], unquote(path), query.encode(), headers, body, "127.0.0.1"),
        one.get("timestamp", 1_795_198_134),
        one.get("signature", ""),
        one.get("token", ""),
    )


def request(
    body: bytes = b"{}",
    headers: dict[str, str] | None = None,
    *,
    method: str = "POST",
    path: str = "/",
    query: bytes = b"",
) -> Request:
    """A request as it comes in."""
    written = {name.encode(): value.encode() for name, value in (headers or {}).items()}
    return Request(method, path, query, written, body, "127.0.0.1")
