"""Zhenzi 榛子云, as its clients call it: every answer is HTTP 200 and `{"code":…,"data":…}`.

The order in which a request is checked is fixed: appId or appSecret missing (100), 105, 110, 111,
106, 107, other fields (100), 101, 117, values and messageId (100), 109, 108.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final, TypeAlias

import structlog

from hongyan.core import errors as e
from hongyan.core import text
from hongyan.core.errors import HongyanError
from hongyan.service.accept import Custom, Outgoing, reference_mark
from hongyan.service.administer import ZHENZI
from hongyan.service.admit import Entry
from hongyan.service.notify import sent_text
from hongyan.service.serving import Serving
from hongyan.wire import zhenzi as wire
from hongyan.wire.http import Request, Response, Route
from hongyan.wire.zhenzi import Code, Malformed

CODES: Final[Mapping[type[HongyanError], Code]] = {
    e.UnknownApp: Code.UNKNOWN_APP,
    e.WrongSecret: Code.WRONG_SECRET,
    e.AccountClosed: Code.NO_ACCOUNT,
    e.AppDisabled: Code.APP_DISABLED,
    e.AddressNotAllowed: Code.ADDRESS_REFUSED,
    e.TextTooLong: Code.TOO_LONG,
    e.UnknownTemplate: Code.NO_TEMPLATE,
    e.Limited: Code.OVER_LIMIT,
    e.OptedOut: Code.BAD_PARAMETERS,
    e.NoBalance: Code.NO_BALANCE,
    e.NotFound: Code.BAD_PARAMETERS,
}
"""Every other Invalid is 100, everything else 1000."""

_DETAILS: Final[Mapping[type[HongyanError], str]] = {
    e.InvalidText: "短信内容为空、含有无法显示的字符或多余的【】",
    e.MeaninglessText: "短信内容没有具体的意义，应用设置为不发送",
    e.FreeTextClosed: "应用只能使用模板发送(/sms/v2/send.do)",
    e.UnknownSignature: "短信签名不存在，请联系管理员为应用设置签名",
    e.InvalidNumber: "手机号码格式错误",
    e.InvalidParameters: "templateParams的个数、长度或内容与模板不符",
    e.ReferenceUsed: "messageId重复",
    e.OptedOut: "该号码已退订营销短信",
    e.NotFound: "没有这个messageId的短信",
}
"""What the developer of the app can mend."""

_TREES: Final = ("/sms/*", "/account/*", "/smslog/*")
_JSON: Final = b"application/json;charset=UTF-8"
_CUSTOM: Final = Custom(longest=wire.LONGEST_TEXT, plain_values=True, reads_kind=True)
_log: Final = structlog.get_logger()

_Form: TypeAlias = Mapping[str, str]
_Work: TypeAlias = Callable[[Entry, _Form], Awaitable[bytes]]


class Zhenzi:
    """See `service.ports.ServedProtocol`."""

    def __init__(self, serving: Serving, _settings: None = None) -> None:
        self._store = serving.store
        self._sealer = serving.sealer
        self._admission = serving.admission
        self._acceptance = serving.acceptance

    def routes(self) -> list[Route]:
        """Four operations, each under the paths of the server SDKs and of the mini-program ones."""
        served: list[tuple[str, _Work]] = [
            (wire.SEND, self._send_words),
            (wire.SEND_TEMPLATE, self._send_template),
            (wire.BALANCE, self._balance),
            (wire.FIND, self._find),
            ("/sms/send.html", partial(self._send_loosely, words=True)),
            ("/sms/v2/send.html", self._send_loosely),
            ("/sms/balance.html", self._balance),
            ("/sms/findSmsByMessageId.html", self._find),
        ]
        routes = []
        for path, work in served:
            routes += [
                Route(
                    "POST", path, partial(self._serve, work), refuse, unread=unread, anywhere=True
                ),
                Route("*", path, _no_operation, refuse, unread=unread, anywhere=True),
            ]
        return routes + [Route("*", path, _no_operation, refuse, unread=unread) for path in _TREES]

    async def _serve(self, work: _Work, request: Request) -> Response:
        """Let the app in, then do its work. Nobody learns more than 110 at a door that is shut."""
        form = wire.read_form(request.body)
        app_id, app_secret = _needed(form, "appId"), _needed(form, "appSecret")
        entry = await self._admission.enter(ZHENZI, app_id, app_secret, request.peer)
        try:
            entry.app.require_open()
            entry.app.require_from(request.peer)
            return _response(await work(entry, form))
        except (HongyanError, Malformed) as error:
            if not isinstance(error, e.WrongSecret):
                await self._admission.require_open_door(entry)
            raise

    async def _send_words(self, entry: Entry, form: _Form) -> bytes:
        words, number = _needed(form, "message"), wire.read_number(_needed(form, "number"))
        reference, client = _chosen(form)
        signature, words = text.signature_of(words)
        outgoing = Outgoing(
            to=(number,),
            text=words,
            signature=signature,
            custom=_CUSTOM,
            reference=reference,
            client=client,
            door=entry.door,
        )
        return await self._send(entry, outgoing)

    async def _send_template(self, entry: Entry, form: _Form, *, loose: bool = False) -> bytes:
        template = wire.read_template_id(_needed(form, "templateId"))
        number = wire.read_number(_needed(form, "number"))
        reference, client = _chosen(form)
        # 117 goes before anything that may be wrong with the values.
        self._acceptance.require_template(entry.app, template)
        params = wire.read_params(form.get("templateParams", ""), loose=loose)
        outgoing = Outgoing(
            to=(number,),
            template=template,
            params=params,
            custom=_CUSTOM,
            reference=reference,
            client=client,
            door=entry.door,
        )
        return await self._send(entry, outgoing)

    async def _send_loosely(self, entry: Entry, form: _Form, *, words: bool = False) -> bytes:
        """The mini-program family, where one program sends templates to the path of free texts."""
        if words and (form.get("message") or not form.get("templateId")):
            return await self._send_words(entry, form)
        return await self._send_template(entry, form, loose=True)

    async def _send(self, entry: Entry, outgoing: Outgoing) -> bytes:
        (result,) = await self._acceptance.send(entry.app, outgoing)
        if isinstance(result.became, HongyanError):
            raise result.became
        return wire.ACCEPTED

    async def _balance(self, entry: Entry, _form: _Form) -> bytes:
        await self._admission.require_open_door(entry)
        return wire.answer(Code.OK, await self._store.balance(entry.app.account.id))

    async def _find(self, entry: Entry, form: _Form) -> bytes:
        await self._admission.require_open_door(entry)
        reference, app = wire.read_reference(_needed(form, "messageId")), entry.app
        message = await self._store.find(reference_mark(self._sealer, app, reference))
        record = await self._store.message(app.id, message) if message else None
        if record is None:
            raise e.NotFound
        return wire.answer(Code.OK, sent_text(record, app.title, reference))


def refuse(request: Request, error: Exception) -> Response:
    """Whatever was raised, as a code; a bug too."""
    match error:
        case Malformed():
            return _response(wire.refusal(Code.BAD_PARAMETERS, str(error)))
        case HongyanError():
            return _response(_refusal(error))
        case _:
            _log.error("zhenzi.failed", route=request.route, exc_info=error)
            return _response(wire.refusal(Code.FAILED))


def unread(_code: str) -> Response:
    """A request that was not even read: too large, too slow."""
    return _response(wire.refusal(Code.BAD_PARAMETERS, "请求过大或不完整"))


def _refusal(error: HongyanError) -> bytes:
    code = CODES.get(type(error))
    if code is None:
        code = Code.BAD_PARAMETERS if isinstance(error, e.Invalid) else Code.FAILED
    return wire.refusal(code, _DETAILS.get(type(error), "") if code is Code.BAD_PARAMETERS else "")


def _response(body: bytes) -> Response:
    return Response(200, body, _JSON)


async def _no_operation(_request: Request) -> Response:
    raise Malformed("没有这个接口，或者不是POST请求")


def _needed(form: _Form, name: str) -> str:
    value = form.get(name, "")
    if not value:
        raise Malformed(f"{name}不能为空")
    return value


def _chosen(form: _Form) -> tuple[str, str]:
    """(messageId, clientIp): what the app calls the message, and who of its users caused it."""
    reference = wire.read_reference(form.get("messageId", ""))
    return reference, wire.read_name("clientIp", form.get("clientIp", ""))
