"""Status reports in a whole house: from an app's send to its own server's door."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlencode

import pytest

from hongyan.wire.tencent.push import TAKEN
from support.process import NOTICED_S, Dev, eventually, new_phone
from support.receiver import Receiver

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as opened:
        yield opened


@pytest.fixture
def reporting(own: Dev, receiver: Receiver) -> str:
    """The secret by which a house of this test's own signs what it reports there."""
    changed = own.command("app", "change", "app_zhenzi", "--callback", receiver.url)
    assert changed["callback"] == receiver.url
    secret: str = changed["callback_secret"]
    assert "callback_secret" not in own.command("app", "show", "app_zhenzi")
    return secret


def sent(house: Dev, number: str, reference: str) -> bytes:
    named = house.file["zhenzi"]
    form = {
        "appId": named["app_id"],
        "appSecret": named["app_secret"],
        "message": "您的验证码为384592",
        "number": number,
        "messageId": reference,
    }
    return house.nobody.call(
        "POST", "/sms/send.do", urlencode(form).encode(), {"Content-Type": FORM}
    ).body


def test_an_app_is_told_of_a_delivery_and_can_tell_that_it_is_us(
    own: Dev, receiver: Receiver, reporting: str
) -> None:
    def told() -> bool:
        assert (
            sent(own, new_phone(), f"m-{next(counted)}") == '{"code":0,"data":"发送成功"}'.encode()
        )
        return not receiver.silent()

    counted = iter(range(1_000))
    eventually(told, NOTICED_S + 2)
    assert sent(own, "15811111111", "the-one").startswith(b'{"code":0')
    while (called := receiver.call()).form["messageId"] != "the-one":
        pass
    assert called.path == "/status?a=1"
    assert called.is_signed_by(reporting)
    assert not called.is_signed_by(reporting, now=0)
    assert called.form | {"createTime": ""} == {
        "message": "您的验证码为*",
        "appName": "云短信体验",
        "createTime": "",
        "status": "success",
        "toNumber": "158****1111",
        "messageId": "the-one",
    }


def test_replies_are_told_in_tencent_s_form(own: Dev, receiver: Receiver) -> None:
    receiver.body = TAKEN
    changed = own.command(
        "app", "change", "app_dev", "--callback", receiver.url, "--callback-form", "tencent"
    )
    assert changed["callback_form"] == "tencent"
    phone = new_phone()
    own.app.sent(phone, text="周五见", signature="鸿雁")
    own.nobody.get("/sandbox/messages/latest", phone=phone, wait=5)
    assert own.nobody.post("/sandbox/replies", {"phone": phone, "text": "好的"}).status == 201
    called = receiver.call()
    assert called.is_signed_by(changed["callback_secret"])
    reply = json.loads(called.body)
    assert reply.pop("time") > 0
    assert reply == {
        "extend": "",
        "mobile": phone,
        "nationcode": "86",
        "sign": "鸿雁",
        "text": "好的",
    }


def test_a_form_stays_with_its_address(own: Dev) -> None:
    url = "https://example.com/sms"
    changed = own.command("app", "change", "app_zhenzi", "--callback", url)
    assert changed["callback_form"] == "zhenzi"
    changed = own.command("app", "change", "app_zhenzi", "--callback-form", "tencent")
    assert (changed["callback"], changed["callback_form"]) == (url, "tencent")
    assert "callback_secret" not in changed
    changed = own.command("app", "change", "app_zhenzi", "--callback", f"{url}/new")
    assert changed["callback_form"] == "tencent"


def test_what_an_app_does_not_take_is_listed_and_can_be_tried_again(own: Dev) -> None:
    assert own.command("callback", "list") == []
    assert own.command("callback", "retry", "--all") == {"retried": 0}


def test_replies_that_were_given_up_are_listed_and_told_again(own: Dev, receiver: Receiver) -> None:
    receiver.answers = [500]
    address = ("--callback", receiver.url, "--callback-form", "tencent")
    own.command("app", "change", "app_dev", *address)
    phone = new_phone()
    own.app.sent(phone, text="周五见", signature="鸿雁")
    own.nobody.get("/sandbox/messages/latest", phone=phone, wait=5)
    assert own.nobody.post("/sandbox/replies", {"phone": phone, "text": "好的"}).status == 201
    receiver.call()
    with closing(sqlite3.connect(own.data / "hongyan.db")) as connection, connection:
        connection.execute("UPDATE owed_reply SET given_up = 1, failure = 'It answered 500.'")
    (told,) = own.command("callback", "list")
    reply = told.pop("message")
    assert told.pop("attempts") >= 0
    assert told == {
        "of": "reply",
        "app": "app_dev",
        "status": "",
        "failure": "It answered 500.",
    }
    receiver.body = TAKEN
    assert own.command("callback", "retry", reply) == {"retried": 1}
    assert json.loads(receiver.call().body)["text"] == "好的"
