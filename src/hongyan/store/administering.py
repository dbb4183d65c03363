"""What an operator changes, in any store: its statements by name, in transactions of its kind."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, TypeAlias

import msgspec

from hongyan.core.identifier import MessageId
from hongyan.core.ledger import Entry
from hongyan.core.message import Kind, Status
from hongyan.core.time import Millis
from hongyan.service.directory import App, Directory, Review
from hongyan.service.ports import Clock, Debt, NewKey
from hongyan.store.directory import CALLBACK_SECRET, SIGNING_KEY
from hongyan.store.rows import row_key
from hongyan.store.seal import Seal

Value: TypeAlias = str | int | bytes | float | None
"""What a column holds."""

_DEV_SECRETS: Final = b"meta.dev_secrets"


class Administering(ABC):
    """See `service.ports.Administration`. Each method is one transaction."""

    def __init__(self, seal: Seal, clock: Clock) -> None:
        self._seal = seal
        self._clock = clock

    @abstractmethod
    def directory(self) -> Directory: ...

    @abstractmethod
    def together(self) -> AbstractContextManager[None]:
        """Everything within happens, or nothing of it. Raises StoreUnusable."""

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def _rows(self, name: str, *values: Value) -> Sequence[Any]:
        """What a query finds."""

    @abstractmethod
    def _run(self, name: str, *values: Value) -> int:
        """How many rows a statement changed."""

    def create_account(self, name: str, kind: str) -> int:
        with self._change():
            return self._returning("insert_account", name, kind, self._clock())

    def add_package(self, account: int, units: int, note: str) -> int:
        """Buy segments for an account; its balance afterwards."""
        now = self._clock()
        with self._change():
            self._run("insert_package", account, units, note, now)
            self._run("insert_ledger", account, Entry.BOUGHT, units, now)
            self._run("credit", units, account)
            return self.balance(account)

    def balance(self, account: int) -> int:
        return self._returning("balance", account)

    def open_account(self, account: int, *, is_open: bool) -> None:
        """Let its apps call, or none of them."""
        with self._change():
            self._run("open_account", is_open, account)

    def create_app(self, account: int, name: str, title: str) -> int:
        with self._change():
            return self._returning("insert_app", account, name, title, self._clock())

    def name_app(self, app: int, protocol: str, name: str) -> None:
        """Give the app the name that it goes by in a served protocol."""
        with self._change():
            self._run("insert_app_name", protocol, name, app)

    def change_app(self, app: App) -> None:
        """Write back all that can be changed of an app."""
        callback, key = app.callback, row_key(app.id)
        with self._change():
            self._run(
                "change_app",
                app.enabled,
                app.template,
                _json(sorted(app.countries)),
                _json(app.windows),
                app.signature,
                app.free_text,
                app.refuses_meaningless,
                _json([str(network) for network in app.networks]),
                _json(app.client_windows),
                callback.url if callback else "",
                self._seal.close(CALLBACK_SECRET, key, callback.secret) if callback else None,
                app.id,
            )

    def add_key(self, app: int, key: NewKey) -> None:
        purposes, origins = _json(sorted(key.purposes)), _json(sorted(key.origins))
        with self._change():
            self._run(
                "insert_key",
                self._seal.secret(key.secret.encode()),
                app,
                key.kind,
                key.hint,
                purposes,
                origins,
                self._clock(),
            )

    def end_key(self, app: int, hint: str, at: Millis) -> bool:
        """Let a key end at a moment (for an overlap, or now); whether there was one."""
        with self._change():
            return bool(self._run("end_key", at, app, hint, self._clock()))

    def add_signature(self, account: int, name: str) -> None:
        with self._change():
            self._run("insert_signature", account, name, self._clock())

    def add_template(self, account: int, name: str, kind: Kind, signature: str, body: str) -> int:
        """Submit a template; its id."""
        with self._change():
            return self._returning(
                "insert_template", account, name, kind, signature, body, self._clock()
            )

    def review_template(self, template: int, review: Review, reason: str) -> None:
        with self._change():
            self._run("review_template", review, reason, template)

    def debts(self, most: int) -> list[Debt]:
        """The status reports that were given up, the newest first."""
        return [
            Debt(MessageId(message), app, Status(status), attempts, failure)
            for message, app, status, attempts, failure in self._rows("given_up", most)
        ]

    def owe_again(self, messages: Collection[MessageId]) -> int:
        """Have given up reports tried again, from the beginning; how many there were."""
        now = self._clock()
        with self.together():
            return sum(self._run("owe_again", now, message) for message in messages)

    def put_route(self, kind: Kind, providers: Sequence[str]) -> None:
        with self._change():
            self._run("put_route", kind, _json(list(providers)))

    def add_signing_key(self, name: str, private: bytes) -> None:
        sealed = self._seal.close(SIGNING_KEY, name.encode(), private)
        with self._change():
            self._run("insert_signing_key", name, sealed, self._clock())

    def forget_signing_keys(self, before: Millis) -> None:
        """Drop the keys that another had replaced before a moment."""
        with self._change():
            self._run("forget_signing_keys", before)

    def dev_secrets(self) -> bytes | None:
        """The secrets that `hongyan dev` writes to dev.json again at each start."""
        found = self._rows("dev_secrets")
        return self._seal.open(_DEV_SECRETS, b"", found[0][0]) if found else None

    def put_dev_secrets(self, secrets: bytes) -> None:
        with self._change():
            self._run("put_dev_secrets", self._seal.close(_DEV_SECRETS, b"", secrets))

    @contextmanager
    def _change(self) -> Iterator[None]:
        with self.together():
            yield
            self._run("raise_version")

    def _returning(self, name: str, *values: Value) -> int:
        found = self._rows(name, *values)
        return found[0][0] if found else 0


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
