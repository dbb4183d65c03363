"""Guards around handlers: which web pages may call (CORS), and under which Host names."""

import re
from collections.abc import Set as AbstractSet
from typing import Final

from hongyan.api.problem import bad_request
from hongyan.service.ports import Store
from hongyan.wire.http import Handle, Header, Request, Response

_HOST: Final = re.compile(r"(\[[^]]*]|[^:]*)(?::[0-9]*)?")
"""A name or an address, in brackets where it has colons itself, and a port."""

_PREFLIGHT: Final[tuple[Header, ...]] = (
    (b"access-control-allow-methods", b"POST"),
    (b"access-control-allow-headers", b"authorization, content-type, idempotency-key"),
    (b"access-control-max-age", b"600"),
)


class Cors:
    """Lets the pages of listed origins read the answers. Which key they hold is asked elsewhere."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def finish(self, request: Request, response: Response) -> None:
        """Add to an answer what lets the page read it."""
        if b"origin" in request.headers:
            response.headers = (*response.headers, *self._allowed(request))

    async def preflight(self, request: Request) -> Response:
        """What a browser asks before it lets a page send a key."""
        return Response(204, headers=(*_PREFLIGHT, *self._allowed(request)))

    def _allowed(self, request: Request) -> tuple[Header, ...]:
        origin = request.headers.get(b"origin", b"")
        if not self._store.directory.allows_origin(origin.decode("latin-1")):
            return ((b"vary", b"origin"),)
        return (
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", b"retry-after, date"),
            (b"vary", b"origin"),
        )


def for_hosts(hosts: AbstractSet[str], handle: Handle) -> Handle:
    """Answers under these Host names only, so that no foreign page reaches it by a name of its own
    that it points here (DNS rebinding).
    """

    async def answer(request: Request) -> Response:
        host = _HOST.fullmatch(request.header(b"host").lower())
        if host is None or host[1] not in hosts:
            return bad_request("host_refused")
        return await handle(request)

    return answer
