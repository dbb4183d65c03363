"""Authorising: how a third party 第三方平台 gets tokens for the mini programs that let it."""

import hmac
from typing import Final

import msgspec

from hongyan.service.administer import COMPONENT, WECHAT
from hongyan.service.directory import App, Authorisation, Directory
from hongyan.service.ports import Administration
from hongyan.service.serving import Serving
from hongyan.service.wechat.bearer import Bearers, Issued
from hongyan.service.wechat.caller import Callers
from hongyan.wire.wechat.answers import (
    Authorization,
    AuthorizationInfo,
    AuthorizerToken,
    Category,
    FunctionInfo,
)
from hongyan.wire.wechat.fault import Fault
from hongyan.wire.wechat.login import ApiAuthorizerToken, ApiQueryAuth
from hongyan.wire.wechat.tokens import REFRESH, Kind, secret

_SECRET_BYTES: Final = 32


class Authorising:
    """What a third party is told that came with its component_access_token."""

    def __init__(self, serving: Serving, bearers: Bearers, callers: Callers) -> None:
        self._store = serving.store
        self._sealer = serving.sealer
        self._clock = serving.clock
        self._chance = serving.chance
        self._bearers = bearers
        self._callers = callers

    def require_ticket(self, component: App, ticket: str) -> None:
        """Raise Fault unless this is the component_verify_ticket that is good now."""
        known = self._store.directory.tickets.get(component.id)
        if known is None or known.ends_at <= self._clock():
            raise Fault(61006)
        if not _is(known.hash, self._sealer.secret(ticket.encode())):
            raise Fault(61006)

    async def by_code(self, component: App, request: ApiQueryAuth) -> Authorization:
        """/cgi-bin/component/api_query_auth: a code is good once. Raises Fault."""
        self._require_itself(component, request.component_appid)
        hashed = self._sealer.secret(request.authorization_code.encode())
        refresh = secret(REFRESH, self._chance(_SECRET_BYTES))
        # A guess must not lock the store and read all of its directory.
        known_here = _of_code(self._store.directory, component, hashed)
        if (known_here or _of_code(await self._store.refresh(), component, hashed)) is None:
            raise Fault(61010)

        def exchange(administration: Administration) -> Authorisation:
            one = _of_code(administration.directory(), component, hashed)
            if one is None:
                raise Fault(61010)
            changed = msgspec.structs.replace(
                one, code_hash=b"", refresh_hash=self._sealer.secret(refresh.encode())
            )
            administration.put_authorisation(changed)
            return changed

        known = await self._bearers.at_desk(exchange)
        issued = await self._issued(known)
        info = AuthorizationInfo(
            authorizer_appid=self._appid(known.app),
            authorizer_access_token=issued.written,
            expires_in=issued.expires_in,
            authorizer_refresh_token=refresh,
            func_info=tuple(FunctionInfo(Category(right)) for right in sorted(known.rights)),
        )
        return Authorization(info)

    async def by_refresh(self, component: App, request: ApiAuthorizerToken) -> AuthorizerToken:
        """/cgi-bin/component/api_authorizer_token. Raises Fault."""
        self._require_itself(component, request.component_appid)
        app = self._store.directory.named.get((WECHAT, request.authorizer_appid))
        if app is None:
            raise Fault(40013)
        known = self._callers.authorisation(component, app)
        given = request.authorizer_refresh_token
        if not _is(known.refresh_hash, self._sealer.secret(given.encode())):
            raise Fault(61023)
        issued = await self._issued(known)
        return AuthorizerToken(issued.written, issued.expires_in, given)

    def _require_itself(self, component: App, appid: str) -> None:
        named = self._store.directory.named.get((COMPONENT, appid))
        if named is None or named.id != component.id:
            raise Fault(40013)

    async def _issued(self, known: Authorisation) -> Issued:
        return await self._bearers.renew(Kind.AUTHORIZER, known.app, known.component)

    def _appid(self, app: int) -> str:
        named = self._store.directory.named.items()
        found = (name for (protocol, name), one in named if protocol == WECHAT and one.id == app)
        return next(found, "")


def _of_code(directory: Directory, component: App, hashed: bytes) -> Authorisation | None:
    """What a third party's code is good for."""
    mine = [one for one in directory.authorisations.values() if one.component == component.id]
    return next((one for one in mine if _is(one.code_hash, hashed)), None)


def _is(known: bytes, hashed: bytes) -> bool:
    """An empty one is nobody's."""
    return bool(known) and hmac.compare_digest(known, hashed)
