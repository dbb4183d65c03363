"""Permissions: which APIs a cloud function may call, as its config.json says.

They belong to the function's wxCloudApiToken: `{"permissions": {"openapi": ["cloudbase.sendSms"]}}`
is read where an operator grants them, and a call of anything else is `Failure.NOT_PERMITTED`.
"""

from collections.abc import Collection
from typing import Final

import msgspec

EVERYTHING: Final = "*"
"""Stands for all APIs; development's token has it, no config.json may."""


class MalformedConfig(Exception):
    """What is no config.json of a cloud function; the sentence says why."""


class _Permissions(msgspec.Struct):
    openapi: tuple[str, ...] = ()


class _Config(msgspec.Struct):
    permissions: _Permissions = msgspec.field(default_factory=_Permissions)


def read(config: bytes) -> frozenset[str]:
    """The APIs that a config.json names. Raises MalformedConfig."""
    try:
        named = msgspec.json.decode(config, type=_Config).permissions.openapi
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedConfig(f"This is no config.json of a cloud function: {error}.") from error
    if EVERYTHING in named:
        raise MalformedConfig("Name each API; WeChat knows no '*' either.")
    return frozenset(named)


def permits(granted: Collection[str], api: str) -> bool:
    """Whether a token with these permissions may call an API."""
    return api in granted or EVERYTHING in granted
