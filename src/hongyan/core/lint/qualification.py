"""Lint of qualifications 资质: what gets papers rejected, before a reviewer sees them."""

from datetime import timedelta
from typing import Final

from hongyan.core.lint import paper
from hongyan.core.lint.rule import WARNING, Context, Finding, Findings, Rule
from hongyan.core.submission import IdCard, Licence, Purpose, Qualification

WATERMARK: Final = "仅用于办理腾讯云短信增值服务"
_SOON: Final = timedelta(days=30)
_LONGEST_NAME: Final = 50

RULES: Final[dict[str, Rule]] = {
    "qualification.name": Rule(
        "The qualification has no name, or one of over 50 characters.",
        "资质名称为空或超过 50 个字。",
        "Give it a name of your own, such as AA公司短信主资质.",
        "请填写自定义名称，例如“AA公司短信主资质”。",
    ),
    "qualification.subject_differs": Rule(
        "For own use, but the licence is another's than the account.",
        "选择了“自用”，但证件主体与账号实名主体不一致。",
        "Choose 他用 (for others) and attach a letter of authorisation.",
        "请改选“他用”并上传授权书。",
    ),
    "qualification.authorisation_missing": Rule(
        "For others, but there is no letter of authorisation.",
        "选择了“他用”，但没有上传授权书。",
        "Attach the letter, with the red seal of who is named on the licence.",
        "请上传加盖证件主体公章的授权书。",
    ),
    "qualification.seal_missing": Rule(
        "No red seal can be seen on the licence.",
        "证件上看不到清晰的公章。",
        "Stamp a copy, and scan it so that the seal can be read.",
        "请在复印件上加盖公章后扫描，确保公章清晰可见。",
    ),
    "qualification.seal_differs": Rule(
        "The seal has another name than the licence.",
        "公章名称与证件名称不一致。",
        "Use the seal of the company that is named on the licence.",
        "请使用与证件名称一致的公章。",
    ),
    "qualification.watermark_missing": Rule(
        "The licence has no watermark that says what it may be used for.",
        "证件没有添加用途水印。",
        f"Write {WATERMARK} across it.",
        f"请添加水印文字：{WATERMARK}。",
    ),
    "qualification.watermark_differs": Rule(
        "The licence's watermark says something else than is asked for.",
        "水印文字与要求不一致。",
        f"Write {WATERMARK} across it.",
        f"请将水印文字改为：{WATERMARK}。",
        live=WARNING,
        document=WARNING,
    ),
    "qualification.licence_expired": Rule(
        "The licence has expired.",
        "证件已过期。",
        "Hand in one that is valid.",
        "请提交在有效期内的证件。",
    ),
    "qualification.licence_ends_soon": Rule(
        "The licence expires within 30 days.",
        "证件将在 30 天内过期。",
        "Have it renewed first: an expired one stops its signatures.",
        "建议先办理换证，过期后签名将不可用。",
        live=WARNING,
        document=WARNING,
    ),
    "qualification.id_expired": Rule(
        "The legal person's ID card has expired.",
        "法定代表人身份证已过期。",
        "Hand in both sides of one that is valid.",
        "请提交在有效期内的身份证正反面。",
    ),
    "qualification.legal_person_differs": Rule(
        "The ID card is another person's than the licence names.",
        "身份证姓名与证件上的法定代表人不一致。",
        "Hand in the legal person's own card; after a change, renew the licence first.",
        "请提交法定代表人本人的身份证；若法人已变更，请先更新证件。",
    ),
    "qualification.id_sides_alike": Rule(
        "Front and back of the ID card are the same image.",
        "身份证正反面是同一张图片。",
        "Hand in both sides.",
        "请分别上传身份证正面和反面。",
    ),
    "qualification.administrator_missing": Rule(
        "There is no administrator.",
        "缺少管理员信息。",
        "Name the person who looks after it.",
        "请填写管理员信息。",
        document=None,
    ),
    "qualification.promise_missing": Rule(
        "The promise of lawful use (合规使用承诺函) is missing.",
        "缺少《合规使用承诺函》。",
        "Print, sign, stamp and attach it.",
        "请打印、签字盖章后上传。",
        document=None,
    ),
}


def findings(submission: Qualification, context: Context) -> list[Finding]:
    """What would get it rejected, or worth a warning; empty for nothing."""
    found = Findings(paper.RULES | RULES, context.book)
    paper.look_at_context(found, context)
    name = submission.name.strip()
    found.add("qualification.name", "name", broken=not 0 < len(name) <= _LONGEST_NAME)
    _look_at_purpose(found, submission, context)
    _look_at_licence(found, submission.licence, context)
    _look_at_card(found, submission.legal_person, submission.licence, context)
    administrator = submission.administrator.strip()
    found.add("qualification.administrator_missing", "administrator", broken=not administrator)
    found.add("qualification.promise_missing", "promise", broken=not submission.promise)
    if submission.promise:
        paper.look_at_image(found, submission.promise, "promise")
    return found.found


def _look_at_purpose(found: Findings, submission: Qualification, context: Context) -> None:
    is_own = submission.purpose is Purpose.OWN
    differs = not paper.is_same(submission.licence.holder, context.account)
    letter = submission.authorisation
    found.add("qualification.subject_differs", "purpose", broken=is_own and differs)
    found.add("qualification.authorisation_missing", "authorisation", broken=not (is_own or letter))
    if letter:
        paper.look_at_image(found, letter, "authorisation")


def _look_at_licence(found: Findings, licence: Licence, context: Context) -> None:
    paper.look_at_image(found, licence.image, "licence.image")
    seal, watermark = licence.seal.strip(), licence.watermark.strip()
    found.add("qualification.seal_missing", "licence.seal", broken=not seal)
    differs = bool(seal) and not paper.is_same(seal, licence.holder)
    found.add("qualification.seal_differs", "licence.seal", broken=differs)
    found.add("qualification.watermark_missing", "licence.watermark", broken=not watermark)
    differs = bool(watermark) and watermark != WATERMARK
    found.add("qualification.watermark_differs", "licence.watermark", broken=differs)
    today, ends = paper.today(context.now), licence.valid_until
    is_over = ends is not None and ends < today
    ends_soon = ends is not None and today <= ends < today + _SOON
    found.add("qualification.licence_expired", "licence.valid_until", broken=is_over)
    found.add("qualification.licence_ends_soon", "licence.valid_until", broken=ends_soon)


def _look_at_card(found: Findings, card: IdCard, licence: Licence, context: Context) -> None:
    paper.look_at_image(found, card.front, "legal_person.front")
    paper.look_at_image(found, card.back, "legal_person.back")
    alike = bool(card.front) and card.front == card.back
    found.add("qualification.id_sides_alike", "legal_person.back", broken=alike)
    ends = card.valid_until
    is_over = ends is not None and ends < paper.today(context.now)
    found.add("qualification.id_expired", "legal_person.valid_until", broken=is_over)
    differs = not paper.is_same(card.holder, licence.legal_person)
    found.add("qualification.legal_person_differs", "legal_person.holder", broken=differs)
