"""SendSms as it is served: to the sandbox phone, by number, in order."""

import pytest

from hongyan.core.identifier import written
from hongyan.wire.tencent.push import message_of
from support.process import Dev, new_phone
from support.tencent_app import TencentApp, moved_in


@pytest.fixture(scope="module")
def shared(dev: Dev) -> TencentApp:
    return moved_in(dev)


def test_a_text_comes_to_the_phone(dev: Dev, shared: TencentApp, phone: str) -> None:
    said = shared.send(f"+86{phone}", SessionContext="outside 1")
    (status,) = said.statuses
    assert message_of(status.pop("SerialNo")) is not None
    assert status == {
        "PhoneNumber": f"+86{phone}",
        "Fee": 1,
        "SessionContext": "outside 1",
        "Code": "Ok",
        "Message": "send success",
        "IsoCode": "CN",
    }
    text = dev.nobody.latest(phone)["text"]
    assert text.startswith("【AA生活服务】您的验证码为：384592，请于5分钟内填写。")


def test_each_number_has_its_result_in_its_place(dev: Dev, shared: TencentApp) -> None:
    first, second = new_phone(), new_phone()
    said = shared.send(first, "12", f"0086{second}", "8613800")
    assert said.codes == [
        "Ok",
        "InvalidParameterValue.IncorrectPhoneNumber",
        "Ok",
        "InvalidParameterValue.IncorrectPhoneNumber",
    ]
    assert [one["PhoneNumber"] for one in said.statuses] == [
        f"+86{first}",
        "12",
        f"+86{second}",
        "8613800",
    ]


def test_a_code_that_was_filled_in_is_told_of_and_counted(dev: Dev, phone: str) -> None:
    app = moved_in(dev)
    (serial,) = app.sent(phone)
    for _ in range(2):
        said = app.call("ReportConversion", SmsSdkAppId=app.sdk_app_id, SerialNo=serial)
        assert said.response["ReportConversionStatus"]["Code"] == "OK"
    assert dev.command("app", "show", app.sdk_app_id)["converted"] == 1
    key = dev.command("key", "add", app.sdk_app_id)["key"]
    message = message_of(serial)
    assert message is not None
    found = dev.app.with_key(key).get(f"/v1/messages/{written(message)}").json
    assert [step["event"] for step in found["timeline"]].count("converted") == 1
