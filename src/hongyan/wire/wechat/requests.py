"""What is asked over HTTPS: texts, their records and tasks, and links.

Read by `body.read(body, SendSms)`; the parameters of a cloud call by `body.convert`. What has a
`require()` is asked it next: it raises Fault for what is wrong whoever calls.
"""

import re
from datetime import datetime, timedelta, timezone
from typing import ClassVar, Final

import msgspec

from hongyan.core.time import DAY, MINUTE, SECOND, Millis
from hongyan.wire.wechat.body import INVALID_ARGS, Body, require
from hongyan.wire.wechat.fault import INVALID_PARAMETER, Fault

MARKETING: Final = "Marketing"
NOTIFICATION: Final = "Notification"
EXAMPLE_NUMBER: Final = "+8612345678910"
"""Of the document's samples: nobody's. In development it is taken all the same."""
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


# Texts.


class _Texts(Body, kw_only=True):
    """What the two ways of sending have in common."""

    env: str = ""
    phone_number_list: tuple[str, ...] = ()
    template_id: str = ""
    template_param_list: tuple[str, ...] = ()
    use_short_name: bool = False
    resource_appid: str = ""

    def require_numbers(self) -> None:
        """Raises Fault."""
        require(bool(self.env), "env is empty")
        numbers = self.phone_number_list
        require(bool(numbers), "phone_number_list is empty")
        require(len(numbers) <= MOST_NUMBERS, "phone_number_list has over 1000 numbers")
        for position, number in enumerate(numbers):
            if not number.startswith(_PREFIX):
                wrong = f"phone_number_list[{position}] does not begin with +86"
                raise Fault(INVALID_PARAMETER, wrong)

    def require_template(self) -> None:
        """Raises Fault."""
        require(bool(self.template_id), "template_id is empty")
        right = len(self.template_param_list) <= MOST_VALUES
        require(right, f"template_param_list has over {MOST_VALUES} values")


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
        require(self.sms_type == MARKETING, "sms_type is neither Marketing nor Notification")
        require(bool(self.content), "content is empty")
        require(bool(self.path), "path is empty")


class SendSmsV2(_Texts, kw_only=True):
    """/tcb/sendsmsv2"""

    url_link: str = ""

    def require(self) -> None:
        """Raises Fault."""
        self.require_numbers()
        self.require_template()
        if not self.url_link.startswith("https://"):
            raise Fault(-607004)


class CreateSendSmsTask(Body, kw_only=True):
    """/tcb/createsendsmstask"""

    env: str = ""
    file_url: str = ""
    """A CodeUri that describeextensionuploadinfo has given."""
    template_id: str = ""
    use_short_name: bool = False

    def require(self) -> None:
        """Raises Fault."""
        require(bool(self.env), "env is empty")
        require(bool(self.file_url), "file_url is empty")


class DescribeSmsRecords(Body, kw_only=True):
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
        require(bool(self.env_id), "EnvId is empty")
        starts, ends = self.span()
        require(starts < ends, "StartDate is after EndDate")
        require(self.page_number >= 1, "PageNumber is below 1")
        require(1 <= self.page_size <= MOST_NUMBERS, "PageSize is not 1 to 1000")

    def span(self) -> tuple[Millis, Millis]:
        """From the first moment of StartDate to the last of EndDate, in Beijing. Raises Fault."""
        return _midnight("StartDate", self.start_date), _midnight("EndDate", self.end_date) + DAY


class ExtensionFile(msgspec.Struct):
    file_type: str = ""
    file_name: str = ""


class DescribeExtensionUploadInfo(Body, kw_only=True):
    """/tcb/describeextensionuploadinfo"""

    wrapped: ClassVar[bool] = True

    extension_files: tuple[ExtensionFile, ...] = ()

    def require(self) -> None:
        """Raises Fault."""
        require(len(self.extension_files) == 1, "ExtensionFiles has not just one file")
        for file in self.extension_files:
            require(file.file_type == "SMS", "FileType is not SMS")
            right = 0 < len(file.file_name) <= LONGEST_FILE_NAME
            require(right, f"FileName is empty or has over {LONGEST_FILE_NAME} characters")


# Links.


class CloudBase(msgspec.Struct, omit_defaults=True):
    """A page of a static website that a link opens instead."""

    env: str = ""
    domain: str = ""
    path: str = ""
    query: str = ""
    resource_appid: str = ""


class GenerateUrlLink(Body, kw_only=True):
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


class GenerateScheme(Body, kw_only=True):
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


def _midnight(name: str, day: str) -> Millis:
    try:
        if _DATE.fullmatch(day):
            moment = datetime.fromisoformat(day).replace(tzinfo=_BEIJING)
            return round(moment.timestamp()) * SECOND
    except ValueError:  # A day that no month has.
        pass
    raise Fault(INVALID_PARAMETER, f"{name} is not a day as yyyy-mm-dd")


def _require_page(path: str, query: str, env_version: str) -> None:
    if path and not _PAGE.fullmatch(path):
        raise Fault(40165)
    if len(query) > LONGEST_QUERY or not query.isprintable():
        raise Fault(40212)
    if env_version not in _ENV_VERSIONS:
        raise Fault(INVALID_ARGS)


def _ending(kind: int, at_s: int, days: int, now: Millis) -> Millis:
    """When a link ends that names either a second or a number of days."""
    if kind not in {0, 1}:
        raise Fault(INVALID_ARGS)
    return now + days * DAY if kind else at_s * SECOND


def _within(wanted: Millis, now: Millis, longest: Millis) -> Millis:
    if not now + MINUTE <= wanted <= now + longest:
        raise Fault(85401)
    return wanted
