"""Signatures and templates as they are applied for by the API, in a house whose clock is held."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hongyan.core.lint.rule import Rulebook
from hongyan.core.message import Kind
from hongyan.core.review import QualificationStatus
from hongyan.core.time import HOUR, SECOND
from hongyan.protocols import TencentSettings
from hongyan.service.administer import new_key
from hongyan.service.directory import KeyKind
from hongyan.service.reviewing import Subject
from hongyan.service.submit import By, Counter
from hongyan.settings import Settings
from support.applicant import PROOF, Applicant, applicant, base64_of
from support.forms import COMPANY, QUALIFICATION
from support.held import HeldHouse
from support.papers import jpeg, png
from support.process import Client, eventually, new_phone
from support.tencent_app import Said, TencentApp, changed

_AFTER_S = 3_600
_VALUE = "InvalidParameterValue"
_FAILED = "FailedOperation"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HeldHouse]:
    words = TencentSettings(approve_after_s=_AFTER_S)
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


def test_a_signature_of_no_body_is_good_for_one_body(one: Applicant) -> None:
    """Whose payload is not signed could be made to say anything."""
    headers = one.app.headers("AddSmsSign", b"UNSIGNED-PAYLOAD")
    headers |= {"X-Tc-Content-Sha256": "UNSIGNED-PAYLOAD"}
    first, other = (json.dumps(one.sign(name)).encode() for name in ("AA商城", "AA生鲜"))
    assert not one.app.post(first, headers).error
    assert one.app.post(other, headers).error == "AuthFailure.SignatureExpire"
    assert not one.app.post(first, headers).error
    assert "AA生鲜" not in [told["SignName"] for told in one.signs()]


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


def test_it_is_decided_though_nobody_looks_and_goes_on_after_a_failure(
    tmp_path: Path, quiet_log: list[Any]
) -> None:
    settings = Settings(tencent=TencentSettings(approve_after_s=0))
    with HeldHouse(tmp_path, settings) as house:
        (tmp_path / "hongyan.db").rename(tmp_path / "aside")
        eventually(lambda: [line for line in quiet_log if line["event"] == "review.failed"])
        (tmp_path / "aside").rename(tmp_path / "hongyan.db")
        with house.administering() as desk:
            account = msgspec.structs.replace(desk.directory().accounts[1], name=COMPANY)
            by = By("applicant", house.clock())
            one = Counter(desk, account, Rulebook.DOCUMENT, by).submit(QUALIFICATION)

            def status() -> int:
                found = desk.submission(one.id)
                assert found is not None
                return found.status

            assert eventually(lambda: status() == QualificationStatus.APPROVED)


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
