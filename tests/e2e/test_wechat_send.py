"""WeChat's sendSms over HTTPS: what goes out, what it costs, what becomes of each number."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from hongyan.core.daily import Caps
from hongyan.core.hours import Hours
from hongyan.core.limit import Window
from hongyan.core.marketing import Ending
from hongyan.core.message import Kind
from hongyan.core.time import HOUR, SECOND
from hongyan.service.directory import Review, WechatProfile
from support.held import HeldHouse
from support.mini_program import (
    CONTENT,
    NICKNAME,
    SEND,
    SEND_V2,
    URL_LINK,
    Holder,
    app_of,
    changed,
    moved_in,
    new_number,
)
from support.process import Dev

pytestmark = pytest.mark.timeout(40)


@pytest.fixture
def holder(held: HeldHouse) -> Holder:
    return moved_in(held).with_token()


def test_marketing_goes_out_with_a_link_of_its_own(held: HeldHouse, holder: Holder) -> None:
    one, other = new_number(), new_number()
    first, second = holder.sent(holder.send(one, other))
    assert [first["phone_number"], second["phone_number"]] == [one, other]
    for told in (first, second):
        assert (told["code"], told["message"], told["iso_code"]) == ("Ok", "send success", "")
        assert len(told["serial_no"]) == 29
        assert told["serial_no"].startswith("8:")
    texts = [holder.text(one)["text"], holder.text(other)["text"]]
    before = f"【{NICKNAME}】{CONTENT},跳转小程序 {held.url}/s/"
    links = {text.removeprefix(before).removesuffix(" 回T退订") for text in texts}
    assert len(links) == 2
    assert all(len(link) == 11 and link.isalnum() for link in links)
    assert holder.balance(held) == 100_000 - 2


def test_the_answer_is_the_documents(holder: Holder) -> None:
    heard = holder.send("+8612345678910")
    assert heard.headers["content-type"].startswith("application/json")
    assert list(heard.json) == ["errcode", "send_status_list"]
    (told,) = holder.sent(heard)
    assert list(told) == ["serial_no", "phone_number", "code", "message", "iso_code"]
    assert holder.text("12345678910")["text"].startswith(f"【{NICKNAME}】")
    assert holder.text("+8612345678910")["phone"] == "12345678910"


def test_a_notification_goes_out_by_its_template(held: HeldHouse, holder: Holder) -> None:
    number = new_number()
    (told,) = holder.sent(holder.notify(number))
    assert told["code"] == "Ok"
    text = holder.text(number)["text"]
    assert text.startswith(f"【{NICKNAME}】您购买的商品已发货，详情：{held.url}/s/")
    assert "退订" not in text
    plain = new_number()
    holder.sent(holder.notify(plain, template_param_list=["商品", "/月"]))
    assert holder.text(plain)["text"] == f"【{NICKNAME}】您购买的商品已发货，详情：/月"


def test_a_template_goes_by_its_name_too(holder: Holder) -> None:
    (told,) = holder.sent(holder.notify(new_number(), template_id="delivery"))
    assert told["code"] == "Ok"


def test_the_short_name_is_the_signature_where_it_is_asked_for(holder: Holder) -> None:
    number = new_number()
    holder.sent(holder.send(number, use_short_name=True))
    assert holder.text(number)["text"].startswith("【云】")


@pytest.mark.parametrize("ending", list(Ending))
def test_an_app_says_how_to_opt_out(held: HeldHouse, ending: Ending) -> None:
    profile = WechatProfile(nickname=NICKNAME, ending=ending)
    holder, number = moved_in(held, profile=profile).with_token(), new_number()
    holder.sent(holder.send(number))
    assert holder.text(number)["text"].endswith(f" {ending}")


def test_a_long_text_costs_what_it_is(held: HeldHouse) -> None:
    profile = WechatProfile(nickname="十二个字的小程序名称啊哈")
    holder = moved_in(held, profile=profile).with_token()
    number = new_number()
    content = "二十个字的内容二十个字的内容二十个字的"
    (told,) = holder.sent(holder.send(number, content=content))
    assert told["code"] == "Ok"
    text = holder.text(number)["text"]
    # The link counts as 24 characters and has more; the fee goes by the real text.
    assert len(text) > 70
    assert holder.balance(held) == 100_000 - 2


def test_each_number_is_told_its_own(held: HeldHouse, holder: Holder) -> None:
    good = new_number()
    told = holder.sent(holder.send(good, "+8610000000000", "+86138", "+86 13800138000", "+86１"))
    codes = [one["code"] for one in told]
    assert codes == ["Ok", *["InvalidParameterValue.IncorrectPhoneNumber"] * 4]
    assert [one["serial_no"] for one in told[1:]] == [""] * 4
    assert all(one["message"] == "incorrect phone number" for one in told[1:])
    assert holder.balance(held) == 100_000 - 1


def test_limits_have_the_codes_of_the_platform(held: HeldHouse) -> None:
    mini = moved_in(
        held,
        content_windows=(Window("same-30s", 1, 30 * SECOND),),
        windows=(Window("day", 2, 24 * HOUR, natural_day=True),),
    )
    holder, number = mini.with_token(), new_number()
    assert [one["code"] for one in holder.sent(holder.send(number, number))] == [
        "Ok",
        "LimitExceeded.PhoneNumberThirtySecondLimit",
    ]
    assert holder.sent(holder.send(number, content="别的"))[0]["code"] == "Ok"
    over = holder.sent(holder.send(number, content="又是别的"))[0]
    assert over["code"] == "LimitExceeded.PhoneNumberDailyLimit"
    assert holder.balance(held) == 100_000 - 2


def test_a_days_texts_have_the_codes_of_the_platform(held: HeldHouse) -> None:
    for caps, code in (
        (Caps(in_all=1), "AppDailyLimit"),
        (Caps(in_all=1, mainland=1), "AppMainlandChinaDailyLimit"),
    ):
        holder = moved_in(held, caps=caps).with_token()
        told = holder.sent(holder.send(new_number(), new_number()))
        assert [one["code"] for one in told] == ["Ok", f"LimitExceeded.{code}"]
        assert told[1]["serial_no"] == ""
        assert holder.balance(held) == 100_000 - 1
    holder = moved_in(held, caps=Caps(never=frozenset({"CN"}))).with_token()
    (told,) = holder.sent(holder.send(new_number()))
    assert told["code"] == "LimitExceeded.AppCountryOrRegionInBlacklist"
    assert holder.balance(held) == 100_000


def test_outside_its_hours_marketing_is_refused_by_number(held: HeldHouse) -> None:
    # A minute of the day before now, so that it is closed whenever this is run.
    minute = (held.clock() // 60_000 + 8 * 60 - 5) % (24 * 60)
    hours = Hours(minute, minute + 1) if minute < 24 * 60 - 1 else Hours(0, 1)
    mini = moved_in(held, hours=hours)
    holder, number = mini.with_token(), new_number()
    (told,) = holder.sent(holder.send(number))
    assert told["code"] == "FailedOperation.MarketingSendTimeConstraint"
    assert told["serial_no"] == ""
    assert holder.sent(holder.notify(number))[0]["code"] == "Ok"
    assert holder.balance(held) == 100_000 - 1


def test_an_empty_package_is_told_in_wechats_words(held: HeldHouse) -> None:
    holder = moved_in(held, units=1).with_token()
    first, second = holder.sent(holder.send(new_number(), new_number()))
    assert first["code"] == "Ok"
    assert second["code"] == "FailedOperation.InsufficientBalanceInSmsPackage"
    errcode, errmsg = holder.send(new_number()).fault
    assert errcode == -501007
    assert "配额不足" in errmsg
    assert errmsg.endswith("TcbCode: [InvalidParameter]")


def test_a_url_link_goes_out_by_v2(held: HeldHouse, holder: Holder) -> None:
    made = holder.call(URL_LINK, {"path": "pages/index/index", "query": "a=1"})
    link = made.json["url_link"]
    number = new_number()
    asked = {
        "env": holder.mini.env,
        "phone_number_list": [number],
        "template_id": "844110",
        "template_param_list": [CONTENT],
        "url_link": link,
    }
    (told,) = holder.sent(holder.call(SEND_V2, asked))
    assert told["code"] == "Ok"
    text = holder.text(number)["text"]
    assert text.startswith(f"【{NICKNAME}】{CONTENT},跳转小程序 {held.url}/s/")
    own = asked | {"template_id": holder.mini.template, "template_param_list": ["商品"]}
    after = holder.text(number)["id"]
    holder.sent(holder.call(SEND_V2, own))
    text = holder.text(number, after=after)["text"]
    assert text.startswith(f"【{NICKNAME}】您购买的商品已发货，详情：{held.url}/s/")


def test_with_a_new_link_to_the_same_place_it_is_the_same_text(
    held: HeldHouse, holder: Holder
) -> None:
    number = new_number()
    changed(held, holder.mini, content_windows=(Window("same-30s", 1, 30 * SECOND),), windows=())
    codes = []
    for days, query in ((1, "a=【1】"), (2, "a=【1】"), (3, "a=2")):
        place = {"path": "pages/index/index", "query": query}
        asked = place | {"expire_type": 1, "expire_interval": days}
        link = holder.call(URL_LINK, asked).json["url_link"]
        heard = holder.call(
            SEND_V2,
            {
                "env": holder.mini.env,
                "phone_number_list": [number],
                "template_id": "844110",
                "template_param_list": [CONTENT],
                "url_link": link,
            },
        )
        (status,) = heard.json["send_status_list"]
        codes.append(status["code"])
    assert codes == ["Ok", "LimitExceeded.PhoneNumberThirtySecondLimit", "Ok"]


def test_a_url_link_of_another_app_is_none(held: HeldHouse, holder: Holder) -> None:
    other = moved_in(held).with_token()
    link = other.call(URL_LINK, {"path": "pages/index/index"}).json["url_link"]
    asked = {
        "env": holder.mini.env,
        "phone_number_list": [new_number()],
        "template_id": "844110",
        "template_param_list": [CONTENT],
    }
    letters = link.rpartition("/")[2]
    wrong = (link, link + "A", f"{held.url}/u/{letters[::-1]}", "https://example.com/u/x", "x")
    for one in wrong:
        assert holder.call(SEND_V2, asked | {"url_link": one}).fault == (
            -607004,
            "invalid url link",
        )
    assert holder.balance(held) == 100_000


def test_1000_numbers_are_answered_in_order(held: HeldHouse, holder: Holder) -> None:
    numbers = [new_number() for _ in range(1_000)]
    told = holder.sent(holder.send(*numbers))
    assert [one["phone_number"] for one in told] == numbers
    assert {one["code"] for one in told} == {"Ok"}
    assert len({one["serial_no"] for one in told}) == 1_000
    assert holder.balance(held) == 100_000 - 1_000


def test_a_template_must_be_ready_and_a_notice(held: HeldHouse, holder: Holder) -> None:
    app = app_of(held, holder.mini)
    with held.administering() as administering:
        account = app.account.id
        code = administering.add_template(
            account, "code", Kind.VERIFICATION, NICKNAME, "您的验证码为{1}。"
        )
        administering.review_template(code, Review.APPROVED, "")
        waiting = administering.add_template(account, "new", Kind.NOTICE, NICKNAME, "好的{1}")
    changed(held, holder.mini)
    other = moved_in(held)
    for template in (str(code), str(waiting), other.template, "new", "923584", "x", "９"):
        heard = holder.notify(new_number(), template_id=template, template_param_list=["1"])
        assert heard.fault == (-501007, "TemplateId not exist TcbCode: [InvalidParameter]")
    assert holder.call(SEND, {"env": ""}).fault[0] == -501007
    assert holder.balance(held) == 100_000


def test_values_make_no_link_together(held: HeldHouse, holder: Holder) -> None:
    app = app_of(held, holder.mini)
    with held.administering() as administering:
        made = administering.add_template(
            app.account.id, "greeting", Kind.NOTICE, NICKNAME, "亲爱的{1}{2}，您好"
        )
        administering.review_template(made, Review.APPROVED, "")
    changed(held, holder.mini)
    for values, errcode in (
        (["evil", ".com/x"], -501007),
        (["张", "三"], 0),
        (["张", "/index.html"], 0),
    ):
        heard = holder.notify(new_number(), template_id=str(made), template_param_list=values)
        assert heard.errcode == errcode, heard


def test_the_documents_request_works_as_printed(own: Dev) -> None:
    document = (Path(__file__).parents[2] / "docs/reference/wechat.md").read_text("utf-8")
    (block,) = re.findall(r"^```sh\n(.*?)^```", document, re.MULTILINE | re.DOTALL)
    done = subprocess.run(
        ["/bin/bash", "-eu", "-c", block.replace("http://127.0.0.1:8080", own.url)],
        cwd=own.data.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    assert told["errcode"] == 0
    assert [one["code"] for one in told["send_status_list"]] == ["Ok"]
    assert own.app.latest("12345678910")["text"].startswith(
        "【鸿雁】发布了新的能力,跳转小程序 http"
    )
