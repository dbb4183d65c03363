"""Upstreams that we call: one file each, one line here, one contract suite for all."""

from collections.abc import Callable, Mapping
from typing import Final

from hongyan.providers.sandbox import Sandbox, SandboxSettings
from hongyan.providers.zhenzi import Zhenzi, ZhenziSettings
from hongyan.service.ports import Provider

__all__ = ["PROVIDERS", "Sandbox", "SandboxSettings", "Zhenzi", "ZhenziSettings"]

PROVIDERS: Final[Mapping[str, Callable[..., Provider]]] = {
    "sandbox": Sandbox,
    "zhenzi": Zhenzi,
}
