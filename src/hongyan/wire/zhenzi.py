"""Zhenzi 榛子云: paths, fields, codes and dialects, used where we serve it and where we call it.

The platform has no public specification. What stands here was put together from its documents, its
SDKs and programs that use them; docs/reference/zhenzi.md says which is known and which is ours.
"""

import re
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from hongyan.core.message import Status
from hongyan.core.time import Millis, beijing
from hongyan.wire.form import BrokenForm, fields

SEND: Final = "/sms/send.do"
SEND_TEMPLATE: Final = "/sms/v2/send.do"
BALANCE: Final = "/account/balance.do"
FIND: Final = "/smslog/findSmsByMessageId.do"

LONGEST_TEXT: Final = 1_000
"""Characters; one more is code 101."""
LONGEST_REFERENCE: Final = 64
"""Characters of a messageId. Ours: no document says; UUIDs (36) are the longest seen."""
MOST_PARAMS: Final = 20
"""Ours too."""

SENT: Final = "发送成功"
"""Programs compare it letter by letter."""


class Code(IntEnum):
    """What `code` may be. All there are in any document; none was ever seen between them."""

    OK = 0
    BAD_PARAMETERS = 100
    TOO_LONG = 101
    UNKNOWN_APP = 105
    APP_DISABLED = 106
    ADDRESS_REFUSED = 107
    NO_BALANCE = 108
    OVER_LIMIT = 109
    WRONG_SECRET = 110
    NO_ACCOUNT = 111
    NO_TEMPLATE = 117
    FAILED = 1000


REASONS: Final[dict[Code, str]] = {
    Code.BAD_PARAMETERS: "参数格式错误",
    Code.TOO_LONG: "短信内容超过1000字",
    Code.UNKNOWN_APP: "appId错误或应用不存在",
    Code.APP_DISABLED: "应用被禁止",
    Code.ADDRESS_REFUSED: "ip错误",
    Code.NO_BALANCE: "余额不足",
    Code.OVER_LIMIT: "今日发送超过限额",
    Code.WRONG_SECRET: "应用秘钥(AppSecret)错误",
    Code.NO_ACCOUNT: "账号不存在",
    Code.NO_TEMPLATE: "templateId错误,或者模板未审核",
    Code.FAILED: "系统未知错误",
}
"""As the documents word them (108 as a real answer did)."""

_KNOWN_FIELDS: Final = frozenset(
    {
        "appId",
        "appSecret",
        "message",
        "number",
        "messageId",
        "clientIp",
        "templateId",
        "templateParams",
    }
)
_INDEXED: Final = re.compile(r"templateParams\[(\d{0,2})\]", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_MAINLAND: Final = re.compile(r"1\d{10}", re.ASCII)
_TEMPLATE_ID: Final = re.compile(r"[1-9]\d{0,17}", re.ASCII)
_encode: Final = msgspec.json.Encoder().encode
_decode_params: Final = msgspec.json.Decoder(list[str | int | float] | str).decode
_decode_answer: Final = msgspec.json.Decoder().decode


_NO_ARRAY: Final = "templateParams不是字符串的JSON数组"


class Malformed(Exception):
    """A request that code 100 answers; the words name the field, for the app's developer."""


class SentText(msgspec.Struct):
    """What is told of a message, in the order in which the platform tells it."""

    message: str
    appName: str  # noqa: N815 - the wire's words
    createTime: str  # noqa: N815
    status: str
    toNumber: str  # noqa: N815
    messageId: str  # noqa: N815


# Requests.


def read_form(body: bytes) -> dict[str, str]:
    """The fields we know; one that is empty is as good as absent (SDKs always send them all).

    PHP writes an array as `templateParams[0]=…&templateParams[1]=…`; it comes out as JSON like
    everybody else's, in the order of its indices. Raises Malformed.
    """
    try:
        pairs = fields(body)
    except BrokenForm as error:
        raise Malformed("表单不是UTF-8编码") from error
    found: dict[str, str] = {}
    array: list[tuple[int, str]] = []
    for name, value in pairs:
        if name in _KNOWN_FIELDS:
            if name in found:
                raise Malformed(f"{name}重复")
            found[name] = value
        elif "[" in name and (written := _INDEXED.fullmatch(name)):
            array.append((int(written[1] or len(array)), value))
    if array:
        if "templateParams" in found or len(dict(array)) < len(array):
            raise Malformed("templateParams重复")
        found["templateParams"] = _encode([value for _, value in sorted(array)]).decode()
    return {name: value for name, value in found.items() if value}


def read_params(written: str, *, loose: bool) -> tuple[str, ...]:
    """The values of a template: a JSON array of strings or numbers, also one that was encoded twice.

    With `loose`, what is plainly no JSON is split at `;`, as one program sends it. Raises Malformed.
    """
    if not written:
        return ()
    if loose and written[0] not in '["{':
        return tuple(written.split(";"))
    try:
        values = _decode_params(written)
        if isinstance(values, str):  # Some SDKs encode what they have encoded already.
            values = _decode_params(values)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Malformed(_NO_ARRAY) from error
    if isinstance(values, str):
        raise Malformed(_NO_ARRAY)
    if len(values) > MOST_PARAMS:
        raise Malformed(f"templateParams超过{MOST_PARAMS}个")
    return tuple([value if isinstance(value, str) else str(value) for value in values])


def read_number(written: str) -> str:
    """One mainland mobile number of 11 digits. Raises Malformed."""
    if not _MAINLAND.fullmatch(written):
        raise Malformed("手机号码格式错误")
    return written


def read_name(name: str, written: str) -> str:
    """An id that the app chose: a messageId, or a clientIp, which may be anything in one line.

    Raises Malformed.
    """
    if _CONTROL.search(written):
        raise Malformed(f"{name}含有控制字符")
    return written


def read_reference(written: str) -> str:
    """A messageId. Raises Malformed."""
    if len(written) > LONGEST_REFERENCE:
        raise Malformed(f"messageId超过{LONGEST_REFERENCE}个字符")
    return read_name("messageId", written)


def read_template_id(written: str) -> int:
    """0 for what cannot be one."""
    return int(written) if _TEMPLATE_ID.fullmatch(written) else 0


FORM: Final = "application/x-www-form-urlencoded;charset=UTF-8"


def written_form(form: Mapping[str, str]) -> bytes:
    """A request's body."""
    return urlencode(form).encode()


def written_params(params: Sequence[str]) -> str:
    """The values of a template, as Node's SDK writes them."""
    return _encode(params).decode()


# Answers.


def answer(code: Code, data: object) -> bytes:
    """Compact, `code` first: one program reads the ninth byte as the code."""
    return b'{"code":%d,"data":%b}' % (code, _encode(data))


ACCEPTED: Final = answer(Code.OK, SENT)


def refusal(code: Code, detail: str = "") -> bytes:
    """An error; `data` is for people."""
    reason = REASONS[code]
    return answer(code, f"{reason}: {detail}" if detail else reason)


class Answer(msgspec.Struct, frozen=True):
    """What the platform said."""

    code: int
    data: Any


class Unreadable(Exception):
    """What came back is no answer of this protocol."""


def read_answer(body: bytes) -> Answer:
    """Raises Unreadable."""
    try:
        found = _decode_answer(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable("The answer is not JSON.") from error
    if not isinstance(found, dict) or type(found.get("code")) is not int:
        raise Unreadable("The answer has no code.")
    return Answer(found["code"], found.get("data"))


# What is told of a message.

_DELIVERED: Final = "success"
"""The only word that was ever seen of the platform."""


def status_word(status: Status) -> str:
    """Our state as `status`. Only what was delivered is a success."""
    if status is Status.DELIVERED:
        return _DELIVERED
    return Status.QUEUED if status is Status.CLAIMED else status


def written_time(at: Millis) -> str:
    """`yyyy-MM-dd HH:mm:ss` in Beijing, as `createTime` is."""
    return beijing(at)
