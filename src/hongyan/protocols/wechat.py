"""WeChat 微信 over HTTPS, as its clients call it: every answer is HTTP 200 and JSON with an errcode.

Who calls is looked at before what is asked.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final, TypeAlias

import msgspec
import structlog

from hongyan.core.errors import HongyanError
from hongyan.service.administer import COMPONENT, WECHAT
from hongyan.service.admit import Entry
from hongyan.service.serving import Serving
from hongyan.service.website import Websites, WechatSettings
from hongyan.service.wechat.apis import Api, apis
from hongyan.service.wechat.authorising import Authorising
from hongyan.service.wechat.bearer import Bearers, Issued
from hongyan.service.wechat.caller import Callers
from hongyan.service.wechat.opening import USE, Opening
from hongyan.service.wechat.refusing import fault_of
from hongyan.service.wechat.uploading import UPLOADS, Uploading, UploadRefused
from hongyan.service.wechat.visiting import Visiting
from hongyan.wire.http import Handle, Header, Request, Response, Route
from hongyan.wire.wechat import body
from hongyan.wire.wechat.answers import AccessToken, ComponentToken
from hongyan.wire.wechat.fault import DATA_FORMAT, RID_BYTES, Fault, rid
from hongyan.wire.wechat.login import (
    ApiAuthorizerToken,
    ApiComponentToken,
    ApiQueryAuth,
    CodeToSession,
    GetToken,
    StableToken,
    credential,
)
from hongyan.wire.wechat.task import LARGEST
from hongyan.wire.wechat.tokens import Kind

_TREES: Final = ("/tcb/*", "/cgi-bin/*", "/wxa/*", "/sns/*")
_JSON: Final = b"application/json; encoding=utf-8"
_TEXT: Final = b"text/plain; charset=utf-8"
_UNSEEN: Final = 48001
_SEQUENCE: Final = b"x-openapi-seqid"
_log: Final = structlog.get_logger()

_Admitted: TypeAlias = Callable[[Entry], Awaitable[bytes]]


class WeChat:
    """See `service.ports.ServedProtocol`."""

    def __init__(self, serving: Serving, settings: WechatSettings) -> None:
        self._clock = serving.clock
        self._chance = serving.chance
        self._admission = serving.admission
        self._bearers = Bearers(serving)
        self._opening = Opening(serving, self._bearers)
        self._apis = {
            **apis(serving, Websites(settings, serving.base_url)),
            USE: self._opening.use,
        }
        self._callers = Callers(serving.store, self._bearers)
        self._authorising = Authorising(serving, self._bearers, self._callers)
        self._visiting = Visiting(serving)
        self._uploading = Uploading(serving)

    def routes(self) -> list[Route]:
        """Each API under its path, and every other path below WeChat's."""
        routes = [self._route("*", "/cgi-bin/token", self._token)]
        routes.append(self._route("*", "/sns/jscode2session", self._session))
        posted: dict[str, Handle] = {
            "/cgi-bin/stable_token": self._stable_token,
            "/cgi-bin/component/api_component_token": self._component_token,
            "/cgi-bin/component/api_query_auth": self._query_auth,
            "/cgi-bin/component/api_authorizer_token": self._authorizer_token,
        }
        posted |= {path: partial(self._serve, path, api) for path, api in self._apis.items()}
        for path, handle in posted.items():
            routes.append(self._route("POST", path, handle))
            routes.append(self._route("*", path, _not_posted))
        path = f"{UPLOADS}/{{letters}}"
        refuse, largest = self._refuse_upload, self._largest_upload
        routes.append(Route("PUT", path, self._upload, refuse, unread=_unread, largest=largest))
        return routes + [
            Route("*", path, _no_such_api, self._refuse, unread=self._unread) for path in _TREES
        ]

    def _route(self, method: str, path: str, handle: Handle) -> Route:
        return Route(method, path, handle, self._refuse, unread=self._unread, anywhere=True)

    # APIs

    async def _serve(self, path: str, api: Api, request: Request) -> Response:
        given = credential(request.query)
        # Who is trusted for an address alone must not come through a proxy that has one.
        caller = await self._callers.of(given, request.peer if request.peer_is_known else "")
        if not given.access_token:
            self._opening.require(caller.app, path, request.body)
        answer = await api(caller, request.body)
        if given.access_token or given.cloudbase_access_token:
            return _response(answer)
        # As who calls without a token is told: by what its call is found in the logs there.
        return _response(answer, ((_SEQUENCE, self._rid().encode()),))

    # Tokens

    async def _token(self, request: Request) -> Response:
        wanted = body.read_query(request.query, GetToken)
        wanted.require()

        async def issue(entry: Entry) -> bytes:
            return _token(await self._bearers.renew(Kind.ACCESS, entry.app.id))

        return await self._admitted(WECHAT, wanted.appid, wanted.secret, request, issue)

    async def _stable_token(self, request: Request) -> Response:
        wanted = body.read(request.body, StableToken)
        wanted.require()

        async def issue(entry: Entry) -> bytes:
            force = wanted.force_refresh
            return _token(await self._bearers.stable(Kind.STABLE, entry.app.id, force=force))

        return await self._admitted(WECHAT, wanted.appid, wanted.secret, request, issue)

    async def _session(self, request: Request) -> Response:
        wanted = body.read_query(request.query, CodeToSession)
        wanted.require()

        async def say(entry: Entry) -> bytes:
            return msgspec.json.encode(self._visiting.session(entry.app, wanted.js_code))

        return await self._admitted(WECHAT, wanted.appid, wanted.secret, request, say)

    async def _component_token(self, request: Request) -> Response:
        wanted = body.read(request.body, ApiComponentToken)
        wanted.require()

        async def issue(entry: Entry) -> bytes:
            self._authorising.require_ticket(entry.app, wanted.component_verify_ticket)
            issued = await self._bearers.renew(Kind.COMPONENT, entry.app.id)
            return msgspec.json.encode(ComponentToken(issued.written, issued.expires_in))

        appid, secret = wanted.component_appid, wanted.component_appsecret
        return await self._admitted(COMPONENT, appid, secret, request, issue)

    async def _query_auth(self, request: Request) -> Response:
        component = await self._callers.component(credential(request.query))
        wanted = body.read(request.body, ApiQueryAuth)
        return _response(msgspec.json.encode(await self._authorising.by_code(component, wanted)))

    async def _authorizer_token(self, request: Request) -> Response:
        component = await self._callers.component(credential(request.query))
        wanted = body.read(request.body, ApiAuthorizerToken)
        return _response(msgspec.json.encode(await self._authorising.by_refresh(component, wanted)))

    async def _admitted(
        self, protocol: str, name: str, secret: str, request: Request, work: _Admitted
    ) -> Response:
        """Let an app in by its secret, then do the work. Nobody learns more than 40125 at a door that
        is shut.
        """
        entry = await self._admission.enter(protocol, name, secret, request.peer)
        await self._admission.require_open_door(entry)
        entry.app.require_open()
        entry.app.require_from(request.peer)
        return _response(await work(entry))

    # Files

    async def _upload(self, request: Request) -> Response:
        await self._uploading.put(request.variable, request.body)
        return Response(200, b"", _TEXT)

    def _largest_upload(self, letters: str, _headers: Mapping[bytes, bytes]) -> int:
        """Nothing large is held of whoever has no address for it."""
        return LARGEST if self._uploading.is_good(letters) else 0

    def _refuse_upload(self, request: Request, error: Exception) -> Response:
        if isinstance(error, UploadRefused):
            return Response(403, str(error).encode(), _TEXT)
        if not isinstance(error, HongyanError):
            _log.error("wechat.failed", route=request.route, exc_info=error)
        return Response(503, b"The file was not taken in. Try again later.", _TEXT)

    # What is refused

    def _refuse(self, request: Request, error: Exception) -> Response:
        """Whatever was raised, as an errcode; a bug too."""
        return self._fault(fault_of(error, request.route, request.peer))

    def _unread(self, _code: str) -> Response:
        """A request that was not even read: too large, too slow."""
        return self._fault(Fault(DATA_FORMAT))

    def _fault(self, fault: Fault) -> Response:
        return _response(fault.body(self._rid()))

    def _rid(self) -> str:
        return rid(self._clock(), self._chance(RID_BYTES))


def _token(issued: Issued) -> bytes:
    return msgspec.json.encode(AccessToken(issued.written, issued.expires_in))


def _response(answer: bytes, headers: tuple[Header, ...] = ()) -> Response:
    return Response(200, answer, _JSON, headers)


def _unread(code: str) -> Response:
    """A file that was not even read."""
    return Response(413 if code == "too_large" else 400, code.encode(), _TEXT)


async def _not_posted(_request: Request) -> Response:
    raise Fault(43002)


async def _no_such_api(_request: Request) -> Response:
    raise Fault(_UNSEEN)
