"""Each code that applies to sending, where it is told, and which of two is told first."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

import pytest

from hongyan.core.country import Scope
from hongyan.core.daily import Caps
from hongyan.core.frequency import DOCUMENTED, Frequency
from hongyan.core.hours import MOST_MINUTES, Hours
from hongyan.core.limit import Window
from hongyan.core.message import Kind
from hongyan.core.time import DAY
from hongyan.service.directory import Review, TencentProfile
from support.held import HeldHouse
from support.process import Dev, eventually, new_phone
from support.tencent_app import (
    ABROAD,
    BODY,
    MARKETING,
    NOTICE,
    TencentApp,
    changed,
    moved_in,
    templated,
)
from support.zhenzi import noticed

ELSEWHERE = (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"))
MALAYSIAN = "+60198890099"
COUNTED = "+60198890098"
AMERICAN = "+12024561111"
SATELLITE = "+881612345678"
_NOW_MIN = (int(time.time()) // 60 + 8 * 60) % MOST_MINUTES
CLOSED = Hours(0, 1) if _NOW_MIN > MOST_MINUTES // 2 else Hours(MOST_MINUTES - 1, MOST_MINUTES)
"""One minute, half a day away at least."""

_FAILED = "FailedOperation"
_VALUE = "InvalidParameterValue"
_MANY = "LimitExceeded"
_NOT = "UnsupportedOperation"


@dataclass(frozen=True)
class Case:
    """What is wrong, and what is told of it for each number."""

    code: str
    app: dict[str, Any] = field(default_factory=dict)
    """How its app differs."""
    asks: dict[str, Any] = field(default_factory=dict)
    """And what it asks for."""
    to: str = ""
    """Whom, if not a number in the mainland."""
    before: int = 0
    """How many texts the number has got a moment ago."""
    message: str = ""


NOTICES: dict[str, Any] = {"kind": Kind.NOTICE, "body": NOTICE}
MARKETED: dict[str, Any] = {"kind": Kind.MARKETING, "body": MARKETING}
GLOBAL: dict[str, Any] = {
    "scope": Scope.ABROAD,
    "body": ABROAD,
    "countries": frozenset({"CN", "MY"}),
}
SAME = DOCUMENTED.content_windows
NUMBERED: dict[str, Case] = {
    "a number that is none": Case(f"{_VALUE}.IncorrectPhoneNumber", to="+8612345"),
    "a satellite": Case(f"{_NOT}.UnsupportedRegion", to=SATELLITE),
    "no such template": Case(
        f"{_FAILED}.TemplateUnapprovedOrNotExist", asks={"TemplateId": "999999"}
    ),
    "a template that is no number": Case(
        f"{_FAILED}.TemplateUnapprovedOrNotExist", asks={"TemplateId": "one"}
    ),
    "a template in review": Case(
        f"{_FAILED}.TemplateIncorrectOrUnapproved",
        app={"review": Review.SUBMITTED},
        message="template is not approved or request content does not match the approved template"
        " content",
    ),
    "a test template to others": Case(
        "UnauthorizedOperation.RequestPermissionDeny",
        app={"review": Review.SUBMITTED, "test": True},
    ),
    "a template for abroad": Case(f"{_NOT}.GlobalTemplateToChineseMainlandPhone", app=GLOBAL),
    "a template for the mainland": Case(
        f"{_NOT}.ChineseMainlandTemplateToGlobalPhone",
        app={"scope": Scope.MAINLAND, "countries": frozenset({"MY"})},
        to=MALAYSIAN,
    ),
    "a closed country": Case(f"{_MANY}.AppCountryOrRegionInBlacklist", app=GLOBAL, to=AMERICAN),
    "a country that is never texted": Case(
        f"{_MANY}.AppCountryOrRegionInBlacklist",
        app=GLOBAL | {"caps": Caps(never=frozenset({"MY"}))},
        to=MALAYSIAN,
    ),
    "no signature": Case(f"{_FAILED}.SignatureIncorrectOrUnapproved", asks={"SignName": None}),
    "a signature's id": Case(f"{_FAILED}.SignatureIncorrectOrUnapproved", asks={"SignName": "1"}),
    "a person's marketing": Case(
        "UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny",
        app=MARKETED | {"account_kind": "personal"},
        asks={"TemplateParamSet": ["周五"]},
    ),
    "marketing at night": Case(
        f"{_FAILED}.MarketingSendTimeConstraint",
        app=MARKETED | {"hours": CLOSED},
        asks={"TemplateParamSet": ["周五"]},
    ),
    "too few values": Case(
        f"{_FAILED}.TemplateParamSetNotMatchApprovedTemplate",
        asks={"TemplateParamSet": ["384592"]},
        message="request content does not match the template content",
    ),
    "too many values": Case(
        f"{_FAILED}.TemplateParamSetNotMatchApprovedTemplate",
        asks={"TemplateParamSet": ["384592", "5", "6"]},
    ),
    "a code of letters": Case(
        f"{_VALUE}.TemplateParameterFormatError",
        asks={"TemplateParamSet": ["abc", "5"]},
        message="Verification code template parameter format error",
    ),
    "a code of seven digits": Case(
        f"{_VALUE}.TemplateParameterFormatError", asks={"TemplateParamSet": ["1234567", "5"]}
    ),
    "a long value": Case(
        f"{_VALUE}.TemplateParameterLengthLimit",
        app=NOTICES,
        asks={"TemplateParamSet": ["鸿" * 31]},
    ),
    "a link": Case(
        f"{_VALUE}.ProhibitedUseUrlInTemplateParameter",
        app=NOTICES,
        asks={"TemplateParamSet": ["https://evil.example"]},
    ),
    "a link of two values": Case(
        f"{_VALUE}.ProhibitedUseUrlInTemplateParameter",
        app={"kind": Kind.NOTICE, "body": "亲爱的{1}{2}，您好。"},
        asks={"TemplateParamSet": ["evil", ".example/x"]},
    ),
    "a line break": Case(
        f"{_FAILED}.TemplateParamSetNotMatchApprovedTemplate",
        app=NOTICES,
        asks={"TemplateParamSet": ["a\r\nb"]},
    ),
    "another signature": Case(
        f"{_FAILED}.TemplateParamSetNotMatchApprovedTemplate",
        app=NOTICES,
        asks={"TemplateParamSet": ["【银行】"]},
    ),
    "a long text": Case(
        f"{_VALUE}.ContentLengthLimit",
        app={"kind": Kind.NOTICE, "body": "鸿" * 485 + "{1}"},
        asks={"TemplateParamSet": ["雁" * 9]},
    ),
    "the same at once": Case(
        f"{_MANY}.PhoneNumberThirtySecondLimit",
        app={"content_windows": SAME},
        before=1,
        message="the number of SMS messages sent from a single mobile number within 30 seconds"
        " exceeds the upper limit",
    ),
    "the same too often": Case(
        f"{_MANY}.PhoneNumberSameContentDailyLimit",
        app={"content_windows": Frequency(same_per_30s=0, same_per_day=1).content_windows},
        before=1,
        message="the number of the same sms messages sent from a single mobile number exceeds the"
        " upper limit",
    ),
    "two in a minute": Case(
        f"{_MANY}.DeliveryFrequencyLimit", app={"windows": DOCUMENTED.windows}, before=1
    ),
    "two in an hour": Case(
        f"{_MANY}.PhoneNumberOneHourLimit",
        app={"windows": Frequency(per_minute=0, per_hour=1).windows},
        before=1,
        message="the number of sms messages sent from a single mobile number within 1 hour exceeds"
        " the upper limit",
    ),
    "two in a day": Case(
        f"{_MANY}.PhoneNumberDailyLimit",
        app={"windows": Frequency(per_minute=0, per_day=1).windows},
        before=1,
        message="the number of sms messages sent from a single mobile number every day exceeds the"
        " upper limit",
    ),
    "a window of the operator's": Case(
        f"{_MANY}.DeliveryFrequencyLimit", app={"windows": (Window("24h", 1, DAY),)}, before=1
    ),
    "a day's texts to the mainland": Case(
        f"{_MANY}.AppMainlandChinaDailyLimit", app={"caps": Caps(mainland=1, in_all=1)}, before=1
    ),
    "a day's texts abroad": Case(
        f"{_MANY}.AppGlobalDailyLimit",
        app=GLOBAL | {"caps": Caps(abroad=1)},
        to=COUNTED,
        before=1,
    ),
    "a day's texts to a country": Case(
        f"{_MANY}.AppCountryOrRegionDailyLimit",
        app=GLOBAL | {"caps": Caps(abroad=1, countries=(("MY", 1),))},
        to=COUNTED,
        before=1,
    ),
    "a day's texts": Case(f"{_MANY}.AppDailyLimit", app={"caps": Caps(in_all=1)}, before=1),
    "no package": Case(f"{_FAILED}.InsufficientBalanceInSmsPackage", app={"units": 0}),
}
"""In the order in which they are looked for, as docs/reference/tencent.md has it."""


def app_for(dev: Dev | HeldHouse, case: Case) -> TencentApp:
    differing = dict(case.app)
    if differing.pop("test", False):
        app = moved_in(dev, **differing)
        profile = TencentProfile(test_template=name_of(dev, app), test_numbers=frozenset())
        changed(dev, app, tencent=profile)
        return app
    return moved_in(dev, **differing)


def name_of(dev: Dev | HeldHouse, app: TencentApp) -> str:
    with dev.administering() as administering:
        return administering.directory().template_ids[int(app.template_id)].name


@pytest.mark.parametrize("name", NUMBERED)
def test_a_number_is_told_its_code_and_charged_nothing(dev: Dev, name: str) -> None:
    case = NUMBERED[name]
    app, to = app_for(dev, case), case.to or f"+86{new_phone()}"
    for _ in range(case.before):
        app.sent(to, **case.asks)
    left = balance(dev, app)
    said = app.send(to, SessionContext="mine", **case.asks)
    assert said.codes == [case.code]
    (status,) = said.statuses
    shown = status.pop("Message")
    assert shown.isascii()
    assert not case.message or shown == case.message
    is_limit = case.before or case.app.get("units") == 0
    assert status == {
        "SerialNo": "",
        "PhoneNumber": to,
        "Fee": 0,
        "SessionContext": "mine",
        "Code": case.code,
        "IsoCode": ("MY" if case.to == COUNTED else "CN") if is_limit else "",
    }
    assert balance(dev, app) == left


def balance(dev: Dev | HeldHouse, app: TencentApp) -> int:
    with dev.administering() as administering:
        return administering.balance(administering.directory().apps[app.name].account.id)


# What is wrong with a whole call.


def disabled(dev: Dev, app: TencentApp) -> TencentApp:
    changed(dev, app, enabled=False)
    return app


def from_elsewhere(dev: Dev, app: TencentApp) -> TencentApp:
    changed(dev, app, networks=ELSEWHERE)
    return app


def without_account(dev: Dev, app: TencentApp) -> TencentApp:
    with dev.administering() as administering:
        account = administering.directory().apps[app.name].account.id
        administering.open_account(account, is_open=False)
    noticed(dev)
    return app


def of_another(dev: Dev, app: TencentApp) -> TencentApp:
    other = moved_in(dev)
    return app.but(secret_id=other.secret_id, secret_key=other.secret_key)


WHOLE: dict[str, tuple[str, Callable[[Dev, TencentApp], TencentApp]]] = {
    "no such app": (
        f"{_VALUE}.SdkAppIdNotExist",
        lambda _, app: app.but(sdk_app_id="1400000000"),
    ),
    "another's app": ("UnauthorizedOperation.SmsSdkAppIdVerifyFail", of_another),
    "disabled": ("UnauthorizedOperation.SdkAppIdIsDisabled", disabled),
    "elsewhere": ("UnauthorizedOperation.RequestIpNotInWhitelist", from_elsewhere),
    "closed": ("UnauthorizedOperation.ServiceSuspendDueToArrears", without_account),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_call_is_told_its_code(dev: Dev, phone: str, name: str) -> None:
    code, spoiled = WHOLE[name]
    app = spoiled(dev, moved_in(dev))
    assert app.send(phone).error == code


def test_a_call_without_numbers_or_with_too_many(dev: Dev) -> None:
    app = moved_in(dev)
    assert app.send().error == "MissingParameter.EmptyPhoneNumberSet"
    numbers = [f"139{number:08d}" for number in range(201)]
    assert app.send(*numbers).error == f"{_MANY}.PhoneNumberCountLimit"
    assert app.send(*numbers[:200]).codes == ["Ok"] * 200
    assert balance(dev, app) == 800


def test_mixed_numbers_are_refused_before_any_rule_of_countries(dev: Dev, phone: str) -> None:
    app = moved_in(dev)
    code = f"{_NOT}.ContainDomesticAndInternationalPhoneNumber"
    assert app.send(phone, MALAYSIAN).error == code
    assert app.send(phone, AMERICAN, TemplateId="999999").error == code
    multi = [
        {"PhoneNumber": number, "TemplateId": app.template_id, "TemplateParamSet": ["1", "2"]}
        for number in (phone, MALAYSIAN)
    ]
    said = app.call("SendMultiGlobalSms", SmsSdkAppId=app.sdk_app_id, MultiSmsInfoSet=multi)
    assert said.error == code


def test_what_no_handset_shows_is_nobodys_number(dev: Dev) -> None:
    app = moved_in(dev)
    assert app.send(" ", "😀", "1" * 500).codes == [f"{_VALUE}.IncorrectPhoneNumber"] * 3


def test_sensitive_words_and_live_rules_are_settings(held_by: Callable[..., HeldHouse]) -> None:
    held = held_by(sensitive_words=("赌博",), rules="live")
    app = moved_in(held, kind=Kind.NOTICE, body=NOTICE)
    phone = new_phone()
    sensitive = app.send(phone, TemplateParamSet=["赌博"])
    assert sensitive.codes == [f"{_FAILED}.ContainSensitiveWord"]
    long = app.send(phone, TemplateParamSet=["七个字的值在此"])
    assert long.codes == [f"{_VALUE}.TemplateParameterLengthLimit"]
    app.sent(phone, TemplateParamSet=["六个字的值在"])


def test_a_test_template_goes_to_test_numbers_until_its_end(held_by: Any) -> None:
    held = held_by()
    app = moved_in(held, review=Review.SUBMITTED)
    phone, other = new_phone(), new_phone()
    profile = TencentProfile(
        test_template=name_of(held, app),
        test_numbers=frozenset({f"+86{phone}"}),
        test_until=held.clock() + DAY,
    )
    changed(held, app, tencent=profile)
    denied = "UnauthorizedOperation.RequestPermissionDeny"
    assert app.send(phone, other).codes == ["Ok", denied]
    held.clock.pass_by(DAY)
    assert app.but(ahead_s=DAY // 1_000).send(phone).codes == [denied]


# Of several, the first.


def clashes(one: Case, other: Case) -> bool:
    return bool(
        one.asks.keys() & other.asks.keys()
        or one.app.keys() & other.app.keys()
        or one.to
        or other.to
        or one.before
        or other.before
    )


PAIRS = [
    (first, second)
    for place, first in enumerate(NUMBERED)
    for second in list(NUMBERED)[place + 1 :]
    if not clashes(NUMBERED[first], NUMBERED[second])
    and NUMBERED[first].code != NUMBERED[second].code
    and ("body" in NUMBERED[first].app or "body" not in NUMBERED[second].app)
]


@pytest.mark.parametrize("first", list(dict.fromkeys(pair[0] for pair in PAIRS)))
def test_of_two_the_earlier_one_is_told(dev: Dev, first: str) -> None:
    told = {}
    for second in [pair[1] for pair in PAIRS if pair[0] == first]:
        one, other = NUMBERED[first], NUMBERED[second]
        both = Case("", app=one.app | other.app, asks=one.asks | other.asks)
        told[second] = app_for(dev, both).send(new_phone(), **both.asks).codes
    assert told == {second: [NUMBERED[first].code] for second in told}
    assert told


# Abroad.


def arrived(dev: Dev, number: str) -> str:
    """What the sandbox phone got for a number abroad, which it is not asked for by number."""

    def look() -> list[str]:
        texts = dev.nobody.get("/sandbox/messages").json["messages"]
        return [one["text"] for one in texts if one["phone"] == number]

    return eventually(look)[0]


def test_abroad_a_text_needs_no_signature_and_costs_what_its_country_counts(
    dev: Dev,
) -> None:
    app = moved_in(dev, **GLOBAL)
    (status,) = app.send(MALAYSIAN, SignName=None).statuses
    assert (status["Code"], status["Fee"], status["IsoCode"]) == ("Ok", 1, "MY")
    assert arrived(dev, MALAYSIAN) == "Your code is 384592, good for 5 minutes."


def test_each_number_abroad_has_a_text_of_its_own(dev: Dev) -> None:
    app = moved_in(dev, **GLOBAL)
    mainland = templated(dev, app, BODY, Kind.VERIFICATION)
    notice = templated(dev, app, "Your parcel is {1} km away.", Kind.NOTICE, scope=Scope.ABROAD)

    def one(number: str, template: str, *values: str) -> dict[str, Any]:
        asked = {"PhoneNumber": number, "TemplateId": template, "SessionContext": f"of {number}"}
        return asked | {"TemplateParamSet": list(values)}

    numbers = ["+60198890001", "+60198890002", "+60198890003", AMERICAN, "+60"]
    said = app.call(
        "SendMultiGlobalSms",
        SmsSdkAppId=app.sdk_app_id,
        MultiSmsInfoSet=[
            one(numbers[0], app.template_id, "1234", "5"),
            one(numbers[1], notice, "3"),
            one(numbers[2], mainland, "1234", "5"),
            one(numbers[3], notice, "3"),
            one(numbers[4], notice, "3"),
        ],
    )
    assert said.codes == [
        "Ok",
        "Ok",
        f"{_NOT}.ChineseMainlandTemplateToGlobalPhone",
        f"{_MANY}.AppCountryOrRegionInBlacklist",
        f"{_VALUE}.IncorrectPhoneNumber",
    ]
    assert [one["PhoneNumber"] for one in said.statuses] == numbers
    assert [one["IsoCode"] for one in said.statuses] == ["MY", "MY", "MY", "US", "DEF"]
    assert [one["SessionContext"] for one in said.statuses] == [f"of {one}" for one in numbers]
    assert len({one["SerialNo"] for one in said.statuses}) == 5
    assert all(one["SerialNo"] for one in said.statuses)
    assert arrived(dev, numbers[1]) == "Your parcel is 3 km away."


def test_the_action_for_abroad_takes_no_numbers_of_the_mainland(dev: Dev, phone: str) -> None:
    app = moved_in(dev)
    one = {"PhoneNumber": phone, "TemplateId": app.template_id}
    said = app.call("SendMultiGlobalSms", SmsSdkAppId=app.sdk_app_id, MultiSmsInfoSet=[one])
    assert said.error == f"{_NOT}.ContainDomesticPhoneNumber"
    empty = app.call("SendMultiGlobalSms", SmsSdkAppId=app.sdk_app_id, MultiSmsInfoSet=[])
    assert empty.error == f"{_VALUE}.MultiSmsInfoSetEmpty"
