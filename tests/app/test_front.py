"""The front: who answers, whose address counts, what is counted and what is logged."""

from typing import Any

import pytest

from hongyan.api.problem import Refusals
from hongyan.app.front import Front, Logged
from hongyan.core.errors import NotFound
from hongyan.wire.http import Request, Response, Route, Routes, beside

PROXY = "10.0.0.1"


class Asked:
    """A handler that remembers what it was asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.requests: list[Request] = []

    async def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        return Response(200, b"{}")

    @property
    def peer(self) -> str:
        return self.requests[-1].peer


def ask(
    path: str = "/a", *, method: str = "GET", peer: str = PROXY, query: bytes = b"", **headers: str
) -> Request:
    named = {name.replace("_", "-").encode(): one.encode() for name, one in headers.items()}
    return Request(method, path, query, named, b"", peer)


def front(
    *handlers: tuple[str, str, Asked], proxies: tuple[str, ...] = (), logged: Logged = "errors"
) -> Front:
    refuse = Refusals(lambda: 0)
    routes = [Route(method, path, handle, refuse) for method, path, handle in handlers]
    return Front(Routes(routes), trusted_proxies=proxies, logged=logged)


# Who answers.


@pytest.mark.parametrize(
    ("path", "variable"),
    [
        ("/v/1", "1"),
        ("/v/1/check", ""),
        ("/v/a b", "a b"),
        ("/v/鸿", "鸿"),
    ],
)
async def test_a_path_with_a_variable_is_found(path: str, variable: str) -> None:
    one, check = Asked(), Asked()
    found = front(("GET", "/v/{id}", one), ("GET", "/v/known/check", check))
    response = await found.respond(ask(path))
    if variable:
        assert one.requests[0].variable == variable
    else:
        assert response.status == 404


@pytest.mark.parametrize("path", ["/", "", "/b", "/a/", "//a", "/A", "/v/", "/v/1/2", "/v"])
async def test_an_unknown_path_is_not_found(path: str) -> None:
    handled = Asked()
    found = front(("GET", "/a", handled), ("GET", "/v/{id}", handled))
    response = await found.respond(ask(path))
    assert (response.status, handled.requests) == (404, [])


async def test_an_exact_path_comes_before_one_with_a_variable() -> None:
    exact, variable = Asked(), Asked()
    found = front(("GET", "/v/{id}", variable), ("GET", "/v/page", exact))
    await found.respond(ask("/v/page"))
    assert (len(exact.requests), len(variable.requests)) == (1, 0)


async def test_a_wrong_method_is_told_the_right_ones() -> None:
    found = front(("GET", "/a", Asked()), ("DELETE", "/a", Asked()))
    response = await found.respond(ask(method="POST"))
    assert (response.status, response.headers) == (405, ((b"allow", b"DELETE, GET"),))


async def test_head_is_answered_by_who_answers_get() -> None:
    handled = Asked()
    assert (await front(("GET", "/a", handled)).respond(ask(method="HEAD"))).status == 200
    assert handled.requests


async def test_whatever_is_raised_becomes_an_answer(quiet_log: list[Any]) -> None:
    found = front(("GET", "/a", Asked(NotFound())), ("GET", "/b", Asked(ZeroDivisionError())))
    assert (await found.respond(ask("/a"))).status == 404
    assert (await found.respond(ask("/b"))).status == 500
    assert [entry["event"] for entry in quiet_log if entry["log_level"] == "error"] == [
        "api.failed"
    ]


# Whose address counts.


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "believed"),
    [
        ((), PROXY, "1.1.1.1", PROXY),
        (("10.0.0.0/8",), "9.9.9.9", "1.1.1.1", "9.9.9.9"),
        (("10.0.0.0/8",), PROXY, "1.1.1.1", "1.1.1.1"),
        (("10.0.0.0/8",), PROXY, "", PROXY),
        (("10.0.0.0/8",), PROXY, " , ,", PROXY),
        (("10.0.0.0/8",), PROXY, "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        (("10.0.0.0/8",), PROXY, "6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1"),
        (("10.0.0.0/8",), PROXY, "10.0.0.3,10.0.0.2", "10.0.0.3"),
        (("10.0.0.0/8",), PROXY, "6.6.6.6, unknown", PROXY),
        (("10.0.0.1/32", "::1/128"), "::1", "2001:db8::7", "2001:db8::7"),
        (("10.0.0.0/8",), "", "1.1.1.1", ""),
    ],
)
async def test_a_forwarded_address_counts_from_trusted_proxies_only(
    proxies: tuple[str, ...], peer: str, forwarded: str, believed: str
) -> None:
    handled = Asked()
    found = front(("GET", "/a", handled), proxies=proxies)
    await found.respond(ask(peer=peer, x_forwarded_for=forwarded))
    assert handled.peer == believed


# What is counted and logged.


async def test_requests_are_counted_by_route_and_status() -> None:
    found = front(("GET", "/v/{id}", Asked()), ("GET", "/b", Asked(NotFound())))
    for path in ("/v/1", "/v/2", "/b", "/secret"):
        await found.respond(ask(path))
    await found.respond(ask("/b", method="POST"))
    assert found.requests == {
        ("/v/{id}", 200): 2,
        ("/b", 404): 1,
        ("other", 404): 1,
        ("other", 405): 1,
    }


@pytest.mark.parametrize(
    ("logged", "statuses"), [("all", [200, 404, 500]), ("errors", [500]), ("off", [])]
)
async def test_the_access_log_holds_what_was_asked_for(
    quiet_log: list[Any], logged: Logged, statuses: list[int]
) -> None:
    found = front(("GET", "/a", Asked()), ("GET", "/b", Asked(ValueError())), logged=logged)
    for path in ("/a", "/none", "/b"):
        await found.respond(ask(path))
    lines = [entry for entry in quiet_log if entry["event"] == "request"]
    assert [line["status"] for line in lines] == statuses


async def test_the_access_log_holds_the_path_and_never_the_query(quiet_log: list[Any]) -> None:
    found = front(("GET", "/a", Asked(ValueError("x"))), logged="all")
    await found.respond(ask(query=b"phone=13800138000", authorization="Bearer sk_secret"))
    written = repr(quiet_log)
    assert "/a" in written
    assert "13800138000" not in written
    assert "sk_secret" not in written


# Choosy routes.


def choosy(**more: Any) -> tuple[Asked, Asked, Front]:
    """A page, and a protocol that answers beside it where something is called."""
    page, called, refuse = Asked(), Asked(), Refusals(lambda: 0)

    def wants(request: Request) -> bool:
        return b"x-action" in request.headers

    chosen = [
        Route(method, path, called, refuse, wants=wants, **more)
        for path in ("/", "/called")
        for method in ("GET", "*")
    ]
    routes = beside(chosen, [Route("GET", "/", page, refuse)])
    return page, called, Front(Routes(routes), trusted_proxies=(PROXY,), logged="off")


@pytest.mark.parametrize("path", ["/", "/called"])
async def test_what_a_choosy_route_does_not_want_is_the_page(path: str) -> None:
    page, called, chosen = choosy()
    assert (await chosen.respond(ask(path))).status == 200
    assert (await chosen.respond(ask(path, x_action="a"))).status == 200
    assert (await chosen.respond(ask(path, method="POST", x_action="a"))).status == 200
    assert (len(page.requests), len(called.requests)) == (1, 2)
    refused = await chosen.respond(ask(path, method="POST"))
    assert (refused.status, dict(refused.headers)[b"allow"]) == (405, b"GET")


def test_how_large_a_body_may_be_is_its_routes_affair() -> None:
    _, _, chosen = choosy(largest=lambda _variable, headers: int(headers[b"x-most"]))
    assert chosen.largest("/called", {b"x-most": b"7"}) == 7
    assert chosen.largest("/elsewhere", {b"x-most": b"7"}) == 0


@pytest.mark.parametrize(
    ("peer", "chain", "known"),
    [
        (PROXY, "192.0.2.7", True),
        (PROXY, f"192.0.2.7, {PROXY}", True),
        (PROXY, PROXY, False),
        (PROXY, "unknown", False),
        ("192.0.2.9", "192.0.2.7", False),
        ("192.0.2.9", "192.0.2.9", False),
        ("192.0.2.9", "", True),
    ],
)
async def test_whoever_comes_by_a_proxy_that_nobody_trusts_is_not_known(
    peer: str, chain: str, *, known: bool
) -> None:
    _, called, chosen = choosy()
    request = ask("/", peer=peer, x_action="a")
    if chain:
        request.headers = {**request.headers, b"x-forwarded-for": chain.encode()}
    await chosen.respond(request)
    assert called.requests[-1].peer_is_known is known


async def test_a_host_is_told_by_trusted_proxies_alone() -> None:
    _, called, chosen = choosy()
    for peer, told in ((PROXY, "sms.example.com"), ("192.0.2.9", "")):
        await chosen.respond(ask("/", peer=peer, x_action="a", x_forwarded_host="sms.example.com"))
        assert called.requests[-1].forwarded_host == told
