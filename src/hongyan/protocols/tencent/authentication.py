"""Authentication: who makes a call, by its signature, and from where it may be made."""

import msgspec

from hongyan.core.address import is_within
from hongyan.core.time import SECOND
from hongyan.service.directory import Account, SecretKey
from hongyan.service.serving import Serving
from hongyan.service.uses import KeyUses
from hongyan.wire.http import Request
from hongyan.wire.tc3 import require_token
from hongyan.wire.tencent.call import Call
from hongyan.wire.tencent.fault import AuthFailure, Fault


class Caller(msgspec.Struct, frozen=True):
    """Who has proven to make a call."""

    account: Account
    key: SecretKey
    address: str


class Authentication:
    """Lets callers in."""

    def __init__(self, serving: Serving, public_names: tuple[str, ...]) -> None:
        self._store = serving.store
        self._clock = serving.clock
        self._public_names = public_names
        self._uses = KeyUses(serving, "tencent")

    async def caller(self, call: Call, request: Request) -> Caller:
        """Raises Fault, AuthFailure among them."""
        now = self._clock()
        key = self._store.directory.secret_keys.get(call.claim.secret_id)
        if key is None or key.ends_at <= now:
            # It may have been made a moment ago by the command line.
            directory = await self._store.refresh()
            key = directory.secret_keys.get(call.claim.secret_id)
        if key is None or key.ends_at <= now:
            raise AuthFailure("SecretIdNotFound")
        call.claim.require(request, key.secret, now // SECOND, self._names(request))
        require_token(call.claim.token, key.token)
        if key.is_held:
            # As of a key that asks for a person: one must release it first.
            raise AuthFailure("MFAFailure")
        if key.networks and not is_within(request.peer, key.networks):
            raise AuthFailure("UnauthorizedOperation")
        account = self._store.directory.accounts.get(key.account)
        if account is None or not account.open:
            raise Fault("UnauthorizedOperation.ServiceSuspendDueToArrears")
        self._uses.note(key.id, now)
        return Caller(account, key, request.peer)

    def _names(self, request: Request) -> tuple[str, ...]:
        if not request.forwarded_host:
            return self._public_names
        return (request.forwarded_host, *self._public_names)
