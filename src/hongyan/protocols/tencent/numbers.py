"""Numbers: what a number says of itself, and that somebody has used the code that was sent to it."""

from hongyan.core import country
from hongyan.core.country import UNKNOWN
from hongyan.core.identifier import MessageId, made_at
from hongyan.core.time import SECOND
from hongyan.protocols.tencent.asking import Asking, Works, app_of
from hongyan.service.directory import App
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
_AHEAD = 300 * SECOND
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
        """Of a text of this app's; the first report of a text is kept. No route here is chosen by it."""
        app = await app_of(self._store, asking.caller, request.sms_sdk_app_id)
        message = message_of(request.serial_no)
        if message is not None and await self._converted(app, message, request.conversion_time):
            status = ReportConversionStatus(code=CONVERTED, message=CONVERTED_MESSAGE)
        else:
            status = ReportConversionStatus(
                code=_NO_SUCH_TEXT, message=CODES[_NO_SUCH_TEXT].says(ENGLISH)
            )
        return ReportConversionResponse(report_conversion_status=status)

    async def _converted(self, app: App, message: MessageId, told_s: int | None) -> bool:
        now = self._clock()
        told = now if told_s is None else told_s * SECOND
        if told > now + _AHEAD:
            return False
        # By our clock a text is not used before it is sent, nor later than this.
        at = max(min(told, now), made_at(message))
        return await self._store.convert(app.id, message, at)


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
