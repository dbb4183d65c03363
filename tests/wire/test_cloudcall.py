"""The cloud call: every SDK's call is read and its signature known again, and nothing else is."""

import contextlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.wire.cloudcall import answer, call, commapi, cos, multipart, tc3
from hongyan.wire.cloudcall.commapi import CallData, Pair
from hongyan.wire.cloudcall.fault import ERR_CODES, Failure, Refused, Word
from hongyan.wire.cloudcall.names import PATHS
from hongyan.wire.http import Request
from hongyan.wire.wechat import requests
from hongyan.wire.wechat.body import convert, written
from hongyan.wire.wechat.fault import Fault
from support.wechat import (
    SECRET_ID,
    SECRET_KEY,
    WX_API_TOKEN,
    Recorded,
    recorded,
    with_form,
    with_headers,
)

ALL = recorded()
CHUNKED, OLD = ALL[0], ALL[10]
BY_TC3 = [one for one in ALL if not one.is_cos]
BY_COS = [one for one in ALL if one.is_cos]
every = pytest.mark.parametrize("one", ALL, ids=lambda one: one.label)


def refusal(request: Request, now_s: int, key: str = SECRET_KEY) -> Word:
    with pytest.raises(Refused) as refused:
        call.read(request).require(request, key, now_s)
    return refused.value.word


# Recorded.


def test_the_recordings_are_whole() -> None:
    assert (len(BY_TC3), len(BY_COS)) == (11, 7)
    versions = {one.label.split("_")[0] for one in ALL}
    assert versions == {"4.0.2", "3.0.4", "2.6.3", "2.1.2", "1.8.3", "0.8.1", "0.4.3"}


@every
def test_a_recorded_call_is_read(one: Recorded) -> None:
    assert len(one.request.body) == one.length
    found = call.read(one.request)
    assert found.api == "cloudbase.sendSms"
    assert found.token == WX_API_TOKEN
    assert found.environment == one.fields.get("envName", b"").decode()
    assert found.appid == ""
    assert found.claim.secret_id == SECRET_ID
    assert found.parameters() == one.arguments
    assert PATHS[found.api] == "/tcb/sendsms"


@every
def test_a_recorded_signature_is_known(one: Recorded) -> None:
    call.read(one.request).require(one.request, SECRET_KEY, one.now_s)


@every
def test_a_recorded_call_is_a_request_as_over_https(one: Recorded) -> None:
    converted = convert(call.read(one.request).parameters(), requests.SendSms)
    converted.require()
    assert converted.phone_number_list == ("+8612345678910",)
    assert json.loads(written(converted)).items() <= one.arguments.items()


@every
def test_requestdata_is_written_as_the_sdk_writes_it(one: Recorded) -> None:
    assert commapi.read_call(one.fields["requestData"]).written() == one.fields["requestData"]
    assert call.request_data(one.arguments) == one.fields["requestData"]


@every
def test_another_key_has_not_signed_it(one: Recorded) -> None:
    assert refusal(one.request, one.now_s, "another") is Word.INVALID_COMMON


@every
def test_a_signature_ends(one: Recorded) -> None:
    lifetime = cos.LIFETIME_S if one.is_cos else tc3.EXPIRES_S
    found = call.read(one.request)
    found.require(one.request, SECRET_KEY, one.now_s + lifetime)
    found.require(one.request, SECRET_KEY, one.now_s - 300)
    assert refusal(one.request, one.now_s + lifetime + 1) is Word.INVALID_COMMON
    assert refusal(one.request, one.now_s - 301) is Word.INVALID_COMMON


@pytest.mark.parametrize("name", ["apiName", "envName", "wxCloudApiToken", "requestData"])
@every
def test_no_field_that_is_used_can_be_changed(one: Recorded, name: str) -> None:
    if name not in one.fields or (one.is_cos and name == "requestData"):
        return
    changed = one.fields | {name: one.fields[name].replace(b"e", b"a")}
    request = with_form(one.request, changed)
    assert refusal(request, one.now_s) is Word.INVALID_COMMON


@every
def test_no_field_that_is_used_can_be_added(one: Recorded) -> None:
    found = call.read(one.request)
    unsigned = {name: value for name, value in found.form.items() if name != "wxcloudapitoken"}
    if isinstance(found.claim, tc3.Claim):
        headers = tc3.headers(
            with_headers(one.request, authorization=None, x_timestamp=None),
            unsigned,
            (SECRET_ID, SECRET_KEY),
            one.now_s,
        )
        request = with_headers(one.request, authorization=headers["authorization"])
    else:
        del unsigned["authorization"]
        written = cos.authorization(
            with_headers(one.request, host=None, content_type=None),
            unsigned,
            (SECRET_ID, SECRET_KEY),
            one.now_s,
        )
        request = with_form(one.request, one.fields | {"authorization": written.encode()})
    assert refusal(request, one.now_s) is Word.INVALID_COMMON


# Signed here.


@pytest.mark.parametrize("one", BY_TC3, ids=lambda one: one.label)
def test_what_is_signed_here_is_signed_as_the_sdk_does(one: Recorded) -> None:
    found = call.read(one.request)
    assert isinstance(found.claim, tc3.Claim)
    host = one.request.header(b"host")
    assert found.claim.signed(one.request, found.form, SECRET_KEY, host) == found.claim.signature
    signed = {name.encode() for name in found.claim.signed_headers}
    kept = {name: value for name, value in one.request.headers.items() if name in signed}
    bare = msgspec.structs.replace(one.request, headers=kept)
    made = tc3.headers(bare, found.form, (SECRET_ID, SECRET_KEY), one.now_s)
    assert int(made["x-timestamp"]) == one.now_s
    again = with_headers(one.request, authorization=made["authorization"])
    call.read(again).require(again, SECRET_KEY, one.now_s)
    if one is CHUNKED:  # Newer SDKs name no empty fields, as here.
        assert made["authorization"] == one.request.header(b"authorization")


@pytest.mark.parametrize("one", BY_COS, ids=lambda one: one.label)
def test_cos_is_signed_here_as_the_sdk_does(one: Recorded) -> None:
    found = call.read(one.request)
    signed = {name.encode() for name in found.claim.signed_headers}
    kept = {name: value for name, value in one.request.headers.items() if name in signed}
    bare = msgspec.structs.replace(one.request, headers=kept)
    written = cos.authorization(bare, found.form, (SECRET_ID, SECRET_KEY), one.now_s)
    assert written.encode() == one.fields["authorization"]


def test_a_proxy_may_hide_the_host_that_was_signed() -> None:
    behind = with_headers(CHUNKED.request, host="10.0.0.1:8000")
    assert refusal(behind, CHUNKED.now_s) is Word.INVALID_COMMON
    signed = CHUNKED.request.header(b"host")
    call.read(behind).require(behind, SECRET_KEY, CHUNKED.now_s, (signed,))


def test_texts_are_trimmed_before_they_are_signed() -> None:
    padded = CHUNKED.fields | {"envName": b" " + CHUNKED.fields["envName"] + b" "}
    request = with_form(CHUNKED.request, padded)
    found = call.read(request)
    found.require(request, SECRET_KEY, CHUNKED.now_s)
    assert found.environment == CHUNKED.fields["envName"].decode()


@pytest.mark.parametrize(
    "written",
    [
        "",
        "Bearer x",
        "TC3-HMAC-SHA256 Credential=a/2026-11-20/tcb/tc3_request, Signature=" + "0" * 64,
        "TC3-HMAC-SHA256 " + "x" * 3_000,
    ],
)
def test_another_authorization_is_refused(written: str) -> None:
    request = with_headers(CHUNKED.request, authorization=written)
    with pytest.raises(Refused) as refused:
        call.read(request)
    assert refused.value.word is Word.INVALID_COMMON


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"sha1", b"md5"),
        (b"q-ak=AKIDlocal", b"q-ak="),
        (b"q-sign-time=", b"q-sign-time=9"),
        (b"&q-signature=", b"&q-signature=g"),
    ],
)
def test_another_field_of_authorization_is_refused(old: bytes, new: bytes) -> None:
    written = OLD.fields["authorization"].replace(old, new, 1)
    request = with_form(OLD.request, OLD.fields | {"authorization": written})
    assert refusal(request, OLD.now_s) is Word.INVALID_COMMON


def test_nobody_signs_for_a_day() -> None:
    written = OLD.fields["authorization"]
    until = str(OLD.now_s + 86_400).encode()
    request = with_form(
        OLD.request,
        OLD.fields | {"authorization": written.replace(str(OLD.now_s + 900).encode(), until)},
    )
    assert refusal(request, OLD.now_s) is Word.INVALID_COMMON


# What is in a call.


def with_data(data: CallData | bytes) -> Request:
    written = data if isinstance(data, bytes) else data.written()
    return with_form(CHUNKED.request, CHUNKED.fields | {"requestData": written})


def pairs(**values: str) -> CallData:
    return CallData(tuple(Pair(name, value.encode()) for name, value in values.items()))


@pytest.mark.parametrize(
    "data",
    [
        pairs(env="{"),
        pairs(env=""),
        pairs(env="[" * 5_000),
        pairs(env="[" * 40 + "]" * 40),
        pairs(useShortName="true", use_short_name="false"),
        pairs(jumpWxa='{"envVersion": 1, "env_version": 2}'),
        CallData((Pair("env", b'"\xff"'),)),
    ],
)
def test_broken_json_is_said_in_wechats_words(data: CallData) -> None:
    found = call.read(with_data(data))
    with pytest.raises(Fault) as fault:
        found.parameters()
    assert fault.value.errcode == 47001


def test_both_cases_are_one() -> None:
    camel = call.read(with_data(pairs(phoneNumberList="[]", jumpWxa='{"envVersion":"trial"}')))
    assert camel.parameters() == {"phone_number_list": [], "jump_wxa": {"env_version": "trial"}}
    posted = call.read(with_data(pairs(post_data='{"env_id":"e","start_date":"2026-11-01"}')))
    other = call.read(with_data(pairs(PostData='{"EnvId":"e","StartDate":"2026-11-01"}')))
    one, two = (convert(one.parameters(), requests.DescribeSmsRecords) for one in (posted, other))
    assert one == two == requests.DescribeSmsRecords(env_id="e", start_date="2026-11-01")


def test_a_third_party_names_whom_it_calls_for() -> None:
    data = CallData(appid="wx0123456789abcdef", resource_appid="wx1", resource_env="e")
    found = call.read(with_data(data))
    assert found.appid == "wx0123456789abcdef"
    assert (found.data.resource_appid, found.data.resource_env) == ("wx1", "e")
    assert found.parameters() == {}


def test_its_repr_tells_no_token() -> None:
    assert WX_API_TOKEN not in repr(call.read(CHUNKED.request))


@pytest.mark.parametrize(
    "changed",
    [
        {"action": b"wx.api"},
        {"action": b""},
        {"apiName": "接口".encode()},
        {"apiName": b"a" * 129},
        {"wxCloudApiToken": b"a" * 1_025},
        {"requestData": b"\xff"},
        {"requestData": CallData(api_type=1).written()},
        {"requestData": b"\x12\x05\x0a"},
    ],
)
def test_another_call_is_an_invalid_parameter(changed: dict[str, bytes]) -> None:
    with pytest.raises(Refused) as refused:
        call.read(with_form(CHUNKED.request, CHUNKED.fields | changed))
    assert refused.value.word is Word.INVALID_PARAM


def test_a_get_is_no_call() -> None:
    with pytest.raises(Refused):
        call.read(msgspec.structs.replace(CHUNKED.request, method="GET"))


@given(st.binary(max_size=400), st.sampled_from(ALL))
def test_any_body_is_refused_or_read(body: bytes, one: Recorded) -> None:
    for broken in (body, one.request.body[: len(body) * 4] + body):
        with pytest.raises(Refused):
            call.read(msgspec.structs.replace(one.request, body=broken))


@given(st.binary(max_size=120))
def test_any_data_is_refused_or_read(data: bytes) -> None:
    with contextlib.suppress(Refused, Fault):
        call.read(with_data(data)).parameters()


@given(st.sampled_from(BY_TC3), st.integers(0, 1_200), st.integers(0, 7))
def test_a_call_with_a_bit_changed_is_never_let_in(one: Recorded, place: int, bit: int) -> None:
    body = bytearray(one.request.body)
    body[place % len(body)] ^= 1 << bit
    request = msgspec.structs.replace(one.request, body=bytes(body))
    try:
        found = call.read(request)
        found.require(request, SECRET_KEY, one.now_s)
    except Refused:
        return
    # What nobody signs nor uses may have changed: line ends, heads, empty fields.
    was = call.read(one.request)
    assert (found.api, found.environment, found.token) == (was.api, was.environment, was.token)
    assert found.parameters() == was.parameters()


# Answers.


def test_an_answer_carries_what_https_says() -> None:
    said = answer.answered(b'{"errcode":0}')
    assert (said.status, said.content_type) == (200, b"application/octet-stream")
    read = commapi.read_answer(said.body)
    assert (read.body, read.error_code, read.http_code) == (b'{"errcode":0}', 0, 200)
    assert read.content_type == "application/json; charset=utf-8"


@pytest.mark.parametrize("failure", Failure)
def test_a_failure_stands_beside_the_answer(failure: Failure) -> None:
    said = answer.failed(failure)
    read = commapi.read_answer(said.body)
    assert (read.body, read.error_code) == (b"", failure)


def test_a_refusal_is_cloudbases() -> None:
    said = answer.refused(Refused(Word.INVALID_ENV, "no such env"), "id")
    assert said.content_type == b"application/json; charset=utf-8"
    assert json.loads(said.body) == {
        "code": "INVALIID_ENV",
        "message": "no such env",
        "requestId": "id",
    }


def test_words_are_errcodes_in_user_code() -> None:
    assert ERR_CODES[Word.SYSTEM] == -501001
    assert ERR_CODES[Word.INVALID_ENV] == -501005
    assert ERR_CODES[Word.INVALID_PARAM] == -501007
    assert ERR_CODES[Word.NOT_READY] == -501009


@given(st.binary(max_size=40), st.text(max_size=9), st.integers(-(1 << 31), (1 << 31) - 1))
def test_answers_are_read_as_they_are_written(body: bytes, kind: str, code: int) -> None:
    said = commapi.AnswerData(body, kind, code)
    assert commapi.read_answer(said.written()) == said


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
PAIRS = st.builds(Pair, NAMES, st.binary(max_size=20), NAMES, NAMES)


@given(st.builds(CallData, st.lists(PAIRS, max_size=5).map(tuple), st.just(0), NAMES, NAMES, NAMES))
def test_calls_are_read_as_they_are_written(data: CallData) -> None:
    assert commapi.read_call(data.written()) == data


FORMS = st.dictionaries(
    st.text("abcz_.-", min_size=1, max_size=9), st.binary(max_size=40), max_size=5
)


@given(FORMS)
def test_forms_are_read_as_they_are_written(form: dict[str, bytes]) -> None:
    boundary = "--------------------------3e9e4552599942f155837e60"
    body = multipart.written(form, boundary)
    assert multipart.read(f"multipart/form-data; boundary={boundary}", body) == form
