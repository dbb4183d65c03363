"""A plain client of WeChat's APIs, over sockets of its own, and mini programs for it to call for."""

import http.client
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec

from hongyan.core.hours import ALWAYS
from hongyan.core.message import Kind
from hongyan.service.administer import COMPONENT, WECHAT, add_template
from hongyan.service.directory import App, Environment, KeyKind, Review, WechatProfile
from hongyan.service.ports import Administration, NewKey
from support.fake import wechat_secret
from support.held import HeldHouse
from support.process import new_phone

SEND: Final = "/tcb/sendsms"
SEND_V2: Final = "/tcb/sendsmsv2"
RECORDS: Final = "/tcb/describesmsrecords"
URL_LINK: Final = "/wxa/generate_urllink"
SCHEME: Final = "/wxa/generatescheme"
PHONE: Final = "/wxa/business/getuserphonenumber"
TOKEN: Final = "/cgi-bin/token"
STABLE: Final = "/cgi-bin/stable_token"
SESSION: Final = "/sns/jscode2session"
APIS: Final = (SEND, SEND_V2, RECORDS, URL_LINK, SCHEME, PHONE)

NICKNAME: Final = "云开发"
SHORT_NAME: Final = "云"
CONTENT: Final = "能力上新"
BODY: Final = "您购买的{1}已发货，详情：{2}"
RID: Final = re.compile(r".* rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}", re.DOTALL)

_CALL_S: Final = 15.0
_made = count(1)


@dataclass(frozen=True)
class Heard:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def errcode(self) -> int:
        found: int = self.json.get("errcode", 0)
        return found

    @property
    def fault(self) -> tuple[int, str]:
        """(errcode, errmsg without its number) of a call that was refused."""
        assert self.status == 200, self
        assert list(self.json) == ["errcode", "errmsg"]
        assert RID.fullmatch(self.json["errmsg"])
        return self.json["errcode"], self.json["errmsg"].rpartition(" rid: ")[0]


@dataclass(frozen=True)
class MiniProgram:
    """A mini program's server: who it is, and from which address it calls."""

    url: str
    appid: str
    secret: str = field(repr=False)
    env: str = ""
    template: str = ""
    address: str = "127.0.0.1"
    name: str = ""
    """The app's, to operators."""

    def at(self, address: str) -> "MiniProgram":
        return replace(self, address=address)

    def with_secret(self, secret: str) -> "MiniProgram":
        return replace(self, secret=secret)

    def http(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Heard:
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        connection = http.client.HTTPConnection(
            parts.hostname, parts.port, timeout=_CALL_S, source_address=(self.address, 0)
        )
        with closing(connection):
            connection.request(method, path, body or None, dict(headers or {}))
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Heard(answer.status, told, answer.read())

    def post(self, path: str, body: Any, **query: str) -> Heard:
        """A call with JSON and no Content-Type, as wechatpy's."""
        written = f"{path}?{urlencode(query)}" if query else path
        given = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        heard = self.http("POST", written, given)
        assert heard.status == 200, heard
        return heard

    def get(self, path: str, **query: str) -> Heard:
        return self.http("GET", f"{path}?{urlencode(query)}")

    # Tokens

    def token_answer(self, **changes: str) -> Heard:
        query = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
        return self.get(TOKEN, **(query | changes))

    def stable_answer(self, **changes: Any) -> Heard:
        body = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
        return self.post(STABLE, body | changes)

    def token(self) -> str:
        heard = self.token_answer()
        assert heard.errcode == 0, heard
        found: str = heard.json["access_token"]
        return found

    def stable_token(self) -> str:
        heard = self.stable_answer()
        assert heard.errcode == 0, heard
        found: str = heard.json["access_token"]
        return found

    def with_token(self) -> "Holder":
        return Holder(self, self.stable_token())


@dataclass(frozen=True)
class Holder:
    """A mini program's server that has its token."""

    mini: MiniProgram
    token: str = field(repr=False)

    def call(self, path: str, body: Any) -> Heard:
        return self.mini.post(path, body, access_token=self.token)

    def send(self, *numbers: str, **changes: Any) -> Heard:
        """Marketing, but for what is changed; None takes a field out."""
        return self.call(SEND, self.marketing(numbers, **changes))

    def notify(self, *numbers: str, **changes: Any) -> Heard:
        """A notification, but for what is changed."""
        return self.call(SEND, self.notification(numbers, **changes))

    def marketing(self, numbers: Sequence[str], **changes: Any) -> dict[str, Any]:
        body = {
            "env": self.mini.env,
            "phone_number_list": list(numbers),
            "sms_type": "Marketing",
            "content": CONTENT,
            "path": "/index.html",
        }
        return {name: value for name, value in (body | changes).items() if value is not None}

    def notification(self, numbers: Sequence[str], **changes: Any) -> dict[str, Any]:
        body = {
            "env": self.mini.env,
            "phone_number_list": list(numbers),
            "sms_type": "Notification",
            "template_id": self.mini.template,
            "template_param_list": ["商品", "/index.html"],
        }
        return {name: value for name, value in (body | changes).items() if value is not None}

    def sent(self, heard: Heard) -> list[Any]:
        """What became of each number, of a call that was taken."""
        assert heard.errcode == 0, heard
        assert "errmsg" not in heard.json
        found: list[Any] = heard.json["send_status_list"]
        return found

    def text(self, phone: str, after: str = "") -> Any:
        """The newest text on the sandbox phone."""
        query = {"phone": phone, "wait": "5", "after": after}
        heard = self.mini.get("/sandbox/messages/latest", **query)
        assert heard.status == 200, heard
        return heard.json

    def texts(self, phone: str) -> list[Any]:
        found: list[Any] = self.mini.get("/sandbox/messages", phone=phone).json["messages"]
        return found

    def balance(self, house: HeldHouse) -> int:
        with house.administering() as administering:
            app = administering.directory().apps[self.mini.name]
            return administering.balance(app.account.id)


def new_number() -> str:
    """A number that no other test has, as the API takes it."""
    return f"+86{new_phone()}"


# Mini programs to call for.


def moved_in(
    house: HeldHouse,
    *,
    units: int = 100_000,
    kind: str = "enterprise",
    website: bool = True,
    environment: bool = True,
    profile: WechatProfile | None = None,
    **differing: Any,
) -> MiniProgram:
    """A mini program with an account, an environment with a website, and a template of its own;
    `differing` is the app's.
    """
    number = next(_made)
    name, appid, env = f"mini_{number}", f"wx{number:016x}", f"online-{number:011d}"
    profile = profile or WechatProfile(
        nickname=NICKNAME, short_name=SHORT_NAME, original_id="gh_abcdef012345"
    )
    given: dict[str, Any] = {"wechat": profile, "hours": ALWAYS} | differing
    with house.administering() as administering, administering.together():
        account = administering.create_account(name, kind)
        if units:
            administering.add_package(account, units, "")
        app = administering.create_app(account, name, "一个小程序")
        administering.name_app(app, WECHAT, appid)
        secret = _with_secret(administering, app, number)
        administering.add_signature(account, NICKNAME)
        template = add_template(administering, account, "delivery", Kind.NOTICE, NICKNAME, BODY)
        administering.review_template(template, Review.APPROVED, "")
        if environment:
            administering.put_environment(Environment(id=env, app=app, has_website=website))
        for one in Kind:
            administering.put_route(one, ["sandbox"])
        _change(administering, name, given)
    if website:
        page = websites_of(house) / env / "index.html"
        page.parent.mkdir(parents=True)
        page.write_text("<!doctype html><title>你好</title>", "utf-8")
    return MiniProgram(house.url, appid, secret, env, str(template), name=name)


def third_party_in(house: HeldHouse) -> MiniProgram:
    """A third party 第三方平台, which is an app as well."""
    number = next(_made)
    name, appid, env = f"third_{number}", f"wx{number:016x}", f"third-{number:011d}"
    with house.administering() as administering, administering.together():
        account = administering.create_account(name, "enterprise")
        app = administering.create_app(account, name, "一个第三方平台")
        administering.name_app(app, COMPONENT, appid)
        secret = _with_secret(administering, app, number)
        administering.put_environment(Environment(id=env, app=app))
    page = websites_of(house) / env / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("<!doctype html><title>第三方</title>", "utf-8")
    return MiniProgram(house.url, appid, secret, env, name=name)


def websites_of(house: HeldHouse) -> Path:
    return house.directory / "websites"


def changed(house: HeldHouse, mini: MiniProgram, **differing: Any) -> None:
    """What an operator changes of an app. The house notices it with whatever it commits next."""
    with house.administering() as administering:
        _change(administering, mini.name, differing)
    noticed(house)


def app_of(house: HeldHouse, mini: MiniProgram) -> App:
    with house.administering() as administering:
        return administering.directory().apps[mini.name]


def noticed(house: HeldHouse) -> None:
    """The house has seen what was written beside it: it looks with each commit, such as a knock's."""
    knocking = MiniProgram(house.url, "wx", "nobody")
    assert knocking.token_answer().errcode == 40013


def _with_secret(administering: Administration, app: int, seed: int) -> str:
    secret = wechat_secret(seed)
    key = NewKey(kind=KeyKind.APP_SECRET, secret=secret, hint=f"…{seed}")
    administering.add_key(app, key)
    return secret


def _change(administering: Administration, name: str, differing: dict[str, Any]) -> None:
    app = administering.directory().apps[name]
    administering.change_app(msgspec.structs.replace(app, **differing))
