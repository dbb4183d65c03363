"""A cloud call, read from a request to `/admin`; see the package for what to do with one."""

from typing import Any, Final, TypeAlias

import msgspec

from hongyan.wire.cloudcall import commapi, cos, multipart, tc3
from hongyan.wire.cloudcall.commapi import ApiType, BadProtobuf, CallData, Pair
from hongyan.wire.cloudcall.fault import Refused, Word
from hongyan.wire.cloudcall.multipart import Form, MalformedForm
from hongyan.wire.http import Request
from hongyan.wire.wechat.case import NameTwice, in_snake_case, snake
from hongyan.wire.wechat.fault import DATA_FORMAT, Fault

PATH: Final = "/admin"

Claim: TypeAlias = tc3.Claim | cos.Claim

_ACTION: Final = "wx.openApi"
_USED: Final = ("action", "apiname", "envname", "wxcloudapitoken", "requestdata")
_LONGEST_NAME: Final = 128
_LONGEST_TOKEN: Final = 1_024


class Call(msgspec.Struct, frozen=True):
    """A call of one API. Nothing of it is proven before `require`."""

    claim: Claim
    api: str
    """Such as `cloudbase.sendSms`; any string."""
    environment: str
    """Where the function runs; empty in old SDKs that were told of none."""
    token: str
    """The function's wxCloudApiToken: which mini program calls, and what it may."""
    data: CallData
    form: Form

    def __repr__(self) -> str:
        return f"Call(api={self.api!r})"

    @property
    def appid(self) -> str:
        """Whom a third party calls for; empty in a call for oneself."""
        return self.data.appid

    def require(
        self, request: Request, secret_key: str, now_s: int, also: tuple[str, ...] = ()
    ) -> None:
        """Raise Refused unless this key has signed this call, lately.

        `also` are names of ours that the Host header may lack behind a proxy.
        """
        if not self.claim.covers([name for name in _USED if self.form.get(name)]):
            raise Refused(Word.INVALID_COMMON, "The signature leaves a field out.")
        if isinstance(self.claim, tc3.Claim):
            self.claim.require(request, self.form, secret_key, now_s, also)
        else:
            self.claim.require(request, self.form, secret_key, now_s)

    def parameters(self) -> dict[str, Any]:
        """The parameters, named in snake case. Raises wechat.Fault where one is no JSON."""
        try:
            pairs = [
                (snake(pair.key), in_snake_case(msgspec.json.decode(pair.value)))
                for pair in self.data.pairs
            ]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, NameTwice) as error:
            raise Fault(DATA_FORMAT) from error
        found = dict(pairs)
        if len(found) < len(pairs):
            raise Fault(DATA_FORMAT)
        return found


def read(request: Request) -> Call:
    """The call in a request. Raises Refused."""
    if request.method != "POST":
        raise Refused(Word.INVALID_PARAM, "A cloud call is a POST.")
    try:
        form = multipart.read(request.header(b"content-type"), request.body)
        data = commapi.read_call(form.get("requestdata", b""))
    except (MalformedForm, BadProtobuf) as error:
        raise Refused(Word.INVALID_PARAM, str(error)) from error
    if _text(form, "action") != _ACTION:
        raise Refused(Word.INVALID_PARAM, f"The only action here is {_ACTION}.")
    if data.api_type != ApiType.OPEN:
        raise Refused(Word.INVALID_PARAM, "The only type of API here is the open one.")
    return Call(
        claim=tc3.read(request) if b"authorization" in request.headers else cos.read(form),
        api=_text(form, "apiname"),
        environment=_text(form, "envname"),
        token=_text(form, "wxcloudapitoken", _LONGEST_TOKEN),
        data=data,
        form=form,
    )


def _text(form: Form, name: str, longest: int = _LONGEST_NAME) -> str:
    value = form.get(name, b"")
    if len(value) > longest or not value.isascii():
        raise Refused(Word.INVALID_PARAM, f"The field {name} is too long, or not ASCII.")
    return value.decode("ascii").strip()


def request_data(parameters: dict[str, Any], appid: str = "") -> bytes:
    """The field requestData of a call with these parameters, as the SDK makes it."""
    pairs = [Pair(snake(name), msgspec.json.encode(one)) for name, one in parameters.items()]
    return CallData(tuple(pairs), appid=appid).written()
