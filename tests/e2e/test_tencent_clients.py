"""Tencent's own clients, unmodified: each calls every action that it has, over http and over https."""

import base64
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from hongyan.core.country import Scope
from hongyan.core.message import Kind
from hongyan.wire.tencent.actions import ACTIONS
from hongyan.wire.tencent.actions import NEW as NEWEST
from support.papers import png
from support.postgres import database
from support.process import Dev, eventually, new_phone
from support.tencent_app import ABROAD, TencentApp, moved_in, templated
from support.tencent_sdks import OLD, Asked, AsyncPythonSdk, How, NodeSdk, PythonSdk, Sdk, Told
from support.tls_front import TlsFront, tls_front

KINDS = (NodeSdk, PythonSdk, AsyncPythonSdk)
WAYS = {
    "TC3, POST": How(),
    "TC3, GET": How(method="GET"),
    "HmacSHA1, POST": How(sign_method="HmacSHA1"),
    "HmacSHA1, GET": How(sign_method="HmacSHA1", method="GET"),
    "HmacSHA256, POST": How(sign_method="HmacSHA256"),
    "HmacSHA256, GET": How(sign_method="HmacSHA256", method="GET"),
}
MALAYSIAN = "+60198890000"

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.filterwarnings("default"),  # Of theirs: what they import and leave open.
]


@pytest.fixture(scope="module")
def secured(dev: Dev, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsFront]:
    port = int(dev.url.rpartition(":")[2])
    with tls_front(tmp_path_factory.mktemp("tls"), port) as front:
        yield front


@pytest.fixture(scope="module")
def app(dev: Dev) -> TencentApp:
    return moved_in(dev, countries=frozenset({"CN", "MY"}))


@pytest.fixture(scope="module")
def abroad(dev: Dev, app: TencentApp) -> str:
    """A template for other countries."""
    return templated(dev, app, ABROAD, Kind.VERIFICATION, scope=Scope.ABROAD)


def hours(before: int = 0) -> str:
    """An hour as statistics name it, in Beijing."""
    return time.strftime("%Y%m%d%H", time.gmtime(time.time() + 8 * 3_600 - before * 3_600))


def page(app: TencentApp, **more: Any) -> dict[str, Any]:
    return {"SmsSdkAppId": app.sdk_app_id, "Limit": 0, "Offset": 0} | more


def application(name: str) -> dict[str, Any]:
    return {
        "SignName": name,
        "SignType": 0,
        "DocumentType": 0,
        "International": 1,
        "SignPurpose": 0,
        "ProofImage": base64.b64encode(png()).decode(),
        "Remark": "用于注册",
    }


def wording(name: str, body: str) -> dict[str, Any]:
    """By a name of its own: the same call of another test in this second would be its repetition."""
    return {
        "TemplateName": name,
        "TemplateContent": body,
        "SmsType": 3,
        "International": 0,
        "Remark": "用于注册",
    }


def every_action(sdk: Sdk, app: TencentApp, abroad: str) -> dict[str, Told]:
    """What each action came to, in an order in which each has something to do."""
    phone, now = new_phone(), int(time.time())
    multi = {"PhoneNumber": MALAYSIAN, "TemplateId": abroad, "TemplateParamSet": ["1234", "5"]}
    of_number = {
        "PhoneNumber": phone,
        "SmsSdkAppId": app.sdk_app_id,
        "BeginTime": now - 60,
        "Limit": 10,
        "Offset": 0,
    }
    span = {"BeginTime": hours(), "EndTime": hours()}
    name = f"签名{phone[-6:]}"
    first = called(
        sdk,
        app,
        Asked("SendSms", app.form(phone, SessionContext="mine")),
        Asked("SendMultiGlobalSms", {"SmsSdkAppId": app.sdk_app_id, "MultiSmsInfoSet": [multi]}),
        Asked("AddSmsSign", application(name)),
        Asked("AddSmsTemplate", wording(name, "您的验证码为{1}，请勿告知他人。")),
        Asked("DescribePhoneNumberInfo", {"PhoneNumberSet": [phone]}),
        Asked("PullSmsReplyStatus", {"SmsSdkAppId": app.sdk_app_id, "Limit": 10}),
        Asked("PullSmsReplyStatusByPhoneNumber", of_number),
        Asked("SendStatusStatistics", page(app, **span)),
        Asked("CallbackStatusStatistics", page(app, **span)),
        Asked(
            "SmsPackagesStatistics",
            page(app, Limit=10, BeginTime=hours(3), EndTime=hours()),
        ),
    )
    serial = first["SendSms"].answer["SendStatusSet"][0]["SerialNo"]
    sign = first["AddSmsSign"].answer["AddSignStatus"]["SignId"]
    template = int(first["AddSmsTemplate"].answer["AddTemplateStatus"]["TemplateId"])
    ended = Asked("PullSmsSendStatusByPhoneNumber", of_number)
    eventually(lambda: sdk.call(app, ended)[0].answer["PullSmsSendStatusSet"], 15)
    return first | called(
        sdk,
        app,
        ended,
        Asked("PullSmsSendStatus", {"SmsSdkAppId": app.sdk_app_id, "Limit": 100}),
        Asked("DescribeSendRecordList", {**of_number, "Offset": 0}),
        Asked("ReportConversion", {"SmsSdkAppId": app.sdk_app_id, "SerialNo": serial}),
        Asked("DescribeSmsSignList", {"International": 1, "SignIdSet": [sign]}),
        Asked("DescribeSmsTemplateList", {"International": 0, "TemplateIdSet": [template]}),
        Asked("ModifySmsSign", {"SignId": sign, **application(f"{name}甲")}),
        Asked(
            "ModifySmsTemplate",
            {"TemplateId": template, **wording(name, "您的注册验证码为{1}，请勿告知他人。")},
        ),
        Asked("DeleteSmsSign", {"SignId": sign}),
        Asked("DeleteSmsTemplate", {"TemplateId": template}),
    )


def called(sdk: Sdk, app: TencentApp, *calls: Asked) -> dict[str, Told]:
    return dict(zip([one.action for one in calls], sdk.call(app, *calls), strict=True))


def assert_answered(told: dict[str, Told], phone_has: Sequence[str]) -> None:
    """Every action has its answer, and those of one text agree about it."""
    assert told.keys() == ACTIONS[NEWEST].keys()
    refused = {name: one.code for name, one in told.items() if one.code}
    assert not refused
    assert all(one.answer["RequestId"] for one in told.values())
    (sent,) = told["SendSms"].answer["SendStatusSet"]
    assert (sent["Code"], sent["Fee"], sent["IsoCode"]) == ("Ok", 1, "CN")
    (multi,) = told["SendMultiGlobalSms"].answer["SendMultiStatusSet"]
    assert (multi["Code"], multi["IsoCode"]) == ("Ok", "MY")
    (ended,) = told["PullSmsSendStatusByPhoneNumber"].answer["PullSmsSendStatusSet"]
    assert ended["SerialNo"] == sent["SerialNo"]
    assert ended["ReportStatus"] == "SUCCESS"
    assert ended["SessionContext"] == "mine"
    (record,) = told["DescribeSendRecordList"].answer["SendRecordSet"]
    assert (record["SerialNo"], record["SendStatus"]) == (sent["SerialNo"], 2)
    assert "384592" not in record["Content"]
    assert record["Content"].startswith("【AA生活服务】您的验证码为")
    assert told["ReportConversion"].answer["ReportConversionStatus"]["Code"] == "OK"
    numbers = told["SendStatusStatistics"].answer["SendStatusStatistics"]
    assert numbers["RequestSuccessCount"] >= 2
    (package,) = told["SmsPackagesStatistics"].answer["SmsPackagesStatisticsSet"]
    assert package["PackageAmount"] == 1_000
    assert package["CurrentUsage"] == numbers["FeeCount"]
    assert phone_has


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind().name)
def test_every_action_over_http(
    dev: Dev, app: TencentApp, abroad: str, kind: type[NodeSdk | PythonSdk | AsyncPythonSdk]
) -> None:
    told = every_action(kind(), app, abroad)
    to = told["SendSms"].answer["SendStatusSet"][0]["PhoneNumber"].removeprefix("+86")
    assert_answered(told, dev.nobody.texts(to))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind().name)
def test_every_action_over_https(
    dev: Dev,
    secured: TlsFront,
    app: TencentApp,
    abroad: str,
    kind: type[NodeSdk | PythonSdk | AsyncPythonSdk],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    how = How(authority=secured.authority)
    if kind is AsyncPythonSdk:
        # Its own setting is taken for a client's certificate.
        monkeypatch.setenv("SSL_CERT_FILE", str(secured.authority))
        how = How()
    told = every_action(kind(how), app.but(url=secured.url), abroad)
    to = told["SendSms"].answer["SendStatusSet"][0]["PhoneNumber"].removeprefix("+86")
    assert_answered(told, dev.nobody.texts(to))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind().name)
@pytest.mark.parametrize("way", WAYS)
def test_each_way_to_sign(
    dev: Dev, app: TencentApp, way: str, kind: type[NodeSdk | PythonSdk | AsyncPythonSdk]
) -> None:
    phone = new_phone()
    context = "a_b.c-d é 😀 '()*!~%+&= x"
    (told,) = kind(WAYS[way]).call(app, Asked("SendSms", app.form(phone, SessionContext=context)))
    (status,) = told.answer["SendStatusSet"]
    assert (status["Code"], status["SessionContext"]) == ("Ok", context)
    assert "384592" in dev.nobody.latest(phone)["text"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind().name)
def test_the_older_version(
    dev: Dev, app: TencentApp, kind: type[NodeSdk | PythonSdk | AsyncPythonSdk]
) -> None:
    phone = new_phone()
    asked = {
        "PhoneNumberSet": [phone],
        "SmsSdkAppid": app.sdk_app_id,
        "Sign": app.sign_name,
        "TemplateID": app.template_id,
        "TemplateParamSet": ["384592", "5"],
    }
    (told,) = kind().call(app, Asked("SendSms", asked, OLD))
    assert told.answer["SendStatusSet"][0]["Code"] == "Ok"
    assert "384592" in dev.nobody.latest(phone)["text"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind().name)
def test_an_error_is_one_of_theirs(
    app: TencentApp, kind: type[NodeSdk | PythonSdk | AsyncPythonSdk]
) -> None:
    sdk, phone = kind(), new_phone()
    elsewhere = Asked("SendSms", app.form(phone, SmsSdkAppId="1400000000"))
    wrong = app.but(secret_key="another")
    told = sdk.call(app, elsewhere) + sdk.call(wrong, Asked("SendSms", app.form(phone)))
    assert [one.code for one in told] == [
        "InvalidParameterValue.SdkAppIdNotExist",
        "AuthFailure.SignatureFailure",
    ]
    assert all(len(one.request_id) == 36 for one in told)
    assert all(one.message for one in told)
    assert {one.error_type for one in told} <= {
        "TencentCloudSDKHttpException",
        "TencentCloudSDKException",
    }


@pytest.mark.parametrize("kind", [NodeSdk, PythonSdk], ids=lambda kind: kind().name)
def test_a_prefix(held_by: Any, kind: type[NodeSdk | PythonSdk]) -> None:
    held = held_by(prefixes=("/tencent",))
    app = moved_in(held)
    (told,) = kind(How(prefix="/tencent")).call(app, Asked("SendSms", app.form(new_phone())))
    assert told.answer["SendStatusSet"][0]["Code"] == "Ok"


def app_of_dev(dev: Dev) -> TencentApp:
    """As `dev.json` tells it."""
    told: Any = dev.file["tencent"]
    return TencentApp(
        dev.url,
        told["secret_id"],
        told["secret_key"],
        told["sdk_app_id"],
        told["template_id"],
        told["sign_name"],
    )


def test_the_app_of_dev_is_ready_to_send(dev: Dev) -> None:
    app, phone = app_of_dev(dev), new_phone()
    (sent,) = NodeSdk().call(app, Asked("SendSms", app.form(phone)))
    assert sent.answer["SendStatusSet"][0]["Code"] == "Ok"
    assert "384592" in dev.nobody.latest(phone)["text"]


@pytest.mark.timeout(90)
def test_every_action_on_postgresql(tmp_path: Path) -> None:
    with database() as url, Dev(tmp_path / "data", "--database", url) as house:
        app = app_of_dev(house)
        for kind in KINDS:
            told = every_action(kind(), app, app.template_id)
            assert told.keys() == ACTIONS[NEWEST].keys()
            assert not {name: one.code for name, one in told.items() if one.code}
            (sent,) = told["SendSms"].answer["SendStatusSet"]
            (record,) = told["DescribeSendRecordList"].answer["SendRecordSet"]
            assert (sent["Code"], record["SerialNo"]) == ("Ok", sent["SerialNo"])
