"""WeChat cloudbase.sendSms 云开发短信 as an upstream: up to 1000 numbers of the mainland in one call.

A template of ours goes as a Notification template of theirs, or as Marketing: content and a page of the
static website. docs/howto/wechat-upstream.md has the table of codes, and what nobody could verify from
here.
"""

import asyncio
import re
from collections.abc import Hashable, Sequence
from typing import Annotated, Final, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Meta

from hongyan.core.identifier import MessageId
from hongyan.core.message import Message
from hongyan.core.outcome import Deferred, Outcome, Unconfirmed
from hongyan.core.time import DAY, SECOND, Millis
from hongyan.providers.calling import Caller, CallSettings, Reach, said
from hongyan.providers.calling.numbers import Numbers
from hongyan.providers.wechat import records, refusals
from hongyan.providers.wechat.tokens import Tokens
from hongyan.service.handing import FindHanded, FindNamed
from hongyan.service.ports import Clock, Told
from hongyan.wire.wechat import answers, body
from hongyan.wire.wechat.answers import Refused, Sent, SmsRecords
from hongyan.wire.wechat.codes import RENEWABLE
from hongyan.wire.wechat.requests import MARKETING, NOTIFICATION, SendSms

__all__ = ["Wechat", "WechatUpstreamSettings"]

_Answer = TypeVar("_Answer", bound=msgspec.Struct)

_MAINLAND: Final = "+86"
_MOST: Final = 1_000
_MOST_RECORDS: Final = 100
_RECORDED: Final[Millis] = 60 * DAY
_MOST_ANSWER_BYTES: Final = 1_048_576
_SEND: Final = "/tcb/sendsms"
_RECORDS: Final = "/tcb/describesmsrecords"
_JSON: Final = {"content-type": "application/json"}
_PLACE: Final = re.compile(r"\{([1-9]\d?)\}", re.ASCII)


class Marketing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A template of ours as Marketing; `{1}` and so on are its values."""

    content: Annotated[str, Meta(min_length=1)] = "{1}"
    path: Annotated[str, Meta(min_length=1)] = "/index.html"
    """Of the static website."""


class WechatUpstreamSettings(CallSettings, frozen=True, kw_only=True):
    """`[providers.wechat]` in the configuration."""

    app_id: Annotated[str, Meta(min_length=1)]
    app_secret: Annotated[str, Meta(min_length=1)]
    env: Annotated[str, Meta(min_length=1)]
    """The CloudBase environment."""
    api_url: str = "https://api.weixin.qq.com"
    templates: dict[str, str | int] = msgspec.field(default_factory=dict)
    """Our template's number → its template_id there, sent as Notification."""
    marketing: dict[str, Marketing] = msgspec.field(default_factory=dict)
    """Our template's number → how it is sent as Marketing."""
    use_short_name: bool = False
    """Sign with the mini program's short name."""
    resource_appid: str = ""
    """The mini program whose environment it is, where that is another."""
    look_every_s: Annotated[float, Meta(ge=1, le=86_400)] = 300
    """How often it is seen to that it would take texts."""

    def __repr__(self) -> str:
        return f"WechatUpstreamSettings({self.api_url!r}, {self.app_id!r})"


class Wechat:
    """See `service.ports`: Provider, Asked and Watched; and `service.parcel`: Grouping."""

    name = "wechat"
    most = _MOST
    low_balance = 0

    def __init__(
        self, settings: WechatUpstreamSettings, clock: Clock, find: FindHanded, _named: FindNamed
    ) -> None:
        self.concurrency = settings.concurrency
        self.rate = settings.rate
        self.timeout = settings.timeout
        self.asks_a_second = settings.asks_a_second
        self.watch_every = int(settings.look_every_s * SECOND)
        self._settings = settings
        self._clock = clock
        self._find = find
        self._caller = Caller(settings, _MOST_ANSWER_BYTES)
        self._tokens = Tokens(self._caller, settings.app_id, settings.app_secret, clock)
        self._numbers = Numbers(clock, self.group, settings.app_secret)

    def group(self, message: Message) -> Hashable | None:
        """What a call says to all its numbers; None for a text that it cannot say."""
        settings, template = self._settings, str(message.template)
        if template in settings.templates:
            return (NOTIFICATION, str(settings.templates[template]), message.params)
        if template in settings.marketing:
            one = settings.marketing[template]
            content, path = (_filled(part, message.params) for part in (one.content, one.path))
            return (MARKETING, content, path) if content and path else None
        return None

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
        """By its number, in WeChat's records of the day."""
        handed, now = await self._find(message), self._clock()
        if handed is None or handed.at < now - _RECORDED:
            return Told()
        first, last = handed.at - records.NEAR, handed.at + records.NEAR
        asked = records.asked(self._settings.env, first, last, _MOST_RECORDS, handed.phone)
        found = await self._call(_RECORDS, asked, SmsRecords)
        if not isinstance(found, SmsRecords):
            return Told(failed=True)
        told = records.told(handed, found.sms_records)
        is_whole = found.total_count <= len(found.sms_records)
        return Told() if told.unknown and not is_whole else told

    async def balance(self) -> Deferred | None:
        """It tells no number; whether it lets us in is seen by a look at today's records. Who may not
        look there may send all the same.
        """
        now = self._clock()
        asked = records.asked(self._settings.env, now, now, 1)
        found = await self._call(_RECORDS, asked, SmsRecords)
        match found:
            case SmsRecords():
                return None
            case Deferred():
                return found
            case Unconfirmed(reason=reason):
                return Deferred(reason)
            case Refused(errcode=errcode) if errcode in refusals.CLOSED:
                return None
            case Refused(errcode=errcode):
                return Deferred(self._said(found), stops=refusals.stops(errcode))

    async def close(self) -> None:
        await self._tokens.close()
        await self._caller.close()

    def _unfit(self, message: Message) -> Outcome | None:
        """Why a text is not even tried."""
        if not message.phone.startswith(_MAINLAND):
            return Deferred("It sends to mainland numbers only.")
        if self.group(message) is None:
            return Deferred("It has no template for this text.")
        return None

    async def _handed_over(self, messages: Sequence[Message]) -> dict[MessageId, Outcome]:
        """One call, of numbers that differ."""
        reach = Reach()
        try:
            answered = await self._call(_SEND, body.written(self._request(messages)), Sent, reach)
        except asyncio.CancelledError:
            if reach.connected:
                raise
            answered = Deferred("It could not be reached in time.")
        match answered:
            case Sent(send_status_list=statuses):
                return self._numbers.told(messages, statuses)
            case Refused(errcode=errcode, errmsg=errmsg):
                outcome = refusals.outcome(errcode, errmsg, self._said(answered))
            case _:
                outcome = answered
        return dict.fromkeys([one.id for one in messages], outcome)

    def _request(self, messages: Sequence[Message]) -> SendSms:
        settings, first = self._settings, messages[0]
        request = SendSms(
            env=settings.env,
            phone_number_list=tuple(one.phone for one in messages),
            use_short_name=settings.use_short_name,
            resource_appid=settings.resource_appid,
        )
        template = str(first.template)
        if template in settings.templates:
            request.sms_type = NOTIFICATION
            request.template_id = str(settings.templates[template])
            request.template_param_list = first.params
        else:
            one = settings.marketing[template]
            request.content = _filled(one.content, first.params)
            request.path = _filled(one.path, first.params)
        return request

    async def _call(
        self, path: str, request: bytes, answer: type[_Answer], reach: Reach | None = None
    ) -> _Answer | Refused | Deferred | Unconfirmed:
        """What is answered. A token that is refused is replaced, and the call made once more: nothing
        was done by it.
        """
        token = await self._tokens.token()
        if isinstance(token, Deferred):
            return token
        found = await self._posted(path, token, request, answer, reach)
        if not isinstance(found, Refused) or found.errcode not in RENEWABLE:
            return found
        if reach is not None:
            reach.connected = False
        token = await self._tokens.instead(token)
        if isinstance(token, Deferred):
            return token
        return await self._posted(path, token, request, answer, reach)

    async def _posted(
        self,
        path: str,
        token: str,
        request: bytes,
        answer: type[_Answer],
        reach: Reach | None,
    ) -> _Answer | Refused | Deferred | Unconfirmed:
        where = f"{path}?access_token={quote(token, safe='')}"
        answered = await self._caller.post(where, request, _JSON, reach)
        if isinstance(answered, Deferred | Unconfirmed):
            return answered
        try:
            return answers.read(answered.body, answer)
        except answers.Refused as error:
            return error
        except answers.Unreadable as error:
            return Unconfirmed(str(error))

    def _said(self, refused: Refused) -> str:
        return said(refused.errcode, refused.errmsg, self._settings.app_secret)


def _filled(pattern: str, params: Sequence[str]) -> str:
    """A pattern with a template's values; empty where it wants one that there is not."""
    if any(int(place) > len(params) for place in _PLACE.findall(pattern)):
        return ""
    return _PLACE.sub(lambda found: params[int(found[1]) - 1], pattern)
