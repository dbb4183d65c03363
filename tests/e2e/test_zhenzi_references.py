"""A messageId names one message of an app for a day, and find tells what became of that message."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from hongyan.core.time import DAY, HOUR, MINUTE, SECOND
from hongyan.providers.sandbox import FAULTS
from support.held import HeldHouse
from support.process import Dev, eventually, new_phone
from support.zhenzi import (
    BALANCE,
    FIND,
    FIND_PATHS,
    MESSAGE,
    SEND,
    SEND_PATHS,
    SEND_TEMPLATE,
    SENT,
    Zhenzi,
    moved_in,
)

SCRIPTED = {number[-1]: number.removeprefix("+86") for number in FAULTS}
REPEATED = '{"code":100,"data":"参数格式错误: messageId重复"}'.encode()
UNKNOWN = '{"code":100,"data":"参数格式错误: 没有这个messageId的短信"}'.encode()
BEIJING = timezone(timedelta(hours=8))


@pytest.fixture
def house(dev: Dev) -> Zhenzi:
    return Zhenzi.of(dev)


# Uniqueness.


def test_a_reference_is_good_once_on_whatever_path(dev: Dev, phone: str) -> None:
    app = moved_in(dev)
    app.sent(phone, SEND, messageId="m1")
    for path in SEND_PATHS:
        assert app.call(path, new_phone(), messageId="m1").body == REPEATED
    assert app.balance() == 99


def test_references_differ_by_each_of_their_letters(dev: Dev, phone: str) -> None:
    app = moved_in(dev)
    for reference in ("aB", "ab", "aB ", " aB", "ab'--", "鸿雁", "鸿鴈", "x" * 64, "0", "00"):
        app.sent(phone, messageId=reference)
        assert app.found(reference)["messageId"] == reference


def test_two_apps_may_use_the_same_reference(dev: Dev, phone: str) -> None:
    one, other = moved_in(dev), moved_in(dev)
    one.sent(phone, messageId="m1")
    other.sent(phone, messageId="m1", message="另一个应用的短信")
    assert one.found("m1")["message"] == MESSAGE
    assert other.found("m1")["message"] == "另一个应用的短信"


def test_no_reference_is_never_used_up_and_finds_nothing(dev: Dev, phone: str) -> None:
    app = moved_in(dev)
    for reference in ("", "", None, None):
        app.sent(phone, messageId=reference)
    for path in FIND_PATHS:
        for reference in ("", None):
            heard = app.call(path, messageId=reference)
            assert (heard.code, heard.data) == (100, "参数格式错误: messageId不能为空")


def test_of_64_at_once_with_one_reference_one_is_accepted(dev: Dev) -> None:
    app = moved_in(dev)
    numbers = [new_phone() for _ in range(64)]
    with ThreadPoolExecutor(64) as pool:
        heard = list(pool.map(lambda number: app.call(SEND, number, messageId="m1").body, numbers))
    assert sorted(heard) == sorted([SENT] + [REPEATED] * 63)
    assert app.balance() == 99
    accepted = numbers[heard.index(SENT)]
    assert app.found("m1")["toNumber"] == f"{accepted[:3]}****{accepted[-4:]}"


def test_a_reference_of_a_refused_request_is_still_free(dev: Dev, phone: str) -> None:
    app = moved_in(dev, units=1)
    refused = [
        {"number": "12345"},
        {"message": "鸿" * 1_001},
        {"message": "鸿" * 100},  # two segments
        {"appSecret": "wrong"},
    ]
    for changes in refused:
        assert app.call(SEND, **({"messageId": "m1"} | changes)).code != 0
        assert app.call(FIND, messageId="m1").body == UNKNOWN
    app.sent(phone, messageId="m1")


def test_a_day_later_the_reference_is_free_and_find_tells_the_newest(held: HeldHouse) -> None:
    app = Zhenzi.of_held(held)
    app.sent(new_phone(), messageId="m1", message="第一条")
    held.clock.pass_by(DAY - MINUTE)
    assert app.call(SEND, messageId="m1").body == REPEATED
    held.clock.pass_by(MINUTE)
    assert app.found("m1")["message"] == "第一条"
    app.sent(new_phone(), messageId="m1", message="第二条")
    assert app.found("m1")["message"] == "第二条"
    assert app.call(SEND, messageId="m1").body == REPEATED
    held.clock.pass_by(3 * DAY)
    assert app.found("m1")["message"] == "第二条"
    app.sent(new_phone(), messageId="m1", message="第三条")
    assert app.found("m1")["message"] == "第三条"
    held.clock.pass_by(40 * DAY)
    assert app.found("m1")["message"] == "第三条"


def test_references_outlive_the_process(tmp_path: Path, phone: str) -> None:
    with Dev(tmp_path / "data") as house:
        app = Zhenzi.of(house)
        app.sent(phone, messageId="m1", message="第一条")
        house.kill()
    with Dev(tmp_path / "data") as house:
        app = Zhenzi.of(house)
        assert app.call(SEND, phone, messageId="m1").body == REPEATED
        assert app.found("m1")["message"] == "第一条"


# Find.


def test_find_tells_six_fields_in_their_order(house: Zhenzi, phone: str) -> None:
    before = datetime.now(BEIJING).replace(tzinfo=None, microsecond=0)
    house.sent(phone, SEND_TEMPLATE, messageId=f"m-{phone}")
    body = house.call(FIND, messageId=f"m-{phone}").body.decode()
    shape = re.fullmatch(
        r'\{"code":0,"data":\{"message":"您的验证码为\*，有效期\*，请勿泄漏给他人。",'
        r'"appName":"云短信体验","createTime":"(?P<at>[0-9: -]{19})",'
        rf'"status":"(queued|sending|submitted|success)","toNumber":"{phone[:3]}\*{{4}}{phone[-4:]}",'
        rf'"messageId":"m-{phone}"\}}\}}',
        body,
    )
    assert shape is not None, body
    at = datetime.strptime(shape["at"], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - Beijing's
    assert before <= at <= before + timedelta(minutes=1)


def test_find_tells_a_text_masked_and_without_its_signature(house: Zhenzi, phone: str) -> None:
    words = "验证码：384592，订单20261121，第12号，【无】".replace("【无】", "勿告他人")
    house.sent(phone, messageId=f"m-{phone}", message=f"【鸿雁】{words}")
    masked = "验证码：*，订单*，第12号，勿告他人"
    eventually(lambda: house.found(f"m-{phone}")["status"] == "success")
    assert house.found(f"m-{phone}")["message"] == masked


def test_the_app_is_called_by_its_title(dev: Dev, phone: str) -> None:
    app = moved_in(dev, title='小"店\\</script>')
    app.sent(phone, messageId="m1")
    assert app.found("m1")["appName"] == '小"店\\</script>'


@pytest.mark.parametrize("reference", ["never", "' OR '1'='1", "%", "*", "null", "鸿雁"])
def test_a_reference_that_names_nothing_is_code_100(house: Zhenzi, reference: str) -> None:
    for path in FIND_PATHS:
        assert house.call(path, messageId=reference).body == UNKNOWN


def test_another_apps_message_is_not_found(dev: Dev, phone: str) -> None:
    one, other = moved_in(dev), moved_in(dev)
    one.sent(phone, messageId="m1")
    assert other.call(FIND, messageId="m1").body == UNKNOWN


@pytest.mark.parametrize(
    ("digit", "word"),
    [
        ("1", "rejected"),
        ("2", "success"),
        ("4", "unconfirmed"),
        ("5", "unconfirmed"),
        ("6", "undelivered"),
        ("7", "submitted"),
        ("8", "success"),
    ],
)
def test_only_a_delivered_message_is_a_success(dev: Dev, digit: str, word: str) -> None:
    app = moved_in(dev)
    app.sent(SCRIPTED[digit], messageId="m1")
    way: list[str] = []

    def look() -> bool:
        way.append(app.found("m1")["status"])
        return way[-1] == word

    eventually(look)
    assert set(way[:-1]) <= {"queued", "sending", "submitted"} | {word}


def test_a_message_that_nobody_takes_waits_and_expires(held: HeldHouse) -> None:
    app = Zhenzi.of_held(held)
    app.sent(SCRIPTED["3"], messageId="m1")
    eventually(lambda: app.found("m1")["status"] == "queued")
    assert app.balance() == 999_999
    held.clock.pass_by(DAY + HOUR)
    eventually(lambda: app.found("m1")["status"] == "expired")
    assert app.balance() == 1_000_000
    assert app.call(SEND, messageId="m1").code == 0


def test_a_doubt_that_nobody_settles_is_closed_after_three_days(held: HeldHouse) -> None:
    app = Zhenzi.of_held(held)
    app.sent(SCRIPTED["5"], messageId="m1")
    eventually(lambda: app.found("m1")["status"] == "unconfirmed")
    held.clock.pass_by(72 * HOUR + SECOND)
    eventually(lambda: app.found("m1")["status"] == "closed")
    assert app.call(BALANCE).data == 999_999
