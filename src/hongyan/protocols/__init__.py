"""APIs of others that we serve: one file each, one line here, one contract suite for all."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from hongyan.protocols.cloudcall import CloudCall
from hongyan.protocols.tencent import Tencent, TencentSettings
from hongyan.protocols.wechat import WeChat
from hongyan.protocols.zhenzi import Zhenzi
from hongyan.service.ports import ServedProtocol
from hongyan.service.serving import Serving

__all__ = ["PROTOCOLS", "CloudCall", "Tencent", "TencentSettings", "WeChat", "Zhenzi"]

PROTOCOLS: Final[Mapping[str, Callable[[Serving, Any], ServedProtocol]]] = {
    "cloudcall": CloudCall,
    "tencent": Tencent,
    "wechat": WeChat,
    "zhenzi": Zhenzi,
}
"""Each is made of the house's services and of its own part of the settings, if it has one."""
