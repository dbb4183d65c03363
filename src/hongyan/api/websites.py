"""/s/, /u/, /site/: short links, URL Links, and the static websites that they open.

Websites are their owners': they get no cookies, and as long as they have no host of their own their
pages run in a sandbox, where a script is nobody's.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final
from urllib.parse import quote

import structlog

from hongyan.api import jump
from hongyan.core import link
from hongyan.core.errors import HongyanError, NotFound
from hongyan.core.website import Page, UnsafePath, page
from hongyan.service.serving import Serving
from hongyan.service.website import LINKS, MOST_WHOLE, SITES, NoSuchPage, Websites
from hongyan.service.wechat.linking import URL_LINKS, Linking
from hongyan.wire.http import Header, Request, Response, Route
from hongyan.wire.wechat.fault import Fault

_HTML: Final = b"text/html; charset=utf-8"
_TYPES: Final = {
    ".html": _HTML,
    ".htm": _HTML,
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".mjs": b"text/javascript; charset=utf-8",
    ".json": b"application/json",
    ".txt": b"text/plain; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".png": b"image/png",
    ".jpg": b"image/jpeg",
    ".jpeg": b"image/jpeg",
    ".gif": b"image/gif",
    ".webp": b"image/webp",
    ".ico": b"image/x-icon",
    ".woff": b"font/woff",
    ".woff2": b"font/woff2",
    ".mp3": b"audio/mpeg",
    ".mp4": b"video/mp4",
    ".pdf": b"application/pdf",
    ".wasm": b"application/wasm",
}
_ANY: Final = b"application/octet-stream"
_FILE_HEADERS: Final[tuple[Header, ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cache-control", b"no-cache"),
)
_SANDBOX: Final[Header] = (b"content-security-policy", b"sandbox allow-scripts")
_PAGE_HEADERS: Final[tuple[Header, ...]] = (
    (
        b"content-security-policy",
        (
            b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
            b"frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"x-robots-tag", b"noindex"),
)
_log: Final = structlog.get_logger()


class WebsitesApi:
    """Answers whoever follows a link."""

    def __init__(self, serving: Serving, websites: Websites) -> None:
        self._store = serving.store
        self._clock = serving.clock
        self._websites = websites
        self._linking = Linking(serving, websites)

    def routes(self) -> list[Route]:
        """All by GET."""
        return [
            Route("GET", LINKS + "/{link}", self._short_link, _refuse),
            Route("GET", URL_LINKS + "/{link}", self._url_link, _refuse),
            Route("GET", SITES + "/*", self._below, _refuse),
        ]

    def of_host(self, request: Request) -> Route | None:
        """Who answers a request that names a website's own host."""
        host = request.forwarded_host or request.header(b"host")
        if not self._websites.environment_at(host):
            return None
        return Route("GET", SITES + "/*", self._at_host, _refuse)

    async def _short_link(self, request: Request) -> Response:
        opened = await self._store.open_link(link.read(request.variable), self._clock())
        if opened is None:
            raise NotFound
        if not opened.link.environment:  # It opens a URL Link.
            return _redirected(self._websites.base_url + opened.link.page)
        found = page(opened.link.page)
        return _redirected(self._websites.address(opened.link.environment, found))

    async def _url_link(self, request: Request) -> Response:
        found = self._linking.read(request.variable)
        if address := self._linking.opens(found):
            return _redirected(address)
        apps = self._store.directory.apps.values()
        app = next((one for one in apps if one.id == found.app), None)
        if app is None or app.wechat is None:
            raise NotFound
        reader = jump.reader_of(request.header(b"user-agent"))
        name = app.wechat.nickname or app.title
        return _page(200, jump.page_of(reader, name, self._linking.new_scheme()))

    async def _below(self, request: Request) -> Response:
        """A page of a website without a host of its own."""
        if self._websites.host:
            raise NotFound
        environment, _, path = request.path.removeprefix(SITES + "/").partition("/")
        return await self._file(request, environment, "/" + path, (_SANDBOX,))

    async def _at_host(self, request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            raise NotFound
        environment = self._websites.environment_at(
            request.forwarded_host or request.header(b"host")
        )
        return await self._file(request, environment, request.path, ())

    async def _file(
        self, request: Request, environment: str, path: str, headers: tuple[Header, ...]
    ) -> Response:
        one = self._store.directory.environments.get(environment)
        if one is None:  # It may have been made a moment ago by the command line.
            one = (await self._store.refresh()).environments.get(environment)
        if one is None or not one.has_website:  # Whatever the folder holds.
            raise NotFound
        found = page(quote(path))
        known = request.header(b"if-none-match")
        file = await asyncio.to_thread(self._websites.read, environment, found, known)
        headers = (*_FILE_HEADERS, *headers, (b"etag", file.etag.encode()))
        content_type = _TYPES.get(found.file[found.file.rfind(".") :].lower(), _ANY)
        if file.etag == known:
            return Response(304, b"", content_type, headers)
        if len(file.content) == file.size:
            return Response(200, file.content, content_type, headers)
        headers += ((b"content-length", b"%d" % file.size),)
        pieces = self._pieces(environment, found, file.size)
        return Response(200, b"", content_type, headers, pieces)

    async def _pieces(self, environment: str, found: Page, size: int) -> AsyncIterator[bytes]:
        """A large file, no faster than it is read: who reads slowly makes us hold a piece of it."""
        with suppress(NoSuchPage):  # It is gone since: whoever waits sees that it is cut off.
            file = await asyncio.to_thread(self._websites.opened, environment, found)
            with file:
                while size and (piece := await asyncio.to_thread(file.read, min(size, MOST_WHOLE))):
                    size -= len(piece)
                    yield piece


def _redirected(address: str) -> Response:
    return Response(302, b"", _HTML, (*_PAGE_HEADERS, (b"location", address.encode())))


def _page(status: int, content: str) -> Response:
    return Response(status, content.encode(), _HTML, _PAGE_HEADERS)


def _refuse(request: Request, error: Exception) -> Response:
    """One and the same page for whatever is not there, any longer or at all."""
    match error:
        case NotFound() | NoSuchPage() | UnsafePath() | Fault():
            return _page(404, jump.GONE)
        case HongyanError():
            return _page(503, jump.LATER)
        case _:
            _log.error("website.failed", route=request.route, exc_info=error)
            return _page(500, jump.LATER)
