"""Status reports in a whole house: from an app's send to its own server's door."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

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


def test_what_an_app_does_not_take_is_listed_and_can_be_tried_again(own: Dev) -> None:
    assert own.command("callback", "list") == []
    assert own.command("callback", "retry", "--all") == {"retried": 0}
