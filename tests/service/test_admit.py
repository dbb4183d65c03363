"""Apps come in by a name, a secret and an address; what was made a moment ago is known at once."""

import pytest

from hongyan.core import door
from hongyan.core.errors import UnknownApp, WrongSecret
from hongyan.core.time import HOUR, SECOND
from hongyan.service import admit
from hongyan.service.administer import ZHENZI, AppCreated, create_app, rotate_app_secret
from hongyan.service.admit import Admission
from support.world import World

ADDRESS = "192.0.2.1"


@pytest.fixture
def admission(world: World) -> Admission:
    return Admission(world.store, world.sealer)


@pytest.fixture
def app(world: World) -> AppCreated:
    """Made beside the house, which has not noticed yet."""
    return create_app(world.administering, world.account, "App", "app_new")


async def enter(admission: Admission, app: AppCreated, address: str = ADDRESS) -> int:
    return (await admission.enter(ZHENZI, app.app_id, app.app_secret, address)).door


async def test_an_app_that_was_made_a_moment_ago_is_let_in(
    admission: Admission, app: AppCreated
) -> None:
    entry = await admission.enter(ZHENZI, app.app_id, app.app_secret, ADDRESS)
    assert entry.app.name == "app_new"
    await admission.require_open_door(entry)


async def test_a_secret_that_was_made_a_moment_ago_is_no_guess(
    world: World, admission: Admission, app: AppCreated
) -> None:
    await enter(admission, app)
    for _ in range(2 * door.FREE):
        known = world.administering.directory().apps["app_new"]
        made = rotate_app_secret(world.administering, known, world.clock() + HOUR)
        entry = await admission.enter(ZHENZI, app.app_id, made.secret, ADDRESS)
        await admission.require_open_door(entry)


@pytest.mark.parametrize("protocol", ["", "ZHENZI", "tencent"])
async def test_an_app_has_its_name_in_one_protocol_only(
    admission: Admission, app: AppCreated, protocol: str
) -> None:
    with pytest.raises(UnknownApp):
        await admission.enter(protocol, app.app_id, app.app_secret, ADDRESS)


async def test_neither_the_apps_own_name_nor_its_key_opens_its_door(
    admission: Admission, app: AppCreated
) -> None:
    with pytest.raises(UnknownApp):
        await admission.enter(ZHENZI, app.app, app.app_secret, ADDRESS)
    with pytest.raises(WrongSecret):
        await admission.enter(ZHENZI, app.app_id, app.api_key, ADDRESS)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("", "192.0.2.1", False),
        ("", "", True),
    ],
)
async def test_a_door_is_an_address_or_a_network_of_ipv6(
    admission: Admission, app: AppCreated, one: str, other: str, *, same: bool
) -> None:
    doors = await enter(admission, app, one), await enter(admission, app, other)
    assert (doors[0] == doors[1]) is same


async def test_doors_that_are_forgotten_are_the_same_when_they_are_met_again(
    world: World, admission: Admission, app: AppCreated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admit, "_MOST_DOORS", 8)
    doors = {f"192.0.2.{n}": await enter(admission, app, f"192.0.2.{n}") for n in range(20)}
    assert len(set(doors.values())) == 20
    assert len(admission._doors) <= 8
    again = {address: await enter(admission, app, address) for address in doors}
    assert again == doors


async def test_a_shut_door_lets_in_again_when_its_time_is_over(
    world: World, admission: Admission, app: AppCreated
) -> None:
    entry = await admission.enter(ZHENZI, app.app_id, app.app_secret, ADDRESS)
    for _ in range(door.FREE):
        with pytest.raises(WrongSecret):
            await admission.enter(ZHENZI, app.app_id, "wrong", ADDRESS)
    with pytest.raises(WrongSecret):
        await admission.require_open_door(entry)
    world.clock.pass_by(SECOND)
    await admission.require_open_door(entry)
