"""The directory on SQLite: read as one snapshot, changed by the operator's commands.

A command opens the file beside the serving process, which notices the change by `data_version`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import apsw
import msgspec

from hongyan.core import template
from hongyan.core.ledger import Entry
from hongyan.core.limit import Window
from hongyan.core.message import Kind
from hongyan.core.time import Millis
from hongyan.service.directory import (
    NEVER,
    Account,
    App,
    Directory,
    Key,
    KeyKind,
    Signature,
    SigningKey,
    Template,
)
from hongyan.service.ports import Clock, NewKey
from hongyan.store.queries import SQL
from hongyan.store.seal import Seal
from hongyan.store.sqlite.schema import StoreUnusable
from hongyan.store.sqlite.writer import Row, Value

_SIGNING_KEY: Final = b"signing_key.private"
_DEV_SECRETS: Final = b"meta.dev_secrets"


def version_of(connection: apsw.Connection) -> int:
    """Raised with every change of the directory."""
    row = connection.execute(SQL["version"]).fetchone()
    return row[0] if row else 0


def read(connection: apsw.Connection, seal: Seal, now: Millis) -> Directory:
    """The whole directory, as of one moment."""
    rows = connection.execute
    accounts = {row[0]: _account(row) for row in rows(SQL["accounts"])}
    apps = {row[0]: _app(row, accounts) for row in rows(SQL["apps"])}
    templates = [_template(row) for row in rows(SQL["templates"])]
    signatures = [Signature(*row) for row in rows(SQL["signatures"])]
    all_keys = Directory(
        version=version_of(connection),
        accounts=accounts,
        apps={app.name: app for app in apps.values()},
        keys={row[0]: _key(row, apps) for row in rows(SQL["keys"])},
        signatures={(one.account, one.name): one for one in signatures},
        templates={(one.account, one.name): one for one in templates},
        template_ids={one.id: one for one in templates},
        routes={
            Kind(kind): msgspec.json.decode(providers, type=tuple[str, ...])
            for kind, providers in rows(SQL["routes"])
        },
        signing_keys=tuple([_signing_key(row, seal) for row in rows(SQL["signing_keys"])]),
        good_until=now,
    )
    return all_keys.at(now)


class SqliteAdministration:
    """What an operator changes. Each method is one transaction."""

    def __init__(self, connection: apsw.Connection, seal: Seal, clock: Clock) -> None:
        self._connection = connection
        self._seal = seal
        self._clock = clock

    def directory(self) -> Directory:
        return read(self._connection, self._seal, self._clock())

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

    def create_app(self, account: int, name: str, title: str) -> int:
        with self._change():
            return self._returning("insert_app", account, name, title, self._clock())

    def change_app(self, app: App) -> None:
        """Write the app's settings back: enabled, template, countries, windows."""
        countries, windows = _json(sorted(app.countries)), _json(app.windows)
        with self._change():
            self._run("change_app", app.enabled, app.template, countries, windows, app.id)

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
            self._run("end_key", at, app, hint, self._clock())
            return bool(self._connection.changes())

    def add_signature(self, account: int, name: str) -> None:
        with self._change():
            self._run("insert_signature", account, name, self._clock())

    def add_template(self, account: int, name: str, kind: Kind, signature: str, body: str) -> None:
        with self._change():
            self._run("insert_template", account, name, kind, signature, body, self._clock())

    def put_route(self, kind: Kind, providers: Sequence[str]) -> None:
        with self._change():
            self._run("put_route", kind, _json(list(providers)))

    def add_signing_key(self, name: str, private: bytes) -> None:
        sealed = self._seal.close(_SIGNING_KEY, name.encode(), private)
        with self._change():
            self._run("insert_signing_key", name, sealed, self._clock())

    def forget_signing_keys(self, before: Millis) -> None:
        """Drop the keys that another had replaced before a moment."""
        with self._change():
            self._run("forget_signing_keys", before)

    def dev_secrets(self) -> bytes | None:
        """The secrets that `hongyan dev` writes to dev.json again at each start."""
        row = self._connection.execute(SQL["dev_secrets"]).fetchone()
        return self._seal.open(_DEV_SECRETS, b"", row[0]) if row else None

    def put_dev_secrets(self, secrets: bytes) -> None:
        with self._change():
            self._run("put_dev_secrets", self._seal.close(_DEV_SECRETS, b"", secrets))

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Everything within happens, or nothing of it. Raises StoreUnusable."""
        if self._connection.in_transaction:
            yield
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except apsw.Error as error:
            sentence = f"The store did not take this change: {error}. Nothing of it was done."
            raise StoreUnusable(sentence) from error
        finally:
            self._roll_back()

    @contextmanager
    def _change(self) -> Iterator[None]:
        with self.together():
            yield
            self._run("raise_version")

    def _roll_back(self) -> None:
        """Unless all is well."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _run(self, name: str, *values: Value) -> None:
        self._connection.execute(SQL[name], values).fetchall()

    def _returning(self, name: str, *values: Value) -> int:
        found: list[Row] = self._connection.execute(SQL[name], values).fetchall()
        return found[0][0] if found else 0


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _account(row: tuple[Any, ...]) -> Account:
    identifier, name, kind, is_open = row
    return Account(identifier, name, kind, bool(is_open))


def _app(row: tuple[Any, ...], accounts: dict[int, Account]) -> App:
    identifier, name, title, account, enabled, template_name, countries, windows = row
    return App(
        id=identifier,
        name=name,
        title=title,
        account=accounts[account],
        enabled=bool(enabled),
        template=template_name,
        countries=msgspec.json.decode(countries, type=frozenset[str]),
        windows=msgspec.json.decode(windows, type=tuple[Window, ...]),
    )


def _key(row: tuple[Any, ...], apps: dict[int, App]) -> Key:
    _, app, kind, hint, purposes, origins, ended_at = row
    return Key(
        app=apps[app],
        kind=KeyKind(kind),
        hint=hint,
        purposes=msgspec.json.decode(purposes, type=frozenset[str]),
        origins=msgspec.json.decode(origins, type=frozenset[str]),
        ends_at=NEVER if ended_at is None else ended_at,
    )


def _template(row: tuple[Any, ...]) -> Template:
    identifier, name, account, kind, signature, source = row
    return Template(
        id=identifier,
        name=name,
        account=account,
        kind=Kind(kind),
        signature=signature,
        source=source,
        body=template.parse(source),
    )


def _signing_key(row: tuple[Any, ...], seal: Seal) -> SigningKey:
    name, sealed, created_at = row
    return SigningKey(name, seal.open(_SIGNING_KEY, name.encode(), sealed), created_at)
