"""The envelope of every answer, from both sides: `{"Response":{…,"RequestId"}}`, always HTTP 200.

Its Content-Type is `application/json` and nothing behind it: with a charset the Python SDK takes an
error for a success. https://cloud.tencent.com/document/api/382/52069, and the SDKs.
"""

from typing import Any, Final, TypeVar

import msgspec

from hongyan.wire.tencent.answers import Answer
from hongyan.wire.tencent.codes import Language
from hongyan.wire.tencent.fault import Fault

CONTENT_TYPE: Final = b"application/json"

Answered = TypeVar("Answered", bound=Answer)

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode
_EMPTY: Final = b"{}"


def answered(answer: Answer, request_id: str) -> bytes:
    """A success, or at least one of the call."""
    fields = _encode(answer)
    before = b"" if fields == _EMPTY else fields[1:-1] + b","
    return b'{"Response":{%b"RequestId":%b}}' % (before, _encode(request_id))


def refused(fault: Fault, request_id: str, language: Language) -> bytes:
    """An error of the whole call."""
    error = {"Code": fault.code, "Message": fault.says(language)}
    return _encode({"Response": {"Error": error, "RequestId": request_id}})


class Refusal(msgspec.Struct, frozen=True):
    """An error that the platform answered. Its code may be one that nobody has seen yet."""

    code: str
    message: str
    request_id: str


class Unreadable(Exception):
    """What came back is no answer of this API."""


def read(body: bytes, type_: type[Answered]) -> Answered | Refusal:
    """What the platform answered; unknown fields, missing ones and nulls are let pass.

    Raises Unreadable.
    """
    try:
        response = _without_nulls(_decode(body)["Response"])
        error = response.get("Error")
        if error is not None:
            code, message = error["Code"], error.get("Message", "")
            return msgspec.convert([code, message, response.get("RequestId", "")], _Refusal).told()
        return msgspec.convert(response, type_)
    except (
        msgspec.MsgspecError,
        UnicodeDecodeError,
        RecursionError,
        LookupError,
        TypeError,
        AttributeError,
    ) as failure:
        raise Unreadable("The answer is none of this API.") from failure


class _Refusal(msgspec.Struct, array_like=True):
    code: str
    message: str
    request_id: str

    def told(self) -> Refusal:
        return Refusal(self.code, self.message, self.request_id)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    return value
