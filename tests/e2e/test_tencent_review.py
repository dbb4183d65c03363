"""Signatures and templates as they are applied for by the API, in a house whose clock is held."""

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hongyan.core.image import MOST_BYTES
from hongyan.core.lint.rule import Rulebook
from hongyan.core.message import Kind
from hongyan.core.review import Carrier, Filing
from hongyan.core.time import HOUR, SECOND
from hongyan.protocols import TencentSettings
from hongyan.service import review, submit
from hongyan.service.administer import new_key
from hongyan.service.directory import KeyKind
from hongyan.service.reviewing import Subject, Submitted
from hongyan.service.submit import By, Counter
from hongyan.settings import Settings
from support.forms import COMPANY, QUALIFICATION
from support.held import HeldHouse
from support.papers import jpeg, png
from support.process import Client, new_phone
from support.tencent_app import Said, TencentApp, changed, moved_in
from support.zhenzi import noticed

_AFTER_S = 3_600
_VALUE = "InvalidParameterValue"
_FAILED = "FailedOperation"
CODE = "您的验证码为：{1}，请于{2}分钟内填写。"


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


PROOF = base64_of(jpeg())


@dataclass
class Applicant:
    """An app, its account's qualification, and the forms that it fills in."""

    house: HeldHouse
    app: TencentApp
    qualification: int

    @property
    def account(self) -> int:
        with self.house.administering() as desk:
            return desk.directory().apps[self.app.name].account.id

    def sign(self, name: str = "AA商城", **changes: Any) -> dict[str, Any]:
        good: dict[str, Any] = {
            "SignName": name,
            "SignType": 6,
            "DocumentType": 6,
            "International": 0,
            "SignPurpose": 0,
            "ProofImage": PROOF,
            "QualificationId": self.qualification,
            "Remark": "用于微信小程序用户注册验证码发送",
        }
        return {field: value for field, value in (good | changes).items() if value is not None}

    def template(self, body: str = CODE, **changes: Any) -> dict[str, Any]:
        good: dict[str, Any] = {
            "TemplateName": "用户注册验证码",
            "TemplateContent": body,
            "SmsType": 3,
            "International": 0,
            "Remark": "用户手机号注册验证场景",
        }
        return good | changes

    def add_sign(self, *name: str, **changes: Any) -> int:
        said = self.app.call("AddSmsSign", **self.sign(*name, **changes))
        assert not said.error, said.answer
        return int(said.response["AddSignStatus"]["SignId"])

    def add_template(self, *body: str, **changes: Any) -> str:
        said = self.app.call("AddSmsTemplate", **self.template(*body, **changes))
        assert not said.error, said.answer
        made = said.response["AddTemplateStatus"]["TemplateId"]
        assert isinstance(made, str)
        return made

    def signs(self, *numbers: int, **more: Any) -> list[dict[str, Any]]:
        asked = {"International": 0} | ({"SignIdSet": list(numbers)} if numbers else {}) | more
        said = self.app.call("DescribeSmsSignList", **asked)
        assert not said.error, said.answer
        found: list[dict[str, Any]] = said.response["DescribeSignListStatusSet"]
        return found

    def templates(self, *numbers: str, **more: Any) -> list[dict[str, Any]]:
        named = {"TemplateIdSet": list(map(int, numbers))} if numbers else {}
        said = self.app.call("DescribeSmsTemplateList", **({"International": 0} | named | more))
        assert not said.error, said.answer
        found: list[dict[str, Any]] = said.response["DescribeTemplateStatusSet"]
        return found

    def decided(self, subject: Subject, number: int, reason: str = "") -> None:
        """What a reviewer does beside the house."""
        by = By("reviewer", self.house.clock())
        with self.house.administering() as desk, desk.together():
            one = submit.find(desk, subject, number)
            if reason:
                review.reject(desk, one, by, reason)
            else:
                one = review.approve(desk, one, by)
                if subject is Subject.SIGNATURE and one.status == 2:
                    review.file(desk, one, by, {Carrier.MOBILE: Filing.FILED})
        noticed(self.house)

    def submissions(self, subject: Subject) -> list[Submitted]:
        with self.house.administering() as desk:
            return desk.submissions(subject, self.account)


def applicant(house: HeldHouse, **more: Any) -> Applicant:
    app = moved_in(house, **more)
    with house.administering() as desk, desk.together():
        account = desk.directory().apps[app.name].account
        named = type(account)(account.id, COMPANY, account.kind, account.open)
        by = By("applicant", house.clock())
        if account.kind == "personal":
            return Applicant(house, app, 0)
        one = Counter(desk, named, Rulebook.DOCUMENT, by).submit(QUALIFICATION)
        review.approve(desk, one, by)
    noticed(house)
    return Applicant(house, app, one.id)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HeldHouse]:
    words = TencentSettings(approve_after_s=_AFTER_S, sensitive_words=("贷款",))
    directory = tmp_path_factory.mktemp("reviewing")
    with HeldHouse(directory, Settings(tencent=words)) as opened:
        yield opened


@pytest.fixture
def one(house: HeldHouse) -> Applicant:
    return applicant(house)


def test_a_signature_from_its_form_to_a_text(one: Applicant, house: HeldHouse) -> None:
    sign = one.add_sign()
    (told,) = one.signs(sign)
    made = told.pop("CreateTime")
    assert abs(made - house.clock() // SECOND) < 60
    assert "小程序" in told.pop("ReviewReply")
    assert told == {
        "SignId": sign,
        "International": 0,
        "StatusCode": 1,
        "SignName": "AA商城",
        "QualificationId": one.qualification,
        "QualificationName": QUALIFICATION.name,
        "QualificationStatusCode": 1,
    }
    sender, phone = one.app.but(sign_name="AA商城"), new_phone()
    assert sender.send(phone).codes == ["FailedOperation.SignatureIncorrectOrUnapproved"]
    one.decided(Subject.SIGNATURE, sign)
    assert one.signs(sign)[0]["StatusCode"] == 0
    # The very same call would be answered as the first was.
    sender.sent(phone, SessionContext="again")
    assert house.nobody.latest(phone)["text"].startswith("【AA商城】您的验证码为：384592，")


def test_a_template_from_its_form_to_a_text(one: Applicant, house: HeldHouse) -> None:
    template = one.add_template("【AA】您的验证码为：{1}，{2}分钟内有效。")
    (told,) = one.templates(template)
    assert abs(told.pop("CreateTime") - house.clock() // SECOND) < 60
    assert "过滤" in told.pop("ReviewReply")
    assert told == {
        "TemplateId": int(template),
        "International": 0,
        "StatusCode": 1,
        "TemplateName": "用户注册验证码",
        "TemplateContent": "AA您的验证码为：{1}，{2}分钟内有效。",
    }
    sender, phone = one.app.but(template_id=template), new_phone()
    assert sender.send(phone).codes == ["FailedOperation.TemplateIncorrectOrUnapproved"]
    one.decided(Subject.TEMPLATE, int(template))
    sender.sent(phone, SessionContext="again")
    text = house.nobody.latest(phone)["text"]
    assert text.startswith("【AA生活服务】AA您的验证码为：384592，5分钟内有效。")


def test_what_was_rejected_is_told_why_changed_and_approved(one: Applicant) -> None:
    sign, template = one.add_sign(), one.add_template()
    one.decided(Subject.SIGNATURE, sign, "小程序名称与签名不一致")
    one.decided(Subject.TEMPLATE, int(template), "请写明用途")
    assert (one.signs(sign)[0]["StatusCode"], one.signs(sign)[0]["ReviewReply"]) == (
        -1,
        "小程序名称与签名不一致",
    )
    (told,) = one.templates(template)
    assert (told["StatusCode"], told["ReviewReply"]) == (-1, "请写明用途")

    said = one.app.call("ModifySmsSign", SignId=sign, **one.sign("AA生鲜"))
    assert said.response["ModifySignStatus"] == {"SignId": sign}
    changed = one.template("验证码{1}，{2}分钟内有效。")
    said = one.app.call("ModifySmsTemplate", TemplateId=int(template), **changed)
    assert said.response["ModifyTemplateStatus"] == {"TemplateId": int(template)}
    assert (one.signs(sign)[0]["StatusCode"], one.signs(sign)[0]["SignName"]) == (1, "AA生鲜")
    assert one.templates(template)[0]["TemplateContent"] == "验证码{1}，{2}分钟内有效。"

    one.decided(Subject.SIGNATURE, sign)
    one.decided(Subject.TEMPLATE, int(template))
    said = one.app.call("ModifySmsSign", SignId=sign, **one.sign("AA生鲜商城"))
    assert said.error == f"{_VALUE}.SignAlreadyPassedCheck"
    changed = one.template("您的验证码{1}。")
    said = one.app.call("ModifySmsTemplate", TemplateId=int(template), **changed)
    assert said.error == f"{_FAILED}.TemplateAlreadyPassedCheck"


def test_what_is_deleted_goes_out_no_more(one: Applicant, house: HeldHouse) -> None:
    sign, template = one.add_sign(), one.add_template()
    one.decided(Subject.SIGNATURE, sign)
    one.decided(Subject.TEMPLATE, int(template))
    sender, phone = one.app.but(sign_name="AA商城", template_id=template), new_phone()
    # It was accepted before: it goes out, whenever that is.
    sender.sent(phone)
    said = one.app.call("DeleteSmsTemplate", TemplateId=int(template))
    status = said.response["DeleteTemplateStatus"]
    assert status["DeleteStatus"] == "return successfully!"
    assert abs(status["DeleteTime"] - house.clock() // SECOND) < 60
    assert sender.send(new_phone()).codes == ["FailedOperation.TemplateIncorrectOrUnapproved"]
    said = one.app.call("DeleteSmsSign", SignId=sign)
    assert said.response["DeleteSignStatus"]["DeleteStatus"] == "return successfully!"
    sender = sender.but(template_id=one.app.template_id)
    assert sender.send(new_phone()).codes == ["FailedOperation.SignatureIncorrectOrUnapproved"]
    assert house.nobody.latest(phone)["text"].startswith("【AA商城】")
    later = one.app.but(ahead_s=1)
    assert later.call("DeleteSmsSign", SignId=sign).error == f"{_FAILED}.SignIdNotExist"
    said = later.call("DeleteSmsTemplate", TemplateId=int(template))
    assert said.error == f"{_FAILED}.TemplateIdNotExist"
    assert sign not in [told["SignId"] for told in one.signs()]
    assert int(template) not in [told["TemplateId"] for told in one.templates()]


def test_other_ways_in_heed_reviews_too(one: Applicant, house: HeldHouse) -> None:
    """By /v1 a template that names no signature goes out under the app's, if it is good."""
    template = int(one.add_template("您的{1}已发货。", SmsType=2))
    one.decided(Subject.TEMPLATE, template)
    key = new_key(KeyKind.SECRET)
    with house.administering() as desk, desk.together():
        directory = desk.directory()
        name = directory.template_ids[template].name
        desk.add_key(directory.apps[one.app.name].id, key)
    server, words = Client(house.url, key.secret), {"template": name, "params": ["订单"]}
    assert server.send(new_phone(), **words).problem == (400, "unknown_signature")
    changed(house, one.app, signature=one.app.sign_name)
    phone = new_phone()
    server.sent(phone, **words)
    assert house.nobody.latest(phone)["text"] == "【AA生活服务】您的订单已发货。"
    (sign,) = one.signs()
    assert not one.app.call("DeleteSmsSign", SignId=sign["SignId"]).error
    assert server.send(new_phone(), **words).problem == (400, "unknown_signature")


def test_lists_come_by_number_or_by_page(one: Applicant) -> None:
    ours = [one.add_sign(f"AA商城{number}") for number in range(3)]
    abroad = one.add_sign("AAShop", International=1, SignType=4, DocumentType=7)
    listed = [told["SignId"] for told in one.signs()]
    # What the operator made goes out everywhere.
    assert listed[:3] == ours[::-1]
    assert len(listed) == 4
    assert one.signs(International=1)[0]["SignId"] == abroad
    assert [told["SignId"] for told in one.signs(Limit=2, Offset=1)] == listed[1:3]
    assert [told["SignId"] for told in one.signs(ours[1], 1 << 60)] == [ours[1]]
    assert one.signs(Limit=1, Offset=100) == []
    (told,) = one.signs(abroad, International=1)
    assert (told["International"], told["QualificationId"], told["QualificationName"]) == (1, 0, "")

    templates = [one.add_template(f"验证码{{1}}，第{number}种。") for number in range(3)]
    listed = [str(told["TemplateId"]) for told in one.templates()]
    assert listed[:3] == templates[::-1]
    assert [str(told["TemplateId"]) for told in one.templates(Limit=1, Offset=2)] == templates[:1]
    assert [str(told["TemplateId"]) for told in one.templates(templates[1])] == [templates[1]]
    assert one.templates(Limit=0) == one.templates()


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


@pytest.fixture(scope="module")
def shared(house: HeldHouse) -> Applicant:
    made = applicant(house)
    made.signs()  # What the operator made stands in the list.
    made.templates()
    return made


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


def twice(app: TencentApp, action: str, **parameters: Any) -> tuple[Said, Said]:
    """The very same call, a second time."""
    body = json.dumps(parameters).encode()
    headers = app.headers(action, body)
    return app.post(body, headers), app.post(body, headers)


def test_a_call_that_comes_again_is_answered_as_the_first_was(one: Applicant) -> None:
    def answers(pair: tuple[Said, Said]) -> list[dict[str, Any]]:
        return [
            {name: value for name, value in said.response.items() if name != "RequestId"}
            for said in pair
        ]

    known = len(one.signs())
    first, second = answers(twice(one.app, "AddSmsSign", **one.sign()))
    assert first == second
    assert len(one.signs()) == known + 1
    number = first["AddSignStatus"]["SignId"]
    first, second = answers(twice(one.app, "DeleteSmsSign", SignId=number))
    assert first == second
    assert first["DeleteSignStatus"]["DeleteStatus"] == "return successfully!"
    later = one.app.but(ahead_s=1)
    first, second = answers(twice(later, "DeleteSmsSign", SignId=number))
    assert first == second
    assert first["Error"]["Code"] == f"{_FAILED}.SignIdNotExist"


def test_a_call_that_comes_again_as_another_action_is_none(one: Applicant) -> None:
    sign = one.add_sign()
    body = json.dumps({"SignId": sign} | one.sign("AA生鲜")).encode()
    headers = one.app.headers("ModifySmsSign", body)
    assert not one.app.post(body, headers).error
    other = json.dumps({"TemplateId": 1}).encode()
    headers = one.app.headers("DeleteSmsTemplate", other)
    assert one.app.post(other, headers).error == f"{_FAILED}.TemplateIdNotExist"
    headers |= {"X-Tc-Action": "DeleteSmsSign"}
    body = other.replace(b"TemplateId", b"SignId")
    assert one.app.post(body, headers).error == "AuthFailure.SignatureFailure"


def test_what_nobody_decides_decides_itself_after_a_while(tmp_path_factory: Any) -> None:
    settings = Settings(tencent=TencentSettings(approve_after_s=_AFTER_S))
    with HeldHouse(tmp_path_factory.mktemp("waiting"), settings) as house:
        one = applicant(house)
        sign, template = one.add_sign(), one.add_template()
        tiny = one.add_sign("AA便利", ProofImage=base64_of(png(20, 20)))
        bomb = one.add_sign("AA超市", ProofImage=base64_of(png(60_000, 60_000)))
        odd = one.add_sign("AA-便利店")
        assert {told["StatusCode"] for told in one.signs(sign, tiny, bomb, odd)} == {1}
        house.clock.pass_by(HOUR)
        one.app = one.app.but(ahead_s=_AFTER_S)
        told = {told["SignId"]: told for told in one.signs(sign, tiny, bomb, odd)}
        assert {number: row["StatusCode"] for number, row in told.items()} == {
            sign: 0,
            tiny: -1,
            bomb: -1,
            odd: -1,
        }
        assert "20000" in told[bomb]["ReviewReply"]
        assert "300" in told[tiny]["ReviewReply"]
        assert "中文" in told[odd]["ReviewReply"]
        phone = new_phone()
        one.app.but(sign_name="AA商城", template_id=template).sent(phone)
        assert house.nobody.latest(phone)["text"].startswith("【AA商城】您的验证码为：384592，")
        with house.administering() as desk:
            told_of = desk.audits(10, f"signature {sign}")
        assert [entry.who for entry in told_of][-1] == one.app.secret_id
        assert {entry.who for entry in told_of[:-1]} == {"development"}


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


def test_nothing_of_papers_can_be_read_in_the_files(tmp_path_factory: Any) -> None:
    directory = tmp_path_factory.mktemp("sealed")
    with HeldHouse(directory) as house:
        one = applicant(house)
        one.add_sign(Remark="张三丰的小店")
    held = b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())
    assert "AA商城".encode() in held, "the name itself is public"
    licence = QUALIFICATION.licence
    for hidden in (
        "张三丰".encode(),
        licence.image[:40],
        QUALIFICATION.legal_person.front[:40],
        QUALIFICATION.legal_person.back[-40:],
        jpeg()[100:160],
        PROOF[:40].encode(),
    ):
        assert hidden not in held


def test_a_store_that_cannot_be_reached_is_a_service_that_is_away(tmp_path: Path) -> None:
    with HeldHouse(tmp_path) as house:
        one = applicant(house)
        known, file = one.signs(), tmp_path / "hongyan.db"
        file.rename(tmp_path / "aside")
        for action, form in (
            ("AddSmsSign", one.sign()),
            ("DescribeSmsSignList", {"International": 0}),
        ):
            assert one.app.call(action, **form).error == "ServiceUnavailable"
        (tmp_path / "aside").rename(file)
        # Nobody has taken note of the call, so that it may come again.
        assert one.signs() == known
        one.add_sign()


def test_many_of_the_same_call_at_once_are_one(one: Applicant) -> None:
    body = json.dumps(one.sign()).encode()
    headers = one.app.headers("AddSmsSign", body)
    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(lambda _: one.app.post(body, headers), range(8)))
    assert {each.response["AddSignStatus"]["SignId"] for each in said} == {one.signs()[0]["SignId"]}
    assert [told["SignName"] for told in one.signs()].count("AA商城") == 1


def test_many_calls_for_one_name_at_once_get_it_once(one: Applicant) -> None:
    def add(number: int) -> str:
        return one.app.call("AddSmsSign", **one.sign(Remark=f"第{number}次")).error

    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(add, range(8)))
    assert sorted(said) == ["", *[f"{_VALUE}.SignExistAndUnapproved"] * 7]


def test_kinds_of_templates_keep_their_numbers(one: Applicant) -> None:
    marketing = one.add_template("全场八折，拒收请回复R", SmsType=1)
    notice = one.add_template("您的{1}已发货。", SmsType=2)
    with one.house.administering() as desk:
        known = desk.directory().template_ids
        assert known[int(marketing)].kind is Kind.MARKETING
        assert known[int(notice)].kind is Kind.NOTICE
