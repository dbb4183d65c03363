"""Lint of templates 模板: what gets a text rejected, before a reviewer sees it."""

import re
from typing import Final

from hongyan.core.errors import Invalid
from hongyan.core.lint import paper
from hongyan.core.lint.rule import WARNING, Context, Finding, Findings, Rule
from hongyan.core.message import Kind
from hongyan.core.parameter import LONGEST_CODE, holds_link
from hongyan.core.submission import Template
from hongyan.core.text import LONGEST, require_showable

MOST_TEMPLATES: Final = 200
UNSUBSCRIBE: Final = "拒收请回复R"
ONE_SEGMENT: Final = 70

_PLACEHOLDER: Final = re.compile(r"\{(\d{1,2})\}", re.ASCII)
_LONGEST_SIGNATURE: Final = 14
"""Characters of the longest signature with its 【】."""
_BRACES: Final = re.compile(r"[{}｛｝]")
_BRACKETS: Final = re.compile(r"[【】]")
_SPECIAL: Final = re.compile(r"[¥￥★&√※]|\^_\^")
_NAMES_A_CODE: Final = re.compile(r"验证码|注册码|校验码|动态码")
_NAMES_A_CODE_ABROAD: Final = re.compile(r"(?i)code")
_LINK_WITH_VALUE: Final = re.compile(
    r"(?ai)(?:://|www\.|[a-z0-9-]\.[a-z]{2,24}[/?:#]?)[^\s\u3000-\u9fff，。；]*\{\d{1,2}\}"
    r"|\{\d{1,2}\}(?:://|\.[a-z]{2,24}\b)"
)
_VALUE: Final = "0" * LONGEST_CODE

RULES: Final[dict[str, Rule]] = {
    "template.name_missing": Rule(
        "The template has no name.",
        "缺少模板名称。",
        "Give it one of your own, such as 用户注册验证码.",
        "请填写模板名称，例如“用户注册验证码”。",
    ),
    "template.empty": Rule(
        "The template is empty, too long, or holds what no handset shows.",
        "模板内容为空、过长，或含有手机无法显示的字符。",
        "Write 1 to 500 characters without control characters, the signature included.",
        "请填写 1 到 500 字（含签名），不要包含控制字符。",
    ),
    "template.numbers": Rule(
        "The variables are not numbered {1}, {2}, … without a gap.",
        "变量没有从 {1} 起按顺序连续编号。",
        "Number them in the order in which they stand.",
        "请按出现顺序从 {1} 起连续编号。",
    ),
    "template.braces": Rule(
        "There are braces that hold no number, or wide ones.",
        "大括号内不是数字，或使用了全角大括号。",
        "Write variables as {1}: half-width braces, nothing but the number in them.",
        "变量请写成 {1}：半角大括号，里面只有数字。",
    ),
    "template.only_variables": Rule(
        "The template is of variables only.",
        "模板内容全部是变量。",
        "Put words around them that say what the text is about.",
        "请加上说明短信用途的固定文字。",
    ),
    "template.brackets": Rule(
        "【】 are taken out: they mark the signature, which is put in front when it is sent.",
        "【】会被过滤：它们是签名的标记，发送时会自动加在前面。",
        "Write the text without them.",
        "请去掉模板中的【】。",
        live=WARNING,
        document=WARNING,
    ),
    "template.special_characters": Rule(
        "There are signs that reviewers refuse: ¥ ★ & √ ※ ^_^.",
        "含有审核不允许的特殊符号：¥ ★ & √ ※ ^_^。",
        "Write words for them, such as 元.",
        "请改用文字，例如“元”。",
    ),
    "template.link_with_variable": Rule(
        "A variable stands in a link.",
        "链接中含有变量。",
        "Write the whole link out, or leave it out.",
        "链接必须是固定内容，请写全或去掉。",
    ),
    "template.link": Rule(
        "There is a link: its domain must be filed with the ICP.",
        "模板中含有链接，其域名必须已完成 ICP 备案。",
        "Use your own domain that is filed; short links of others are refused.",
        "请使用自有且已备案的域名，不要使用第三方短链接。",
        live=WARNING,
        document=WARNING,
    ),
    "template.code_link": Rule(
        "A verification text should hold no link.",
        "验证码短信不应包含链接。",
        "Leave it out: people learn to follow links in texts that look like yours.",
        "请去掉链接，以免用户被仿冒短信诱骗。",
        live=WARNING,
        document=WARNING,
    ),
    "template.code_not_named": Rule(
        "A verification text must name what it brings: 验证码 (or 注册码, 校验码, 动态码); abroad,"
        " code.",
        "验证码模板没有写明“验证码”（或注册码、校验码、动态码）；国际模板须含 code。",
        "Write it out: 您的验证码为：{1}.",
        "请在模板中明确写出“验证码”，例如“您的验证码为：{1}”。",
    ),
    "template.unsubscribe_missing": Rule(
        "A marketing text must end with 拒收请回复R.",
        "营销短信必须以“拒收请回复R”结尾。",
        "Put 拒收请回复R at the end.",
        "请在模板末尾加上“拒收请回复R”。",
    ),
    "template.variables_closed": Rule(
        "The platform takes no variables in new notice and marketing templates.",
        "平台不再支持国内通知和营销模板添加变量。",
        "Write the text out, or split it into several templates.",
        "请写成固定内容，或拆成多个模板。",
        document=WARNING,
    ),
    "template.two_segments": Rule(
        "With its signature the text may be over 70 characters, and is then charged as two.",
        "连同签名可能超过 70 个字，将按两条计费。",
        "Shorten it.",
        "请精简内容。",
        live=WARNING,
        document=WARNING,
    ),
    "template.too_many": Rule(
        "The account has 200 templates.",
        "模板数量已达 200 个上限。",
        "Delete those that are no longer used.",
        "请删除不再使用的模板。",
    ),
    "template.signature_missing": Rule(
        "There is no approved signature yet.",
        "还没有审核通过的签名。",
        "Have a signature approved first.",
        "请先申请签名并通过审核。",
    ),
    "template.remark_missing": Rule(
        "It is not said what the template is for.",
        "没有填写申请说明。",
        "Say it: 用户手机号注册验证场景.",
        "请写明使用场景，例如“用户手机号注册验证场景”。",
    ),
    "template.approved": Rule(
        "An approved template cannot be changed.",
        "模板已审核通过，不能修改。",
        "Apply for a new one, and use its id.",
        "请申请新模板，并改用新模板的 ID。",
    ),
    "template.international_changed": Rule(
        "A template cannot move between mainland China and other countries.",
        "国内模板与国际模板不能互改。",
        "Apply for another one.",
        "请另行申请。",
    ),
}


def filtered(body: str) -> str:
    """The body as it is taken: without 【】, which would look like another signature."""
    return _BRACKETS.sub("", body)


def findings(submission: Template, context: Context) -> list[Finding]:
    """What would get it rejected, or worth a warning; empty for nothing."""
    found = Findings(paper.RULES | RULES, context.book)
    paper.look_at_context(found, context)
    found.add("template.name_missing", "name", broken=not submission.name.strip())
    found.add("template.brackets", "body", broken=bool(_BRACKETS.search(submission.body)))
    # What is too long anyhow is not looked through: expressions take their time.
    body = filtered(submission.body[: 2 * LONGEST])[: LONGEST + 1]
    _look_at_form(found, body)
    _look_at_links(found, body, submission.kind)
    _look_at_kind(found, body, submission)
    found.add("template.remark_missing", "remark", broken=not submission.remark.strip())
    found.add("template.signature_missing", "", broken=not context.has_signature)
    found.add("template.too_many", "", broken=context.templates >= MOST_TEMPLATES)
    found.add("template.approved", "", broken=context.is_approved)
    moved = context.was_international not in (None, submission.is_international)
    found.add("template.international_changed", "is_international", broken=moved)
    return found.found


def _look_at_form(found: Findings, body: str) -> None:
    found.add("template.empty", "body", broken=not _is_showable(body))
    numbers = [int(number) for number in _PLACEHOLDER.findall(body)]
    # In their order: a number may come again, but none before those below it.
    ordered = list(dict.fromkeys(numbers))
    found.add("template.numbers", "body", broken=ordered != list(range(1, len(ordered) + 1)))
    words = _PLACEHOLDER.sub("", body)
    found.add("template.braces", "body", broken=bool(_BRACES.search(words)))
    is_bare = bool(numbers) and not any(map(str.isalnum, words))
    found.add("template.only_variables", "body", broken=is_bare)
    found.add("template.special_characters", "body", broken=bool(_SPECIAL.search(words)))


def _look_at_links(found: Findings, body: str, kind: Kind) -> None:
    with_value = bool(_LINK_WITH_VALUE.search(body))
    found.add("template.link_with_variable", "body", broken=with_value)
    is_link = holds_link(_PLACEHOLDER.sub("", body))
    is_code = kind is Kind.VERIFICATION
    found.add("template.link", "body", broken=is_link and not is_code)
    found.add("template.code_link", "body", broken=is_link and is_code)


def _look_at_kind(found: Findings, body: str, submission: Template) -> None:
    kind, is_home = submission.kind, not submission.is_international
    named = _NAMES_A_CODE if is_home else _NAMES_A_CODE_ABROAD
    is_unnamed = kind is Kind.VERIFICATION and not named.search(body)
    found.add("template.code_not_named", "body", broken=is_unnamed)
    is_endless = is_home and kind is Kind.MARKETING and not body.rstrip().endswith(UNSUBSCRIBE)
    found.add("template.unsubscribe_missing", "body", broken=is_endless)
    has_values = bool(_PLACEHOLDER.search(body))
    is_closed = is_home and kind is not Kind.VERIFICATION and has_values
    found.add("template.variables_closed", "body", broken=is_closed)
    length = _LONGEST_SIGNATURE + len(_PLACEHOLDER.sub(_VALUE, body))
    found.add("template.two_segments", "body", broken=is_home and length > ONE_SEGMENT)


def _is_showable(body: str) -> bool:
    try:
        require_showable(body, LONGEST - _LONGEST_SIGNATURE)
    except Invalid:
        return False
    return True
