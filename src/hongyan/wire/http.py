"""HTTP as values: what a face is asked and what it answers, without a socket in sight."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Final, TypeAlias
from urllib.parse import parse_qs

import msgspec

Header: TypeAlias = tuple[bytes, bytes]

JSON: Final = b"application/json"


class Request(msgspec.Struct):
    """One request, its body read whole."""

    method: str
    path: str
    query: bytes
    headers: Mapping[bytes, bytes]
    """Names in lower case; the values of repeated ones joined by commas."""
    body: bytes
    peer: str
    """The address of the caller, as far as trusted proxies tell it."""
    variable: str = ""
    """What stood in the place of the path's `{…}`."""
    route: str = "other"
    """The path with its `{…}`, for logs and counts: what stood there may be a secret."""
    forwarded_host: str = ""
    """What the caller named as the host, as far as a trusted proxy tells it."""
    peer_is_told: bool = False
    """Whether a trusted proxy has told `peer`."""

    def header(self, name: bytes) -> str:
        """A header's value; empty when it is missing."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def peer_is_known(self) -> bool:
        """Whether `peer` is the caller's, and not of a proxy before him that nobody trusts."""
        return self.peer_is_told or b"x-forwarded-for" not in self.headers

    def parameter(self, name: str) -> str:
        """A query parameter's (last) value; empty when it is missing."""
        values = parse_qs(self.query.decode("latin-1"), keep_blank_values=True).get(name)
        return values[-1] if values else ""


class Response(msgspec.Struct):
    """One answer. Its body is bytes, or a stream of them (which then has no length)."""

    status: int
    body: bytes = b""
    content_type: bytes = JSON
    headers: tuple[Header, ...] = ()
    stream: AsyncIterator[bytes] | None = None


Handle: TypeAlias = Callable[[Request], Awaitable[Response]]
Refuse: TypeAlias = Callable[[Request, Exception], Response]
"""Says in a protocol's words what its handler raised; a bug too, which it logs."""

Finish: TypeAlias = Callable[[Request, Response], None]


Unread: TypeAlias = Callable[[str], Response]
"""The answer to a request that was not read, by the word for why."""

Wants: TypeAlias = Callable[[Request], bool]

Largest: TypeAlias = Callable[[str, Mapping[bytes, bytes]], int]
"""How large a body may be, by the path's variable and the headers that it comes with."""

ANY_METHOD: Final = "*"


class Route(msgspec.Struct, frozen=True):
    """A method (or any) and a path, and who answers there.

    A path has one `{…}` at most; one that ends with `/*` is all that is below and not named.
    """

    method: str
    path: str
    handle: Handle
    refuse: Refuse
    finish: Finish | None = None
    """Adds to an answer what depends on who asked (CORS)."""
    unread: Unread | None = None
    """Says in a protocol's words that a request could not be read."""
    anywhere: bool = False
    """Whether it answers behind any prefix too, and where slashes are doubled."""
    wants: Wants | None = None
    """Which requests are for it; all others go to `otherwise`, or to nobody."""
    otherwise: "Route | None" = None
    largest: Largest | None = None
    """Where it takes larger bodies than others do."""


ByMethod: TypeAlias = Mapping[str, Route]


class Routes:
    """Finds who answers. Exact paths first, then those with a variable, then those that are tolerant
    of what stands before them, then whole trees.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        by_path: dict[str, dict[str, Route]] = {}
        self._anywhere: dict[tuple[str, ...], ByMethod] = {}
        for one in routes:
            by_path.setdefault(one.path, {})[one.method] = one
            if one.anywhere:
                self._anywhere[tuple(_pieces(one.path))] = by_path[one.path]
        self._lengths = sorted({len(pieces) for pieces in self._anywhere}, reverse=True)
        self._trees = {
            path.removesuffix("/*"): by_method
            for path, by_method in by_path.items()
            if path.endswith("/*")
        }
        self._exact: dict[str, tuple[ByMethod, str]] = {
            path: (by_method, "") for path, by_method in by_path.items() if "{" not in path
        }
        self._variable = [
            (*_around(path), by_method) for path, by_method in by_path.items() if "{" in path
        ]

    def find(self, path: str) -> tuple[ByMethod, str]:
        """(who answers, by method; the path's variable). Nobody: an empty mapping."""
        exact = self._exact.get(path)
        if exact is not None:
            return exact
        for before, after, by_method in self._variable:
            if path.startswith(before) and path.endswith(after):
                variable = path[len(before) : len(path) - len(after)]
                if variable and "/" not in variable:
                    return by_method, variable
        return self._tolerant(path), ""

    def _tolerant(self, path: str) -> ByMethod:
        pieces = _pieces(path)
        for length in self._lengths:
            found = self._anywhere.get(tuple(pieces[-length:]))
            if found is not None:
                return found
        return self._trees.get(f"/{pieces[0]}", _NOBODY) if pieces else _NOBODY


def route_of(by_method: ByMethod, method: str) -> Route | None:
    """Who answers a method."""
    return by_method.get("GET" if method == "HEAD" else method) or by_method.get(ANY_METHOD)


def beside(choosy: Iterable[Route], others: Iterable[Route], page: str = "/") -> list[Route]:
    """All of them as one list: what the choosy ones do not want goes to who answered there without
    them, or, where a path is theirs alone, to the page.
    """
    known = {(one.method, one.path): one for one in others}
    chosen = []
    for one in choosy:
        otherwise = known.pop((one.method, one.path), None)
        if otherwise is None and one.method == "GET":
            otherwise = next(
                (two for two in others if (two.method, two.path) == ("GET", page)), None
            )
        chosen.append(msgspec.structs.replace(one, otherwise=otherwise))
    return [*known.values(), *chosen]


_NOBODY: Final[ByMethod] = {}


def _pieces(path: str) -> list[str]:
    return [piece for piece in path.split("/") if piece]


def _around(path: str) -> tuple[str, str]:
    before, _, rest = path.partition("{")
    return before, rest.partition("}")[2]
