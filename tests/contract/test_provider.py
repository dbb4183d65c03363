"""Every provider × its recorded cases, and × all that a network does to those that call somebody."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from hongyan.core.message import Message
from hongyan.core.outcome import Accepted, Deferred, Outcome, Unconfirmed
from hongyan.providers import PROVIDERS
from hongyan.service.ports import Provider
from support.rig import (
    ACCEPTED,
    CALLED,
    CODE,
    NUMBER,
    REFUSING,
    RIGS,
    SECRET,
    TOKEN,
    TOKEN_PATH,
    a_message,
    recorded,
)
from support.upstream import (
    Platform,
    Reply,
    answers,
    cuts,
    deaf,
    http,
    says,
    says_and_cuts,
    says_and_waits,
)

FIXTURES = Path(__file__).parents[1] / "fixtures" / "providers"
CASES = sorted(FIXTURES.glob("*/*.json"))


def test_every_provider_has_recorded_cases() -> None:
    assert {path.parent.name for path in CASES} == set(PROVIDERS) == set(RIGS)


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
async def test_a_recorded_case_comes_out_as_recorded(path: Path) -> None:
    rig = await RIGS[path.parent.name]()
    try:
        await rig.play(recorded(path))
    finally:
        await rig.close()


def secret_in(told: str) -> bool:
    return any(one in told for one in (NUMBER, CODE, SECRET))


@pytest.mark.parametrize("name", RIGS)
async def test_a_provider_tells_no_text_number_or_secret_in_its_repr(name: str) -> None:
    rig = await RIGS[name]()
    try:
        await rig.provider.send(a_message())
        assert not secret_in(repr(rig.provider))
        assert not secret_in(repr(vars(rig.provider)))
    finally:
        await rig.close()


# What a network does.


class Called:
    """A provider, and the platform that it calls."""

    def __init__(self, name: str, platform: Platform) -> None:
        self.name = name
        self.accepted = ACCEPTED[name]
        self.platform = platform
        self.platform.reply = says(self.accepted)
        self.platform.aside[TOKEN_PATH] = TOKEN
        self._made: list[Provider] = []

    def message(self) -> Message:
        return a_message(template=0 if self.name == "zhenzi" else 5)

    def provider(self, url: str = "", **settings: Any) -> Provider:
        self._made.append(CALLED[self.name](url or self.platform.url, **settings))
        return self._made[-1]

    async def close(self) -> None:
        for one in self._made:
            await one.close()
        await self.platform.close()


@pytest.fixture(params=CALLED)
async def called(request: pytest.FixtureRequest) -> AsyncIterator[Called]:
    one = Called(request.param, await Platform().start())
    yield one
    await one.close()


async def outcome_of(sending: Awaitable[Outcome]) -> Outcome:
    outcome = await asyncio.wait_for(sending, 5)
    assert not secret_in(repr(outcome))
    return outcome


@contextmanager
def refusing_port() -> Iterator[int]:
    """Taken, but nobody listens."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


async def test_a_refused_connection_is_surely_no_send(called: Called) -> None:
    with refusing_port() as port:
        provider = called.provider(f"http://127.0.0.1:{port}")
        assert isinstance(await outcome_of(provider.send(called.message())), Deferred)


async def test_nor_is_a_name_that_nobody_knows(
    called: Called, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_arguments: object, **_words: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    provider = called.provider("http://platform.invalid")
    assert isinstance(await outcome_of(provider.send(called.message())), Deferred)


async def test_nor_is_a_connection_that_never_stands(called: Called) -> None:
    with deaf() as port:
        provider = called.provider(f"http://127.0.0.1:{port}", connect_s=0.1, timeout_s=60)
        assert isinstance(await outcome_of(provider.send(called.message())), Deferred)


async def test_nor_is_one_that_does_not_stand_when_the_time_is_over(called: Called) -> None:
    with deaf() as port:
        provider = called.provider(f"http://127.0.0.1:{port}", connect_s=60, timeout_s=60)
        sending = asyncio.create_task(provider.send(called.message()))
        await asyncio.wait([sending], timeout=0.1)
        sending.cancel()
        assert isinstance(await outcome_of(sending), Deferred)


@pytest.mark.parametrize("settings", [{}, {"verify_tls": False}])
async def test_nor_is_a_handshake_with_one_that_knows_no_tls(
    called: Called, settings: dict[str, Any]
) -> None:
    provider = called.provider(called.platform.url.replace("http:", "https:"), **settings)
    assert isinstance(await outcome_of(provider.send(called.message())), Deferred)
    assert called.platform.asked == []


UNREADABLE: dict[str, bytes | str] = {
    "nothing": "",
    "a page": "<html>502 Bad Gateway</html>",
    "zeros": bytes(100),
    "half of it": '{"code":0,"data":"发送',
    "two of it": '{"code":0,"data":"a"}{"code":0,"data":"a"}',
    "a list": "[0]",
    "a number": "0",
    "null": "null",
    "no code": '{"data":"发送成功"}',
    "code a string": '{"code":"0","data":"发送成功"}',
    "code a fraction": '{"code":0.0,"data":"发送成功"}',
    "code a truth": '{"code":false,"data":"发送成功"}',
    "code null": '{"code":null,"data":"发送成功"}',
    "code a list": '{"code":[0],"data":"发送成功"}',
    "code endless": '{"code":' + "1" * 5_000 + "}",
    "too deep": "[" * 50_000,
    "too long": '{"code":0,"data":"' + "x" * 70_000 + '"}',
    "good, then too long": '{"code":0,"data":"a"}' + " " * 70_000,
}


def faults(accepted: bytes) -> dict[str, Reply]:
    """What may happen to an answer, or be one."""
    body = accepted.partition(b"\r\n\r\n")[2]
    half = body.decode()[: len(body.decode()) // 2]
    return {
        "silence": says_and_waits(b""),
        "cut at once": cuts,
        "closed at once": says_and_cuts(b""),
        "cut in the head": says_and_cuts(accepted[:20]),
        "cut in the body": says_and_cuts(accepted[:-3]),
        "cut without a length": says_and_cuts(b"HTTP/1.1 200 OK\r\n\r\n" + half.encode()),
        "slow in the head": says_and_waits(accepted[:20]),
        "slow in the body": says_and_waits(accepted[:-3]),
        "endless": says_and_waits(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 2_000_000),
        "half of its own": says(http(half)),
        "two of its own": says(http(body + body)),
        "no HTTP": says(b"220 mail.example.com ESMTP\r\n\r\n"),
        "an endless line": says(b"HTTP/1.1 200 OK\r\nx: " + b"x" * 100_000 + b"\r\n\r\n"),
        **{
            status: says(http(body, status, "Location: /sms/send.do"))
            for status in (
                "302 Found",
                "307 Temporary Redirect",
                "204 No Content",
                "400 Bad Request",
            )
        },
        **{
            status: says(http(body, status))
            for status in (
                "500 Internal Server Error",
                "502 Bad Gateway",
                "503 Service Unavailable",
            )
        },
        **{name: says(http(body)) for name, body in UNREADABLE.items()},
    }


@pytest.mark.parametrize("fault", faults(b""))
async def test_whatever_else_may_have_been_a_send_and_is_none_again(
    called: Called, fault: str
) -> None:
    called.platform.reply = faults(called.accepted)[fault]
    provider = called.provider()
    assert isinstance(await outcome_of(provider.send(called.message())), Unconfirmed)
    assert len(called.platform.asked) == 1
    called.platform.reply = says(called.accepted)
    assert isinstance(await outcome_of(provider.send(called.message())), Accepted)
    assert len(called.platform.asked) == 2


async def test_what_stands_before_it_and_refuses_has_sent_nothing(called: Called) -> None:
    called.platform.reply = says(http("<html>", "403 Forbidden"))
    assert isinstance(await outcome_of(called.provider().send(called.message())), Deferred)


async def test_an_answer_may_come_byte_by_byte(called: Called) -> None:
    whole = called.accepted
    called.platform.reply = says(*(whole[at : at + 8] for at in range(0, len(whole), 8)))
    provider = called.provider(timeout_s=5)
    assert isinstance(await outcome_of(provider.send(called.message())), Accepted)


async def test_a_connection_is_kept(called: Called) -> None:
    provider = called.provider()
    for _ in range(3):
        assert isinstance(await outcome_of(provider.send(called.message())), Accepted)
    assert (called.platform.connections, len(called.platform.asked)) == (1, 3)


async def test_a_kept_connection_that_dies_under_a_text_sends_it_no_second_time(
    called: Called,
) -> None:
    provider = called.provider()
    assert isinstance(await outcome_of(provider.send(called.message())), Accepted)
    called.platform.reply = says_and_cuts(b"")
    assert isinstance(await outcome_of(provider.send(called.message())), Unconfirmed)
    assert (called.platform.connections, len(called.platform.asked)) == (1, 2)


async def test_a_kept_connection_that_has_died_is_not_used(called: Called) -> None:
    called.platform.reply = says_and_cuts(called.accepted)
    provider = called.provider()
    assert isinstance(await outcome_of(provider.send(called.message())), Accepted)
    await called.platform.is_left_alone.wait()
    assert isinstance(await outcome_of(provider.send(called.message())), Accepted)
    assert called.platform.connections == 2


async def test_a_text_that_takes_too_long_leaves_no_connection_behind(called: Called) -> None:
    called.platform.reply = says_and_waits(b"")
    provider = called.provider(timeout_s=60)
    sending = asyncio.create_task(provider.send(called.message()))
    await called.platform.has_been_asked.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await asyncio.wait_for(called.platform.is_left_alone.wait(), 5)


async def test_the_end_closes_all_connections(called: Called) -> None:
    provider = called.provider()
    await asyncio.gather(*(provider.send(called.message()) for _ in range(3)))
    assert called.platform.open == 3
    await provider.close()
    await asyncio.wait_for(called.platform.is_left_alone.wait(), 5)


async def test_a_failure_is_logged_by_nobody(called: Called, quiet_log: list[Any]) -> None:
    refusal, code = REFUSING[called.name]
    words = json.dumps(refusal).replace("{words}", f"{SECRET} {NUMBER} {CODE}")
    called.platform.reply = answers(json.loads(words))
    outcome = await outcome_of(called.provider().send(called.message()))
    assert isinstance(outcome, Deferred)
    assert outcome.reason == f"{code} … … …"
    assert outcome.stops
    assert quiet_log == []
