"""Tencent's protocol over real HTTP: who is let in, where calls are answered, and bad input."""

import base64
import hmac
import http.client
import json
import time
from collections.abc import Callable
from hashlib import sha256
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from hongyan.core.message import Kind
from hongyan.core.time import DAY, SECOND
from hongyan.wire import tc1, tc3
from hongyan.wire.tencent.actions import OLD
from hongyan.wire.tencent.call import MOST_FORM_BYTES, MOST_JSON_BYTES
from support.disk import failing_disk
from support.held import HeldHouse
from support.process import Answer, Client, Dev, eventually, new_phone
from support.tencent_app import NOTICE, Said, TencentApp, moved_in

ELSEWHERE = (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"))
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def app(dev: Dev) -> TencentApp:
    return moved_in(dev)


# Who is let in.


def test_a_call_that_is_not_signed(app: TencentApp, phone: str) -> None:
    body = json.dumps(app.form(phone)).encode()
    headers = app.headers("SendSms", body)
    for authorization in ("", "SKIP", "Bearer x", "TC3-HMAC-SHA256 Credential=a/b"):
        said = app.post(body, headers | {"Authorization": authorization})
        assert said.error == "AuthFailure.InvalidAuthorization"


def test_a_key_that_nobody_has_or_that_was_badly_copied(app: TencentApp, phone: str) -> None:
    assert app.but(secret_id="AKIDnobody").send(phone).error == "AuthFailure.SecretIdNotFound"
    assert app.but(secret_id="AKID x").send(phone).error == "AuthFailure.InvalidAuthorization"
    assert app.but(secret_id="AKID!").send(phone).error == "AuthFailure.InvalidSecretId"
    wrong = app.but(secret_key="another").send(phone)
    assert wrong.error == "AuthFailure.SignatureFailure"
    assert wrong.message == (
        "The provided credentials could not be validated. Please check your signature is correct."
    )


@pytest.mark.parametrize("ahead", [-302, 303])
def test_a_clock_that_is_wrong(app: TencentApp, phone: str, ahead: int) -> None:
    assert app.but(ahead_s=ahead).send(phone).error == "AuthFailure.SignatureExpire"


def test_a_clock_that_is_a_little_wrong(app: TencentApp, phone: str) -> None:
    app.but(ahead_s=-290).sent(phone)
    app.but(ahead_s=290).sent(phone)


def test_a_key_may_be_used_from_its_networks_alone(dev: Dev, phone: str) -> None:
    app = moved_in(dev, key={"networks": (ip_network("127.0.7.0/24"),)})
    assert app.send(phone).error == "AuthFailure.UnauthorizedOperation"
    app.but(address="127.0.7.9").sent(phone)


def test_a_key_that_ends(held: HeldHouse, phone: str) -> None:
    app = moved_in(held, key={"ends_at": held.clock() + DAY})
    app.sent(phone)
    held.clock.pass_by(DAY)
    assert app.but(ahead_s=DAY // SECOND).send(phone).error == "AuthFailure.SecretIdNotFound"


def test_a_token_must_come_with_temporary_credentials(dev: Dev, phone: str) -> None:
    app = moved_in(dev, key={"token": "the token"})
    body = json.dumps(app.form(phone)).encode()
    headers = app.headers("SendSms", body)
    assert app.post(body, headers).error == "AuthFailure.TokenFailure"
    assert app.post(body, headers | {"X-Tc-Token": "other"}).error == "AuthFailure.TokenFailure"
    assert app.post(body, headers | {"X-Tc-Token": "the token"}).codes == ["Ok"]


def test_a_first_use_is_noted_at_once(held: HeldHouse, phone: str) -> None:
    app = moved_in(held)
    app.sent(phone)

    def used() -> int:
        with held.administering() as administering:
            return administering.uses_of_secret_keys().get(app.secret_id, 0)

    assert abs(eventually(used) - held.clock()) < 10 * SECOND


# Older signatures.


def signed_form(app: TencentApp, method: str, digest: str, **parameters: str) -> str:
    common = {
        "Action": "SendSms",
        "Version": "2021-01-11",
        "Timestamp": str(int(time.time())),
        "Nonce": "7",
        "SecretId": app.secret_id,
        "Language": "en-US",
        "SignatureMethod": f"Hmac{digest.upper()}",
    }
    written = common | parameters
    string = f"{method}{app.url.partition('://')[2]}/?{tc1.written(written)}"
    return urlencode(written | {"Signature": tc1.signature(app.secret_key, string, digest)})


def flat(app: TencentApp, phone: str, **more: str) -> dict[str, str]:
    return {
        "PhoneNumberSet.0": phone,
        "SmsSdkAppId": app.sdk_app_id,
        "SignName": app.sign_name,
        "TemplateId": app.template_id,
        "TemplateParamSet.0": "384592",
        "TemplateParamSet.1": "5",
    } | more


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_calls_that_are_signed_as_before_tc3(
    app: TencentApp, phone: str, method: str, digest: str
) -> None:
    written = signed_form(app, method, digest, **flat(app, phone))
    assert asked_flat(app, method, written).codes == ["Ok"]
    wrong = asked_flat(app, method, written.replace("384592", "384593"))
    assert wrong.error == "AuthFailure.SignatureFailure"
    assert wrong.message.startswith("The provided credentials")


def asked_flat(app: TencentApp, method: str, written: str) -> Said:
    client = Client(app.url)
    if method == "GET":
        return Said(client.call("GET", f"/?{written}"))
    connection = client.connection()
    try:
        connection.request("POST", "/", written, {"Content-Type": FORM})
        return Said(answer_of(connection.getresponse()))
    finally:
        connection.close()


def answer_of(response: http.client.HTTPResponse) -> Answer:
    found = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, found, response.read())


def test_a_parameter_that_comes_twice_or_with_a_gap(app: TencentApp, phone: str) -> None:
    twice = signed_form(app, "GET", "sha1", **flat(app, phone)) + "&SignName=x"
    assert asked_flat(app, "GET", twice).error == "InvalidParameter"
    gap = flat(app, phone) | {"PhoneNumberSet.2": "13800138000"}
    assert asked_flat(app, "GET", signed_form(app, "GET", "sha1", **gap)).error == (
        "InvalidParameter"
    )


# Where.


def test_the_page_is_at_the_same_place(dev: Dev) -> None:
    page = dev.nobody.get("/")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert dev.nobody.get("/", question="x").status == 200
    posted = dev.nobody.post("/", {"a": 1})
    assert posted.problem == (405, "method_not_allowed")
    assert posted.headers["allow"] == "GET"


def test_a_prefix_answers_calls_and_shows_the_page(
    held_by: Callable[..., HeldHouse], phone: str
) -> None:
    held = held_by(prefixes=("/tencent", "/a/b"))
    app = moved_in(held)
    for path in ("/tencent", "/tencent/", "/a/b", "/"):
        app.but(path=path).sent(phone)
        page = held.nobody.get(path)
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    headers = app.but(path="/elsewhere").headers("SendSms", b"{}")
    assert Client(app.url).call("POST", "/elsewhere", b"{}", headers).status == 404


def test_another_method_with_an_action_is_told_so(app: TencentApp) -> None:
    for method in ("PUT", "DELETE"):
        said = Said(Client(app.url).call(method, "/", b"{}", {"X-TC-Action": "SendSms"}))
        assert said.error == "UnsupportedProtocol"


def test_the_trace_comes_back_and_the_language_is_the_callers(app: TencentApp) -> None:
    headers = app.headers("Unknown", b"{}") | {"X-Tc-Traceid": "6f9a"}
    said = app.post(b"{}", headers)
    assert said.answer.headers["x-tc-traceid"] == "6f9a"
    assert said.message == "The action `Unknown` is not found."
    chinese = app.post(b"{}", headers | {"X-Tc-Language": "zh-CN"})
    assert chinese.message == "接口 `Unknown` 不存在。"


def test_actions_and_versions_that_do_not_exist(app: TencentApp, phone: str) -> None:
    assert app.call("SendLetters").error == "InvalidAction"
    assert app.call("sendSms", **app.form(phone)).codes == ["Ok"]
    headers = app.headers("SendSms", b"{}", "2020-01-01")
    assert app.post(b"{}", headers).error == "NoSuchVersion"
    headers = app.headers("SendMultiGlobalSms", b"{}", OLD)
    assert app.post(b"{}", headers).error == "InvalidAction"
    del headers["X-Tc-Version"]
    assert app.post(b"{}", headers).error == "MissingParameter"


def test_the_older_version_of_send_sms(app: TencentApp, phone: str) -> None:
    body = json.dumps(
        {
            "PhoneNumberSet": [phone],
            "SmsSdkAppid": app.sdk_app_id,
            "Sign": app.sign_name,
            "TemplateID": app.template_id,
            "TemplateParamSet": ["384592", "5"],
        }
    ).encode()
    assert app.post(body, app.headers("SendSms", body, OLD)).codes == ["Ok"]


# Bad input: nothing charged.


def bad(app: TencentApp, body: bytes) -> Said:
    return app.post(body, app.headers("SendSms", body))


def without(form: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in form.items() if key != name}


@pytest.mark.parametrize(
    ("name", "value", "parameter"),
    [
        ("SmsSdkAppId", 1400006666, "SmsSdkAppId"),
        ("TemplateId", 5, "TemplateId"),
        ("TemplateId", 5.0, "TemplateId"),
        ("TemplateParamSet", [384592, "5"], "TemplateParamSet.0"),
        ("TemplateParamSet", "384592", "TemplateParamSet"),
        ("TemplateParamSet", {"0": "384592"}, "TemplateParamSet"),
        ("PhoneNumberSet", [13800138000], "PhoneNumberSet.0"),
        ("PhoneNumberSet", [["13800138000"]], "PhoneNumberSet.0"),
        ("SignName", True, "SignName"),
        ("SessionContext", {}, "SessionContext"),
    ],
)
def test_values_of_another_type(
    app: TencentApp, phone: str, name: str, value: object, parameter: str
) -> None:
    said = app.send(phone, **{name: value})
    assert said.error == "InvalidParameter"
    assert said.message == f"The value type of parameter `{parameter}` is not valid."


def test_fields_that_are_missing_or_unknown(app: TencentApp, phone: str) -> None:
    form = app.form(phone)
    for name in ("PhoneNumberSet", "SmsSdkAppId", "TemplateId"):
        said = app.call("SendSms", **without(form, name))
        assert (said.error, name in said.message) == ("MissingParameter", True)
    said = app.call("SendSms", **form, Sign="x")
    assert (said.error, "`Sign`" in said.message) == ("UnknownParameter", True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"PhoneNumberSet":["\xff"]}',
        b'{"PhoneNumberSet":["\\ud800"]}',
        b"\xef\xbb\xbf{}",
        b"NaN",
    ],
    ids=lambda body: ascii(body[:24] + body[-4:]),
)
def test_what_is_not_json(app: TencentApp, body: bytes) -> None:
    assert bad(app, body).error == "FailedOperation.JsonParseFail"


@pytest.mark.parametrize(
    "body",
    [b"[]", b"null", b'"a"', b"1", b"[]x", b"[" * 100_000, b'{"PhoneNumberSet":' * 50_000],
    ids=lambda body: ascii(body[:24]),
)
def test_json_that_is_no_object(app: TencentApp, body: bytes) -> None:
    assert bad(app, body).error == "InvalidParameter"


def test_a_name_that_comes_twice(app: TencentApp, phone: str) -> None:
    body = json.dumps(app.form(phone)).encode()
    for more in (b',"SignName":"x"}', b',"\\u0053ignName":"x"}'):
        assert bad(app, body[:-1] + more).error == "InvalidParameter"


def test_numbers_that_no_store_keeps(app: TencentApp) -> None:
    for limit, code in [
        (10**30, "InvalidParameterValue"),
        (2**63, "InvalidParameterValue"),
        (-1, "InvalidParameterValue"),
        (1.5, "InvalidParameter"),
        (101, "InvalidParameterValue.LimitVerifyFail"),
        (0, "InvalidParameterValue.LimitVerifyFail"),
    ]:
        said = app.call("PullSmsSendStatus", Limit=limit, SmsSdkAppId=app.sdk_app_id)
        assert said.error == code, limit


def test_a_long_context(app: TencentApp, phone: str) -> None:
    app.sent(phone, SessionContext="鸿" * 170)
    said = app.send(phone, SessionContext="鸿" * 171)
    assert (said.error, "SessionContext" in said.message) == ("InvalidParameterValue", True)


def test_emoji_and_line_ends_in_values(dev: Dev, phone: str) -> None:
    app = moved_in(dev, kind=Kind.NOTICE, body=NOTICE)
    app.sent(phone, TemplateParamSet=["😀周五"])
    assert "😀周五已为您" in dev.nobody.latest(phone)["text"]
    mismatch = "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"
    for value in ("a\r\nX: 1", "a\u202eb", "\0"):
        assert app.send(phone, TemplateParamSet=[value]).codes == [mismatch]


@pytest.mark.parametrize("change", ["body", "content-type", "host", "short", "order", "date"])
def test_what_was_signed_is_what_counts(app: TencentApp, phone: str, change: str) -> None:
    body = json.dumps(app.form(phone)).encode()
    headers = app.headers("SendSms", body)
    authorization = headers["Authorization"]
    match change:
        case "body":
            body += b" "
        case "content-type":
            headers["Content-Type"] = "application/json; charset=utf-8"
        case "host":
            headers["Host"] = "sms.elsewhere.example"
        case "short":
            headers["Authorization"] = authorization[:-1]
        case "order":
            swapped = authorization.replace("content-type;host", "host;content-type")
            headers["Authorization"] = swapped
        case _:
            day = time.strftime("%Y-%m-%d", time.gmtime())
            headers["Authorization"] = authorization.replace(day, "2020-01-01")
    said = app.post(body, headers)
    expected = "InvalidAuthorization" if change == "short" else "SignatureFailure"
    assert said.error == f"AuthFailure.{expected}"


def test_multipart_is_for_no_action(app: TencentApp) -> None:
    body = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--\r\n"
    headers = app.headers("SendSms", body)
    kind = "multipart/form-data; boundary=x"
    signed = {b"content-type": kind.encode(), b"host": app.url.partition("://")[2].encode()}
    reading = tc3.canonical("POST", "/", b"", signed, sha256(body).hexdigest().encode())
    day = time.strftime("%Y-%m-%d", time.gmtime(int(headers["X-Tc-Timestamp"])))
    string = f"{tc3.ALGORITHM}\n{headers['X-Tc-Timestamp']}\n{day}/sms/tc3_request\n"
    string += sha256(reading).hexdigest()
    key = tc3.signing_key(app.secret_key, day, "sms")
    signature = hmac.digest(key, string.encode(), "sha256").hex()
    before = headers["Authorization"].rpartition("=")[0]
    headers |= {"Content-Type": kind, "Authorization": f"{before}={signature}"}
    assert app.post(body, headers).error == "InvalidRequest"


# Size.


def test_large_bodies_are_for_images_alone(app: TencentApp, phone: str) -> None:
    large = json.dumps(app.form(phone, SignName="x" * MOST_FORM_BYTES)).encode()
    assert app.post(large, app.headers("SendSms", large)).error == "RequestSizeLimitExceeded"
    below = json.dumps(app.form(phone, SignName="x" * (MOST_FORM_BYTES - 1_000))).encode()
    assert app.post(below, app.headers("SendSms", below)).codes == [
        "FailedOperation.SignatureIncorrectOrUnapproved"
    ]


def test_an_image_may_be_large_but_not_everything(app: TencentApp) -> None:
    def asked(size: int) -> Said:
        image = base64.b64encode(bytes(size)).decode()
        return app.call(
            "AddSmsSign",
            SignName="一个签名",
            SignType=0,
            DocumentType=0,
            International=0,
            SignPurpose=0,
            ProofImage=image,
        )

    assert asked(MOST_JSON_BYTES // 2).error == "InvalidParameterValue.ImageInvalid"
    assert asked(MOST_JSON_BYTES).error == "RequestSizeLimitExceeded"


def test_numbers_and_their_countries(app: TencentApp) -> None:
    asked = ["+86018501234444", "13800138000", "+60198890000", "x", "+881612345678"]
    said = app.call("DescribePhoneNumberInfo", PhoneNumberSet=asked)
    found = said.response["PhoneNumberInfoSet"]
    assert [one["PhoneNumber"] for one in found] == [
        "+8618501234444",
        "+8613800138000",
        "+60198890000",
        "x",
        "+881612345678",
    ]
    assert found[0] == {
        "Code": "Ok",
        "Message": "Describe success",
        "NationCode": "86",
        "SubscriberNumber": "18501234444",
        "PhoneNumber": "+8618501234444",
        "IsoCode": "CN",
        "IsoName": "China",
    }
    assert [one["IsoCode"] for one in found] == ["CN", "CN", "MY", "DEF", "DEF"]
    assert found[3]["Code"] == "FailedOperation.PhoneNumberParseFail"


def test_conversions_are_of_texts_that_were_sent(app: TencentApp) -> None:
    (serial,) = app.sent(new_phone())

    def reported(serial: str, **more: int) -> str:
        said = app.call("ReportConversion", SmsSdkAppId=app.sdk_app_id, SerialNo=serial, **more)
        code: str = said.response["ReportConversionStatus"]["Code"]
        return code

    assert reported(serial, ConversionTime=int(time.time())) == "OK"
    assert reported(serial) == "OK"
    unknown = "InvalidParameter.InvalidParameters"
    assert reported(serial, ConversionTime=int(time.time()) + 10_000) == unknown
    assert reported("2019:0000000000000000001") == unknown
    assert reported("a12gb4e2-sd11-5dx6-aav9-8f3d97xa2xu7") == unknown


# What the house cannot do now.


def test_on_a_full_disk_nothing_is_taken_and_nothing_charged(tmp_path: Path) -> None:
    with failing_disk() as disk, HeldHouse(tmp_path) as held:
        app = moved_in(held)
        numbers = [new_phone() for _ in range(3)]
        app.sent(*numbers)
        disk.is_full = True
        assert app.send(new_phone()).error == "ServiceUnavailable"
        disk.is_full = False
        app.sent(new_phone())
        with held.administering() as administering:
            account = administering.directory().apps[app.name].account.id
            assert administering.balance(account) == 996


def test_without_a_route_nothing_is_taken(held: HeldHouse, phone: str) -> None:
    with held.administering() as administering:
        for kind in Kind:
            administering.put_route(kind, [])
    app = moved_in(held)
    assert app.send(phone).error == "InternalError.SendAndRecvFail"
    assert app.send(phone, TemplateId="99").codes == [
        "FailedOperation.TemplateUnapprovedOrNotExist"
    ]
