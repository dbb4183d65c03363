"""Tencent Cloud SMS 腾讯云短信 as an upstream: API 3.0, texts of one template and values in one call.

Every call is signed; a call that is answered at all was answered before or after all its texts were
taken, and says so of each number. docs/howto/tencent-upstream.md has the table of codes, and what
nobody could verify from here.
"""

import asyncio
from collections.abc import Hashable, Sequence
from typing import Annotated, Final, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from hongyan.core import text
from hongyan.core.identifier import MessageId, written
from hongyan.core.message import Message
from hongyan.core.outcome import Deferred, Outcome, Unconfirmed
from hongyan.core.time import DAY, HOUR, SECOND, Millis, beijing
from hongyan.providers.calling import Caller, CallSettings, Reach, codes, said
from hongyan.providers.calling.numbers import Numbers
from hongyan.providers.tencent import clocks, records
from hongyan.service.collect import Result
from hongyan.service.handing import FindHanded, FindNamed, Handed
from hongyan.service.ports import Clock, Told
from hongyan.wire.tc3 import Signer
from hongyan.wire.tencent import answers, envelope, requests
from hongyan.wire.tencent.actions import NEW
from hongyan.wire.tencent.answers import Answer
from hongyan.wire.tencent.envelope import Refusal
from hongyan.wire.tencent.requests import Request

__all__ = ["Tencent", "TencentUpstreamSettings"]

_Answer = TypeVar("_Answer", bound=Answer)

_MAINLAND: Final = "+86"
_MOST: Final = 200
_MOST_PULLED: Final = 100
_MOST_RECORDS: Final = 50
_RECORDED: Final[Millis] = 72 * HOUR
"""How far back the platform looks."""
_PACKAGES_SINCE: Final[Millis] = 731 * DAY
_MOST_ANSWER_BYTES: Final = 1_048_576
_CLOSED: Final = frozenset(
    {
        "AuthFailure.UnauthorizedOperation",
        "InvalidAction",
        "UnauthorizedOperation",
        "UnauthorizedOperation.RequestPermissionDeny",
        "UnsupportedOperation",
    }
)
_EXPIRED: Final = "AuthFailure.SignatureExpire"


class TencentUpstreamSettings(CallSettings, frozen=True, kw_only=True):
    """`[providers.tencent]` in the configuration."""

    secret_id: Annotated[str, Meta(min_length=1)]
    secret_key: Annotated[str, Meta(min_length=1)]
    sdk_app_id: Annotated[str, Meta(min_length=1)]
    """The app there, such as 1400006666."""
    api_url: str = "https://sms.tencentcloudapi.com"
    region: str = "ap-guangzhou"
    templates: dict[str, str | int] = msgspec.field(default_factory=dict)
    """Our template's number → its TemplateId there."""
    international: dict[str, str | int] = msgspec.field(default_factory=dict)
    """The same for numbers outside the mainland, where the platform wants templates of their own."""
    sign_name: str = ""
    """The signature there; empty for that of each text."""
    receipts_key: str = ""
    """Status reports are taken at /receipts/tencent/{this}; nowhere while it is empty."""
    pull_every_s: Annotated[float, Meta(ge=0, le=3_600)] = 0
    """How often status reports are pulled, 0 for never: the platform must open that first."""
    report_conversion: bool = False
    """Tell the platform of codes that were filled in: it must open that first."""
    balance_every_s: Annotated[float, Meta(ge=1, le=86_400)] = 300
    low_balance: Annotated[int, Meta(ge=0)] = 100
    """Fewer texts left in packages than these are an alarm."""

    def __repr__(self) -> str:
        return f"TencentUpstreamSettings({self.api_url!r}, {self.sdk_app_id!r})"


class Tencent:
    """See `service.ports`: Provider, Asked and Watched; `service.parcel`: Grouping; `service.collect`: Telling."""

    name = "tencent"
    most = _MOST

    def __init__(
        self, settings: TencentUpstreamSettings, clock: Clock, find: FindHanded, named: FindNamed
    ) -> None:
        self.concurrency = settings.concurrency
        self.rate = settings.rate
        self.timeout = settings.timeout
        self.asks_a_second = settings.asks_a_second
        self.watch_every = int(settings.balance_every_s * SECOND)
        self.low_balance = settings.low_balance
        self.pull_every = int(settings.pull_every_s * SECOND)
        self._settings = settings
        self._clock = clock
        self._find = find
        self._named = named
        self._skew: Millis = 0
        """Their clock less ours, once a signature was refused for it."""
        self._numbers = Numbers(clock, self.group, settings.secret_key)
        self._caller = Caller(settings, _MOST_ANSWER_BYTES)
        host = urlsplit(settings.api_url).netloc
        self._signer = Signer(settings.secret_id, settings.secret_key, host)

    def group(self, message: Message) -> Hashable | None:
        """One template, its values and signature, on one side of the border."""
        template = self._template(message)
        return (template, message.params, self._sign(message)) if template else None

    async def send(self, message: Message) -> Outcome:
        [outcome] = await self.send_many([message])
        return outcome

    async def send_many(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        refused = {one.id: why for one in messages if (why := self._unfit(one))}
        fit = [one for one in messages if one.id not in refused]
        going, known = self._numbers.parted(fit)
        came = refused | known | (await self._handed_over(going) if going else {})
        return [came[one.id] for one in messages]

    async def ask(self, message: MessageId) -> Told:
        """By its number, in the platform's records of the days that it looks back."""
        handed, now = await self._find(message), self._clock()
        if handed is None or handed.at < now - _RECORDED + records.BEFORE + records.AFTER:
            return Told()
        begins, ends = handed.at - records.BEFORE, handed.at + records.AFTER
        answered = await self._call(
            requests.DescribeSendRecordListRequest(
                phone_number=handed.phone,
                sms_sdk_app_id=self._settings.sdk_app_id,
                begin_time=begins // SECOND,
                end_time=ends // SECOND if ends < now - records.AFTER else None,
                limit=_MOST_RECORDS,
                offset=0,
            ),
            answers.DescribeSendRecordListResponse,
        )
        if not isinstance(answered, answers.DescribeSendRecordListResponse):
            return await self._ask_reports(handed) if _is_closed(answered) else Told(failed=True)
        found = answered.send_record_set
        others = await self._others(handed, [one.serial_no for one in found])
        sign = self._settings.sign_name or text.signature_of(handed.text)[0]
        record = records.nearest(handed, found, sign, others)
        if record is not None:
            return records.told(record)
        return Told(unknown=answered.total_count <= len(found))

    async def pull(self) -> Sequence[Result] | None:
        """See `service.collect`."""
        answered = await self._call(
            requests.PullSmsSendStatusRequest(
                limit=_MOST_PULLED, sms_sdk_app_id=self._settings.sdk_app_id
            ),
            answers.PullSmsSendStatusResponse,
        )
        if not isinstance(answered, answers.PullSmsSendStatusResponse):
            return None
        return [
            Result(one.serial_no, one.phone_number, status, one.description, one.session_context)
            for one in answered.pull_sms_send_status_set
            if (status := records.ended(one.report_status)) is not None
        ]

    async def balance(self) -> int | Deferred | None:
        """What the packages hold; None for an app that has none, and pays by the text, and for a key
        that may not look: it may send all the same.
        """
        now = self._clock()
        answered = await self._call(
            requests.SmsPackagesStatisticsRequest(
                sms_sdk_app_id=self._settings.sdk_app_id,
                limit=_MOST_PULLED,
                offset=0,
                begin_time=_hour(now - _PACKAGES_SINCE),
                end_time=_hour(now),
            ),
            answers.SmsPackagesStatisticsResponse,
        )
        match answered:
            case answers.SmsPackagesStatisticsResponse(sms_packages_statistics_set=packages):
                good = [one for one in packages if one.package_expired_time * SECOND > now]
                left = [max(one.package_amount - one.current_usage, 0) for one in good]
                return sum(left) if packages else None
            case Deferred():
                return answered
            case Unconfirmed(reason=reason):
                return Deferred(reason)
            case Refusal() if _is_closed(answered):
                return None
            case Refusal():
                words = said(answered.code, answered.message, self._settings.secret_key)
                return Deferred(words, stops=codes.stops(answered.code))

    async def converted(self, message: MessageId, at: Millis) -> None:
        """Tell that the code of a text was filled in; what becomes of that is the platform's affair."""
        handed = await self._find(message)
        if handed is not None and handed.upstream_id:
            await self._call(
                requests.ReportConversionRequest(
                    sms_sdk_app_id=self._settings.sdk_app_id,
                    serial_no=handed.upstream_id,
                    conversion_time=at // SECOND,
                ),
                answers.ReportConversionResponse,
            )

    async def close(self) -> None:
        await self._caller.close()

    # Handing over.

    def _unfit(self, message: Message) -> Outcome | None:
        """Why a text is not even tried."""
        if not self._template(message):
            return Deferred("It has no template for this text.")
        if message.phone.startswith(_MAINLAND) and not self._sign(message):
            return Deferred("The text has no signature.")
        return None

    async def _handed_over(self, messages: Sequence[Message]) -> dict[MessageId, Outcome]:
        """One call, of numbers that differ."""
        first, reach = messages[0], Reach()
        request = requests.SendSmsRequest(
            phone_number_set=tuple(one.phone for one in messages),
            sms_sdk_app_id=self._settings.sdk_app_id,
            template_id=self._template(first),
            sign_name=self._sign(first) or None,
            template_param_set=first.params or None,
            # It is one for all numbers of a call, so it can name a text only where there is one.
            session_context=written(first.id) if len(messages) == 1 else None,
        )
        try:
            answered = await self._call(request, answers.SendSmsResponse, reach)
        except asyncio.CancelledError:
            if reach.connected:
                raise
            answered = Deferred("It could not be reached in time.")
        match answered:
            case answers.SendSmsResponse(send_status_set=statuses):
                return self._numbers.told(messages, statuses)
            case Refusal(code=code, message=words):
                return self._numbers.refused(messages, code, words)
            case _:
                return dict.fromkeys([one.id for one in messages], answered)

    def _template(self, message: Message) -> str:
        settings = self._settings
        is_mainland = message.phone.startswith(_MAINLAND)
        known = settings.templates if is_mainland else settings.international
        return str(known.get(str(message.template), ""))

    def _sign(self, message: Message) -> str:
        return self._settings.sign_name or text.signature_of(message.text)[0]

    # Asking.

    async def _ask_reports(self, handed: Handed) -> Told:
        """Where the records are not open to us: what is reported of ends."""
        now = self._clock()
        answered = await self._call(
            requests.PullSmsSendStatusByPhoneNumberRequest(
                begin_time=(handed.at - records.BEFORE) // SECOND,
                end_time=now // SECOND,
                offset=0,
                limit=_MOST_PULLED,
                phone_number=handed.phone,
                sms_sdk_app_id=self._settings.sdk_app_id,
            ),
            answers.PullSmsSendStatusByPhoneNumberResponse,
        )
        if not isinstance(answered, answers.PullSmsSendStatusByPhoneNumberResponse):
            return Told(failed=True)
        return records.told_by(handed, answered.pull_sms_send_status_set)

    async def _others(self, handed: Handed, serials: Sequence[str]) -> set[str]:
        """Those of these that are known to be other texts' of ours."""
        if handed.upstream_id:
            return set()
        named = await self._named(serials)
        return {serial for serial, message in named.items() if message != handed.message}

    # Calling.

    async def _call(
        self, request: Request, answer: type[_Answer], reach: Reach | None = None
    ) -> _Answer | Refusal | Deferred | Unconfirmed:
        """What is answered. A signature that is refused for its time is made once more by theirs."""
        body = msgspec.json.encode(request)
        action = type(request).__name__.removesuffix("Request")
        found, date = await self._posted(action, body, answer, reach)
        skew = clocks.skew(date, self._clock())
        if isinstance(found, Refusal) and found.code == _EXPIRED and skew is not None:
            self._skew = skew
            if reach is not None:
                reach.connected = False  # What was refused so has sent nothing.
            found, _ = await self._posted(action, body, answer, reach)
        return found

    async def _posted(
        self, action: str, body: bytes, answer: type[_Answer], reach: Reach | None
    ) -> tuple[_Answer | Refusal | Deferred | Unconfirmed, str]:
        """(what is answered, its date)."""
        answered = await self._caller.post("/", body, self._headers(action, body), reach)
        if isinstance(answered, Deferred | Unconfirmed):
            return answered, ""
        try:
            return envelope.read(answered.body, answer), answered.date
        except envelope.Unreadable as error:
            return Unconfirmed(str(error)), ""

    def _headers(self, action: str, body: bytes) -> dict[str, str]:
        at = (self._clock() + self._skew) // SECOND
        named = {"x-tc-action": action, "x-tc-version": NEW, "x-tc-language": "en-US"}
        if self._settings.region:
            named["x-tc-region"] = self._settings.region
        return self._signer.posted(body, at) | named


def _is_closed(answered: object) -> bool:
    """Whether just this action is not for us: keys are given some actions and not others."""
    return isinstance(answered, Refusal) and answered.code in _CLOSED


def _hour(at: Millis) -> str:
    return beijing(at)[:13].translate({ord("-"): "", ord(" "): ""})
