"""/register: the whole loop of a registration, in the words of the document that it is from."""

import json
import socket
import struct
from typing import Any
from urllib.parse import urlsplit

import pytest

from hongyan.core.time import MINUTE
from support.held import HeldHouse
from support.process import NOTICED_S, Answer, Client, Dev, eventually, hongyan, new_phone


def register(client: Client, phone: object) -> Answer:
    return client.post("/register", {"phone": phone})


def verify(client: Client, phone: object, code: object) -> Answer:
    return client.post("/register/verify", {"phone": phone, "code": code})


def said(answer: Answer) -> tuple[int, int, str]:
    """(status, code, message) of an answer, which holds no more than the document says."""
    assert answer.headers["content-type"] == "application/json"
    told = answer.json
    assert told.keys() <= {"code", "message", "data", "retry_after"}
    return answer.status, told["code"], told["message"]


SENT = (200, 0, "验证码已发送")
REGISTERED = (200, 0, "注册成功")
FAILED = (500, 1001, "短信服务异常")
BAD_NUMBER = (400, 1002, "手机号格式错误")
BAD_REQUEST = (400, 1002, "请求格式错误")
KEY_REUSED = (409, 1002, "此幂等键已用于另一个请求")
TOO_SOON = (429, 1003, "发送过于频繁，请稍后再试")
BAD_CODE = (400, 1004, "验证码错误或已失效")


def test_a_number_is_registered_with_the_code_that_it_received(nobody: Client, phone: str) -> None:
    assert said(register(nobody, phone)) == SENT
    answer = verify(nobody, phone, nobody.code(phone))
    assert said(answer) == REGISTERED
    member = answer.json["data"]
    assert list(member) == ["member_id", "new", "proof"]
    assert (len(member["member_id"]), member["new"]) == (13, True)


def test_the_proof_of_a_registration_is_for_the_apps_server(
    nobody: Client, app: Client, phone: str
) -> None:
    register(nobody, phone)
    member = verify(nobody, phone, nobody.code(phone)).json["data"]
    proved = app.post("/v1/proofs/verify", {"proof": member["proof"]}).json
    assert (proved["phone"], proved["purpose"]) == (f"+86{phone}", "register")


def test_the_answer_to_a_start_holds_nothing_else(nobody: Client, phone: str) -> None:
    assert register(nobody, phone).json.keys() == {"code", "message"}


def registered(client: Client, phone: str) -> Any:
    """The member, after the whole loop."""
    before = client.newest(phone)
    assert said(register(client, phone)) == SENT
    return verify(client, phone, client.code(phone, before)).json["data"]


def test_registering_again_signs_in(held: HeldHouse, phone: str) -> None:
    first = registered(held.nobody, phone)
    held.clock.pass_by(10 * MINUTE)
    again = registered(held.nobody, phone)
    assert (first["new"], again["new"]) == (True, False)
    assert again["member_id"] == first["member_id"]
    assert again["proof"] != first["proof"]


def test_all_spellings_of_a_number_are_one_member(nobody: Client, phone: str) -> None:
    assert said(register(nobody, f"+86 {phone[:3]}-{phone[3:]}")) == SENT
    assert said(verify(nobody, f"0086{phone}", nobody.code(phone))) == REGISTERED


def test_fields_that_a_front_end_adds_are_passed_over(nobody: Client, phone: str) -> None:
    assert said(nobody.post("/register", {"phone": phone, "scene": 1001, "x": [{}]})) == SENT


@pytest.mark.parametrize(
    "phone", ["", "123", "12800138000", "１３８００１３８０００", "+14155552671"]
)
def test_a_bad_number_is_1002(nobody: Client, phone: str) -> None:
    assert said(register(nobody, phone)) == BAD_NUMBER
    assert said(verify(nobody, phone, "123456")) == BAD_NUMBER


@pytest.mark.parametrize("body", [None, b"", b"{", {}, [], {"phone": 13800138000}, {"phone": None}])
def test_a_bad_request_is_1002(nobody: Client, body: object) -> None:
    assert said(nobody.post("/register", body)) == BAD_REQUEST
    assert said(nobody.post("/register/verify", body)) == BAD_REQUEST


def test_a_deeply_nested_request_is_1002(nobody: Client) -> None:
    body = b'{"phone":"1","x":' + b"[" * 5_000 + b"]" * 5_000 + b"}"
    assert said(nobody.post("/register", body)) == BAD_REQUEST


def test_too_soon_is_1003_with_the_seconds_to_wait(nobody: Client, phone: str) -> None:
    register(nobody, phone)
    answer = register(nobody, phone)
    assert said(answer) == TOO_SOON
    assert 1 <= answer.json["retry_after"] <= 60
    assert answer.headers["retry-after"] == str(answer.json["retry_after"])


def test_a_key_that_was_used_with_another_number_is_told(nobody: Client, phone: str) -> None:
    assert nobody.post("/register", {"phone": phone}, idempotency_key=phone).status == 200
    again = nobody.post("/register", {"phone": new_phone()}, idempotency_key=phone)
    assert said(again) == KEY_REUSED


def test_callers_that_hang_up_at_once_get_no_more_texts_than_others(own: Dev) -> None:
    """What is gone has no address: it must not be taken for a caller without limits."""
    parts = urlsplit(own.url)
    for _ in range(40):
        body = json.dumps({"phone": new_phone()})
        head = (
            "POST /register HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection((str(parts.hostname), parts.port or 0)) as caller:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            caller.sendall((head + body).encode())
    register(own.nobody, new_phone())
    assert len(own.app.get("/sandbox/messages").json["messages"]) <= 10


def test_an_address_has_ten_texts_in_ten_minutes(nobody: Client) -> None:
    answers = [register(nobody, new_phone()) for _ in range(11)]
    assert [said(answer) for answer in answers] == [SENT] * 10 + [TOO_SOON]


@pytest.mark.parametrize("code", ["000", "", " 123456", "１２３４５６", "abcdef"])
def test_what_is_no_code_is_1004(nobody: Client, phone: str, code: str) -> None:
    register(nobody, phone)
    assert said(verify(nobody, phone, code)) == BAD_CODE


def test_a_code_without_a_registration_is_1004(nobody: Client, phone: str) -> None:
    assert said(verify(nobody, phone, "123456")) == BAD_CODE


def test_a_wrong_code_is_1004(nobody: Client, phone: str) -> None:
    register(nobody, phone)
    wrong = f"{(int(nobody.code(phone)) + 1) % 1_000_000:06d}"
    assert said(verify(nobody, phone, wrong)) == BAD_CODE


def test_a_used_code_is_1004(nobody: Client, phone: str) -> None:
    register(nobody, phone)
    code = nobody.code(phone)
    verify(nobody, phone, code)
    assert said(verify(nobody, phone, code)) == BAD_CODE


def test_a_code_of_another_number_is_1004(nobody: Client, phone: str) -> None:
    other = new_phone()
    register(nobody, phone)
    register(nobody, other)
    if nobody.code(phone) != nobody.code(other):
        assert said(verify(nobody, phone, nobody.code(other))) == BAD_CODE


def test_a_code_for_another_purpose_is_1004(nobody: Client, app: Client, phone: str) -> None:
    app.started(phone, "login")
    assert said(verify(nobody, phone, nobody.code(phone))) == BAD_CODE


def test_a_dead_code_is_1004(held: HeldHouse, phone: str) -> None:
    register(held.nobody, phone)
    code = held.nobody.code(phone)
    held.clock.pass_by(5 * MINUTE)
    assert said(verify(held.nobody, phone, code)) == BAD_CODE


def test_a_disabled_app_is_1001(own: Dev, phone: str) -> None:
    own.command("app", "disable", "app_dev")
    eventually(lambda: own.app.start(new_phone()).status == 403, NOTICED_S)
    answer = register(own.nobody, phone)
    assert said(answer) == FAILED
    assert own.app.texts(phone) == []


def test_what_cannot_be_sent_is_1001_and_costs_nothing(own: Dev, phone: str) -> None:
    done = hongyan("app", "create", "Bare", "--name", "app_bare", "--data", own.data)
    assert done.code == 0
    assert own.stop() == 0
    with Dev(own.data, HONGYAN__REGISTER__APP="app_bare") as house:
        assert said(register(house.nobody, phone)) == FAILED
        assert house.balance() == 1_000_000


@pytest.mark.parametrize("path", ["/register", "/register/verify"])
def test_the_loop_is_posted(nobody: Client, path: str) -> None:
    answer = nobody.get(path)
    assert answer.problem == (405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"
