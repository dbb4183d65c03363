"""What is answered over HTTPS: always HTTP 200 and JSON. Written when we serve, read when we call.

Success of sendSms has no errmsg, as in the document's sample. Fields have defaults so that an answer
that lacks one can still be read.
"""

from functools import lru_cache
from typing import Any, Final, TypeVar

import msgspec

from hongyan.core.errors import NotFound
from hongyan.core.identifier import MessageId, made_at, written
from hongyan.core.identifier import read as read_id
from hongyan.core.time import DAY, HOUR, Millis, day_of, rfc3339
from hongyan.wire.wechat.codes import OK

SENT: Final = "Ok"
SENT_MESSAGE: Final = "send success"

_SERIAL_PREFIX: Final = "8:000000"
_ID_LETTERS: Final = 13
_DATE_LETTERS: Final = 8
_SHANGHAI: Final = 8 * HOUR
_Answer = TypeVar("_Answer", bound=msgspec.Struct)


class SendStatus(msgspec.Struct):
    """What became of one number. All but `Ok` are Tencent Cloud SMS's codes."""

    serial_no: str = ""
    phone_number: str = ""
    code: str = ""
    message: str = ""
    iso_code: str = ""


class Sent(msgspec.Struct):
    """To sendsms and sendsmsv2. The call may succeed while numbers do not."""

    errcode: int = OK
    send_status_list: tuple[SendStatus, ...] = ()


class TaskCreated(msgspec.Struct):
    """To createsendsmstask."""

    errcode: int = OK
    query_id: str = ""


class SmsRecord(msgspec.Struct, rename="pascal"):
    content: str = ""
    content_size: int = 0
    create_time: str = ""
    """`yyyy-MM-dd HH:mm:ss` in Beijing, as the next one."""
    fee: int = 0
    mobile: str = ""
    received_time: str = ""
    remarks: str = ""
    status: str = ""
    """`sent` or `error`."""


class SmsRecords(msgspec.Struct, rename="pascal"):
    """To describesmsrecords."""

    sms_records: tuple[SmsRecord, ...] = ()
    total_count: int = 0
    request_id: str = ""


class FileData(msgspec.Struct, rename="pascal"):
    code_uri: str = ""
    upload_url: str = ""
    custom_key: str = ""
    max_size: int = 0
    """Megabytes."""


class UploadInfo(msgspec.Struct, rename="pascal"):
    files_data: tuple[FileData, ...] = ()
    request_id: str = ""


class Wrapped(msgspec.Struct, rename="pascal"):
    """To describeextensionuploadinfo."""

    response: UploadInfo = msgspec.field(default_factory=UploadInfo)


class UrlLink(msgspec.Struct):
    """To generate_urllink."""

    errcode: int = OK
    errmsg: str = "ok"
    url_link: str = ""


class Scheme(msgspec.Struct):
    """To generatescheme."""

    errcode: int = OK
    errmsg: str = "ok"
    openlink: str = ""


class _Secret(msgspec.Struct):
    """An answer whose repr tells nothing."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class AccessToken(_Secret):
    """To token and stable_token."""

    access_token: str = ""
    expires_in: int = 0


class ComponentToken(_Secret):
    """To api_component_token."""

    component_access_token: str = ""
    expires_in: int = 0


class AuthorizerToken(_Secret):
    """To api_authorizer_token."""

    authorizer_access_token: str = ""
    expires_in: int = 0
    authorizer_refresh_token: str = ""


class Category(msgspec.Struct):
    id: int = 0


class FunctionInfo(msgspec.Struct):
    """A set of rights 权限集 that was granted."""

    funcscope_category: Category = msgspec.field(default_factory=Category)


class AuthorizationInfo(_Secret):
    authorizer_appid: str = ""
    authorizer_access_token: str = ""
    expires_in: int = 0
    authorizer_refresh_token: str = ""
    func_info: tuple[FunctionInfo, ...] = ()


class Authorization(msgspec.Struct):
    """To api_query_auth."""

    authorization_info: AuthorizationInfo = msgspec.field(default_factory=AuthorizationInfo)


class Session(_Secret, omit_defaults=True):
    """To jscode2session."""

    openid: str = ""
    session_key: str = ""
    unionid: str = ""


class Watermark(msgspec.Struct):
    timestamp: int = 0
    appid: str = ""


class PhoneInfo(msgspec.Struct, rename="camel"):
    phone_number: str = ""
    pure_phone_number: str = ""
    country_code: str = ""
    watermark: Watermark = msgspec.field(default_factory=Watermark)


class UserPhoneNumber(msgspec.Struct):
    """To getuserphonenumber."""

    errcode: int = OK
    errmsg: str = "ok"
    phone_info: PhoneInfo = msgspec.field(default_factory=PhoneInfo)


SENDING_RIGHTS: Final = frozenset({49, 64, 99})
"""Sets of rights of which a third party needs one to send texts: 云开发 (49, 64), 短信服务 (99)."""
CLOUD_RIGHTS: Final = frozenset({49, 64})
"""云开发 alone."""


class Unreadable(Exception):
    """What came back is no answer of this protocol: it may have been done all the same."""


class Refused(Exception):
    """The API says that it has not done it."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(f"{errcode} {errmsg}")
        self.errcode = errcode
        self.errmsg = errmsg


class _Head(msgspec.Struct):
    errcode: int = OK
    errmsg: str = ""


def read(body: bytes, answer: type[_Answer]) -> _Answer:
    """An API's answer. Raises Refused, and Unreadable for what is none."""
    try:
        found: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
        head = msgspec.convert(found, _Head)
        # One client library shows such answers wrapped, others bare.
        within = found.get("Response")
        bare = within if isinstance(within, dict) and answer is not Wrapped else found
        answered = msgspec.convert(bare, answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable("The answer is not what the API is said to answer.") from error
    if head.errcode != OK:
        raise Refused(head.errcode, head.errmsg)
    return answered


def serial_no(message: MessageId) -> str:
    """Such as `8:0000000D5F8Q2M4T7AB20261121`: 19 letters, the last 13 the message's; its day."""
    return f"{_SERIAL_PREFIX}{written(message)}{_date(day_of(made_at(message)))}"


def message_of(serial: str) -> MessageId:
    """The message that a serial_no names. Raises NotFound."""
    if len(serial) != len(_SERIAL_PREFIX) + _ID_LETTERS + _DATE_LETTERS:
        raise NotFound
    found = read_id(serial[-_DATE_LETTERS - _ID_LETTERS : -_DATE_LETTERS])
    if serial_no(found) != serial:
        raise NotFound
    return found


@lru_cache(maxsize=64)
def _date(day: int) -> str:
    """Such as `20261121`. Cached because nearly all messages that are told of are of a few days."""
    return rfc3339(day * DAY)[:10].replace("-", "")


def written_time(at: Millis) -> str:
    """`yyyy-MM-dd HH:mm:ss` in Beijing."""
    return rfc3339(at + _SHANGHAI)[:19].replace("T", " ")
