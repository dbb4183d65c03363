"""The lint: every rule has a submission that breaks it and a near one that does not."""

from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core import lint
from hongyan.core.frequency import DOCUMENTED, LIVE
from hongyan.core.lint import qualification, sending, signature, template
from hongyan.core.lint.qualification import WATERMARK
from hongyan.core.lint.rule import Context, Finding, Rulebook, Severity
from hongyan.core.lint.sending import Sending
from hongyan.core.message import Kind
from hongyan.core.submission import (
    DocumentKind,
    IdCard,
    Licence,
    LicenceKind,
    Purpose,
    Qualification,
    Signature,
    SignatureKind,
    Template,
)
from hongyan.core.time import SECOND
from support.fake import tencent_id
from support.papers import jpeg, png


def at(written: str) -> int:
    """A moment in Beijing."""
    moment = datetime.strptime(f"{written} +0800", "%Y-%m-%d %H:%M %z")
    return int(moment.astimezone(UTC).timestamp()) * SECOND


# What the users' own guide hands in, on a Friday at ten.

NOW = at("2026-11-20 10:00")
CONTEXT = Context(
    book=Rulebook.LIVE,
    now=NOW,
    account="深圳市AA科技有限公司",
    has_qualification=True,
    has_signature=True,
)
LICENCE = Licence(
    kind=LicenceKind.BUSINESS_LICENCE,
    image=jpeg(),
    holder="深圳市AA科技有限公司",
    legal_person="张三",
    valid_until=date(2036, 1, 1),
    seal="深圳市AA科技有限公司",
    watermark=WATERMARK,
)
CARD = IdCard(front=png(), back=jpeg(), holder="张三", valid_until=date(2030, 1, 1))
QUALIFICATION = Qualification(
    name="AA公司短信主资质",
    purpose=Purpose.OWN,
    licence=LICENCE,
    legal_person=CARD,
    administrator="李四",
    promise=png(),
)
SIGNATURE = Signature(
    name="AA生活服务",
    kind=SignatureKind.COMPANY,
    document=DocumentKind.BUSINESS_LICENCE,
    purpose=Purpose.OWN,
    proof=png(),
    remark="用于AA公司微信小程序用户注册验证码发送",
)
CODE = Template(
    name="用户注册验证码",
    body="您的验证码为：{1}，请于{2}分钟内填写。如非本人操作，请忽略本短信。",
    kind=Kind.VERIFICATION,
    remark="用户手机号注册验证场景",
)
NOTICE = msgspec.structs.replace(CODE, body="您的订单已发货，请注意查收。", kind=Kind.NOTICE)
AD = msgspec.structs.replace(CODE, body="全场八折，拒收请回复R", kind=Kind.MARKETING)
SENDING = Sending(source="process.env.SECRET_KEY", resend_after=60 * SECOND, per_day=10)
KEY = tencent_id()
LEAKY = f'const secretId = "{KEY}";'

ANYTHING = Qualification | Signature | Template | Sending


class Case(NamedTuple):
    """A rule, what breaks it, and what stands near and does not: changes to what is good."""

    rule: str
    of: Any
    breaks: dict[str, Any]
    keeps: dict[str, Any] = {}  # noqa: RUF012 - nobody changes it


def licence(**changes: Any) -> dict[str, Any]:
    return {"licence": msgspec.structs.replace(LICENCE, **changes)}


def card(**changes: Any) -> dict[str, Any]:
    return {"legal_person": msgspec.structs.replace(CARD, **changes)}


def context(**changes: Any) -> dict[str, Any]:
    return {"context": msgspec.structs.replace(CONTEXT, **changes)}


def body(written: str) -> dict[str, Any]:
    return {"body": written}


LONG = "x" * 472
COPYRIGHT = {"kind": SignatureKind.APP, "document": DocumentKind.SOFTWARE_COPYRIGHT}
MINI = {
    "kind": SignatureKind.MINI_PROGRAM,
    "document": DocumentKind.MINI_PROGRAM_SETTINGS,
    "mini_program": "AA生活服务",
}
ABROAD = {"is_international": True}
CASES = [
    # Images, whatever they are called.
    Case("image.missing", QUALIFICATION, licence(image=b"")),
    Case("image.missing", QUALIFICATION, card(front=b"")),
    Case("image.missing", QUALIFICATION, card(back=b"")),
    Case("image.missing", SIGNATURE, {"proof": b""}),
    Case("image.not_image", QUALIFICATION, licence(image=b"%PDF-1.7 licence.jpg")),
    Case("image.not_image", QUALIFICATION, {"promise": b"GIF89a"}, {"promise": jpeg()}),
    Case("image.not_image", SIGNATURE, {"proof": b"PK\x03\x04"}, {"proof": jpeg()}),
    Case(
        "image.too_large",
        QUALIFICATION,
        licence(image=jpeg()[:-2] + bytes(5 * 1024 * 1024) + b"\xff\xd9"),
        licence(image=jpeg()[:-2] + bytes(5 * 1024 * 1024 - len(jpeg())) + b"\xff\xd9"),
    ),
    Case("image.too_small", QUALIFICATION, licence(image=png(299, 900)), licence(image=png(300, 300))),
    Case("image.too_wide", SIGNATURE, {"proof": png(20_001, 500)}, {"proof": png(20_000, 500)}),
    Case("image.cut_off", QUALIFICATION, card(back=png(is_whole=False))),
    Case("image.cut_off", SIGNATURE, {"proof": jpeg(is_whole=False)}),
    # When, and who.
    Case("review.outside_hours", QUALIFICATION, context(now=at("2026-11-20 22:30")), context(now=at("2026-11-20 20:59"))),
    Case("review.outside_hours", SIGNATURE, context(now=at("2026-11-21 18:00")), context(now=at("2026-11-21 17:59"))),
    Case("review.outside_hours", CODE, context(now=at("2026-11-22 08:59")), context(now=at("2026-11-22 09:00"))),
    Case("account.individual", SIGNATURE, context(is_enterprise=False)),
    Case("account.individual", AD, context(is_enterprise=False)),
    # Qualifications.
    Case("qualification.name", QUALIFICATION, {"name": " "}, {"name": "主"}),
    Case("qualification.name", QUALIFICATION, {"name": "主" * 51}, {"name": "主" * 50}),
    Case("qualification.subject_differs", QUALIFICATION, context(account="李四商贸有限公司")),
    Case(
        "qualification.subject_differs",
        QUALIFICATION,
        licence(holder="AA"),
        {"purpose": Purpose.OTHERS, "authorisation": png(), **licence(holder="AA", seal="AA")},
    ),
    Case("qualification.authorisation_missing", QUALIFICATION, {"purpose": Purpose.OTHERS}, {"purpose": Purpose.OTHERS, "authorisation": png()}),
    Case("image.not_image", QUALIFICATION, {"authorisation": b"letter.png"}, {"authorisation": png()}),
    Case("qualification.seal_missing", QUALIFICATION, licence(seal=" ")),
    Case("qualification.seal_differs", QUALIFICATION, licence(seal="深圳市AB科技有限公司")),
    Case("qualification.watermark_missing", QUALIFICATION, licence(watermark="")),
    Case("qualification.watermark_differs", QUALIFICATION, licence(watermark="仅供办理贷款")),
    Case("qualification.licence_expired", QUALIFICATION, licence(valid_until=date(2026, 11, 19)), licence(valid_until=date(2026, 11, 20))),
    Case("qualification.licence_ends_soon", QUALIFICATION, licence(valid_until=date(2026, 12, 19)), licence(valid_until=date(2026, 12, 20))),
    Case("qualification.licence_expired", QUALIFICATION, licence(valid_until=date(2000, 1, 1)), licence(valid_until=None)),
    Case("qualification.id_expired", QUALIFICATION, card(valid_until=date(2026, 11, 19)), card(valid_until=date(2026, 11, 20))),
    Case("qualification.id_expired", QUALIFICATION, card(valid_until=date(2000, 1, 1)), card(valid_until=None)),
    Case("qualification.legal_person_differs", QUALIFICATION, card(holder="张四"), card(holder="张 三")),
    Case("qualification.id_sides_alike", QUALIFICATION, card(back=CARD.front)),
    Case("qualification.administrator_missing", QUALIFICATION, {"administrator": ""}),
    Case("qualification.promise_missing", QUALIFICATION, {"promise": b""}),
    # Signatures.
    Case("signature.length", SIGNATURE, {"name": "A"}, {"name": "AA"}),
    Case("signature.length", SIGNATURE, {"name": "生" * 13}, {"name": "生" * 12}),
    Case("signature.characters", SIGNATURE, {"name": "AA 生活"}, {"name": "AA生活9"}),
    Case("signature.characters", SIGNATURE, {"name": "AA-生活😀"}),
    Case("signature.brackets", SIGNATURE, {"name": "【AA生活服务】"}),
    Case("signature.number", SIGNATURE, {"name": "1110"}, {"name": "360安全"}),
    Case("signature.exists", SIGNATURE, context(names=frozenset({"AA生活服务"})), context(names=frozenset({"AA生活"}))),
    Case("signature.document_differs", SIGNATURE, {"document": DocumentKind.TRADEMARK_REGISTRATION}, {"document": DocumentKind.THREE_IN_ONE}),
    Case("signature.document_differs", SIGNATURE, {"kind": SignatureKind.TRADEMARK}, {"kind": SignatureKind.TRADEMARK, "document": DocumentKind.TRADEMARK_REGISTRATION}),
    Case("signature.document_differs", SIGNATURE, {"kind": SignatureKind.INSTITUTION}, {"kind": SignatureKind.INSTITUTION, "document": DocumentKind.SOCIAL_CREDIT_CERTIFICATE}),
    Case("signature.kind_closed", SIGNATURE, {"kind": SignatureKind.APP}, {"kind": SignatureKind.APP} | ABROAD),
    Case("signature.kind_closed", SIGNATURE, {"kind": SignatureKind.WEBSITE} | ABROAD),
    Case("signature.kind_closed", SIGNATURE, {"kind": SignatureKind.OFFICIAL_ACCOUNT}),
    Case("signature.kind_closed", SIGNATURE, MINI),
    Case("signature.document_closed", SIGNATURE, {"document": DocumentKind.APP_CONSOLE}, {"document": DocumentKind.APP_CONSOLE} | ABROAD),
    Case("signature.document_closed", SIGNATURE, {"document": DocumentKind.WEBSITE_FILING} | ABROAD),
    Case("signature.document_closed", SIGNATURE, MINI),
    Case("signature.document_closed", SIGNATURE, {"document": DocumentKind.OFFICIAL_ACCOUNT_SETTINGS}),
    Case("signature.document_closed", SIGNATURE, COPYRIGHT),
    Case("signature.mini_program_differs", SIGNATURE, MINI | {"name": "AA生活"}, MINI),
    Case("signature.mini_program_differs", SIGNATURE, MINI | {"mini_program": "BB"}, MINI | {"mini_program": ""}),
    Case("signature.authorisation_missing", SIGNATURE, {"purpose": Purpose.OTHERS}, {"purpose": Purpose.OTHERS, "authorisation": png()}),
    Case("signature.qualification_missing", SIGNATURE, context(has_qualification=False), context(has_qualification=False) | ABROAD),
    Case("signature.remark_missing", SIGNATURE, {"remark": "\n"}),
    Case("signature.approved", SIGNATURE, context(is_approved=True)),
    Case("signature.international_changed", SIGNATURE, context(was_international=True), context(was_international=False)),
    # Templates.
    Case("template.name_missing", CODE, {"name": ""}),
    Case("template.empty", NOTICE, body("")),
    Case("template.empty", NOTICE, body("您好\x00")),
    Case("template.empty", NOTICE, body(LONG + "x" * 15), body(LONG + "x" * 14)),
    Case("template.numbers", CODE, body("验证码{2}"), body("验证码{1}")),
    Case("template.numbers", CODE, body("验证码{2}，{1}分钟"), body("验证码{1}，{2}分钟")),
    Case("template.numbers", CODE, body("验证码{1}，{3}分钟"), body("验证码{1}，{1}，{2}分钟")),
    Case("template.numbers", CODE, body("验证码{0}")),
    Case("template.braces", CODE, body("验证码｛1｝"), body("验证码{1}")),
    Case("template.braces", CODE, body("验证码{code}")),
    Case("template.braces", CODE, body("验证码{{1}}")),
    Case("template.only_variables", CODE, body("{1}，{2}。"), body("验证码{1}")),
    Case("template.brackets", CODE, body("【AA】您的验证码{1}"), body("（AA）您的验证码{1}")),
    *(Case("template.special_characters", NOTICE, body(f"您好{sign}"), body("您好~")) for sign in ("¥5", "★", "^_^", "&", "√", "※")),
    Case("template.link_with_variable", NOTICE, body("见https://aa.cn/{1}"), body("见https://aa.cn/1 ，编号{1}")),
    Case("template.link_with_variable", NOTICE, body("见{1}://aa"), body("见{1}：//")),
    Case("template.link_with_variable", NOTICE, body("见{1}.aa.cn"), body("见{1}。好")),
    Case("template.link", NOTICE, body("详见 www.aa.cn"), body("详见小程序")),
    Case("template.code_link", CODE, body("验证码{1}，aa.cn"), body("验证码{1}，3.5元")),
    Case("template.code_not_named", CODE, body("您的登录密码为{1}"), body("您的动态码为{1}")),
    Case("template.code_not_named", CODE, ABROAD | body("Your PIN is {1}"), ABROAD | body("Your CODE is {1}")),
    Case("template.code_not_named", CODE, body("Your code is {1}"), {"kind": Kind.NOTICE} | body("您好")),
    Case("template.unsubscribe_missing", AD, body("全场八折"), body("全场八折，拒收请回复R ")),
    Case("template.unsubscribe_missing", AD, body("全场八折，退订回TD"), ABROAD | body("20% off")),
    Case("template.variables_closed", NOTICE, body("您的订单{1}已发货"), body("您的订单已发货")),
    Case("template.variables_closed", AD, body("{1}您好，全场八折，拒收请回复R"), ABROAD | body("{1}, 20% off")),
    Case("template.two_segments", NOTICE, body("您" * 57), body("您" * 56)),
    Case("template.two_segments", CODE, body("验证码{1}" + "您" * 48), body("验证码{1}" + "您" * 47)),
    Case("template.too_many", CODE, context(templates=200), context(templates=199)),
    Case("template.signature_missing", CODE, context(has_signature=False)),
    Case("template.remark_missing", CODE, {"remark": ""}),
    Case("template.approved", CODE, context(is_approved=True)),
    Case("template.international_changed", CODE, context(was_international=True), context(was_international=False)),
    # Programs.
    Case("sending.secret_in_source", SENDING, {"source": LEAKY}, {"source": LEAKY + " // hongyan-scan: ignore"}),
    Case("sending.faster_than_limits", SENDING, {"resend_after": 59 * SECOND}),
    Case("sending.more_a_day_than_limits", SENDING, {"per_day": 31}, {"per_day": 30}),
]  # fmt: skip


# What the guide warns of, row by row, and the rules that see to it.
PITFALLS = {
    "公章模糊": {"image.too_small", "image.cut_off", "qualification.seal_missing"},
    "公章与营业执照名称不一致": {"qualification.seal_differs"},
    "证件过期": {"qualification.licence_expired", "qualification.licence_ends_soon"},
    "身份证需在有效期内": {"qualification.id_expired", "qualification.id_sides_alike"},
    "水印文字": {"qualification.watermark_missing", "qualification.watermark_differs"},
    "支持PNG/JPG ≤5MB": {"image.not_image", "image.too_large"},
    "主体不一致需选他用并上传授权书": {
        "qualification.subject_differs",
        "qualification.authorisation_missing",
    },
    "避免非工作时间提交": {"review.outside_hours"},
    "小程序名称与签名不一致": {"signature.mini_program_differs"},
    "写明用途": {"signature.remark_missing", "template.remark_missing"},
    "未声明验证码用途": {"template.code_not_named"},
    "腾讯云会过滤【】符号": {"template.brackets"},
    "SecretId/Key 泄露": {"sending.secret_in_source"},
    "触发频率限制": {"sending.faster_than_limits", "sending.more_a_day_than_limits"},
}


def found_in(of: Any, changes: dict[str, Any], book: Rulebook = Rulebook.LIVE) -> list[Finding]:
    changes = dict(changes)
    about = msgspec.structs.replace(changes.pop("context", CONTEXT), book=book)
    one = msgspec.structs.replace(of, **changes)
    match one:
        case Qualification():
            return qualification.findings(one, about)
        case Signature():
            return signature.findings(one, about)
        case Template():
            return template.findings(one, about)
        case _:
            return sending.findings(one, DOCUMENTED, book)


def ids(found: list[Finding]) -> set[str]:
    return {finding.rule for finding in found}


@pytest.mark.parametrize("number", range(len(CASES)))
def test_a_rule_is_broken_by_what_breaks_it_alone(number: int) -> None:
    case = CASES[number]
    assert case.rule in ids(found_in(case.of, case.breaks))
    assert case.rule not in ids(found_in(case.of, case.keeps))


def test_every_rule_has_a_case() -> None:
    assert {case.rule for case in CASES} == set(lint.RULES)


def test_every_pitfall_of_the_guide_is_seen() -> None:
    tried = {case.rule for case in CASES}
    assert all(rules <= tried for rules in PITFALLS.values())


@pytest.mark.parametrize("of", [QUALIFICATION, SIGNATURE, CODE, NOTICE, AD, SENDING], ids=range(6))
@pytest.mark.parametrize("book", Rulebook)
def test_good_ones_are_let_pass(of: Any, book: Rulebook) -> None:
    assert found_in(of, {}, book) == []


# The two rulebooks.

SEEDED = MINI | {"name": "AA生活服务"}


def test_the_guide_s_own_flow_passes_by_the_document_with_warnings() -> None:
    own = msgspec.structs.replace(QUALIFICATION, administrator="", promise=b"")
    assert found_in(own, {}, Rulebook.DOCUMENT) == []
    found = found_in(SIGNATURE, SEEDED, Rulebook.DOCUMENT)
    assert ids(found) == {"signature.kind_closed", "signature.document_closed"}
    assert not lint.is_rejected(found)
    assert found_in(CODE, {}, Rulebook.DOCUMENT) == []


def test_the_platform_takes_it_no_more() -> None:
    assert lint.is_rejected(found_in(SIGNATURE, SEEDED, Rulebook.LIVE))
    assert lint.is_rejected(found_in(NOTICE, body("您的订单{1}已发货"), Rulebook.LIVE))
    assert not lint.is_rejected(found_in(NOTICE, body("您的订单{1}已发货"), Rulebook.DOCUMENT))
    assert lint.is_rejected(found_in(QUALIFICATION, {"promise": b""}, Rulebook.LIVE))


@pytest.mark.parametrize("kind", [1, 2, 3, 6])
@pytest.mark.parametrize("document", [4, 5, 6, 8, 9])
def test_what_was_closed_is_a_warning_by_the_document(kind: int, document: int) -> None:
    changes = {"kind": SignatureKind(kind), "document": DocumentKind(document), "mini_program": ""}
    by = {
        book: {one.rule: one.severity for one in found_in(SIGNATURE, changes, book)}
        for book in Rulebook
    }
    for rule in ("signature.kind_closed", "signature.document_closed"):
        assert by[Rulebook.DOCUMENT][rule] is Severity.WARNING
        assert by[Rulebook.LIVE][rule] is Severity.ERROR


def test_brackets_are_filtered() -> None:
    assert template.filtered("【AA】您的验证码{1}】") == "AA您的验证码{1}"


def test_the_platform_s_limits_are_slower_a_day_only() -> None:
    assert sending.findings(SENDING, LIVE, Rulebook.LIVE) == []
    much = msgspec.structs.replace(SENDING, per_day=11, resend_after=0)
    found = sending.findings(much, LIVE, Rulebook.LIVE)
    assert ids(found) == {"sending.more_a_day_than_limits"}


# How rules are told.


@pytest.mark.parametrize("name", lint.RULES)
def test_a_rule_is_told_in_both_languages_with_a_cure(name: str) -> None:
    rule = lint.RULES[name]
    assert rule.says_en.endswith(".")
    assert rule.cure_en.endswith(".")
    assert rule.says_zh.endswith("。")
    assert rule.cure_zh.endswith("。")
    assert rule.document is None or rule.document in Severity


def test_nothing_of_papers_is_shown() -> None:
    shown = repr(QUALIFICATION) + repr(LICENCE) + repr(CARD) + repr(SIGNATURE) + repr(CODE)
    assert "张三" not in shown
    assert "AA" not in shown
    assert "\\x" not in shown


@given(st.text(), st.sampled_from(Kind), st.booleans(), st.sampled_from(Rulebook))
def test_whatever_is_handed_in_is_looked_at(
    written: str, kind: Kind, is_international: bool, book: Rulebook
) -> None:
    changes = {"kind": kind, "is_international": is_international}
    found_in(CODE, changes | {"body": written, "remark": written, "name": written}, book)
    found_in(SIGNATURE, {"name": written, "is_international": is_international}, book)
    found_in(
        QUALIFICATION, {"name": written, **licence(seal=written, image=written.encode())}, book
    )
