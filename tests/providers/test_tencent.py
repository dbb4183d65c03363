"""Tencent as an upstream: what it is sent and how it is signed, what its answers come to, its clock."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from email.utils import formatdate
from typing import Any

import msgspec
import pytest

from hongyan.core.identifier import MessageId, written
from hongyan.core.message import Kind, Message, Status
from hongyan.core.outcome import Accepted, Deferred, Rejected, Unconfirmed
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND
from hongyan.providers import Tencent
from hongyan.service.collect import Result, Telling
from hongyan.service.handing import Handed
from hongyan.service.parcel import Grouping
from hongyan.service.ports import Asked, Told, Watched
from hongyan.wire.http import Request
from hongyan.wire.tencent.call import read
from support.rig import NUMBER, SECRET, Known, a_message, tencent
from support.upstream import Asked as Came
from support.upstream import Platform, answers, http, says, says_and_waits
from support.world import NOON, Moment

Calling = Callable[..., Tencent]
WORDS = "【鸿雁】您的订单已发货，请注意查收。"


def refusal(code: str, message: str = "…") -> Any:
    return {"Response": {"Error": {"Code": code, "Message": message}, "RequestId": "r"}}


def statuses(*codes: tuple[str, str]) -> Any:
    """(number, code)."""
    found = [
        {
            "SerialNo": f"2019:{number[-4:]}" if code == "Ok" else "",
            "PhoneNumber": number,
            "Fee": 1,
            "SessionContext": "",
            "Code": code,
            "Message": "…",
            "IsoCode": "CN",
        }
        for number, code in codes
    ]
    return {"Response": {"SendStatusSet": found, "RequestId": "r"}}


def takes_all(asked: Came) -> Any:
    return statuses(*((number, "Ok") for number in asked.json["PhoneNumberSet"]))


def notices(count: int) -> list[Message]:
    one = a_message(template=5)
    return [
        msgspec.structs.replace(
            one,
            id=MessageId(one.id + i),
            phone=f"+86138{i:08d}",
            kind=Kind.NOTICE,
            text=WORDS,
            params=("订单",),
        )
        for i in range(count)
    ]


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    one = await Platform().start()

    async def reply(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(http(json.dumps(takes_all(one.asked[-1]))))

    one.reply = reply
    yield one
    await one.close()


@pytest.fixture
async def calling(platform: Platform) -> AsyncIterator[Calling]:
    made: list[Tencent] = []

    def call(url: str = "", **words: Any) -> Tencent:
        made.append(tencent(url or platform.url, **words))
        return made[-1]

    yield call
    for one in made:
        await one.close()


def signed_well(asked: Came, now_s: int, path: str = "/") -> None:
    """Raises what our own served protocol would answer."""
    headers = {name.encode(): value.encode() for name, value in asked.headers.items()}
    call = read(
        Request(
            method="POST", path=path, query=b"", headers=headers, body=asked.body, peer="127.0.0.1"
        )
    )
    call.claim.require(
        Request(
            method="POST", path=path, query=b"", headers=headers, body=asked.body, peer="127.0.0.1"
        ),
        SECRET,
        now_s,
    )


# What it is sent.


def test_it_can_all_that_it_says(calling: Calling) -> None:
    one = calling()
    assert isinstance(one, Grouping)
    assert isinstance(one, Asked)
    assert isinstance(one, Watched)
    assert isinstance(one, Telling)


async def test_a_text_goes_by_its_template_and_is_signed(
    platform: Platform, calling: Calling
) -> None:
    message = a_message(template=5)
    assert await calling().send(message) == Accepted("2019:8000")
    [asked] = platform.asked
    assert asked.line == "POST / HTTP/1.1"
    assert asked.headers["host"] == f"127.0.0.1:{platform.port}"
    assert asked.headers["content-type"] == "application/json"
    named = {name: value for name, value in asked.headers.items() if name.startswith("x-tc-")}
    assert named == {
        "x-tc-action": "SendSms",
        "x-tc-version": "2021-01-11",
        "x-tc-region": "ap-guangzhou",
        "x-tc-language": "en-US",
        "x-tc-timestamp": str(NOON // SECOND),
    }
    assert asked.json == {
        "PhoneNumberSet": [f"+86{NUMBER}"],
        "SmsSdkAppId": "1400006666",
        "TemplateId": "355",
        "SignName": "鸿雁",
        "TemplateParamSet": list(message.params),
        "SessionContext": written(message.id),
    }
    signed_well(asked, NOON // SECOND)


async def test_an_address_may_have_a_path(platform: Platform, calling: Calling) -> None:
    await calling(platform.url + "/tencent").send(a_message(template=5))
    [asked] = platform.asked
    assert asked.path == "/tencent/"
    signed_well(asked, NOON // SECOND, "/tencent/")


async def test_a_text_without_values_brings_none(platform: Platform, calling: Calling) -> None:
    message = msgspec.structs.replace(a_message(template=5), params=())
    await calling(sign_name="另名", region="").send(message)
    [asked] = platform.asked
    assert "TemplateParamSet" not in asked.json
    assert asked.json["SignName"] == "另名"
    assert "x-tc-region" not in asked.headers


async def test_those_abroad_have_templates_of_their_own(
    platform: Platform, calling: Calling
) -> None:
    one = calling(international={"5": "900"})
    home, abroad = a_message(template=5), a_message("+85251234567", template=5)
    assert one.group(home) != one.group(abroad)
    assert isinstance(await one.send(abroad), Accepted)
    assert platform.asked[0].json["TemplateId"] == "900"


@pytest.mark.parametrize(
    "message",
    [
        a_message(),
        a_message(template=6),
        a_message("+85251234567", template=5),
        msgspec.structs.replace(a_message(template=5), text="Your code is 123456."),
    ],
)
async def test_what_it_cannot_send_is_left_to_others(
    platform: Platform, calling: Calling, message: Message
) -> None:
    assert isinstance(await calling().send(message), Deferred)
    assert platform.asked == []


# Many numbers.


def test_texts_of_one_template_values_and_signature_are_a_group(calling: Calling) -> None:
    one, message = calling(templates={"5": 355, "6": 355, "7": 1}), a_message(template=5)
    same = msgspec.structs.replace(message, id=MessageId(1), phone="+8613800138001")
    assert one.group(message) is not None
    assert one.group(same) == one.group(message)
    assert one.group(msgspec.structs.replace(message, template=6)) == one.group(message)
    for other in (
        msgspec.structs.replace(message, params=("1", "2")),
        msgspec.structs.replace(message, template=7),
        msgspec.structs.replace(message, text="【别家】您的验证码为：384592。"),
    ):
        assert one.group(other) not in (None, one.group(message))
    assert one.group(a_message(template=9)) is None


async def test_two_hundred_go_in_one_call(platform: Platform, calling: Calling) -> None:
    messages = notices(200)
    outcomes = await calling(timeout_s=5).send_many(messages)
    assert outcomes == [Accepted(f"2019:{one.phone[-4:]}") for one in messages]
    [asked] = platform.asked
    assert asked.json["PhoneNumberSet"] == [one.phone for one in messages]
    assert "SessionContext" not in asked.json


async def test_each_number_is_known_by_itself_in_whatever_order(
    platform: Platform, calling: Calling
) -> None:
    messages = notices(6)
    codes = [
        (messages[3].phone, "FailedOperation.PhoneNumberInBlacklist"),
        (messages[2].phone.removeprefix("+86"), "Ok"),
        (messages[4].phone, "LimitExceeded.PhoneNumberThirtySecondLimit"),
        (messages[0].phone.removeprefix("+"), "Ok"),
        ("+8613900000000", "Ok"),
        (messages[5].phone, "Ok"),
        (messages[5].phone, "FailedOperation.ContainSensitiveWord"),
    ]
    platform.reply = answers(statuses(*codes))
    outcomes = await calling().send_many(messages)
    kinds = [Accepted, Unconfirmed, Accepted, Rejected, Deferred, Unconfirmed]
    assert [type(one) for one in outcomes] == kinds


async def test_a_refused_call_is_every_numbers(platform: Platform, calling: Calling) -> None:
    platform.reply = answers(refusal("UnauthorizedOperation.ServiceSuspendDueToArrears"))
    outcomes = await calling().send_many(notices(3))
    assert (
        outcomes == [Deferred("UnauthorizedOperation.ServiceSuspendDueToArrears …", stops=True)] * 3
    )


async def test_a_lost_answer_is_every_numbers_doubt(platform: Platform, calling: Calling) -> None:
    platform.reply = says_and_waits(b"")
    outcomes = await calling().send_many(notices(3))
    assert [type(one) for one in outcomes] == [Unconfirmed] * 3
    assert len(platform.asked) == 1


async def test_the_same_number_goes_once_in_a_call(platform: Platform, calling: Calling) -> None:
    first, second = notices(2)
    twin = msgspec.structs.replace(second, phone=first.phone)
    outcomes = await calling().send_many([first, twin])
    assert isinstance(outcomes[0], Accepted)
    assert isinstance(outcomes[1], Deferred)
    assert platform.asked[0].json["PhoneNumberSet"] == [first.phone]


# Limits.


def limited(code: str, number: str = f"+86{NUMBER}") -> Any:
    return answers(statuses((number, f"LimitExceeded.{code}")))


async def test_a_window_that_is_known_to_be_closed_is_not_asked_again(
    platform: Platform, calling: Calling
) -> None:
    clock, message = Moment(), a_message(template=5)
    one = calling(clock=clock)
    assert isinstance(await one.send(message), Accepted)
    clock.pass_by(10 * SECOND)
    taking, platform.reply = platform.reply, limited("PhoneNumberThirtySecondLimit")
    refused = await one.send(message)
    assert isinstance(refused, Deferred)
    assert refused.retry_after == 20 * SECOND
    clock.pass_by(15 * SECOND)
    again = await one.send(message)
    assert again == Deferred("LimitExceeded.PhoneNumberThirtySecondLimit, as before.", 5 * SECOND)
    assert len(platform.asked) == 2
    # Another text to the same number is another matter.
    platform.reply = taking
    other = msgspec.structs.replace(message, params=("1", "2"))
    assert isinstance(await one.send(other), Accepted)
    clock.pass_by(5 * SECOND)
    assert isinstance(await one.send(message), Accepted)


async def test_an_hours_window_opens_when_the_first_of_its_texts_is_an_hour_old(
    platform: Platform, calling: Calling
) -> None:
    clock, message = Moment(), a_message(template=5)
    one = calling(clock=clock)
    for _ in range(3):
        assert isinstance(await one.send(message), Accepted)
        clock.pass_by(10 * MINUTE)
    platform.reply = limited("PhoneNumberOneHourLimit")
    refused = await one.send(message)
    assert isinstance(refused, Deferred)
    assert refused.retry_after == 30 * MINUTE
    clock.pass_by(30 * MINUTE - 1)
    await one.send(message)
    assert len(platform.asked) == 4
    clock.pass_by(1)
    await one.send(message)
    assert len(platform.asked) == 5


async def test_where_our_own_texts_do_not_tell_it_is_asked_again_soon(
    platform: Platform, calling: Calling
) -> None:
    clock, message = Moment(), a_message(template=5)
    one = calling(clock=clock)
    platform.reply = limited("PhoneNumberOneHourLimit")
    refused = await one.send(message)
    assert isinstance(refused, Deferred)
    assert refused.retry_after == HOUR
    clock.pass_by(5 * MINUTE)
    await one.send(message)
    assert len(platform.asked) == 2


@pytest.mark.parametrize(
    ("code", "mirrored", "others"),
    [
        ("PhoneNumberDailyLimit", 12 * HOUR, 2),
        ("PhoneNumberSameContentDailyLimit", 12 * HOUR, 2),
        # What an app may send a day may be raised at any time.
        ("AppDailyLimit", 5 * MINUTE, 1),
        ("AppMainlandChinaDailyLimit", 5 * MINUTE, 1),
        ("AppGlobalDailyLimit", 0, 2),
    ],
)
async def test_a_days_window_opens_at_midnight(
    platform: Platform, calling: Calling, code: str, mirrored: int, others: int
) -> None:
    clock, message = Moment(), a_message(template=5)
    one = calling(clock=clock)
    platform.reply = limited(code)
    refused = await one.send(message)
    assert isinstance(refused, Deferred)
    assert refused.retry_after == 12 * HOUR
    await one.send(a_message("+8613900139000", template=5))
    assert len(platform.asked) == others
    if mirrored:
        clock.pass_by(mirrored - 1)
        await one.send(message)
        assert len(platform.asked) == others
        clock.pass_by(1)
        await one.send(message)
        assert len(platform.asked) == others + 1


# Clocks.


async def test_a_clock_that_is_wrong_is_set_by_theirs_once(
    platform: Platform, calling: Calling
) -> None:
    theirs = (NOON + 2 * HOUR) // SECOND
    date = f"Date: {formatdate(theirs, usegmt=True)}"
    expired = json.dumps(refusal("AuthFailure.SignatureExpire"))

    async def reply(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = platform.asked[-1]
        is_good = asked.headers["x-tc-timestamp"] == str(theirs)
        writer.write(http(json.dumps(takes_all(asked)) if is_good else expired, "200 OK", date))

    platform.reply = reply
    one = calling()
    assert isinstance(await one.send(a_message(template=5)), Accepted)
    assert len(platform.asked) == 2
    signed_well(platform.asked[1], theirs)
    assert isinstance(await one.send(a_message(template=5)), Accepted)
    assert len(platform.asked) == 3


@pytest.mark.parametrize("date", ["", "Date: yesterday", f"Date: {formatdate(0, usegmt=True)}"])
async def test_where_theirs_does_not_help_it_stops(
    platform: Platform, calling: Calling, date: str
) -> None:
    expired = json.dumps(refusal("AuthFailure.SignatureExpire"))
    platform.reply = says(http(expired, "200 OK", *([date] if date else [])))
    outcome = await calling().send(a_message(template=5))
    assert isinstance(outcome, Deferred)
    assert outcome.stops
    assert len(platform.asked) == (2 if "1970" in date else 1)


async def test_an_answer_that_is_lost_the_second_time_is_a_doubt(
    platform: Platform, calling: Calling
) -> None:
    date = f"Date: {formatdate(NOON // SECOND, usegmt=True)}"
    expired = http(json.dumps(refusal("AuthFailure.SignatureExpire")), "200 OK", date)

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(platform.asked) == 1:
            writer.write(expired)
        else:
            await reader.read()

    platform.reply = reply
    assert isinstance(await calling().send(a_message(template=5)), Unconfirmed)


# What became of texts.


def record(serial: str, at: int, status: int = 2, content: str = "") -> dict[str, Any]:
    return {
        "PhoneNumber": f"+86{NUMBER}",
        "SerialNo": serial,
        "SendStatus": status,
        "StatusCode": "DELIVRD",
        "Content": content,
        "SendTime": at // SECOND,
    }


def records(*found: dict[str, Any]) -> Any:
    return answers({"Response": {"SendRecordSet": found, "TotalCount": len(found)}})


async def test_it_is_asked_for_the_records_around_a_text(
    platform: Platform, calling: Calling
) -> None:
    known, message, clock = Known(), a_message(template=5), Moment()
    known.add(message, "2019:1")
    platform.reply = records(record("2019:1", NOON))
    one = calling(known=known, clock=clock)
    assert await one.ask(message.id) == Told(Status.DELIVERED, code="DELIVRD")
    clock.pass_by(DAY)
    await one.ask(message.id)
    first, second = platform.asked
    assert first.headers["x-tc-action"] == "DescribeSendRecordList"
    assert first.json == {
        "PhoneNumber": f"+86{NUMBER}",
        "SmsSdkAppId": "1400006666",
        "BeginTime": (NOON - 6 * MINUTE) // SECOND,
        "Limit": 50,
        "Offset": 0,
    }
    assert second.json == first.json | {"EndTime": (NOON + 6 * MINUTE) // SECOND}


async def test_a_doubt_is_none_of_the_texts_whose_names_are_known(
    platform: Platform, calling: Calling
) -> None:
    known, doubt, other = Known(), a_message(template=5), a_message(template=5)
    other = msgspec.structs.replace(other, id=MessageId(9))
    known.add(other, "2019:1")
    known.add(doubt)
    one = calling(known=known)
    platform.reply = records(record("2019:1", NOON))
    assert await one.ask(doubt.id) == Told(unknown=True)
    platform.reply = records(record("2019:1", NOON), record("2019:2", NOON + 9 * SECOND, 3))
    assert (await one.ask(doubt.id)).status is Status.SUBMITTED


async def test_nobody_is_asked_about_what_is_too_old_or_not_known(
    platform: Platform, calling: Calling
) -> None:
    known, clock, message = Known(), Moment(), a_message(template=5)
    known.add(message, "2019:1")
    one = calling(known=known, clock=clock)
    assert await one.ask(MessageId(5)) == Told()
    clock.pass_by(72 * HOUR)
    assert await one.ask(message.id) == Told()
    assert platform.asked == []


@pytest.mark.parametrize(
    ("named", "context", "status", "told"),
    [
        ("2019:1", "", "SUCCESS", Told(Status.DELIVERED, code="DELIVRD")),
        ("2019:1", "", "FAIL", Told(Status.UNDELIVERED, code="DELIVRD")),
        ("2019:1", "", "", Told()),
        ("2019:2", "", "SUCCESS", Told()),
        ("", written(a_message().id), "SUCCESS", Told(Status.DELIVERED, code="DELIVRD")),
        ("", "", "SUCCESS", Told()),
    ],
)
async def test_where_records_are_closed_reports_are_asked_for(
    platform: Platform, calling: Calling, named: str, context: str, status: str, told: Told
) -> None:
    known, message = Known(), a_message(template=5)
    known.add(message, named)
    report = {
        "SerialNo": "2019:1",
        "ReportStatus": status,
        "Description": "DELIVRD",
        "SessionContext": context,
    }

    async def reply(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_first = platform.asked[-1].headers["x-tc-action"] == "DescribeSendRecordList"
        reports = {"Response": {"PullSmsSendStatusSet": [report]}}
        writer.write(http(json.dumps(refusal("InvalidAction") if is_first else reports)))

    platform.reply = reply
    assert await calling(known=known).ask(message.id) == told
    assert platform.asked[1].headers["x-tc-action"] == "PullSmsSendStatusByPhoneNumber"


async def test_reports_are_pulled(platform: Platform, calling: Calling) -> None:
    reports = [
        {"SerialNo": "2019:1", "PhoneNumber": f"+86{NUMBER}", "ReportStatus": "SUCCESS",
         "Description": "DELIVRD", "SessionContext": "ours"},
        {"SerialNo": "2019:2", "PhoneNumber": f"+86{NUMBER}", "ReportStatus": "FAIL",
         "Description": "MK:0001"},
        {"SerialNo": "2019:3", "PhoneNumber": f"+86{NUMBER}", "ReportStatus": ""},
    ]  # fmt: skip
    platform.reply = answers({"Response": {"PullSmsSendStatusSet": reports}})
    one = calling(pull_every_s=2)
    assert one.pull_every == 2 * SECOND
    assert await one.pull() == [
        Result("2019:1", f"+86{NUMBER}", Status.DELIVERED, "DELIVRD", "ours"),
        Result("2019:2", f"+86{NUMBER}", Status.UNDELIVERED, "MK:0001"),
    ]
    platform.reply = answers(refusal("RequestLimitExceeded"))
    assert await one.pull() is None


async def test_a_code_that_was_filled_in_is_told_of(platform: Platform, calling: Calling) -> None:
    known, message = Known(), a_message(template=5)
    one = calling(known=known)
    await one.converted(message.id, NOON)
    known.add(message)
    await one.converted(message.id, NOON)
    assert platform.asked == []
    known.add(message, "2019:1")
    platform.reply = answers({"Response": {"ReportConversionStatus": {"Code": "OK"}}})
    await one.converted(message.id, NOON + SECOND)
    [asked] = platform.asked
    assert asked.headers["x-tc-action"] == "ReportConversion"
    assert asked.json == {
        "SmsSdkAppId": "1400006666",
        "SerialNo": "2019:1",
        "ConversionTime": NOON // SECOND + 1,
    }


def test_nothing_of_a_number_stands_in_memory_for_limits(calling: Calling) -> None:
    one, message = calling(), a_message(template=5)
    found: Any = vars(one)["_numbers"]
    mirror = vars(found)["_mirror"]
    text = found._counted(message)
    mirror.sent(text, NOON)
    mirror.refused("LimitExceeded.PhoneNumberDailyLimit", text, NOON)
    assert not re.search(NUMBER, repr(vars(mirror)))


def test_what_is_known_of_a_text_tells_nothing_in_its_repr() -> None:
    handed = Handed(MessageId(1), f"+86{NUMBER}", WORDS, "2019:1", NOON)
    assert NUMBER not in repr([handed, Result("2019:1", NUMBER, Status.DELIVERED)])
