"""Keys over real sockets: what a page may do, from where, and how every wrong key is refused."""

import json

import pytest

from hongyan.core.time import MINUTE
from hongyan.service.administer import new_key
from hongyan.service.directory import KeyKind
from support.held import HeldHouse
from support.process import NO_SUCH_ID, Answer, Client, Dev, new_address, new_phone

# Publishable keys.


def test_a_page_may_start_resend_and_check(page: Client, phone: str) -> None:
    verification = page.started(phone)
    assert page.resend(verification).problem == (429, "too_soon")
    assert page.check(verification, page.code(phone)).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/messages"),
        ("GET", "/v1/messages/06XSFM3AW0000"),
        ("POST", "/v1/proofs/verify"),
    ],
)
def test_a_page_may_do_nothing_else(page: Client, method: str, path: str) -> None:
    assert page.call(method, path, {} if method == "POST" else None).problem == (
        403,
        "key_not_allowed",
    )


def test_a_publishable_key_is_for_its_purposes(page: Client, phone: str) -> None:
    assert page.start(phone, "payment").problem == (403, "key_not_allowed")


def test_a_publishable_key_checks_for_its_purposes_only(
    app: Client, page: Client, phone: str
) -> None:
    verification = app.started(phone, "payment")
    assert page.check(verification, app.code(phone)).status in {400, 403}


def test_a_publishable_key_resends_for_its_purposes_only(held: HeldHouse, phone: str) -> None:
    verification = held.app.started(phone, "payment")
    held.clock.pass_by(MINUTE)
    key = new_key(KeyKind.PUBLISHABLE, ["login"], ["none"])
    with held.administering() as administering:
        administering.add_key(1, key)
    assert held.app.with_key(key.secret).resend(verification).status in {400, 403}


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://127.0.0.1",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:{port}/",
    ],
)
def test_a_publishable_key_is_for_its_origins(
    dev: Dev, page: Client, phone: str, origin: str
) -> None:
    given = origin.format(port=dev.url.rsplit(":", 1)[1])
    body = {"phone": phone, "purpose": "login"}
    answer = page.post("/v1/verifications", body, origin=given)
    assert answer.problem == (403, "key_not_allowed")
    assert "access-control-allow-origin" not in answer.headers


def test_an_openid_from_a_page_is_not_believed(page: Client, phone: str) -> None:
    verification = page.started(phone, client={"openid": "o1"})
    claims = page.check(verification, page.code(phone), client={"openid": "o2"})
    assert claims.status == 200


def test_a_page_counts_by_its_address(page: Client) -> None:
    answers = [page.start(new_phone()) for _ in range(11)]
    assert [answer.status for answer in answers] == [201] * 10 + [429]
    assert (answers[-1].json["scope"], answers[-1].json["window"]) == ("ip", "10min")
    assert page.at(new_address()).start(new_phone()).status == 201


def test_a_page_cannot_name_its_address(page: Client) -> None:
    def named(number: int) -> Answer:
        body = {"phone": new_phone(), "purpose": "login", "client": {"ip": f"9.9.9.{number}"}}
        return page.post("/v1/verifications", body, x_forwarded_for=f"9.9.9.{number}")

    assert [named(number).status for number in range(11)][-1] == 429


# CORS.


@pytest.mark.parametrize("path", ["", f"/{NO_SUCH_ID}/resend", f"/{NO_SUCH_ID}/check"])
def test_a_preflight_lets_a_listed_page_send_its_key(dev: Dev, page: Client, path: str) -> None:
    asked = {"Origin": dev.url, "Access-Control-Request-Method": "POST"}
    answer = page.with_key("").call("OPTIONS", f"/v1/verifications{path}", None, asked)
    assert (answer.status, answer.body) == (204, b"")
    allowed = answer.headers
    assert allowed["access-control-allow-origin"] == dev.url
    assert allowed["access-control-allow-methods"] == "POST"
    headers = set(allowed["access-control-allow-headers"].split(", "))
    assert headers == {"authorization", "content-type", "idempotency-key"}
    assert allowed["vary"] == "origin"


def test_a_preflight_of_a_foreign_page_is_allowed_nothing(page: Client) -> None:
    answer = page.call("OPTIONS", "/v1/verifications", None, {"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["vary"] == "origin"


@pytest.mark.parametrize(
    ("key", "body", "status"),
    [
        ("", {"phone": "13800138000", "purpose": "login"}, 401),
        (None, {"phone": "13800138000", "purpose": "payment"}, 403),
        (None, {"phone": "1", "purpose": "login"}, 400),
        (None, b"{", 400),
    ],
)
def test_a_listed_page_may_read_errors_too(
    dev: Dev, page: Client, key: str | None, body: object, status: int
) -> None:
    caller = page if key is None else page.with_key(key)
    answer = caller.post("/v1/verifications", body, origin=dev.url)
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == dev.url
    assert "retry-after" in answer.headers["access-control-expose-headers"]


def test_a_listed_page_may_read_success(dev: Dev, page: Client, phone: str) -> None:
    answer = page.post("/v1/verifications", {"phone": phone, "purpose": "login"}, origin=dev.url)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (201, dev.url)
    assert "access-control-allow-credentials" not in answer.headers


def test_only_what_pages_may_call_answers_their_preflight(page: Client) -> None:
    for path in ("/v1/messages", "/v1/proofs/verify", "/register", "/sandbox/messages"):
        assert page.call("OPTIONS", path).problem == (405, "method_not_allowed")


# Keys.


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer sk_wrong",
        "Bearer pk_wrong",
        "Basic c2tfOg==",
        "{key}",
        "Bearer  {key}",
        "Bearer {key}x",
        "Bearer {key}, Bearer {key}",
        "Bearer \xff\xfe",
        "Bearer " + "a" * 10_000,
    ],
)
def test_every_wrong_key_is_refused_alike(
    dev: Dev, nobody: Client, phone: str, authorization: str | None
) -> None:
    headers = {}
    if authorization is not None:
        headers["Authorization"] = authorization.format(key=dev.file["api_key"])
    body = json.dumps({"phone": phone, "purpose": "login"}).encode()
    answer = nobody.call("POST", "/v1/verifications", body, headers)
    assert answer.problem == (401, "unknown_key")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.seen == nobody.start(phone).seen


def test_a_key_is_asked_for_before_the_body_is_looked_at(nobody: Client) -> None:
    for path in ("", f"/{NO_SUCH_ID}/check", f"/{NO_SUCH_ID}/resend"):
        assert nobody.post(f"/v1/verifications{path}", b"{").problem == (401, "unknown_key")
