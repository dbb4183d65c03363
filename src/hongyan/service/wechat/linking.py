"""URL Links and Schemes: addresses that open a page of a mini program, or one of its website.

A URL Link says all that it is about, signed, so nothing is stored of it. It is no secret: whoever has
it may open it, as with WeChat's.
"""

import base64
import hmac
import re
from typing import Final
from urllib.parse import quote

import msgspec

from hongyan.core.time import Millis
from hongyan.core.website import page
from hongyan.service.serving import Serving
from hongyan.service.website import Websites
from hongyan.service.wechat.caller import Caller
from hongyan.service.wechat.environments import environment_of
from hongyan.service.wechat.leading import Leading
from hongyan.wire.wechat import answers, body
from hongyan.wire.wechat.fault import Fault
from hongyan.wire.wechat.requests import CloudBase, GenerateScheme, GenerateUrlLink

URL_LINKS: Final = "/u"
"""Where a URL Link's letters stand behind."""

_KEY: Final = b"wechat url links"
_TAG_BYTES: Final = 16
_LETTERS: Final = re.compile(r"[\w-]{24,8192}", re.ASCII)
_SCHEME: Final = "weixin://dl/business/?t="
_SCHEME_BYTES: Final = 9


class UrlLink(msgspec.Struct, frozen=True, array_like=True):
    """What a URL Link says."""

    app: int
    until: Millis
    path: str = ""
    query: str = ""
    env_version: str = ""
    environment: str = ""
    """With one, it opens `page` of its website instead."""
    page: str = ""


class Linking:
    """Makes such addresses and reads them again."""

    def __init__(self, serving: Serving, websites: Websites) -> None:
        self._store = serving.store
        self._clock = serving.clock
        self._chance = serving.chance
        self._key = serving.sealer.key(_KEY)
        self._websites = websites
        self._leading = Leading(websites, serving.clock)

    async def url_link(self, caller: Caller, given: bytes) -> bytes:
        """/wxa/generate_urllink"""
        request = body.read(given, GenerateUrlLink)
        request.require()
        until = request.expires_at(self._clock())
        environment, leads_to = "", ""
        if request.cloud_base is not None:
            environment, leads_to = self._website(caller, request.cloud_base)
        made = UrlLink(
            caller.app.id,
            until,
            request.path,
            request.query,
            request.env_version,
            environment,
            leads_to,
        )
        address = f"{self._websites.base_url}{URL_LINKS}/{self._written(made)}"
        return msgspec.json.encode(answers.UrlLink(url_link=address))

    async def scheme(self, _caller: Caller, given: bytes) -> bytes:
        """/wxa/generatescheme"""
        request = body.read(given, GenerateScheme)
        request.require()
        request.expires_at(self._clock())
        return msgspec.json.encode(answers.Scheme(openlink=self.new_scheme()))

    def new_scheme(self) -> str:
        """An address that WeChat would open, if it had made it."""
        return _SCHEME + _base64(self._chance(_SCHEME_BYTES))

    def read(self, letters: str) -> UrlLink:
        """What a URL Link says that is good now. Raises Fault."""
        found = self._read(letters)
        if found is None or self._clock() >= found.until:
            raise Fault(-607004)
        return found

    def within(self, address: str, caller: Caller) -> tuple[str, str]:
        """(the path of a URL Link of this app, what it opens: the same however often it is made). Raises
        Fault.
        """
        before = f"{self._websites.base_url}{URL_LINKS}/"
        letters = address.removeprefix(before)
        if letters == address:
            raise Fault(-607004)
        found = self.read(letters)
        if found.app != caller.app.id:
            raise Fault(-607004)
        opens = f"{found.environment}{found.page} {found.path}?{found.query} {found.env_version}"
        return f"{URL_LINKS}/{letters}", quote(opens)

    def opens(self, found: UrlLink) -> str:
        """The address of the website's page that it opens; empty where it opens the mini program."""
        return self._websites.address(found.environment, page(found.page)) if found.page else ""

    def _website(self, caller: Caller, wanted: CloudBase) -> tuple[str, str]:
        """(environment, page) Raises Fault."""
        owner = wanted.resource_appid
        environment = environment_of(self._store.directory, caller, wanted.env, owner)
        asked = f"?{wanted.query}" if wanted.query else ""
        return self._leading.leads(environment, wanted.path + asked)

    def _written(self, one: UrlLink) -> str:
        said = msgspec.msgpack.encode(one)
        return _base64(self._tag(said) + said)

    def _read(self, letters: str) -> UrlLink | None:
        if not _LETTERS.fullmatch(letters):
            return None
        try:
            octets = base64.urlsafe_b64decode(letters + "=" * (-len(letters) % 4))
        except ValueError:
            return None
        tag, said = octets[:_TAG_BYTES], octets[_TAG_BYTES:]
        # One spelling only: base64 reads others too.
        if not hmac.compare_digest(tag, self._tag(said)) or _base64(octets) != letters:
            return None
        return msgspec.msgpack.decode(said, type=UrlLink)

    def _tag(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, "sha256")[:_TAG_BYTES]


def _base64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
