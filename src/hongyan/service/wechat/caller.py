"""Callers: which mini program a call is made for, and who makes it."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address

import msgspec

from hongyan.core.command import Idempotency
from hongyan.core.errors import Denied
from hongyan.service.administer import WECHAT
from hongyan.service.directory import App, Authorisation, Directory, Network
from hongyan.service.ports import Store
from hongyan.service.wechat.bearer import Bearers
from hongyan.wire.wechat.answers import SENDING_RIGHTS
from hongyan.wire.wechat.fault import Fault
from hongyan.wire.wechat.login import Credential
from hongyan.wire.wechat.tokens import AS_ACCESS_TOKEN, Kind


class Caller(msgspec.Struct, frozen=True):
    """For which mini program a call is made."""

    app: App
    third_party: App | None = None
    """Who makes it, where that is not the mini program's own server."""
    rights: frozenset[int] = frozenset()
    """What the third party was granted."""
    repetition: Idempotency | None = None
    """What this call and its repetition share, where a call is signed."""

    def require_sending(self) -> None:
        """Raise Fault for a third party that was not granted 短信服务 or 云开发."""
        if self.third_party is not None and not self.rights & SENDING_RIGHTS:
            raise Fault(61007)


class Callers:
    """Knows who calls by what stands in the query, or by the address."""

    def __init__(self, store: Store, bearers: Bearers) -> None:
        self._store = store
        self._bearers = bearers
        self._seen: Directory | None = None
        self._by_id: Mapping[int, App] = {}
        self._trusting: Sequence[tuple[str, App, Sequence[Network]]] = ()

    async def of(self, credential: Credential, peer: str) -> Caller:
        """Raises Fault."""
        if credential.access_token:
            return await self._of_token(credential.access_token)
        if credential.cloudbase_access_token:
            written = credential.cloudbase_access_token
            token = await self._bearers.bearer(written, frozenset({Kind.CLOUDBASE}))
            return self._of_app(token.owner)
        return self._trusted(credential.from_appid, peer)

    async def component(self, credential: Credential) -> App:
        """The third party whose component_access_token this is. Raises Fault."""
        written = credential.component_access_token or credential.access_token
        token = await self._bearers.bearer(written, frozenset({Kind.COMPONENT}))
        return opened(self._app(token.owner))

    def authorisation(self, third_party: App, app: App) -> Authorisation:
        """Raises Fault where there is none."""
        found = self._store.directory.authorisations.get((third_party.id, app.id))
        if found is None:
            raise Fault(61003)
        return found

    async def _of_token(self, written: str) -> Caller:
        token = await self._bearers.bearer(written, AS_ACCESS_TOKEN)
        caller = self._of_app(token.owner)
        if not token.third_party:
            return caller
        third_party = opened(self._app(token.third_party))
        rights = self.authorisation(third_party, caller.app).rights
        return Caller(caller.app, third_party, rights)

    def _of_app(self, app: int) -> Caller:
        found = opened(self._app(app))
        if found.wechat is None:
            raise Fault(40001)
        return Caller(found)

    def _trusted(self, appid: str, peer: str) -> Caller:
        """A server in a network that a mini program trusts, which brings no token."""
        trusting = self._trusting_of(peer)
        if appid:
            named = trusting.get(appid)
            if named is None:
                raise Fault(85105 if trusting else 41001)
            return Caller(opened(named))
        if len(trusting) != 1:
            raise Fault(85105 if trusting else 41001)
        (only,) = trusting.values()
        return Caller(opened(only))

    def _trusting_of(self, peer: str) -> dict[str, App]:
        """The mini programs that trust this address, by appid."""
        try:
            address = ip_address(peer)
        except ValueError:
            return {}
        address = getattr(address, "ipv4_mapped", None) or address
        self._look()
        return {
            appid: app
            for appid, app, networks in self._trusting
            if any(address in network for network in networks)
        }

    def _app(self, app: int) -> App:
        self._look()
        found = self._by_id.get(app)
        if found is None:
            raise Fault(40001)
        return found

    def _look(self) -> None:
        """Sort the directory once for as long as it is the same."""
        directory = self._store.directory
        if self._seen is directory:
            return
        self._seen = directory
        self._by_id = {one.id: one for one in directory.apps.values()}
        self._trusting = [
            (appid, one, one.wechat.trusted_networks)
            for (protocol, appid), one in directory.named.items()
            if protocol == WECHAT and one.wechat is not None and one.wechat.trusted_networks
        ]


def opened(app: App) -> App:
    """The app, if it may call. Raises Fault."""
    try:
        app.require_open()
    except Denied as error:
        raise Fault(48001) from error
    return app
