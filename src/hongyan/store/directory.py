"""The directory: read from the tables of any store as one snapshot."""

from collections.abc import Callable, Iterable
from ipaddress import ip_network
from typing import Any, Final

import msgspec

from hongyan.core import template
from hongyan.core.limit import Window
from hongyan.core.message import Kind
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
from hongyan.store.rows import row_key
from hongyan.store.seal import Seal

TABLES: Final = (
    "version",
    "accounts",
    "apps",
    "app_names",
    "keys",
    "signatures",
    "templates",
    "routes",
    "signing_keys",
)
"""The queries that it is made of."""

SIGNING_KEY: Final = b"signing_key.private"
CALLBACK_SECRET: Final = b"app.callback_secret"

Rows = Callable[[str], Iterable[Any]]
"""What one of the queries finds."""


def version(rows: Rows) -> int:
    """Raised with every change of the directory."""
    return next((row[0] for row in rows("version")), 0)


def read(rows: Rows, seal: Seal, now: Millis) -> Directory:
    """The whole directory. All rows must be of one moment."""
    accounts = {row[0]: _account(row) for row in rows("accounts")}
    apps = {row[0]: _app(row, accounts, seal) for row in rows("apps")}
    templates = [_template(row) for row in rows("templates")]
    signatures = [Signature(*row) for row in rows("signatures")]
    all_keys = Directory(
        version=version(rows),
        accounts=accounts,
        apps={app.name: app for app in apps.values()},
        named={(protocol, name): apps[app] for protocol, name, app in rows("app_names")},
        keys={row[0]: _key(row, apps) for row in rows("keys")},
        signatures={(one.account, one.name): one for one in signatures},
        templates={
            (one.account, one.name): one for one in templates if one.review is Review.APPROVED
        },
        template_ids={one.id: one for one in templates},
        routes={
            Kind(kind): msgspec.json.decode(providers, type=tuple[str, ...])
            for kind, providers in rows("routes")
        },
        signing_keys=tuple([_signing_key(row, seal) for row in rows("signing_keys")]),
        good_until=now,
    )
    return all_keys.at(now)


def _account(row: Iterable[Any]) -> Account:
    identifier, name, kind, is_open = row
    return Account(identifier, name, kind, bool(is_open))


def _app(row: Iterable[Any], accounts: dict[int, Account], seal: Seal) -> App:
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
    return Callback(url, seal.open(CALLBACK_SECRET, row_key(app), sealed))


def _key(row: Iterable[Any], apps: dict[int, App]) -> Key:
    _, app, kind, hint, purposes, origins, ended_at = row
    return Key(
        app=apps[app],
        kind=KeyKind(kind),
        hint=hint,
        purposes=msgspec.json.decode(purposes, type=frozenset[str]),
        origins=msgspec.json.decode(origins, type=frozenset[str]),
        ends_at=NEVER if ended_at is None else ended_at,
    )


def _template(row: Iterable[Any]) -> Template:
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


def _signing_key(row: Iterable[Any], seal: Seal) -> SigningKey:
    name, sealed, created_at = row
    return SigningKey(name, seal.open(SIGNING_KEY, name.encode(), sealed), created_at)
