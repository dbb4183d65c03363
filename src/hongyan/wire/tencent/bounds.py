"""Bounds: what the platform's documents say of values that have the right type.

Rules that need to know the caller's signatures, templates or texts are not here.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hongyan.core.time import DAY, HOUR, SECOND, Millis
from hongyan.wire.tencent import requests as asked
from hongyan.wire.tencent.fault import Fault
from hongyan.wire.tencent.old import SendSms2019Request
from hongyan.wire.tencent.requests import Request

MOST_NUMBERS: Final = 200
LONGEST_CONTEXT_BYTES: Final = 511
MOST_IDS: Final = 100
MOST_PULLED: Final = 100
MOST_PACKAGES: Final = 500
MOST_RECORDS: Final = 1_000
MOST_RECORDS_A_PAGE: Final = 50
RECORDS_A_PAGE: Final = 20
SIGNATURES_A_PAGE: Final = 10
PULLED_BACK: Final[Millis] = 7 * DAY
RECORDED_BACK: Final[Millis] = 72 * HOUR
LONGEST_STATISTICS: Final[Millis] = 32 * DAY

_VALUE: Final = "InvalidParameterValue"
_BEGIN: Final = f"{_VALUE}.BeginTimeVerifyFail"
_END: Final = f"{_VALUE}.EndTimeVerifyFail"
_LIMIT: Final = f"{_VALUE}.LimitVerifyFail"
_OFFSET: Final = f"{_VALUE}.OffsetVerifyFail"

_HOUR: Final = re.compile(r"\d{10}", re.ASCII)
_BEIJING: Final = timedelta(hours=8)
_SLACK: Final[Millis] = 5 * 60 * SECOND
"""By which a caller's clock may be ahead, as with signatures."""
_SIGN_TYPES: Final = range(7)
_DOCUMENTS: Final = range(9)
_SMS_TYPES: Final = range(1, 4)


def require(request: Request, now: Millis) -> None:
    """Raise Fault unless the values are within their bounds."""
    check = _CHECKS.get(type(request))
    if check is not None:
        check(request, now)


def hour(written: str) -> Millis | None:
    """The beginning of an hour that was written `yyyymmddhh` in Beijing; None for anything else."""
    if not _HOUR.fullmatch(written):
        return None
    try:
        moment = datetime.strptime(written, "%Y%m%d%H").replace(tzinfo=UTC) - _BEIJING
    except (ValueError, OverflowError):
        return None
    return int(moment.timestamp()) * SECOND


def image(written: str) -> bytes:
    """The bytes of an image in base64. Raises Fault for anything else, a data: URL among it."""
    try:
        found = base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Fault(f"{_VALUE}.ImageInvalid") from error
    if not found:
        raise Fault(f"{_VALUE}.ImageInvalid")
    return found


def _send(request: asked.SendSmsRequest | SendSms2019Request, _: Millis) -> None:
    if not request.phone_number_set:
        raise Fault("MissingParameter.EmptyPhoneNumberSet")
    _require_few(request.phone_number_set)
    _require_context(request.session_context, "SessionContext")


def _send_multi(request: asked.SendMultiGlobalSmsRequest, _: Millis) -> None:
    if not request.multi_sms_info_set:
        raise Fault(f"{_VALUE}.MultiSmsInfoSetEmpty")
    _require_few(request.multi_sms_info_set)
    for position, one in enumerate(request.multi_sms_info_set):
        _require_context(one.session_context, f"MultiSmsInfoSet.{position}.SessionContext")


def _phone_info(request: asked.DescribePhoneNumberInfoRequest, _: Millis) -> None:
    if not request.phone_number_set:
        raise Fault("MissingParameter.EmptyPhoneNumberSet")
    _require_few(request.phone_number_set)


def _require_few(numbers: tuple[Any, ...]) -> None:
    if len(numbers) > MOST_NUMBERS:
        raise Fault("LimitExceeded.PhoneNumberCountLimit")


def _require_context(context: str | None, name: str) -> None:
    if context and len(context.encode()) > LONGEST_CONTEXT_BYTES:
        raise Fault(_VALUE, name)


def _sign(request: asked.AddSmsSignRequest | asked.ModifySmsSignRequest, _: Millis) -> None:
    _require_international(request.international)
    if request.sign_type not in _SIGN_TYPES:
        raise Fault(_VALUE, "SignType")
    if request.document_type not in _DOCUMENTS:
        raise Fault(f"{_VALUE}.InvalidDocumentType")
    if request.sign_purpose not in (0, 1):
        raise Fault(f"{_VALUE}.InvalidSignPurpose")


def _template(
    request: asked.AddSmsTemplateRequest | asked.ModifySmsTemplateRequest, _: Millis
) -> None:
    _require_international(request.international)
    if request.sms_type not in _SMS_TYPES:
        raise Fault(f"{_VALUE}.InvalidSmsType")


def _signs(request: asked.DescribeSmsSignListRequest, _: Millis) -> None:
    _require_list(request.international, request.sign_id_set, request.limit)


def _templates(request: asked.DescribeSmsTemplateListRequest, _: Millis) -> None:
    _require_list(request.international, request.template_id_set, request.limit)


def _require_list(international: int, ids: tuple[int, ...] | None, limit: int | None) -> None:
    _require_international(international)
    if len(ids or ()) > MOST_IDS or (limit or 0) > MOST_IDS:
        raise Fault(_LIMIT)


def _require_international(international: int) -> None:
    if international not in (0, 1):
        raise Fault(f"{_VALUE}.InvalidInternational")


def _pull(
    request: asked.PullSmsSendStatusRequest | asked.PullSmsReplyStatusRequest, _: Millis
) -> None:
    _require_pulled(request.limit)


def _pull_by_number(
    request: asked.PullSmsSendStatusByPhoneNumberRequest
    | asked.PullSmsReplyStatusByPhoneNumberRequest,
    now: Millis,
) -> None:
    _require_pulled(request.limit)
    if request.offset != 0:
        raise Fault(_OFFSET)
    _require_back(request.begin_time, PULLED_BACK, now)
    if request.end_time is not None and request.end_time < request.begin_time:
        raise Fault(f"{_VALUE}.InvalidStartTime")


def _require_pulled(limit: int) -> None:
    if not 0 < limit <= MOST_PULLED:
        raise Fault(_LIMIT)


def _records(request: asked.DescribeSendRecordListRequest, now: Millis) -> None:
    if request.limit is not None and not 0 < request.limit <= MOST_RECORDS_A_PAGE:
        raise Fault(_LIMIT)
    if (request.offset or 0) > MOST_RECORDS:
        raise Fault(_OFFSET)
    _require_back(request.begin_time, RECORDED_BACK, now)
    if request.end_time is None:
        return
    if request.end_time * SECOND > now + _SLACK or request.end_time < request.begin_time:
        raise Fault(_END)


def _require_back(begin_s: int, most: Millis, now: Millis) -> None:
    if not now - most - _SLACK <= begin_s * SECOND <= now + _SLACK:
        raise Fault(_BEGIN)


def _send_statistics(request: asked.SendStatusStatisticsRequest, _: Millis) -> None:
    _span(request.begin_time, request.end_time)
    _require_no_page(request.limit, request.offset)


def _callback_statistics(request: asked.CallbackStatusStatisticsRequest, _: Millis) -> None:
    begin, end = _span(request.begin_time, request.end_time)
    if end - begin > LONGEST_STATISTICS:
        raise Fault(_END)
    _require_no_page(request.limit, request.offset)


def _package_statistics(request: asked.SmsPackagesStatisticsRequest, now: Millis) -> None:
    begin, end = _span(request.begin_time, request.end_time)
    if end == begin or end > now:
        raise Fault(_END)
    if not 0 < request.limit <= MOST_PACKAGES:
        raise Fault(_LIMIT)


def _span(begin_time: str, end_time: str) -> tuple[Millis, Millis]:
    begin, end = hour(begin_time), hour(end_time)
    if begin is None:
        raise Fault(_BEGIN)
    if end is None or end < begin:
        raise Fault(_END)
    return begin, end


def _require_no_page(limit: int, offset: int) -> None:
    if limit != 0:
        raise Fault(_LIMIT)
    if offset != 0:
        raise Fault(_OFFSET)


_CHECKS: Final[Mapping[type[Request], Callable[[Any, Millis], None]]] = {
    asked.SendSmsRequest: _send,
    SendSms2019Request: _send,
    asked.SendMultiGlobalSmsRequest: _send_multi,
    asked.DescribePhoneNumberInfoRequest: _phone_info,
    asked.AddSmsSignRequest: _sign,
    asked.ModifySmsSignRequest: _sign,
    asked.AddSmsTemplateRequest: _template,
    asked.ModifySmsTemplateRequest: _template,
    asked.DescribeSmsSignListRequest: _signs,
    asked.DescribeSmsTemplateListRequest: _templates,
    asked.PullSmsSendStatusRequest: _pull,
    asked.PullSmsReplyStatusRequest: _pull,
    asked.PullSmsSendStatusByPhoneNumberRequest: _pull_by_number,
    asked.PullSmsReplyStatusByPhoneNumberRequest: _pull_by_number,
    asked.DescribeSendRecordListRequest: _records,
    asked.SendStatusStatisticsRequest: _send_statistics,
    asked.CallbackStatusStatisticsRequest: _callback_statistics,
    asked.SmsPackagesStatisticsRequest: _package_statistics,
}
