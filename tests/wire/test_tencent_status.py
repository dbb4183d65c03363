"""Statuses and carriers' codes: each flaw, window and finding has a code of the catalogue."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core import lint
from hongyan.core.daily import ABROAD_DAY, APP_DAY, COUNTRY_DAY, MAINLAND_DAY
from hongyan.core.frequency import Frequency
from hongyan.core.identifier import MessageId
from hongyan.core.message import Status
from hongyan.core.parameter import Flaw
from hongyan.wire.tencent import status
from hongyan.wire.tencent.carrier import Meaning, is_delivered, meaning
from hongyan.wire.tencent.codes import CODES
from support.tencent import load

EXAMPLES = load("examples.json")


def test_what_the_rules_name_has_a_code() -> None:
    every = Frequency(per_hour=1, same_per_day=1)
    names = {window.name for window in (*every.windows, *every.content_windows)}
    totals = {APP_DAY, MAINLAND_DAY, ABROAD_DAY, COUNTRY_DAY}
    assert set(status.WINDOWS) == names | totals
    assert set(status.FLAWS) == set(Flaw)
    assert set(status.FINDINGS) <= set(lint.RULES)
    assert set(status.SEND_STATUS) == set(Status)
    codes = {*status.WINDOWS.values(), *status.FLAWS.values(), *status.FINDINGS.values()}
    assert codes <= set(CODES)


def test_a_code_that_asks_for_a_parameter_has_one() -> None:
    for rule, code in status.FINDINGS.items():
        told = CODES[code]
        assert ("{parameter}" in told.says_en) == (rule in status.FINDING_PARAMETERS)


def test_a_text_that_is_taken_looks_like_the_platform_s_example() -> None:
    example = EXAMPLES["SendSms"][0]["response"]["Response"]["SendStatusSet"][0]
    found = status.taken(MessageId(7), "+8618501234444", 1, "CN", "outsid_1729495320_1011")
    assert (found.code, found.message) == (example["Code"], example["Message"])
    assert found.serial_no == "2019:0000000000000000007"
    assert (found.fee, found.iso_code) == (example["Fee"], example["IsoCode"])
    assert status.taken(MessageId(7), "+86", 1, "CN", None).session_context == ""


def test_a_text_that_is_not_taken_looks_like_the_platform_s_example() -> None:
    example = EXAMPLES["SendSms"][1]["response"]["Response"]["SendStatusSet"][0]
    found = status.declined(example["Code"], example["PhoneNumber"], None)
    assert (found.serial_no, found.fee, found.iso_code) == ("", 0, "")
    assert found.message == example["Message"]


def test_a_foreign_text_has_a_serial_number_in_any_case() -> None:
    example = EXAMPLES["SendMultiGlobalSms"][1]["response"]["Response"]["SendMultiStatusSet"][0]
    code = example["Code"]
    refused = status.of_multi(status.declined(code, "+60198890000", "ctx", "MY"), "serial")
    assert (refused.serial_no, refused.fee, refused.iso_code) == ("serial", 0, "MY")
    assert refused.message == example["Message"]
    sent = status.of_multi(status.taken(MessageId(7), "+60198890000", 1, "MY", ""), "serial")
    assert sent.serial_no == "2019:0000000000000000007"


@pytest.mark.parametrize(
    ("code", "group"),
    [
        ("DELIVRD", Meaning.DELIVERED),
        ("delivrd ", Meaning.DELIVERED),
        ("UNDELIVRD", Meaning.INVALID_NUMBER),
        ("MK:0001", Meaning.INVALID_NUMBER),
        ("UNDELIV", Meaning.SHUTDOWN),
        ("UNDELIV_601", Meaning.SHUTDOWN),
        ("EXPIRED_640", Meaning.SHUTDOWN),
        ("REJECTD_706", Meaning.CONTENT),
        ("MOBILE BLACK", Meaning.BLACKLIST),
        ("MX:0012", Meaning.BLACKLIST),
        ("MX:0003", Meaning.FREQUENCY),
        ("COMFAIL", Meaning.INTERNAL),
        ("", Meaning.UNKNOWN),
        ("XX:9999", Meaning.UNKNOWN),
    ],
)
def test_a_carrier_s_code_has_a_meaning(code: str, group: Meaning) -> None:
    assert meaning(code) is group
    assert is_delivered(code) is (group is Meaning.DELIVERED)


@given(st.text())
def test_only_one_code_is_a_success(code: str) -> None:
    assert is_delivered(code) is (code.strip().upper().replace(" ", "_") == "DELIVRD")
