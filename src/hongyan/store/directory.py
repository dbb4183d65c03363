"""The directory: read from the tables of any store as one snapshot."""

from collections.abc import Callable, Iterable
from ipaddress import ip_network
from typing import Any, Final

import msgspec

from hongyan.core import template
from hongyan.core.country import Scope
from hongyan.core.daily import Caps
from hongyan.core.hours import Hours
from hongyan.core.limit import Window
from hongyan.core.marketing import Ending
from hongyan.core.message import Kind
from hongyan.core.time import Millis
from hongyan.service.directory import (
    NEVER,
    Account,
    App,
    Authorisation,
    Callback,
    CloudToken,
    Directory,
    Environment,
    Form,
    Key,
    KeyKind,
    Network,
    Review,
    SecretKey,
    Signature,
    SigningKey,
    Template,
    TencentProfile,
    Ticket,
    WechatProfile,
)
from hongyan.store.rows import row_key
from hongyan.store.seal import Seal
from hongyan.wire.wechat.tokens import TICKET_LIFETIME, Grant

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
    "secret_keys",
    "environments",
    "cloud_tokens",
    "tickets",
    "authorisations",
    "grants",
)
"""The queries that it is made of."""

SIGNING_KEY: Final = b"signing_key.private"
CALLBACK_SECRET: Final = b"app.callback_secret"
TENCENT: Final = b"app.tencent"
SECRET_KEY: Final = b"secret_key.secret"
SECRET_TOKEN: Final = b"secret_key.token"

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
    signatures = [_signature(*row) for row in rows("signatures")]
    secret_keys = [_secret_key(row, seal) for row in rows("secret_keys")]
    authorisations = [_authorisation(row) for row in rows("authorisations")]
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
        secret_keys={one.id: one for one in secret_keys},
        environments={row[0]: _environment(row) for row in rows("environments")},
        cloud_tokens={row[0]: _cloud_token(row, apps) for row in rows("cloud_tokens")},
        tickets={
            component: Ticket(hashed, at + TICKET_LIFETIME)
            for component, hashed, at in rows("tickets")
        },
        authorisations={(one.component, one.app): one for one in authorisations},
        grants={
            (kind, owner, third_party): Grant(*grant)
            for kind, owner, third_party, *grant in rows("grants")
        },
    )
    return all_keys.at(now)


def _account(row: Iterable[Any]) -> Account:
    identifier, name, kind, is_open = row
    return Account(identifier, name, kind, bool(is_open))


def _app(row: Iterable[Any], accounts: dict[int, Account], seal: Seal) -> App:
    identifier, name, title, account, enabled, template_name, countries, windows, *more = row
    signature, free_text, refuses_meaningless, networks, client_windows, *more = more
    callback, sealed, form, content_windows, opens_min, closes_min, tencent, wechat, caps = more
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
        networks=_networks(networks),
        callback=_callback(row_key(identifier), callback, sealed, form, seal),
        content_windows=msgspec.json.decode(content_windows, type=tuple[Window, ...]),
        hours=Hours(opens_min, closes_min),
        tencent=_tencent(row_key(identifier), tencent, seal),
        wechat=None if wechat is None else _wechat(wechat),
        caps=msgspec.json.decode(caps, type=Caps),
    )


def _networks(listed: str) -> tuple[Network, ...]:
    return tuple([ip_network(one) for one in msgspec.json.decode(listed)])


def _callback(row: bytes, url: str, sealed: bytes | None, form: str, seal: Seal) -> Callback | None:
    if sealed is None:
        return None
    return Callback(url, seal.open(CALLBACK_SECRET, row, sealed), Form(form))


def _tencent(row: bytes, sealed: bytes | None, seal: Seal) -> TencentProfile | None:
    if sealed is None:
        return None
    return msgspec.json.decode(seal.open(TENCENT, row, sealed), type=TencentProfile)


def _wechat(profile: str) -> WechatProfile:
    # By hand: msgspec reads no union of types that it does not know, as networks are.
    fields = msgspec.json.decode(profile)
    networks = [ip_network(one) for one in fields.pop("trusted_networks")]
    return WechatProfile(
        **fields | {"ending": Ending(fields["ending"])}, trusted_networks=tuple(networks)
    )


def packed(profile: TencentProfile | WechatProfile | Caps) -> bytes:
    """What an app is in a protocol, or its caps, as its column holds it."""
    return msgspec.json.encode(profile, enc_hook=str, order="sorted")


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


def _secret_key(row: Iterable[Any], seal: Seal) -> SecretKey:
    name, account, secret, token, networks, created_at, ended_at, held = row
    place = name.encode()
    return SecretKey(
        id=name,
        account=account,
        secret=seal.open(SECRET_KEY, place, secret).decode(),
        token="" if token is None else seal.open(SECRET_TOKEN, place, token).decode(),
        networks=_networks(networks),
        created_at=created_at,
        ends_at=NEVER if ended_at is None else ended_at,
        is_held=bool(held),
    )


def _environment(row: Iterable[Any]) -> Environment:
    name, app, has_website, opens_apis, opened_at, apis, version = row
    return Environment(
        id=name,
        app=app,
        has_website=bool(has_website),
        opens_apis=bool(opens_apis),
        opened_at=opened_at,
        apis=msgspec.json.decode(apis, type=tuple[str, ...]),
        apis_version=version,
    )


def _cloud_token(row: Iterable[Any], apps: dict[int, App]) -> CloudToken:
    _, app, environment, permissions, hint, ended_at = row
    return CloudToken(
        app=apps[app],
        environment=environment,
        permissions=msgspec.json.decode(permissions, type=frozenset[str]),
        hint=hint,
        ends_at=NEVER if ended_at is None else ended_at,
    )


def _authorisation(row: Iterable[Any]) -> Authorisation:
    component, app, rights, code_hash, refresh_hash = row
    return Authorisation(
        component=component,
        app=app,
        rights=msgspec.json.decode(rights, type=frozenset[int]),
        code_hash=code_hash,
        refresh_hash=refresh_hash,
    )


def _signature(identifier: int, account: int, name: str, scope: int) -> Signature:
    return Signature(identifier, account, name, Scope(scope))


def _template(row: Iterable[Any]) -> Template:
    identifier, name, account, kind, signature, source, review, reason, scope = row
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
        scope=Scope(scope),
    )


def _signing_key(row: Iterable[Any], seal: Seal) -> SigningKey:
    name, sealed, created_at = row
    return SigningKey(name, seal.open(SIGNING_KEY, name.encode(), sealed), created_at)
