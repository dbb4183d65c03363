"""Each provider as the contract suite builds it, and how its recorded cases are played."""

import asyncio
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pytest

from hongyan.core.identifier import MessageId, written
from hongyan.core.mark import Mark
from hongyan.core.message import Kind, Message
from hongyan.core.outcome import Accepted, Deferred, Rejected
from hongyan.providers import (
    PROVIDERS,
    SandboxSettings,
    Tencent,
    TencentUpstreamSettings,
    Wechat,
    WechatUpstreamSettings,
    Zhenzi,
    ZhenziSettings,
)
from hongyan.service.handing import Handed
from hongyan.service.handset import Handset
from hongyan.service.ports import HandsetText, Provider, Receipt, Told
from support.fake import zhenzi_secret
from support.upstream import Platform, answers, http, says
from support.world import NOON, Moment

NUMBER = "13800138000"
CODE = "384592"
SECRET = zhenzi_secret()
"""Ours, by id."""


def a_message(to: str = f"+86{NUMBER}", *, template: int = 0) -> Message:
    return Message(
        id=MessageId(1 << 60 | 7),
        account=1,
        app=1,
        kind=Kind.VERIFICATION,
        template=template,
        phone=to,
        phone_mark=Mark(1),
        text=f"【鸿雁】您的验证码为：{CODE}。",
        units=1,
        expires_at=NOON,
        params=(CODE, "5分钟") if template else (),
    )


class Rig(Protocol):
    """A provider with whatever is behind it."""

    provider: Provider

    async def play(self, case: dict[str, Any]) -> None:
        """See that a recorded case comes out as recorded."""

    async def close(self) -> None: ...


class _Shelf:
    """A shelf in memory; the one on disk has tests of its own."""

    def put(self, texts: Sequence[HandsetText]) -> None: ...

    def load(self, most: int) -> list[HandsetText]:
        return []

    def news(self) -> list[HandsetText]:
        return []


class SandboxRig:
    """The sandbox phone: its numbers are its cases."""

    def __init__(self) -> None:
        self.receipts: asyncio.Queue[Receipt] = asyncio.Queue()
        self.handset = Handset(_Shelf(), Moment())
        settings = SandboxSettings(receipt_delay_s=0)
        self.provider: Provider = PROVIDERS["sandbox"](
            settings, self.handset, self.receive, Moment()
        )

    async def receive(self, receipts: Sequence[Receipt]) -> None:
        for receipt in receipts:
            self.receipts.put_nowait(receipt)

    async def play(self, case: dict[str, Any]) -> None:
        message = a_message(case["to"])
        for expected in case["outcomes"]:
            if expected is None:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(self.provider.send(message), 0.05)
            else:
                outcome = await self.provider.send(message)
                assert type(outcome).__name__ == expected
        assert [text.id for text in self.handset.texts()] == [message.id] * case["arrives"]
        for status in case["receipts"]:
            receipt = await asyncio.wait_for(self.receipts.get(), 5)
            assert (receipt.message, receipt.status) == (message.id, status)
        assert self.receipts.empty()

    async def close(self) -> None:
        await self.provider.close()


class ZhenziRig:
    """A platform on a socket says what was recorded."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._zhenzi = zhenzi(platform.url)
        self.provider: Provider = self._zhenzi

    async def play(self, case: dict[str, Any]) -> None:
        message = a_message(template=5 if case["asks"] == "send_template" else 0)
        body = case["answer"].replace("{messageId}", written(message.id))
        self.platform.reply = says(http(body))
        found = await self._asked(case["asks"], message)
        if isinstance(found, Told):
            assert found == msgspec.convert(case["comes_to"], Told)
        elif isinstance(found, int):
            assert found == case["comes_to"]
        else:
            assert type(found).__name__ == case["comes_to"]
        if isinstance(found, Deferred):
            assert found.stops is case.get("stops", False)
        if isinstance(found, Rejected):
            assert found.code == case["code"]
        assert len(self.platform.asked) == 1

    async def _asked(self, what: str, message: Message) -> object:
        match what:
            case "send_words" | "send_template":
                return await self.provider.send(message)
            case "find":
                return await self._zhenzi.ask(message.id)
            case "balance":
                return await self._zhenzi.balance()
            case _:
                raise AssertionError(what)

    async def close(self) -> None:
        await self.provider.close()
        await self.platform.close()


def zhenzi(url: str, **settings: Any) -> Zhenzi:
    """As it is configured, but in more of a hurry."""
    given: dict[str, Any] = {
        "app_id": "100001",
        "app_secret": SECRET,
        "api_url": url,
        "templates": {"5": 355},
        "connect_s": 0.5,
        "timeout_s": 0.3,
    }
    made = msgspec.convert(given | settings, ZhenziSettings)
    return Zhenzi(made)


class Known:
    """What a store would know of texts that went out."""

    def __init__(self) -> None:
        self.handed: dict[MessageId, Handed] = {}
        self.named: dict[str, MessageId] = {}

    def add(self, message: Message, upstream_id: str = "", at: int = NOON) -> None:
        self.handed[message.id] = Handed(message.id, message.phone, message.text, upstream_id, at)
        if upstream_id:
            self.named[upstream_id] = message.id

    async def find(self, message: MessageId) -> Handed | None:
        return self.handed.get(message)

    async def find_named(self, names: Collection[str]) -> Mapping[str, MessageId]:
        return {name: self.named[name] for name in names if name in self.named}


def tencent(
    url: str, clock: Moment | None = None, known: Known | None = None, **settings: Any
) -> Tencent:
    """As it is configured, but in more of a hurry."""
    given: dict[str, Any] = {
        "secret_id": "AKIDofTests",
        "secret_key": SECRET,
        "sdk_app_id": "1400006666",
        "api_url": url,
        "templates": {"5": 355},
        "connect_s": 0.5,
        "timeout_s": 0.3,
    }
    known = known or Known()
    made = msgspec.convert(given | settings, TencentUpstreamSettings)
    return Tencent(made, clock or Moment(), known.find, known.find_named)


def wechat(
    url: str, clock: Moment | None = None, known: Known | None = None, **settings: Any
) -> Wechat:
    """The same."""
    given: dict[str, Any] = {
        "app_id": "wx0123456789abcdef",
        "app_secret": SECRET,
        "env": "online-12345678910",
        "api_url": url,
        "templates": {"5": 355},
        "connect_s": 0.5,
        "timeout_s": 0.3,
    }
    known = known or Known()
    made = msgspec.convert(given | settings, WechatUpstreamSettings)
    return Wechat(made, clock or Moment(), known.find, known.find_named)


TOKEN_PATH = "/cgi-bin/stable_token"
TOKEN = answers({"access_token": "90_good", "expires_in": 7200})


class AskedRig:
    """A platform that knows texts by number: it says what was recorded to whatever it is asked."""

    def __init__(
        self, platform: Platform, make: Callable[..., Tencent | Wechat], serial: str
    ) -> None:
        self.platform = platform
        self._serial = serial
        self._known = Known()
        self._made = make(platform.url, Moment(), self._known)
        self.provider: Provider = self._made

    async def play(self, case: dict[str, Any]) -> None:
        message = a_message(template=5)
        named = case.get("named", True)
        self._known.add(message, self._serial if named else "")
        self.platform.reply = answers(case["answer"])
        found = await self._asked(case["asks"], message)
        if isinstance(found, Told):
            assert found == msgspec.convert(case["comes_to"], Told)
        elif found is None or isinstance(found, int):
            assert found == case["comes_to"]
        else:
            assert type(found).__name__ == case["comes_to"]
        if isinstance(found, Deferred):
            assert found.stops is case.get("stops", False)
            assert found.retry_after == case.get("retry_after", 0)
        if isinstance(found, Rejected):
            assert found.code == case["code"]
        if isinstance(found, Accepted):
            assert found.upstream_id == case["upstream_id"]
        assert len(self.platform.asked) == case.get("calls", 1)

    async def _asked(self, what: str, message: Message) -> object:
        match what:
            case "send":
                return await self.provider.send(message)
            case "find":
                return await self._made.ask(message.id)
            case "balance":
                return await self._made.balance()
            case _:
                raise AssertionError(what)

    async def close(self) -> None:
        await self.provider.close()
        await self.platform.close()


async def _sandbox() -> Rig:
    return SandboxRig()


async def _zhenzi() -> Rig:
    return ZhenziRig(await Platform().start())


async def _tencent() -> Rig:
    platform = await Platform().start()
    platform.reply = says(ACCEPTED["tencent"])
    return AskedRig(platform, tencent, "2019:1")


async def _wechat() -> Rig:
    platform = await Platform().start()
    platform.aside[TOKEN_PATH] = TOKEN
    platform.reply = says(ACCEPTED["wechat"])
    return AskedRig(platform, wechat, "8:1")


RIGS = {"sandbox": _sandbox, "zhenzi": _zhenzi, "tencent": _tencent, "wechat": _wechat}
CALLED: Mapping[str, Callable[..., Provider]] = {
    "zhenzi": zhenzi,
    "tencent": tencent,
    "wechat": wechat,
}
"""Those that call somebody: all that a network can do to them is done."""
_STATUS = {"phone_number": f"+86{NUMBER}", "code": "Ok", "message": "send success"}
ACCEPTED = {
    "zhenzi": http('{"code":0,"data":"发送成功"}'),
    "tencent": http(
        '{"Response":{"SendStatusSet":[{"SerialNo":"2019:1","PhoneNumber":"+86'
        + NUMBER
        + '","Fee":1,"SessionContext":"","Code":"Ok","Message":"send success","IsoCode":"CN"}],'
        '"RequestId":"a request"}}'
    ),
    "wechat": http(
        json.dumps({"errcode": 0, "send_status_list": [_STATUS | {"serial_no": "8:1"}]})
    ),
}
"""What each answers when it takes the text."""
REFUSING: Mapping[str, tuple[Any, str]] = {
    "zhenzi": ({"code": 110, "data": "{words}"}, "110"),
    "tencent": (
        {"Response": {"Error": {"Code": "AuthFailure.TokenFailure", "Message": "{words}"}}},
        "AuthFailure.TokenFailure",
    ),
    "wechat": ({"errcode": 45009, "errmsg": "{words}"}, "45009"),
}
"""What each answers when it takes nothing more, and the code."""


def recorded(path: Path) -> dict[str, Any]:
    case: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return case
