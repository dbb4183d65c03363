"""WeChat as an upstream: what it is sent, its tokens, what its answers come to."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from hongyan.core.identifier import MessageId
from hongyan.core.message import Kind, Message
from hongyan.core.outcome import Accepted, Deferred, Rejected, Unconfirmed
from hongyan.core.time import DAY, MINUTE, SECOND
from hongyan.providers import Wechat
from hongyan.service.collect import Telling
from hongyan.service.parcel import Grouping
from hongyan.service.ports import Asked, Told, Watched
from support.rig import NUMBER, SECRET, TOKEN_PATH, Known, a_message, wechat
from support.upstream import Asked as Came
from support.upstream import Platform, answers, http, says, says_and_cuts, says_and_waits
from support.world import NOON, Moment

Calling = Callable[..., Wechat]
SEND, RECORDS = "/tcb/sendsms", "/tcb/describesmsrecords"
MARKETING = {"marketing": {"5": {"content": "{1}上新", "path": "/a/{2}.html"}}, "templates": {}}


def path_of(asked: Came) -> str:
    return urlsplit(asked.path).path


def token_of(asked: Came) -> str:
    return dict(parse_qsl(urlsplit(asked.path).query))["access_token"]


def statuses(*codes: tuple[str, str]) -> Any:
    found = [
        {"serial_no": "8:1", "phone_number": number, "code": code, "message": "…", "iso_code": ""}
        for number, code in codes
    ]
    return {"errcode": 0, "send_status_list": found}


class WechatHere(Platform):
    """Gives tokens out, and takes every text that brings the newest of them."""

    def __init__(self) -> None:
        super().__init__()
        self.number = 1
        self.expires_in = 7_200
        self.refuses: int = 40001
        """What is said of an old token."""
        self.reply = self._answer

    @property
    def token(self) -> str:
        return f"90_token/{self.number}+="

    def came_to(self, path: str) -> list[Came]:
        return [one for one in self.asked if path_of(one) == path]

    async def _answer(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(http(json.dumps(self._said(self.asked[-1]))))

    def _said(self, asked: Came) -> Any:
        if path_of(asked) == TOKEN_PATH:
            if asked.json.get("force_refresh"):
                self.number += 1
            return {"access_token": self.token, "expires_in": self.expires_in}
        if token_of(asked) != self.token:
            return {"errcode": self.refuses, "errmsg": "invalid credential"}
        if path_of(asked) == SEND:
            return statuses(*((number, "Ok") for number in asked.json["phone_number_list"]))
        return {"SmsRecords": [], "TotalCount": 0, "RequestId": "r"}


@pytest.fixture
async def platform() -> AsyncIterator[WechatHere]:
    one = WechatHere()
    await one.start()
    yield one
    await one.close()


@pytest.fixture
async def calling(platform: Platform) -> AsyncIterator[Calling]:
    made: list[Wechat] = []

    def call(**words: Any) -> Wechat:
        made.append(wechat(platform.url, **words))
        return made[-1]

    yield call
    for one in made:
        await one.close()


def texts(count: int) -> list[Message]:
    one = msgspec.structs.replace(a_message(template=5), kind=Kind.MARKETING, params=("茶", "2"))
    return [
        msgspec.structs.replace(one, id=MessageId(one.id + i), phone=f"+86138{i:08d}")
        for i in range(count)
    ]


# What it is sent.


def test_it_can_all_that_it_says(calling: Calling) -> None:
    one = calling()
    assert isinstance(one, Grouping)
    assert isinstance(one, Asked)
    assert isinstance(one, Watched)
    assert not isinstance(one, Telling)


async def test_a_text_goes_as_notification(platform: WechatHere, calling: Calling) -> None:
    message = a_message(template=5)
    assert await calling().send(message) == Accepted("8:1")
    token, asked = platform.asked
    assert token.json == {
        "grant_type": "client_credential",
        "appid": "wx0123456789abcdef",
        "secret": SECRET,
    }
    assert asked.line.startswith("POST /tcb/sendsms?access_token=")
    assert token_of(asked) == platform.token
    assert asked.headers["content-type"] == "application/json"
    assert asked.json == {
        "env": "online-12345678910",
        "phone_number_list": [f"+86{NUMBER}"],
        "sms_type": "Notification",
        "template_id": "355",
        "template_param_list": list(message.params),
    }


async def test_or_as_marketing_with_content_and_page_made_of_values(
    platform: WechatHere, calling: Calling
) -> None:
    one = calling(use_short_name=True, resource_appid="wx1", **MARKETING)
    outcomes = await one.send_many(texts(3))
    assert outcomes == [Accepted("8:1")] * 3
    [asked] = platform.came_to(SEND)
    # Marketing is what a text is without a word of it.
    assert asked.json == {
        "env": "online-12345678910",
        "phone_number_list": [message.phone for message in texts(3)],
        "content": "茶上新",
        "path": "/a/2.html",
        "use_short_name": True,
        "resource_appid": "wx1",
    }


async def test_a_thousand_go_in_one_call(platform: WechatHere, calling: Calling) -> None:
    messages = texts(1_000)
    outcomes = await calling(timeout_s=5).send_many(messages)
    assert outcomes == [Accepted("8:1")] * 1_000
    assert len(platform.came_to(SEND)) == 1


def test_what_a_call_says_to_all_is_a_group(calling: Calling) -> None:
    [message] = texts(1)
    for one in (calling(), calling(**MARKETING)):
        same = msgspec.structs.replace(message, id=MessageId(1), phone="+8613900139000")
        assert one.group(message) is not None
        assert one.group(same) == one.group(message)
        other = msgspec.structs.replace(message, params=("茶", "3"))
        assert one.group(other) not in (None, one.group(message))
    assert calling().group(a_message()) is None


@pytest.mark.parametrize(
    "message",
    [
        a_message(),
        a_message("+85251234567", template=5),
        msgspec.structs.replace(a_message(template=5), params=("茶",)),
    ],
)
async def test_what_it_cannot_send_is_left_to_others(
    platform: WechatHere, calling: Calling, message: Message
) -> None:
    assert isinstance(await calling(**MARKETING).send(message), Deferred)
    assert platform.asked == []


async def test_each_number_is_known_by_itself(platform: WechatHere, calling: Calling) -> None:
    platform.aside[TOKEN_PATH] = answers({"access_token": "a", "expires_in": 7200})
    messages = texts(4)
    codes = (
        (messages[2].phone, "LimitExceeded.PhoneNumberDailyLimit"),
        (messages[0].phone, "Ok"),
        (messages[1].phone, "FailedOperation.PhoneNumberInBlacklist"),
    )
    platform.reply = answers(statuses(*codes))
    one = calling()
    outcomes = await one.send_many(messages)
    assert [type(one) for one in outcomes] == [Accepted, Rejected, Deferred, Unconfirmed]
    # What is known to be closed is not asked again.
    assert isinstance(await one.send(messages[2]), Deferred)
    assert len(platform.asked) == 1


# Tokens.


async def test_a_token_is_kept_and_asked_for_once_by_all_who_wait(
    platform: WechatHere, calling: Calling
) -> None:
    one = calling()
    outcomes = await asyncio.gather(*(one.send(message) for message in texts(20)))
    assert outcomes == [Accepted("8:1")] * 20
    assert len(platform.came_to(TOKEN_PATH)) == 1
    assert await one.send(texts(1)[0]) == Accepted("8:1")
    assert len(platform.came_to(TOKEN_PATH)) == 1


async def test_it_is_renewed_before_its_end(platform: WechatHere, calling: Calling) -> None:
    clock = Moment()
    one = calling(clock=clock)
    await one.send(texts(1)[0])
    clock.pass_by(115 * MINUTE - 1)
    await one.send(texts(1)[0])
    assert len(platform.came_to(TOKEN_PATH)) == 1
    clock.pass_by(1)
    await one.send(texts(1)[0])
    assert len(platform.came_to(TOKEN_PATH)) == 2


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
async def test_a_token_that_is_refused_is_replaced_and_the_call_made_once_more(
    platform: WechatHere, calling: Calling, errcode: int
) -> None:
    one = calling()
    await one.send(texts(1)[0])
    platform.refuses = errcode
    platform.number += 1  # Somebody else has forced a new one.
    outcomes = await asyncio.gather(*(one.send(message) for message in texts(5)))
    assert outcomes == [Accepted("8:1")] * 5
    assert not any(one.json.get("force_refresh") for one in platform.came_to(TOKEN_PATH))
    assert len(platform.came_to(TOKEN_PATH)) == 2


async def test_one_is_forced_where_the_same_is_given_again(
    platform: WechatHere, calling: Calling
) -> None:
    platform.aside = {}
    one = calling()
    await one.send(texts(1)[0])
    good, platform.number = platform.number, 1

    class Refusing:
        """Says of the first token that it is void, and gives it out until it is forced."""

        async def __call__(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked = platform.asked[-1]
            is_void = path_of(asked) == SEND and platform.number == good
            said = {"errcode": 42001, "errmsg": "access_token expired"}
            writer.write(http(json.dumps(said if is_void else platform._said(asked))))

    platform.reply = Refusing()
    assert await one.send(texts(1)[0]) == Accepted("8:1")
    forced = [bool(one.json.get("force_refresh")) for one in platform.came_to(TOKEN_PATH)]
    assert forced == [False, False, True]
    assert len(platform.came_to(SEND)) == 3


async def test_a_token_that_is_always_refused_stops_it_after_two_calls(
    platform: WechatHere, calling: Calling
) -> None:
    platform.aside[TOKEN_PATH] = answers({"access_token": "bad", "expires_in": 7200})
    outcome = await calling().send(texts(1)[0])
    assert isinstance(outcome, Deferred)
    assert outcome.stops
    assert len(platform.came_to(SEND)) == 2


@pytest.mark.parametrize(
    ("answer", "stops"),
    [
        ({"errcode": 40164, "errmsg": "invalid ip, not in whitelist"}, True),
        ({"errcode": 40125, "errmsg": "invalid appsecret"}, True),
        ({"errcode": 40013, "errmsg": "invalid appid"}, True),
        ({"errcode": 45009, "errmsg": "reach max api daily quota limit"}, True),
        ({"errcode": -1, "errmsg": "system error"}, False),
        ({"errcode": 45011, "errmsg": "slower"}, False),
        ({"expires_in": 7200}, False),
        ([], False),
    ],
)
async def test_without_a_token_nothing_is_sent(
    platform: WechatHere, calling: Calling, answer: Any, stops: bool
) -> None:
    platform.reply = answers(answer)
    one = calling()
    outcome = await one.send(texts(1)[0])
    assert isinstance(outcome, Deferred)
    assert outcome.stops is stops
    assert platform.came_to(SEND) == []


@pytest.mark.parametrize(
    "reply",
    [says_and_waits(b""), says_and_cuts(b""), says(http("<html>", "502 Bad Gateway"))],
    ids=["silence", "cut", "502"],
)
async def test_a_token_that_does_not_come_is_no_doubt(
    platform: WechatHere, calling: Calling, reply: Any
) -> None:
    well, platform.reply = platform.reply, reply
    one = calling()
    outcomes = await one.send_many(texts(3))
    assert [type(each) for each in outcomes] == [Deferred] * 3
    platform.reply = well
    assert await one.send(texts(1)[0]) == Accepted("8:1")


async def test_who_gives_up_waiting_for_a_token_does_not_take_it_from_others(
    platform: WechatHere, calling: Calling
) -> None:
    gate, well = asyncio.Event(), platform.reply

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        await well(reader, writer)

    platform.reply = slow
    one = calling(timeout_s=5)
    first, second = (asyncio.create_task(one.send(message)) for message in texts(2))
    await platform.has_been_asked.wait()
    first.cancel()
    assert isinstance(await first, Deferred)
    gate.set()
    assert await second == Accepted("8:1")
    assert len(platform.came_to(TOKEN_PATH)) == 1


async def test_no_token_or_secret_is_told(platform: WechatHere, calling: Calling) -> None:
    one = calling()
    await one.send(texts(1)[0])
    for told in (one, vars(one)):
        assert SECRET not in repr(told)
        assert platform.token not in repr(told)


# What became of texts.


async def test_it_is_asked_for_the_records_of_the_day(
    platform: WechatHere, calling: Calling
) -> None:
    known, message = Known(), a_message(template=5)
    known.add(message, "8:1")
    assert await calling(known=known).ask(message.id) == Told(unknown=True)
    [asked] = platform.came_to(RECORDS)
    assert asked.json == {
        "PostData": {
            "EnvId": "online-12345678910",
            "StartDate": "2026-11-21",
            "EndDate": "2026-11-21",
            "PageNumber": 1,
            "PageSize": 100,
            "Mobile": f"+86{NUMBER}",
        }
    }


async def test_a_text_near_midnight_may_be_of_either_day(
    platform: WechatHere, calling: Calling
) -> None:
    known, message = Known(), a_message(template=5)
    known.add(message, "8:1", NOON + DAY // 2 + SECOND)
    await calling(known=known, clock=Moment(NOON + DAY)).ask(message.id)
    [asked] = platform.came_to(RECORDS)
    days = asked.json["PostData"]["StartDate"], asked.json["PostData"]["EndDate"]
    assert days == ("2026-11-21", "2026-11-22")


async def test_nobody_is_asked_about_what_is_too_old_or_not_known(
    platform: WechatHere, calling: Calling
) -> None:
    known, clock, message = Known(), Moment(), a_message(template=5)
    known.add(message, "8:1")
    one = calling(known=known, clock=clock)
    assert await one.ask(MessageId(5)) == Told()
    clock.pass_by(60 * DAY + 1)
    assert await one.ask(message.id) == Told()
    assert platform.asked == []


async def test_that_it_lets_us_in_is_seen(platform: WechatHere, calling: Calling) -> None:
    one = calling()
    assert await one.balance() is None
    platform.aside[TOKEN_PATH] = answers({"errcode": 40164, "errmsg": "invalid ip"})
    other = calling()
    found = await other.balance()
    assert isinstance(found, Deferred)
    assert found.stops
