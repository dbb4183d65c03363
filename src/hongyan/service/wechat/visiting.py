"""Visiting: who uses a mini program, as WeChat would say it. Made up, and in development only.

A real code comes from WeChat and only WeChat can read it. Here a program that is being written brings
one that says what it wants: `user-anna` is a person, `phone-13800138000` somebody's number.
"""

import base64
import hmac
import re
from typing import Final

import msgspec

from hongyan.core import phone
from hongyan.core.errors import Invalid
from hongyan.core.time import SECOND
from hongyan.service.administer import WECHAT
from hongyan.service.directory import App
from hongyan.service.serving import Serving
from hongyan.service.wechat.caller import Caller
from hongyan.wire.wechat import body
from hongyan.wire.wechat.answers import PhoneInfo, Session, UserPhoneNumber, Watermark
from hongyan.wire.wechat.fault import Fault
from hongyan.wire.wechat.login import GetUserPhoneNumber
from hongyan.wire.wechat.requests import EXAMPLE_NUMBER

USER: Final = "user-"
PHONE: Final = "phone-"
BLOCKED: Final = "blocked"
"""The code of whom WeChat takes for a risk."""

_KEY: Final = b"wechat visitors"
_NAME: Final = re.compile(r"[\w-]{1,40}", re.ASCII)
_NAME_BYTES: Final = 8
_TAG_BYTES: Final = 12
_KEY_BYTES: Final = 16


class Visiting:
    """/sns/jscode2session and /wxa/business/getuserphonenumber"""

    def __init__(self, serving: Serving) -> None:
        self._key = serving.sealer.key(_KEY)
        self._store = serving.store
        self._clock = serving.clock
        self._in_development = serving.in_development

    def session(self, app: App, code: str) -> Session:
        """Who a code stands for. Raises Fault."""
        self._require_development()
        if code == BLOCKED:
            raise Fault(40226)
        name = code.removeprefix(USER)
        if name == code or not _NAME.fullmatch(name):
            raise Fault(40029)
        key = hmac.digest(self._key, f"{app.id} {name} session".encode(), "sha256")
        return Session(
            openid=self._openid(app, hmac.digest(self._key, name.encode(), "sha256")[:_NAME_BYTES]),
            session_key=base64.b64encode(key[:_KEY_BYTES]).decode(),
        )

    async def phone(self, caller: Caller, given: bytes) -> bytes:
        """/wxa/business/getuserphonenumber. Raises Fault."""
        request = body.read(given, GetUserPhoneNumber)
        self._require_development()
        request.require()
        if request.openid and not self._is_openid(caller.app, request.openid):
            raise Fault(40003)
        written = request.code.removeprefix(PHONE)
        if written == request.code:
            raise Fault(40029)
        national = phone.national(_canonical(written))
        watermark = Watermark(self._clock() // SECOND, self._appid(caller.app))
        told = PhoneInfo(national, national, "86", watermark)
        return msgspec.json.encode(UserPhoneNumber(phone_info=told))

    def _require_development(self) -> None:
        if not self._in_development:
            raise Fault(48001)

    def _openid(self, app: App, who: bytes) -> str:
        """28 letters, as WeChat's. The same person is another one in another app."""
        tag = hmac.digest(self._key, f"{app.id} openid ".encode() + who, "sha256")
        octets = who + tag[:_TAG_BYTES]
        return "o" + base64.urlsafe_b64encode(octets).rstrip(b"=").decode()

    def _is_openid(self, app: App, openid: str) -> bool:
        try:
            octets = base64.urlsafe_b64decode(openid[1:] + "=")
        except ValueError:
            return False
        return hmac.compare_digest(
            self._openid(app, octets[:_NAME_BYTES]).encode(), openid.encode()
        )

    def _appid(self, app: App) -> str:
        named = self._store.directory.named.items()
        found = (name for (protocol, name), one in named if protocol == WECHAT and one.id == app.id)
        return next(found, "")


def _canonical(written: str) -> str:
    if written == EXAMPLE_NUMBER:
        return written
    try:
        return phone.canonical(written)
    except Invalid as error:
        raise Fault(40029) from error
