"""Zhenzi 榛子云 as an upstream: by template where it has ours too (v2), else as free text (v1).

The platform publishes no specification; what stands here is from its documents of 2018-2023
(smsow.zhenzikj.com/doc), its SDKs and a few recorded answers; docs/howto/zhenzi-upstream.md says
what nobody has seen. A code that is in no document leaves the message in doubt, never sent twice.
"""

import asyncio
import re
import ssl
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from hongyan.core import phone, text
from hongyan.core.identifier import MessageId, written
from hongyan.core.message import Message, Status
from hongyan.core.outcome import Accepted, Deferred, Outcome, Rejected, Unconfirmed
from hongyan.core.time import SECOND
from hongyan.service.ports import Told
from hongyan.wire import zhenzi as wire
from hongyan.wire.zhenzi import Answer, Code

_MAINLAND: Final = "+86"
_OK: Final = 200
_NOT_SERVED: Final = frozenset({401, 403, 404, 405, 413, 429})
"""The platform answers 200 to all that it has read: these are of something before it, or of a wrong
`api_url`. Neither has sent a text.
"""
_MOST_ANSWER_BYTES: Final = 65_536
_IDLE_S: Final = 4.0
"""Apache and Node let go of an idle connection after 5 s: a text that meets its end is in doubt."""
_USER_AGENT: Final = "Hongyan"
_LONGEST_WORDS: Final = 200
_LONGEST_STATUS: Final = 32
_TELLING: Final = re.compile(r"\d{4,}")
"""Codes and numbers, which an answer may repeat."""

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


class ZhenziSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[providers.zhenzi]` in the configuration."""

    app_id: Annotated[str, Meta(min_length=1)]
    app_secret: Annotated[str, Meta(min_length=1)]
    api_url: str = "https://sms_developer.zhenzikj.com"
    """Of personal developers; enterprises have https://sms.zhenzikj.com."""
    templates: dict[str, str | int] = {}
    """Our template's number → its templateId there. (Two accounts may have templates of one name.)"""
    free_text: bool = True
    """Send what has no template there as free text."""
    keep_signature: bool = False
    """Send our 【signature】 with a free text; the platform puts its own before it."""
    verify_tls: bool = True
    tls_name: str = ""
    """The name to verify its certificate for, where that is not the host."""
    concurrency: Annotated[int, Meta(ge=1, le=1_000)] = 16
    rate: Annotated[float, Meta(ge=0, le=100_000)] = 0
    """Texts a second; 0 for any number."""
    timeout_s: Annotated[float, Meta(ge=0.1, le=60)] = 20
    """For its answer, after the connection stands."""
    connect_s: Annotated[float, Meta(ge=0.1, le=60)] = 5
    """For looking it up, connecting and TLS together."""
    asks_a_second: Annotated[float, Meta(ge=0.01, le=1_000)] = 10
    """How often at most it is asked what became of messages."""
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
        self.timeout = int((settings.connect_s + settings.timeout_s) * SECOND)
        self.asks_a_second = settings.asks_a_second
        self.watch_every = int(settings.balance_every_s * SECOND)
        self.low_balance = settings.low_balance
        self._settings = settings
        self._session: Any = None
        """An aiohttp.ClientSession. That library is loaded with the first call: it takes a third of a
        second, and every command knows this provider's settings.
        """

    async def send(self, message: Message) -> Outcome:
        if not message.phone.startswith(_MAINLAND):
            return Deferred("It sends to mainland numbers only.")
        template = str(self._settings.templates.get(str(message.template), ""))
        if not template and not self._settings.free_text:
            return Deferred("It has no template for this text, and takes no free ones.")
        path, form = self._request(message, template)
        reach = _Reach()
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
        if self._session is not None:
            await self._session.close()

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
        self, path: str, form: Mapping[str, str], reach: "_Reach | None" = None
    ) -> Answer | Deferred | Unconfirmed:
        """What it answers; Deferred when surely nothing reached it, Unconfirmed when it may have.

        aiohttp sends no POST again by itself, also not when a kept connection turns out dead.
        """
        import aiohttp

        reach, settings = reach or _Reach(), self._settings
        whole = {"appId": settings.app_id, "appSecret": settings.app_secret} | dict(form)
        try:
            async with self._opened().post(
                settings.api_url.rstrip("/") + path,
                data=wire.written_form(whole),
                headers={"content-type": wire.FORM},
                allow_redirects=False,
                server_hostname=settings.tls_name or None,
                trace_request_ctx=reach,
            ) as response:
                if response.status == _OK:
                    return await _read(response)
                answered = f"It answered HTTP {response.status}."
                served = response.status not in _NOT_SERVED
                return Unconfirmed(answered) if served else Deferred(answered)
        except wire.Unreadable as error:
            return Unconfirmed(str(error))
        except aiohttp.ClientConnectorCertificateError:
            sentence = "Its certificate is not good for its name: see tls_name in the documents."
            return Deferred(sentence, stops=True)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            if reach.connected:
                return Unconfirmed(f"The connection failed before its answer: {_kind(error)}.")
            return Deferred(f"It could not be reached: {_kind(error)}.")

    def _opened(self) -> Any:
        """Made with the first call, for it belongs to a running loop."""
        import aiohttp

        if self._session is None:
            settings = self._settings
            verified: Any = ssl.create_default_context() if settings.verify_tls else False
            connects = aiohttp.TraceConfig()
            connects.on_connection_create_end.append(_note)
            connects.on_connection_reuseconn.append(_note)
            self._session = aiohttp.ClientSession(
                # No bound of its own: whoever calls has one, and nobody is to wait for another's.
                connector=aiohttp.TCPConnector(ssl=verified, limit=0, keepalive_timeout=_IDLE_S),
                timeout=aiohttp.ClientTimeout(
                    total=settings.connect_s + settings.timeout_s, connect=settings.connect_s
                ),
                headers={"user-agent": _USER_AGENT, "accept-encoding": "identity"},
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[connects],
            )
        return self._session

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
        """Its code and words, without what must not be in a log or a timeline."""
        words = answer.data if isinstance(answer.data, str) else ""
        words = words.replace(self._settings.app_secret, "…")
        words = _TELLING.sub("…", "".join(one for one in words if one.isprintable()))
        return f"{answer.code} {words}".strip()[:_LONGEST_WORDS]


class _Reach:
    """Whether a connection stood: only then can a byte have left."""

    connected = False


async def _note(_session: object, context: SimpleNamespace, _params: object) -> None:
    context.trace_request_ctx.connected = True


async def _read(response: Any) -> Answer:
    """The whole answer. Raises Unreadable, also for one that is longer than any.

    In which charset the platform words an error is not known: its code is read in any.
    """
    body = b""
    async for some in response.content.iter_any():
        body += some
        if len(body) > _MOST_ANSWER_BYTES:
            raise wire.Unreadable("The answer is too long.")
    return wire.read_answer(body.decode("utf-8-sig", "replace").encode())


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


def _kind(error: BaseException) -> str:
    """Its name alone: the words of some hold addresses."""
    return type(error).__name__
