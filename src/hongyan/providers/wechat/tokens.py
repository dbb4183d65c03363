"""Tokens: the access_token that every call to WeChat brings.

It is the stable one (`/cgi-bin/stable_token`), so processes need not share it: whoever asks is told the
same, and asking makes no other token void. One question is under way at a time, whoever waits for it.
"""

import asyncio
from typing import Final

import msgspec

from hongyan.core.outcome import Deferred, Unconfirmed
from hongyan.core.time import MINUTE, SECOND, Millis
from hongyan.providers.calling import Caller, said
from hongyan.providers.wechat.refusals import stops_token
from hongyan.service.ports import Clock
from hongyan.wire.wechat import answers, body
from hongyan.wire.wechat.answers import AccessToken
from hongyan.wire.wechat.login import StableToken

_PATH: Final = "/cgi-bin/stable_token"
_EARLY: Final[Millis] = 5 * MINUTE
"""Before its end a new one is given out, and the old one stays good so long."""
_JSON: Final = {"content-type": "application/json"}


class Tokens:
    """Fetches and keeps it. Its repr tells nothing."""

    def __init__(self, caller: Caller, app_id: str, app_secret: str, clock: Clock) -> None:
        self._caller = caller
        self._asks = StableToken(grant_type="client_credential", appid=app_id, secret=app_secret)
        self._secret = app_secret
        self._clock = clock
        self._kept = AccessToken()
        self._renew_at: Millis = 0
        self._fetching: asyncio.Task[AccessToken | Deferred] | None = None

    async def token(self) -> str | Deferred:
        """One that is good for some minutes; Deferred where there is none to be had."""
        if self._clock() < self._renew_at:
            return self._kept.access_token
        return await self._fetched(refused="")

    async def instead(self, refused: str) -> str | Deferred:
        """Another than this one, which was refused: perhaps somebody has forced a new one already."""
        if self._kept.access_token not in ("", refused):
            return self._kept.access_token
        self._renew_at = 0
        found = await self._fetched(refused)
        # It may have been asked for before anybody knew.
        return await self._fetched(refused) if found == refused else found

    async def _fetched(self, refused: str) -> str | Deferred:
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch(refused), name="wechat token")
            self._fetching.add_done_callback(self._is_fetched)
        # Whoever gives up waiting does not take it from the others.
        found = await asyncio.shield(self._fetching)
        return found if isinstance(found, Deferred) else found.access_token

    def _is_fetched(self, _: object) -> None:
        self._fetching = None

    async def _fetch(self, refused: str) -> AccessToken | Deferred:
        found = await self._ask(force=False)
        if isinstance(found, AccessToken) and found.access_token == refused:
            found = await self._ask(force=True)
        if isinstance(found, Deferred):
            return found
        lifetime = found.expires_in * SECOND
        self._kept = found
        self._renew_at = self._clock() + max(lifetime - _EARLY, lifetime // 2)
        return found

    async def _ask(self, *, force: bool) -> AccessToken | Deferred:
        """Nothing is sent by asking, so whatever goes wrong is a deferral."""
        request = msgspec.structs.replace(self._asks, force_refresh=force)
        answered = await self._caller.post(_PATH, body.written(request), _JSON)
        if isinstance(answered, Deferred):
            return answered
        if isinstance(answered, Unconfirmed):
            return Deferred(f"No token: {answered.reason}")
        try:
            found = answers.read(answered.body, AccessToken)
        except answers.Unreadable as error:
            return Deferred(f"No token: {error}")
        except answers.Refused as error:
            words = said(error.errcode, error.errmsg, self._secret)
            return Deferred(words, stops=stops_token(error.errcode))
        return found if found.access_token else Deferred("No token: none was given.")

    async def close(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)
