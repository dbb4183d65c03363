"""Statuses: what became of each number of a call, in the platform's codes and English words.

Who serves SendSms makes one `SendStatus` a number, in the caller's order: `taken` for a text that is
on disk, `declined` for one that is not. Flaws, windows and findings have their codes here, so that
the rules need not know them.
"""

from collections.abc import Mapping
from typing import Final

from hongyan.core import daily
from hongyan.core.identifier import MessageId
from hongyan.core.message import Status
from hongyan.core.parameter import Flaw
from hongyan.wire.tencent.answers import SendMultiStatus, SendStatus
from hongyan.wire.tencent.codes import CODES, ENGLISH, OK
from hongyan.wire.tencent.push import serial_no

SENT: Final = "send success"
DESCRIBED: Final = "Describe success"
CONVERTED: Final = "OK"
"""ReportConversion's code, in capitals as in the platform's example."""
CONVERTED_MESSAGE: Final = "success"
DELETED: Final = "return successfully!"

_VALUE: Final = "InvalidParameterValue"
_FAILED: Final = "FailedOperation"
_MANY: Final = "LimitExceeded"

FLAWS: Final[Mapping[Flaw, str]] = {
    Flaw.COUNT: f"{_FAILED}.TemplateParamSetNotMatchApprovedTemplate",
    Flaw.NOT_CODE_LIKE: f"{_VALUE}.TemplateParameterFormatError",
    Flaw.TOO_LONG: f"{_VALUE}.TemplateParameterLengthLimit",
    Flaw.UNSEEN: f"{_FAILED}.TemplateParamSetNotMatchApprovedTemplate",
    Flaw.LINK: f"{_VALUE}.ProhibitedUseUrlInTemplateParameter",
}
WINDOWS: Final[Mapping[str, str]] = {
    "same-30s": f"{_MANY}.PhoneNumberThirtySecondLimit",
    "same-day": f"{_MANY}.PhoneNumberSameContentDailyLimit",
    "60s": f"{_MANY}.DeliveryFrequencyLimit",
    "1h": f"{_MANY}.PhoneNumberOneHourLimit",
    "day": f"{_MANY}.PhoneNumberDailyLimit",
    daily.APP_DAY: f"{_MANY}.AppDailyLimit",
    daily.MAINLAND_DAY: f"{_MANY}.AppMainlandChinaDailyLimit",
    daily.ABROAD_DAY: f"{_MANY}.AppGlobalDailyLimit",
    daily.COUNTRY_DAY: f"{_MANY}.AppCountryOrRegionDailyLimit",
}
"""By the names of `core.frequency` and `core.daily`."""
FINDINGS: Final[Mapping[str, str]] = {
    "account.individual": f"{_FAILED}.NotEnterpriseCertification",
    "image.missing": f"{_VALUE}.ImageInvalid",
    "image.not_image": f"{_VALUE}.ImageInvalid",
    "image.too_large": f"{_VALUE}.ImageInvalid",
    "image.cut_off": f"{_VALUE}.ImageInvalid",
    "signature.length": f"{_VALUE}.SignNameLengthTooLong",
    "signature.exists": f"{_VALUE}.SignExistAndUnapproved",
    "signature.document_differs": f"{_VALUE}.InvalidDocumentType",
    "signature.document_closed": f"{_VALUE}.InvalidDocumentType",
    "signature.kind_closed": "InvalidParameterValue",
    "signature.qualification_missing": f"{_FAILED}.QualificationIdNotApproved",
    "signature.authorisation_missing": "MissingParameter",
    "signature.approved": f"{_VALUE}.SignAlreadyPassedCheck",
    "signature.international_changed": f"{_VALUE}.InvalidInternational",
    "template.empty": f"{_VALUE}.InvalidTemplateFormat",
    "template.numbers": f"{_VALUE}.InvalidTemplateFormat",
    "template.braces": f"{_VALUE}.InvalidTemplateFormat",
    "template.only_variables": f"{_VALUE}.InvalidTemplateFormat",
    "template.special_characters": f"{_VALUE}.InvalidTemplateFormat",
    "template.link_with_variable": f"{_VALUE}.InvalidTemplateFormat",
    "template.code_not_named": f"{_VALUE}.InvalidTemplateFormat",
    "template.unsubscribe_missing": f"{_VALUE}.MarketingTemplateWithoutUnsubscribe",
    "template.variables_closed": f"{_VALUE}.UnsupportedTemplateVariable",
    "template.signature_missing": f"{_FAILED}.MissingSignature",
    "template.too_many": f"{_FAILED}.TemplateNumberLimit",
    "template.approved": f"{_FAILED}.TemplateAlreadyPassedCheck",
    "template.international_changed": f"{_VALUE}.InvalidInternational",
}
"""Rules of the lint that the API refuses at once; what breaks others is rejected by a reviewer."""
FINDING_PARAMETERS: Final[Mapping[str, str]] = {
    "signature.kind_closed": "SignType",
    "signature.authorisation_missing": "CommissionImage",
}
"""What those are about whose code asks for a parameter."""


def taken(
    message: MessageId, phone: str, fee: int, iso_code: str, context: str | None
) -> SendStatus:
    """A number whose text is on disk."""
    return SendStatus(
        serial_no=serial_no(message),
        phone_number=phone,
        fee=fee,
        session_context=context or "",
        code=OK,
        message=SENT,
        iso_code=iso_code,
    )


def declined(code: str, phone: str, context: str | None, iso_code: str = "") -> SendStatus:
    """A number that gets no text, charged nothing. Messages are English whatever was asked."""
    return SendStatus(
        phone_number=phone,
        session_context=context or "",
        code=code,
        message=CODES[code].says(ENGLISH),
        iso_code=iso_code,
    )


def of_multi(status: SendStatus, serial: str) -> SendMultiStatus:
    """The same for SendMultiGlobalSms, where a number that gets no text has a serial number too."""
    return SendMultiStatus(
        serial_no=status.serial_no or serial,
        phone_number=status.phone_number,
        fee=status.fee,
        session_context=status.session_context,
        code=status.code,
        message=status.message,
        iso_code=status.iso_code,
    )


SUBMIT_FAILED: Final = 1
DELIVERED: Final = 2
SENDING: Final = 3
NOT_DELIVERED: Final = 4

SEND_STATUS: Final[Mapping[Status, int]] = {
    Status.QUEUED: SENDING,
    Status.CLAIMED: SENDING,
    Status.SENDING: SENDING,
    Status.SUBMITTED: SENDING,
    Status.UNCONFIRMED: SENDING,
    Status.DELIVERED: DELIVERED,
    Status.UNDELIVERED: NOT_DELIVERED,
    Status.REJECTED: SUBMIT_FAILED,
    Status.EXPIRED: SUBMIT_FAILED,
    Status.CLOSED: NOT_DELIVERED,
}
"""SendStatus of DescribeSendRecordList."""
