"""Who calls: the key of a request, and whether it may be used like this and from here."""

from typing import Final

from hongyan.core.errors import KeyNotAllowed, UnknownKey
from hongyan.service.directory import Key, KeyKind
from hongyan.service.ports import Sealer, Store
from hongyan.service.verify import Client
from hongyan.wire.http import Request

NO_ORIGIN: Final = "none"
"""Among a key's origins: callers that send no Origin, which mini programs and apps do not."""

_BEARER: Final = b"Bearer "


class Authentication:
    """Finds the key of a request by its keyed hash."""

    def __init__(self, store: Store, sealer: Sealer) -> None:
        self._store = store
        self._sealer = sealer

    async def key(self, request: Request) -> Key:
        """Any key of an app that is open.

        Raises UnknownKey, KeyNotAllowed for a foreign origin, AddressNotAllowed, AppDisabled and
        AccountClosed.
        """
        authorization = request.headers.get(b"authorization", b"")
        if not authorization.startswith(_BEARER):
            raise UnknownKey
        name = self._sealer.secret(authorization[len(_BEARER) :])
        key = self._store.directory.keys.get(name)
        if key is None:
            # It may have been made a moment ago by the command line.
            key = (await self._store.refresh()).keys.get(name)
        if key is None or key.kind is KeyKind.APP_SECRET:
            raise UnknownKey
        if key.kind is KeyKind.PUBLISHABLE:
            _require_origin(key, request)
        else:
            key.app.require_from(request.peer)
        key.app.require_open()
        return key

    async def secret_key(self, request: Request) -> Key:
        """A secret key. Raises UnknownKey and KeyNotAllowed."""
        key = await self.key(request)
        if key.kind is not KeyKind.SECRET:
            sentence = "A publishable key may only start, resend and check verifications."
            raise KeyNotAllowed(sentence)
        return key


def believed(key: Key, request: Request, told: Client | None) -> Client:
    """The client as the policy's head believes it.

    With a secret key the peer is the app's server: the client is who it says. With a publishable
    key the peer is the client: its address counts, an openid does not, a device opens no share,
    and it verifies for the purposes of its key only.
    """
    if key.kind is KeyKind.SECRET:
        return told or Client()
    device = told.device if told else ""
    return Client(ip=request.peer, device=device, by_address=True, purposes=key.purposes)


def _require_origin(key: Key, request: Request) -> None:
    origin = request.header(b"origin") or NO_ORIGIN
    if origin not in key.origins:
        raise KeyNotAllowed("This publishable key is not for that origin.")
