"""Every provider × its recorded cases: what it answers, what arrives, what the network says later."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hongyan.core.identifier import MessageId
from hongyan.core.mark import Mark
from hongyan.core.message import Kind, Message
from hongyan.providers import PROVIDERS, SandboxSettings
from hongyan.service.handset import Handset
from hongyan.service.ports import HandsetText, Provider, Receipt
from support.world import NOON, Moment

FIXTURES = Path(__file__).parents[1] / "fixtures" / "providers"
CASES = sorted(FIXTURES.glob("*/*.json"))


class _Shelf:
    """A shelf in memory; the one on disk has tests of its own."""

    def append(self, text: HandsetText) -> None: ...

    def load(self, most: int) -> list[HandsetText]:
        return []


class _Upstream:
    """A provider, with what arrives and what is reported."""

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


@pytest.fixture
async def upstream() -> _Upstream:
    return _Upstream()


def _message(to: str) -> Message:
    return Message(
        id=MessageId(7),
        account=1,
        app=1,
        kind=Kind.VERIFICATION,
        template=0,
        phone=to,
        phone_mark=Mark(1),
        text="【鸿雁】您的验证码为：384592。",
        units=1,
        expires_at=NOON,
    )


def test_every_provider_has_recorded_cases() -> None:
    assert {path.parent.name for path in CASES} == set(PROVIDERS)


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
async def test_a_recorded_case_comes_out_as_recorded(path: Path, upstream: _Upstream) -> None:
    case: dict[str, Any] = json.loads(path.read_text("utf-8"))
    message = _message(case["to"])
    for expected in case["outcomes"]:
        if expected is None:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(upstream.provider.send(message), 0.05)
        else:
            outcome = await upstream.provider.send(message)
            assert type(outcome).__name__ == expected
    assert [text.id for text in upstream.handset.texts()] == [message.id] * case["arrives"]
    for status in case["receipts"]:
        receipt = await asyncio.wait_for(upstream.receipts.get(), 5)
        assert (receipt.message, receipt.status) == (message.id, status)
    assert upstream.receipts.empty()


async def test_a_provider_tells_no_text_number_or_secret_in_its_repr(upstream: _Upstream) -> None:
    await upstream.provider.send(_message("+8613800138000"))
    told = repr(upstream.provider)
    assert "13800138000" not in told
    assert "384592" not in told
