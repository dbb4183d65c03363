"""/sandbox: the sandbox phone's own API, and that its house may be closed and opened again."""

import http.client
import json
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from support.process import NOTICE, Client, Dev, hongyan, new_phone


def test_a_text_is_told_whole(app: Client, phone: str) -> None:
    app.started(phone)
    text = app.latest(phone)
    assert list(text) == ["id", "phone", "text", "signature", "code", "accepted_at"]
    assert (text["phone"], text["signature"]) == (phone, "鸿雁")
    assert text["code"] in text["text"]
    assert text["accepted_at"].endswith("Z")


@pytest.mark.parametrize(
    "text",
    ["您的验证码是0123，5分钟内有效", "Your verification code: 0123"],
)
def test_a_code_is_found_in_a_text_that_names_one(app: Client, phone: str, text: str) -> None:
    app.sent(phone, text=text, signature="鸿雁")
    assert app.code(phone) == "0123"


@pytest.mark.parametrize("spelling", ["+86{}", "0086{}", "86{}", "{}", " {} ", "+86-{}"])
def test_a_number_is_asked_for_in_any_spelling(app: Client, phone: str, spelling: str) -> None:
    app.sent(phone)
    assert app.latest(spelling.format(phone))["phone"] == phone
    assert len(app.texts(spelling.format(phone))) == 1


def test_a_text_that_arrives_while_it_is_waited_for_is_told(app: Client, phone: str) -> None:
    found: list[str] = []
    waiting = threading.Thread(target=lambda: found.append(app.latest(phone, wait=10)["phone"]))
    waiting.start()
    app.sent(phone)
    waiting.join(5)
    assert found == [phone]


def test_many_may_wait_for_one_text(app: Client, phone: str) -> None:
    found: list[str] = []
    waiting = [
        threading.Thread(target=lambda: found.append(app.latest(phone, wait=10)["id"]))
        for _ in range(8)
    ]
    for one in waiting:
        one.start()
    message = app.sent(phone)
    for one in waiting:
        one.join(5)
    assert found == [message] * 8


def test_a_wait_ends_with_404(app: Client, phone: str) -> None:
    began = time.monotonic()
    answer = app.get("/sandbox/messages/latest", phone=phone, wait=1)
    assert answer.problem == (404, "not_found")
    assert 1 <= time.monotonic() - began < 3


def test_without_a_wait_the_answer_is_at_once(app: Client, phone: str) -> None:
    assert app.get("/sandbox/messages/latest", phone=phone).problem == (404, "not_found")


def test_a_text_is_answered(app: Client, phone: str) -> None:
    app.sent(phone)
    app.latest(phone)
    answer = app.post("/sandbox/replies", {"phone": f"+86 {phone}", "text": "好的"})
    assert answer.status == 201
    replied = answer.json
    assert replied.pop("id")
    assert replied.pop("sent_at").endswith("Z")
    assert replied == {"phone": phone, "text": "好的", "signature": "鸿雁", "opts_out": False}


def test_the_newest_text_is_answered_or_the_one_that_is_named(app: Client, phone: str) -> None:
    first = app.sent(phone)
    app.latest(phone)
    for body in ({}, {"message": first}):
        answer = app.post("/sandbox/replies", {"phone": phone, "text": "退订"} | body)
        assert (answer.status, answer.json["opts_out"]) == (201, True)
    # A code comes through whatever was answered.
    app.started(phone)
    assert app.latest(phone, after=first)["code"]


def test_what_answers_nothing_is_refused(app: Client, phone: str) -> None:
    reply = {"phone": phone, "text": "好的"}
    assert app.post("/sandbox/replies", reply).problem == (404, "not_found")
    elsewhere = app.sent(new_phone())
    named = reply | {"message": elsewhere}
    assert app.post("/sandbox/replies", named).problem == (404, "not_found")
    app.sent(phone)
    app.latest(phone)
    for wrong in ({"message": "x"}, {"message": elsewhere}):
        assert app.post("/sandbox/replies", reply | wrong).status in (400, 404)
    assert app.post("/sandbox/replies", reply | {"text": ""}).problem == (400, "invalid_text")
    assert app.post("/sandbox/replies", reply | {"phone": "1"}).problem == (400, "invalid_number")
    assert app.post("/sandbox/replies", {"phone": phone}).problem == (400, "invalid_request")
    assert app.post("/sandbox/replies", reply | {"a": 1}).problem == (400, "invalid_request")
    page = app.call("POST", "/sandbox/replies", b"{}", {"Content-Type": "text/plain"})
    assert page.problem == (415, "unsupported_media_type")


def test_a_newer_text_is_waited_for(app: Client, phone: str) -> None:
    first = app.sent(phone)
    assert app.latest(phone)["id"] == first
    missing = app.get("/sandbox/messages/latest", phone=phone, after=first)
    assert missing.problem == (404, "not_found")
    second = app.sent(phone)
    assert app.latest(phone, after=first)["id"] == second


@pytest.mark.parametrize("wait", ["31", "-1", "1.5", "a", "１", " 1", "1e1"])
def test_a_wait_is_0_to_30_seconds(app: Client, phone: str, wait: str) -> None:
    answer = app.get("/sandbox/messages/latest", phone=phone, wait=wait)
    assert answer.problem == (400, "invalid_request")


def test_a_wait_of_many_digits_is_refused(app: Client, phone: str) -> None:
    answer = app.get("/sandbox/messages/latest", phone=phone, wait="0" * 5_000)
    assert answer.problem == (400, "invalid_request")


@pytest.mark.parametrize("phone", ["", "123", "%00", "+14155552671"])
def test_a_bad_number_is_refused(app: Client, phone: str) -> None:
    assert app.get("/sandbox/messages/latest", phone=phone).status == 400


def test_texts_are_listed_newest_first(app: Client, phone: str) -> None:
    sent = [app.sent(phone, text=f"第{number}条", signature="鸿雁") for number in range(3)]
    app.latest(phone, after=sent[1])
    assert [text["id"] for text in app.texts(phone)] == sent[::-1]


def test_all_numbers_are_listed_without_one(app: Client) -> None:
    first, second = new_phone(), new_phone()
    app.sent(first)
    app.latest(first)
    app.sent(second)
    app.latest(second)
    phones = [text["phone"] for text in app.get("/sandbox/messages").json["messages"]]
    assert phones.index(second) < phones.index(first)


# Texts as they arrive.


@contextmanager
def listening(client: Client) -> Iterator[http.client.HTTPResponse]:
    with closing(client.connection()) as connection:
        connection.request("GET", "/sandbox/events")
        response = connection.getresponse()
        assert response.readline() == b": listening\n"
        assert response.readline() == b"\n"
        yield response
        response.close()


def test_a_listener_is_told_each_text_live(app: Client, phone: str) -> None:
    with listening(app) as events:
        assert events.getheader("content-type") == "text/event-stream"
        assert events.getheader("cache-control") == "no-store"
        message = app.sent(phone)
        while True:
            assert events.readline() == b"event: text\n"
            data = events.readline()
            assert data.startswith(b"data: ")
            assert events.readline() == b"\n"
            text = json.loads(data[6:])
            if text["phone"] == phone:
                break
    assert text == app.latest(phone)
    assert text["id"] == message


def test_every_listener_is_told(own: Dev, phone: str) -> None:
    with listening(own.nobody) as one, listening(own.nobody) as other:
        own.app.sent(phone)
        for events in (one, other):
            assert events.readline() == b"event: text\n"


def test_a_stopping_house_lets_its_listeners_go(own: Dev) -> None:
    with listening(own.nobody) as events:
        assert own.stop() == 0
        assert events.read() == b""


def test_a_stopping_house_answers_those_who_wait(own: Dev, phone: str) -> None:
    connection = own.nobody.connection()
    with closing(connection):
        connection.request("GET", f"/sandbox/messages/latest?phone={phone}&wait=30")
        own.nobody.get("/healthz")
        assert own.stop() == 0
        assert connection.getresponse().status == 404


# Host names: no foreign page reaches the phone by a name of its own.


ODD = ["", ":80", "localhost:x.evil.example", "localhost, evil.example", "[::1]evil.example"]


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/pages/dev.js", "/sandbox/messages", "/sandbox/page.json"]
)
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", *ODD]
)
def test_another_host_name_is_refused(app: Client, path: str, host: str) -> None:
    answer = app.call("GET", path, None, {"Host": host})
    assert answer.problem == (421, "host_refused")


@pytest.mark.parametrize("host", ["localhost", "LocalHost:1", "127.0.0.1", "[::1]", "[::1]:80"])
def test_a_loopback_name_is_answered(app: Client, host: str) -> None:
    assert app.call("GET", "/sandbox/messages", None, {"Host": host}).status == 200


def test_the_page_is_told_the_publishable_key_and_no_other(dev: Dev) -> None:
    told = dev.nobody.get("/sandbox/page.json").json
    assert told == {"publishable_key": dev.file["publishable_key"], "code_length": 6}


# A second start.


@pytest.fixture
def reopened(tmp_path: Path) -> Iterator[tuple[Dev, bytes, str]]:
    """A house that was opened again, its dev.json before, and a number with a text."""
    data, phone = tmp_path / "data", new_phone()
    with Dev(data) as first:
        first.app.sent(phone)
        first.app.latest(phone)
        before, port = (data / "dev.json").read_bytes(), first.url.rsplit(":", 1)[1]
        assert first.stop() == 0
    with Dev(data, "--port", port) as second:
        yield second, before, phone


def test_a_second_start_keeps_dev_json_and_its_keys(reopened: tuple[Dev, bytes, str]) -> None:
    house, before, phone = reopened
    assert (house.data / "dev.json").read_bytes() == before
    assert house.app.send(phone).status == 201
    assert house.page.start(phone).status == 201


def test_a_second_start_keeps_the_balance_and_the_texts(reopened: tuple[Dev, bytes, str]) -> None:
    house, _, phone = reopened
    assert house.balance() == 999_999
    assert [text["phone"] for text in house.app.texts(phone)] == [phone]


def test_a_start_on_another_port_keeps_the_keys_and_allows_its_page(tmp_path: Path) -> None:
    with Dev(tmp_path / "data") as first:
        before = first.file
        first.stop()
    with Dev(tmp_path / "data") as second:
        assert second.url != before["base_url"]
        assert second.file == before | {"base_url": second.url}
        body = {"phone": new_phone(), "purpose": "login"}
        assert second.page.post("/v1/verifications", body, origin=second.url).status == 201


def test_dev_json_is_for_its_owner_and_all_strings(dev: Dev) -> None:
    path = dev.data / "dev.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert dev.file["base_url"] == dev.url
    sections = [value for value in dev.file.values() if isinstance(value, dict)]
    values = [*dev.file.values(), *(value for one in sections for value in one.values())]
    assert all(isinstance(value, str) for value in values if value not in sections)
    assert list(dev.file["zhenzi"]) == ["app_id", "app_secret", "template_id"]
    assert dev.file["zhenzi"]["template_id"].isdecimal()
    tencent = ["secret_id", "secret_key", "sdk_app_id", "sign_name", "template_id"]
    assert list(dev.file["tencent"]) == tencent
    assert dev.file["tencent"]["template_id"].isdecimal()
    cloud = ["secret_id", "secret_key", "wx_api_token"]
    wechat = ["appid", "secret", "env", "notification_template_id", *cloud]
    assert list(dev.file["wechat"]) == wechat
    assert dev.file["api_key"].startswith("sk_")
    assert dev.file["publishable_key"].startswith("pk_")


def test_no_file_of_the_house_can_be_read_by_others(dev: Dev) -> None:
    assert stat.S_IMODE(dev.data.stat().st_mode) == 0o700


def test_a_lost_dev_json_is_written_again(own: Dev) -> None:
    before = own.file
    own.stop()
    (own.data / "dev.json").unlink()
    with Dev(own.data, "--port", own.url.rsplit(":", 1)[1]) as again:
        assert again.file == before


def test_a_start_that_is_refused_leaves_the_open_house_alone(own: Dev) -> None:
    refused = hongyan("dev", "--data", own.data, "--port", "0", "--json")
    assert refused.code == 1
    own.app.sent(new_phone(), **NOTICE)
    body = {"phone": new_phone(), "purpose": "login"}
    assert own.page.post("/v1/verifications", body, origin=own.url).status == 201
