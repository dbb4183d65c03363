"""The sandbox phone: what waits together arrives together, and each scripted number alone."""

import asyncio

import msgspec
import pytest

from hongyan.core.identifier import MessageId, written
from hongyan.core.message import Message, Status
from hongyan.core.outcome import Accepted
from hongyan.providers.sandbox import FAULTS
from hongyan.service.parcel import Grouping
from support.rig import SandboxRig, a_message


def texts(count: int) -> list[Message]:
    return [msgspec.structs.replace(a_message(), id=MessageId(1 + one)) for one in range(count)]


@pytest.fixture
def rig() -> SandboxRig:
    return SandboxRig()


@pytest.mark.parametrize("phone", list(FAULTS))
def test_each_of_the_nine_goes_alone(rig: SandboxRig, phone: str) -> None:
    assert isinstance(rig.provider, Grouping)
    assert rig.provider.group(a_message(phone)) is None


def test_all_others_go_together(rig: SandboxRig) -> None:
    assert isinstance(rig.provider, Grouping)
    group = rig.provider.group(a_message())
    assert group is not None
    assert rig.provider.group(a_message("+8613700137000")) == group


async def test_what_comes_together_arrives_and_is_reported_in_its_order(rig: SandboxRig) -> None:
    assert isinstance(rig.provider, Grouping)
    messages = texts(3)
    ids = [one.id for one in messages]
    outcomes = await rig.provider.send_many(messages)
    assert outcomes == [Accepted(written(one)) for one in ids]
    assert [one.id for one in reversed(rig.handset.texts())] == ids
    receipts = [await asyncio.wait_for(rig.receipts.get(), 5) for _ in ids]
    assert [(one.message, one.status) for one in receipts] == [
        (one, Status.DELIVERED) for one in ids
    ]
    await rig.close()


async def test_a_report_that_is_on_its_way_is_handed_in_before_it_closes(rig: SandboxRig) -> None:
    await rig.provider.send(a_message())
    assert rig.receipts.empty()
    await rig.provider.close()
    assert rig.receipts.get_nowait().status is Status.DELIVERED
    await rig.close()
    assert rig.receipts.empty()
