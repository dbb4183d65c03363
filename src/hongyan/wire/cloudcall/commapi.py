"""CommApiData and CommOpenApiResp: what a cloud call carries and what its answer carries.

The field numbers are those of the SDK's generated code:

    message KeyValuePair    { string key=1; bytes value=2; string contenttype=3; string filename=4; }
    message OpenApiData     { repeated KeyValuePair pairs=1; }
    message TokenApiData    { string resource_appid=1; string resource_env=2; }
    message CommApiData     { int32 api_type=1; OpenApiData openapi_data=2; TokenApiData token_data=5;
                              string appid=6; }          // 3, 4: inner APIs, which nobody serves
    message HttpHeader      { string key=1; string value=2; }
    message CommOpenApiResp { bytes resp_data=1; string content_type=2; int32 error_code=3;
                              uint32 http_code=4; repeated HttpHeader headers=5;
                              int32 svrkit_error_code=6; }
"""

from enum import IntEnum
from typing import Final

import msgspec

from hongyan.wire.cloudcall import protobuf
from hongyan.wire.cloudcall.protobuf import BadProtobuf, Fields

JSON: Final = "application/json; charset=utf-8"
"""What `resp_data` must be said to be, or the SDK hands user code a buffer."""

MOST_PAIRS: Final = 100
"""Parameters of a call. Ours: no API has a fifth of them, and who calls is looked at only then."""
_HTTP_OK: Final = 200


class ApiType(IntEnum):
    OPEN = 0
    INNER = 1
    SVRKIT = 2
    TOKEN = 3


class Pair(msgspec.Struct, frozen=True):
    """A parameter."""

    key: str
    value: bytes
    """JSON text, but for what is uploaded as a file."""
    content_type: str = ""
    file_name: str = ""


class CallData(msgspec.Struct, frozen=True):
    """CommApiData."""

    pairs: tuple[Pair, ...] = ()
    api_type: int = ApiType.OPEN
    appid: str = ""
    """Whom a third party calls for."""
    resource_appid: str = ""
    resource_env: str = ""

    def written(self) -> bytes:
        """As the SDK writes it: the type also when it is 0, nothing else that is empty."""
        pairs = b"".join([protobuf.octets(1, _written_pair(pair)) for pair in self.pairs])
        token = _strings((1, self.resource_appid), (2, self.resource_env))
        return b"".join(
            [
                protobuf.number(1, self.api_type),
                protobuf.octets(2, pairs),
                protobuf.octets(5, token) if token else b"",
                _strings((6, self.appid)),
            ]
        )


class AnswerData(msgspec.Struct, frozen=True):
    """CommOpenApiResp."""

    body: bytes = b""
    content_type: str = JSON
    error_code: int = 0
    """One of `fault.Failure`; the body is then not looked at."""
    http_code: int = _HTTP_OK

    def written(self) -> bytes:
        return b"".join(
            [
                protobuf.octets(1, self.body),
                protobuf.text(2, self.content_type),
                protobuf.number(3, self.error_code),
                protobuf.number(4, self.http_code),
            ]
        )


def read_call(data: bytes) -> CallData:
    """Raises BadProtobuf."""
    fields = Fields(data)
    openapi, token = fields.message(2), fields.message(5)
    return CallData(
        pairs=tuple([_pair(pair) for pair in openapi.messages(1, MOST_PAIRS)]) if openapi else (),
        api_type=fields.whole(1),
        appid=fields.text(6),
        resource_appid=token.text(1) if token else "",
        resource_env=token.text(2) if token else "",
    )


def read_answer(data: bytes) -> AnswerData:
    """Raises BadProtobuf."""
    fields = Fields(data)
    return AnswerData(fields.octets(1), fields.text(2), fields.whole(3), fields.natural(4))


def _pair(fields: Fields) -> Pair:
    return Pair(fields.text(1), fields.octets(2), fields.text(3), fields.text(4))


def _written_pair(pair: Pair) -> bytes:
    key, value = protobuf.text(1, pair.key), protobuf.octets(2, pair.value)
    return key + value + _strings((3, pair.content_type), (4, pair.file_name))


def _strings(*fields: tuple[int, str]) -> bytes:
    return b"".join([protobuf.text(number, value) for number, value in fields if value])


__all__ = ["AnswerData", "ApiType", "BadProtobuf", "CallData", "Pair", "read_answer", "read_call"]
