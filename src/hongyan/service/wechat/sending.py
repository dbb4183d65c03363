"""Sending: texts to up to 1000 numbers of mainland China, each told what became of it."""

from collections.abc import Mapping
from typing import Final

import msgspec

from hongyan.core import phone
from hongyan.core.command import Queued
from hongyan.core.errors import (
    HongyanError,
    Invalid,
    Limited,
    NoBalance,
    OptedOut,
)
from hongyan.core.errors import Scope as LimitScope
from hongyan.core.message import Kind
from hongyan.service.accept import Acceptance
from hongyan.service.serving import Serving
from hongyan.service.website import Websites
from hongyan.service.wechat.caller import Caller
from hongyan.service.wechat.composing import (
    MARKETING_TEMPLATES,
    Composed,
    Composer,
    signature_of,
    template_of,
)
from hongyan.service.wechat.environments import environment_of
from hongyan.service.wechat.leading import Leading
from hongyan.service.wechat.linking import Linking
from hongyan.wire.tencent.codes import CODES, ENGLISH
from hongyan.wire.tencent.status import WINDOWS
from hongyan.wire.wechat import body
from hongyan.wire.wechat.answers import SENT, SENT_MESSAGE, SendStatus, Sent, serial_no
from hongyan.wire.wechat.fault import INVALID_PARAMETER, Fault
from hongyan.wire.wechat.requests import EXAMPLE_NUMBER, NOTIFICATION, SendSms, SendSmsV2

QUOTA: Final = (
    "sendAsyncSmsAndWait failed, err=[100003]async send failed, err==consumeUsage failed,"
    " err=[100003]配额不足"
)
"""WeChat's words where the packages are used up."""

_CLOSED: Final = "FailedOperation.MarketingSendTimeConstraint"
_NEVER: Final = "LimitExceeded.AppCountryOrRegionInBlacklist"
_NO_NUMBER: Final = "InvalidParameterValue.IncorrectPhoneNumber"
_NO_BALANCE: Final = "FailedOperation.InsufficientBalanceInSmsPackage"
_OPTED_OUT: Final = "FailedOperation.PhoneNumberInBlacklist"
_OTHER: Final = "InternalError.OtherError"
_LIMITED: Final[Mapping[LimitScope, str]] = {
    "content": "LimitExceeded.PhoneNumberSameContentDailyLimit",
    "phone": "LimitExceeded.DeliveryFrequencyLimit",
}
_MAINLAND: Final = frozenset({phone.MAINLAND})


class Sending:
    """/tcb/sendsms and its sibling."""

    def __init__(self, serving: Serving, websites: Websites, linking: Linking) -> None:
        self._store = serving.store
        self._clock = serving.clock
        self._acceptance: Acceptance = serving.acceptance
        self._in_development = serving.in_development
        self._leading = Leading(websites, serving.clock)
        self._composer = Composer(websites, self._leading, serving.chance)
        self._linking = linking

    async def send(self, caller: Caller, given: bytes) -> bytes:
        """/tcb/sendsms. Raises Fault and NotAccepted."""
        request = body.read(given, SendSms)
        request.require()
        caller.require_sending()
        return await self._answered(
            caller, request.phone_number_list, self.composed(caller, request)
        )

    async def send_v2(self, caller: Caller, given: bytes) -> bytes:
        """/tcb/sendsmsv2. Raises Fault and NotAccepted."""
        request = body.read(given, SendSmsV2)
        request.require_numbers()
        request.require_template()
        caller.require_sending()
        return await self._answered(
            caller, request.phone_number_list, self._composed_v2(caller, request)
        )

    def composed(self, caller: Caller, request: SendSms) -> Composed:
        """The text that a call wants to be sent. Raises Fault."""
        directory, app = self._store.directory, caller.app
        environment = environment_of(directory, caller, request.env, request.resource_appid)
        signature = signature_of(app, use_short_name=request.use_short_name)
        if request.sms_type == NOTIFICATION:
            template = template_of(directory, app, request.template_id)
            return self._composer.notice(
                signature, template, request.template_param_list, environment
            )
        leads = self._leading.leads(environment, request.path)
        return self._composer.marketing(signature, request.content, leads, app)

    def _composed_v2(self, caller: Caller, request: SendSmsV2) -> Composed:
        directory, app = self._store.directory, caller.app
        environment = environment_of(directory, caller, request.env, request.resource_appid)
        signature = signature_of(app, use_short_name=request.use_short_name)
        # Links of a house in development are no https, so it is asked whether they are its own.
        path, opens = self._linking.within(request.url_link, caller)
        leads = "", path
        if request.template_id not in MARKETING_TEMPLATES:
            template = template_of(directory, app, request.template_id)
            composed = self._composer.notice(
                signature, template, request.template_param_list, environment, leads
            )
        elif len(request.template_param_list) != 1:
            raise Fault(INVALID_PARAMETER, "template_param_list has not just one value")
        else:
            content = request.template_param_list[0]
            composed = self._composer.marketing(signature, content, leads, app)
        # With another URL Link to the same place it is the same text.
        pages = [page for _, page in composed.leads[:-1]]
        return msgspec.structs.replace(composed, content=composed.text([*pages, opens]))

    async def _answered(
        self, caller: Caller, numbers: tuple[str, ...], composed: Composed
    ) -> bytes:
        return msgspec.json.encode(
            Sent(send_status_list=await self.sent(caller, numbers, composed))
        )

    async def sent(
        self, caller: Caller, numbers: tuple[str, ...], composed: Composed
    ) -> tuple[SendStatus, ...]:
        """What became of each number, in order. Raises Fault where there was no balance for any, and
        NotAccepted.
        """
        app = caller.app
        if composed.kind is Kind.MARKETING and not app.hours.is_open(self._clock()):
            return tuple([_refused(number, _CLOSED) for number in numbers])
        if phone.MAINLAND in app.caps.never:
            return tuple([_refused(number, _NEVER) for number in numbers])
        canonical = [self._canonical(number) for number in numbers]
        texts = self._composer.addressed(composed, [to for to in canonical if to])
        repetition = caller.repetition
        became = iter(
            await self._acceptance.take(
                app, texts, idempotency=repetition, keeps_refusals=repetition is not None
            )
            if texts
            else ()
        )
        results = [next(became) if to else None for to in canonical]
        if results and all(isinstance(one, NoBalance) for one in results):
            raise Fault(INVALID_PARAMETER, QUOTA)
        return tuple(map(told, numbers, results))

    def _canonical(self, number: str) -> str:
        """Empty for what is no mainland mobile number."""
        if number == EXAMPLE_NUMBER and self._in_development:
            return number
        if not number[1:].isdigit():
            return ""
        try:
            return phone.canonical(number, _MAINLAND)
        except Invalid:
            return ""


def told(number: str, became: Queued | HongyanError | None) -> SendStatus:
    match became:
        case Queued():
            return SendStatus(
                serial_no=serial_no(became.id),
                phone_number=number,
                code=SENT,
                message=SENT_MESSAGE,
            )
        case None:
            return _refused(number, _NO_NUMBER)
        case Limited():
            code = WINDOWS.get(became.window) or _LIMITED.get(became.scope, _OTHER)
            return _refused(number, code)
        case NoBalance():
            return _refused(number, _NO_BALANCE)
        case OptedOut():
            return _refused(number, _OPTED_OUT)
        case _:
            return _refused(number, _OTHER)


def _refused(number: str, code: str) -> SendStatus:
    return SendStatus(phone_number=number, code=code, message=CODES[code].says(ENGLISH))
