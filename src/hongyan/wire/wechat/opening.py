"""Opening: what containers 云托管 may call without the secret of their mini program, as it is asked for
and told, and which environment a call is of.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from hongyan.wire.wechat.body import Body, require
from hongyan.wire.wechat.case import snake
from hongyan.wire.wechat.codes import OK

MOST_APIS: Final = 100
LONGEST_API: Final = 128

_NAMES: Final = frozenset({"env", "env_id"})
_WRAPPER: Final = "post_data"
_GET, _SET = "get", "set"


class UseCloudAccessToken(Body, kw_only=True):
    """/tcb/usecloudaccesstoken"""

    action: str = ""
    env: str = ""
    open: bool | None = None
    """Of all environments of the mini program."""
    api_whitelist: tuple[str, ...] | None = None
    version: int | None = None
    """That of the list that is replaced."""

    def require(self) -> None:
        """Raises Fault."""
        require(self.action in (_GET, _SET), "action is neither get nor set")
        require(bool(self.env), "env is empty")
        if self.is_change:
            require(self.open is not None, "open is missing")
            require(self.version is not None, "version is missing")
            require(self.api_whitelist is not None, "api_whitelist is missing")
            require(are_apis(self.api_whitelist or ()), "api_whitelist has what is no path")

    @property
    def is_change(self) -> bool:
        return self.action == _SET


class CloudAccess(msgspec.Struct):
    """To a question."""

    open: bool
    api_whitelist: tuple[str, ...]
    version: int
    errcode: int = OK
    errmsg: str = "ok"


class CloudAccessChanged(msgspec.Struct):
    """To a change."""

    errcode: int = OK
    errmsg: str = "ok"


def are_apis(paths: Sequence[str]) -> bool:
    """Whether these can be such a list: paths, or beginnings of paths with `*` behind them."""
    return len(paths) <= MOST_APIS and all(
        one.startswith("/") and len(one) <= LONGEST_API and one.isascii() for one in paths
    )


def is_among(path: str, apis: Sequence[str]) -> bool:
    """Whether an API is in a list."""
    return any(path.startswith(one[:-1]) if one.endswith("*") else path == one for one in apis)


def environments_in(body: bytes) -> set[str]:
    """Every environment that a call may be read to name, in whatever spelling; what cannot be read
    names none.
    """
    try:
        found: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return set()
    within = [value for name, value in found.items() if snake(name) == _WRAPPER]
    every = [found, *(one for one in within if isinstance(one, dict))]
    return {
        value
        for one in every
        for name, value in one.items()
        if snake(name) in _NAMES and isinstance(value, str)
    }
