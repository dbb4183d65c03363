"""The examples, each against a real house: register, a code on the sandbox phone, registered."""

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from runpy import run_path
from urllib.parse import urlsplit

import pytest

from support.examples import FOLDER, KINDS, Example, refused_to_start, running, settings_of
from support.node import installed_node
from support.postgres import database
from support.process import Answer, Client, Dev, new_address, new_phone

pytestmark = [
    pytest.mark.external,
    pytest.mark.timeout(120),  # the first of them installs
    pytest.mark.xdist_group("examples"),
]

WRONG = (400, {"code": 1004, "message": "验证码错误或已失效"})
NO_NUMBER = (400, {"code": 1002, "message": "手机号码不正确"})
TOO_OFTEN = (429, {"code": 1003, "message": "请求太频繁，请稍后再试"})
BROKEN = (503, {"code": 1001, "message": "短信服务异常"})


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def example(kind: str, dev: Dev) -> Iterator[Example]:
    with running(kind, settings_of(dev)) as opened:
        yield opened


def told(answer: Answer) -> tuple[int, object]:
    return answer.status, answer.json


def started(example: Example, phone: str) -> str:
    """The id of a registration whose code is on its way."""
    answer = example.register(phone)
    assert answer.status == 200, answer
    assert answer.json["code"] == 0
    return str(answer.json["registration"])


def other(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_a_number_is_registered_by_the_code_on_the_sandbox_phone(
    example: Example, nobody: Client, phone: str
) -> None:
    registration = started(example, phone)
    text = nobody.latest(phone)
    assert text["text"].startswith("【鸿雁】您的验证码为：")
    assert f"{text['code']}，请于5分钟内填写" in text["text"]
    answer = example.confirm(registration, text["code"])
    assert answer.status == 200
    assert (answer.json["code"], answer.json["message"]) == (0, "注册成功")
    assert answer.json["user"]["id"] > 0


def test_so_it_is_in_a_house_on_postgresql(kind: str, tmp_path: Path) -> None:
    with database() as address, Dev(tmp_path / "data", "--database", address) as house:
        phone = new_phone()
        with running(kind, settings_of(house)) as example:
            registration = started(example, phone)
            assert example.confirm(registration, house.nobody.code(phone)).status == 200


def test_a_code_is_good_once(example: Example, nobody: Client, phone: str) -> None:
    registration = started(example, phone)
    code = nobody.code(phone)
    assert example.confirm(registration, code).status == 200
    assert told(example.confirm(registration, code)) == WRONG


def test_who_guesses_five_times_has_no_sixth(example: Example, nobody: Client, phone: str) -> None:
    registration = started(example, phone)
    code = nobody.code(phone)
    for _ in range(4):
        assert told(example.confirm(registration, other(code))) == WRONG
    assert told(example.confirm(registration, other(code))) == WRONG
    assert told(example.confirm(registration, code)) == WRONG


def test_a_code_of_another_registration_is_wrong(example: Example, nobody: Client) -> None:
    mine, theirs = new_phone(), new_phone()
    registration = started(example, mine)
    started(example, theirs)
    own, foreign = nobody.code(mine), nobody.code(theirs)
    expected = 200 if own == foreign else 400
    assert example.confirm(registration, foreign).status == expected


def test_two_at_once_make_one_text(example: Example, nobody: Client, phone: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(example.register, [phone, f"+86{phone}"]))
    assert sorted(one.status for one in answers) == [200, 429]
    nobody.latest(phone)
    assert len(nobody.texts(phone)) == 1


def test_a_number_is_texted_once_a_minute(example: Example, phone: str) -> None:
    started(example, phone)
    assert told(example.register(phone)) == TOO_OFTEN


def test_an_address_is_let_go_on_for_a_while(example: Example) -> None:
    address = new_address()
    answers = [example.register(new_phone(), address).status for _ in range(21)]
    assert answers == [200] * 20 + [429]
    assert example.register(new_phone()).status == 200


@pytest.mark.parametrize(
    "phone",
    ["", "110", "138001380001", "12345678901", "+85261234567", "１３８００１３８０００", None, 13],
)
def test_what_is_no_number_of_the_mainland_costs_nothing(example: Example, phone: str) -> None:
    assert told(example.register(phone)) == NO_NUMBER


@pytest.mark.parametrize(
    "body", [{}, {"registration": "x"}, {"registration": ["x"], "code": "123456"}, {"code": 123456}]
)
def test_what_is_no_confirmation_is_wrong(example: Example, body: object) -> None:
    assert told(example.asked("/user/confirm", body)) == WRONG


def test_the_houses_own_limit_is_told_as_such(example: Example, kind: str, dev: Dev) -> None:
    """Another process of the same app has texted that number."""
    phone = new_phone()
    with running(kind, settings_of(dev)) as another:
        started(another, phone)
    assert told(example.register(phone)) == TOO_OFTEN


@pytest.mark.parametrize(
    ("name", "value"),
    [("TENCENT_SECRET_KEY", "of-somebody-else"), ("TENCENT_SMS_TEMPLATE_ID", "999999999")],
)
def test_what_the_platform_refuses_is_no_matter_of_the_visitor(
    kind: str, dev: Dev, name: str, value: str
) -> None:
    phone = new_phone()
    with running(kind, settings_of(dev) | {name: value}) as misled:
        assert told(misled.register(phone)) == BROKEN
        assert phone not in misled.said
    assert dev.nobody.texts(phone) == []


def test_what_may_have_been_sent_is_not_sent_again(kind: str, dev: Dev) -> None:
    with hanging_up() as (url, calls):
        settings = settings_of(dev) | {"TENCENT_SMS_ENDPOINT": url}
        with running(kind, settings) as cut_off:
            phone = new_phone()
            answer = cut_off.register(phone)
            assert (answer.status, answer.json["code"]) == (202, 0)
            assert answer.json["registration"]
            assert told(cut_off.register(phone)) == TOO_OFTEN
            assert phone not in cut_off.said
    assert len(calls) == 1


def test_nothing_of_a_person_is_printed(kind: str, dev: Dev) -> None:
    phone, settings = new_phone(), settings_of(dev)
    with running(kind, settings) as example:
        registration = started(example, phone)
        code = dev.nobody.code(phone)
        example.confirm(registration, other(code))
        example.confirm(registration, code)
        secrets = (phone, code, registration, settings["TENCENT_SECRET_KEY"])
        assert not [one for one in secrets if one in example.said]


@pytest.mark.parametrize("missing", ["TENCENT_SECRET_ID", "TENCENT_SMS_TEMPLATE_ID"])
def test_what_is_not_set_is_said_at_the_start(kind: str, dev: Dev, missing: str) -> None:
    settings = {name: value for name, value in settings_of(dev).items() if name != missing}
    assert missing in refused_to_start(kind, settings)


# A clock that is handed in: both keep their codes by the same rules.

_NODE_CODES = """
const { Codes, TooOften } = require("./service/codes");
let now = 0;
const codes = new Codes(() => now * 1000);
const often = (phone) => {
  try { codes.create(phone, "there"); return false; } catch (error) { return error instanceof TooOften; }
};
const first = codes.create("+8613800138000", "here");
now = 59; const early = often("+8613800138000");
now = 60; const second = codes.create("+8613800138000", "here");
now = 299; const good = codes.take(first.id, first.code);
now = 360; const late = codes.take(second.id, second.code);
codes.drop(codes.create("+8613800138001", "here").id);
const held = often("+8613800138001");
console.log(JSON.stringify([early, good, late ?? null, held]));
"""


def test_a_code_of_express_lives_for_five_minutes_and_a_number_rests_for_one() -> None:
    node = installed_node(FOLDER / "tencent-register-node")
    told = json.loads(node.said(node.node, "-e", _NODE_CODES))
    assert told == [True, "+8613800138000", None, True]


def test_a_code_of_fastapi_lives_for_five_minutes_and_a_number_rests_for_one() -> None:
    module = run_path(str(FOLDER / "tencent-register-fastapi" / "codes.py"))
    now = 0.0
    codes, phone = module["Codes"](lambda: now), "+8613800138000"
    first = codes.create(phone, "here")
    now = 59
    with pytest.raises(module["TooOften"]):
        codes.create(phone, "there")
    now = 60
    second = codes.create(phone, "here")
    now = 299
    assert codes.take(first.id, first.code) == phone
    now = 360
    assert codes.take(second.id, second.code) is None
    codes.drop(codes.create("+8613800138001", "here").id)
    with pytest.raises(module["TooOften"]):
        codes.create("+8613800138001", "there")


def test_packages_come_from_the_public_registry() -> None:
    lock = json.loads((FOLDER / "tencent-register-node/package-lock.json").read_text("utf-8"))
    packages = [one for path, one in lock["packages"].items() if path]
    assert {urlsplit(one["resolved"]).netloc for one in packages} == {"registry.npmjs.org"}
    assert all(one["integrity"].startswith("sha512-") for one in packages)


@contextmanager
def hanging_up() -> Iterator[tuple[str, list[bytes]]]:
    """A platform that reads a call and says nothing; and the calls."""
    calls: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            connection, _ = listening.accept()
            with connection:
                if not (first := connection.recv(65_536)):
                    return
                calls.append(first)

    thread = threading.Thread(target=serve)
    thread.start()
    port = listening.getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}", calls
    finally:
        socket.create_connection(("127.0.0.1", port)).close()
        thread.join()
        listening.close()
