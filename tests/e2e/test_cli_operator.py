"""account, app, template, callback: what an operator of many apps does, beside a house that is open."""

from urllib.parse import urlencode

import pytest

from support.commands import refused
from support.process import NOTICED_S, Dev, eventually, hongyan, new_phone

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def told(house: Dev, path: str, **form: str) -> tuple[int, object]:
    """(code, data) of an answer to a client of Zhenzi."""
    answer = house.nobody.call("POST", path, urlencode(form).encode(), FORM)
    assert answer.status == 200
    return answer.json["code"], answer.json["data"]


def named(created: dict[str, str]) -> dict[str, str]:
    return {"appId": created["app_id"], "appSecret": created["app_secret"]}


def test_an_account_from_its_opening_to_its_close(dev: Dev) -> None:
    made = dev.command("account", "create", "小张", "--kind", "personal")
    account = str(made["account"])
    assert made["kind"] == "personal"
    created = dev.command("app", "create", "Shop", "--account", account, "--signature", "小店")
    dev.command("package", "add", "2", "--account", account)
    assert told(dev, "/account/balance.do", **named(created)) == (0, 2)
    send = {"number": new_phone(), "message": "您的订单已发货"}
    assert told(dev, "/sms/send.do", **named(created), **send) == (0, "发送成功")
    shown = dev.command("account", "show", account)
    assert shown == {
        "account": made["account"],
        "name": "小张",
        "kind": "personal",
        "open": True,
        "balance": 1,
        "apps": [created["app"]],
    }
    assert shown in dev.command("account", "show")
    assert dev.command("account", "close", account) == {"account": made["account"], "open": False}
    closed = (111, "账号不存在")
    eventually(lambda: told(dev, "/account/balance.do", **named(created)) == closed, NOTICED_S)
    assert not dev.command("account", "show", account)["open"]


def test_a_new_app_has_an_app_id_of_six_digits_and_a_secret_that_is_shown_once(dev: Dev) -> None:
    created = dev.command("app", "create", "Six")
    assert len(created["app_id"]) == 6
    assert created["app_id"].isdigit()
    by_id = dev.command("app", "show", created["app_id"])
    assert (by_id["app"], by_id["title"]) == (created["app"], "Six")
    shown = hongyan("app", "show", created["app"], "--data", dev.data).out
    assert created["app_secret"] not in shown
    assert created["app_secret"][-4:] in shown


def test_a_disabled_app_is_refused_until_it_is_enabled(dev: Dev) -> None:
    created = dev.command("app", "create", "On and off")
    ask = named(created)
    assert told(dev, "/account/balance.do", **ask)[0] == 0
    assert not dev.command("app", "disable", created["app_id"])["enabled"]
    eventually(lambda: told(dev, "/account/balance.do", **ask) == (106, "应用被禁止"), NOTICED_S)
    assert dev.command("app", "enable", created["app_id"])["enabled"]
    eventually(lambda: told(dev, "/account/balance.do", **ask)[0] == 0, NOTICED_S)


def test_two_app_secrets_live_while_one_replaces_the_other(dev: Dev) -> None:
    first = dev.command("app", "create", "Turning")
    second = dev.command("app", "rotate-secret", first["app_id"])
    assert second["app_id"] == first["app_id"]
    for good in (first, second):
        assert told(dev, "/account/balance.do", **named(good))[0] == 0
    third = dev.command("app", "rotate-secret", first["app_id"])
    eventually(lambda: told(dev, "/account/balance.do", **named(first))[0] == 110, NOTICED_S)
    for good in (second, third):
        assert told(dev, "/account/balance.do", **named(good))[0] == 0
    last = dev.command("app", "rotate-secret", first["app_id"], "--overlap", "0")
    eventually(lambda: told(dev, "/account/balance.do", **named(third))[0] == 110, NOTICED_S)
    assert told(dev, "/account/balance.do", **named(last))[0] == 0


def test_an_app_may_be_bound_to_its_servers_addresses(dev: Dev) -> None:
    created = dev.command("app", "create", "At home")
    dev.command("app", "change", created["app"], "--template", "code")
    server = dev.app.with_key(created["api_key"])
    shown = dev.command("app", "allow-ip", created["app"], "203.0.113.7", "2001:db8::/32")
    assert shown["networks"] == ["203.0.113.7/32", "2001:db8::/32"]
    refusal = (107, "ip错误")
    eventually(lambda: told(dev, "/account/balance.do", **named(created)) == refusal, NOTICED_S)
    assert server.start(new_phone()).problem == (403, "address_not_allowed")
    dev.command("app", "allow-ip", created["app"], "127.0.0.0/8")
    eventually(lambda: told(dev, "/account/balance.do", **named(created))[0] == 0, NOTICED_S)
    assert server.start(new_phone()).status == 201
    assert dev.command("app", "allow-ip", created["app"], "none")["networks"] == []


def test_limits_are_kept_per_number_and_per_client(dev: Dev) -> None:
    created = dev.command("app", "create", "Bounded", "--signature", "鸿雁")
    limits = ("--number", "2/day", "--client", "3/3600")
    shown = dev.command("app", "limit", created["app"], *limits)
    assert (shown["limits"], shown["client_limits"]) == (["2/day"], ["3/3600"])
    eventually(lambda: told(dev, "/account/balance.do", **named(created))[0] == 0, NOTICED_S)
    text, number = "您的订单已发货", new_phone()
    ask = {**named(created), "message": text, "number": number}
    codes = [told(dev, "/sms/send.do", **ask)[0] for _ in range(3)]
    assert codes == [0, 0, 109]
    client = {"clientIp": "198.51.100.9"}
    codes = []
    for _ in range(4):
        codes.append(told(dev, "/sms/send.do", **ask | client | {"number": new_phone()})[0])
    assert codes == [0, 0, 0, 109]
    shown = dev.command("app", "limit", created["app"], "--client", "none")
    assert (shown["limits"], shown["client_limits"]) == (["2/day"], [])


def test_a_template_is_sent_once_it_is_approved_and_not_after_it_is_rejected(dev: Dev) -> None:
    words = ("review", "您的{1}已到。", "--kind", "notice", "--signature", "鸿雁")
    submitted = dev.command("template", "submit", *words)
    template = str(submitted["template_id"])
    assert submitted["review"] == "submitted"
    zhenzi = dev.file["zhenzi"]
    ask = {**named(zhenzi), "templateId": template, "templateParams": '["快递"]'}

    def code() -> int:
        return told(dev, "/sms/v2/send.do", **ask, number=new_phone())[0]

    assert code() == 117
    assert dev.command("template", "approve", "review")["review"] == "approved"
    eventually(lambda: code() == 0, NOTICED_S)
    rejected = dev.command("template", "reject", template, "--reason", "太短")
    assert (rejected["review"], rejected["reason"]) == ("rejected", "太短")
    eventually(lambda: code() == 117, NOTICED_S)
    (row,) = [row for row in dev.command("template", "list") if row["name"] == "review"]
    assert (row["review"], row["reason"]) == ("rejected", "太短")


def test_free_text_and_meaningless_texts_are_the_apps_to_close(dev: Dev) -> None:
    created = dev.command("app", "create", "Strict", "--signature", "鸿雁")
    ask = named(created)

    def code(text: str) -> int:
        return told(dev, "/sms/send.do", **ask, message=text, number=new_phone())[0]

    assert code("你好") == 0
    dev.command("app", "change", created["app"], "--meaningless", "refuse")
    eventually(lambda: code("你好") == 100, NOTICED_S)
    assert code("您的快递到了") == 0
    shown = dev.command("app", "change", created["app"], "--no-free-text")
    assert (shown["free_text"], shown["meaningless"]) == (False, "refuse")
    eventually(lambda: code("您的快递到了") == 100, NOTICED_S)
    server = dev.app.with_key(created["api_key"])
    refusal = server.send(new_phone(), text="您的快递到了", signature="鸿雁").problem
    assert refusal == (403, "free_text_closed")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("account show 99999", "There is no account 99999."),
        ("account close 99999", "There is no account 99999."),
        ("app allow-ip app_dev example.com", "write an address or a network such as"),
        ("app limit app_dev", "Give --number, --client or both."),
        ("app limit app_dev --client x", "--client x: write MOST/SECONDS or MOST/day."),
        ("app rotate-secret app_dev --overlap -1", "--overlap -1: from 0 to"),
        ("app change app_dev --callback http://example.com", "A callback's address begins"),
        ("app change app_dev --callback https://u:p@example.com", "no user name or password"),
        ("app change app_dev --callback https://10.0.0.1/", "It is not a public address"),
        ("app change app_dev --callback-form tencent", "give the address too"),
        ("template approve nothing", "Account 1 has no template nothing."),
        ("callback retry", "Name messages, or give --all."),
        ("key end app_dev x…y", "app_dev has no live key x…y."),
    ],
)
def test_a_command_that_cannot_be_done_says_why(dev: Dev, arguments: str, sentence: str) -> None:
    assert sentence in refused(*arguments.split(), "--data", dev.data)


def test_a_closed_account_is_opened_again(dev: Dev) -> None:
    account = str(dev.command("account", "create", "Closing")["account"])
    created = dev.command("app", "create", "Shop", "--account", account)
    dev.command("account", "close", account)
    eventually(lambda: told(dev, "/account/balance.do", **named(created))[0] == 111, NOTICED_S)
    assert dev.command("account", "open", account)["open"]
    eventually(lambda: told(dev, "/account/balance.do", **named(created)) == (0, 0), NOTICED_S)


def test_a_template_is_reviewed_by_its_number_whoever_owns_it(dev: Dev) -> None:
    account = str(dev.command("account", "create", "Owner")["account"])
    words = ("theirs", "您的{1}。", "--kind", "notice", "--signature", "小店", "--account", account)
    submitted = dev.command("template", "submit", *words)
    approved = dev.command("template", "approve", str(submitted["template_id"]))
    assert (approved["account"], approved["review"]) == (int(account), "approved")


def test_what_people_wrote_is_shown_as_they_wrote_it(dev: Dev) -> None:
    body = "[ad]您好{1}[/b]"
    dev.command("template", "add", "odd", body, "--kind", "notice", "--signature", "鸿雁")
    assert body in hongyan("template", "list", "--data", dev.data).out


def test_an_app_is_shown_to_people_in_words(dev: Dev) -> None:
    shown = hongyan("app", "show", "app_zhenzi", "--data", dev.data).out
    assert "<" not in shown
    assert "[" not in shown
    assert "app_secret" in shown
