"""What a Zhenzi app may say: signatures, templates and their values, what carriers block, and input
that means harm.
"""

import json
from typing import Any

import pytest

from hongyan.service.administer import new_key
from hongyan.service.directory import KeyKind, Review
from support.held import HeldHouse
from support.process import Client, Dev, new_phone
from support.zhenzi import (
    BALANCE,
    FIND,
    MESSAGE,
    PARAMS,
    PATHS,
    SEND,
    SEND_PATHS,
    SEND_TEMPLATE,
    SENT,
    TEMPLATE_PATHS,
    WORDS_PATHS,
    WX_SEND,
    Zhenzi,
    changed,
    moved_in,
    noticed,
)

SQL = "'; DROP TABLE message; --"
CRLF = "a\r\nSet-Cookie: b=c\r\n\r\n"
UNSHOWABLE = "参数格式错误: 短信内容为空、含有无法显示的字符或多余的【】"
UNSUITED = "参数格式错误: templateParams的个数、长度或内容与模板不符"
NO_ARRAY = "参数格式错误: templateParams不是字符串的JSON数组"
UNSIGNED = "参数格式错误: 短信签名不存在，请联系管理员为应用设置签名"
MEANINGLESS = "参数格式错误: 短信内容没有具体的意义，应用设置为不发送"


# Free text.


@pytest.mark.parametrize("path", WORDS_PATHS)
def test_a_text_goes_out_under_the_apps_signature(dev: Dev, path: str, phone: str) -> None:
    moved_in(dev).sent(phone, path)
    assert dev.nobody.latest(phone)["text"] == f"【鸿雁】{MESSAGE}"


def test_a_text_may_bring_its_own_signature_if_the_account_has_it(dev: Dev, phone: str) -> None:
    app = moved_in(dev)
    with dev.administering() as administering:
        account = administering.directory().apps[app.name].account.id
        administering.add_signature(account, "小店")
    noticed(dev)
    app.sent(phone, message=f"【小店】{MESSAGE}", messageId="m1")
    assert dev.nobody.latest(phone)["text"] == f"【小店】{MESSAGE}"
    assert app.found("m1")["message"] == MESSAGE
    assert moved_in(dev).call(SEND, phone, message=f"【小店】{MESSAGE}").data == UNSIGNED


@pytest.mark.parametrize(
    "words",
    [
        *(
            "【】你好",
            "【鸿雁】",
            "【鸿雁】 ",
            f"{MESSAGE}【鸿雁】",
            f"【鸿雁】【鸿雁】{MESSAGE}",
            "】",
        ),
        *("\x00", "a\x07b", "a\x1bb", "a\x7fb", "\t", " \n ", "\u3000", "\x85"),
    ],
)
def test_what_no_handset_shows_is_code_100_and_free(dev: Dev, phone: str, words: str) -> None:
    app = moved_in(dev)
    for path in WORDS_PATHS:
        heard = app.call(path, phone, message=words)
        assert (heard.code, heard.data) in ((100, UNSHOWABLE), (100, UNSIGNED))
    assert app.balance() == 100


def test_an_app_without_a_signature_sends_no_free_text(dev: Dev, phone: str) -> None:
    app = moved_in(dev)
    changed(dev, app, signature="")
    assert app.call(SEND, phone).data == UNSIGNED
    app.sent(phone, message=f"【鸿雁】{MESSAGE}")
    app.sent(phone, SEND_TEMPLATE)


def test_free_text_can_be_turned_off_and_templates_go_on(own: Dev, phone: str) -> None:
    app = moved_in(own)
    own.command("app", "change", app.name, "--no-free-text")
    app.balance()
    for path in WORDS_PATHS:
        heard = app.call(path, phone)
        assert heard.data == "参数格式错误: 应用只能使用模板发送(/sms/v2/send.do)"
        assert heard.code == 100
    for path in TEMPLATE_PATHS:
        app.sent(phone, path)
    own.command("app", "change", app.name, "--free-text")
    app.balance()
    app.sent(phone)
    assert app.balance() == 97


@pytest.mark.parametrize("path", WORDS_PATHS)
def test_a_thousand_characters_are_taken_and_one_more_is_code_101(
    dev: Dev, phone: str, path: str
) -> None:
    app, length = moved_in(dev), 1_000
    heard = app.call(path, phone, message="鸿" * (length + 1))
    assert heard.body == '{"code":101,"data":"短信内容超过1000字"}'.encode()
    assert app.balance() == 100
    app.sent(phone, path, message="😀" * length)
    assert dev.nobody.latest(phone)["text"] == "【鸿雁】" + "😀" * length


# What carriers block.


def timeline(caller: Client, phone: str) -> list[dict[str, Any]]:
    """Of the newest message to a number."""
    told: list[dict[str, Any]] = caller.message(caller.latest(phone)["id"])["timeline"]
    return told


def with_api_key(held: HeldHouse) -> tuple[Zhenzi, Client]:
    """An app for both APIs: the seeded one for texts, with a key of its own for /v1."""
    with held.administering() as administering:
        key = new_key(KeyKind.SECRET)
        administering.add_key(administering.directory().apps["app_zhenzi"].id, key)
    return Zhenzi.of_held(held), Client(held.url, key.secret)


@pytest.mark.parametrize("words", ["你好", "您好！", "12345678", "【鸿雁】你好", "test", "1 2 3"])
def test_a_meaningless_text_is_sent_and_its_timeline_warns(held: HeldHouse, words: str) -> None:
    app, caller = with_api_key(held)
    phone = new_phone()
    app.sent(phone, message=words)
    events = [one["event"] for one in timeline(caller, phone)]
    assert events.count("warned") == 1
    assert events[0] == "accepted"


def test_a_text_with_a_meaning_has_no_warning(held: HeldHouse) -> None:
    app, caller = with_api_key(held)
    phone = new_phone()
    app.sent(phone, message="你好，您的订单已发货")
    assert "warned" not in [one["event"] for one in timeline(caller, phone)]


def test_an_app_may_have_meaningless_texts_refused(own: Dev, phone: str) -> None:
    app = moved_in(own)
    own.command("app", "change", app.name, "--meaningless", "refuse")
    app.balance()
    for words in ("你好", "123456", "【鸿雁】你好"):
        for path in WORDS_PATHS:
            heard = app.call(path, phone, message=words, messageId="m1")
            assert (heard.code, heard.data) == (100, MEANINGLESS)
    app.sent(phone, messageId="m1")
    assert app.balance() == 99


# Templates.


@pytest.mark.parametrize(
    ("values", "data"),
    [
        ([], UNSUITED),
        (["1"], UNSUITED),
        (["1", "2", "3"], UNSUITED),
        (["1"] * 21, "参数格式错误: templateParams超过20个"),
        (["鸿" * 31, "5"], UNSUITED),
        (["http://evil.example/x", "5"], UNSUITED),
        (["见www.evil.example", "5"], UNSUITED),
        (["evil.com", "5"], UNSUITED),
        (["a\x00b", "5"], UNSUITED),
        (["a\x07b", "5"], UNSUITED),
        (["【别人】", "5"], UNSHOWABLE),
        ({"1": "3421", "2": "5"}, NO_ARRAY),
        ("3421", NO_ARRAY),
        ([["3421", "5"]], NO_ARRAY),
        ([None, "5"], NO_ARRAY),
        ([True, "5"], NO_ARRAY),
    ],
)
def test_values_that_do_not_suit_are_code_100_and_free(
    dev: Dev, phone: str, values: object, data: str
) -> None:
    app = moved_in(dev)
    for path in TEMPLATE_PATHS:
        heard = app.call(path, phone, templateParams=json.dumps(values), messageId="m1")
        assert (heard.code, heard.data) == (100, data)
    assert app.balance() == 100
    app.sent(phone, SEND_TEMPLATE, messageId="m1")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (["3421", "5分钟"], "您的验证码为3421，有效期5分钟，请勿泄漏给他人。"),
        ([3421, 5], "您的验证码为3421，有效期5，请勿泄漏给他人。"),
        (["AB-12", ""], "您的验证码为AB-12，有效期，请勿泄漏给他人。"),
        (["鸿" * 30, "{1}"], f"您的验证码为{'鸿' * 30}，有效期{{1}}，请勿泄漏给他人。"),
        ([SQL, "%s%n"], f"您的验证码为{SQL}，有效期%s%n，请勿泄漏给他人。"),
    ],
)
def test_values_are_put_in_as_they_are(
    dev: Dev, phone: str, values: list[object], text: str
) -> None:
    app = moved_in(dev)
    app.sent(phone, SEND_TEMPLATE, templateParams=json.dumps(values))
    assert dev.nobody.latest(phone)["text"] == f"【鸿雁】{text}"


def test_no_values_suit_a_template_that_takes_none(dev: Dev, phone: str) -> None:
    app = moved_in(dev, body="本店今日休息，明日九点开门。")
    for path in TEMPLATE_PATHS:
        for written in (None, "", "[]", '"[]"'):
            app.sent(phone, path, templateParams=written)
        assert app.call(path, phone, templateParams='["1"]').data == UNSUITED
    assert app.balance() == 92


def test_semicolons_part_values_in_the_mini_program_family_only(dev: Dev, phone: str) -> None:
    app = moved_in(dev)
    assert app.call(SEND_TEMPLATE, phone, templateParams="3421;5分钟").data == NO_ARRAY
    for path in (WX_SEND, "/sms/v2/send.html"):
        changes = {"templateId": app.template_id, "message": None}
        app.sent(phone, path, templateParams="3421;5分钟", **changes)
        assert "为3421，有效期5分钟，" in dev.nobody.latest(phone)["text"]
    assert app.call(SEND, phone, message=None, templateId=app.template_id).code == 100


@pytest.mark.parametrize(
    "template", ["0", "-1", "1e1", "code", "99999999999999999999", SQL, CRLF, "鸿雁", "1\x00"]
)
def test_what_names_no_template_is_code_117(dev: Dev, phone: str, template: str) -> None:
    app = moved_in(dev)
    for path in TEMPLATE_PATHS:
        assert app.call(path, phone, templateId=template, templateParams="{").code == 117
    assert app.balance() == 100


@pytest.mark.parametrize("review", [Review.SUBMITTED, Review.REJECTED])
def test_a_template_that_is_not_approved_is_code_117(dev: Dev, phone: str, review: Review) -> None:
    app = moved_in(dev, review=review)
    assert app.call(SEND_TEMPLATE, phone).body == (
        '{"code":117,"data":"templateId错误,或者模板未审核"}'.encode()
    )


def test_another_accounts_template_is_code_117(dev: Dev, phone: str) -> None:
    one, other = moved_in(dev), moved_in(dev)
    assert one.call(SEND_TEMPLATE, phone, templateId=other.template_id).code == 117


def test_a_long_text_of_a_template_is_sent(dev: Dev, phone: str) -> None:
    """As long as one of the app's own may be: 501 to 1000 characters in all."""
    app = moved_in(dev, body="通知" * 230 + "".join(f"{{{n}}}" for n in range(1, 10)))
    values = json.dumps(["鸿" * 30] * 9)
    app.sent(phone, SEND_TEMPLATE, templateParams=values)
    assert len(dev.nobody.latest(phone)["text"]) == 4 + 460 + 270


# Harm.


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("harm", [SQL, CRLF, "\x00", "%00", "${jndi:x}", "<script>", "鸿" * 5_000])
def test_harm_in_any_field_is_refused_or_plain_text(dev: Dev, path: str, harm: str) -> None:
    """Its code is the field's, or it is sent or found as what it is: nothing else happens."""
    app, phone = moved_in(dev), new_phone()
    codes = {"appId": 105, "appSecret": 110, "templateId": 117}
    sent = 0
    for name in app.form(path, phone):
        heard = app.call(path, phone, **{name: harm})
        assert harm not in heard.data
        if name == "message" and harm != "\x00" and len(harm) <= 1_000:
            assert heard.body == SENT
            assert dev.nobody.latest(phone)["text"] == f"【鸿雁】{harm}"
            sent = 1
        elif name == "message" and harm != "\x00":
            assert heard.code == 101
        else:
            assert heard.code == codes.get(name, 100), (name, heard)
    assert app.balance() == 100 - sent


@pytest.mark.parametrize("harm", [SQL, CRLF, "\x00", "鸿" * 5_000])
def test_harm_in_a_field_that_need_not_be_there_is_refused_or_a_name(
    dev: Dev, phone: str, harm: str
) -> None:
    app = moved_in(dev)
    is_name = harm == SQL
    for path in SEND_PATHS:
        reference = f"{harm}{path}"
        assert (app.call(path, phone, messageId=reference).body == SENT) is is_name
        if is_name:
            assert app.found(reference)["messageId"] == reference
        heard = app.call(path, phone, clientIp=harm, apiUrl=harm, invalidTimes=harm)
        assert heard.code == (0 if "\r" not in harm and "\x00" not in harm else 100)
    assert app.call(FIND, messageId=harm).code == 100
    assert app.call(BALANCE, number=harm).code == 0


@pytest.mark.parametrize(
    "number",
    [
        *(
            "+8613800138000",
            "8613800138000",
            "0086 13800138000",
            "138-0013-8000",
            "13800138000,13900139000",
        ),
        *(
            "23800138000",
            "1380013800",
            "138001380000",
            "１３８００１３８０００",
            "13800138000 ",
            "+1 415 555 2671",
        ),
        *("12345", "0", "-1", "null", "[13800138000]", "10000000000"),
    ],
)
def test_a_number_is_one_mobile_number_of_the_mainland(dev: Dev, number: str) -> None:
    app = moved_in(dev)
    for path in SEND_PATHS:
        heard = app.call(path, "13800138000", number=number, messageId="m1")
        assert (heard.code, heard.data) == (100, "参数格式错误: 手机号码格式错误")
    assert app.balance() == 100
    assert app.call(FIND, messageId="m1").code == 100


def test_values_may_be_given_twice_in_no_way(dev: Dev, phone: str) -> None:
    app = moved_in(dev)
    twice = {"templateParams": PARAMS, "templateParams[0]": "1"}
    assert app.call(SEND_TEMPLATE, phone, **twice).data == "参数格式错误: templateParams重复"
