"""The directory on SQLite: read as one snapshot, changed by the operator's commands.

A command opens the file beside the serving process, which notices the change by `data_version`.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_network
from typing import Any, Final

import apsw
import msgspec

from hongyan.core import template
from hongyan.core.identifier import MessageId
from hongyan.core.ledger import Entry
from hongyan.core.limit import Window
from hongyan.core.message import Kind, Status
from hongyan.core.time import Millis
from hongyan.service.directory import (
    NEVER,
    Account,
    App,
    Callback,
    Directory,
    Key,
    KeyKind,
    Review,
    Signature,
    SigningKey,
    Template,
)
from hongyan.service.ports import Clock, Debt, NewKey
from hongyan.store.opening import StoreUnusable
from hongyan.store.queries.sqlite import SQL
from hongyan.store.rows import Row, row_key
from hongyan.store.seal import Seal
from hongyan.store.sqlite.writer import Value

_SIGNING_KEY: Final = b"signing_key.private"
_CALLBACK_SECRET: Final = b"app.callback_secret"
_DEV_SECRETS: Final = b"meta.dev_secrets"


def version_of(connection: apsw.Connection) -> int:
    """Raised with every change of the directory."""
    row = connection.execute(SQL["version"]).fetchone()
    return row[0] if row else 0


def read(connection: apsw.Connection, seal: Seal, now: Millis) -> Directory:
    """The whole directory, as of one moment."""
    rows = connection.execute
    accounts = {row[0]: _account(row) for row in rows(SQL["accounts"])}
    apps = {row[0]: _app(row, accounts, seal) for row in rows(SQL["apps"])}
    templates = [_template(row) for row in rows(SQL["templates"])]
    signatures = [Signature(*row) for row in rows(SQL["signatures"])]
    all_keys = Directory(
        version=version_of(connection),
        accounts=accounts,
        apps={app.name: app for app in apps.values()},
        named={(protocol, name): apps[app] for protocol, name, app in rows(SQL["app_names"])},
        keys={row[0]: _key(row, apps) for row in rows(SQL["keys"])},
        signatures={(one.account, one.name): one for one in signatures},
        templates={
            (one.account, one.name): one for one in templates if one.review is Review.APPROVED
        },
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
                self._seal.close(_CALLBACK_SECRET, key, callback.secret) if callback else None,
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
            self._run("end_key", at, app, hint, self._clock())
            return bool(self._connection.changes())

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
        rows: list[Row] = self._connection.execute(SQL["given_up"], (most,)).fetchall()
        return [
            Debt(MessageId(message), app, Status(status), attempts, failure)
            for message, app, status, attempts, failure in rows
        ]

    def owe_again(self, messages: Collection[MessageId]) -> int:
        """Have given up reports tried again, from the beginning; how many there were."""
        now, before = self._clock(), self._connection.total_changes()
        with self.together():
            for message in messages:
                self._run("owe_again", now, message)
        return self._connection.total_changes() - before

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


def _app(row: tuple[Any, ...], accounts: dict[int, Account], seal: Seal) -> App:
    identifier, name, title, account, enabled, template_name, countries, windows, *more = row
    signature, free_text, refuses_meaningless, networks, client_windows, callback, sealed = more
    return App(
        id=identifier,
        name=name,
        title=title,
        account=accounts[account],
        enabled=bool(enabled),
        template=template_name,
        countries=msgspec.json.decode(countries, type=frozenset[str]),
        windows=msgspec.json.decode(windows, type=tuple[Window, ...]),
        client_windows=msgspec.json.decode(client_windows, type=tuple[Window, ...]),
        signature=signature,
        free_text=bool(free_text),
        refuses_meaningless=bool(refuses_meaningless),
        networks=tuple([ip_network(one) for one in msgspec.json.decode(networks)]),
        callback=_callback(identifier, callback, sealed, seal),
    )


def _callback(app: int, url: str, sealed: bytes | None, seal: Seal) -> Callback | None:
    if sealed is None:
        return None
    return Callback(url, seal.open(_CALLBACK_SECRET, row_key(app), sealed))


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
    identifier, name, account, kind, signature, source, review, reason = row
    return Template(
        id=identifier,
        name=name,
        account=account,
        kind=Kind(kind),
        signature=signature,
        source=source,
        body=template.parse(source),
        review=Review(review),
        reason=reason,
    )


def _signing_key(row: tuple[Any, ...], seal: Seal) -> SigningKey:
    name, sealed, created_at = row
    return SigningKey(name, seal.open(_SIGNING_KEY, name.encode(), sealed), created_at)
