"""What is asked over HTTPS: queries and JSON bodies, as strictly as WeChat takes them.

`read(body, SendSms)` for a body, `convert(parameters, SendSms)` for the parameters of a cloud call,
`read_query(query, GetToken)` for a query; `credential(query)` is who calls. What has a `require()` is
asked it next: it finds what is wrong whoever calls. All of them raise Fault. A JSON null is as good
as absent, and what WeChat does not know is not looked at.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar, Final, TypeVar

import msgspec

from hongyan.core.time import DAY, MINUTE, SECOND, Millis
from hongyan.wire.form import BrokenForm, fields
from hongyan.wire.wechat.case import NameTwice, in_pascal_case, in_snake_case
from hongyan.wire.wechat.fault import DATA_FORMAT, INVALID_PARAMETER, Fault

MARKETING: Final = "Marketing"
NOTIFICATION: Final = "Notification"
MOST_NUMBERS: Final = 1_000
MOST_VALUES: Final = 20
"""Ours: no document says."""
LONGEST_FILE_NAME: Final = 24
LONGEST_QUERY: Final = 1_024
LONGEST_LINK_LIFE: Final[Millis] = 30 * DAY
LONGEST_SCHEME_LIFE: Final[Millis] = 365 * DAY

_PREFIX: Final = "+86"
_DATE: Final = re.compile(r"20\d{2}-\d{2}-\d{2}", re.ASCII)
_BEIJING: Final = timezone(timedelta(hours=8))
_PAGE: Final = re.compile(r"/?[\w./-]{1,512}")
_ENV_VERSIONS: Final = frozenset({"release", "trial", "develop"})
_INVALID_ARGS: Final = 40097
_Request = TypeVar("_Request", bound="_Body")


class _Body(msgspec.Struct, omit_defaults=True):
    """Any request; its encoding leaves out what is as it would be without."""

    wrapped: ClassVar[bool] = False
    """Whether samples have it within PostData, and with capitals."""


# Texts.


class _Texts(_Body, kw_only=True):
    """What the two ways of sending have in common."""

    env: str = ""
    phone_number_list: tuple[str, ...] = ()
    template_id: str = ""
    template_param_list: tuple[str, ...] = ()
    use_short_name: bool = False
    resource_appid: str = ""

    def require_numbers(self) -> None:
        """Raises Fault."""
        _require(bool(self.env), "env is empty")
        numbers = self.phone_number_list
        _require(bool(numbers), "phone_number_list is empty")
        _require(len(numbers) <= MOST_NUMBERS, "phone_number_list has over 1000 numbers")
        for position, number in enumerate(numbers):
            right = number.startswith(_PREFIX)
            _require(right, f"phone_number_list[{position}] does not begin with +86")

    def require_template(self) -> None:
        """Raises Fault."""
        _require(bool(self.template_id), "template_id is empty")
        right = len(self.template_param_list) <= MOST_VALUES
        _require(right, f"template_param_list has over {MOST_VALUES} values")


class SendSms(_Texts, kw_only=True):
    """/tcb/sendsms"""

    sms_type: str = MARKETING
    content: str = ""
    path: str = ""

    def require(self) -> None:
        """Raises Fault. What stands in content, path and values is for the rules to judge."""
        self.require_numbers()
        if self.sms_type == NOTIFICATION:
            self.require_template()
            return
        _require(self.sms_type == MARKETING, "sms_type is neither Marketing nor Notification")
        _require(bool(self.content), "content is empty")
        _require(bool(self.path), "path is empty")


class SendSmsV2(_Texts, kw_only=True):
    """/tcb/sendsmsv2"""

    url_link: str = ""

    def require(self) -> None:
        """Raises Fault."""
        self.require_numbers()
        self.require_template()
        if not self.url_link.startswith("https://"):
            raise Fault(-607004)


class CreateSendSmsTask(_Body, kw_only=True):
    """/tcb/createsendsmstask"""

    env: str = ""
    file_url: str = ""
    """A CodeUri that describeextensionuploadinfo has given."""
    template_id: str = ""
    use_short_name: bool = False

    def require(self) -> None:
        """Raises Fault."""
        _require(bool(self.env), "env is empty")
        _require(bool(self.file_url), "file_url is empty")


class DescribeSmsRecords(_Body, kw_only=True):
    """/tcb/describesmsrecords"""

    wrapped: ClassVar[bool] = True

    env_id: str = ""
    start_date: str = ""
    end_date: str = ""
    query_id: str = ""
    mobile: str = ""
    page_number: int = 1
    page_size: int = 10

    def require(self) -> None:
        """Raises Fault."""
        _require(bool(self.env_id), "EnvId is empty")
        starts, ends = self.span()
        _require(starts < ends, "StartDate is after EndDate")
        _require(self.page_number >= 1, "PageNumber is below 1")
        _require(1 <= self.page_size <= MOST_NUMBERS, "PageSize is not 1 to 1000")

    def span(self) -> tuple[Millis, Millis]:
        """From the first moment of StartDate to the last of EndDate, in Beijing. Raises Fault."""
        return _midnight("StartDate", self.start_date), _midnight("EndDate", self.end_date) + DAY


class ExtensionFile(msgspec.Struct):
    file_type: str = ""
    file_name: str = ""


class DescribeExtensionUploadInfo(_Body, kw_only=True):
    """/tcb/describeextensionuploadinfo"""

    wrapped: ClassVar[bool] = True

    extension_files: tuple[ExtensionFile, ...] = ()

    def require(self) -> None:
        """Raises Fault."""
        _require(len(self.extension_files) == 1, "ExtensionFiles has not just one file")
        for file in self.extension_files:
            _require(file.file_type == "SMS", "FileType is not SMS")
            right = 0 < len(file.file_name) <= LONGEST_FILE_NAME
            _require(right, f"FileName is empty or has over {LONGEST_FILE_NAME} characters")


# Links.


class CloudBase(msgspec.Struct, omit_defaults=True):
    """A page of a static website that a link opens instead."""

    env: str = ""
    domain: str = ""
    path: str = ""
    query: str = ""
    resource_appid: str = ""


class GenerateUrlLink(_Body, kw_only=True):
    """/wxa/generate_urllink"""

    path: str = ""
    query: str = ""
    expire_type: int = 0
    expire_time: int = 0
    expire_interval: int = 0
    env_version: str = "release"
    cloud_base: CloudBase | None = None

    def expires_at(self, now: Millis) -> Millis:
        """When the link ends; without a word of it, in 30 days. Raises Fault."""
        if not (self.expire_time or self.expire_interval):
            return now + LONGEST_LINK_LIFE
        wanted = _ending(self.expire_type, self.expire_time, self.expire_interval, now)
        return _within(wanted, now, LONGEST_LINK_LIFE)

    def require(self) -> None:
        """Raises Fault."""
        _require_page(self.path, self.query, self.env_version)


class JumpWxa(msgspec.Struct, omit_defaults=True):
    path: str = ""
    query: str = ""
    env_version: str = "release"


class GenerateScheme(_Body, kw_only=True):
    """/wxa/generatescheme"""

    jump_wxa: JumpWxa = msgspec.field(default_factory=JumpWxa)
    is_expire: bool = False
    expire_type: int = 0
    expire_time: int = 0
    expire_interval: int = 0

    def expires_at(self, now: Millis) -> Millis:
        """When the scheme ends; one that never does lives a year too. Raises Fault."""
        if not self.is_expire:
            return now + LONGEST_SCHEME_LIFE
        wanted = _ending(self.expire_type, self.expire_time, self.expire_interval, now)
        return _within(wanted, now, LONGEST_SCHEME_LIFE)

    def require(self) -> None:
        """Raises Fault."""
        _require_page(self.jump_wxa.path, self.jump_wxa.query, self.jump_wxa.env_version)


# Tokens and users. Who calls may give a wrong value to each of them; none is looked at here.


class GetToken(_Body, kw_only=True):
    """/cgi-bin/token, a query"""

    grant_type: str = ""
    appid: str = ""
    secret: str = ""

    def require(self) -> None:
        """Raises Fault."""
        _require_app(self.appid, self.secret)
        _require_grant(self.grant_type, "client_credential")


class StableToken(GetToken, kw_only=True):
    """/cgi-bin/stable_token"""

    force_refresh: bool = False


class CodeToSession(_Body, kw_only=True):
    """/sns/jscode2session, a query"""

    appid: str = ""
    secret: str = ""
    js_code: str = ""
    grant_type: str = ""

    def require(self) -> None:
        """Raises Fault."""
        _require_app(self.appid, self.secret)
        if not self.js_code:
            raise Fault(41008)
        _require_grant(self.grant_type, "authorization_code")


class GetUserPhoneNumber(_Body, kw_only=True):
    """/wxa/business/getuserphonenumber"""

    code: str = ""
    openid: str = ""

    def require(self) -> None:
        """Raises Fault."""
        if not self.code:
            raise Fault(41008)


class ApiComponentToken(_Body, kw_only=True):
    """/cgi-bin/component/api_component_token"""

    component_appid: str = ""
    component_appsecret: str = ""
    component_verify_ticket: str = ""

    def require(self) -> None:
        """Raises Fault."""
        _require_app(self.component_appid, self.component_appsecret)


class ApiQueryAuth(_Body, kw_only=True):
    """/cgi-bin/component/api_query_auth"""

    component_appid: str = ""
    authorization_code: str = ""


class ApiAuthorizerToken(_Body, kw_only=True):
    """/cgi-bin/component/api_authorizer_token"""

    component_appid: str = ""
    authorizer_appid: str = ""
    authorizer_refresh_token: str = ""


class Credential(msgspec.Struct, frozen=True):
    """What stands in the query for who calls. Both are empty in the trusted-network mode."""

    access_token: str = ""
    cloudbase_access_token: str = ""
    component_access_token: str = ""
    from_appid: str = ""
    """Which app a container that has several calls for."""

    def __repr__(self) -> str:
        return "Credential(…)"


def credential(query: bytes) -> Credential:
    """Raises Fault."""
    return msgspec.convert(_last_of_each(query), Credential)


def read(body: bytes, request: type[_Request]) -> _Request:
    """A body. Its Content-Type is not looked at: some clients send none. Raises Fault."""
    if not body.strip():
        raise Fault(44002)
    try:
        found: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Fault(DATA_FORMAT) from error
    return convert(found, request)


def convert(parameters: Mapping[str, Any], request: type[_Request]) -> _Request:
    """The parameters of a call, out of JSON. Raises Fault."""
    try:
        found = _unwrapped(parameters) if request.wrapped else parameters
        given = {name: value for name, value in found.items() if value is not None}
        return msgspec.convert(given, request)
    except (msgspec.ValidationError, RecursionError, NameTwice) as error:
        raise Fault(DATA_FORMAT) from error


def read_query(query: bytes, request: type[_Request]) -> _Request:
    """A call without a body. Raises Fault."""
    return convert(_last_of_each(query), request)


def body(request: _Body) -> bytes:
    """A request as it is sent."""
    if not request.wrapped:
        return msgspec.json.encode(request)
    return msgspec.json.encode({"PostData": in_pascal_case(msgspec.to_builtins(request))})


def _unwrapped(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """`{"PostData": {"EnvId": …}}`, and the same flat, in camel or in snake case."""
    found: dict[str, Any] = in_snake_case(dict(parameters))
    within = found.get("post_data", found)
    if not isinstance(within, dict):
        raise Fault(DATA_FORMAT)
    if "env" in within:
        within.setdefault("env_id", within["env"])
    return within


def _last_of_each(query: bytes) -> dict[str, str]:
    try:
        return dict(fields(query))
    except BrokenForm as error:
        raise Fault(_INVALID_ARGS) from error


def _require(right: bool, wrong: str) -> None:  # noqa: FBT001 - read as an assertion
    if not right:
        raise Fault(INVALID_PARAMETER, wrong)


def _midnight(name: str, day: str) -> Millis:
    try:
        if _DATE.fullmatch(day):
            moment = datetime.fromisoformat(day).replace(tzinfo=_BEIJING)
            return round(moment.timestamp()) * SECOND
    except ValueError:  # A day that no month has.
        pass
    raise Fault(INVALID_PARAMETER, f"{name} is not a day as yyyy-mm-dd")


def _require_app(appid: str, secret: str) -> None:
    if not appid:
        raise Fault(41002)
    if not secret:
        raise Fault(41004)


def _require_grant(given: str, wanted: str) -> None:
    if given != wanted:
        raise Fault(40002)


def _require_page(path: str, query: str, env_version: str) -> None:
    if path and not _PAGE.fullmatch(path):
        raise Fault(40165)
    if len(query) > LONGEST_QUERY or not query.isprintable():
        raise Fault(40212)
    if env_version not in _ENV_VERSIONS:
        raise Fault(_INVALID_ARGS)


def _ending(kind: int, at_s: int, days: int, now: Millis) -> Millis:
    """When a link ends that names either a second or a number of days."""
    if kind not in {0, 1}:
        raise Fault(_INVALID_ARGS)
    return now + days * DAY if kind else at_s * SECOND


def _within(wanted: Millis, now: Millis, longest: Millis) -> Millis:
    if not now + MINUTE <= wanted <= now + longest:
        raise Fault(85401)
    return wanted
