"""Recalling: what became of the texts of an environment's mini program, for two months."""

from collections.abc import Mapping
from typing import Final

import msgspec

from hongyan.core import phone
from hongyan.core.errors import Invalid
from hongyan.core.identifier import random_uuid
from hongyan.core.message import Status
from hongyan.service.accept import PHONE
from hongyan.service.recording import TextRecord
from hongyan.service.serving import Serving
from hongyan.service.tasks import DoneRecord, Task
from hongyan.service.wechat.caller import Caller
from hongyan.service.wechat.environments import environment_of
from hongyan.service.wechat.tasking import KEPT, Tasking
from hongyan.wire.wechat import body
from hongyan.wire.wechat.answers import SmsRecord, SmsRecords, written_time
from hongyan.wire.wechat.fault import INVALID_PARAMETER, Fault
from hongyan.wire.wechat.requests import EXAMPLE_NUMBER, DescribeSmsRecords

_MOST_OF_A_NUMBER: Final = 10_000
_FURTHEST: Final = 1 << 31
"""Of no app are there so many texts on record."""
_ID_BYTES: Final = 16
_SENT: Final = "sent"
_ERROR: Final = "error"
_REMARKS: Final[Mapping[Status, str]] = {
    Status.DELIVERED: "用户短信接收成功",
    Status.UNDELIVERED: "用户短信接收失败",
    Status.REJECTED: "短信未发送，未计费",
    Status.EXPIRED: "短信超时未发送，未计费",
    Status.CLOSED: "未收到运营商的状态报告",
    Status.UNCONFIRMED: "等待运营商的状态报告",
    Status.SUBMITTED: "已提交运营商",
}
_FAILED: Final = frozenset({Status.UNDELIVERED, Status.REJECTED, Status.EXPIRED, Status.CLOSED})
_WAITING: Final = "等待发送"


class Recalling:
    """/tcb/describesmsrecords"""

    def __init__(self, serving: Serving, tasking: Tasking) -> None:
        self._store = serving.store
        self._sealer = serving.sealer
        self._clock = serving.clock
        self._chance = serving.chance
        self._tasking = tasking

    async def records(self, caller: Caller, given: bytes) -> bytes:
        """Raises Fault."""
        request = body.read(given, DescribeSmsRecords)
        request.require()
        caller.require_sending()
        environment_of(self._store.directory, caller, request.env_id)
        if request.query_id:
            total, records = await self._of_task(caller, request)
        else:
            total, found = await self._found(caller, request)
            records = list(map(_record, found))
        answer = SmsRecords(
            sms_records=tuple(records),
            total_count=total,
            request_id=random_uuid(self._chance(_ID_BYTES)),
        )
        return msgspec.json.encode(answer)

    async def _of_task(
        self, caller: Caller, request: DescribeSmsRecords
    ) -> tuple[int, list[SmsRecord]]:
        """The lines of a task that are done, in their order; with a number, the texts to that one."""
        since, until = request.span()
        offset = _offset(request)
        task, total, lines = await self._tasking.lines(
            caller, request.query_id, offset, request.page_size
        )
        if not since <= task.created_at < until:
            return 0, []
        if not request.mobile:
            return total, [_line(task, one) for one in lines]
        mark = self._sealer.mark(PHONE, _canonical(request.mobile).encode())
        texts = await self._store.texts_to(
            caller.app.id, mark, task.created_at, self._clock() + 1, _MOST_OF_A_NUMBER
        )
        found = [one for one in texts if one.reference.startswith(f"{request.query_id}:")]
        return len(found), list(map(_record, found[offset : offset + request.page_size]))

    async def _found(
        self, caller: Caller, request: DescribeSmsRecords
    ) -> tuple[int, list[TextRecord]]:
        since, until = request.span()
        since = max(since, self._clock() - KEPT)
        offset = _offset(request)
        if since >= until:
            return 0, []
        if not request.mobile:
            return await self._store.texts(caller.app.id, since, until, offset, request.page_size)
        mark = self._sealer.mark(PHONE, _canonical(request.mobile).encode())
        texts = await self._store.texts_to(caller.app.id, mark, since, until, _MOST_OF_A_NUMBER)
        return len(texts), texts[offset : offset + request.page_size]


def _offset(request: DescribeSmsRecords) -> int:
    """How many come before the page, which may be any number."""
    return min((request.page_number - 1) * request.page_size, _FURTHEST)


def _canonical(mobile: str) -> str:
    if mobile == EXAMPLE_NUMBER:
        return mobile
    try:
        return phone.canonical(mobile)
    except Invalid as error:
        raise Fault(INVALID_PARAMETER, "Mobile is no number of mainland China") from error


def _line(task: Task, one: DoneRecord) -> SmsRecord:
    if one.text is not None:
        return _record(one.text)
    return SmsRecord(
        create_time=written_time(task.created_at),
        remarks=f"第{one.line}行：{one.reason}",
        status=_ERROR,
    )


def _record(one: TextRecord) -> SmsRecord:
    has_ended = one.status is Status.DELIVERED and one.settled_at
    return SmsRecord(
        content=one.text,
        content_size=len(one.text),
        create_time=written_time(one.accepted_at),
        fee=one.units,
        mobile=one.phone,
        received_time=written_time(one.settled_at) if has_ended else "",
        remarks=_REMARKS.get(one.status, _WAITING),
        status=_ERROR if one.status in _FAILED else _SENT,
    )
