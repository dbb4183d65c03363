"""WeChat's protocol over a store whose clock a test holds, without a socket."""

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec

from hongyan.core.hours import ALWAYS
from hongyan.core.message import Kind as MessageKind
from hongyan.protocols import WeChat
from hongyan.service.accept import Acceptance
from hongyan.service.administer import COMPONENT, WECHAT
from hongyan.service.admit import Admission
from hongyan.service.directory import Environment, KeyKind, WechatProfile
from hongyan.service.ports import NewKey, Store
from hongyan.service.serving import Serving
from hongyan.service.website import WechatSettings
from hongyan.wire.http import Request, Response, Routes, route_of
from support.fake import wechat_secret
from support.world import Furnish, Moment, World, open_postgres

APPID: Final = "wx0123456789abcdef"
THIRD: Final = "wxfedcba9876543210"
ENV: Final = "online-12345678910"
NUMBER: Final = "+8613800138000"


class House:
    """The protocol over a world."""

    def __init__(self, world: World, store: Store | None = None) -> None:
        self.world = world
        self.store = store or world.store
        acceptance = Acceptance(self.store, world.sealer, world.clock, frozenset({"sandbox"}))
        self.serving = serving = Serving(
            store=self.store,
            sealer=world.sealer,
            clock=world.clock,
            chance=random.Random(7).randbytes,
            admission=Admission(self.store, world.sealer),
            acceptance=acceptance,
            desk=world.desk,
            base_url="https://sms.example.com",
        )
        settings = WechatSettings(websites=str(world.directory / "websites"))
        self.served = WeChat(serving, settings)
        self.routes = Routes(self.served.routes())

    async def answer(self, method: str, path: str, query: str = "", body: bytes = b"") -> Response:
        request = Request(method, path, query.encode(), {}, body, "127.0.0.1")
        by_method, _ = self.routes.find(path)
        route = route_of(by_method, method)
        assert route is not None
        request.route = route.path
        try:
            return await route.handle(request)
        except Exception as error:  # noqa: BLE001 - as the front does
            return route.refuse(request, error)

    async def ask(self, path: str, body: Any, query: str = "") -> Any:
        given = body if isinstance(body, bytes) else json.dumps(body).encode()
        response = await self.answer("POST", path, query, given)
        assert response.status == 200
        return json.loads(response.body)

    async def stable(self, **changes: Any) -> Any:
        body = {"grant_type": "client_credential", "appid": APPID, "secret": wechat_secret()}
        return await self.ask("/cgi-bin/stable_token", body | changes)

    async def token(self) -> str:
        found: str = (await self.stable())["access_token"]
        return found

    async def send(self, token: str, *numbers: str, **changes: Any) -> Any:
        body = {
            "env": ENV,
            "phone_number_list": numbers or [NUMBER],
            "content": "能力上新",
            "path": "/index.html",
        }
        return await self.ask("/tcb/sendsms", body | changes, f"access_token={token}")

    async def balance(self) -> int:
        return await self.world.store.balance(self.world.account)


async def opened(furnish: Furnish) -> House:
    world = await furnish(clock=Moment())
    desk = world.administering
    desk.name_app(world.app, WECHAT, APPID)
    desk.name_app(world.other_app, COMPONENT, THIRD)
    for named, seed in ((world.app, 0), (world.other_app, 1)):
        key = NewKey(kind=KeyKind.APP_SECRET, secret=wechat_secret(seed), hint=f"…{seed}")
        desk.add_key(named, key)
    desk.put_environment(Environment(id=ENV, app=world.app))
    for kind in MessageKind:
        desk.put_route(kind, ["sandbox"])
    app = desk.directory().apps["app_test"]
    profile = WechatProfile(nickname="云开发")
    desk.change_app(msgspec.structs.replace(app, wechat=profile, hours=ALWAYS))
    page = world.directory / "websites" / ENV / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("", "utf-8")
    await world.store.refresh()
    return House(world)


@asynccontextmanager
async def another(house: House) -> AsyncIterator[House]:
    """Another process, where a store has several; else the same one."""
    world = house.world
    if world.open_store is not open_postgres:
        yield house
        return
    store, _, desk = await open_postgres(world.directory, world.clock, world.rules, world.bound)
    yield House(world, store)
    await store.close()
    desk.close()
