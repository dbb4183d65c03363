"""Numbers: what a number says of itself, and that somebody has used the code that was sent to it."""

from hongyan.core import country
from hongyan.core.country import UNKNOWN
from hongyan.core.time import SECOND
from hongyan.protocols.tencent.asking import Asking, Works, app_of
from hongyan.service.serving import Serving
from hongyan.wire.tencent.answers import (
    DescribePhoneNumberInfoResponse,
    PhoneNumberInfo,
    ReportConversionResponse,
    ReportConversionStatus,
)
from hongyan.wire.tencent.codes import CODES, ENGLISH, OK
from hongyan.wire.tencent.push import message_of
from hongyan.wire.tencent.requests import DescribePhoneNumberInfoRequest, ReportConversionRequest
from hongyan.wire.tencent.status import CONVERTED, CONVERTED_MESSAGE, DESCRIBED

_UNREAD = "FailedOperation.PhoneNumberParseFail"
_NO_SUCH_TEXT = "InvalidParameter.InvalidParameters"
_AHEAD_S = 300
"""By which a caller's clock may be ahead, as with signatures."""


class Numbers:
    """See `service.ports.ServedProtocol`; a part of one."""

    def __init__(self, serving: Serving) -> None:
        self._store = serving.store
        self._clock = serving.clock

    def works(self) -> Works:
        return {"DescribePhoneNumberInfo": self.describe, "ReportConversion": self.report}

    async def describe(
        self, _asking: Asking, request: DescribePhoneNumberInfoRequest
    ) -> DescribePhoneNumberInfoResponse:
        infos = tuple([_info(one) for one in request.phone_number_set])
        return DescribePhoneNumberInfoResponse(phone_number_info_set=infos)

    async def report(
        self, asking: Asking, request: ReportConversionRequest
    ) -> ReportConversionResponse:
        """Of a text of this app's. It is not kept: no route here is chosen by it."""
        app = await app_of(self._store, asking.caller, request.sms_sdk_app_id)
        message = message_of(request.serial_no)
        is_known = message is not None and await self._store.message(app.id, message) is not None
        latest = self._clock() // SECOND + _AHEAD_S
        if is_known and (request.conversion_time or 0) <= latest:
            status = ReportConversionStatus(code=CONVERTED, message=CONVERTED_MESSAGE)
        else:
            status = ReportConversionStatus(
                code=_NO_SUCH_TEXT, message=CODES[_NO_SUCH_TEXT].says(ENGLISH)
            )
        return ReportConversionResponse(report_conversion_status=status)


def _info(written: str) -> PhoneNumberInfo:
    number = country.number(written)
    if number is None:
        return PhoneNumberInfo(
            code=_UNREAD,
            message=CODES[_UNREAD].says(ENGLISH),
            phone_number=written,
            iso_code=UNKNOWN,
        )
    return PhoneNumberInfo(
        code=OK,
        message=DESCRIBED,
        nation_code=number.nation_code,
        subscriber_number=number.subscriber,
        phone_number=number.phone,
        iso_code=number.iso_code,
        iso_name=number.iso_name,
    )
