"""The front: from a request to the one who answers it. It is small because it is under every request:
no middleware, and one place where everything that is raised becomes an answer.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final, Literal, TypeAlias

import structlog

from hongyan.api.problem import bad_request
from hongyan.wire.http import ByMethod, Request, Response, Route, Routes, route_of

Logged: TypeAlias = Literal["all", "errors", "off"]
OfHost: TypeAlias = Callable[[Request], Route | None]
"""Who answers whatever is asked under some names of hosts."""

_FAILED: Final = 500
_access: Final = structlog.get_logger("hongyan.access")


class Front:
    """A table of routes, counted and logged."""

    def __init__(
        self,
        routes: Routes,
        *,
        trusted_proxies: Iterable[str],
        logged: Logged,
        of_host: OfHost | None = None,
    ) -> None:
        """`trusted_proxies`: networks whose X-Forwarded-For is believed."""
        self._routes = routes
        self._of_host = of_host
        self._proxies = [ip_network(one) for one in trusted_proxies]
        self._timed = logged != "off"
        self._logs_all = logged == "all"
        self.requests: dict[tuple[str, int], int] = {}
        """(route, status) → requests answered."""

    async def respond(self, request: Request) -> Response:
        """The answer, whatever happens."""
        began = time.perf_counter() if self._timed else 0.0
        if self._proxies:
            self._look_behind(request)
        by_method, request.variable = self._routes.find(request.path)
        route = route_of(by_method, request.method)
        if self._of_host is not None:
            route = self._of_host(request) or route
        if route is not None and route.wants is not None and not route.wants(request):
            route = route.otherwise
        if route is None:
            response = _nobody(by_method)
        else:
            request.route = route.path
            try:
                response = await route.handle(request)
            except Exception as error:  # noqa: BLE001 - the edge: each face has words for all
                response = route.refuse(request, error)
            if route.finish is not None:
                route.finish(request, response)
        self._count(request, response)
        if self._timed and (self._logs_all or response.status >= _FAILED):
            self._log(request, response.status, began)
        return response

    def unread(self, path: str, code: str) -> Response:
        """The answer to a request that was not read, in the words of whoever answers there."""
        by_method, _ = self._routes.find(path)
        for route in by_method.values():
            if route.unread is not None:
                return route.unread(code)
        return bad_request(code)

    def _count(self, request: Request, response: Response) -> None:
        key = (request.route, response.status)
        self.requests[key] = self.requests.get(key, 0) + 1

    def largest(self, path: str, headers: Mapping[bytes, bytes]) -> int:
        """How large a body may be, asked of one that is larger than most."""
        by_method, variable = self._routes.find(path)
        for route in by_method.values():
            if route.largest is not None:
                return route.largest(variable, headers)
        return 0

    def _look_behind(self, request: Request) -> None:
        """Believe a proxy of ours what it tells of the caller."""
        if request.peer and _within(request.peer, self._proxies):
            request.forwarded_host = request.header(b"x-forwarded-host")
            request.peer = self._behind(request)
            request.peer_is_told = not _within(request.peer, self._proxies)

    def _behind(self, request: Request) -> str:
        """The caller's address: the last one in the chain that is no proxy of ours.

        Where a proxy writes what is no address, its own counts: all behind it share one limit.
        """
        peer = request.peer
        chain = request.header(b"x-forwarded-for").split(",")
        for address in reversed([part.strip() for part in chain if part.strip()]):
            if not _is_address(address):
                break
            peer = address
            if not _within(address, self._proxies):
                break
        return peer

    def _log(self, request: Request, status: int, began: float) -> None:
        """Neither path nor query as they came: ids and protocols that we serve carry secrets there."""
        spent = round((time.perf_counter() - began) * 1_000, 1)
        _access.info("request", method=request.method, route=request.route, status=status, ms=spent)


def _nobody(by_method: ByMethod) -> Response:
    """Nobody answers this path, or not by this method."""
    if not by_method:
        return bad_request("no_such_path")
    response = bad_request("method_not_allowed")
    answered = [
        method
        for method, one in by_method.items()
        if one.wants is None or one.otherwise is not None
    ]
    response.headers = ((b"allow", ", ".join(sorted(answered)).encode()),)
    return response


def _within(address: str, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    parsed = ip_address(address)
    return any(parsed in network for network in networks)


def _is_address(written: str) -> bool:
    try:
        ip_address(written)
    except ValueError:
        return False
    return True
