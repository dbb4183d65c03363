"""/v1/verifications over real sockets: start, resend and check, with both kinds of key."""

import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TypeVar

import pytest

from hongyan.core.time import DAY, MINUTE, SECOND
from hongyan.service.administer import create_app
from support.held import HeldHouse
from support.process import NO_SUCH_ID, Answer, Client, new_address, new_phone

A = TypeVar("A")


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
