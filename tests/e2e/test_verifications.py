"""/v1/verifications over real sockets: start, resend and check, with both kinds of key."""

import json
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TypeVar

import pytest

from hongyan.core.time import DAY, MINUTE, SECOND
from hongyan.service.administer import create_app, new_key
from hongyan.service.directory import KeyKind
from support.held import HeldHouse
from support.process import Answer, Client, Dev, new_address, new_phone

A = TypeVar("A")
NO_SUCH_ID = "0193a5b0-0000-7000-8000-000000000000"


def at_once(calls: Iterable[Callable[[], A]]) -> list[A]:
    """What many callers are told who all call at the same time."""
    calls = list(calls)
    with ThreadPoolExecutor(len(calls)) as pool:
        return [one.result() for one in [pool.submit(call) for call in calls]]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


# Start.


def test_a_start_tells_how_the_verification_will_go(app: Client, phone: str) -> None:
    answer = app.start(phone)
    assert answer.status == 201
    assert answer.headers["content-type"] == "application/json"
    told = answer.json
    assert list(told) == ["id", "phone", "status", "expires_at", "resend_at", "sends_left"]
    assert (told["phone"], told["status"], told["sends_left"]) == (f"+86{phone}", "pending", 2)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", told["id"])
    expires_at, resend_at = (datetime.fromisoformat(told[at]) for at in ("expires_at", "resend_at"))
    assert expires_at - resend_at == timedelta(minutes=9)


def test_the_text_holds_a_code_of_six_digits_and_the_minutes(app: Client, phone: str) -> None:
    app.started(phone)
    text = app.latest(phone)
    assert re.fullmatch(r"\d{6}", text["code"])
    assert text["text"].startswith(f"【鸿雁】您的验证码为：{text['code']}，请于5分钟内填写。")
    assert "请勿告知他人" in text["text"]


@pytest.mark.parametrize(
    "spelling",
    [
        "+86{}",
        "0086{}",
        "86{}",
        "{}",
        " {} ",
        "+86-{}",
        "{0[0]}{0[1]}{0[2]}-{0[3]} {0[4]}{0[5]}{0[6]}{0[7]}{0[8]}{0[9]}{0[10]}",
    ],
)
def test_all_spellings_of_a_number_are_one_phone(app: Client, phone: str, spelling: str) -> None:
    app.started(spelling.format(phone))
    answer = app.start(phone)
    assert answer.problem == (429, "too_soon")
    assert app.latest(phone)["phone"] == phone


def test_a_second_start_is_told_when_to_come_back(app: Client, phone: str) -> None:
    app.started(phone)
    answer = app.start(phone)
    assert answer.problem == (429, "too_soon")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    problem = answer.json
    assert (problem["scope"], problem["window"]) == ("phone", "cool-down")
    assert problem["retry_at"].endswith("Z")


def test_a_number_is_one_for_all_apps_of_a_house(
    app: Client, other_app: Client, phone: str
) -> None:
    app.started(phone)
    assert other_app.start(phone).problem == (429, "too_soon")


def test_the_same_caller_is_told_its_pending_verification(page: Client, phone: str) -> None:
    verification = page.started(phone, client={"device": "d-1"})
    again = page.start(phone, client={"device": "d-1"})
    assert again.json["verification_id"] == verification


def test_another_caller_is_not_told_of_it(page: Client, app: Client, phone: str) -> None:
    mine = {"device": "d-1"}
    page.started(phone, client=mine)
    nameless: dict[str, str] = {}
    for other, client in (
        (page, {"device": "d-2"}),
        (page, nameless),
        (page.at(new_address()), mine),
        (app, mine),
    ):
        assert "verification_id" not in other.start(phone, client=client).json


def test_neighbours_without_a_device_are_not_taken_for_one(page: Client, phone: str) -> None:
    page.started(phone)
    assert "verification_id" not in page.start(phone).json


def test_the_answer_does_not_tell_whether_a_number_is_known(held: HeldHouse, phone: str) -> None:
    held.app.approved(phone)
    held.clock.pass_by(10 * MINUTE)
    known, unknown = held.app.start(phone).json, held.app.start(new_phone()).json
    assert known.keys() == unknown.keys()
    assert known["sends_left"] == unknown["sends_left"]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("12345", "unassigned"),
        ("12800138000", "unassigned"),
        ("010-12345678", "not_mobile"),
        ("１３８００１３８０００", "not_digits"),
        ("", "empty"),
        ("138001380001380013800013800138000", "too_long"),
        ("13800138000x", "not_digits"),
    ],
)
def test_a_number_that_is_none_is_refused_with_the_reason(
    app: Client, number: str, reason: str
) -> None:
    answer = app.start(number)
    assert answer.problem == (400, "invalid_number")
    assert answer.json["reason"] == reason


def test_a_country_that_is_not_open_is_refused(app: Client) -> None:
    assert app.start("+14155552671").problem == (400, "country_closed")


def test_sixty_four_starts_at_once_send_one_text(app: Client, phone: str) -> None:
    answers = at_once([lambda: app.start(phone)] * 64)
    assert sorted(answer.status for answer in answers) == [201] + [429] * 63
    app.latest(phone)
    assert len(app.texts(phone)) == 1


# Check.


def test_the_right_code_is_approved_with_a_proof(app: Client, phone: str) -> None:
    verification = app.started(phone)
    answer = app.check(verification, app.code(phone))
    assert answer.status == 200
    assert list(answer.json) == ["status", "proof"]
    assert answer.json["status"] == "approved"
    assert answer.json["proof"].count(".") == 2


def test_sixty_four_checks_at_once_of_one_code_pass_once(app: Client, phone: str) -> None:
    verification, code = app.started(phone), app.code(phone)
    answers = at_once([lambda: app.check(verification, code)] * 64)
    assert sorted(answer.status for answer in answers) == [200] + [400] * 63


@pytest.mark.parametrize("code", ["12345", "1234567", "", " 123456", "123456 ", "12 34 56"])
def test_what_has_not_the_form_of_a_code_is_told_so(app: Client, phone: str, code: str) -> None:
    assert app.check(app.started(phone), code).problem == (400, "invalid_code")


@pytest.mark.parametrize("code", ["１２３４５６", "１23456", "abcdef", "12345\0", "-12345"])
def test_only_the_digits_0_to_9_make_a_code(app: Client, phone: str, code: str) -> None:
    assert app.check(app.started(phone), code).problem == (400, "invalid_code")


def test_a_code_without_form_uses_up_no_guess(app: Client, phone: str) -> None:
    verification, code = app.started(phone), app.code(phone)
    for _ in range(10):
        assert app.check(verification, "no").status == 400
    assert app.check(verification, code).status == 200


def unknown(held: HeldHouse) -> Answer:
    return held.app.check(NO_SUCH_ID, "123456")


def no_id(held: HeldHouse) -> Answer:
    return held.app.check("no-id", "123456")


def mistyped(held: HeldHouse) -> Answer:
    phone = new_phone()
    verification = held.app.started(phone)
    return held.app.check(verification, wrong(held.app.code(phone)))


def expired(held: HeldHouse) -> Answer:
    phone = new_phone()
    verification, code = held.app.started(phone), held.app.code(phone)
    held.clock.pass_by(5 * MINUTE)
    return held.app.check(verification, code)


def used(held: HeldHouse) -> Answer:
    phone = new_phone()
    verification, code = held.app.started(phone), held.app.code(phone)
    assert held.app.check(verification, code).status == 200
    return held.app.check(verification, code)


def locked(held: HeldHouse) -> Answer:
    phone = new_phone()
    verification, code = held.app.started(phone), held.app.code(phone)
    for _ in range(5):
        held.app.check(verification, wrong(code))
    return held.app.check(verification, code)


def of_another_openid(held: HeldHouse) -> Answer:
    phone = new_phone()
    verification = held.app.started(phone, client={"openid": "o1"})
    return held.app.check(verification, held.app.code(phone), client={"openid": "o2"})


def of_another_app(held: HeldHouse) -> Answer:
    phone = new_phone()
    verification, code = held.app.started(phone), held.app.code(phone)
    with held.administering() as administering:
        created = create_app(administering, 1, "Other")
    return held.app.with_key(created.api_key).check(verification, code)


FAILURES = [unknown, no_id, mistyped, expired, used, locked, of_another_openid, of_another_app]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda one: one.__name__)
def test_no_failed_check_can_be_told_from_another(
    held: HeldHouse, failure: Callable[[HeldHouse], Answer]
) -> None:
    answer = failure(held)
    assert answer.problem == (400, "invalid_or_expired")
    assert answer.seen == unknown(held).seen


def test_a_resend_for_an_unknown_verification_is_refused_alike(app: Client, phone: str) -> None:
    verification, code = app.started(phone), app.code(phone)
    app.check(verification, code)
    for answer in (app.resend(NO_SUCH_ID), app.resend("no-id"), app.resend(verification)):
        assert answer.problem == (400, "invalid_or_expired")


# Resend.


def test_a_resend_too_soon_is_told_when_to_come_back(app: Client, phone: str) -> None:
    verification = app.started(phone)
    answer = app.resend(verification)
    assert answer.problem == (429, "too_soon")
    assert 1 <= int(answer.headers["retry-after"]) <= 60


def test_a_resend_sends_another_code_and_voids_the_first(held: HeldHouse, phone: str) -> None:
    app = held.app
    verification = app.started(phone)
    first = app.latest(phone)
    held.clock.pass_by(MINUTE)
    answer = app.resend(verification)
    assert (answer.status, answer.json["id"], answer.json["sends_left"]) == (200, verification, 1)
    second = app.latest(phone, after=first["id"])
    if first["code"] != second["code"]:
        assert app.check(verification, first["code"]).problem == (400, "invalid_or_expired")
    assert app.check(verification, second["code"]).status == 200


def test_a_resend_takes_an_empty_body_or_none(held: HeldHouse) -> None:
    for body in (None, b"", {}, {"client": None}):
        verification = held.app.started(new_phone())
        held.clock.pass_by(MINUTE)
        path = f"/v1/verifications/{verification}/resend"
        assert held.app.post(path, body).status == 200


def test_a_verification_has_three_texts(held: HeldHouse, phone: str) -> None:
    verification = held.app.started(phone)
    for left in (1, 0):
        held.clock.pass_by(MINUTE)
        assert held.app.resend(verification).json["sends_left"] == left
    held.clock.pass_by(MINUTE)
    assert held.app.resend(verification).problem == (409, "no_sends_left")


# Idempotency-Key.


def test_a_repeated_start_gets_the_first_answer(app: Client, phone: str) -> None:
    body = {"phone": phone, "purpose": "login"}
    first, second = (app.post("/v1/verifications", body, idempotency_key=phone) for _ in range(2))
    assert first.status == 201
    assert second.seen == first.seen
    app.latest(phone)
    assert len(app.texts(phone)) == 1


def test_a_repeated_check_gets_a_proof_of_the_same_claims(app: Client, phone: str) -> None:
    verification, code = app.started(phone), app.code(phone)
    path = f"/v1/verifications/{verification}/check"
    answers = [app.post(path, {"code": code}, idempotency_key="1") for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 200]
    first, second = (answer.json["proof"].split(".")[1] for answer in answers)
    assert first == second


def test_a_key_with_another_body_is_refused(app: Client, phone: str) -> None:
    body = {"phone": phone, "purpose": "login"}
    app.post("/v1/verifications", body, idempotency_key=phone)
    other = app.post("/v1/verifications", body | {"purpose": "register"}, idempotency_key=phone)
    assert other.problem == (409, "idempotency_key_reused")


def test_a_key_is_an_apps_own(app: Client, other_app: Client, phone: str) -> None:
    body = {"phone": phone, "purpose": "login"}
    app.post("/v1/verifications", body, idempotency_key=phone)
    answer = other_app.post("/v1/verifications", body, idempotency_key=phone)
    assert answer.problem == (429, "too_soon")


def test_a_key_is_forgotten_after_a_day(held: HeldHouse, phone: str) -> None:
    body = {"phone": phone, "purpose": "login"}
    first = held.app.post("/v1/verifications", body, idempotency_key="a")
    held.clock.pass_by(DAY - MINUTE)
    assert held.app.post("/v1/verifications", body, idempotency_key="a").seen == first.seen
    held.clock.pass_by(MINUTE + SECOND)
    later = held.app.post("/v1/verifications", body, idempotency_key="a")
    assert (later.status, later.json["id"] == first.json["id"]) == (201, False)


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
