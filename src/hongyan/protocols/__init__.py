"""APIs of others that we serve: one file each, one line here, one contract suite for all."""

from collections.abc import Callable, Mapping
from typing import Final

from hongyan.protocols.zhenzi import Zhenzi
from hongyan.service.ports import ServedProtocol

__all__ = ["PROTOCOLS", "Zhenzi"]

PROTOCOLS: Final[Mapping[str, Callable[..., ServedProtocol]]] = {
    "zhenzi": Zhenzi,
}
