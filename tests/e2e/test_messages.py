"""/v1/messages over real sockets: texts that an app sends itself, and what became of them."""

import re
from contextlib import closing
from typing import Any

import apsw
import pytest

from hongyan.core.identifier import read
from hongyan.core.time import MINUTE, rfc3339
from hongyan.providers.sandbox import FAULTS
from hongyan.service.administer import create_app
from hongyan.store.sqlite.schema import DATABASE
from support.held import HeldHouse
from support.process import NOTICE, Client, Dev, eventually, new_phone
from support.zhenzi import noticed

SCRIPTED = {number[-1]: number.removeprefix("+86") for number in FAULTS}
FREE = {"text": "周五见，编号123456。", "signature": "鸿雁"}


def events(message: Any) -> list[str]:
    return [step["event"] for step in message["timeline"]]


# Send.


def test_an_accepted_text_is_told_with_its_id(app: Client, phone: str) -> None:
    answer = app.send(phone)
    assert answer.status == 201
    told = answer.json
    assert list(told) == ["id", "to", "status", "segments"]
    assert (told["to"], told["status"], told["segments"]) == (f"+86{phone}", "queued", 1)
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{13}", told["id"])


def test_a_text_by_template_arrives_filled(app: Client, phone: str) -> None:
    app.sent(phone)
    text = app.latest(phone)
    assert text["text"] == "【鸿雁】您好，周五已为您预约成功，请按时到店。"
    assert (text["signature"], text["code"]) == ("鸿雁", None)


def test_a_free_text_arrives_under_its_signature(app: Client, phone: str) -> None:
    app.sent(phone, **FREE)
    assert app.latest(phone)["text"] == "【鸿雁】周五见，编号123456。"


def test_a_verification_template_takes_digits(app: Client, phone: str) -> None:
    app.sent(phone, template="code", params=["012345", "5"])
    assert app.code(phone) == "012345"


@pytest.mark.parametrize(("length", "segments"), [(66, 1), (67, 2), (130, 2), (131, 3)])
def test_a_long_text_is_charged_by_segments(
    app: Client, phone: str, length: int, segments: int
) -> None:
    answer = app.send(phone, text="雁" * length, signature="鸿雁")
    assert answer.json["segments"] == segments


def test_a_list_is_told_number_by_number(app: Client) -> None:
    good, other = new_phone(), new_phone()
    answer = app.send([good, "12345", "+14155552671", other])
    assert answer.status == 200
    first, bad, closed, last = answer.json["messages"]
    assert (first["to"], first["status"], first["segments"]) == (f"+86{good}", "queued", 1)
    assert (bad["to"], bad["error"]["code"]) == ("12345", "invalid_number")
    assert (closed["to"], closed["error"]["code"]) == ("+14155552671", "country_closed")
    assert "id" not in bad
    assert last["to"] == f"+86{other}"
    app.latest(good)
    app.latest(other)


def test_a_days_total_of_the_app_is_told_as_a_limit(own: Dev) -> None:
    capped = own.command("app", "caps", "app_dev", "--mainland", "2", "--never", "US")
    assert capped["caps"] == {"mainland": 2, "never": ["US"]}
    noticed(own)
    numbers = [new_phone() for _ in range(3)]
    *sent, over = own.app.send(numbers).json["messages"]
    assert [one["status"] for one in sent] == ["queued", "queued"]
    error = over["error"]
    assert (error["code"], error["scope"], error["window"]) == (
        "too_soon",
        "app",
        "app-day-mainland",
    )
    assert error["retry_at"].endswith("T16:00:00.000Z"), "Midnight in Beijing."
    answer = own.app.start(new_phone())
    assert (answer.status, answer.json["scope"]) == (429, "app")


def test_a_list_of_a_thousand_is_taken(own: Dev) -> None:
    numbers = [new_phone() for _ in range(1_000)]
    answer = own.app.send(numbers)
    assert [one["to"] for one in answer.json["messages"]] == [f"+86{one}" for one in numbers]
    own.app.latest(numbers[-1])
    assert own.balance() == 999_000


@pytest.mark.parametrize("count", [0, 1_001])
def test_a_list_has_one_to_a_thousand_numbers(app: Client, count: int) -> None:
    assert app.send([new_phone()] * count).problem == (400, "invalid_request")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_request"),
        ({"template": "notice", "params": ["a"], "text": "b"}, "invalid_request"),
        ({"template": "notice", "params": ["a"], "signature": "鸿雁"}, "invalid_request"),
        ({"template": "notice"}, "invalid_parameters"),
        ({"template": "notice", "params": ["a", "b"]}, "invalid_parameters"),
        ({"template": "notice", "params": ["雁" * 31]}, "invalid_parameters"),
        ({"template": "notice", "params": ["https://evil.example"]}, "invalid_parameters"),
        ({"template": "code", "params": ["abc", "5"]}, "invalid_parameters"),
        ({"template": "code", "params": ["1234567", "5"]}, "invalid_parameters"),
        ({"template": "none", "params": []}, "unknown_template"),
        ({"text": "hello"}, "unknown_signature"),
        ({"text": "hello", "signature": "别人"}, "unknown_signature"),
        ({"signature": "鸿雁"}, "invalid_text"),
        ({"text": " ", "signature": "鸿雁"}, "invalid_text"),
        ({"text": "【别人】hello", "signature": "鸿雁"}, "invalid_text"),
        ({"text": "a" * 501, "signature": "鸿雁"}, "text_too_long"),
        ({"text": "a\0b", "signature": "鸿雁"}, "invalid_text"),
    ],
)
def test_a_text_that_cannot_be_sent_is_refused(
    app: Client, phone: str, body: dict[str, Any], code: str
) -> None:
    assert app.post("/v1/messages", {"to": phone} | body).problem == (400, code)


def poor(held: HeldHouse, units: int) -> Client:
    """The app of an account that has bought this much."""
    with held.administering() as administering:
        account = administering.create_account("Poor", "personal")
        administering.add_signature(account, "鸿雁")
        created = create_app(administering, account, "Poor", "app_poor")
        if units:
            administering.add_package(account, units, "")
    return held.app.with_key(created.api_key)


def test_an_empty_account_is_told_so(held: HeldHouse, phone: str) -> None:
    assert poor(held, 0).send(phone, **FREE).problem == (402, "no_balance")


def test_a_list_that_the_balance_does_not_cover_is_taken_as_far_as_it_goes(
    held: HeldHouse,
) -> None:
    told = poor(held, 2).send([new_phone() for _ in range(3)], **FREE).json["messages"]
    assert ["error" in one for one in told] == [False, False, True]
    assert told[2]["error"]["code"] == "no_balance"


def test_a_repeated_send_gets_the_first_answer(app: Client, phone: str) -> None:
    body = {"to": [phone, "12345"], **NOTICE}
    first, second = (app.post("/v1/messages", body, idempotency_key=phone) for _ in range(2))
    assert second.seen == first.seen
    app.latest(phone)
    assert len(app.texts(phone)) == 1


def test_a_key_with_another_text_is_refused(app: Client, phone: str) -> None:
    app.post("/v1/messages", {"to": phone, **NOTICE}, idempotency_key=phone)
    other = app.post("/v1/messages", {"to": phone, **FREE}, idempotency_key=phone)
    assert other.problem == (409, "idempotency_key_reused")


# Show.


def test_a_message_is_shown_masked(app: Client, phone: str) -> None:
    message = app.sent(phone, **FREE)
    shown = app.settled(message, "delivered")
    assert (shown["id"], shown["kind"], shown["segments"]) == (message, "notice", 1)
    assert shown["to"] == f"138****{phone[-4:]}"
    assert shown["text"] == "【鸿雁】周五见，编号*。"


def test_a_delivered_message_shows_its_way(app: Client, phone: str) -> None:
    shown = app.settled(app.sent(phone), "delivered")
    assert events(shown) == ["accepted", "sending", "submitted", "delivered"]
    times = [step["at"] for step in shown["timeline"]]
    assert times == sorted(times)
    assert times[0] == shown["accepted_at"]
    assert shown["timeline"][1]["provider"] == "sandbox"


def test_how_often_its_links_were_opened_stands_in_the_timeline(
    held: HeldHouse, phone: str
) -> None:
    """Nothing makes links here yet but the protocols of others."""
    message = held.app.sent(phone)
    shown = held.app.settled(message, "delivered")
    at = held.clock() + MINUTE
    with closing(apsw.Connection(str(held.directory / DATABASE))) as connection:
        connection.execute(
            "INSERT INTO link (id, message, sealed, until, opened, opened_at)"
            " VALUES (1, ?1, x'', ?2, 0, 0), (2, ?1, x'', ?2, 1, ?2), (3, ?1, x'', ?2, 2, ?3)",
            (read(message), at + MINUTE, at),
        )
    timeline = held.app.message(message)["timeline"]
    assert timeline[:-1] == shown["timeline"]
    assert timeline[-1] == {"at": rfc3339(at), "event": "opened", "reason": "So far 3 times."}


def test_an_id_is_understood_in_lower_case(app: Client, phone: str) -> None:
    message = app.sent(phone)
    assert app.message(message.lower())["id"] == message


@pytest.mark.parametrize(
    "message", ["0000000000000", "ZZZZZZZZZZZZZ", "1", "UUUUUUUUUUUUU", "%E9%B8%BF", "-1", "%00"]
)
def test_an_id_that_names_nothing_is_not_found(app: Client, message: str) -> None:
    assert app.get(f"/v1/messages/{message}").problem == (404, "not_found")


def test_a_message_is_its_apps_alone(app: Client, other_app: Client, phone: str) -> None:
    answer = other_app.get(f"/v1/messages/{app.sent(phone)}")
    assert answer.problem == (404, "not_found")


def test_a_code_is_shown_as_a_star(app: Client, phone: str) -> None:
    app.sent(phone, template="code", params=["482913", "5"])
    message = app.latest(phone)["id"]
    assert app.message(message)["text"].startswith("【鸿雁】您的验证码为：*，请于*分钟内填写。")


# The nine numbers.


def test_there_are_nine_scripted_numbers() -> None:
    assert list(SCRIPTED.values()) == [f"1990000000{digit}" for digit in range(1, 10)]


@pytest.mark.parametrize(
    ("digit", "status", "way", "arrives"),
    [
        ("1", "rejected", "sending rejected", False),
        ("2", "delivered", "sending deferred sending submitted delivered", True),
        ("4", "unconfirmed", "sending unconfirmed", False),
        ("5", "unconfirmed", "sending unconfirmed", True),
        ("6", "undelivered", "sending submitted undelivered", False),
        ("7", "submitted", "sending submitted", True),
        ("8", "delivered", "sending submitted delivered", True),
        ("9", "delivered", "sending unconfirmed delivered", True),
    ],
)
def test_a_scripted_number_goes_its_way(
    app: Client, digit: str, status: str, way: str, arrives: bool
) -> None:
    message = app.sent(SCRIPTED[digit])
    shown = app.settled(message, status)
    # The eighth's receipt comes before the answer that it follows.
    assert sorted(events(shown)) == sorted(["accepted", *way.split()])
    assert (message in {text["id"] for text in app.texts(SCRIPTED[digit])}) is arrives


def test_a_deferred_number_is_tried_again_and_again(app: Client) -> None:
    message = app.sent(SCRIPTED["3"])
    eventually(lambda: events(app.message(message)).count("deferred") >= 2)
    assert app.message(message)["status"] in {"queued", "claimed", "sending"}
    assert app.texts(SCRIPTED["3"]) == []


def test_a_deferred_verification_is_given_up_and_refunded(own: Dev) -> None:
    own.app.started(SCRIPTED["3"])
    metric = 'hongyan_attempts_total{outcome="deferred",provider="sandbox"} 2.0'
    eventually(lambda: metric in own.nobody.get("/metrics").body.decode())
    eventually(lambda: own.balance() == 1_000_000)


def test_a_rejected_number_is_told_why_and_refunded(own: Dev) -> None:
    shown = own.app.settled(own.app.sent(SCRIPTED["1"]), "rejected")
    (rejected,) = [step for step in shown["timeline"] if step["event"] == "rejected"]
    assert (rejected["code"], rejected["attempt"]) == ("no_such_number", 1)
    assert own.balance() == 1_000_000


def test_a_verification_of_a_cut_off_text_can_be_passed(app: Client) -> None:
    assert app.approved(SCRIPTED["5"])
