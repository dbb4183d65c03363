"""Zhenzi as an upstream: the bytes that it is sent, TLS for a name with an underscore, its words."""

import json
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hongyan.core.identifier import MessageId, written
from hongyan.core.outcome import Accepted, Deferred, Unconfirmed
from hongyan.providers import Zhenzi, ZhenziSettings
from support.rig import CODE, NUMBER, SECRET, a_message, zhenzi
from support.upstream import Authority, Platform, answers, http, says

HOST = "sms_developer.zhenzikj.com"
"""As in the official documents; here it is this machine."""


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    one = await Platform().start()
    yield one
    await one.close()


@pytest.fixture
async def calling(platform: Platform) -> AsyncIterator[Callable[..., Zhenzi]]:
    made: list[Zhenzi] = []

    def call(url: str = "", **settings: Any) -> Zhenzi:
        made.append(zhenzi(url or platform.url, **settings))
        return made[-1]

    yield call
    for one in made:
        await one.close()


# The bytes.

ACCOUNT = {"appId": "100001", "appSecret": SECRET}


async def test_words_go_as_the_sdks_of_version_1_send_them(
    platform: Platform, calling: Callable[..., Zhenzi]
) -> None:
    message = a_message()
    assert await calling().send(message) == Accepted(written(message.id))
    [asked] = platform.asked
    assert asked.line == "POST /sms/send.do HTTP/1.1"
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded;charset=UTF-8"
    assert asked.headers["host"] == f"127.0.0.1:{platform.port}"
    assert asked.form == ACCOUNT | {
        "number": NUMBER,
        "messageId": written(message.id),
        "message": f"您的验证码为：{CODE}。",
    }


async def test_templates_go_as_the_sdks_of_version_2_send_them(
    platform: Platform, calling: Callable[..., Zhenzi]
) -> None:
    message = a_message(template=5)
    assert await calling().send(message) == Accepted(written(message.id))
    [asked] = platform.asked
    assert asked.line == "POST /sms/v2/send.do HTTP/1.1"
    form = asked.form
    assert json.loads(form.pop("templateParams")) == [CODE, "5分钟"]
    assert form == ACCOUNT | {
        "number": NUMBER,
        "messageId": written(message.id),
        "templateId": "355",
    }


async def test_values_are_json_whatever_they_hold(
    platform: Platform, calling: Callable[..., Zhenzi]
) -> None:
    values = ('34"2/1\\', "a&b=c+d%20;", "一\n二", "")
    message = msgspec.structs.replace(a_message(template=5), params=values)
    await calling().send(message)
    assert json.loads(platform.asked[0].form["templateParams"]) == list(values)


async def test_questions_and_balances_go_to_their_paths(
    platform: Platform, calling: Callable[..., Zhenzi]
) -> None:
    one = calling()
    await one.ask(MessageId(7))
    await one.balance()
    assert [(asked.path, asked.form) for asked in platform.asked] == [
        ("/smslog/findSmsByMessageId.do", ACCOUNT | {"messageId": written(MessageId(7))}),
        ("/account/balance.do", ACCOUNT),
    ]


@pytest.mark.parametrize("path", ["", "/", "/prefix", "/prefix/"])
async def test_an_address_may_have_a_path(
    platform: Platform, calling: Callable[..., Zhenzi], path: str
) -> None:
    await calling(platform.url + path).send(a_message())
    assert platform.asked[0].path == path.rstrip("/") + "/sms/send.do"


async def test_the_signature_goes_along_where_that_is_wanted(
    platform: Platform, calling: Callable[..., Zhenzi]
) -> None:
    await calling(keep_signature=True).send(a_message())
    assert platform.asked[0].form["message"] == f"【鸿雁】您的验证码为：{CODE}。"


@pytest.mark.parametrize(
    ("to", "settings"), [("+85251234567", {}), (f"+86{NUMBER}", {"free_text": False})]
)
async def test_what_it_cannot_send_is_left_to_others(
    platform: Platform, calling: Callable[..., Zhenzi], to: str, settings: dict[str, Any]
) -> None:
    assert isinstance(await calling(**settings).send(a_message(to)), Deferred)
    assert platform.asked == []


# What it says.


async def test_words_in_another_charset_leave_the_code_as_it_is(
    platform: Platform, calling: Callable[..., Zhenzi]
) -> None:
    one = calling()
    platform.reply = says(http('{"code":0,"data":"发送成功"}'.encode("gbk")))
    assert isinstance(await one.send(a_message()), Accepted)
    platform.reply = says(http('\ufeff{"code":108,"data":"余额不足"}'))
    assert await one.send(a_message()) == Deferred("108 余额不足", stops=True)


@pytest.mark.parametrize("data", [None, 5, ["a"], {"a": "b"}, "", "a\r\nb\x1b[2J", "x" * 10_000])
async def test_its_words_are_short_and_of_one_line(
    platform: Platform, calling: Callable[..., Zhenzi], data: object
) -> None:
    platform.reply = answers({"code": 1000, "data": data})
    outcome = await calling().send(a_message())
    assert isinstance(outcome, Unconfirmed)
    assert outcome.reason.isprintable()
    assert outcome.reason.startswith("1000")
    assert len(outcome.reason) <= 200


async def test_a_status_is_kept_short(platform: Platform, calling: Callable[..., Zhenzi]) -> None:
    platform.reply = answers({"code": 0, "data": {"status": "x" * 1_000}})
    assert len((await calling().ask(MessageId(7))).code) == 32


async def test_a_balance_may_be_out_of_reach(
    platform: Platform, calling: Callable[..., Zhenzi]
) -> None:
    platform.reply = says(http("", "500 Internal Server Error"))
    assert await calling().balance() == Deferred("It answered HTTP 500.")


async def test_so_may_be_what_became_of_a_message(calling: Callable[..., Zhenzi]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        one = calling(f"http://127.0.0.1:{taken.getsockname()[1]}")
        assert (await one.ask(MessageId(7))).failed
        found = await one.balance()
    assert found == Deferred("It could not be reached: ClientConnectorError.")


async def test_settings_show_no_secret() -> None:
    settings = ZhenziSettings(app_id="100001", app_secret=SECRET)
    assert SECRET not in repr(settings)
    assert SECRET not in repr([settings])


# TLS.


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Believed by all that verifies; every name is this machine."""
    one = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(one.file))
    looked_up = socket.getaddrinfo

    def here(_host: str, port: int, *arguments: Any, **words: Any) -> Any:
        return looked_up("127.0.0.1", port, *arguments, **words)

    monkeypatch.setattr(socket, "getaddrinfo", here)
    return one


async def sent(authority: Authority, names: tuple[str, ...], **settings: Any) -> tuple[Any, Any]:
    """(outcome, what arrived) over TLS, for the host with the underscore."""
    platform = await Platform().start(authority.server(*names))
    one = zhenzi(f"https://{HOST}:{platform.port}", connect_s=5, timeout_s=5, **settings)
    try:
        return await one.send(a_message()), platform.asked
    finally:
        await one.close()
        await platform.close()


async def test_the_host_with_an_underscore_is_called_by_its_name(authority: Authority) -> None:
    outcome, [asked] = await sent(authority, (HOST,))
    assert isinstance(outcome, Accepted)
    assert asked.headers["host"].startswith(f"{HOST}:")


@pytest.mark.parametrize("names", [("*.zhenzikj.com",), ("sms.zhenzikj.com",)])
async def test_a_certificate_that_is_not_for_it_stops_it_and_names_the_cure(
    authority: Authority, names: tuple[str, ...]
) -> None:
    """OpenSSL takes no underscore for what a wildcard stands for."""
    outcome, asked = await sent(authority, names)
    assert isinstance(outcome, Deferred)
    assert outcome.stops
    assert "tls_name" in outcome.reason
    assert asked == []


@pytest.mark.parametrize("names", [("*.zhenzikj.com",), ("sms.zhenzikj.com",)])
async def test_another_name_may_be_verified(authority: Authority, names: tuple[str, ...]) -> None:
    outcome, [asked] = await sent(authority, names, tls_name="sms.zhenzikj.com")
    assert isinstance(outcome, Accepted)
    assert asked.headers["host"].startswith(f"{HOST}:")


async def test_a_certificate_that_nobody_signed_stops_it(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    outcome, asked = await sent(authority, (HOST,))
    assert isinstance(outcome, Deferred)
    assert outcome.stops
    assert asked == []


async def test_verifying_may_be_switched_off(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    outcome, _ = await sent(authority, ("elsewhere.example.com",), verify_tls=False)
    assert isinstance(outcome, Accepted)
