"""What a process that stops had taken, and what comes of it."""

from hongyan.core.time import SECOND
from support.world import World


async def test_what_was_claimed_and_not_begun_may_be_claimed_at_once(world: World) -> None:
    sent = [await world.sent(f"+86138{number:08d}") for number in range(3)]
    assert len(await world.claim(2)) == 2
    await world.restart()
    assert [one.message.id for one in await world.claim()] == [one.id for one in sent]


async def test_a_stale_hand_of_a_process_that_stopped_begins_nothing(world: World) -> None:
    await world.sent()
    stale = await world.claim()
    await world.restart()
    assert await world.begin(stale) == set()
    assert await world.begin(await world.claim()) == {stale[0].message.id}


async def test_what_is_back_in_line_hides_nothing_that_never_left_it(world: World) -> None:
    for number in range(20):
        await world.sent(f"+86138{number:08d}")
    assert len(await world.claim(10)) == 10
    await world.restart()
    world.clock.pass_by(20 * SECOND)
    assert len(await world.claim(10)) == 10
    assert len(await world.claim(20)) == 10
