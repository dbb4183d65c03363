"""Zhenzi 榛子云 as an upstream: by template where it has ours too (v2), else as free text (v1).

The platform publishes no specification; what stands here is from its documents of 2018-2023
(smsow.zhenzikj.com/doc), its SDKs and a few recorded answers; docs/howto/zhenzi-upstream.md says
what nobody has seen. A code that is in no document leaves the message in doubt, never sent twice.
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from hongyan.core import phone, text
from hongyan.core.identifier import MessageId, written
from hongyan.core.message import Message, Status
from hongyan.core.outcome import Accepted, Deferred, Outcome, Rejected, Unconfirmed
from hongyan.core.time import SECOND
from hongyan.providers.calling import Caller, CallSettings, Reach, said
from hongyan.service.ports import Told
from hongyan.wire import zhenzi as wire
from hongyan.wire.zhenzi import Answer, Code

_MAINLAND: Final = "+86"
_LONGEST_STATUS: Final = 32

_STOPPING: Final = frozenset(
    {
        Code.UNKNOWN_APP,
        Code.APP_DISABLED,
        Code.ADDRESS_REFUSED,
        Code.NO_BALANCE,
        Code.WRONG_SECRET,
        Code.NO_ACCOUNT,
    }
)
_THEIR_AFFAIR: Final = frozenset({Code.OVER_LIMIT, Code.NO_TEMPLATE})
_OF_APP: Final = _STOPPING | {Code.OVER_LIMIT}
"""What is wrong with our app, whatever it is asked about."""
_OF_REFERENCE: Final = ("messageId", "重复")
_OF_NUMBER: Final = ("号码", "手机号", "number")
_OF_TEMPLATE: Final = ("模板", "签名", "template")

_STATUSES: Final[Mapping[str, Status]] = {
    wire.status_word(status): status for status in (Status.DELIVERED, Status.UNDELIVERED)
} | {
    # A Hongyan behind this one tells more than the platform does: it took the text, and gave it up.
    Status.REJECTED: Status.REJECTED,
    Status.EXPIRED: Status.REJECTED,
}
"""The words for an end; any other word means that it has the message."""


class ZhenziSettings(CallSettings, frozen=True, kw_only=True):
    """`[providers.zhenzi]` in the configuration."""

    app_id: Annotated[str, Meta(min_length=1)]
    app_secret: Annotated[str, Meta(min_length=1)]
    api_url: str = "https://sms_developer.zhenzikj.com"
    """Of personal developers; enterprises have https://sms.zhenzikj.com."""
    templates: dict[str, str | int] = msgspec.field(default_factory=dict)
    """Our template's number → its templateId there. (Two accounts may have templates of one name.)"""
    free_text: bool = True
    """Send what has no template there as free text."""
    keep_signature: bool = False
    """Send our 【signature】 with a free text; the platform puts its own before it."""
    balance_every_s: Annotated[float, Meta(ge=1, le=86_400)] = 300
    low_balance: Annotated[int, Meta(ge=0)] = 100
    """Fewer texts left than these are an alarm."""

    def __repr__(self) -> str:
        return f"ZhenziSettings({self.api_url!r}, {self.app_id!r})"


class Zhenzi:
    """See `service.ports`: Provider, Asked and Watched."""

    name = "zhenzi"

    def __init__(self, settings: ZhenziSettings) -> None:
        self.concurrency = settings.concurrency
        self.rate = settings.rate
        self.timeout = settings.timeout
        self.asks_a_second = settings.asks_a_second
        self.watch_every = int(settings.balance_every_s * SECOND)
        self.low_balance = settings.low_balance
        self._settings = settings
        self._caller = Caller(settings)

    async def send(self, message: Message) -> Outcome:
        if not message.phone.startswith(_MAINLAND):
            return Deferred("It sends to mainland numbers only.")
        template = str(self._settings.templates.get(str(message.template), ""))
        if not template and not self._settings.free_text:
            return Deferred("It has no template for this text, and takes no free ones.")
        path, form = self._request(message, template)
        reach = Reach()
        try:
            answer = await self._call(path, form, reach)
        except asyncio.CancelledError:
            if reach.connected:
                raise
            return Deferred("It could not be reached in time.")
        if isinstance(answer, Answer):
            return self._outcome(answer, message, by_template=bool(template))
        return answer

    async def ask(self, message: MessageId) -> Told:
        """A code is an answer, also one that says nothing; but one of our app is about no message.

        Which code it has for a messageId that it cannot find, nobody has seen.
        """
        reference = written(message)
        answer = await self._call(wire.FIND, {"messageId": reference})
        match answer:
            case Answer(code=Code.OK, data=data):
                return _told(data, reference)
            case Answer(code=Code.BAD_PARAMETERS):
                return Told(unknown=True)
            case Answer(code=code) if code not in _OF_APP:
                return Told()
            case _:
                return Told(failed=True)

    async def balance(self) -> int | Deferred:
        answer = await self._call(wire.BALANCE, {})
        match answer:
            case Deferred():
                return answer
            case Unconfirmed(reason=reason):
                return Deferred(reason)
            case Answer(code=Code.OK, data=left) if type(left) is int:
                return left
            case Answer(code=Code.OK):
                return Deferred("It told no balance.")
            case _:
                return self._deferred(answer)

    async def close(self) -> None:
        await self._caller.close()

    def _request(self, message: Message, template: str) -> tuple[str, dict[str, str]]:
        """(path, form)."""
        form = {"number": phone.national(message.phone), "messageId": written(message.id)}
        if template:
            params = wire.written_params(message.params)
            return wire.SEND_TEMPLATE, form | {"templateId": template, "templateParams": params}
        words = (
            message.text if self._settings.keep_signature else text.signature_of(message.text)[1]
        )
        return wire.SEND, form | {"message": words}

    async def _call(
        self, path: str, form: Mapping[str, str], reach: Reach | None = None
    ) -> Answer | Deferred | Unconfirmed:
        """What it answers. In which charset it words an error is not known: its code is read in any."""
        settings = self._settings
        whole = {"appId": settings.app_id, "appSecret": settings.app_secret} | dict(form)
        body = wire.written_form(whole)
        answered = await self._caller.post(path, body, {"content-type": wire.FORM}, reach)
        if isinstance(answered, Deferred | Unconfirmed):
            return answered
        try:
            return wire.read_answer(answered.body.decode("utf-8-sig", "replace").encode())
        except wire.Unreadable as error:
            return Unconfirmed(str(error))

    def _outcome(self, answer: Answer, message: Message, *, by_template: bool) -> Outcome:
        """One of four, by its code."""
        code = answer.code
        if code == Code.OK:
            return Accepted(written(message.id))
        if code == Code.BAD_PARAMETERS:
            return self._of_cause(answer, by_template=by_template)
        if code == Code.TOO_LONG:
            return Rejected(str(code), self._said(answer))
        if code in _STOPPING or code in _THEIR_AFFAIR:
            return self._deferred(answer)
        return Unconfirmed(self._said(answer))

    def _of_cause(self, answer: Answer, *, by_template: bool) -> Outcome:
        """Code 100, by what it complains of. A messageId that is there already is one we sent.

        Its bare words are "参数格式错误", for a field that is empty or a number that is wrong: we
        leave none empty, but a template of theirs may want other values than ours has.
        """
        said = self._said(answer)
        if _holds(said, _OF_REFERENCE):
            return Unconfirmed(said)
        if _holds(said, _OF_NUMBER):
            return Rejected(str(answer.code), said)
        if by_template or _holds(said, _OF_TEMPLATE):
            return Deferred(said)
        return Rejected(str(answer.code), said)

    def _deferred(self, answer: Answer) -> Deferred:
        return Deferred(self._said(answer), stops=answer.code in _STOPPING)

    def _said(self, answer: Answer) -> str:
        return said(answer.code, answer.data, self._settings.app_secret)


def _told(data: object, reference: str) -> Told:
    """What findSms says. Nothing, where it has no status or is about another message."""
    if not isinstance(data, dict) or data.get("messageId", reference) != reference:
        return Told()
    word = data.get("status")
    if not isinstance(word, str) or not word:
        return Told()
    return Told(_STATUSES.get(word, Status.SUBMITTED), code=word[:_LONGEST_STATUS])


def _holds(said: str, words: tuple[str, ...]) -> bool:
    return any(word in said for word in words)
