"""Lint of signatures 签名: what gets a name rejected, before a reviewer sees it."""

import re
from typing import Final

from hongyan.core.lint import paper
from hongyan.core.lint.rule import WARNING, Context, Finding, Findings, Rule
from hongyan.core.submission import DocumentKind, Purpose, Signature, SignatureKind

SHORTEST: Final = 2
LONGEST: Final = 12

_NAME: Final = re.compile(r"[0-9A-Za-z\u3400-\u9fff]*")
_BRACKETS: Final = re.compile(r"[【】\[\]]")
_NUMBER: Final = re.compile(r"[0-9]+", re.ASCII)

_D = DocumentKind
_OF_A_COMPANY: Final = frozenset(
    {_D.THREE_IN_ONE, _D.BUSINESS_LICENCE, _D.ORGANISATION_CODE, _D.SOCIAL_CREDIT_CERTIFICATE}
)
DOCUMENTS: Final[dict[SignatureKind, frozenset[DocumentKind]]] = {
    SignatureKind.COMPANY: frozenset({_D.THREE_IN_ONE, _D.BUSINESS_LICENCE}),
    SignatureKind.APP: _OF_A_COMPANY | {_D.APP_CONSOLE, _D.SOFTWARE_COPYRIGHT},
    SignatureKind.WEBSITE: _OF_A_COMPANY | {_D.WEBSITE_FILING},
    SignatureKind.OFFICIAL_ACCOUNT: _OF_A_COMPANY | {_D.OFFICIAL_ACCOUNT_SETTINGS},
    SignatureKind.TRADEMARK: frozenset({_D.TRADEMARK_REGISTRATION}),
    SignatureKind.INSTITUTION: frozenset({_D.ORGANISATION_CODE, _D.SOCIAL_CREDIT_CERTIFICATE}),
    SignatureKind.MINI_PROGRAM: _OF_A_COMPANY | {_D.MINI_PROGRAM_SETTINGS, _D.SOFTWARE_COPYRIGHT},
}
"""What proves a name of each kind."""
_CLOSED_KINDS: Final = frozenset(
    {SignatureKind.WEBSITE, SignatureKind.OFFICIAL_ACCOUNT, SignatureKind.MINI_PROGRAM}
)
_CLOSED_DOCUMENTS: Final = frozenset(
    {
        _D.WEBSITE_FILING,
        _D.MINI_PROGRAM_SETTINGS,
        _D.OFFICIAL_ACCOUNT_SETTINGS,
        _D.SOFTWARE_COPYRIGHT,
    }
)
"""For all countries; an app's name and its console were closed for mainland China only."""

RULES: Final[dict[str, Rule]] = {
    "signature.length": Rule(
        "A signature has 2 to 12 characters.",
        "签名须为 2 到 12 个字。",
        "Use the shorter name that is registered.",
        "请使用已登记的简称。",
    ),
    "signature.characters": Rule(
        "A signature is of Chinese characters, letters and digits only.",
        "签名只能由中文、英文字母和数字组成。",
        "Leave blanks, points and signs out.",
        "请去掉空格、标点和特殊符号。",
    ),
    "signature.brackets": Rule(
        "The signature brings brackets of its own.",
        "签名自带了括号。",
        "Write the name alone; 【】 are put around it when it is sent.",
        "请只填名称，发送时会自动加上【】。",
    ),
    "signature.number": Rule(
        "The signature is a number: it may be an id that got here by mistake.",
        "签名是纯数字，可能误填了签名 ID。",
        "Write the name that people are to see.",
        "请填写要显示给用户的签名内容。",
        live=WARNING,
        document=WARNING,
    ),
    "signature.exists": Rule(
        "The same signature is approved or in review already.",
        "已存在相同的签名（已通过或审核中）。",
        "Use that one, or withdraw it first.",
        "请直接使用，或先撤回原申请。",
    ),
    "signature.document_differs": Rule(
        "This document proves no signature of this kind.",
        "证明类型与签名类型不对应。",
        "Choose a document that goes with the kind, as the table shows.",
        "请按对照表选择与签名类型对应的证明类型。",
    ),
    "signature.kind_closed": Rule(
        "The platform takes no signatures of this kind any more: app (within mainland China),"
        " website, official account, mini program.",
        "平台已不再受理该签名类型：APP（国内）、网站、公众号、小程序。",
        "Use the company's name (type 0) or a trademark (type 4).",
        "请改用公司名称（类型 0）或商标（类型 4）。",
        document=WARNING,
    ),
    "signature.document_closed": Rule(
        "The platform takes no documents of this kind any more: screenshots of consoles, of website"
        " filings, of mini-program or official-account settings; nor software copyrights.",
        "平台已不再受理该证明类型：应用后台、网站备案、小程序设置、公众号设置截图及软件著作权证书。",
        "Hand in a business licence or a trademark registration.",
        "请提交营业执照或商标注册书。",
        document=WARNING,
    ),
    "signature.mini_program_differs": Rule(
        "The signature is not the mini program's name.",
        "签名与小程序名称不一致。",
        "Write the whole name as it stands on the open platform.",
        "请填写小程序全称，与微信开放平台上的名称一致。",
    ),
    "signature.authorisation_missing": Rule(
        "For others, but there is no letter of authorisation.",
        "选择了“他用”，但没有委托授权证明。",
        "Attach the letter (CommissionImage).",
        "请上传委托授权书（CommissionImage）。",
    ),
    "signature.qualification_missing": Rule(
        "There is no approved qualification behind it.",
        "没有已审核通过的资质。",
        "Have a qualification approved first; then give its id.",
        "请先通过资质审核，再填写资质 ID。",
    ),
    "signature.remark_missing": Rule(
        "It is not said what the signature is for.",
        "没有填写申请说明。",
        "Say it: 用于AA公司微信小程序用户注册验证码发送.",
        "请写明用途，例如“用于AA公司微信小程序用户注册验证码发送”。",
        live=WARNING,
        document=WARNING,
    ),
    "signature.approved": Rule(
        "An approved signature cannot be changed.",
        "签名已审核通过，不能修改。",
        "Apply for a new one.",
        "请申请新签名。",
    ),
    "signature.international_changed": Rule(
        "A signature cannot move between mainland China and other countries.",
        "国内签名与国际签名不能互改。",
        "Apply for another one.",
        "请另行申请。",
    ),
}


def findings(submission: Signature, context: Context) -> list[Finding]:
    """What would get it rejected, or worth a warning; empty for nothing."""
    found = Findings(paper.RULES | RULES, context.book)
    paper.look_at_context(found, context)
    _look_at_name(found, submission, context)
    _look_at_kind(found, submission)
    paper.look_at_image(found, submission.proof, "proof")
    is_lent = submission.purpose is Purpose.OTHERS
    letter = submission.authorisation
    found.add("signature.authorisation_missing", "authorisation", broken=is_lent and not letter)
    if is_lent and letter:
        paper.look_at_image(found, letter, "authorisation")
    is_unknown = not (submission.is_international or context.has_qualification)
    found.add("signature.qualification_missing", "qualification", broken=is_unknown)
    found.add("signature.remark_missing", "remark", broken=not submission.remark.strip())
    found.add("signature.approved", "", broken=context.is_approved)
    moved = context.was_international not in (None, submission.is_international)
    found.add("signature.international_changed", "is_international", broken=moved)
    return found.found


def _look_at_name(found: Findings, submission: Signature, context: Context) -> None:
    name = submission.name
    bare = _BRACKETS.sub("", name)
    found.add("signature.length", "name", broken=not SHORTEST <= len(bare) <= LONGEST)
    found.add("signature.characters", "name", broken=not _NAME.fullmatch(bare))
    found.add("signature.brackets", "name", broken=bare != name)
    found.add("signature.number", "name", broken=bool(_NUMBER.fullmatch(name)))
    found.add("signature.exists", "name", broken=name in context.names)
    # The API does not bring the mini program's name; where it is known, it must be this.
    known = submission.mini_program.strip()
    is_other = submission.kind is SignatureKind.MINI_PROGRAM and known not in ("", name)
    found.add("signature.mini_program_differs", "name", broken=is_other)


def _look_at_kind(found: Findings, submission: Signature) -> None:
    kind, document = submission.kind, submission.document
    is_home = not submission.is_international
    differs = document not in DOCUMENTS[kind]
    found.add("signature.document_differs", "document", broken=differs)
    is_closed = kind in _CLOSED_KINDS or (is_home and kind is SignatureKind.APP)
    found.add("signature.kind_closed", "kind", broken=is_closed)
    is_closed = document in _CLOSED_DOCUMENTS or (is_home and document is DocumentKind.APP_CONSOLE)
    found.add("signature.document_closed", "document", broken=is_closed)
