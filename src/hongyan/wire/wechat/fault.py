"""Faults: why a call is refused as a whole, in WeChat's words and with a number to find it again."""

from typing import Final

import msgspec

from hongyan.core.time import SECOND, Millis
from hongyan.wire.wechat.codes import CODES

INVALID_PARAMETER: Final = -501007
DATA_FORMAT: Final = 47001

RID_BYTES: Final = 8
"""What `rid` takes from chance."""

_LONGEST_DETAIL: Final = 256
"""Characters that go back of what a fault is about: the caller may have chosen them."""


class Fault(Exception):
    """A call is answered with this errcode. `detail` says what it is about, where its words do."""

    def __init__(self, errcode: int, detail: str = "") -> None:
        super().__init__(errcode, detail)
        self.errcode = errcode
        self.detail = detail
        self._told = CODES[errcode]

    def errmsg(self, rid: str) -> str:
        """Such as `invalid appid rid: 608d5803-66b84dfc-005383b1`."""
        detail = self.detail[:_LONGEST_DETAIL]
        return f"{self._told.says_en.replace('{detail}', detail)} rid: {rid}"

    def body(self, rid: str) -> bytes:
        """The answer, over HTTPS and within a cloud call."""
        return msgspec.json.encode({"errcode": self.errcode, "errmsg": self.errmsg(rid)})


def rid(now: Millis, chance: bytes) -> str:
    """A call's number: its second in hexadecimal, then chance (8 bytes), as WeChat's have it."""
    return f"{now // SECOND:08x}-{chance[:4].hex()}-{chance[4:].hex()}"
