"""Each code of Zhenzi's tables, on each path where it applies; and of several faults, the first in
the documented order is the one that is told.
"""

from dataclasses import dataclass, field
from ipaddress import ip_network
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from hongyan.core.limit import Window
from hongyan.core.message import Kind
from hongyan.core.time import DAY
from hongyan.service.directory import Review
from hongyan.wire.zhenzi import Code
from support.disk import failing_disk
from support.held import HeldHouse
from support.process import Dev, new_phone
from support.zhenzi import (
    BALANCE_PATHS,
    FIND,
    FIND_PATHS,
    PATHS,
    SEND,
    SEND_PATHS,
    SEND_TEMPLATE,
    SENT,
    TEMPLATE_PATHS,
    WORDS_PATHS,
    Heard,
    changed,
    closed,
    moved_in,
)

FAILED = '{"code":1000,"data":"系统未知错误"}'.encode()
ONCE_A_DAY = (Window("24h", 1, DAY),)
ELSEWHERE = (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"))


@dataclass(frozen=True)
class Fault:
    """What may be wrong with a request, and what it is then told."""

    code: int
    data: str
    paths: tuple[str, ...] = PATHS
    form: dict[str, str | None] = field(default_factory=dict)
    """What differs from a good request."""
    app: dict[str, Any] = field(default_factory=dict)
    """What is changed of the app, after an earlier text."""
    from_the_start: dict[str, Any] = field(default_factory=dict)
    after_a_text: bool = False
    """Whether an earlier text, to the same number and with the same messageId, makes it one."""
    closed: bool = False
    empty: bool = False

    @property
    def told(self) -> tuple[int, str]:
        return self.code, self.data


def bad(field: str, sentence: str, value: str | None, *paths: tuple[str, ...]) -> Fault:
    return Fault(100, f"参数格式错误: {sentence}", sum(paths, ()), {field: value})


UNVALUED = "templateParams的个数、长度或内容与模板不符"
IN_ORDER: dict[str, Fault] = {
    "no appId": bad("appId", "appId不能为空", None, PATHS),
    "no appSecret": bad("appSecret", "appSecret不能为空", "", PATHS),
    "unknown app": Fault(105, "appId错误或应用不存在", form={"appId": "99"}),
    "wrong secret": Fault(110, "应用秘钥(AppSecret)错误", form={"appSecret": "wrong"}),
    "account closed": Fault(111, "账号不存在", closed=True),
    "app disabled": Fault(106, "应用被禁止", app={"enabled": False}),
    "address not listed": Fault(107, "ip错误", app={"networks": ELSEWHERE}),
    "no message": bad("message", "message不能为空", None, WORDS_PATHS),
    "no templateId": bad("templateId", "templateId不能为空", "", TEMPLATE_PATHS),
    "no number": bad("number", "number不能为空", None, SEND_PATHS),
    "bad number": bad("number", "手机号码格式错误", "+8613800138000", SEND_PATHS),
    "no messageId": bad("messageId", "messageId不能为空", "", FIND_PATHS),
    "long messageId": bad("messageId", "messageId超过64个字符", "x" * 65, SEND_PATHS, FIND_PATHS),
    "unclean messageId": bad(
        "messageId", "messageId含有控制字符", "a\r\nb", SEND_PATHS, FIND_PATHS
    ),
    "unclean clientIp": bad("clientIp", "clientIp含有控制字符", "\x00", SEND_PATHS),
    "free text off": Fault(
        100,
        "参数格式错误: 应用只能使用模板发送(/sms/v2/send.do)",
        WORDS_PATHS,
        app={"free_text": False},
    ),
    "too long": Fault(101, "短信内容超过1000字", WORDS_PATHS, {"message": "鸿" * 1_001}),
    "unknown template": Fault(
        117, "templateId错误,或者模板未审核", TEMPLATE_PATHS, {"templateId": "999999"}
    ),
    "unreviewed template": Fault(
        117,
        "templateId错误,或者模板未审核",
        TEMPLATE_PATHS,
        from_the_start={"review": Review.SUBMITTED},
    ),
    "no array": bad("templateParams", "templateParams不是字符串的JSON数组", "{}", TEMPLATE_PATHS),
    "a value missing": bad("templateParams", UNVALUED, '["3421"]', TEMPLATE_PATHS),
    "no values": bad("templateParams", UNVALUED, None, TEMPLATE_PATHS),
    "a link": bad("templateParams", UNVALUED, '["https://evil.example","5"]', TEMPLATE_PATHS),
    "used messageId": Fault(
        100, "参数格式错误: messageId重复", SEND_PATHS, {"messageId": "used"}, after_a_text=True
    ),
    "unknown messageId": Fault(100, "参数格式错误: 没有这个messageId的短信", FIND_PATHS),
    "number used up": Fault(
        109,
        "今日发送超过限额",
        SEND_PATHS,
        from_the_start={"windows": ONCE_A_DAY},
        after_a_text=True,
    ),
    "client used up": Fault(
        109,
        "今日发送超过限额",
        SEND_PATHS,
        {"clientIp": "203.0.113.7"},
        from_the_start={"client_windows": ONCE_A_DAY},
        after_a_text=True,
    ),
    "no balance": Fault(108, "余额不足", SEND_PATHS, empty=True),
}
"""As `protocols/zhenzi.py` and docs/reference/zhenzi.md say it."""

SAME = (
    {"unknown template", "unreviewed template"},
    {"number used up", "client used up"},
)
"""Pairs that are one fault."""


def asked(dev: Dev, path: str, *faults: Fault) -> Heard:
    """What an app is told whose request has all these faults, and no other."""
    phone = new_phone()
    at_first: dict[str, Any] = {"units": 100}
    form: dict[str, str | None] = {}
    for fault in faults:
        at_first |= fault.from_the_start
        form |= fault.form
    texts = any(fault.after_a_text for fault in faults)
    if any(fault.empty for fault in faults):
        at_first["units"] = 1 if texts else 0
    app = moved_in(dev, **at_first)
    if texts:
        app.sent(phone, SEND, messageId="used", clientIp="203.0.113.7")
    changes = {name: value for fault in faults for name, value in fault.app.items()}
    if changes:
        changed(dev, app, **changes)
    if any(fault.closed for fault in faults):
        closed(dev, app)
    return app.call(path, phone, **form)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", IN_ORDER)
def test_each_fault_has_its_code(dev: Dev, name: str, path: str) -> None:
    fault = IN_ORDER[name]
    if path in fault.paths:
        heard = asked(dev, path, fault)
        assert (heard.code, heard.data) == fault.told


def test_each_path_has_a_request_without_a_fault(dev: Dev, phone: str) -> None:
    app = moved_in(dev)
    for path in SEND_PATHS:
        assert app.call(path, phone, messageId=f"m {path}").body == SENT
    for path in BALANCE_PATHS:
        assert app.call(path).body == b'{"code":0,"data":96}'
    for path in FIND_PATHS:
        assert app.call(path, messageId=f"m {SEND}").code == 0


def pairs() -> list[tuple[str, str, str]]:
    """(path, the fault that is told, one that comes after it), where both can be."""
    found = []
    names = list(IN_ORDER)
    for path, (first, second) in product(
        (SEND, SEND_TEMPLATE, FIND), product(range(len(names)), repeat=2)
    ):
        one, other = IN_ORDER[names[first]], IN_ORDER[names[second]]
        if first < second and path in one.paths and path in other.paths:
            clash = one.form.keys() & other.form.keys() or {names[first], names[second]} in SAME
            if not clash:
                found.append((path, names[first], names[second]))
    return found


@pytest.mark.parametrize(
    ("path", "first"), list(dict.fromkeys((one[0], one[1]) for one in pairs()))
)
def test_of_two_faults_the_earlier_one_is_told(dev: Dev, path: str, first: str) -> None:
    told = {}
    for second in [pair[2] for pair in pairs() if pair[:2] == (path, first)]:
        heard = asked(dev, path, IN_ORDER[first], IN_ORDER[second])
        told[second] = heard.code, heard.data
    assert told == dict.fromkeys(told, IN_ORDER[first].told)
    assert told


def test_the_codes_of_the_tables_are_all_reached() -> None:
    reached = {fault.code for fault in IN_ORDER.values()} | {0, 1000}
    assert reached == set(Code)


# 1000: nothing is wrong with the request.


def test_where_no_provider_is_routed_it_is_code_1000(held: HeldHouse, phone: str) -> None:
    with held.administering() as administering:
        for kind in Kind:
            administering.put_route(kind, [])
    app = moved_in(held)
    for path in SEND_PATHS:
        assert app.call(path, phone, messageId="m1").body == FAILED
    assert app.balance() == 100
    assert app.call(FIND, messageId="m1").code == 100


def test_on_a_full_disk_texts_are_code_1000_and_cost_nothing(tmp_path: Path, phone: str) -> None:
    with failing_disk() as disk, HeldHouse(tmp_path) as held:
        app = moved_in(held)
        app.sent(phone)
        disk.is_full = True
        for path in SEND_PATHS:
            assert app.call(path, phone, messageId="m1").body == FAILED
        # A wrong secret cannot be counted now, and so is not looked at.
        assert app.with_secret("wrong").call(SEND, phone).body == FAILED
        disk.is_full = False
        assert app.balance() == 99
        app.sent(phone, messageId="m1")
