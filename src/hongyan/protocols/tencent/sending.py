"""Sending: SendSms of both versions and SendMultiGlobalSms, a result for each number in its place.

What is wrong with the whole call is told as its error. What is wrong with a number, or with the text
to it, is told in its place, and the others go out.
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from hongyan.core.command import Queued
from hongyan.core.country import UNKNOWN
from hongyan.core.errors import HongyanError, Limited, NoBalance, OptedOut
from hongyan.core.identifier import random_uuid
from hongyan.core.parameter import Flaw
from hongyan.core.phone import MAINLAND
from hongyan.protocols.tencent.asking import Asking, Works, app_of
from hongyan.protocols.tencent.settings import TencentSettings
from hongyan.service.accept import Addressed
from hongyan.service.directory import App
from hongyan.service.serving import Serving
from hongyan.service.texting import Asked, Obstacle, Read, Rules, Why, Wording, are_mixed, read
from hongyan.wire.tencent.answers import (
    SendMultiGlobalSmsResponse,
    SendSmsResponse,
    SendStatus,
)
from hongyan.wire.tencent.fault import Fault
from hongyan.wire.tencent.old import SendSms2019Request
from hongyan.wire.tencent.requests import SendMultiGlobalSmsRequest, SendSmsRequest
from hongyan.wire.tencent.status import FLAWS, WINDOWS, declined, of_multi, taken

_FAILED: Final = "FailedOperation"
_UNSUPPORTED: Final = "UnsupportedOperation"
OBSTACLES: Final[Mapping[Obstacle, str]] = {
    Obstacle.NUMBER: "InvalidParameterValue.IncorrectPhoneNumber",
    Obstacle.NO_COUNTRY: f"{_UNSUPPORTED}.UnsupportedRegion",
    Obstacle.UNKNOWN_TEMPLATE: f"{_FAILED}.TemplateUnapprovedOrNotExist",
    Obstacle.UNAPPROVED_TEMPLATE: f"{_FAILED}.TemplateIncorrectOrUnapproved",
    Obstacle.TEST_TEMPLATE: "UnauthorizedOperation.RequestPermissionDeny",
    Obstacle.TEMPLATE_FOR_MAINLAND: f"{_UNSUPPORTED}.ChineseMainlandTemplateToGlobalPhone",
    Obstacle.TEMPLATE_FOR_ABROAD: f"{_UNSUPPORTED}.GlobalTemplateToChineseMainlandPhone",
    Obstacle.COUNTRY_CLOSED: "LimitExceeded.AppCountryOrRegionInBlacklist",
    Obstacle.SIGNATURE: f"{_FAILED}.SignatureIncorrectOrUnapproved",
    Obstacle.INDIVIDUAL: "UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny",
    Obstacle.HOURS: f"{_FAILED}.MarketingSendTimeConstraint",
    Obstacle.TOO_LONG: "InvalidParameterValue.ContentLengthLimit",
    Obstacle.SENSITIVE: f"{_FAILED}.ContainSensitiveWord",
}
_OTHER_WINDOW: Final = "LimitExceeded.DeliveryFrequencyLimit"
_UUID_BYTES: Final = 16

_Ordered: TypeAlias = tuple[Read, Addressed | Why, str]
"""A number, the text to it or why there is none, and the caller's SessionContext."""


class Sending:
    """See `service.ports.ServedProtocol`; a part of one."""

    def __init__(self, serving: Serving, settings: TencentSettings) -> None:
        self._store = serving.store
        self._sealer = serving.sealer
        self._clock = serving.clock
        self._chance = serving.chance
        self._acceptance = serving.acceptance
        self._rules = Rules(settings.rules, settings.sensitive_words)

    def works(self) -> Works:
        return {"SendSms": self.send, "SendMultiGlobalSms": self.send_multi}

    async def send(
        self, asking: Asking, request: SendSmsRequest | SendSms2019Request
    ) -> SendSmsResponse:
        """One text to up to 200 numbers."""
        if isinstance(request, SendSms2019Request):
            request = request.renewed()
        app = await app_of(self._store, asking.caller, request.sms_sdk_app_id)
        numbers = [read(one) for one in request.phone_number_set]
        _require_one_side(numbers)
        wording = self._wording(
            app, request.template_id, request.template_param_set, request.sign_name
        )
        context = request.session_context or ""
        ordered = [(one, wording.to(one, context), context) for one in numbers]
        return SendSmsResponse(send_status_set=tuple(await self._taken(asking, app, ordered)))

    async def send_multi(
        self, asking: Asking, request: SendMultiGlobalSmsRequest
    ) -> SendMultiGlobalSmsResponse:
        """A text of its own to each of up to 200 numbers, none of them of mainland China."""
        app = await app_of(self._store, asking.caller, request.sms_sdk_app_id)
        numbers = [read(one.phone_number) for one in request.multi_sms_info_set]
        _require_one_side(numbers)
        if any(one.iso_code == MAINLAND for one in numbers):
            raise Fault(f"{_UNSUPPORTED}.ContainDomesticPhoneNumber")
        ordered = []
        for number, one in zip(numbers, request.multi_sms_info_set, strict=True):
            wording = self._wording(app, one.template_id, one.template_param_set, None)
            context = one.session_context or ""
            ordered.append((number, wording.to(number, context), context))
        became = await self._taken(asking, app, ordered)
        answered = []
        for (number, _, _), status in zip(ordered, became, strict=True):
            status.iso_code = number.iso_code or UNKNOWN
            serial = random_uuid(self._chance(_UUID_BYTES))
            answered.append(of_multi(status, serial))
        return SendMultiGlobalSmsResponse(send_multi_status_set=tuple(answered))

    def _wording(
        self, app: App, template: str, values: Sequence[str] | None, signature: str | None
    ) -> Wording:
        asked = Asked(template, tuple(values or ()), signature or "")
        return Wording(self._store.directory, app, asked, self._rules, self._clock())

    async def _taken(
        self, asking: Asking, app: App, ordered: Sequence[_Ordered]
    ) -> list[SendStatus]:
        """What became of each number, in order."""
        texts: list[Addressed] = []
        refused: list[str] = []
        places: list[str] = []
        """Which numbers got no text before the store could decide, and why."""
        for place, (_, one, _) in enumerate(ordered):
            if isinstance(one, Addressed):
                texts.append(one)
            else:
                refused.append(code_of(one))
                places.append(f"{place} {one}")
        became = iter(
            await self._acceptance.take(
                app,
                texts,
                idempotency=asking.idempotency(self._sealer, places),
                refused=len(refused),
                tallied=True,
                reports=True,
                keeps_refusals=True,
            )
        )
        codes = iter(refused)
        return [
            _status(number, one, next(became), context)
            if isinstance(one, Addressed)
            else declined(next(codes), number.phone, context)
            for number, one, context in ordered
        ]


def code_of(why: Why) -> str:
    """Tencent's code for why there is no text."""
    return FLAWS[why] if isinstance(why, Flaw) else OBSTACLES[why]


def code_of_error(error: HongyanError) -> str:
    """And for why a text was not taken."""
    match error:
        case Limited():
            return WINDOWS.get(error.window, _OTHER_WINDOW)
        case OptedOut():
            return f"{_FAILED}.PhoneNumberInBlacklist"
        case NoBalance():
            return f"{_FAILED}.InsufficientBalanceInSmsPackage"
        case _:
            return "InternalError.OtherError"


def _status(
    number: Read, text: Addressed, became: Queued | HongyanError, context: str
) -> SendStatus:
    if isinstance(became, Queued):
        return taken(became.id, number.phone, text.units, number.iso_code, context)
    return declined(code_of_error(became), number.phone, context, number.iso_code)


def _require_one_side(numbers: Sequence[Read]) -> None:
    if len(numbers) > 1 and are_mixed(numbers):
        raise Fault(f"{_UNSUPPORTED}.ContainDomesticAndInternationalPhoneNumber")
