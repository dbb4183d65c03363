"""Records: which of the platform's records is of a text of ours, and what it says.

A record has no name that we gave. A text whose answer came is known by its SerialNo; one whose answer
was lost, by number, time and as much of its words as the record shows.
"""

import re
from collections.abc import Collection, Sequence
from typing import Final

from hongyan.core import text
from hongyan.core.identifier import written
from hongyan.core.message import Status
from hongyan.core.time import MINUTE, SECOND, Millis
from hongyan.service.handing import Handed
from hongyan.service.ports import Told
from hongyan.wire.tencent import push, status
from hongyan.wire.tencent.answers import PullSmsSendStatus, SendRecord

BEFORE: Final[Millis] = 6 * MINUTE
AFTER: Final[Millis] = 6 * MINUTE
"""How far their time of a text may be from ours: a clock that is 5 minutes wrong still signs well."""
_LONGEST_CODE: Final = 32
_HIDDEN: Final = re.compile(r"(?:\\\*)+")
_STATUSES: Final = {
    status.SUBMIT_FAILED: Status.REJECTED,
    status.DELIVERED: Status.DELIVERED,
    status.SENDING: Status.SUBMITTED,
    status.NOT_DELIVERED: Status.UNDELIVERED,
}


def nearest(
    handed: Handed, records: Sequence[SendRecord], sign: str, others: Collection[str]
) -> SendRecord | None:
    """The record of this text. `sign`: its signature there; `others`: the serial numbers that are other
    texts' of ours. Their words of a template need not be ours, but where one has them, it is that one.
    """
    if handed.upstream_id:
        same = [one for one in records if one.serial_no == handed.upstream_id]
        return same[0] if same else None
    likely = [
        one
        for one in records
        if one.serial_no not in others
        and -BEFORE <= one.send_time * SECOND - handed.at <= AFTER
        and _is_signed(one.content, sign)
    ]
    likely = [one for one in likely if shows(one.content, handed.text)] or likely
    return min(likely, key=lambda one: abs(one.send_time * SECOND - handed.at), default=None)


def _is_signed(content: str, sign: str) -> bool:
    """Whether it may be; either may be missing, for of a code's text nothing is kept here."""
    theirs, _ = text.signature_of(content)
    return not theirs or not sign or theirs == sign


def shows(content: str, words: str) -> bool:
    """Whether a record's content is these words, where it hides some behind `*`."""
    pattern = _HIDDEN.sub(".*", re.escape(content))
    return re.fullmatch(pattern, words, re.DOTALL) is not None


def told(record: SendRecord) -> Told:
    """What a record says; nothing where its status is none that is known."""
    code = record.status_code or (record.request_code if record.send_status == 1 else "")
    return Told(_STATUSES.get(record.send_status), code=code[:_LONGEST_CODE])


def told_by(handed: Handed, reports: Sequence[PullSmsSendStatus]) -> Told:
    """What the reports to a number say of a text; they come for those only that have ended."""
    for one in reports:
        if handed.upstream_id:
            same = one.serial_no == handed.upstream_id
        else:
            same = one.session_context == written(handed.message)
        if same and (status := ended(one.report_status)):
            return Told(status, code=one.description[:_LONGEST_CODE])
    return Told()


def ended(report_status: str) -> Status | None:
    """SUCCESS and FAIL; anything else is no end."""
    return {push.SUCCESS: Status.DELIVERED, push.FAIL: Status.UNDELIVERED}.get(report_status)
