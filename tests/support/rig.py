"""Each provider as the contract suite builds it, and how its recorded cases are played."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pytest

from hongyan.core.identifier import MessageId, written
from hongyan.core.mark import Mark
from hongyan.core.message import Kind, Message
from hongyan.core.outcome import Deferred, Rejected
from hongyan.providers import PROVIDERS, SandboxSettings, Zhenzi, ZhenziSettings
from hongyan.service.handset import Handset
from hongyan.service.ports import HandsetText, Provider, Receipt, Told
from support.fake import zhenzi_secret
from support.upstream import Platform, http, says
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

    def append(self, text: HandsetText) -> None: ...

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


async def _sandbox() -> Rig:
    return SandboxRig()


async def _zhenzi() -> Rig:
    return ZhenziRig(await Platform().start())


RIGS = {"sandbox": _sandbox, "zhenzi": _zhenzi}
CALLED = ("zhenzi",)
"""Those that call somebody: all that a network can do to them is done."""


def recorded(path: Path) -> dict[str, Any]:
    case: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return case
