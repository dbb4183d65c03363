"""The cloud call 云调用: WeChat's APIs as `wx-server-sdk` calls them from a cloud function.

Five things come with a call, and all must be of one account: the SecretId that signs it, the function's
token, the environment that it runs in, the mini program that it calls for, and what it sends. Then it is
the call that HTTPS would have brought.
"""

import hmac
from typing import Final
from urllib.parse import urlsplit

import msgspec
import structlog

from hongyan.core.address import is_within
from hongyan.core.command import Idempotency
from hongyan.core.errors import HongyanError
from hongyan.core.identifier import random_uuid
from hongyan.core.time import SECOND, Millis
from hongyan.service.administer import WECHAT
from hongyan.service.directory import App, CloudToken, SecretKey
from hongyan.service.serving import Serving
from hongyan.service.uses import KeyUses
from hongyan.service.website import Websites, WechatSettings
from hongyan.service.wechat.apis import Api, apis
from hongyan.service.wechat.caller import Caller, opened
from hongyan.service.wechat.refusing import fault_of
from hongyan.wire.cloudcall import answer, call, cos, names, permission, tc3
from hongyan.wire.cloudcall.call import Call
from hongyan.wire.cloudcall.fault import Failure, Refused, Word
from hongyan.wire.http import Request, Response, Route
from hongyan.wire.wechat.fault import RID_BYTES, Fault, rid

_ID_BYTES: Final = 16
_SESSION: Final = "sessiontoken"
_SIGNATURE: Final = b"cloudcall-signature"
_ASKED: Final = b"cloudcall-asked"
_REPEATED: Final[Millis] = (tc3.AHEAD_S + tc3.EXPIRES_S + 1) * SECOND
"""As long as a signature can live."""
_log: Final = structlog.get_logger()


class CloudCall:
    """See `service.ports.ServedProtocol`."""

    def __init__(self, serving: Serving, settings: WechatSettings) -> None:
        self._store = serving.store
        self._sealer = serving.sealer
        self._clock = serving.clock
        self._chance = serving.chance
        self._apis = apis(serving, Websites(settings, serving.base_url))
        self._uses = KeyUses(serving, "cloudcall")
        self._old_signatures = settings.old_signatures
        self._public = urlsplit(serving.base_url).netloc

    def routes(self) -> list[Route]:
        """One path, whatever is called."""
        return [Route("POST", call.PATH, self._serve, self._refuse, unread=self._unread)]

    async def _serve(self, request: Request) -> Response:
        found = call.read(request)
        key = await self._signed_by(found, request)
        token = await self._token(found)
        caller = self._caller(found, key, token)
        api = self._api(found, token)
        body = msgspec.json.encode(found.parameters())
        return answer.answered(await api(self._once(_opened(caller), found, request), body))

    # Who calls

    async def _signed_by(self, found: Call, request: Request) -> SecretKey:
        """The key that has signed the call. Raises Refused."""
        now, name = self._clock(), found.claim.secret_id
        key = self._store.directory.secret_keys.get(name)
        if key is None or key.ends_at <= now:
            # It may have been made a moment ago by the command line.
            key = (await self._store.refresh()).secret_keys.get(name)
        if key is None or key.ends_at <= now:
            raise Refused(Word.INVALID_COMMON, "The SecretId is not known; check it.")
        if isinstance(found.claim, cos.Claim) and not self._old_signatures:
            raise Refused(Word.INVALID_COMMON, "SDKs before wx-server-sdk 2 may not call here.")
        found.require(request, key.secret, now // SECOND, self._names(request))
        session = found.form.get(_SESSION, b"")
        if key.token and not hmac.compare_digest(session, key.token.encode()):
            raise Refused(Word.INVALID_COMMON, "The session token is not the SecretId's.")
        if key.is_held:
            raise Refused(Word.INVALID_COMMON, "The SecretId is held until a person releases it.")
        if key.networks and not is_within(request.peer, key.networks):
            raise Refused(Word.INVALID_SOURCE, "The SecretId may not be used from this address.")
        self._uses.note(key.id, now)
        return key

    async def _token(self, found: Call) -> CloudToken:
        """What the function may. Raises _Failed."""
        now, hashed = self._clock(), self._sealer.secret(found.token.encode())
        token = self._store.directory.cloud_tokens.get(hashed)
        if token is None or token.ends_at <= now:
            token = (await self._store.refresh()).cloud_tokens.get(hashed)
        if token is None or token.ends_at <= now:
            raise _Failed(Failure.ILLEGAL_SOURCE)
        return token

    def _caller(self, found: Call, key: SecretKey, token: CloudToken) -> Caller:
        """For whom the function calls. Raises Refused and _Failed."""
        if token.app.account.id != key.account:
            raise _Failed(Failure.ILLEGAL_SOURCE)
        directory = self._store.directory
        # Old SDKs name no environment where the function was told of none.
        if found.environment:
            environment = directory.environments.get(found.environment)
            if environment is None or environment.app != token.app.id:
                sentence = f"There is no environment {found.environment} where this function runs."
                raise Refused(Word.INVALID_ENV, sentence)
        app = token.app
        if found.appid:
            app = self._named(found.appid)
        if app.id == token.app.id:
            return Caller(app)
        authorisation = directory.authorisations.get((token.app.id, app.id))
        if authorisation is None:
            raise _Failed(Failure.ILLEGAL_SOURCE)
        return Caller(app, token.app, authorisation.rights)

    def _once(self, caller: Caller, found: Call, request: Request) -> Caller:
        """Whoever has seen a call may say it again, and sends nothing by it. Old signatures leave out what
        is asked for: two calls of one second share one.
        """
        claim = found.claim
        if isinstance(claim, cos.Claim):
            return caller
        mark = self._sealer.mark
        key = mark(_SIGNATURE, f"{claim.secret_id} {claim.signature}".encode())
        asked = mark(_ASKED, request.query + b" " + request.body)
        return msgspec.structs.replace(caller, repetition=Idempotency(key, asked, _REPEATED))

    def _named(self, appid: str) -> App:
        found = self._store.directory.named.get((WECHAT, appid))
        if found is None:
            raise _Failed(Failure.ILLEGAL_SOURCE)
        return found

    def _api(self, found: Call, token: CloudToken) -> Api:
        path = names.PATHS.get(found.api, "")
        if path not in self._apis:
            raise _Failed(Failure.NO_API)
        if not permission.permits(token.permissions, found.api):
            raise _Failed(Failure.NOT_PERMITTED)
        return self._apis[path]

    def _names(self, request: Request) -> tuple[str, ...]:
        """Hosts that may have been signed where a proxy has changed the header."""
        return tuple(filter(None, (request.forwarded_host, self._public)))

    # What is refused

    def _refuse(self, request: Request, error: Exception) -> Response:
        """Whatever was raised, such that user code sees an errCode; a bug too."""
        match error:
            case Refused():
                return answer.refused(error, self._request_id())
            case _Failed():
                return answer.failed(error.failure)
            case Fault() | HongyanError():
                fault = fault_of(error, request.route, request.peer)
                return answer.answered(fault.body(rid(self._clock(), self._chance(RID_BYTES))))
            case _:
                _log.error("cloudcall.failed", route=request.route, exc_info=error)
                return answer.failed(Failure.SYSTEM)

    def _unread(self, code: str) -> Response:
        """A request that was not even read: too large, too slow."""
        sentence = f"The request could not be read: {code}."
        return answer.refused(Refused(Word.INVALID_PARAM, sentence), self._request_id())

    def _request_id(self) -> str:
        return random_uuid(self._chance(_ID_BYTES))


class _Failed(Exception):
    """The cloud call itself cannot be made."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


def _opened(caller: Caller) -> Caller:
    """The caller, if both the mini program and who calls for it may call. Raises Fault."""
    for app in (caller.app, caller.third_party):
        if app is not None:
            opened(app)
    if caller.app.wechat is None:
        raise Fault(40013)
    return caller
