"""Records: which of WeChat's records of a number is of a text of ours, and what it says.

They bear no serial number, so they are known by number and time alone; where several are near and do
not say the same, nothing is known.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Final

import msgspec

from hongyan.core.message import Status
from hongyan.core.time import MINUTE, SECOND, Millis, beijing
from hongyan.service.handing import Handed
from hongyan.service.ports import Told
from hongyan.wire.wechat.answers import SmsRecord

NEAR: Final[Millis] = 6 * MINUTE
"""How far their time of a text may be from ours."""
_BEIJING: Final = timezone(timedelta(hours=8))
_TIME: Final = re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
_NEVER_SENT: Final = "未发送"
"""A Hongyan behind this one says so of what it gave up, and gave back."""
_LONGEST_CODE: Final = 32


def asked(environment: str, first: Millis, last: Millis, most: int, phone: str = "") -> bytes:
    """The request for the records of some days, as samples show it: nothing is left away."""
    wanted = {
        "EnvId": environment,
        "StartDate": beijing(first)[:10],
        "EndDate": beijing(last)[:10],
        "PageNumber": 1,
        "PageSize": most,
    }
    return msgspec.json.encode({"PostData": wanted | ({"Mobile": phone} if phone else {})})


def told(handed: Handed, records: Sequence[SmsRecord]) -> Told:
    """What they say of it."""
    near = [one for one in records if _is_near(one, handed)]
    if not near:
        return Told(unknown=True)
    said = {_told(one) for one in near}
    return said.pop() if len(said) == 1 else Told()


def _is_near(record: SmsRecord, handed: Handed) -> bool:
    at = moment(record.create_time)
    return at is not None and abs(at - handed.at) <= NEAR


def _told(record: SmsRecord) -> Told:
    code = record.remarks[:_LONGEST_CODE]
    match record.status:
        case "error" if _NEVER_SENT in record.remarks:
            return Told(Status.REJECTED, code=code)
        case "error":
            return Told(Status.UNDELIVERED, code=code)
        case "sent" if record.received_time:
            return Told(Status.DELIVERED, code=code)
        case _:
            return Told(Status.SUBMITTED)


def moment(written: str) -> Millis | None:
    """A time as they write it; None for what is none."""
    if not _TIME.fullmatch(written):
        return None
    try:
        there = datetime.fromisoformat(written).replace(tzinfo=_BEIJING)
    except ValueError:
        return None
    return int(there.timestamp()) * SECOND
