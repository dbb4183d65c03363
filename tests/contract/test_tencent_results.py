"""Every store × what Tencent's callers are told of results, replies, records and statistics."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from hongyan.core.country import Scope
from hongyan.core.identifier import MessageId
from hongyan.core.message import Kind, Status
from hongyan.core.outcome import Accepted, Rejected
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND, Millis, beijing
from hongyan.service.directory import Review, TencentProfile
from hongyan.service.hear import Hearing
from hongyan.service.ports import Receipt
from hongyan.wire.tencent.push import message_of, serial_no
from support.tencent_house import APP, NAME, House, opened
from support.world import Furnish

PHONE = "+8613800138000"
OTHER = "+8613800138001"


@pytest.fixture
async def house(furnish: Furnish) -> House:
    return await opened(furnish)


async def sent(house: House, *numbers: str, **changes: Any) -> list[MessageId]:
    response = await house.ask(house.sending(PhoneNumberSet=list(numbers or (PHONE,)), **changes))
    found = [message_of(one["SerialNo"]) for one in response["SendStatusSet"]]
    assert None not in found, response
    return [one for one in found if one is not None]


async def ended(
    house: House, *messages: MessageId, status: Status = Status.DELIVERED, code: str = "DELIVRD"
) -> None:
    """What waits is handed over, and the network says of these what became of them."""
    for one in await house.world.begun():
        await house.world.settle(one, Accepted(f"up {one.message.id}"))
    now = house.world.clock()
    await house.world.store.receive([Receipt(one, status, now, code) for one in messages])


async def asked(house: House, action: str, **parameters: Any) -> dict[str, Any]:
    response = await house.ask(house.signed(action, **{"SmsSdkAppId": APP} | parameters))
    assert "Error" not in response, response
    return response


async def pulled(house: House, limit: int = 100) -> list[dict[str, Any]]:
    found = await asked(house, "PullSmsSendStatus", Limit=limit)
    results: list[dict[str, Any]] = found["PullSmsSendStatusSet"]
    return results


def of_number(house: House, phone: str = PHONE, **more: Any) -> dict[str, Any]:
    begin = house.world.clock() // SECOND - 3_600
    return {"PhoneNumber": phone, "BeginTime": begin, "Offset": 0, "Limit": 10} | more


def hour(house: House, later: int = 0) -> str:
    """`yyyymmddhh` in Beijing."""
    written = beijing(house.world.clock() + later * HOUR)
    return written[:13].replace("-", "").replace(" ", "")


async def statistics(house: House, action: str, begin: str = "", end: str = "") -> dict[str, Any]:
    here = hour(house)
    found = await asked(
        house, action, BeginTime=begin or here, EndTime=end or here, Limit=0, Offset=0
    )
    counted: dict[str, Any] = found[action]
    return counted


# Results.


async def test_each_result_is_pulled_once(house: House) -> None:
    (delivered,) = await sent(house, SessionContext="mine")
    (failed,) = await sent(house, OTHER)
    assert await pulled(house) == []
    await ended(house, delivered)
    await ended(house, failed, status=Status.UNDELIVERED, code="MK:0001")
    first, second = await pulled(house)
    assert first == {
        "UserReceiveTime": house.world.clock() // SECOND,
        "CountryCode": "86",
        "SubscriberNumber": "13800138000",
        "PhoneNumber": PHONE,
        "SerialNo": f"2019:{delivered:019d}",
        "ReportStatus": "SUCCESS",
        "Description": "DELIVRD",
        "SessionContext": "mine",
    }
    assert (second["ReportStatus"], second["Description"]) == ("FAIL", "MK:0001")
    assert await pulled(house) == []


async def test_no_two_who_pull_at_once_get_the_same(house: House) -> None:
    numbers = [f"+861390000{number:04d}" for number in range(60)]
    messages = await sent(house, *numbers)
    await ended(house, *messages)
    found = await asyncio.gather(*[pulled(house, 20) for _ in range(5)])
    serials = [one["SerialNo"] for results in found for one in results]
    assert len(serials) == len(set(serials)) == 60


async def test_what_was_lost_on_its_way_is_found_again_by_number(house: House) -> None:
    (message,) = await sent(house)
    await ended(house, message)
    lost = await pulled(house)
    found = await asked(house, "PullSmsSendStatusByPhoneNumber", **of_number(house))
    assert found["PullSmsSendStatusSet"] == lost
    again = await asked(house, "PullSmsSendStatusByPhoneNumber", **of_number(house))
    assert again["PullSmsSendStatusSet"] == lost
    others = await asked(house, "PullSmsSendStatusByPhoneNumber", **of_number(house, OTHER))
    assert others["PullSmsSendStatusSet"] == []


async def test_what_nobody_took_is_a_failure_without_a_carriers_word(house: House) -> None:
    await sent(house)
    (one,) = await house.world.begun()
    await house.world.settle(one, Rejected("code", "no such number"))
    (result,) = await pulled(house)
    assert (result["ReportStatus"], result["Description"]) == ("FAIL", "UNKNOWN")


async def test_an_app_may_be_closed_to_pulls(house: House) -> None:
    desk = house.world.administering
    app = desk.directory().apps[NAME]
    desk.change_app(msgspec.structs.replace(app, tencent=TencentProfile(pulls=False)))
    await house.world.store.refresh()
    for action in ("PullSmsSendStatus", "PullSmsReplyStatus"):
        response = await house.ask(house.signed(action, SmsSdkAppId=APP, Limit=1))
        code = "UnauthorizedOperation.RequestPermissionDeny"
        assert response["Error"]["Code"] == code


# Records.


async def test_records_are_masked_newest_first_and_paged(house: House) -> None:
    messages = []
    for _ in range(3):
        messages += await sent(house)
        house.world.clock.pass_by(SECOND)
    await ended(house, messages[0])
    found = await asked(house, "DescribeSendRecordList", **of_number(house, Limit=2))
    assert found["TotalCount"] == 3
    serials = [one["SerialNo"] for one in found["SendRecordSet"]]
    assert serials == [f"2019:{one:019d}" for one in reversed(messages[1:])]
    last = await asked(house, "DescribeSendRecordList", **of_number(house, Offset=2))
    (record,) = last["SendRecordSet"]
    assert record == {
        "PhoneNumber": PHONE,
        "SerialNo": f"2019:{messages[0]:019d}",
        "SendStatus": 2,
        "RequestCode": "Ok",
        "StatusCode": "DELIVRD",
        "IsoCode": "CN",
        "Content": "【AA生活服务】您的验证码为：*，请于*分钟内填写。",
        "SendTime": house.world.clock() // SECOND - 3,
        "UserReceiveTime": house.world.clock() // SECOND,
    }
    assert found["SendRecordSet"][0]["SendStatus"] == 3
    assert found["SendRecordSet"][0]["StatusCode"] == ""
    bad = await house.ask(
        house.signed("DescribeSendRecordList", SmsSdkAppId=APP, **of_number(house, "12"))
    )
    assert bad["Error"]["Code"] == "InvalidParameterValue.IncorrectPhoneNumber"


async def test_a_text_that_nobody_took_was_not_submitted(house: House) -> None:
    await sent(house)
    (one,) = await house.world.begun()
    await house.world.settle(one, Rejected("code", "no such number"))
    found = await asked(house, "DescribeSendRecordList", **of_number(house))
    (record,) = found["SendRecordSet"]
    assert (record["SendStatus"], record["StatusCode"]) == (1, "")
    assert record["RequestCode"] == "InternalError.SendAndRecvFail"


# Replies.


async def replied(house: House, text: str, phone: str = PHONE) -> None:
    world = house.world
    await Hearing(world.store, world.sealer, world.clock).hear(phone, text)


async def test_each_reply_is_pulled_once_and_found_again(house: House) -> None:
    await sent(house)
    await replied(house, "收到")
    found = await asked(house, "PullSmsReplyStatus", Limit=10)
    (reply,) = found["PullSmsReplyStatusSet"]
    assert reply == {
        "ExtendCode": "",
        "CountryCode": "86",
        "PhoneNumber": PHONE,
        "SignName": "AA生活服务",
        "ReplyContent": "收到",
        "ReplyTime": house.world.clock() // SECOND,
        "SubscriberNumber": "13800138000",
    }
    again = await asked(house, "PullSmsReplyStatus", Limit=10)
    assert again["PullSmsReplyStatusSet"] == []
    by_number = await asked(house, "PullSmsReplyStatusByPhoneNumber", **of_number(house))
    assert by_number["PullSmsReplyStatusSet"] == [reply]


@pytest.mark.parametrize("word", ["R", " td！", "退订", "回T"])
async def test_whoever_opts_out_gets_no_more_marketing_and_all_their_codes(
    house: House, word: str
) -> None:
    template = await marketing(house)
    asks: dict[str, Any] = {"TemplateId": template, "TemplateParamSet": ["周五"]}
    await sent(house, **asks)
    await replied(house, word)
    left = await house.balance()
    house.world.clock.pass_by(SECOND)
    response = await house.ask(house.sending(**asks))
    (status,) = response["SendStatusSet"]
    assert status["Code"] == "FailedOperation.PhoneNumberInBlacklist"
    assert await house.balance() == left
    await sent(house)
    await sent(house, OTHER, **asks)


async def marketing(house: House) -> str:
    desk = house.world.administering
    body = "{1}全场八折，欢迎光临，拒收请回复R"
    made = desk.add_template(house.world.account, "sale", Kind.MARKETING, "", body, Scope.MAINLAND)
    desk.review_template(made, Review.APPROVED, "")
    await house.world.store.refresh()
    return str(made)


# Statistics.


async def test_statistics_add_up_to_the_ledger(house: House) -> None:
    before = await house.balance()
    await sent(house, PHONE, OTHER)
    response = await house.ask(house.sending(PhoneNumberSet=[PHONE, "12", "x"]))
    assert response["SendStatusSet"][0]["Code"] == "Ok"
    refused = await house.ask(house.sending(TemplateId="99"))
    assert refused["SendStatusSet"][0]["Code"] != "Ok"
    counted = await statistics(house, "SendStatusStatistics")
    assert counted == {"FeeCount": 3, "RequestCount": 6, "RequestSuccessCount": 3}
    assert before - await house.balance() == counted["FeeCount"]


async def test_statistics_are_of_whole_hours_both_ends_within(house: House) -> None:
    await sent(house)
    house.world.clock.pass_by(HOUR)
    await sent(house)
    both = await statistics(house, "SendStatusStatistics", hour(house, -1), hour(house))
    assert both["RequestCount"] == 2
    assert (await statistics(house, "SendStatusStatistics"))["RequestCount"] == 1
    later = await statistics(house, "SendStatusStatistics", hour(house, 1), hour(house, 2))
    assert later["RequestCount"] == 0


async def test_a_repetition_counts_once(house: House) -> None:
    request = house.sending()
    for _ in range(3):
        await house.ask(request)
    assert (await statistics(house, "SendStatusStatistics"))["RequestCount"] == 1


async def test_what_the_network_said_is_counted_by_its_meaning(house: House) -> None:
    said: Sequence[str] = ("MK:0001", "EXPIRED", "MX:0003", "BWLIST", "NOROUTE", "new")
    numbers = [f"+861390000{number:04d}" for number in range(len(said) + 2)]
    messages = await sent(house, *numbers)
    await ended(house, messages[0])
    for message, code in zip(messages[1:], said, strict=False):
        await ended(house, message, status=Status.UNDELIVERED, code=code)
    assert await statistics(house, "CallbackStatusStatistics") == {
        "CallbackCount": 7,
        "RequestSuccessCount": 8,
        "CallbackFailCount": 6,
        "CallbackSuccessCount": 1,
        "InternalErrorCount": 1,
        "InvalidNumberCount": 1,
        "ShutdownErrorCount": 1,
        "BlackListCount": 1,
        "FrequencyLimitCount": 1,
    }


@pytest.mark.parametrize(
    "action", ["PullSmsSendStatusByPhoneNumber", "PullSmsReplyStatusByPhoneNumber"]
)
async def test_any_end_that_can_be_written_may_be_asked_for(house: House, action: str) -> None:
    found = await asked(house, action, **of_number(house, EndTime=2**63 - 1))
    assert [] in found.values()


async def test_no_text_has_a_number_beyond_all_ids(house: House) -> None:
    found = await asked(house, "ReportConversion", SerialNo="2019:" + "9" * 19, ConversionTime=1)
    status = found["ReportConversionStatus"]
    assert status["Code"] == "InvalidParameter.InvalidParameters"


def conversion(house: House, message: MessageId, later_s: int = 0) -> dict[str, Any]:
    at = house.world.clock() // SECOND + later_s
    return {"SerialNo": serial_no(message), "ConversionTime": at}


async def converted(house: House, message: MessageId) -> Millis:
    app = house.world.administering.directory().apps[NAME]
    record = await house.world.store.message(app.id, message)
    assert record is not None
    return record.converted_at


async def test_a_conversion_is_kept_once_as_it_was_told_first(house: House) -> None:
    world = house.world
    message, other = await sent(house, PHONE, "+8613800138001")
    world.clock.pass_by(10 * MINUTE)
    told = conversion(house, message, later_s=-60)
    for later in (0, SECOND, 0):
        world.clock.pass_by(later)
        status = (await asked(house, "ReportConversion", **told))["ReportConversionStatus"]
        assert status["Code"] == "OK"
        told["ConversionTime"] += 1
    at = (told["ConversionTime"] - 3) * SECOND
    assert await converted(house, message) == at
    assert await converted(house, other) == 0
    await world.restart()
    assert await converted(house, message) == at
    app = world.administering.directory().apps[NAME]
    assert world.administering.conversions(app.id, 0) == 1
    assert world.administering.conversions(world.app, 0) == 0
    assert world.administering.conversions(app.id, world.clock()) == 0


@pytest.mark.parametrize(("later_s", "kept"), [(-86_400, 0), (0, 60), (300, 60)])
async def test_no_text_is_used_before_it_is_sent_or_later_than_now(
    house: House, later_s: int, kept: int
) -> None:
    (message,) = await sent(house)
    begun = house.world.clock()
    house.world.clock.pass_by(MINUTE)
    told = conversion(house, message, later_s)
    status = (await asked(house, "ReportConversion", **told))["ReportConversionStatus"]
    assert status["Code"] == "OK"
    assert await converted(house, message) == begun + kept * SECOND


async def test_of_conversions_that_are_told_at_once_one_is_kept(house: House) -> None:
    (message,) = await sent(house)
    app, now = house.world.administering.directory().apps[NAME], house.world.clock()
    store = house.world.store
    told = await asyncio.gather(*(store.convert(app.id, message, now + n) for n in range(8)))
    assert told == [True] * 8
    at = await converted(house, message)
    assert now <= at < now + 8
    assert await store.convert(app.id, message, now + 99)
    assert await converted(house, message) == at
    assert house.world.administering.conversions(app.id, 0) == 1


async def test_without_a_time_a_conversion_is_now(house: House) -> None:
    (message,) = await sent(house)
    await asked(house, "ReportConversion", SerialNo=serial_no(message))
    assert await converted(house, message) == house.world.clock()


async def test_a_conversion_that_cannot_be_is_not_kept(house: House) -> None:
    (message,) = await sent(house)
    ahead = conversion(house, message, later_s=301)
    foreign = house.world.message()
    await house.world.send(foreign)
    for told in (ahead, conversion(house, foreign.id)):
        status = (await asked(house, "ReportConversion", **told))["ReportConversionStatus"]
        assert status["Code"] == "InvalidParameter.InvalidParameters"
    assert await converted(house, message) == 0
    assert house.world.administering.conversions(house.world.app, 0) == 0


async def test_the_oldest_package_is_used_first(house: House) -> None:
    world = house.world
    world.clock.pass_by(HOUR)
    begin = hour(house)
    for units in (10, 20):
        world.administering.add_package(world.account, units, "")
        world.clock.pass_by(HOUR)
    for part in range(6):
        numbers = [f"+86139{part}{number:07d}" for number in range(200 if part < 5 else 15)]
        await sent(house, *numbers)

    async def packages(**page: int) -> list[tuple[int, int]]:
        more = {"Limit": 500, "Offset": 0} | page
        found = await asked(
            house, "SmsPackagesStatistics", BeginTime=begin, EndTime=hour(house), **more
        )
        return [
            (one["PackageAmount"], one["CurrentUsage"]) for one in found["SmsPackagesStatisticsSet"]
        ]

    assert await packages() == [(10, 10), (20, 5)]
    assert await packages(Limit=1) == [(10, 10)]
    assert await packages(Offset=1) == [(20, 5)]
    world.clock.pass_by(DAY)
    assert await packages() == [(10, 10), (20, 5)]
