"""Settings: one frozen tree, read once from a TOML file and the environment, handed down.

Each room declares what it needs; here the rooms' settings are put together and nowhere else.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from hongyan.core.verification import Policy
from hongyan.providers import SandboxSettings
from hongyan.service.settle import Patience
from hongyan.store.sqlite import StoreSettings

ENVIRONMENT_PREFIX: Final = "HONGYAN__"
_TABLE: Final = re.compile(r"^\s*\[\s*([A-Za-z0-9_.\-]+)\s*\]")
_KEY: Final = re.compile(r"^\s*([A-Za-z0-9_\-]+)\s*=")
_WHERE: Final = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_UNKNOWN: Final = re.compile(r"unknown field `(\w+)`")


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
    providers: ProvidersSettings = ProvidersSettings()


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
    return _converted(_overlaid(tree, environment), path, text)


def from_environment(environment: Mapping[str, str]) -> Settings:
    """The defaults, with the variables over them. Raises SettingsError."""
    return _converted(_overlaid({}, environment), None, "")


def _overlaid(tree: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    for name, value in environment.items():
        if not name.startswith(ENVIRONMENT_PREFIX):
            continue
        *tables, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        branch = tree
        for table in tables:
            branch = branch.setdefault(table, {})
        branch[key] = _value(value)
    return tree


def _value(written: str) -> Any:
    """A variable's value, as TOML would read it; anything else is a string."""
    try:
        return tomllib.loads(f"value = {written}")["value"]
    except tomllib.TOMLDecodeError:
        return written


def _converted(tree: dict[str, Any], path: Path | None, text: str) -> Settings:
    try:
        return msgspec.convert(tree, Settings)
    except msgspec.ValidationError as error:
        where = _WHERE.match(str(error))
        assert where is not None  # noqa: S101 - the pattern fits any string
        keys = [key for key in re.split(r"\.|\[[^\]]*\]", where["path"] or "") if key]
        if unknown := _UNKNOWN.search(where["what"]):
            keys.append(unknown[1])
        line = _line_of(text, keys)
        place = f"{path}, line {line}" if path and line else str(path or "the environment")
        raise SettingsError(f"{place}: {'.'.join(keys)}: {where['what']}.") from error


def _line_of(text: str, keys: list[str]) -> int:
    """The line where a key (or else its table) stands; 0 when it is not in the file."""
    table, found = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = header[1]
            if table == ".".join(keys):
                found = found or number
        elif key := _KEY.match(line):
            full = f"{table}.{key[1]}".lstrip(".")
            if full == ".".join(keys):
                return number
    return found
