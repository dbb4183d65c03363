"""Bearers: tokens are given out, and who comes with one is looked at.

What a token is good for is `wire.wechat.tokens`' to say; here its Grant is changed at a desk, in a
thread, and read from the directory like everything that a call needs.
"""

import asyncio
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Final, TypeVar

import msgspec

from hongyan.core.errors import StoreUnavailable
from hongyan.core.time import Millis, day_of
from hongyan.service.directory import App
from hongyan.service.ports import Administration, DeskUnusable, Sealer
from hongyan.service.serving import Serving
from hongyan.wire.wechat.fault import Fault
from hongyan.wire.wechat.tokens import Grant, Kind, Token, Tokens, renewed, require, stable

KEY: Final = b"wechat tokens"

MOST_A_DAY: Final = 2_000
"""New tokens of an app, of each kind and in each process, as WeChat has it of /cgi-bin/token."""

_MOST_READ: Final = 1_000

_Done = TypeVar("_Done")


class Issued(msgspec.Struct, frozen=True):
    """A token that was given out."""

    written: str
    expires_in: int
    """Seconds."""

    def __repr__(self) -> str:
        return "Issued(…)"


class Bearers:
    """Gives tokens out and knows them again."""

    def __init__(self, serving: Serving, most_a_day: int = MOST_A_DAY) -> None:
        self._store = serving.store
        self._desk = serving.desk
        self._clock = serving.clock
        self._tokens = Tokens(serving.sealer.key(KEY))
        self._read: dict[str, Token] = {}
        self._most_a_day = most_a_day
        self._day = 0
        self._renewed: dict[tuple[Kind, int, int], int] = {}
        """How many were given out today."""

    async def renew(self, kind: Kind, owner: int, third_party: int = 0) -> Issued:
        """A new token. The one before it is good for 5 minutes more. Raises Fault."""
        now = self._clock()
        self.count((kind, owner, third_party), now)

        def change(grant: Grant) -> Grant:
            return renewed(grant, now)

        grant = await self._granted(kind, owner, third_party, change)
        return self._issued(grant.newest(kind, owner, third_party), grant.expires_in(now))

    def count(self, whose: tuple[Kind, int, int], now: Millis) -> None:
        """Raise Fault for one too many of a day, of tokens or of other changes: each makes every process
        read the directory again.
        """
        if self._day != day_of(now):
            self._day = day_of(now)
            self._renewed.clear()
        count = self._renewed.get(whose, 0)
        if count >= self._most_a_day:
            raise Fault(45009)
        self._renewed[whose] = count + 1

    async def stable(self, kind: Kind, owner: int, *, force: bool = False) -> Issued:
        """The same token as long as it can be, and then nothing is written. Raises Fault."""
        now = self._clock()

        def change(grant: Grant) -> Grant:
            return stable(grant, now, force=force)

        grant = self._grant(kind, owner, 0)
        if force or change(grant) is not grant:
            grant = await self._granted(kind, owner, 0, change)
        return self._issued(grant.newest(kind, owner), grant.expires_in(now))

    async def bearer(self, written: str, kinds: AbstractSet[Kind]) -> Token:
        """What a token says that is good now and of one of these kinds. Raises Fault."""
        token = self._read.get(written) or self._new(written)
        if token.kind not in kinds:
            raise Fault(40001)
        known = self._grant(token.kind, token.owner, token.third_party)
        if token.number > known.number:
            # Another process has given it out a moment ago.
            await self._store.refresh()
            known = self._grant(token.kind, token.owner, token.third_party)
        require(known, token, self._clock())
        return token

    def _new(self, written: str) -> Token:
        """One that has not been seen of late: its signature is looked at. Raises Fault."""
        token = self._tokens.read(written)
        if len(self._read) >= _MOST_READ:
            self._read.clear()
        self._read[written] = token
        return token

    async def at_desk(self, work: Callable[[Administration], _Done]) -> _Done:
        """Change the directory. It is done in a thread, wholly or not at all, and seen at once here.
        Raises StoreUnavailable.
        """
        try:
            done = await asyncio.to_thread(self._worked, work)
        except DeskUnusable as error:
            raise StoreUnavailable from error
        await self._store.refresh()
        return done

    def _worked(self, work: Callable[[Administration], _Done]) -> _Done:
        administration = self._desk()
        try:
            with administration.together():
                return work(administration)
        finally:
            administration.close()

    async def _granted(
        self, kind: Kind, owner: int, third_party: int, change: Callable[[Grant], Grant]
    ) -> Grant:
        return await self.at_desk(lambda desk: desk.grant(kind.value, owner, third_party, change))

    def _grant(self, kind: Kind, owner: int, third_party: int) -> Grant:
        return self._store.directory.grants.get((kind.value, owner, third_party), _NONE)

    def _issued(self, token: Token, expires_in: int) -> Issued:
        return Issued(self._tokens.written(token), expires_in)


_NONE: Final = Grant()


def pushed(administration: Administration, sealer: Sealer, app: App, now: Millis) -> str:
    """A new cloudbase_access_token: nobody fetches one, it is put into the app's containers.

    One from before these were last opened is not good beside it.
    """
    known = administration.directory().environments.values()
    opened_at = max((one.opened_at for one in known if one.app == app.id), default=0)

    def change(grant: Grant) -> Grant:
        made = renewed(grant, now)
        if grant.issued_at < opened_at:
            return msgspec.structs.replace(made, previous_until=0)
        return made

    grant = administration.grant(Kind.CLOUDBASE.value, app.id, 0, change)
    return Tokens(sealer.key(KEY)).written(grant.newest(Kind.CLOUDBASE, app.id))
