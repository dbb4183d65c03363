"""Problems: every refusal as `application/problem+json` (RFC 9457) with a stable `code`.

The table is docs/reference/problems.md; a test holds the two together.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
import structlog

from hongyan.core import errors as e
from hongyan.core.identifier import written_uuid
from hongyan.core.time import SECOND, Millis, rfc3339
from hongyan.service.ports import Clock
from hongyan.wire.http import Header, Request, Response

WORDS: Final[Mapping[type[e.HongyanError], tuple[int, str]]] = {
    e.InvalidNumber: (400, "invalid_number"),
    e.CountryClosed: (400, "country_closed"),
    e.InvalidText: (400, "invalid_text"),
    e.TextTooLong: (400, "text_too_long"),
    e.MeaninglessText: (400, "meaningless_text"),
    e.FreeTextClosed: (403, "free_text_closed"),
    e.ReferenceUsed: (409, "reference_used"),
    e.InvalidTemplate: (400, "invalid_template"),
    e.InvalidParameters: (400, "invalid_parameters"),
    e.InvalidPurpose: (400, "invalid_purpose"),
    e.InvalidCode: (400, "invalid_code"),
    e.UnknownTemplate: (400, "unknown_template"),
    e.UnknownSignature: (400, "unknown_signature"),
    e.UnknownKey: (401, "unknown_key"),
    e.KeyNotAllowed: (403, "key_not_allowed"),
    e.UnknownApp: (401, "unknown_app"),
    e.WrongSecret: (401, "wrong_secret"),
    e.AddressNotAllowed: (403, "address_not_allowed"),
    e.AppDisabled: (403, "app_disabled"),
    e.AccountClosed: (403, "account_closed"),
    e.Limited: (429, "too_soon"),
    e.OptedOut: (403, "opted_out"),
    e.StepUpRequired: (403, "step_up_required"),
    e.NoBalance: (402, "no_balance"),
    e.NoRoute: (503, "no_route"),
    e.StoreUnavailable: (503, "limits_unavailable"),
    e.Overloaded: (503, "overloaded"),
    e.CodeRefused: (400, "invalid_or_expired"),
    e.NoSendsLeft: (409, "no_sends_left"),
    e.ProofInvalid: (400, "proof_invalid"),
    e.ProofUsed: (409, "proof_used"),
    e.NotFound: (404, "not_found"),
    e.KeyReused: (409, "idempotency_key_reused"),
}

REQUEST_WORDS: Final[Mapping[str, tuple[int, str]]] = {
    "invalid_json": (400, "The body is not JSON."),
    "invalid_request": (400, "The body does not have the form that is documented."),
    "invalid_idempotency_key": (400, "An Idempotency-Key is 1-255 printable ASCII characters."),
    "unsupported_media_type": (415, "Send the body as 'Content-Type: application/json'."),
    "not_http": (400, "This is not an HTTP/1.1 request."),
    "too_slow": (408, "The request did not come in whole in time."),
    "too_large": (413, "The body is too large."),
    "busy": (503, "Too many large requests at once. Try again in a moment."),
    "head_too_large": (431, "The headers are too large."),
    "no_such_path": (404, "There is nothing under this path."),
    "method_not_allowed": (405, "The path does not answer this method."),
    "host_refused": (421, "This house does not answer under that Host name."),
    "internal": (500, "Something failed here; it has been logged."),
}
"""What can be wrong with a request before any rule sees it."""

MEDIA_TYPE: Final = b"application/problem+json"

_encode: Final = msgspec.json.Encoder().encode
_log: Final = structlog.get_logger()


class BadRequest(Exception):
    """A request that no rule will see, by its word in REQUEST_WORDS."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or REQUEST_WORDS[code][1])
        self.code = code


class Problem(msgspec.Struct, omit_defaults=True):
    """The body of every refusal. `code` is stable; `detail` is for people and may change."""

    code: str
    status: int
    title: str
    detail: str
    type: str = "about:blank"
    reason: str = ""
    """invalid_number: why, in a word."""
    scope: str = ""
    """too_soon: phone, ip or app."""
    window: str = ""
    retry_at: str = ""
    verification_id: str = ""
    """too_soon: the caller's own pending verification."""


class Refusals:
    """Says whatever a handler of ours raised as a problem."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __call__(self, request: Request, error: Exception) -> Response:
        match error:
            case e.HongyanError():
                return refusal(error, self._clock())
            case BadRequest():
                return bad_request(error.code, str(error))
            case _:
                pass
        _log.error("api.failed", method=request.method, route=request.route, exc_info=error)
        return bad_request("internal")


def problem_of(error: e.HongyanError) -> Problem:
    """The words for a refusal."""
    status, code = WORDS[type(error)]
    problem = Problem(code, status, _title(code), str(error))
    if isinstance(error, e.InvalidNumber):
        problem.reason = error.reason
    elif isinstance(error, e.Limited):
        problem.scope, problem.window = error.scope, error.window
        problem.retry_at = rfc3339(error.retry_at)
        if error.verification is not None:
            problem.verification_id = written_uuid(error.verification)
    return problem


def refusal(error: e.HongyanError, now: Millis) -> Response:
    problem = problem_of(error)
    return _response(problem, _headers(error, now))


def bad_request(code: str, detail: str = "") -> Response:
    status, sentence = REQUEST_WORDS[code]
    return _response(Problem(code, status, _title(code), detail or sentence), ())


def retry_after(retry_at: Millis, now: Millis) -> int:
    """Whole seconds until a moment, never 0."""
    return max(-((now - retry_at) // SECOND), 1)


def _headers(error: e.HongyanError, now: Millis) -> tuple[Header, ...]:
    match error:
        case e.Limited():
            return ((b"retry-after", b"%d" % retry_after(error.retry_at, now)),)
        case e.Overloaded() | e.StoreUnavailable():
            return ((b"retry-after", b"1"),)
        case e.UnknownKey():
            return ((b"www-authenticate", b"Bearer"),)
        case _:
            return ()


def _response(problem: Problem, headers: tuple[Header, ...]) -> Response:
    return Response(problem.status, _encode(problem), MEDIA_TYPE, headers)


def _title(code: str) -> str:
    return code.replace("_", " ").capitalize()
