"""Trying: one text by a protocol that a house serves, as that protocol's clients send it."""

import http.client
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote, urlsplit

import msgspec

from hongyan.core import phone
from hongyan.wire import tc3, zhenzi, zhenzi_codes
from hongyan.wire.tencent import codes as tencent_codes
from hongyan.wire.tencent import envelope
from hongyan.wire.tencent.answers import SendSmsResponse
from hongyan.wire.tencent.codes import Told
from hongyan.wire.tencent.requests import SendSmsRequest
from hongyan.wire.wechat import answers, body
from hongyan.wire.wechat.codes import CODES as WECHAT_CODES
from hongyan.wire.wechat.login import StableToken
from hongyan.wire.wechat.requests import MARKETING, NOTIFICATION, SendSms

_TIMEOUT_S: Final = 15
_VERSION: Final = "2021-01-11"
_JSON: Final = {"content-type": "application/json"}


class NoAnswer(Exception):
    """Nothing came back that could be read; its words say why."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be sent, and by whom; what a protocol has no field for is not looked at."""

    url: str
    phone: str
    app: str
    """SdkAppId, appid, AppId."""
    secret_id: str = ""
    secret: str
    environment: str = ""
    signature: str = ""
    template: str = ""
    params: tuple[str, ...] = ()
    text: str = ""
    path: str = ""

    def __repr__(self) -> str:
        return f"Wanted({self.app!r})"


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it, in the protocol's own words."""

    code: str
    message: str
    is_taken: bool = False
    told: Told | None = None
    serial: str = ""
    request_id: str = ""


def by_tencent(wanted: Wanted) -> Tried:
    """SendSms. Raises NoAnswer."""
    request = SendSmsRequest(
        phone_number_set=(wanted.phone,),
        sms_sdk_app_id=wanted.app,
        sign_name=wanted.signature or None,
        template_id=wanted.template,
        template_param_set=wanted.params,
        # Else another try within the same second would be taken for a repetition of this one.
        session_context=f"debug-{secrets.token_hex(4)}",
    )
    posted = msgspec.json.encode(request)
    parts = urlsplit(wanted.url)
    signer = tc3.Signer(wanted.secret_id, wanted.secret, parts.netloc)
    headers = signer.posted(posted, int(time.time()), parts.path or "/")
    headers |= {"x-tc-action": "SendSms", "x-tc-version": _VERSION}
    said = _posted(wanted.url if parts.path else f"{wanted.url}/", posted, headers)
    try:
        answer = envelope.read(said, SendSmsResponse)
    except envelope.Unreadable as error:
        raise NoAnswer(str(error)) from error
    if isinstance(answer, envelope.Refusal):
        found = tencent_codes.told_of(answer.code)
        return Tried(
            code=answer.code, message=answer.message, told=found, request_id=answer.request_id
        )
    if not answer.send_status_set:
        raise NoAnswer("The answer tells of no number.")
    one = answer.send_status_set[0]
    return _of_number(one.code, one.message, one.serial_no)


def by_wechat(wanted: Wanted) -> Tried:
    """A stable token, which no other caller loses by it, then sendsms. Raises NoAnswer."""
    login = StableToken(grant_type="client_credential", appid=wanted.app, secret=wanted.secret)
    try:
        said = _posted(f"{wanted.url}/cgi-bin/stable_token", body.written(login), _JSON)
        token = answers.read(said, answers.AccessToken).access_token
        request = SendSms(
            env=wanted.environment,
            phone_number_list=(_with_country(wanted.phone),),
            sms_type=MARKETING if wanted.text else NOTIFICATION,
            content=wanted.text,
            path=wanted.path if wanted.text else "",
            template_id="" if wanted.text else wanted.template,
            template_param_list=() if wanted.text else wanted.params,
        )
        address = f"{wanted.url}/tcb/sendsms?access_token={quote(token)}"
        answer = answers.read(_posted(address, body.written(request), _JSON), answers.Sent)
    except answers.Refused as refusal:
        code = refusal.errcode
        return Tried(code=str(code), message=refusal.errmsg, told=WECHAT_CODES.get(code))
    except answers.Unreadable as error:
        raise NoAnswer(str(error)) from error
    if not answer.send_status_list:
        raise NoAnswer("The answer tells of no number.")
    one = answer.send_status_list[0]
    return _of_number(one.code, one.message, one.serial_no)


def by_zhenzi(wanted: Wanted) -> Tried:
    """Free text where there is one, else a template. Raises NoAnswer."""
    form = {"appId": wanted.app, "appSecret": wanted.secret, "number": phone.national(wanted.phone)}
    if wanted.text:
        path, more = zhenzi.SEND, {"message": wanted.text}
    else:
        params = zhenzi.written_params(wanted.params)
        path, more = zhenzi.SEND_TEMPLATE, {"templateId": wanted.template, "templateParams": params}
    said = _posted(
        wanted.url + path, zhenzi.written_form(form | more), {"content-type": zhenzi.FORM}
    )
    try:
        answer = zhenzi.read_answer(said)
    except zhenzi.Unreadable as error:
        raise NoAnswer(str(error)) from error
    known = {code.value: told for code, told in zhenzi_codes.CODES.items()}
    return Tried(
        code=str(answer.code),
        message=str(answer.data),
        is_taken=answer.code == zhenzi.Code.OK,
        told=known.get(answer.code),
    )


def _with_country(number: str) -> str:
    return number if number.startswith("+") else f"+86{number}"


def _of_number(code: str, message: str, serial: str) -> Tried:
    is_taken = code == tencent_codes.OK
    found = None if is_taken else tencent_codes.told_of(code)
    return Tried(code=code, message=message, is_taken=is_taken, told=found, serial=serial)


def _posted(url: str, sent: bytes, headers: Mapping[str, str]) -> bytes:
    """What comes back, whatever its status."""
    request = urllib.request.Request(url, sent, dict(headers))  # noqa: S310 - their address
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            return bytes(answer.read())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return bytes(refusal.read())
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NoAnswer(str(error)) from error


WAYS: Final[Mapping[str, Callable[[Wanted], Tried]]] = {
    "tencent": by_tencent,
    "wechat": by_wechat,
    "zhenzi": by_zhenzi,
}
