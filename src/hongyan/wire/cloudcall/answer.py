"""Answers to a cloud call, such that user code sees the errCode and errMsg that WeChat would give it.

The SDK goes by the Content-Type: exactly `application/json; charset=utf-8` is an error of CloudBase,
anything else is protobuf. Success without protobuf is an unknown response to it, and an empty body
a success; so neither is ever answered.
"""

from typing import Final

import msgspec

from hongyan.wire.cloudcall.commapi import AnswerData
from hongyan.wire.cloudcall.fault import Failure, Refused
from hongyan.wire.http import Response

_PROTOBUF: Final = b"application/octet-stream"
_JSON: Final = b"application/json; charset=utf-8"


class _Error(msgspec.Struct):
    code: str
    message: str
    requestId: str  # noqa: N815 - the wire's word


def answered(body: bytes) -> Response:
    """What the API says, success or error, in the words of HTTPS."""
    return Response(200, AnswerData(body).written(), _PROTOBUF)


def failed(failure: Failure) -> Response:
    """What goes wrong in the cloud call itself: `system error: error code: -604101`."""
    return Response(200, AnswerData(error_code=failure).written(), _PROTOBUF)


def refused(error: Refused, request_id: str) -> Response:
    """Why the call was not let in."""
    body = msgspec.json.encode(_Error(error.word, str(error), request_id))
    return Response(200, body, _JSON)
