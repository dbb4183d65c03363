"""Register: the whole loop of a mini program's registration, for one app, without a key.

One phone, one member; registering again signs in. The caller is a stranger known by its address.
"""

from typing import Final

from hongyan.core.command import Approved, Idempotency, Started
from hongyan.core.errors import NotFound
from hongyan.core.identifier import MemberId
from hongyan.service.directory import App
from hongyan.service.ports import Store
from hongyan.service.verify import Client, Verification

PURPOSE: Final = "register"


class Registration:
    """Starts with a number, ends with a member."""

    def __init__(self, store: Store, verification: Verification, app: str) -> None:
        """`app`: the name of the app whose members these are."""
        self._store = store
        self._verification = verification
        self._app = app

    @property
    def app(self) -> App:
        """Raises NotFound when the configuration names no such app, AppDisabled and AccountClosed."""
        app = self._store.directory.apps.get(self._app)
        if app is None:
            raise NotFound(f"There is no app {self._app!r}.")
        app.require_open()
        return app

    async def start(self, number: str, ip: str, idempotency: Idempotency | None = None) -> Started:
        """Send the code. Raises what `Verification.start` raises."""
        return await self._verification.start(
            self.app, number, PURPOSE, Client(ip=ip, by_address=True), idempotency=idempotency
        )

    async def verify(
        self, number: str, code: str, ip: str, idempotency: Idempotency | None = None
    ) -> Approved:
        """Check the code of the number's newest verification, and register the number.

        Raises what `Verification.check` raises, and InvalidNumber.
        """
        app = self.app
        newest = await self._verification.current(app, number, PURPOSE)
        return await self._verification.check_id(
            app,
            newest,
            code,
            Client(ip=ip, by_address=True),
            member=MemberId(self._store.next_id()),
            idempotency=idempotency,
        )
