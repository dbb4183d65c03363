"""A plain client of the Zhenzi protocol, over sockets of its own, and apps for it to call as.

All answers are held to what the frailest of the SDKs can read.
"""

import json
import socket
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec

from hongyan.core.message import Kind
from hongyan.service.administer import add_template, create_app
from hongyan.service.directory import Review
from support.held import HeldHouse
from support.process import Dev

SEND, SEND_TEMPLATE = "/sms/send.do", "/sms/v2/send.do"
BALANCE, FIND = "/account/balance.do", "/smslog/findSmsByMessageId.do"
WX_SEND, WX_SEND_TEMPLATE = "/sms/send.html", "/sms/v2/send.html"
WX_BALANCE, WX_FIND = "/sms/balance.html", "/sms/findSmsByMessageId.html"

WORDS_PATHS: Final = (SEND, WX_SEND)
TEMPLATE_PATHS: Final = (SEND_TEMPLATE, WX_SEND_TEMPLATE)
SEND_PATHS: Final = (*WORDS_PATHS, *TEMPLATE_PATHS)
BALANCE_PATHS: Final = (BALANCE, WX_BALANCE)
FIND_PATHS: Final = (FIND, WX_FIND)
PATHS: Final = (*SEND_PATHS, *BALANCE_PATHS, *FIND_PATHS)

SENT: Final = '{"code":0,"data":"发送成功"}'.encode()
FORM: Final = "application/x-www-form-urlencoded"
MESSAGE: Final = "您的订单已发货，请注意查收。"
PARAMS: Final = '["3421","5分钟"]'
_CALL_S: Final = 15.0


# What is heard.


@dataclass(frozen=True)
class Heard:
    """One answer, which came whole in one read."""

    status_line: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> int:
        found: int = self.json["code"]
        return found

    @property
    def data(self) -> Any:
        return self.json["data"]


def read_by_the_frailest(piece: bytes) -> Heard:
    """An answer in the one piece that was read. Fails where any SDK would."""
    head, _, body = piece.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    # Java and urllib raise for any other status.
    assert status_line == "HTTP/1.1 200 OK"
    # Node parses the first piece that it reads; HTTP/1.0 knows no chunks.
    assert int(headers["content-length"]) == len(body)
    assert "transfer-encoding" not in headers
    assert headers["content-type"] == "application/json;charset=UTF-8"
    if body:
        found = json.loads(body)
        assert list(found) == ["code", "data"]
        assert type(found["code"]) is int
        # One program reads the ninth byte as the code; another one decodes no escapes.
        assert json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode() == body
        assert found["code"] == 0 or isinstance(found["data"], str)
    return Heard(status_line, headers, body)


class Line:
    """One connection."""

    def __init__(self, url: str, address: str = "127.0.0.1") -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        self._socket = socket.create_connection(
            (parts.hostname, parts.port), _CALL_S, source_address=(address, 0)
        )

    def say(self, *pieces: bytes) -> None:
        for piece in pieces:
            self._socket.sendall(piece)

    def hear(self) -> Heard:
        return read_by_the_frailest(self._socket.recv(1 << 16))

    def hear_raw(self) -> bytes:
        return self._socket.recv(1 << 16)

    def close(self) -> None:
        self._socket.close()


# A plain client.


@dataclass(frozen=True)
class Zhenzi:
    """An app of a house: who it is there, and from which address it calls."""

    url: str
    app_id: str
    app_secret: str = field(repr=False)
    template_id: str = ""
    address: str = "127.0.0.1"
    headers: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    """The app's, to operators."""

    @classmethod
    def of(cls, dev: Dev) -> "Zhenzi":
        """The app that `dev.json` tells of."""
        told: Any = dev.file["zhenzi"]
        return cls(dev.url, told["app_id"], told["app_secret"], told["template_id"])

    @classmethod
    def of_held(cls, held: HeldHouse) -> "Zhenzi":
        told = held._secrets.zhenzi
        return cls(held.url, told["app_id"], told["app_secret"], told["template_id"])

    def at(self, address: str) -> "Zhenzi":
        return replace(self, address=address)

    def with_secret(self, app_secret: str) -> "Zhenzi":
        return replace(self, app_secret=app_secret)

    def form(self, path: str, number: str, /, **changes: str | None) -> dict[str, str]:
        """A good request to this path; None takes a field out."""
        form: dict[str, str | None] = {"appId": self.app_id, "appSecret": self.app_secret}
        if path in SEND_PATHS:
            form |= {"number": number}
        if path in WORDS_PATHS:
            form |= {"message": MESSAGE}
        if path in TEMPLATE_PATHS:
            form |= {"templateId": self.template_id, "templateParams": PARAMS}
        if path in FIND_PATHS:
            form |= {"messageId": f"of {number}"}
        return {name: value for name, value in (form | changes).items() if value is not None}

    def call(self, path: str, number: str = "13800138000", /, **changes: str | None) -> Heard:
        return self.post(path, urlencode(self.form(path, number, **changes)).encode())

    def post(self, path: str, body: bytes, *, method: str = "POST") -> Heard:
        headers = {"Host": "here", "Content-Type": FORM, "Content-Length": str(len(body))}
        written = [f"{name}: {value}\r\n" for name, value in (headers | dict(self.headers)).items()]
        return self.say(f"{method} {path} HTTP/1.1\r\n{''.join(written)}\r\n".encode(), body)

    def say(self, *pieces: bytes) -> Heard:
        with closing(Line(self.url, self.address)) as line:
            line.say(b"".join(pieces))
            return line.hear()

    # What apps ask.

    def sent(self, number: str, path: str = SEND, /, **changes: str | None) -> None:
        assert self.call(path, number, **changes).body == SENT

    def balance(self) -> int:
        heard = self.call(BALANCE)
        assert heard.code == 0, heard
        found: int = heard.data
        return found

    def found(self, reference: str) -> Any:
        """What find tells of a message that there is."""
        heard = self.call(FIND, messageId=reference)
        assert heard.code == 0, heard
        return heard.data


# Apps to call as.

SIGNATURE: Final = "鸿雁"
BODY: Final = "您的验证码为{1}，有效期{2}，请勿泄漏给他人。"
_made = count(1)


def moved_in(
    house: Dev | HeldHouse,
    *,
    units: int = 100,
    review: Review = Review.APPROVED,
    kind: str = "enterprise",
    title: str = "一个应用",
    body: str = BODY,
    **differing: Any,
) -> Zhenzi:
    """An app with an account, a signature and a template of its own; `differing` is the app's."""
    name = f"app_of_its_own_{next(_made)}"
    with house.administering() as administering, administering.together():
        account = administering.create_account(name, kind)
        if units:
            administering.add_package(account, units, "")
        administering.add_signature(account, SIGNATURE)
        created = create_app(administering, account, title, name)
        template_kind = Kind.VERIFICATION if body == BODY else Kind.NOTICE
        template = add_template(administering, account, name, template_kind, SIGNATURE, body)
        administering.review_template(template, review, "")
        app = administering.directory().apps[name]
        app = msgspec.structs.replace(app, signature=SIGNATURE, **differing)
        administering.change_app(app)
    return Zhenzi(house.url, created.app_id, created.app_secret, str(template), name=name)


def changed(house: Dev | HeldHouse, app: Zhenzi, **differing: Any) -> None:
    """What an operator changes of an app, and that the house has noticed it."""
    with house.administering() as administering:
        one = administering.directory().apps[app.name]
        administering.change_app(msgspec.structs.replace(one, **differing))
    noticed(house)


def closed(house: Dev | HeldHouse, app: Zhenzi) -> None:
    """The app's account is closed, and the house has noticed it."""
    with house.administering() as administering:
        account = administering.directory().apps[app.name].account.id
        administering.open_account(account, is_open=False)
    noticed(house)


def noticed(house: Dev | HeldHouse) -> None:
    """A house notices what others have written with its next commit, which any balance is."""
    seeded = Zhenzi.of(house) if isinstance(house, Dev) else Zhenzi.of_held(house)
    seeded.balance()
