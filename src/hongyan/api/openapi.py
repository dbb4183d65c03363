"""/openapi.json: the endpoints described for machines, OpenAPI 3.1, made from the same list that
answers the requests.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from hongyan import __version__
from hongyan.api.endpoint import Endpoint, Needs, encode
from hongyan.api.problem import REQUEST_WORDS, WORDS, Problem
from hongyan.wire.http import Request, Response

_REF: Final = "#/components/schemas/{name}"
_KEY_CODES: Final = ("unknown_key", "key_not_allowed", "app_disabled", "account_closed")
_BODY_CODES: Final = ("invalid_json", "invalid_request", "unsupported_media_type", "too_large")
_STORE_CODES: Final = ("limits_unavailable", "overloaded")
_IDEMPOTENCY_CODES: Final = ("invalid_idempotency_key", "idempotency_key_reused")
_STATUS: Final = {code: status for status, code in WORDS.values()} | {
    code: status for code, (status, _) in REQUEST_WORDS.items()
}
_SECURITY: Final[dict[Needs, list[dict[str, list[str]]]]] = {
    "secret": [{"secretKey": []}],
    "any": [{"secretKey": []}, {"publishableKey": []}],
    "metrics": [{"metricsKey": []}],
    "": [],
}


class OpenApi:
    """The document, written once at start."""

    def __init__(self, endpoints: Iterable[Endpoint], base_url: str) -> None:
        self._document = encode(document(list(endpoints), base_url))

    async def show(self, _request: Request) -> Response:
        return Response(200, self._document)

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="GET",
                path="/openapi.json",
                handle=self.show,
                name="openapi",
                summary="This document",
                tag="Health",
                gives={200: dict[str, Any]},
            )
        ]


def document(endpoints: list[Endpoint], base_url: str) -> dict[str, Any]:
    """The OpenAPI document of these endpoints."""
    types = [Problem, *_types(endpoints)]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    schema_of = dict(zip(map(repr, types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for one in endpoints:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hongyan 鸿雁",
            "version": __version__,
            "summary": "Proves phone numbers and delivers SMS for WeChat mini programs.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "secretKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A secret key, sk_…: for servers only.",
                },
                "metricsKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The key of [metrics] in the configuration.",
                },
                "publishableKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A publishable key, pk_…: for pages and mini programs.",
                },
            },
        },
    }


def _types(endpoints: list[Endpoint]) -> list[Any]:
    taken = [one.takes for one in endpoints if one.takes is not None]
    return taken + [given for one in endpoints for given in one.gives.values() if given]


def _operation(one: Endpoint, schema_of: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "tags": [one.tag],
        "security": _SECURITY[one.needs],
        "parameters": _parameters(one),
        "responses": _responses(one, schema_of),
    }
    if one.takes is not None:
        schema = schema_of[repr(one.takes)]
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    return operation


def _parameters(one: Endpoint) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = []
    if "{id}" in one.path:
        parameters.append(
            {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        )
    for name, sentence in one.query.items():
        parameters.append(
            {"name": name, "in": "query", "description": sentence, "schema": {"type": "string"}}
        )
    if one.idempotent:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "Repeat a request safely: the same key gets the first answer, 24 h.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    return parameters


def _responses(one: Endpoint, schema_of: dict[str, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, given in one.gives.items():
        response: dict[str, Any] = {"description": (given and given.__doc__) or "Done."}
        if given is not None:
            schema = schema_of[repr(given)]
            response["content"] = {"application/json": {"schema": schema}}
        responses[str(status)] = response
    for status, codes in sorted(_by_status(codes_of(one)).items()):
        responses.setdefault(str(status), _problem(codes))
    return responses


def codes_of(one: Endpoint) -> list[str]:
    """Every code with which an endpoint may refuse; none where it has words of its own."""
    codes = list(one.problems)
    if one.refuse is not None:
        return codes
    if one.needs:
        codes += _KEY_CODES
    if one.takes is not None:
        codes += _BODY_CODES
    if one.method == "POST":
        codes += _STORE_CODES
    if one.idempotent:
        codes += _IDEMPOTENCY_CODES
    return codes


def _by_status(codes: list[str]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for code in codes:
        found.setdefault(_STATUS[code], []).append(code)
    return found


def _problem(codes: list[str]) -> dict[str, Any]:
    return {
        "description": "Refused: " + ", ".join(codes) + ".",
        "x-codes": codes,
        "content": {"application/problem+json": {"schema": {"$ref": _REF.format(name="Problem")}}},
    }
