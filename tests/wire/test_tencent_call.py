"""Calls: every recorded one is read as what its client meant; others are refused in a word."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.wire import tc3
from hongyan.wire.http import Request
from hongyan.wire.tencent import call
from hongyan.wire.tencent.fault import Fault
from hongyan.wire.tencent.old import SendSms2019Request
from hongyan.wire.tencent.requests import PullSmsSendStatusRequest, SendSmsRequest
from support.tencent import SECRET_ID, SECRET_KEY, Recorded, recorded, request

SIGNED = [one for one in recorded() if one.signature]
AUTHORIZATION = (
    f"TC3-HMAC-SHA256 Credential={SECRET_ID}/2026-11-20/sms/tc3_request,"
    f" SignedHeaders=content-type;host, Signature={'0' * 64}"
)
HEADERS = {
    "authorization": AUTHORIZATION,
    "content-type": "application/json",
    "host": "127.0.0.1:8080",
    "x-tc-action": "SendSms",
    "x-tc-timestamp": "1795198134",
    "x-tc-version": "2021-01-11",
}
REFUSED = {
    "node_tc3_multipart": ("InvalidRequest", ""),
    "py_tc3_multipart": ("InvalidRequest", ""),
    "node_tc3_octet": ("InvalidRequest", ""),
    "py_tc3_octet": ("InvalidRequest", ""),
    "node_tc3_bigint": ("UnknownParameter", "Big"),
    "node_tc3_empty": ("MissingParameter", "Limit"),
    "node_tc3_empty_get": ("MissingParameter", "Limit"),
}


def asked(one: Request) -> object:
    read = call.read(one)
    return read.request(read.action())


def proven(one: Request) -> None:
    call.read(one).claim.require(one, SECRET_KEY, 1_795_198_134)


def refusal(one: Request) -> tuple[str, str]:
    with pytest.raises(Fault) as found:
        asked(one)
    return found.value.code, found.value.parameter


@pytest.mark.parametrize("one", SIGNED, ids=lambda one: one.label)
def test_a_recorded_call_is_read(one: Recorded) -> None:
    assert call.is_call(one.request)
    found = call.read(one.request)
    found.claim.require(one.request, SECRET_KEY, one.timestamp)
    assert found.claim.token == one.token
    name = one.label[4:]
    if name in REFUSED:
        assert refusal(one.request) == REFUSED[name]
        return
    send = found.request(found.action())
    if isinstance(send, SendSms2019Request):
        send = send.renewed()
    if name == "tccli_err":
        assert send == PullSmsSendStatusRequest(limit=10, sms_sdk_app_id="1400006666")
        return
    assert isinstance(send, SendSmsRequest)
    assert send.sms_sdk_app_id == "1400006666"
    if "tricky" in name:
        assert send.phone_number_set == ("+8618501234444", "13800138000")
        assert send.sign_name == "腾讯云 a+b&c=d'()*!~%/?"
        assert send.template_param_set == ("384592", '5 分钟 😀 "q" \\ <tag>')
        assert send.session_context == "a_b.c-d é\u2028x"
    else:
        assert send.phone_number_set == ("+8618501234444",)
        assert send.sign_name in ("AA生活服务", None)


def test_a_call_that_we_make_is_the_one_that_is_read() -> None:
    pull = PullSmsSendStatusRequest(limit=100, sms_sdk_app_id="1400006666")
    body, headers = call.posted(pull, "PullSmsSendStatus")
    signer = tc3.Signer(SECRET_ID, SECRET_KEY, "sms.example.cn")
    one = request(body, headers | signer.posted(body, 1_795_198_134))
    found = call.read(one)
    found.claim.require(one, SECRET_KEY, 1_795_198_134)
    assert found.request(found.action()) == pull
    query = call.query_of(pull)
    got = signer.got(query, 1_795_198_134)
    one = request(b"", headers | got, method="GET", query=query)
    found = call.read(one)
    found.claim.require(one, SECRET_KEY, 1_795_198_134)
    assert found.request(found.action()) == pull


def test_the_page_is_no_call() -> None:
    assert not call.is_call(request(b"", {"accept": "text/html"}, method="GET"))
    assert not call.is_call(request(b"", {}, method="GET", query=b"utm_source=x"))
    assert not call.is_call(request(b"Action=SendSms", {"content-type": "text/plain"}))
    form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    assert call.is_call(request(b"Nonce=1&Action=SendSms", form))
    assert call.is_call(request(b"", {}, method="GET", query=b"Action=SendSms"))
    assert call.is_call(request(b"", {"x-tc-action": ""}, method="OPTIONS"))
    assert call.is_call(request(b"{}", {}, query=b"Action=SendSms"))


def test_the_query_may_tell_the_action_of_a_body() -> None:
    headers = {name: value for name, value in HEADERS.items() if not name.startswith("x-tc-a")}
    del headers["x-tc-version"]
    query = b"Action=PullSmsSendStatus&Version=2021-01-11&Language=en-US"
    found = call.read(request(b'{"Limit":1,"SmsSdkAppId":"1"}', headers, query=query))
    assert found.request(found.action()) == PullSmsSendStatusRequest(limit=1, sms_sdk_app_id="1")
    assert found.language == "en-US"


@pytest.mark.parametrize(
    ("header", "value", "found"),
    [
        ("x-tc-action", "", ("MissingParameter", "Action")),
        ("x-tc-version", "", ("MissingParameter", "Version")),
        ("x-tc-action", "sendSMS", ("InvalidAction", "SendSMS")),
        ("x-tc-version", "2021-1-11", ("NoSuchVersion", "2021-1-11")),
        ("authorization", "SKIP", ("AuthFailure.InvalidAuthorization", "")),
        ("authorization", "", ("AuthFailure.InvalidAuthorization", "")),
        ("content-type", "text/plain", ("InvalidRequest", "")),
        ("content-type", "", ("InvalidRequest", "")),
        ("content-type", "application/jsonp", ("InvalidRequest", "")),
        ("content-type", "Application/JSON; charset=utf-8", ("MissingParameter", "PhoneNumberSet")),
    ],
)
def test_what_is_wrong_with_a_header_is_named(
    header: str, value: str, found: tuple[str, str]
) -> None:
    assert refusal(request(b"{}", HEADERS | {header: value})) == found


def test_the_first_letter_of_an_action_may_be_small() -> None:
    assert call.read(request(b"{}", HEADERS | {"x-tc-action": "sendSms"})).name == "SendSms"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_only_get_and_post_are_taken(method: str) -> None:
    assert refusal(request(b"{}", HEADERS, method=method)) == ("UnsupportedProtocol", "")


@pytest.mark.parametrize(
    ("content_type", "most"),
    [
        ("application/json", call.MOST_JSON_BYTES),
        ("application/x-www-form-urlencoded", call.MOST_FORM_BYTES),
    ],
)
def test_a_body_that_is_too_large_is_not_read(content_type: str, most: int) -> None:
    headers = HEADERS | {"content-type": content_type, "x-tc-action": "AddSmsSign"}
    assert refusal(request(b" " * (most + 1), headers)) == ("RequestSizeLimitExceeded", "")
    assert refusal(request(b" " * most, headers))[0] != "RequestSizeLimitExceeded"


def test_only_a_request_with_images_may_be_large() -> None:
    body = b'{"SmsSdkAppId":"' + b"1" * call.MOST_PLAIN_JSON_BYTES + b'"}'
    assert refusal(request(body, HEADERS)) == ("RequestSizeLimitExceeded", "")
    sign = HEADERS | {"x-tc-action": "AddSmsSign"}
    assert refusal(request(body, sign)) == ("UnknownParameter", "SmsSdkAppId")


def test_a_form_with_too_many_fields_is_not_read() -> None:
    form = HEADERS | {"content-type": "application/x-www-form-urlencoded"}
    fields = b"&".join(b"PhoneNumberSet.%d=1" % n for n in range(call.MOST_FIELDS + 2))
    assert refusal(request(fields, form)) == ("RequestSizeLimitExceeded", "")


def test_a_query_that_is_too_long_is_not_read() -> None:
    query = b"a" * (call.MOST_QUERY_BYTES + 1)
    found = refusal(request(b"", HEADERS, method="GET", query=query))
    assert found == ("RequestSizeLimitExceeded", "")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (b"Action=SendSms", ("MissingParameter", "Version")),
        (b"Version=2021-01-11", ("MissingParameter", "Action")),
        (b"Action=SendSms&Version=2021-01-11", ("AuthFailure.InvalidAuthorization", "")),
        (b"Action=SendSms&Version=2021-01-11&Signature=x", ("MissingParameter", "SecretId")),
        (b"Action=SendSms&Action=AddSmsSign", ("InvalidParameter", "Action")),
        (b"Action=%FF", ("InvalidRequest", "")),
        (b"Action=%", ("InvalidRequest", "")),
    ],
)
def test_what_is_wrong_with_a_query_is_named(query: bytes, found: tuple[str, str]) -> None:
    one = request(b"", {"host": "h"}, method="GET", query=query)
    assert refusal(one) == found
    form = {"content-type": "application/x-www-form-urlencoded", "host": "h"}
    assert refusal(request(query, form)) == found


@pytest.mark.parametrize(
    ("written", "language"),
    [("en-US", "en-US"), ("EN", "en-US"), ("zh-CN", "zh-CN"), ("", "zh-CN"), ("fr", "zh-CN")],
)
def test_the_language_is_the_caller_s(written: str, language: str) -> None:
    one = request(b"{}", HEADERS | {"x-tc-language": written})
    assert call.language_of(one) == call.read(one).language == language


def test_a_query_may_tell_the_language() -> None:
    one = next(one for one in SIGNED if one.is_v1 and one.request.method == "GET")
    english = msgspec.structs.replace(one.request, query=one.request.query + b"&Language=en-US")
    assert call.read(english).language == "en-US"


def test_a_trace_goes_back_as_it_came() -> None:
    assert call.trace_of(request(b"", {"x-tc-traceid": "t"})) == ((b"x-tc-traceid", b"t"),)
    assert call.trace_of(request(b"", {})) == ()


@given(
    st.sampled_from(["GET", "POST"]),
    st.binary(max_size=60),
    st.binary(max_size=60),
    st.dictionaries(st.sampled_from(list(HEADERS)), st.text(st.characters(codec="latin-1"))),
)
def test_whatever_comes_is_refused_in_a_word(
    method: str, query: bytes, body: bytes, headers: dict[str, str]
) -> None:
    written = {
        name.encode(): value.encode("latin-1") for name, value in (HEADERS | headers).items()
    }
    one = Request(method, "/", query, written, body, "127.0.0.1")
    with pytest.raises(Fault):
        proven(one)
