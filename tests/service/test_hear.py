"""Hear: what somebody sends back is a reply of the app that had texted them."""

import msgspec
import pytest

from hongyan.core.command import Declined, Sent
from hongyan.core.errors import InvalidText, NotFound, TextTooLong
from hongyan.core.message import Kind
from hongyan.core.outcome import Accepted
from hongyan.core.time import DAY, SECOND
from hongyan.service.directory import TencentProfile
from hongyan.service.hear import LONGEST, Hearing
from support.world import World

PHONE = "+8613800138000"


@pytest.fixture
def hearing(world: World) -> Hearing:
    return Hearing(world.store, world.sealer, world.clock)


async def known(world: World, *names: str) -> None:
    """To Tencent's protocol: texts of such apps are found by number."""
    for name in names:
        app = world.administering.directory().apps[name]
        world.administering.change_app(msgspec.structs.replace(app, tencent=TencentProfile()))
    await world.store.refresh()


async def test_a_reply_is_the_app_s_whose_text_it_answers(world: World, hearing: Hearing) -> None:
    other = await world.sent(app=world.other_app, text="【别家】周五见。")
    await world.sent()
    reply = await hearing.hear(PHONE, "好的", message=other.id, extend="7")
    assert (reply.app, reply.account, reply.phone) == (world.other_app, world.account, PHONE)
    assert (reply.text, reply.signature, reply.extend) == ("好的", "别家", "7")
    assert (reply.at, reply.opts_out) == (world.clock(), False)
    assert await world.store.take_replies(world.other_app, 10) == [reply]
    assert await world.store.take_replies(world.app, 10) == []


async def test_without_a_text_named_it_is_the_newest_app_s(world: World, hearing: Hearing) -> None:
    await known(world, "app_test", "app_other")
    await world.sent()
    world.clock.pass_by(SECOND)
    await world.sent(app=world.other_app)
    world.clock.pass_by(SECOND)
    assert (await hearing.hear(PHONE, "好的")).app == world.other_app
    await world.sent()
    world.clock.pass_by(SECOND)
    assert (await hearing.hear(PHONE, "好的")).app == world.app


async def test_without_a_text_named_it_is_the_newest_under_its_signature(
    world: World, hearing: Hearing
) -> None:
    await known(world, "app_test", "app_other")
    await world.sent(text="【鸿雁】周四见。")
    for text in ("【别家】周五见。", "【别家】周六见。"):
        world.clock.pass_by(SECOND)
        await world.sent(app=world.other_app, text=text)
    world.clock.pass_by(SECOND)
    assert (await hearing.hear(PHONE, "T", signature="鸿雁")).app == world.app
    assert (await hearing.hear(PHONE, "T", signature="别家")).app == world.other_app
    assert (await hearing.hear(PHONE, "T", signature="谁家")).app == world.other_app


async def test_a_text_of_a_week_ago_is_not_what_somebody_answers(
    world: World, hearing: Hearing
) -> None:
    await known(world, "app_test")
    message = await world.sent()
    world.clock.pass_by(8 * DAY)
    with pytest.raises(NotFound):
        await hearing.hear(PHONE, "好的")
    assert (await hearing.hear(PHONE, "好的", message=message.id)).app == world.app


async def test_whom_nobody_texted_nobody_hears(world: World, hearing: Hearing) -> None:
    await known(world, "app_test")
    message = await world.sent()
    with pytest.raises(NotFound):
        await hearing.hear("+8613900139000", "好的")
    with pytest.raises(NotFound):
        await hearing.hear("+8613900139000", "好的", message=message.id)
    with pytest.raises(NotFound):
        await hearing.hear(PHONE, "好的", message=world.store.next_id())


async def test_who_opts_out_gets_no_marketing_and_still_gets_codes(
    world: World, hearing: Hearing
) -> None:
    message = await world.sent(kind=Kind.MARKETING)
    assert (await hearing.hear(PHONE, " t。", message=message.id)).opts_out
    for kind, is_declined in ((Kind.MARKETING, True), (Kind.NOTICE, False)):
        answer = await world.send(world.message(kind=kind))
        assert isinstance(answer, Sent)
        assert isinstance(answer.messages[0], Declined) is is_declined
    await world.started(PHONE)


async def test_the_signature_of_a_code_that_is_gone_is_known(
    world: World, hearing: Hearing
) -> None:
    message = await world.sent(kind=Kind.VERIFICATION)
    (claimed,) = await world.begun()
    await world.settle(claimed, Accepted("up-1"))
    assert (await hearing.hear(PHONE, "谁？", message=message.id)).signature == "鸿雁"


@pytest.mark.parametrize(
    ("text", "error"),
    [("", InvalidText), ("\x00", InvalidText), ("好" * (LONGEST + 1), TextTooLong)],
)
async def test_what_is_no_reply_is_refused(
    world: World, hearing: Hearing, text: str, error: type[Exception]
) -> None:
    message = await world.sent()
    with pytest.raises(error):
        await hearing.hear(PHONE, text, message=message.id)
    assert await world.store.take_replies(world.app, 10) == []
