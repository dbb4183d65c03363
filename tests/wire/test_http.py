"""HTTP as values: who answers at a path, and what a query says."""

import pytest

from hongyan.wire.http import Request, Response, Route, Routes


async def nobody(request: Request) -> Response:
    return Response(204)


def refuse(request: Request, error: Exception) -> Response:
    return Response(500)


def route(method: str, path: str) -> Route:
    return Route(method, path, nobody, refuse)


ROUTES = Routes(
    route(method, path)
    for method, path in [
        ("GET", "/"),
        ("GET", "/v1/messages"),
        ("POST", "/v1/messages"),
        ("GET", "/v1/messages/{id}"),
        ("GET", "/v1/messages/latest"),
        ("POST", "/v1/verifications/{id}/check"),
        ("POST", "/v1/verifications/{id}/resend"),
    ]
)


def asked(query: bytes = b"", headers: dict[bytes, bytes] | None = None) -> Request:
    return Request("GET", "/", query, headers or {}, b"", "192.0.2.1")


@pytest.mark.parametrize(
    ("path", "methods", "variable"),
    [
        ("/", {"GET"}, ""),
        ("/v1/messages", {"GET", "POST"}, ""),
        ("/v1/messages/01ABC", {"GET"}, "01ABC"),
        ("/v1/messages/latest", {"GET"}, ""),
        ("/v1/messages/{id}", {"GET"}, "{id}"),
        ("/v1/verifications/0193/check", {"POST"}, "0193"),
        ("/v1/verifications/0193/resend", {"POST"}, "0193"),
        ("/v1/verifications/check/check", {"POST"}, "check"),
    ],
)
def test_a_path_finds_who_answers_there(path: str, methods: set[str], variable: str) -> None:
    found, written = ROUTES.find(path)
    assert set(found) == methods
    assert written == variable
    assert all(one.method == method for method, one in found.items())


@pytest.mark.parametrize(
    "path",
    [
        "",
        "v1/messages",
        "//",
        "/v1",
        "/v1/messages/",
        "/v1/messages/a/b",
        "/v1/verifications/0193",
        "/v1/verifications/check",
        "/v1/verifications//check",
        "/v1/verifications/a/b/check",
        "/V1/messages",
    ],
)
def test_nobody_answers_elsewhere(path: str) -> None:
    assert ROUTES.find(path) == ({}, "")


@pytest.mark.parametrize(
    ("query", "value"),
    [
        (b"", ""),
        (b"phone=13800138000", "13800138000"),
        (b"phone=", ""),
        (b"phone", ""),
        (b"other=1", ""),
        (b"phone=1&phone=2", "2"),
        (b"a=b&phone=%2B8613800138000&c", "+8613800138000"),
        (b"phone=138+0013+8000", "138 0013 8000"),
        (b"phone=%E9%B8%BF%E9%9B%81", "鸿雁"),
        (b"phone=%ff", "\ufffd"),
        (b"phone=%", "%"),
        (b"Phone=1", ""),
        (b"phone=\xff", "ÿ"),
    ],
)
def test_a_query_parameter_is_its_last_value(query: bytes, value: str) -> None:
    assert asked(query).parameter("phone") == value


def test_a_missing_header_is_empty() -> None:
    request = asked(headers={b"origin": b"https://a.test", b"x-raw": b"\xff"})
    assert request.header(b"origin") == "https://a.test"
    assert request.header(b"x-raw") == "ÿ"
    assert request.header(b"authorization") == ""
