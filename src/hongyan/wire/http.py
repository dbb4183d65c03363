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

    def header(self, name: bytes) -> str:
        """A header's value; empty when it is missing."""
        return self.headers.get(name, b"").decode("latin-1")

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


class Route(msgspec.Struct, frozen=True):
    """A method and a path (with one `{…}` at most) and who answers there."""

    method: str
    path: str
    handle: Handle
    refuse: Refuse
    finish: Finish | None = None
    """Adds to an answer what depends on who asked (CORS)."""


ByMethod: TypeAlias = Mapping[str, Route]


class Routes:
    """Finds who answers. Exact paths first, then those with a variable."""

    def __init__(self, routes: Iterable[Route]) -> None:
        by_path: dict[str, dict[str, Route]] = {}
        for one in routes:
            by_path.setdefault(one.path, {})[one.method] = one
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
        return _NOBODY, ""


_NOBODY: Final[ByMethod] = {}


def _around(path: str) -> tuple[str, str]:
    before, _, rest = path.partition("{")
    return before, rest.partition("}")[2]
