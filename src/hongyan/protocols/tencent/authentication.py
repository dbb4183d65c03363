"""Authentication: who makes a call, by its signature, and from where it may be made."""

import asyncio
from contextlib import suppress
from typing import Final

import msgspec
import structlog

from hongyan.core.address import is_within
from hongyan.core.errors import NotAccepted
from hongyan.core.time import MINUTE, SECOND, Millis
from hongyan.service.directory import Account, SecretKey
from hongyan.service.serving import Serving
from hongyan.wire.http import Request
from hongyan.wire.tc3 import require_token
from hongyan.wire.tencent.call import Call
from hongyan.wire.tencent.fault import AuthFailure, Fault

_NOTED_EVERY: Final[Millis] = MINUTE
_log: Final = structlog.get_logger()


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
        self._uses = _Uses(serving)

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


class _Uses:
    """When keys were used last, written down once a minute at most."""

    def __init__(self, serving: Serving) -> None:
        self._desk = serving.desk
        self._since: dict[str, Millis] = {}
        self._written_at: Millis = 0
        self._writing: asyncio.Task[None] | None = None

    def note(self, name: str, now: Millis) -> None:
        self._since[name] = now
        if now - self._written_at >= _NOTED_EVERY and self._writing is None:
            self._written_at = now
            self._writing = asyncio.create_task(self._write(), name="uses of keys")

    async def _write(self) -> None:
        uses, self._since = self._since, {}
        try:
            await asyncio.to_thread(self._write_down, uses)
        except Exception as error:  # noqa: BLE001 - nobody's call may fail for it
            _log.warning("tencent.uses_not_noted", reason=type(error).__name__)
        finally:
            self._writing = None

    def _write_down(self, uses: dict[str, Millis]) -> None:
        desk = self._desk()
        try:
            with suppress(NotAccepted):
                desk.used_secret_keys(uses)
        finally:
            desk.close()
