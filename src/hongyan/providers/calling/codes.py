"""Codes: what each of Tencent's codes says of a text, be it of a number or of the call. WeChat answers
with the same for each number.

The table is docs/howto/tencent-upstream.md's. A code that stands here was given before anything was
sent; any other leaves the text in doubt.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from hongyan.core.outcome import Deferred, Outcome, Rejected, Unconfirmed
from hongyan.core.time import HOUR, SECOND, Millis, day_of, next_midnight


class Effect(Enum):
    """What a code that is known comes to."""

    REJECTED = auto()
    """Nobody will take this text, or this number."""
    DEFERRED = auto()
    """It is theirs: another provider may have none of it."""
    SOON = auto()
    """Too much at once, here or there."""
    MORNING = auto()
    """Marketing has hours."""
    STOPS = auto()
    """Nothing will be taken until somebody has mended something."""


_CODES: Final[Mapping[Effect, str]] = {
    Effect.REJECTED: """
        FailedOperation.PhoneNumberInBlacklist FailedOperation.PhoneNumberParseFail
        FailedOperation.ContainSensitiveWord InvalidParameterValue.ContentLengthLimit
        InvalidParameterValue.IncorrectPhoneNumber
    """,
    Effect.DEFERRED: """
        FailedOperation.FailResolvePacket FailedOperation.JsonParseFail
        FailedOperation.SignatureIncorrectOrUnapproved FailedOperation.TemplateIdNotExist
        FailedOperation.TemplateIncorrectOrUnapproved
        FailedOperation.TemplateParamSetNotMatchApprovedTemplate
        FailedOperation.TemplateUnapprovedOrNotExist
        InternalError.JsonParseFail InternalError.RequestTimeException
        InternalError.RestApiInterfaceNotExist InternalError.SigFieldMissing
        InternalError.SigVerificationFail
        InvalidParameter InvalidParameter.AppidAndBizId InvalidParameter.DirtyWordFound
        InvalidParameter.InvalidParameters InvalidParameterValue
        InvalidParameterValue.ProhibitedUseUrlInTemplateParameter
        InvalidParameterValue.TemplateParameterFormatError
        InvalidParameterValue.TemplateParameterLengthLimit
        LimitExceeded.AppCountryOrRegionInBlacklist LimitExceeded.PhoneNumberCountLimit
        MissingParameter MissingParameter.EmptyPhoneNumberSet RequestSizeLimitExceeded
        UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny UnknownParameter
        UnsupportedOperation UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone
        UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber
        UnsupportedOperation.GlobalTemplateToChineseMainlandPhone
        UnsupportedOperation.UnsupportedRegion
    """,
    Effect.SOON: """
        LimitExceeded.GlobalSmsSendingRateLimit RequestLimitExceeded
        RequestLimitExceeded.GlobalRegionUinLimitExceeded RequestLimitExceeded.IPLimitExceeded
        RequestLimitExceeded.UinLimitExceeded
    """,
    Effect.MORNING: "FailedOperation.MarketingSendTimeConstraint",
    Effect.STOPS: """
        ActionOffline AuthFailure.InvalidAuthorization AuthFailure.InvalidSecretId
        AuthFailure.MFAFailure AuthFailure.SecretIdNotFound AuthFailure.SignatureExpire
        AuthFailure.SignatureFailure AuthFailure.TokenFailure AuthFailure.UnauthorizedOperation
        FailedOperation.InsufficientBalanceInSmsPackage FailedOperation.ProhibitSubAccountUse
        InvalidAction InvalidParameterValue.SdkAppIdNotExist InvalidRequest IpInBlacklist
        IpNotInWhitelist NoSuchProduct NoSuchVersion UnauthorizedOperation
        UnauthorizedOperation.RequestIpNotInWhitelist UnauthorizedOperation.RequestPermissionDeny
        UnauthorizedOperation.SdkAppIdIsDisabled UnauthorizedOperation.ServiceSuspendDueToArrears
        UnauthorizedOperation.SmsSdkAppIdVerifyFail UnsupportedProtocol UnsupportedRegion
    """,
}
EFFECTS: Final[Mapping[str, Effect]] = {
    code: effect for effect, codes in _CODES.items() for code in codes.split()
}

_SOON: Final[Millis] = SECOND
_OPENS: Final[Millis] = 8 * HOUR


def outcome(code: str, said: str, now: Millis) -> Outcome:
    """Of a code that is no limit of a number; `said` are its words, without secrets."""
    match EFFECTS.get(code):
        case Effect.REJECTED:
            return Rejected(code, said)
        case Effect.DEFERRED:
            return Deferred(said)
        case Effect.SOON:
            return Deferred(said, _SOON)
        case Effect.MORNING:
            return Deferred(said, _morning(now) - now)
        case Effect.STOPS:
            return Deferred(said, stops=True)
        case None:
            return Unconfirmed(said)


def stops(code: str) -> bool:
    """Whether nothing will be taken after it."""
    return EFFECTS.get(code) is Effect.STOPS


def _morning(now: Millis) -> Millis:
    """When marketing begins next, in Beijing."""
    midnight = next_midnight(now)
    today = midnight - 24 * HOUR + _OPENS
    return today if day_of(today) == day_of(now) and now < today else midnight + _OPENS
