"""WeChat as a served protocol, on every store: tokens that processes share, texts, and an errcode
whatever breaks.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator

import msgspec
import pytest

from hongyan.core import errors as e
from hongyan.core.command import Hear, Heard, Reply
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND, beijing
from hongyan.protocols import WeChat
from hongyan.service.directory import Authorisation
from hongyan.service.ports import Administration, DeskUnusable
from hongyan.service.website import WechatSettings
from hongyan.service.wechat.bearer import Bearers
from hongyan.service.wechat.refusing import FAULTS
from hongyan.wire.http import Request, Routes
from hongyan.wire.wechat.codes import CODES
from hongyan.wire.wechat.fault import Fault
from hongyan.wire.wechat.tokens import Kind
from support.fake import wechat_secret
from support.wechat_house import ENV, NUMBER, THIRD, House, another, opened
from support.world import Furnish


@pytest.fixture
async def house(furnish: Furnish) -> House:
    return await opened(furnish)


@pytest.fixture
async def beside(house: House) -> AsyncIterator[House]:
    async with another(house) as one:
        yield one


async def test_texts_are_on_disk_when_they_are_told(house: House) -> None:
    told = await house.send(await house.token(), NUMBER, "+86138", "+8613800138001")
    assert [one["code"] for one in told["send_status_list"]] == [
        "Ok",
        "InvalidParameterValue.IncorrectPhoneNumber",
        "Ok",
    ]
    assert await house.balance() == 1_000 - 2
    await house.world.restart()
    assert await house.balance() == 1_000 - 2


async def test_1000_numbers_go_in_one_commit(house: House) -> None:
    numbers = [f"+86138{place:08d}" for place in range(1_000)]
    told = await house.send(await house.token(), *numbers)
    statuses = told["send_status_list"]
    assert {one["code"] for one in statuses} == {"Ok"}
    assert [one["phone_number"] for one in statuses] == numbers
    assert len({one["serial_no"] for one in statuses}) == 1_000
    assert await house.balance() == 0
    refused = await house.send(await house.token())
    assert refused["errcode"] == -501007
    assert "配额不足" in refused["errmsg"]


async def test_a_page_that_came_or_went_is_noticed(house: House) -> None:
    token, page = await house.token(), house.world.directory / "websites" / ENV / "new.html"

    async def errcode() -> int:
        code: int = (await house.send(token, path="/new.html"))["errcode"]
        return code

    assert await errcode() == -607001
    page.write_text("", "utf-8")
    assert await errcode() == 0
    page.unlink()
    house.world.clock.pass_by(SECOND)
    assert await errcode() == -607001


async def test_who_opted_out_gets_no_marketing(house: House) -> None:
    world = house.world
    reply = Reply(
        id=world.store.next_id(),
        account=world.account,
        app=world.app,
        phone=NUMBER,
        phone_mark=world.mark(NUMBER),
        text="T",
        at=world.clock(),
        opts_out=True,
    )
    assert await world.accept(Hear(reply)) == Heard()
    told = await house.send(await house.token(), NUMBER, "+8613800138001")
    first, second = told["send_status_list"]
    assert first["code"] == "FailedOperation.PhoneNumberInBlacklist"
    assert second["code"] == "Ok"
    assert await house.balance() == 1_000 - 1


# Tokens of several processes.


async def test_a_token_of_one_process_is_good_in_another(house: House, beside: House) -> None:
    for _ in range(3):
        token = await house.token()
        assert (await beside.send(token))["errcode"] == 0
        assert (await beside.stable())["access_token"] == token
        house.world.clock.pass_by(2 * 60 * MINUTE)


async def test_processes_that_renew_at_once_give_one_token(house: House, beside: House) -> None:
    told = await asyncio.gather(*(one.stable() for one in (house, beside) for _ in range(5)))
    assert len({one["access_token"] for one in told}) == 1
    house.world.clock.pass_by(116 * MINUTE)
    told = await asyncio.gather(*(one.stable() for one in (house, beside) for _ in range(5)))
    tokens = {one["access_token"] for one in told}
    assert len(tokens) == 1
    assert (await house.send(tokens.pop()))["errcode"] == 0


async def test_of_forced_refreshes_at_once_one_is_done(house: House, beside: House) -> None:
    old = await house.token()
    told = await asyncio.gather(
        *(one.stable(force_refresh=True) for one in (house, beside) for _ in range(3))
    )
    given = [one["access_token"] for one in told if "access_token" in one]
    assert len(given) == 1
    assert {one["errcode"] for one in told if "errcode" in one} == {45011}
    assert (await house.send(given[0]))["errcode"] == 0
    assert (await house.send(old))["errcode"] == 40001


async def test_new_tokens_have_a_bound_a_day(house: House) -> None:
    bearers, world = Bearers(house.serving, most_a_day=3), house.world
    given = [await bearers.renew(Kind.ACCESS, world.app) for _ in range(3)]
    assert len({one.written for one in given}) == 3
    with pytest.raises(Fault) as refused:
        await bearers.renew(Kind.ACCESS, world.app)
    assert refused.value.errcode == 45009
    await bearers.renew(Kind.ACCESS, world.other_app)
    await bearers.renew(Kind.COMPONENT, world.app)
    world.clock.pass_by(DAY)
    await bearers.renew(Kind.ACCESS, world.app)


async def test_stable_tokens_are_told_without_a_write(house: House) -> None:
    await house.stable()
    version = (await house.store.refresh()).version
    for _ in range(200):
        await house.stable()
    assert (await house.store.refresh()).version == version


async def test_of_a_code_used_twice_at_once_one_is_good(house: House, beside: House) -> None:
    desk, world = house.world.administering, house.world
    desk.put_ticket(world.other_app, "ticket")
    authorisation = Authorisation(
        component=world.other_app,
        app=world.app,
        rights=frozenset({99}),
        code_hash=desk.hashed("code"),
        refresh_hash=b"",
    )
    desk.put_authorisation(authorisation)
    await house.store.refresh()
    given = {
        "component_appid": THIRD,
        "component_appsecret": wechat_secret(1),
        "component_verify_ticket": "ticket",
    }
    component = await house.ask("/cgi-bin/component/api_component_token", given)
    asked = {"component_appid": THIRD, "authorization_code": "code"}
    query = f"component_access_token={component['component_access_token']}"
    told = await asyncio.gather(
        *(
            one.ask("/cgi-bin/component/api_query_auth", asked, query)
            for one in (house, beside)
            for _ in range(3)
        )
    )
    good = [one["authorization_info"] for one in told if "authorization_info" in one]
    assert len(good) == 1
    assert {one["errcode"] for one in told if "errcode" in one} == {61010}
    assert (await beside.send(good[0]["authorizer_access_token"]))["errcode"] == 0


async def test_a_ticket_ends_after_12_hours(house: House) -> None:
    world = house.world
    world.administering.put_ticket(world.other_app, "ticket")
    await house.store.refresh()
    given = {
        "component_appid": THIRD,
        "component_appsecret": wechat_secret(1),
        "component_verify_ticket": "ticket",
    }
    world.clock.pass_by(12 * HOUR - 1)
    told = await house.ask("/cgi-bin/component/api_component_token", given)
    assert "component_access_token" in told
    world.clock.pass_by(1)
    told = await house.ask("/cgi-bin/component/api_component_token", given)
    assert told["errcode"] == 61006


# Whatever breaks.


async def test_a_token_while_the_desk_is_away_is_told_to_come_again(house: House) -> None:
    def away() -> Administration:
        raise DeskUnusable

    serving = msgspec.structs.replace(house.serving, desk=away)
    settings = WechatSettings(websites=str(house.world.directory / "websites"))
    house.routes = Routes(WeChat(serving, settings).routes())
    told = await house.stable()
    assert told["errcode"] == -1
    assert "access_token" not in told


def _leaves(root: type[e.HongyanError]) -> Iterator[type[e.HongyanError]]:
    for one in root.__subclasses__():
        yield one
        yield from _leaves(one)


def _raised(kind: type[e.HongyanError]) -> e.HongyanError:
    if kind is e.InvalidNumber:
        return e.InvalidNumber("empty", "")
    return e.Limited("phone", "day", 0) if kind is e.Limited else kind()


async def test_every_error_has_an_errcode(house: House) -> None:
    def request() -> Request:
        return Request("POST", "/tcb/sendsms", b"", {}, b"", "127.0.0.1")

    (route,) = (
        one for one in house.served.routes() if (one.method, one.path) == ("POST", "/tcb/sendsms")
    )
    for kind in _leaves(e.HongyanError):
        answer = json.loads(route.refuse(request(), _raised(kind)).body)
        assert answer["errcode"] == FAULTS.get(kind, -1)
        assert answer["errcode"] in CODES
    bug = json.loads(route.refuse(request(), ZeroDivisionError()).body)
    assert bug["errcode"] == -1
    assert bug["errmsg"].startswith("system error rid: ")
    assert route.unread is not None
    assert json.loads(route.unread("too_large").body)["errcode"] == 47001


async def test_no_page_is_too_far_away_to_be_empty(house: House) -> None:
    token = await house.token()
    await house.send(token)
    today = beijing(house.world.clock())[:10]
    asked = {"EnvId": ENV, "StartDate": today, "EndDate": today, "PageNumber": 2**62}
    for more in ({}, {"Mobile": NUMBER}):
        told = await house.ask("/tcb/describesmsrecords", asked | more, f"access_token={token}")
        assert "errcode" not in told, told
        assert (told["SmsRecords"], told["TotalCount"]) == ([], 1)


async def test_garbage_is_refused_in_wechats_words(house: House) -> None:
    token, chance = await house.token(), random.Random(11)
    good = json.dumps(
        {"env": ENV, "phone_number_list": [NUMBER], "content": "a", "path": "/index.html"}
    ).encode()
    paths = [one.path for one in house.served.routes() if one.method == "POST"]
    for _ in range(400):
        body = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(body))
            body[place : place + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        path = chance.choice(paths)
        told = await house.ask(path, bytes(body), f"access_token={token}")
        assert told.get("errcode", 0) in {0, *CODES}
        assert told.get("errcode") != -1, (path, bytes(body))
    spent = 1_000 - await house.balance()
    assert 0 <= spent < 400
