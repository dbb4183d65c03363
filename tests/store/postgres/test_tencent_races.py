"""One call that comes to several processes at once: it is carried out once, and answered alike."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hongyan.core.outcome import Rejected
from hongyan.core.time import SECOND
from hongyan.protocols import TencentSettings
from support.processes import processes
from support.tencent_house import APP, House, opened
from support.world import World

AT_ONCE = 32


@pytest.fixture
async def houses(tmp_path: Path) -> AsyncIterator[list[House]]:
    async with processes(tmp_path, 2) as made:
        first, second = made.worlds

        async def furnish(**_differing: Any) -> World:
            return first

        house = await opened(furnish)
        await second.store.refresh()
        yield [house, House(second, TencentSettings())]


async def together(houses: list[House], **changes: Any) -> list[dict[str, Any]]:
    request = houses[0].sending(**changes)
    return await asyncio.gather(*(houses[n % 2].ask(request) for n in range(AT_ONCE)))


async def test_one_call_is_one_text(houses: list[House]) -> None:
    before = await houses[0].balance()
    answers = [one["SendStatusSet"] for one in await together(houses)]
    assert answers[0][0]["Code"] == "Ok"
    assert answers == answers[:1] * AT_ONCE
    assert before - await houses[1].balance() == 1


async def test_a_call_that_was_refused_is_refused_everywhere(houses: list[House]) -> None:
    answers = [one["SendStatusSet"] for one in await together(houses, TemplateId="99")]
    assert answers[0][0]["Code"] == "FailedOperation.TemplateUnapprovedOrNotExist"
    assert answers == answers[:1] * AT_ONCE


async def test_each_result_is_pulled_once_by_whichever_process(houses: list[House]) -> None:
    house = houses[0]
    numbers = [f"+861390000{number:04d}" for number in range(AT_ONCE)]
    response = await house.ask(house.sending(PhoneNumberSet=numbers))
    sent = {one["SerialNo"] for one in response["SendStatusSet"]}
    for one in await house.world.begun():
        await house.world.settle(one, Rejected("code", "no such number"))
    house.world.clock.pass_by(SECOND)
    requests = [
        houses[n % 2].signed("PullSmsSendStatus", SmsSdkAppId=APP, Limit=5) for n in range(10)
    ]
    answers = await asyncio.gather(*(houses[n % 2].ask(one) for n, one in enumerate(requests)))
    pulled = [one["SerialNo"] for answer in answers for one in answer["PullSmsSendStatusSet"]]
    assert len(pulled) == len(set(pulled))
    assert set(pulled) <= sent
    assert len(pulled) == AT_ONCE
