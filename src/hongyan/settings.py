"""Settings: one frozen tree, read once from a TOML file and the environment, handed down.

Each room declares what it needs; here the rooms' settings are put together and nowhere else.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import Meta

from hongyan.core.policy import Policy
from hongyan.protocols import TencentSettings
from hongyan.providers import (
    CallSettings,
    SandboxSettings,
    TencentUpstreamSettings,
    WechatUpstreamSettings,
    ZhenziSettings,
)
from hongyan.service.notify import CallbackSettings
from hongyan.service.settle import Patience
from hongyan.service.website import WechatSettings, address_of
from hongyan.store.opening import StoreSettings

ENVIRONMENT_PREFIX: Final = "HONGYAN__"
_WHERE: Final = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_UNKNOWN: Final = re.compile(r"unknown field `([^`]*)`")
_DATABASE: Final = re.compile(
    r"""postgres(?:ql)?://
        (?:[^\s:/?#@\[\]]+(?::[^\s:/?#@\[\]]*)?@)?   # user, password
        (?:(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?(?:,(?=[^/])|(?=/)))*  # hosts
        /[^\s/?#@]*                                  # database
        (?:\?(?!(?:.*&)?password=)[^\s?#@]*)?""",
    re.VERBOSE | re.ASCII,
)
_NEVER_IN_URLS: Final = re.compile(r"""[\s\0-\x1f\x7f"<>\\^`{|}]""")


class SettingsError(Exception):
    """The configuration cannot be used; the sentence names the file, the line and the key."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file: an unknown key is a mistake, not a wish."""


class ServerSettings(_Strict, frozen=True):
    """`[server]`"""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8080
    base_url: str = ""
    """Where callers reach this house; the issuer of its proofs."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks whose X-Forwarded-For is believed."""
    access_log: Literal["all", "errors", "off"] = "errors"
    drain_s: Annotated[int, Meta(ge=1, le=60)] = 6
    """How long a stopping process waits for hand-overs that are on their way."""


class RegisterSettings(_Strict, frozen=True):
    """`[register]`: mounts /register for one app."""

    app: str = ""


class MetricsSettings(_Strict, frozen=True):
    """`[metrics]`: /metrics is served only with a key."""

    key: str = ""

    def __repr__(self) -> str:
        return "MetricsSettings(…)"


class ProvidersSettings(_Strict, frozen=True):
    """`[providers.*]`: the upstreams that this process can call."""

    sandbox: SandboxSettings | None = None
    zhenzi: ZhenziSettings | None = None
    tencent: TencentUpstreamSettings | None = None
    wechat: WechatUpstreamSettings | None = None


def platforms(settings: ProvidersSettings) -> dict[str, CallSettings]:
    """The upstreams that are called by an address, by name."""
    found = {name: getattr(settings, name) for name in settings.__struct_fields__}
    return {name: one for name, one in found.items() if isinstance(one, CallSettings)}


class Settings(_Strict, frozen=True):
    """The whole file."""

    data: str = "data"
    """The data directory, relative to the file."""
    server: ServerSettings = ServerSettings()
    store: StoreSettings = StoreSettings()
    verification: Policy = Policy()
    dispatch: Patience = Patience()
    register: RegisterSettings = RegisterSettings()
    metrics: MetricsSettings = MetricsSettings()
    callbacks: CallbackSettings = CallbackSettings()
    tencent: TencentSettings = TencentSettings()
    wechat: WechatSettings = WechatSettings()
    providers: ProvidersSettings = ProvidersSettings()

    @property
    def cloudcall(self) -> WechatSettings:
        """The cloud call is WeChat's by another way, and has no settings of its own."""
        return self.wechat


def load(path: Path, environment: Mapping[str, str]) -> Settings:
    """Read the file, then lay `HONGYAN__TABLE__KEY` variables over it. Raises SettingsError."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        sentence = f"{path} does not exist. Make one with 'hongyan init'."
        raise SettingsError(sentence) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.") from error
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not TOML: {error}.") from error
    settings = _converted(_overlaid(tree, environment), environment, path, text)
    return _anchored(settings, path.parent)


def from_environment(environment: Mapping[str, str]) -> Settings:
    """The defaults, with the variables over them. Raises SettingsError."""
    return _converted(_overlaid({}, environment), environment)


def url_parts(written: str) -> SplitResult:
    """The parts of an address. Raises ValueError for what is none."""
    if found := _NEVER_IN_URLS.search(written):
        raise ValueError(f"{found[0]!r} stands in no address")
    parts = urlsplit(written)
    _ = parts.port  # Looked at only when it is asked for.
    return parts


def database_parts(written: str) -> SplitResult:
    """The parts of a database's address. Raises ValueError, whose sentence repeats nothing of it:
    a password may stand in it, and in any part of one that is badly written.
    """
    if not _DATABASE.fullmatch(written):
        form = "postgresql://user@host:port/database"
        raise ValueError(f"its form is {form}, and a password's odd characters are %-encoded")
    return urlsplit(written)


def _overlaid(tree: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    for name, value in environment.items():
        if not name.startswith(ENVIRONMENT_PREFIX):
            continue
        *tables, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        branch = tree
        for table in tables:
            branch = branch.setdefault(table, {})
            if not isinstance(branch, dict):
                raise SettingsError(f"the environment: {name}: {table} is no table.")
        branch[key] = _value(value)
    return tree


def _value(written: str) -> Any:
    """A variable's value, as TOML would read it; anything else is a string."""
    try:
        return tomllib.loads(f"value = {written}")["value"]
    except tomllib.TOMLDecodeError:
        return written


def _converted(
    tree: dict[str, Any],
    environment: Mapping[str, str],
    path: Path | None = None,
    text: str = "",
) -> Settings:
    try:
        settings = msgspec.convert(tree, Settings)
        _require_addresses(settings)
    except msgspec.ValidationError as error:
        where = _WHERE.match(str(error))
        assert where is not None  # noqa: S101 - the pattern fits any string
        keys = [key for key in re.split(r"\.|\[[^\]]*\]", where["path"] or "") if key]
        if unknown := _UNKNOWN.search(where["what"]):
            keys.append(unknown[1])
        given = {name.upper(): value for name, value in environment.items()}
        overlaid = given.get(ENVIRONMENT_PREFIX + "__".join(keys).upper())
        if overlaid is not None and where["what"].startswith("Expected `str`, got "):
            # What looks like another type in a variable: an appId of six digits.
            return _converted(_put(tree, keys, overlaid), environment, path, text)
        line = 0 if overlaid is not None else _line_of(text, keys)
        before, bracket, _ = (where["path"] or "").partition("[")
        if not line and bracket and overlaid is None:
            # Within a table whose keys are the operator's own, the table's line is all that is known.
            line = _line_of(text, before.split("."))
        place = f"{path}, line {line}" if line else "the environment"
        raise SettingsError(f"{place}: {'.'.join(keys)}: {where['what']}.") from error
    return settings


def _anchored(settings: Settings, base: Path) -> Settings:
    """With the paths that begin where the file is."""
    if not settings.wechat.websites:
        return settings
    websites = str(base / settings.wechat.websites)
    wechat = msgspec.structs.replace(settings.wechat, websites=websites)
    return msgspec.structs.replace(settings, wechat=wechat)


def _put(tree: dict[str, Any], keys: Sequence[str], value: str) -> dict[str, Any]:
    branch = tree
    for key in keys[:-1]:
        branch = branch[key]
    branch[keys[-1]] = value
    return tree


def _require_addresses(settings: Settings) -> None:
    """What no type can say. Raises ValidationError as if one did."""
    key = "server.trusted_proxies"
    try:
        for network in settings.server.trusted_proxies:
            ip_network(network)
        key = "server.base_url"
        url_parts(settings.server.base_url)
        key = "store.database"
        if settings.store.database:
            database_parts(settings.store.database)
        key = "wechat.link_host"
        _require_host(settings.wechat.link_host)
        key = "wechat.website_host"
        _require_host(settings.wechat.website_host)
        for name, platform in platforms(settings.providers).items():
            key = f"providers.{name}.api_url"
            _require_callable(platform.api_url)
    except ValueError as error:
        raise msgspec.ValidationError(f"{error} - at `$.{key}`") from error


def _require_callable(written: str) -> None:
    """Raises ValueError for an address that nothing can be sent to."""
    parts = url_parts(written)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise ValueError("it begins with https:// and a host")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("it holds a host and a path only")


def _require_host(written: str) -> None:
    """Raises ValueError for what is neither empty nor a host, with or without a scheme before it."""
    if not written:
        return
    _require_callable(address_of(written))
    if url_parts(address_of(written)).path.strip("/"):
        raise ValueError("it is a host, such as s.example.com, without a path")


def _line_of(text: str, keys: Sequence[str]) -> int:
    """The line where a key or table stands, in whatever way it is written; 0 when it is nowhere.

    The text is read as far as each of its lines: where the key is there for the first time, it ends.
    """
    lines = text.split("\n")
    begins = 1
    for ends in range(1, len(lines) + 1):
        try:
            tree = tomllib.loads("\n".join(lines[:ends]))
        except tomllib.TOMLDecodeError:
            continue  # This line is in the middle of a value.
        if _holds(tree, keys):
            return begins
        begins = ends + 1
    return 0


def _holds(tree: Any, keys: Sequence[str]) -> bool:
    for key in keys:
        if not isinstance(tree, dict) or key not in tree:
            return False
        tree = tree[key]
    return True
