"""An endpoint: who answers where, and what the OpenAPI document says of it. One list for both."""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

import msgspec

from hongyan.api.problem import BadRequest
from hongyan.core.command import Idempotency
from hongyan.service.directory import App
from hongyan.service.ports import Sealer
from hongyan.wire.http import Handle, Refuse, Request, Response

Needs: TypeAlias = Literal["secret", "any", "metrics", ""]
"""Which key an endpoint asks for: a secret one, one of either kind, the metrics key, or none."""

_IDEMPOTENCY_KEY: Final = re.compile(rb"[ -~]{1,255}")
encode: Final = msgspec.json.Encoder().encode


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of our own API."""

    method: str
    path: str
    handle: Handle
    name: str
    """The operationId."""
    summary: str
    tag: str
    needs: Needs = ""
    takes: Any = None
    """The type of the JSON body; None for no body."""
    gives: Mapping[int, Any]
    """Status → type of the JSON body; None for a body of another kind."""
    problems: tuple[str, ...] = ()
    """The codes with which it may refuse."""
    query: Mapping[str, str] = {}
    """Parameter → what it says."""
    idempotent: bool = False
    """Whether it understands an Idempotency-Key."""
    refuse: Refuse | None = None
    """Says its refusals in words of its own; else they are problems."""


def decoded(request: Request, decoder: "msgspec.json.Decoder[Any]") -> Any:
    """The body. Raises BadRequest with where in the body it is wrong."""
    content_type = request.headers.get(b"content-type", b"")
    if content_type != b"application/json":
        _require_json(content_type)
    try:
        return decoder.decode(request.body)
    except msgspec.ValidationError as error:
        raise BadRequest("invalid_request", f"{error}.") from error
    except RecursionError as error:
        raise BadRequest(
            "invalid_request", "The body has too many brackets in brackets."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest("invalid_json", f"The body is not JSON: {error}.") from error


def idempotency(request: Request, app: App, sealer: Sealer) -> Idempotency | None:
    """The request's Idempotency-Key as marks, scoped by app and path. Raises BadRequest."""
    key = request.headers.get(b"idempotency-key")
    if key is None:
        return None
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise BadRequest("invalid_idempotency_key")
    scope = f"{app.id} {request.path} ".encode()
    return Idempotency(
        sealer.mark(b"idempotency", scope + key), sealer.mark(b"request", request.body)
    )


def answer(value: object, status: int = 200) -> Response:
    return Response(status, encode(value))


def _require_json(content_type: bytes) -> None:
    """Also for the sake of browsers: another site's page cannot send this type unasked."""
    media_type, _, parameters = content_type.partition(b";")
    if media_type.strip().lower() != b"application/json":
        raise BadRequest("unsupported_media_type")
    if b"charset" in parameters.lower() and b"utf-8" not in parameters.lower():
        raise BadRequest("unsupported_media_type", "JSON is sent as UTF-8.")
