"""Every code that signatures and templates are refused by, when they are applied for by the API."""

from collections.abc import Iterator
from typing import Any

import pytest

from hongyan.core.image import MOST_BYTES
from hongyan.core.lint.rule import Rulebook
from hongyan.core.time import SECOND
from hongyan.protocols import TencentSettings
from hongyan.service import submit
from hongyan.service.reviewing import Subject
from hongyan.settings import Settings
from support.applicant import PROOF, Applicant, applicant, base64_of
from support.held import HeldHouse
from support.papers import png

_AFTER_S = 3_600
_VALUE = "InvalidParameterValue"
_FAILED = "FailedOperation"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HeldHouse]:
    words = TencentSettings(approve_after_s=_AFTER_S, sensitive_words=("贷款",))
    directory = tmp_path_factory.mktemp("reviewing")
    with HeldHouse(directory, Settings(tencent=words)) as opened:
        yield opened


@pytest.fixture
def one(house: HeldHouse) -> Applicant:
    return applicant(house)


@pytest.fixture(scope="module")
def shared(house: HeldHouse) -> Applicant:
    made = applicant(house)
    made.signs()  # What the operator made stands in the list.
    made.templates()
    return made


SIGN_FLAWS: dict[str, tuple[dict[str, Any], str]] = {
    "short": ({"SignName": "A"}, f"{_VALUE}.SignNameLengthTooLong"),
    "long": ({"SignName": "一二三四五六七八九十一二三"}, f"{_VALUE}.SignNameLengthTooLong"),
    "taken": ({"SignName": "AA生活服务"}, f"{_VALUE}.SignExistAndUnapproved"),
    "nul": ({"SignName": "A\u0000A"}, _VALUE),
    "huge": ({"SignName": "A" * 10_000}, _VALUE),
    "sensitive": ({"SignName": "小额贷款"}, "InvalidParameter.DirtyWordFound"),
    "wrong-document": ({"SignType": 4}, f"{_VALUE}.InvalidDocumentType"),
    "unknown-document": ({"DocumentType": 9}, f"{_VALUE}.InvalidDocumentType"),
    "unknown-kind": ({"SignType": 7}, _VALUE),
    "unknown-purpose": ({"SignPurpose": 2}, f"{_VALUE}.InvalidSignPurpose"),
    "no-letter": ({"SignPurpose": 1}, "MissingParameter"),
    "nowhere": ({"International": 2}, f"{_VALUE}.InvalidInternational"),
    "no-qualification": ({"QualificationId": None}, f"{_FAILED}.QualificationIdNotApproved"),
    "unknown-qualification": ({"QualificationId": 1 << 62}, f"{_VALUE}.QualificationIdNotFound"),
    "no-proof": ({"ProofImage": ""}, f"{_VALUE}.ImageInvalid"),
    "data-url": ({"ProofImage": "data:image/png;base64," + PROOF}, f"{_VALUE}.ImageInvalid"),
    "pdf": ({"ProofImage": base64_of(b"%PDF-1.7 no image")}, f"{_VALUE}.ImageInvalid"),
    "cut-off": ({"ProofImage": base64_of(png(is_whole=False))}, f"{_VALUE}.ImageInvalid"),
    "not-padded": ({"ProofImage": PROOF[:-2]}, f"{_VALUE}.ImageInvalid"),
    "no-base64": ({"SignPurpose": 1, "CommissionImage": "!"}, f"{_VALUE}.ImageInvalid"),
    "many-letters": ({"ProofImage": "A" * (MOST_BYTES * 4 // 3 + 8)}, f"{_VALUE}.ImageInvalid"),
    "many-bytes": ({"ProofImage": base64_of(png() + bytes(MOST_BYTES))}, f"{_VALUE}.ImageInvalid"),
    "a-number": ({"ProofImage": 1}, "InvalidParameter"),
    "no-name": ({"SignName": None}, "MissingParameter"),
}


@pytest.mark.parametrize(("changes", "code"), SIGN_FLAWS.values(), ids=SIGN_FLAWS)
def test_each_flaw_of_a_signature_has_its_code(
    shared: Applicant, changes: dict[str, Any], code: str
) -> None:
    before = shared.submissions(Subject.SIGNATURE)
    assert shared.app.call("AddSmsSign", **shared.sign(**changes)).error == code
    assert shared.submissions(Subject.SIGNATURE) == before


TEMPLATE_FLAWS: dict[str, tuple[dict[str, Any], str]] = {
    "empty": ({"TemplateContent": ""}, f"{_VALUE}.InvalidTemplateFormat"),
    "gap": ({"TemplateContent": "验证码{2}"}, f"{_VALUE}.InvalidTemplateFormat"),
    "wide-braces": ({"TemplateContent": "验证码｛1｝"}, f"{_VALUE}.InvalidTemplateFormat"),
    "bare": ({"TemplateContent": "{1}"}, f"{_VALUE}.InvalidTemplateFormat"),
    "star": ({"TemplateContent": "★验证码{1}"}, f"{_VALUE}.InvalidTemplateFormat"),
    "link": ({"TemplateContent": "验证码 https://a.cn/{1}"}, f"{_VALUE}.InvalidTemplateFormat"),
    "unnamed": ({"TemplateContent": "您的密码{1}"}, f"{_VALUE}.InvalidTemplateFormat"),
    "nul": ({"TemplateContent": "验证码\u0000{1}"}, f"{_VALUE}.InvalidTemplateFormat"),
    "large": ({"TemplateContent": "码" * 600_000}, "RequestSizeLimitExceeded"),
    "long": ({"TemplateContent": "码" * 501}, f"{_VALUE}.InvalidTemplateFormat"),
    "sensitive": ({"TemplateContent": "小额贷款验证码{1}"}, f"{_VALUE}.TemplateWithDirtyWords"),
    "endless": (
        {"SmsType": 1, "TemplateContent": "全场八折"},
        f"{_VALUE}.MarketingTemplateWithoutUnsubscribe",
    ),
    "unknown-kind": ({"SmsType": 0}, f"{_VALUE}.InvalidSmsType"),
    "nowhere": ({"International": 3}, f"{_VALUE}.InvalidInternational"),
    "bell": ({"TemplateName": "\u0007"}, _VALUE),
    "remark": ({"Remark": "长" * 1_001}, _VALUE),
    "a-string": ({"SmsType": "3"}, "InvalidParameter"),
}


@pytest.mark.parametrize(("changes", "code"), TEMPLATE_FLAWS.values(), ids=TEMPLATE_FLAWS)
def test_each_flaw_of_a_template_has_its_code(
    shared: Applicant, changes: dict[str, Any], code: str
) -> None:
    before = shared.submissions(Subject.TEMPLATE)
    assert shared.app.call("AddSmsTemplate", **shared.template(**changes)).error == code
    assert shared.submissions(Subject.TEMPLATE) == before


def test_what_is_not_there_has_its_codes(shared: Applicant, one: Applicant) -> None:
    elsewhere = one.add_sign(), one.add_template()
    for sign, template in ((1 << 62, 1 << 62), (0, 0), elsewhere):
        call = shared.app.call
        said = call("ModifySmsSign", SignId=sign, **shared.sign())
        assert said.error == f"{_FAILED}.MissingSignatureToModify"
        said = call("DeleteSmsSign", SignId=sign)
        assert said.error == f"{_FAILED}.SignIdNotExist"
        said = call("DescribeSmsSignList", International=0, SignIdSet=[sign])
        assert said.error == f"{_FAILED}.MissingSignatureList"
        said = call("ModifySmsTemplate", TemplateId=int(template), **shared.template())
        assert said.error == f"{_FAILED}.MissingTemplateToModify"
        said = call("DeleteSmsTemplate", TemplateId=int(template))
        assert said.error == f"{_FAILED}.TemplateIdNotExist"
        said = call("DescribeSmsTemplateList", International=0, TemplateIdSet=[int(template)])
        assert said.error == f"{_FAILED}.MissingTemplateList"


def test_a_border_is_not_crossed_by_a_change(one: Applicant) -> None:
    sign, template = one.add_sign(), one.add_template()
    changed = one.sign(International=1, SignType=4, DocumentType=7)
    said = one.app.call("ModifySmsSign", SignId=sign, **changed)
    assert said.error == f"{_VALUE}.InvalidInternational"
    changed = one.template("Your code is {1}", International=1)
    said = one.app.call("ModifySmsTemplate", TemplateId=int(template), **changed)
    assert said.error == f"{_VALUE}.InvalidInternational"


def test_a_template_needs_a_signature(one: Applicant) -> None:
    (sign,) = one.signs()
    one.app.call("DeleteSmsSign", SignId=sign["SignId"])
    said = one.app.call("AddSmsTemplate", **one.template())
    assert said.error == f"{_FAILED}.MissingSignature"


def test_accounts_have_bounds(one: Applicant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submit, "MOST_SIGNATURES", 1)
    monkeypatch.setattr("hongyan.core.lint.template.MOST_TEMPLATES", 1)
    assert one.app.call("AddSmsSign", **one.sign()).error == f"{_FAILED}.SignNumberLimit"
    said = one.app.call("AddSmsTemplate", **one.template())
    assert said.error == f"{_FAILED}.TemplateNumberLimit"


def test_individuals_have_no_part_in_it(house: HeldHouse) -> None:
    person = applicant(house, account_kind="personal")
    calls: dict[str, dict[str, Any]] = {
        "AddSmsSign": person.sign(),
        "ModifySmsSign": {"SignId": 1} | person.sign(),
        "DeleteSmsSign": {"SignId": 1},
        "DescribeSmsSignList": {"International": 0},
        "AddSmsTemplate": person.template(),
        "ModifySmsTemplate": {"TemplateId": 1} | person.template(),
        "DeleteSmsTemplate": {"TemplateId": 1},
        "DescribeSmsTemplateList": {"International": 0},
    }
    for action, parameters in calls.items():
        said = person.app.call(action, **parameters)
        assert said.error == f"{_FAILED}.NotEnterpriseCertification", action


def test_under_the_rules_of_today_it_is_as_on_the_platform(tmp_path_factory: Any) -> None:
    settings = Settings(tencent=TencentSettings(approve_after_s=_AFTER_S, rules=Rulebook.LIVE))
    with HeldHouse(tmp_path_factory.mktemp("live"), settings) as house:
        one = applicant(house)

        def error(action: str, form: dict[str, Any]) -> str:
            house.clock.pass_by(SECOND)
            return one.app.call(action, **form).error

        assert error("AddSmsSign", one.sign()) == _VALUE
        closed = one.sign(SignType=1, DocumentType=4)
        assert error("AddSmsSign", closed) == _VALUE
        assert not error("AddSmsSign", one.sign(SignType=0, DocumentType=1))
        assert not error("AddSmsTemplate", one.template())
        notice = one.template("{1}已发货", SmsType=2)
        assert error("AddSmsTemplate", notice) == f"{_VALUE}.UnsupportedTemplateVariable"
