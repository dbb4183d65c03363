"""What containers of a mini program may call by WeChat's protocol, on every store."""

from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import msgspec
import pytest

from hongyan.core.time import DAY, MINUTE
from hongyan.service.directory import Authorisation, Environment, WechatProfile
from hongyan.service.wechat.bearer import Bearers, pushed
from hongyan.service.wechat.caller import Caller
from hongyan.service.wechat.opening import Opening
from hongyan.wire.wechat.fault import Fault
from hongyan.wire.wechat.tokens import Kind
from support.wechat_house import ENV, NUMBER, House, another, opened
from support.world import Furnish


@pytest.fixture
async def house(furnish: Furnish) -> House:
    return await opened(furnish)


@pytest.fixture
async def beside(house: House) -> AsyncIterator[House]:
    async with another(house) as one:
        yield one


def text() -> dict[str, Any]:
    return {
        "env": ENV,
        "phone_number_list": [NUMBER],
        "content": "能力上新",
        "path": "/index.html",
    }


class Container:
    """Of the mini program; it brings a cloudbase_access_token, which is made anew by `push`."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.token = ""

    async def push(self) -> None:
        world = self.house.world
        (app,) = (one for one in world.store.directory.apps.values() if one.id == world.app)
        self.token = pushed(world.administering, world.sealer, app, world.clock())
        await world.store.refresh()

    async def call(self, path: str = "/tcb/sendsms", **changes: Any) -> int:
        query = f"cloudbase_access_token={self.token}"
        told = await self.house.ask(path, text() | changes, query)
        errcode: int = told["errcode"]
        return errcode


@pytest.fixture
async def container(house: House) -> Container:
    made = Container(house)
    await made.push()
    return made


async def use(house: House, **body: Any) -> Any:
    query = f"access_token={await house.token()}"
    return await house.ask("/tcb/usecloudaccesstoken", {"env": ENV} | body, query)


async def set_apis(house: House, *apis: str, opens: bool = True) -> None:
    version = (await use(house, action="get"))["version"]
    changed = {"action": "set", "open": opens, "api_whitelist": apis, "version": version}
    assert await use(house, **changed) == {"errcode": 0, "errmsg": "ok"}


async def test_a_container_may_call_all_at_first(house: House, container: Container) -> None:
    assert await container.call() == 0
    first = {"open": True, "api_whitelist": ["/*"], "version": 1, "errcode": 0, "errmsg": "ok"}
    assert await use(house, action="get") == first


@pytest.mark.parametrize("apis", [["/tcb/sendsms"], ["/wxa/*", "/tcb/send*"], ["/*"]])
async def test_a_container_calls_what_is_listed(
    house: House, container: Container, apis: list[str]
) -> None:
    await set_apis(house, *apis)
    told = await use(house, action="get")
    assert (told["open"], told["api_whitelist"], told["version"]) == (
        True,
        apis,
        1 if apis == ["/*"] else 2,
    )
    assert await container.call() == 0


@pytest.mark.parametrize("apis", [[], ["/tcb/sendsmsv2"], ["/tcb/sendsms/"], ["/wxa/*"]])
async def test_a_container_calls_nothing_else(
    house: House, beside: House, container: Container, apis: list[str]
) -> None:
    await set_apis(house, *apis)
    await beside.store.refresh()
    for one in (house, beside):
        container.house = one
        assert await container.call() == 85107
    assert (await house.send(await house.token()))["errcode"] == 0
    assert await house.balance() == 1_000 - 1


async def test_no_list_lets_a_container_change_the_list(house: House, container: Container) -> None:
    change = {"action": "set", "open": True, "api_whitelist": ["/*"], "version": 1}
    assert await container.call("/tcb/usecloudaccesstoken", **change) == 85107


async def test_what_was_closed_opens_with_a_new_token(house: House, container: Container) -> None:
    world = house.world
    await set_apis(house, "/*", opens=False)
    assert await container.call() == 85112
    assert (await use(house, action="get"))["open"] is False
    world.clock.pass_by(MINUTE)
    await set_apis(house, "/*")
    old = container.token
    assert await container.call() == 85113
    await container.push()
    assert await container.call() == 0
    container.token = old
    assert await container.call() == 40001


async def test_a_server_that_needs_no_token_calls_what_is_listed(house: House) -> None:
    desk = house.world.administering
    app = desk.directory().apps["app_test"]
    assert app.wechat is not None
    trusting = msgspec.structs.replace(app.wechat, trusted_networks=(ip_network("127.0.0.1/32"),))
    desk.change_app(msgspec.structs.replace(app, wechat=trusting))
    await house.store.refresh()
    assert (await house.ask("/tcb/sendsms", text()))["errcode"] == 0
    await set_apis(house, "/wxa/*")
    assert (await house.ask("/tcb/sendsms", text()))["errcode"] == 85107


@pytest.mark.parametrize(
    "named",
    [
        {"env": ENV},
        {"env": ENV, "env_id": "other-1"},
        {"env": "other-1", "EnvId": ENV},
        {"env": "other-1", "PostData": {"EnvId": ENV}},
        {"env": ENV, "post_data": {"env": "other-1"}},
    ],
)
async def test_an_environment_is_asked_however_it_is_named(
    house: House, container: Container, named: dict[str, Any]
) -> None:
    house.world.administering.put_environment(Environment(id="other-1", app=house.world.app))
    await set_apis(house, "/wxa/*")
    assert await container.call(**named) == 85107
    assert await container.call(env="other-1") != 85107


async def test_what_names_no_environment_needs_one_that_allows_it(
    house: House, container: Container
) -> None:
    house.world.administering.put_environment(Environment(id="other-1", app=house.world.app))
    await set_apis(house, "/tcb/*")
    assert await container.call("/wxa/generatescheme", env=None) != 85107
    house.world.administering.put_environment(
        Environment(id="other-1", app=house.world.app, apis=("/sns/*",))
    )
    await house.store.refresh()
    assert await container.call("/wxa/generatescheme", env=None) == 85107
    await set_apis(house, "/tcb/*", opens=False)
    assert await container.call("/wxa/generatescheme", env=None) == 85112


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "drop"},
        {"action": "get", "env": ""},
        {"open": None},
        {"version": None},
        {"version": 7},
        {"api_whitelist": None},
        {"api_whitelist": ["tcb/sendsms"]},
        {"api_whitelist": ["/a"] * 101},
        {"api_whitelist": ["/" + "a" * 128]},
    ],
)
async def test_a_list_that_is_wrong_changes_nothing(house: House, wrong: dict[str, Any]) -> None:
    good = {"action": "set", "open": False, "api_whitelist": ["/wxa/*"], "version": 1}
    told = await use(house, **(good | wrong))
    assert told["errcode"] == -501007
    after = await use(house, action="get")
    assert (after["open"], after["api_whitelist"], after["version"]) == (True, ["/*"], 1)


async def test_a_change_is_audited_and_another_apps_environment_is_nobodys(house: House) -> None:
    desk = house.world.administering
    others = Environment(id="other-1", app=house.world.other_app)
    desk.put_environment(others)
    await set_apis(house, "/tcb/*", opens=False)
    (audited,) = desk.audits(1, f"environment {ENV}")
    told = (audited.who, audited.action, audited.detail)
    assert told == ("app app_test", "opened APIs", "closed")
    assert (await house.store.refresh()).environments["other-1"] == others
    assert (await use(house, env="other-1", action="get"))["errcode"] == -601027


@pytest.mark.parametrize(("right", "errcode"), [(49, 0), (64, 0), (99, 61007)])
async def test_a_third_party_may_look_by_its_rights(house: House, right: int, errcode: int) -> None:
    world = house.world
    world.administering.put_authorisation(
        Authorisation(
            component=world.other_app,
            app=world.app,
            rights=frozenset({right}),
            code_hash=b"",
            refresh_hash=b"",
        )
    )
    await house.store.refresh()
    issued = await Bearers(house.serving).renew(Kind.AUTHORIZER, world.app, world.other_app)
    asked = {"env": ENV, "action": "get"}
    query = f"access_token={issued.written}"
    told = await house.ask("/tcb/usecloudaccesstoken", asked, query)
    assert told["errcode"] == errcode


async def test_it_is_changed_so_often_in_a_day(house: House) -> None:
    world = house.world
    opening = Opening(house.serving, Bearers(house.serving, most_a_day=2))
    (app,) = (one for one in world.store.directory.apps.values() if one.id == world.app)
    version = world.store.directory.environments[ENV].apis_version

    async def change() -> None:
        nonlocal version
        asked = {"action": "set", "env": ENV, "open": True, "api_whitelist": [f"/{version}"]}
        await opening.use(Caller(app), msgspec.json.encode(asked | {"version": version}))
        version += 1

    await change()
    await change()
    with pytest.raises(Fault) as refused:
        await change()
    assert refused.value.errcode == 45009
    world.clock.pass_by(DAY)
    await change()


async def test_a_mini_program_without_environments_bounds_nothing(
    house: House, container: Container
) -> None:
    """Whatever is asked has its own answer: here, that there is no environment."""
    desk = house.world.administering
    desk.name_app(house.world.other_app, "wechat", "wx00000000000000aa")
    app = desk.directory().apps["app_other"]
    desk.change_app(msgspec.structs.replace(app, wechat=WechatProfile(nickname="云开发")))
    await house.store.refresh()
    made = pushed(desk, house.world.sealer, app, house.world.clock())
    await house.store.refresh()
    container.token = made
    assert await container.call() == 85088
