"""Tencent's protocol over a store whose clock a test holds, without a socket."""

import json
from typing import Any

import msgspec

from hongyan.core.country import Scope
from hongyan.core.message import Kind
from hongyan.core.time import SECOND
from hongyan.protocols import Tencent, TencentSettings
from hongyan.service.accept import Acceptance
from hongyan.service.administer import create_app
from hongyan.service.admit import Admission
from hongyan.service.directory import Review, SecretKey, TencentProfile
from hongyan.service.serving import Serving
from hongyan.wire import tc3
from hongyan.wire.http import Request, Response, Routes, route_of
from support.tencent import SECRET_ID, SECRET_KEY
from support.world import Furnish, Moment, World

APP = "1400006666"
NAME = "app_recorded"


class House:
    """The protocol over a world, with the keys of the recordings."""

    def __init__(self, world: World, settings: TencentSettings) -> None:
        self.world = world
        serving = Serving(
            store=world.store,
            sealer=world.sealer,
            clock=world.clock,
            chance=bytes,
            admission=Admission(world.store, world.sealer),
            acceptance=Acceptance(world.store, world.sealer, world.clock, frozenset({"sandbox"})),
            desk=lambda: Shut(world.administering),
        )
        self.served = Tencent(serving, settings)
        self.routes = Routes(self.served.routes())

    async def answer(self, request: Request) -> Response:
        by_method, _ = self.routes.find(request.path)
        route = route_of(by_method, request.method)
        assert route is not None
        assert route.wants is not None
        assert route.wants(request)
        try:
            return await route.handle(request)
        except Exception as error:  # noqa: BLE001 - as the front does
            return route.refuse(request, error)

    async def ask(self, request: Request) -> dict[str, Any]:
        """The Response of an answer."""
        response = await self.answer(request)
        assert (response.status, response.content_type) == (200, b"application/json")
        found: dict[str, Any] = json.loads(response.body)["Response"]
        return found

    def signed(self, action: str, secret_id: str = SECRET_ID, **parameters: Any) -> Request:
        body = json.dumps(parameters, ensure_ascii=False).encode()
        signer = tc3.Signer(secret_id, SECRET_KEY, "sms.example.com")
        headers = signer.posted(body, self.world.clock() // SECOND)
        headers |= {"x-tc-action": action, "x-tc-version": "2021-01-11"}
        named = {name.encode(): value.encode() for name, value in headers.items()}
        return Request("POST", "/", b"", named, body, "127.0.0.1")

    def sending(self, number: str = "+8613800138000", **changes: Any) -> Request:
        good: dict[str, Any] = {
            "PhoneNumberSet": [number],
            "SmsSdkAppId": APP,
            "SignName": "AA生活服务",
            "TemplateId": "1",
            "TemplateParamSet": ["384592", "5"],
        }
        return self.signed("SendSms", **(good | changes))

    async def balance(self) -> int:
        return await self.world.store.balance(self.world.account)


class Shut:
    """A desk that is kept open for the test's own changes."""

    def __init__(self, desk: Any) -> None:
        self._desk = desk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)

    def used_secret_keys(self, _uses: object) -> None:
        """The desk belongs to another thread; the real one has a test of its own."""

    def close(self) -> None: ...


async def opened(furnish: Furnish, clock: Moment | None = None, **settings: Any) -> House:
    world = await furnish(clock=clock or Moment())
    desk, account = world.administering, world.account
    desk.add_signature(account, "AA生活服务", Scope.BOTH)
    for kind in Kind:
        desk.put_route(kind, ["sandbox"])
    body = "您的验证码为：{1}，请于{2}分钟内填写。"
    made = desk.add_template(account, "code", Kind.VERIFICATION, "", body, Scope.BOTH)
    desk.review_template(made, Review.APPROVED, "")
    assert made == 1
    create_app(desk, account, "App", NAME)
    app = desk.directory().apps[NAME]
    desk.name_app(app.id, "tencent", APP)
    desk.change_app(msgspec.structs.replace(app, tencent=TencentProfile()))
    for secret_id in (SECRET_ID, "AKIDother"):
        desk.add_secret_key(SecretKey(id=secret_id, account=account, secret=SECRET_KEY))
    await world.store.refresh()
    return House(world, msgspec.convert({"prefixes": ["/tencent"], **settings}, TencentSettings))
