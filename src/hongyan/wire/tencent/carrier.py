"""Carriers' codes in receipts: what each group of them means.

Put together from Tencent's tables (https://cloud.tencent.com/document/product/382/3771, 59177, 35462)
and public programs. A code that is not known is told as it came.
"""

import re
from collections.abc import Mapping
from enum import StrEnum, auto
from typing import Final

DELIVRD: Final = "DELIVRD"
NO_WORD: Final = "UNKNOWN"
"""Stands for the code of a text that ended without one."""


class Meaning(StrEnum):
    """The groups of CallbackStatusStatistics, and what is in none of them."""

    DELIVERED = auto()
    INVALID_NUMBER = auto()
    SHUTDOWN = auto()
    """Off, out of reach, out of service, its memory full."""
    BLACKLIST = auto()
    FREQUENCY = auto()
    CONTENT = auto()
    """Words, or a sender, that the carrier refuses."""
    INTERNAL = auto()
    UNKNOWN = auto()


_CODES: Final[Mapping[Meaning, str]] = {
    Meaning.DELIVERED: DELIVRD,
    Meaning.INVALID_NUMBER: "UNDELIVRD MK:0000 MK:0001 MK:0012 MK:0013 1 10 12 24 67 101",
    Meaning.SHUTDOWN: (
        "UNDELIV EXPIRED MK:0004 MI:0013 MI:0024 IC:0001 MI:0029 MK:0005 MK:0010 MK:0029 MK:0017"
        " MK:0024 4 51 53 54 5 20 36 45 98 99 56 15 55 64 70 88 89 43 79 002"
    ),
    Meaning.BLACKLIST: (
        "MX:0012 BWLIST BWLIST_006 TD:0001 HD:19 TD:19 MB:1077 DB:0141 DB:0144 DB:0164 TUIDING"
        " HIGRISK 69 W-BLACK MOBILE_BLACK"
    ),
    Meaning.FREQUENCY: "MX:0003 TE:0003",
    Meaning.CONTENT: "REJECTD TE:0014 TC:0007 LT:0002 -106",
    Meaning.INTERNAL: "NOROUTE MB:1078 MN:0075 IB:0008 DELETED SUBFAIL COMFAIL WTNFAIL UNKNOWN",
}
_MEANINGS: Final = {code: meaning for meaning, codes in _CODES.items() for code in codes.split()}
_FAMILY: Final = re.compile(r"(UNDELIV|EXPIRED|REJECTD)_\w+")


CHINESE: Final[Mapping[Meaning, str]] = {
    Meaning.DELIVERED: "短信已送达",
    Meaning.INVALID_NUMBER: "号码无效",
    Meaning.SHUTDOWN: "手机关机、停机或不在服务区",
    Meaning.BLACKLIST: "号码在黑名单中",
    Meaning.FREQUENCY: "超过运营商的频率限制",
    Meaning.CONTENT: "内容或签名被运营商拦截",
    Meaning.INTERNAL: "未能提交给运营商，或运营商没有答复",
    Meaning.UNKNOWN: "未送达，原因不明",
}
"""What a push says beside the code."""


def word(code: str, *, is_delivered: bool) -> str:
    """A carrier's code, or what stands for it where none came."""
    return code or (DELIVRD if is_delivered else NO_WORD)


def meaning(code: str) -> Meaning:
    """What a carrier says with a code."""
    bare = code.strip().upper().replace(" ", "_")
    if family := _FAMILY.fullmatch(bare):
        bare = family[1]
    return _MEANINGS.get(bare, Meaning.UNKNOWN)


def is_delivered(code: str) -> bool:
    return meaning(code) is Meaning.DELIVERED
