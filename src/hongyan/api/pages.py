"""The pages that a person sees: the development page with the sandbox phone, and the API explorer.

Plain files, read once; no build step, nothing from elsewhere, and a policy that keeps it so.
"""

import hashlib
from importlib import resources
from typing import Final

import msgspec

from hongyan.api.endpoint import Endpoint, answer
from hongyan.wire.http import Handle, Header, Refuse, Request, Response, Route

_STATIC: Final = "hongyan.api.static"
_TYPES: Final = {
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".svg": b"image/svg+xml",
}
_HEADERS: Final[tuple[Header, ...]] = (
    (
        b"content-security-policy",
        (
            b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            b"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
)

DEVELOPMENT: Final = {"/": "index.html", "/pages/dev.js": "dev.js"}
_ASSETS: Final = (".js", ".css")


class DevelopmentPage(msgspec.Struct):
    """What the development page needs to know: only what anybody may."""

    publishable_key: str
    code_length: int


class Pages:
    """Answers for files of the package."""

    def __init__(self, development: DevelopmentPage | None) -> None:
        """`development`: what the page at `/` is told; without it, `/` only says what this is."""
        self._development = development

    def routes(self, refuse: Refuse) -> list[Route]:
        home = "house.html" if self._development is None else "index.html"
        files = {"/": home, "/docs": "docs.html", "/favicon.svg": "favicon.svg"}
        names = [file.name for file in resources.files(_STATIC).iterdir()]
        files |= {f"/pages/{name}": name for name in names if name.endswith(_ASSETS)}
        return [Route("GET", path, _file(name), refuse) for path, name in files.items()]

    async def development(self, _request: Request) -> Response:
        return answer(self._development)

    def endpoints(self) -> list[Endpoint]:
        if self._development is None:
            return []
        return [
            Endpoint(
                method="GET",
                path="/sandbox/page.json",
                handle=self.development,
                name="developmentPage",
                summary="What the development page is told",
                tag="Sandbox",
                gives={200: DevelopmentPage},
                problems=("host_refused",),
            )
        ]


def _file(name: str) -> Handle:
    content = resources.files(_STATIC).joinpath(name).read_bytes()
    etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'.encode()
    content_type = _TYPES[name[name.rindex(".") :]]
    headers = (*_HEADERS, (b"etag", etag))

    async def answer_file(request: Request) -> Response:
        if request.headers.get(b"if-none-match") == etag:
            return Response(304, b"", content_type, headers)
        return Response(200, content, content_type, headers)

    return answer_file
