"""Strict types: what the official examples say is read; what has another type is named."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripts.tencent_types import PACKAGE, made

from hongyan.wire.tencent import requests, strict
from hongyan.wire.tencent.actions import ACTIONS, NEW, OLD, action_of
from hongyan.wire.tencent.codes import CHINESE, ENGLISH
from hongyan.wire.tencent.fault import Fault
from hongyan.wire.tencent.old import SendSms2019Request
from hongyan.wire.tencent.requests import SendMultiGlobalSmsRequest, SendSmsRequest
from support.tencent import load

EXAMPLES = [(name, one["request"]) for name, ones in load("examples.json").items() for one in ones]
GOOD: dict[str, Any] = {
    "PhoneNumberSet": ["+8618501234444"],
    "SmsSdkAppId": "1400006666",
    "TemplateId": "1717171",
}


def fault(body: bytes, type_: type[requests.Request] = SendSmsRequest) -> tuple[str, str]:
    with pytest.raises(Fault) as found:
        strict.from_json(body, type_)
    return found.value.code, found.value.parameter


def flat_fault(other: dict[str, str]) -> tuple[str, str]:
    flat = {"PhoneNumberSet.0": "1", "SmsSdkAppId": "1", "TemplateId": "1"}
    with pytest.raises(Fault) as found:
        strict.from_flat(flat | other, SendSmsRequest)
    return found.value.code, found.value.parameter


@pytest.mark.parametrize("module", ["requests.py", "answers.py"])
def test_what_is_made_from_the_facts_has_been_made_anew(module: str) -> None:
    written = (PACKAGE / module).read_text("utf-8")
    assert written == made()[module], "run 'python scripts/tencent_types.py'"


def test_all_twenty_actions_are_there() -> None:
    assert len(ACTIONS[NEW]) == 20
    assert set(ACTIONS[NEW]) == set(load("examples.json"))
    assert set(ACTIONS[OLD]) == {"SendSms"}


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_platform_s_own_examples_are_read(number: int) -> None:
    name, example = EXAMPLES[number]
    type_ = action_of(NEW, name).request
    found = strict.from_json(json.dumps(example).encode(), type_)
    assert json.loads(msgspec.json.encode(found)) == example
    assert strict.from_flat(strict.flattened(found), type_) == found


@pytest.mark.parametrize(
    ("version", "name", "code"),
    [
        (NEW, "SendSMS", "InvalidAction"),
        (NEW, "DescribeInstances", "InvalidAction"),
        (OLD, "SendMultiGlobalSms", "InvalidAction"),
        ("2020-01-01", "SendSms", "NoSuchVersion"),
        ("", "SendSms", "NoSuchVersion"),
    ],
)
def test_what_is_not_served_is_named(version: str, name: str, code: str) -> None:
    with pytest.raises(Fault) as found:
        action_of(version, name)
    assert found.value.code == code


def test_only_what_changes_something_must_not_be_repeated() -> None:
    changing = {name for name, action in ACTIONS[NEW].items() if action.changes}
    assert changing == {
        *("SendSms", "SendMultiGlobalSms"),
        *("AddSmsSign", "ModifySmsSign", "DeleteSmsSign"),
        *("AddSmsTemplate", "ModifySmsTemplate", "DeleteSmsTemplate"),
    }


# JSON.


@pytest.mark.parametrize("name", ["SmsSdkAppId", "TemplateId", "SignName", "SessionContext"])
@pytest.mark.parametrize("value", [1400006789, 1.5, True, [], {}, ["x"]])
def test_only_a_string_is_a_string(name: str, value: object) -> None:
    assert fault(json.dumps(GOOD | {name: value}).encode()) == ("InvalidParameter", name)


def test_the_words_are_the_platform_s() -> None:
    with pytest.raises(Fault) as found:
        strict.from_json(json.dumps(GOOD | {"TemplateParamSet": [1234]}).encode(), SendSmsRequest)
    assert found.value.says(CHINESE) == "参数 `TemplateParamSet.0` 取值类型错误。"
    said = "The value type of parameter `TemplateParamSet.0` is not valid."
    assert found.value.says(ENGLISH) == said
    assert str(found.value) == f"InvalidParameter: {said}"


@pytest.mark.parametrize("value", ["100", 1.0, 1e2, None, True, [1]])
def test_only_a_whole_number_is_one(value: object) -> None:
    body = json.dumps({"Limit": value, "SmsSdkAppId": "1"}).encode()
    assert fault(body, requests.PullSmsSendStatusRequest) == ("InvalidParameter", "Limit")


@pytest.mark.parametrize("value", [-1, 2**63, 2**64, 10**400])
def test_a_number_out_of_bounds_is_no_value(value: int) -> None:
    body = b'{"Limit":%d,"SmsSdkAppId":"1"}' % value
    code, name = fault(body, requests.PullSmsSendStatusRequest)
    assert code in ("InvalidParameterValue", "InvalidParameter")
    assert name == "Limit"


@pytest.mark.parametrize("name", GOOD)
def test_what_is_missing_is_named(name: str) -> None:
    body = {key: value for key, value in GOOD.items() if key != name}
    assert fault(json.dumps(body).encode()) == ("MissingParameter", name)


def test_what_is_missing_within_is_named_with_its_place() -> None:
    body = {"SmsSdkAppId": "1", "MultiSmsInfoSet": [{"PhoneNumber": "1", "TemplateId": "1"}, {}]}
    found = fault(json.dumps(body).encode(), SendMultiGlobalSmsRequest)
    assert found == ("MissingParameter", "MultiSmsInfoSet.1.PhoneNumber")
    body["MultiSmsInfoSet"] = [{"PhoneNumber": "1", "TemplateId": "1", "Sign": "x"}]
    found = fault(json.dumps(body).encode(), SendMultiGlobalSmsRequest)
    assert found == ("UnknownParameter", "MultiSmsInfoSet.0.Sign")


@pytest.mark.parametrize("name", ["Big", "signName", "PhoneNumberSet.0", "", "a`b", "参数"])
def test_what_is_unknown_is_named(name: str) -> None:
    body = json.dumps(GOOD | {name: 1}, ensure_ascii=False).encode()
    assert fault(body) == ("UnknownParameter", name)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a',
        json.dumps(GOOD).encode() + b"x",
        b"{'a':1}",
        b"PhoneNumberSet.0=1",
        b"\xef\xbb\xbf{}",
        b'{"SmsSdkAppId":"\xff"}',
        b'{"SmsSdkAppId":"\\ud800"}',
        '{"SmsSdkAppId":"短信"}'.encode("gbk"),
        '{"SmsSdkAppId":"x"}'.encode("utf-16"),
    ],
)
def test_what_is_no_json_is_not_parsed(body: bytes) -> None:
    assert fault(body)[0] == "FailedOperation.JsonParseFail"


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"1", b"[" * 100_000])
def test_what_is_no_object_is_no_request(body: bytes) -> None:
    assert fault(body) == ("InvalidParameter", "Body")


@pytest.mark.parametrize("name", ["SmsSdkAppId", "Big"])
def test_depth_does_no_harm(name: str) -> None:
    deep = b'{"%b":%b' % (name.encode(), b'{"a":' * 200_000)
    assert fault(deep)[0] in ("InvalidParameter", "UnknownParameter")


@pytest.mark.parametrize(
    "body",
    [
        b'{"SmsSdkAppId":"1","Limit":1,"Limit":2}',
        b'{"Limit":1,"SmsSdkAppId":"1", "Limit" : 1}',
        b'{"Limit":1,"SmsSdkAppId":"1","Lim\\u0069t":1}',
    ],
)
def test_what_is_named_twice_is_refused(body: bytes) -> None:
    assert fault(body, requests.PullSmsSendStatusRequest) == ("InvalidParameter", "Limit")


@given(
    st.sampled_from(["SmsSdkAppId", "Limit"]),
    st.sets(st.integers(0, 10), min_size=1),
    st.text(" \t\r\n", max_size=3),
    st.booleans(),
)
def test_an_escape_hides_no_repetition(
    name: str, escaped: set[int], space: str, upper: bool
) -> None:
    letters = [f"\\u{ord(one):04x}" for one in name]
    if upper:
        letters = [f"\\u{one[2:].upper()}" for one in letters]
    spelt = "".join(
        hidden if at in escaped else clear
        for at, (hidden, clear) in enumerate(zip(letters, name, strict=True))
    )
    value = '"1"' if name == "SmsSdkAppId" else "1"
    body = f'{{"SmsSdkAppId":"1","Limit":1,"{spelt}"{space}:{value}}}'.encode()
    assert fault(body, requests.PullSmsSendStatusRequest) == ("InvalidParameter", name)


def test_a_name_twice_within_is_refused_and_once_in_each_is_not() -> None:
    one = b'{"PhoneNumber":"+60198890000","TemplateId":"1"}'
    twice = one[:-1] + b',"TemplateId":"2"}'
    body = b'{"SmsSdkAppId":"1","MultiSmsInfoSet":[%b,%b]}'
    strict.from_json(body % (one, one), SendMultiGlobalSmsRequest)
    found = fault(body % (one, twice), SendMultiGlobalSmsRequest)
    assert found == ("InvalidParameter", "TemplateId")


@pytest.mark.parametrize("value", ["SmsSdkAppId", '"SmsSdkAppId"', '\\"SmsSdkAppId\\":', "\\"])
def test_a_name_in_a_value_is_no_repetition(value: str) -> None:
    body = json.dumps(GOOD | {"SignName": value, "SessionContext": value}).encode()
    assert strict.from_json(body, SendSmsRequest).sign_name == value


def test_null_is_as_good_as_nothing_where_nothing_is_needed() -> None:
    body = json.dumps(GOOD | {"SignName": None, "TemplateParamSet": None}).encode()
    assert strict.from_json(body, SendSmsRequest).sign_name is None
    assert fault(json.dumps(GOOD | {"TemplateId": None}).encode()) == (
        "InvalidParameter",
        "TemplateId",
    )


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


NAMES = [field.encode_name for field in msgspec.structs.fields(SendSmsRequest)]


@given(st.dictionaries(st.sampled_from(NAMES), ANYTHING))
def test_whatever_comes_is_read_or_refused_in_a_word(body: dict[str, object]) -> None:
    written = json.dumps(body).encode()
    try:
        found = strict.from_json(written, SendSmsRequest)
    except Fault:
        return
    assert json.loads(msgspec.json.encode(found)) == {
        name: value for name, value in body.items() if value is not None
    }


@given(st.binary())
def test_any_bytes_are_refused_in_a_word(body: bytes) -> None:
    with pytest.raises(Fault):
        strict.from_json(body, SendSmsRequest)


# Flat parameters.


def test_flat_parameters_are_lists_and_numbers_again() -> None:
    flat = {f"PhoneNumberSet.{n}": str(n) for n in range(12)}
    found = strict.from_flat(flat | {"SmsSdkAppId": "1", "TemplateId": "2"}, SendSmsRequest)
    assert found.phone_number_set == tuple(str(n) for n in range(12))
    assert found.template_id == "2"
    listed = strict.from_flat(
        {"International": "0", "SignIdSet.0": "7", "SignIdSet.1": "8", "Limit": "10"},
        requests.DescribeSmsSignListRequest,
    )
    assert (listed.international, listed.sign_id_set, listed.limit) == (0, (7, 8), 10)


def test_words_that_mean_something_in_json_are_text() -> None:
    flat = {"PhoneNumberSet.0": "null", "SmsSdkAppId": "true", "TemplateId": "1", "SignName": ""}
    found = strict.from_flat(flat | {"SessionContext": "null"}, SendSmsRequest)
    assert (found.phone_number_set, found.sms_sdk_app_id) == (("null",), "true")
    assert (found.sign_name, found.session_context) == ("", "null")


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ({"PhoneNumberSet.2": "1"}, ("InvalidParameter", "PhoneNumberSet.2")),
        ({"PhoneNumberSet.00": "1"}, ("InvalidParameter", "PhoneNumberSet.00")),
        ({"PhoneNumberSet.x": "1"}, ("InvalidParameter", "PhoneNumberSet.x")),
        ({"PhoneNumberSet.1.a": "1"}, ("InvalidParameter", "PhoneNumberSet.1")),
        ({"PhoneNumberSet.0.a": "1"}, ("InvalidParameter", "PhoneNumberSet.0.a")),
        ({"PhoneNumberSet": "1"}, ("InvalidParameter", "PhoneNumberSet")),
        ({"SignName.0": "1"}, ("InvalidParameter", "SignName")),
        ({"Sign": "1"}, ("UnknownParameter", "Sign")),
        ({"a.b.c.d.e.f": "1"}, ("UnknownParameter", "a")),
        ({"." * 100_000: "1"}, ("UnknownParameter", "")),
    ],
    ids=range(10),
)
def test_flat_parameters_that_do_not_fit_are_named(
    other: dict[str, str], found: tuple[str, str]
) -> None:
    assert flat_fault(other) == found


@pytest.mark.parametrize("value", ["", "1.0", "-1", "１", "0x1", " 1", "9" * 30])
def test_flat_numbers_are_digits(value: str) -> None:
    with pytest.raises(Fault) as found:
        strict.from_flat({"SmsSdkAppId": "1", "Limit": value}, requests.PullSmsSendStatusRequest)
    assert found.value.parameter == "Limit"


def test_an_empty_list_vanishes_in_flat_parameters() -> None:
    request = SendSmsRequest(phone_number_set=(), sms_sdk_app_id="1", template_id="1")
    assert strict.flattened(request) == {"SmsSdkAppId": "1", "TemplateId": "1"}


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
TEXTS = st.lists(TEXT, min_size=1, max_size=12).map(tuple)
SENDS = st.builds(
    SendSmsRequest,
    phone_number_set=TEXTS,
    sms_sdk_app_id=TEXT,
    template_id=TEXT,
    sign_name=st.none() | TEXT,
    template_param_set=st.none() | TEXTS,
    session_context=st.none() | TEXT,
)
MULTIS = st.builds(
    SendMultiGlobalSmsRequest,
    sms_sdk_app_id=TEXT,
    multi_sms_info_set=st.lists(
        st.builds(
            requests.MultiSmsInfo,
            phone_number=TEXT,
            template_id=TEXT,
            template_param_set=st.none() | TEXTS,
        ),
        min_size=1,
        max_size=12,
    ).map(tuple),
)


@given(st.one_of(SENDS, MULTIS))
def test_what_is_written_in_either_form_is_read(request: requests.Request) -> None:
    type_ = type(request)
    assert strict.from_json(msgspec.json.encode(request), type_) == request
    assert strict.from_json(json.dumps(msgspec.to_builtins(request)).encode(), type_) == request
    assert strict.from_flat(strict.flattened(request), type_) == request


# 2019-07-11.


def test_the_old_names_mean_the_same() -> None:
    body = {
        "PhoneNumberSet": ["+8618501234444"],
        "TemplateID": "1717171",
        "SmsSdkAppid": "1400006666",
        "Sign": "AA生活服务",
        "TemplateParamSet": ["384592", "5"],
    }
    renewed = strict.from_json(json.dumps(body).encode(), SendSms2019Request).renewed()
    assert renewed == SendSmsRequest(
        phone_number_set=("+8618501234444",),
        sms_sdk_app_id="1400006666",
        template_id="1717171",
        sign_name="AA生活服务",
        template_param_set=("384592", "5"),
    )
    new = json.dumps(GOOD).encode()
    assert fault(new, SendSms2019Request)[0] in ("UnknownParameter", "MissingParameter")


@pytest.mark.parametrize("piece", ["` - at a", " - at `$", "[0]"])
def test_a_name_as_long_as_a_body_is_refused_at_once(piece: str) -> None:
    name = piece * 100_000 + "\nx"
    told = ("UnknownParameter", name[:64])
    assert fault(json.dumps({name: 1}).encode()) == told
    assert flat_fault({name: "1"}) == told
