"""Bounds: the least and the most that the documents allow, and one beyond each."""

import base64
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.time import DAY, HOUR, SECOND
from hongyan.wire.tencent import bounds, requests
from hongyan.wire.tencent.fault import Fault
from hongyan.wire.tencent.old import SendSms2019Request
from hongyan.wire.tencent.requests import MultiSmsInfo, Request

NOW = 1_795_198_134_000
NOW_S = NOW // SECOND
WEEK_S = 7 * DAY // SECOND
THREE_DAYS_S = 72 * HOUR // SECOND

SEND = requests.SendSmsRequest(
    phone_number_set=("1",), sms_sdk_app_id="1400006666", template_id="1"
)
MULTI = requests.SendMultiGlobalSmsRequest(
    sms_sdk_app_id="1", multi_sms_info_set=(MultiSmsInfo(phone_number="1", template_id="1"),)
)
INFO = requests.DescribePhoneNumberInfoRequest(phone_number_set=("1",))
SIGN = requests.AddSmsSignRequest(
    sign_name="鸿雁", sign_type=0, document_type=1, international=0, sign_purpose=0, proof_image="",
)  # fmt: skip
TEMPLATE = requests.AddSmsTemplateRequest(
    template_name="x", template_content="x", sms_type=3, international=0, remark="x"
)
SIGNS = requests.DescribeSmsSignListRequest(international=0)
TEMPLATES = requests.DescribeSmsTemplateListRequest(international=1)
PULL = requests.PullSmsSendStatusRequest(limit=100, sms_sdk_app_id="1")
BY_NUMBER = requests.PullSmsReplyStatusByPhoneNumberRequest(
    begin_time=NOW_S - 60, offset=0, limit=100, phone_number="1", sms_sdk_app_id="1"
)
RECORDS = requests.DescribeSendRecordListRequest(
    phone_number="1", sms_sdk_app_id="1", begin_time=NOW_S - 60
)
SENT = requests.SendStatusStatisticsRequest(
    begin_time="2026110100", end_time="2026110100", sms_sdk_app_id="1", limit=0, offset=0
)
CALLED = requests.CallbackStatusStatisticsRequest(
    begin_time="2026100100", end_time="2026110200", sms_sdk_app_id="1", limit=0, offset=0
)
PACKAGES = requests.SmsPackagesStatisticsRequest(
    begin_time="2026110100", end_time="2026110101", sms_sdk_app_id="1", limit=500, offset=9
)
OLD = SendSms2019Request(phone_number_set=("1",), template_id="1", sms_sdk_app_id="1")
VALUE = "InvalidParameterValue"


def many(count: int) -> dict[str, Any]:
    return {"multi_sms_info_set": MULTI.multi_sms_info_set * count}


GOOD: list[tuple[Request, dict[str, Any]]] = [
    (SEND, {"phone_number_set": ("1",) * 200}),
    (SEND, {"session_context": "中" * 170 + "x"}),
    (OLD, {}),
    (MULTI, many(200)),
    (INFO, {"phone_number_set": ("1",) * 200}),
    (SIGN, {"sign_type": 6, "document_type": 8, "international": 1, "sign_purpose": 1}),
    (TEMPLATE, {"sms_type": 1, "international": 1}),
    (SIGNS, {"sign_id_set": (1,) * 100, "limit": 100}),
    (TEMPLATES, {"template_id_set": (), "limit": 0}),
    (PULL, {"limit": 1}),
    (BY_NUMBER, {"begin_time": NOW_S - WEEK_S, "end_time": NOW_S}),
    (RECORDS, {"limit": 50, "offset": 1000, "end_time": NOW_S}),
    (RECORDS, {"begin_time": NOW_S - THREE_DAYS_S}),
    (SENT, {}),
    (CALLED, {}),
    (PACKAGES, {}),
    (requests.DeleteSmsSignRequest(sign_id=1), {}),
]
BAD: list[tuple[Request, dict[str, Any], str]] = [
    (SEND, {"phone_number_set": ()}, "MissingParameter.EmptyPhoneNumberSet"),
    (SEND, {"phone_number_set": ("1",) * 201}, "LimitExceeded.PhoneNumberCountLimit"),
    (SEND, {"session_context": "中" * 170 + "xx"}, VALUE),
    (OLD, {"phone_number_set": ("1",) * 201}, "LimitExceeded.PhoneNumberCountLimit"),
    (MULTI, many(0), f"{VALUE}.MultiSmsInfoSetEmpty"),
    (MULTI, many(201), "LimitExceeded.PhoneNumberCountLimit"),
    (INFO, {"phone_number_set": ()}, "MissingParameter.EmptyPhoneNumberSet"),
    (INFO, {"phone_number_set": ("1",) * 201}, "LimitExceeded.PhoneNumberCountLimit"),
    (SIGN, {"sign_type": 7}, VALUE),
    (SIGN, {"document_type": 9}, f"{VALUE}.InvalidDocumentType"),
    (SIGN, {"international": 2}, f"{VALUE}.InvalidInternational"),
    (SIGN, {"sign_purpose": 2}, f"{VALUE}.InvalidSignPurpose"),
    (TEMPLATE, {"sms_type": 0}, f"{VALUE}.InvalidSmsType"),
    (TEMPLATE, {"sms_type": 4}, f"{VALUE}.InvalidSmsType"),
    (TEMPLATE, {"international": 3}, f"{VALUE}.InvalidInternational"),
    (SIGNS, {"sign_id_set": (1,) * 101}, f"{VALUE}.LimitVerifyFail"),
    (TEMPLATES, {"limit": 101}, f"{VALUE}.LimitVerifyFail"),
    (SIGNS, {"international": 2}, f"{VALUE}.InvalidInternational"),
    (PULL, {"limit": 0}, f"{VALUE}.LimitVerifyFail"),
    (PULL, {"limit": 101}, f"{VALUE}.LimitVerifyFail"),
    (BY_NUMBER, {"limit": 0}, f"{VALUE}.LimitVerifyFail"),
    (BY_NUMBER, {"offset": 1}, f"{VALUE}.OffsetVerifyFail"),
    (BY_NUMBER, {"begin_time": NOW_S - WEEK_S - 301}, f"{VALUE}.BeginTimeVerifyFail"),
    (BY_NUMBER, {"begin_time": NOW_S + 301}, f"{VALUE}.BeginTimeVerifyFail"),
    (BY_NUMBER, {"begin_time": 2**63 - 1}, f"{VALUE}.BeginTimeVerifyFail"),
    (BY_NUMBER, {"end_time": NOW_S - 61}, f"{VALUE}.InvalidStartTime"),
    (RECORDS, {"limit": 0}, f"{VALUE}.LimitVerifyFail"),
    (RECORDS, {"limit": 51}, f"{VALUE}.LimitVerifyFail"),
    (RECORDS, {"offset": 1001}, f"{VALUE}.OffsetVerifyFail"),
    (RECORDS, {"begin_time": NOW_S - THREE_DAYS_S - 301}, f"{VALUE}.BeginTimeVerifyFail"),
    (RECORDS, {"end_time": NOW_S + 301}, f"{VALUE}.EndTimeVerifyFail"),
    (RECORDS, {"end_time": NOW_S - 61}, f"{VALUE}.EndTimeVerifyFail"),
    (SENT, {"begin_time": "2026-11-01"}, f"{VALUE}.BeginTimeVerifyFail"),
    (SENT, {"end_time": "2026103123"}, f"{VALUE}.EndTimeVerifyFail"),
    (SENT, {"end_time": ""}, f"{VALUE}.EndTimeVerifyFail"),
    (SENT, {"limit": 1}, f"{VALUE}.LimitVerifyFail"),
    (SENT, {"offset": 1}, f"{VALUE}.OffsetVerifyFail"),
    (CALLED, {"end_time": "2026110201"}, f"{VALUE}.EndTimeVerifyFail"),
    (CALLED, {"limit": 1}, f"{VALUE}.LimitVerifyFail"),
    (PACKAGES, {"end_time": "2026110100"}, f"{VALUE}.EndTimeVerifyFail"),
    (PACKAGES, {"end_time": "2036110100"}, f"{VALUE}.EndTimeVerifyFail"),
    (PACKAGES, {"limit": 0}, f"{VALUE}.LimitVerifyFail"),
    (PACKAGES, {"limit": 501}, f"{VALUE}.LimitVerifyFail"),
]


@pytest.mark.parametrize("number", range(len(GOOD)))
def test_what_is_within_its_bounds_is_taken(number: int) -> None:
    request, changes = GOOD[number]
    bounds.require(msgspec.structs.replace(request, **changes), NOW)


@pytest.mark.parametrize("number", range(len(BAD)))
def test_what_is_beyond_its_bounds_is_refused(number: int) -> None:
    request, changes, code = BAD[number]
    with pytest.raises(Fault) as found:
        bounds.require(msgspec.structs.replace(request, **changes), NOW)
    assert found.value.code == code


def test_the_text_that_carries_too_much_is_named() -> None:
    one = MultiSmsInfo(phone_number="1", template_id="1", session_context="x" * 512)
    infos = (*MULTI.multi_sms_info_set, one)
    with pytest.raises(Fault) as found:
        bounds.require(msgspec.structs.replace(MULTI, multi_sms_info_set=infos), NOW)
    assert found.value.parameter == "MultiSmsInfoSet.1.SessionContext"


def test_hours_are_beijing_s() -> None:
    assert bounds.hour("1970010108") == 0
    assert bounds.hour("2026112023") == 1_795_186_800_000


@pytest.mark.parametrize(
    "written",
    ["", "2026", "20261120 3", "2026112024", "2026133000", "2026022900", "２０２６１１２０２３", "0000010100", "0001010100", "+202611203"],
)  # fmt: skip
def test_what_is_no_hour_is_none(written: str) -> None:
    assert bounds.hour(written) is None


@given(st.binary(min_size=1))
def test_an_image_is_base64(content: bytes) -> None:
    assert bounds.image(base64.b64encode(content).decode()) == content


@pytest.mark.parametrize(
    "written", ["", "base64", "=", "data:image/jpeg;base64,AAAA", "AA AA", "AAAA\n", "图"]
)
def test_what_is_no_base64_is_no_image(written: str) -> None:
    with pytest.raises(Fault, match="ImageInvalid"):
        bounds.image(written)
