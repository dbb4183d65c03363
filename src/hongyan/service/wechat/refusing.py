"""Refusing: what was raised, as an errcode, whatever the call came by."""

from collections.abc import Mapping
from typing import Final

import structlog

from hongyan.core import errors as e
from hongyan.core.errors import HongyanError
from hongyan.wire.wechat.fault import Fault

FAULTS: Final[Mapping[type[HongyanError], int]] = {
    e.UnknownApp: 40013,
    e.WrongSecret: 40125,
    e.AppDisabled: 40243,
    e.AccountClosed: 48001,
    e.AddressNotAllowed: 40164,
}
"""Every other error is -1: nothing was done."""

_LATER: Final = -1
_OF_THIRD_PARTIES: Final = "/component/"
_log: Final = structlog.get_logger()


def fault_of(error: Exception, route: str, peer: str = "") -> Fault:
    """A bug too, which is logged. `route` and `peer`: where it was called, and from where."""
    match error:
        case Fault():
            return error
        case e.AddressNotAllowed() if _OF_THIRD_PARTIES in route:
            return Fault(61004, peer)
        case HongyanError():
            return Fault(FAULTS.get(type(error), _LATER), peer)
        case _:
            _log.error("wechat.failed", route=route, exc_info=error)
            return Fault(_LATER)
