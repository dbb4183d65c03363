"""What a store knows of texts that went to a platform."""

from hongyan.core.identifier import MessageId
from hongyan.core.message import Kind
from hongyan.core.outcome import Accepted, Deferred, Unconfirmed
from hongyan.core.time import SECOND
from support.world import NOON, TEXT, World


async def test_a_text_is_known_by_its_number_its_name_there_and_when_it_went(world: World) -> None:
    message = await world.sent(kind=Kind.NOTICE)
    [claimed] = await world.begun()
    world.clock.pass_by(SECOND)
    await world.settle(claimed, Accepted("2019:1"), provider="tencent")
    found = await world.store.handed("tencent", message.id)
    assert found is not None
    assert (found.message, found.phone, found.text) == (message.id, message.phone, TEXT)
    assert (found.upstream_id, found.at) == ("2019:1", NOON + SECOND)
    assert message.phone not in repr(found)


async def test_a_doubt_has_no_name(world: World) -> None:
    message = await world.sent()
    [claimed] = await world.begun()
    await world.settle(claimed, Unconfirmed("Cut off."), provider="tencent")
    found = await world.store.handed("tencent", message.id)
    assert found is not None
    assert (found.phone, found.upstream_id) == (message.phone, "")


async def test_of_what_never_went_its_acceptance_is_known(world: World) -> None:
    message = await world.sent()
    found = await world.store.handed("tencent", message.id)
    assert found is not None
    assert (found.upstream_id, found.at) == ("", NOON)
    assert await world.store.handed("tencent", MessageId(7)) is None


async def test_what_surely_did_not_go_is_no_hand_over(world: World) -> None:
    message = await world.sent()
    [claimed] = await world.begun()
    await world.settle(claimed, Deferred("Busy."), provider="tencent")
    world.clock.pass_by(60 * SECOND)
    [claimed] = await world.begun()
    await world.settle(claimed, Accepted("2019:2"), provider="other")
    found = await world.store.handed("tencent", message.id)
    assert found is not None
    assert found.upstream_id == ""


async def test_texts_are_found_by_what_the_platform_calls_them(world: World) -> None:
    messages = [await world.sent(f"+861380013800{digit}") for digit in range(3)]
    held = {one.message.id: one for one in await world.begun()}
    for number, provider in enumerate(("tencent", "tencent", "zhenzi")):
        await world.settle(held[messages[number].id], Accepted(f"2019:{number}"), provider=provider)
    names = ["2019:0", "2019:1", "2019:2", "", "'; --"]
    found = await world.store.known_as("tencent", names)
    assert found == {"2019:0": messages[0].id, "2019:1": messages[1].id}
    assert await world.store.known_as("zhenzi", names) == {}
    assert await world.store.known_as("tencent", []) == {}
