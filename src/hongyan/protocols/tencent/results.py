"""Results: what became of texts, and what was answered to them, pulled or looked up.

What is pulled comes once, whoever pulls, on disk before the answer leaves. An answer that was lost
on its way can be found again by number, where all is shown for as long as it is kept, pulled or not.
"""

from collections.abc import Sequence
from typing import Final

from hongyan.core import country, phone
from hongyan.core.command import Reply
from hongyan.core.errors import Invalid
from hongyan.core.message import ENDS, Status
from hongyan.core.phone import COUNTRIES
from hongyan.core.time import DAY, SECOND, Millis
from hongyan.protocols.tencent.asking import Asking, Works, app_of
from hongyan.service.accept import PHONE
from hongyan.service.directory import App
from hongyan.service.recording import TextRecord
from hongyan.service.serving import Serving
from hongyan.wire.tencent import answers, requests
from hongyan.wire.tencent.bounds import MOST_RECORDS, RECORDS_A_PAGE
from hongyan.wire.tencent.carrier import word
from hongyan.wire.tencent.codes import OK
from hongyan.wire.tencent.fault import Fault
from hongyan.wire.tencent.push import FAIL, SUCCESS, serial_no
from hongyan.wire.tencent.status import DELIVERED, NOT_DELIVERED, SEND_STATUS, SUBMIT_FAILED

_NOT_SUBMITTED: Final = "InternalError.SendAndRecvFail"


class Results:
    """See `service.ports.ServedProtocol`; a part of one."""

    def __init__(self, serving: Serving) -> None:
        self._store = serving.store
        self._sealer = serving.sealer
        self._clock = serving.clock

    def works(self) -> Works:
        return {
            "PullSmsSendStatus": self.pull,
            "PullSmsReplyStatus": self.pull_replies,
            "PullSmsSendStatusByPhoneNumber": self.of_number,
            "PullSmsReplyStatusByPhoneNumber": self.replies_of_number,
            "DescribeSendRecordList": self.records,
        }

    async def pull(
        self, asking: Asking, request: requests.PullSmsSendStatusRequest
    ) -> answers.PullSmsSendStatusResponse:
        app = await self._pulling(asking, request.sms_sdk_app_id)
        found = await self._store.take_results(app.id, request.limit)
        return answers.PullSmsSendStatusResponse(
            pull_sms_send_status_set=tuple([_result(one) for one in found])
        )

    async def pull_replies(
        self, asking: Asking, request: requests.PullSmsReplyStatusRequest
    ) -> answers.PullSmsReplyStatusResponse:
        app = await self._pulling(asking, request.sms_sdk_app_id)
        found = await self._store.take_replies(app.id, request.limit)
        return answers.PullSmsReplyStatusResponse(
            pull_sms_reply_status_set=tuple([_reply(one) for one in found])
        )

    async def of_number(
        self, asking: Asking, request: requests.PullSmsSendStatusByPhoneNumberRequest
    ) -> answers.PullSmsSendStatusByPhoneNumberResponse:
        app = await self._pulling(asking, request.sms_sdk_app_id)
        since, until = self._span(request.begin_time, request.end_time)
        found = await self._texts(app, request.phone_number, since, until)
        ended = [one for one in found if one.status in ENDS][: request.limit]
        return answers.PullSmsSendStatusByPhoneNumberResponse(
            pull_sms_send_status_set=tuple([_result(one) for one in ended])
        )

    async def replies_of_number(
        self, asking: Asking, request: requests.PullSmsReplyStatusByPhoneNumberRequest
    ) -> answers.PullSmsReplyStatusByPhoneNumberResponse:
        app = await self._pulling(asking, request.sms_sdk_app_id)
        since, until = self._span(request.begin_time, request.end_time)
        mark = self._sealer.mark(PHONE, _canonical(request.phone_number).encode())
        found = await self._store.replies_from(app.id, mark, since, until, request.limit)
        return answers.PullSmsReplyStatusByPhoneNumberResponse(
            pull_sms_reply_status_set=tuple([_reply(one) for one in found])
        )

    async def records(
        self, asking: Asking, request: requests.DescribeSendRecordListRequest
    ) -> answers.DescribeSendRecordListResponse:
        app = await app_of(self._store, asking.caller, request.sms_sdk_app_id)
        since, until = self._span(request.begin_time, request.end_time)
        found = await self._texts(app, request.phone_number, since, until)
        begins = request.offset or 0
        page = found[begins : begins + (request.limit or RECORDS_A_PAGE)]
        return answers.DescribeSendRecordListResponse(
            send_record_set=tuple([_record(one) for one in page]), total_count=len(found)
        )

    async def _pulling(self, asking: Asking, sdk_app_id: str) -> App:
        """Raises Fault."""
        app = await app_of(self._store, asking.caller, sdk_app_id)
        if app.tencent is not None and not app.tencent.pulls:
            raise Fault("UnauthorizedOperation.RequestPermissionDeny")
        return app

    def _span(self, begin_s: int, end_s: int | None) -> tuple[Millis, Millis]:
        """From the beginning of a second to the end of another, which may be any number."""
        now = self._clock()
        until = now + 1 if end_s is None else min((end_s + 1) * SECOND, now + DAY)
        return begin_s * SECOND, until

    async def _texts(
        self, app: App, number: str, since: Millis, until: Millis
    ) -> Sequence[TextRecord]:
        """Newest first."""
        mark = self._sealer.mark(PHONE, _canonical(number).encode())
        return await self._store.texts_to(app.id, mark, since, until, MOST_RECORDS)


def _canonical(written: str) -> str:
    try:
        return phone.canonical(written, COUNTRIES)
    except Invalid as error:
        raise Fault("InvalidParameterValue.IncorrectPhoneNumber") from error


def _result(text: TextRecord) -> answers.PullSmsSendStatus:
    nation = country.nation_code(text.phone)
    is_delivered = text.status is Status.DELIVERED
    return answers.PullSmsSendStatus(
        user_receive_time=text.settled_at // SECOND,
        country_code=nation,
        subscriber_number=text.phone.removeprefix(f"+{nation}"),
        phone_number=text.phone,
        serial_no=serial_no(text.id),
        report_status=SUCCESS if is_delivered else FAIL,
        description=word(text.receipt_code, is_delivered=text.status is Status.DELIVERED),
        session_context=text.reference,
    )


def _reply(reply: Reply) -> answers.PullSmsReplyStatus:
    nation = country.nation_code(reply.phone)
    return answers.PullSmsReplyStatus(
        extend_code=reply.extend,
        country_code=nation,
        phone_number=reply.phone,
        sign_name=reply.signature,
        reply_content=reply.text,
        reply_time=reply.at // SECOND,
        subscriber_number=reply.phone.removeprefix(f"+{nation}"),
    )


def _record(text: TextRecord) -> answers.SendRecord:
    status = SEND_STATUS[text.status]
    has_word = status in (DELIVERED, NOT_DELIVERED)
    return answers.SendRecord(
        phone_number=text.phone,
        serial_no=serial_no(text.id),
        send_status=status,
        request_code=_NOT_SUBMITTED if status == SUBMIT_FAILED else OK,
        status_code=word(text.receipt_code, is_delivered=text.status is Status.DELIVERED)
        if has_word
        else "",
        iso_code=country.iso_code(text.phone),
        content=text.text,
        send_time=text.accepted_at // SECOND,
        user_receive_time=text.settled_at // SECOND if status == DELIVERED else 0,
    )
