"""Cloud calls as they were recorded of `wx-server-sdk`, and calls of our own making."""

import json
import re
from pathlib import Path
from typing import Any, Final

import msgspec

from hongyan.wire.cloudcall import multipart
from hongyan.wire.http import Request

FIXTURES: Final = Path(__file__).parents[1] / "fixtures" / "wechat"
SECRET_ID: Final = "AKIDlocal"
SECRET_KEY: Final = "SKlocal"
WX_API_TOKEN: Final = "local-wx-api-token"


class Recorded(msgspec.Struct, frozen=True):
    """A request of an official client."""

    label: str
    target: str
    """As it was sent; absolute where it went through a proxy."""
    request: Request
    fields: dict[str, bytes]
    """As they were named and ordered."""
    length: int
    """Of the body, when it was recorded."""
    arguments: dict[str, Any]
    """What user code gave to sendSms, in snake case."""
    now_s: int
    """When it was signed."""

    @property
    def is_cos(self) -> bool:
        return "authorization" in self.fields


def recorded() -> list[Recorded]:
    """All 18."""
    return [_recorded(one) for one in load("cloudcall.json")["requests"]]


def load(name: str) -> Any:
    """A file of facts."""
    return json.loads((FIXTURES / name).read_text("utf-8"))


def with_form(request: Request, fields: dict[str, bytes]) -> Request:
    """The same request with another form."""
    boundary = re.findall("boundary=(.*)", request.header(b"content-type"))[0]
    body = multipart.written(fields, boundary, "requestData")
    return msgspec.structs.replace(request, body=body)


def with_headers(request: Request, **headers: str | None) -> Request:
    """The same request with other headers; None takes one off."""
    changed = dict(request.headers)
    for name, value in headers.items():
        changed.pop(name.replace("_", "-").encode(), None)
        if value is not None:
            changed[name.replace("_", "-").encode()] = value.encode()
    return msgspec.structs.replace(request, headers=changed)


def _recorded(one: dict[str, Any]) -> Recorded:
    # An absolute target counts as its path.
    target = re.sub("^http://[^/]*", "", one["target"])
    path, _, query = target.partition("?")
    headers = {name.encode(): value.encode() for name, value in one["headers"]}
    fields = {
        name: bytes.fromhex(value["hex"]) if isinstance(value, dict) else value.encode()
        for name, value in one["fields"]
    }
    bare = Request("POST", path, query.encode(), headers, b"", "127.0.0.1")
    signed = bare.header(b"x-timestamp") or re.findall(
        r"q-sign-time=(\d+)", fields.get("authorization", b"").decode()
    )
    return Recorded(
        label=one["label"],
        target=one["target"],
        request=with_form(bare, fields),
        fields=fields,
        length=one["body_length"],
        arguments=one["arguments"],
        now_s=int(signed if isinstance(signed, str) else signed[0]),
    )
