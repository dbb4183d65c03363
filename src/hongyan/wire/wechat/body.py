"""Bodies and queries: how any request is read, as strictly as WeChat reads it, and written.

A JSON null is as good as absent, and what WeChat does not know is not looked at. Some clients send no
Content-Type, so nobody asks for it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, TypeVar

import msgspec

from hongyan.wire.form import BrokenForm, fields
from hongyan.wire.wechat.case import NameTwice, in_pascal_case, in_snake_case
from hongyan.wire.wechat.fault import DATA_FORMAT, INVALID_PARAMETER, Fault

INVALID_ARGS: Final = 40097
_OBJECT: Final = msgspec.json.Decoder(dict[str, Any])
_Request = TypeVar("_Request", bound="Body")


class Body(msgspec.Struct, omit_defaults=True):
    """Any request; its encoding leaves out what is as it would be without."""

    wrapped: ClassVar[bool] = False
    """Whether samples have it within PostData, and with capitals."""


def read(body: bytes, request: type[_Request]) -> _Request:
    """A body. Raises Fault."""
    if not body.strip():
        raise Fault(44002)
    try:
        found = _OBJECT.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Fault(DATA_FORMAT) from error
    return convert(found, request)


def convert(parameters: Mapping[str, Any], request: type[_Request]) -> _Request:
    """The parameters of a call, out of JSON. Raises Fault."""
    try:
        found = _unwrapped(parameters) if request.wrapped else parameters
        given = {name: value for name, value in found.items() if value is not None}
        return msgspec.convert(given, request)
    except (msgspec.ValidationError, RecursionError, NameTwice) as error:
        raise Fault(DATA_FORMAT) from error


def read_query(query: bytes, request: type[_Request]) -> _Request:
    """A call without a body. Raises Fault."""
    return convert(last_of_each(query), request)


def written(request: Body) -> bytes:
    """A request as it is sent."""
    if not request.wrapped:
        return msgspec.json.encode(request)
    return msgspec.json.encode({"PostData": in_pascal_case(msgspec.to_builtins(request))})


def _unwrapped(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """`{"PostData": {"EnvId": …}}`, and the same flat, in camel or in snake case."""
    found: dict[str, Any] = in_snake_case(dict(parameters))
    within = found.get("post_data", found)
    if not isinstance(within, dict):
        raise Fault(DATA_FORMAT)
    if "env" in within:
        within.setdefault("env_id", within["env"])
    return within


def last_of_each(query: bytes) -> dict[str, str]:
    """The parameters of a query. Raises Fault."""
    try:
        return dict(fields(query))
    except BrokenForm as error:
        raise Fault(INVALID_ARGS) from error


def require(right: bool, wrong: str) -> None:  # noqa: FBT001 - read as an assertion
    """Raise Fault for a parameter that is wrong, and say how."""
    if not right:
        raise Fault(INVALID_PARAMETER, wrong)
