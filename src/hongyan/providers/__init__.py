"""Upstreams that we call: one file each, one line here, one contract suite for all."""

from collections.abc import Callable, Mapping
from typing import Final

from hongyan.providers.calling import CallSettings
from hongyan.providers.sandbox import Sandbox, SandboxSettings
from hongyan.providers.tencent import Tencent, TencentUpstreamSettings
from hongyan.providers.wechat import Wechat, WechatUpstreamSettings
from hongyan.providers.zhenzi import Zhenzi, ZhenziSettings
from hongyan.service.ports import Provider

__all__ = [
    "PROVIDERS",
    "CallSettings",
    "Sandbox",
    "SandboxSettings",
    "Tencent",
    "TencentUpstreamSettings",
    "Wechat",
    "WechatUpstreamSettings",
    "Zhenzi",
    "ZhenziSettings",
]

PROVIDERS: Final[Mapping[str, Callable[..., Provider]]] = {
    "sandbox": Sandbox,
    "zhenzi": Zhenzi,
    "tencent": Tencent,
    "wechat": Wechat,
}
