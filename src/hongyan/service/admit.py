"""Admit: an app comes in by its name in a protocol, a secret and an address.

Whoever guesses secrets waits longer and longer at the door (see `core.door`). While it is shut even
the right secret is refused there, so nobody may be told anything beyond it before the store has
said that it is open: a Send asks on its way, every other way has `require_open_door`.
"""

from typing import Final

import msgspec

from hongyan.core.address import network
from hongyan.core.command import Knock
from hongyan.core.errors import HongyanError, UnknownApp, WrongSecret
from hongyan.core.mark import Mark
from hongyan.service.directory import App, KeyKind
from hongyan.service.ports import Sealer, Store

_DOOR: Final = b"door"
_MOST_DOORS: Final = 10_000


class Entry(msgspec.Struct, frozen=True):
    """An app that gave the right secret, at a door that may yet be shut."""

    app: App
    door: Mark


class Admission:
    """Lets apps in."""

    def __init__(self, store: Store, sealer: Sealer) -> None:
        self._store = store
        self._sealer = sealer
        self._doors: dict[tuple[int, str], Mark] = {}

    async def enter(self, protocol: str, name: str, secret: str, address: str) -> Entry:
        """Raises UnknownApp, WrongSecret and NotAccepted."""
        hashed = self._sealer.secret(secret.encode())
        app, right = self._known(protocol, name, hashed)
        if not right:
            # It may have been made a moment ago by the command line.
            await self._store.refresh()
            app, right = self._known(protocol, name, hashed)
        if app is None:
            raise UnknownApp
        door = self._door(app.id, address)
        if not right:
            await self._knock(door, right=False)
            raise WrongSecret
        return Entry(app, door)

    def _door(self, app: int, address: str) -> Mark:
        """An app's servers call again and again from the same address."""
        known = self._doors.get((app, address))
        if known is None:
            where = network(address) if address else ""
            known = self._sealer.mark(_DOOR, f"{app} {where}".encode())
            if len(self._doors) >= _MOST_DOORS:
                self._doors.clear()
            self._doors[app, address] = known
        return known

    async def require_open_door(self, entry: Entry) -> None:
        """Raises WrongSecret while the door is shut, and NotAccepted."""
        await self._knock(entry.door, right=True)

    def _known(self, protocol: str, name: str, hashed: bytes) -> tuple[App | None, bool]:
        directory = self._store.directory
        app = directory.named.get((protocol, name))
        key = directory.keys.get(hashed)
        right = key is not None and key.kind is KeyKind.APP_SECRET and key.app is app
        return app, right

    async def _knock(self, door: Mark, *, right: bool) -> None:
        answer = await self._store.accept(Knock(door, right=right))
        if isinstance(answer, HongyanError):
            raise answer
