"""Tencent Cloud SMS 腾讯云短信, API 3.0, as its clients call it: always HTTP 200 and one envelope.

A call is read, its signature proven, its action found and its request made strict; then whoever
carries that action out is asked. A fault at any of these steps is told by the platform's code.
"""

from collections.abc import Mapping
from typing import Final

import structlog

from hongyan.core import errors as e
from hongyan.core.errors import HongyanError
from hongyan.core.identifier import random_uuid
from hongyan.core.lint.rule import Rulebook
from hongyan.protocols.tencent.asking import Asking, Works
from hongyan.protocols.tencent.authentication import Authentication
from hongyan.protocols.tencent.numbers import Numbers
from hongyan.protocols.tencent.pace import Pace
from hongyan.protocols.tencent.results import Results
from hongyan.protocols.tencent.reviewing import Reviewing
from hongyan.protocols.tencent.sending import Sending
from hongyan.protocols.tencent.settings import TencentSettings
from hongyan.protocols.tencent.statistics import Statistics
from hongyan.service.serving import Serving
from hongyan.wire.http import ANY_METHOD, Request, Response, Route
from hongyan.wire.tencent import call as calls
from hongyan.wire.tencent.actions import ACTIONS
from hongyan.wire.tencent.answers import Answer
from hongyan.wire.tencent.bounds import require
from hongyan.wire.tencent.codes import CHINESE, Language
from hongyan.wire.tencent.envelope import CONTENT_TYPE, answered, refused
from hongyan.wire.tencent.fault import AuthFailure, Fault

__all__ = ["Tencent", "TencentSettings"]

FAULTS: Final[Mapping[type[HongyanError], str]] = {
    e.Overloaded: "RequestLimitExceeded",
    e.StoreUnavailable: "ServiceUnavailable",
    e.NoRoute: "InternalError.SendAndRecvFail",
}
"""What stops a whole call after it has been understood. Every other one is InternalError."""
UNREAD: Final[Mapping[str, str]] = {
    "too_large": "RequestSizeLimitExceeded",
    "busy": "RequestLimitExceeded",
    "too_slow": "InternalError.Timeout",
}
"""Why a call was not even read → its code. Every other one is InvalidRequest."""

_WITH_IMAGES: Final = frozenset(
    name.encode() for by in ACTIONS.values() for name, one in by.items() if one.brings_images
)
_UUID_BYTES: Final = 16
_log: Final = structlog.get_logger()


class Tencent:
    """See `service.ports.ServedProtocol`."""

    def __init__(self, serving: Serving, settings: TencentSettings | None = None) -> None:
        settings = settings or TencentSettings()
        self._clock = serving.clock
        self._chance = serving.chance
        self._prefixes = settings.prefixes
        self._authentication = Authentication(serving, settings.public_names)
        self._pace = Pace() if settings.rules is Rulebook.LIVE else None
        self._works: Works = {
            **Sending(serving, settings).works(),
            **Results(serving).works(),
            **Statistics(serving).works(),
            **Numbers(serving).works(),
            **Reviewing(serving, settings).works(),
        }

    def routes(self) -> list[Route]:
        """`/` and each prefix, with and without a slash behind it, where something is called."""
        paths = ["/"]
        for prefix in self._prefixes:
            paths += [prefix, f"{prefix}/"]
        return [
            Route(
                method,
                path,
                self._serve,
                self.refuse,
                unread=self.unread,
                wants=calls.is_call,
                largest=largest,
            )
            for path in paths
            for method in ("GET", ANY_METHOD)
        ]

    async def _serve(self, request: Request) -> Response:
        call = calls.read(request)
        try:
            answer = await self._answer(call, request)
        except (Fault, HongyanError) as error:
            return self._refused(request, fault_of(error), call.language)
        return _response(request, answered(answer, self._request_id()))

    async def _answer(self, call: calls.Call, request: Request) -> Answer:
        caller = await self._authentication.caller(call, request)
        action = call.action()
        now = self._clock()
        if self._pace is not None:
            self._pace.require(caller.account.id, action, now)
        asked = call.request(action)
        require(asked, now)
        work = self._works.get(action.name)
        if work is None:
            raise Fault("ActionOffline")
        return await work(Asking(caller, call, asked, request), asked)

    def refuse(self, request: Request, error: Exception) -> Response:
        """Whatever was raised, as a code; a bug too."""
        if not isinstance(error, Fault | HongyanError):
            _log.error("tencent.failed", route=request.route, exc_info=error)
        return self._refused(request, fault_of(error), calls.language_of(request))

    def _refused(self, request: Request, fault: Fault, language: Language) -> Response:
        return _response(request, refused(fault, self._request_id(), language))

    def unread(self, why: str) -> Response:
        """A request that was not even read: too large, too slow."""
        fault = Fault(UNREAD.get(why, "InvalidRequest"))
        return Response(200, refused(fault, self._request_id(), CHINESE), CONTENT_TYPE)

    def _request_id(self) -> str:
        return random_uuid(self._chance(_UUID_BYTES))


def fault_of(error: Exception) -> Fault:
    """What is told of whatever was raised."""
    match error:
        case Fault():
            return error
        case e.KeyReused():
            # A repetition of a signed call whose circumstances are no longer those of the first.
            return AuthFailure("SignatureExpire")
        case HongyanError():
            return Fault(FAULTS.get(type(error), "InternalError"))
        case _:
            return Fault("InternalError")


def largest(_variable: str, headers: Mapping[bytes, bytes]) -> int:
    """A body is large where it brings images, and there alone."""
    if headers.get(b"x-tc-action", b"") in _WITH_IMAGES:
        return calls.MOST_JSON_BYTES
    return calls.MOST_FORM_BYTES


def _response(request: Request, body: bytes) -> Response:
    return Response(200, body, CONTENT_TYPE, calls.trace_of(request))
