"""Administer: accounts, apps and keys, as an operator makes them. A secret is shown once."""

import secrets
from collections.abc import Iterable
from typing import Final

import msgspec

from hongyan.core import template, text
from hongyan.core.errors import InvalidTemplate, UnknownKey, UnknownSignature
from hongyan.core.identifier import random_uuid
from hongyan.core.message import Kind
from hongyan.core.time import Millis
from hongyan.service.directory import (
    NEVER,
    App,
    Callback,
    Directory,
    Form,
    Key,
    KeyKind,
)
from hongyan.service.ports import Administration, NewKey

_KEY_BYTES: Final = 24
"""192 bits: a keyed hash of it needs no slow function."""
_NAME_BYTES: Final = 6
_PREFIXES: Final = {KeyKind.SECRET: "sk_", KeyKind.PUBLISHABLE: "pk_"}
_HINT_LENGTH: Final = 4
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"


ZHENZI: Final = "zhenzi"
"""The protocol in which an app is known by its AppId."""
TENCENT: Final = "tencent"
"""By its SdkAppId."""
WECHAT: Final = "wechat"
"""By its appid."""
COMPONENT: Final = "wechat_component"
"""By its component_appid, where it acts for others."""
APP_SECRET_HINTS: Final = {WECHAT: "wx_", COMPONENT: "wxc_"}
"""What the hints of AppSecrets in these begin with: an app may have one in several protocols, and
Zhenzi's hints begin with a hexadecimal digit.
"""

_FIRST_APP_ID: Final = 100_000
_LAST_APP_ID: Final = 999_999
_CALLBACK_SECRET_BYTES: Final = 32


class AppCreated(msgspec.Struct, frozen=True):
    """A new app with its first secrets, in the clear for this once."""

    app: str
    account: int
    api_key: str
    app_id: str
    """Its name in the Zhenzi protocol: six digits."""
    app_secret: str
    """And its secret there."""


def new_key(kind: KeyKind, purposes: Iterable[str] = (), origins: Iterable[str] = ()) -> NewKey:
    """A key that nobody can guess."""
    secret = _PREFIXES[kind] + secrets.token_urlsafe(_KEY_BYTES)
    return NewKey(
        kind=kind,
        secret=secret,
        hint=f"{_PREFIXES[kind]}…{secret[-_HINT_LENGTH:]}",
        purposes=frozenset(purposes),
        origins=frozenset(origins),
    )


def create_app(
    administration: Administration,
    account: int,
    title: str,
    name: str = "",
    signature: str = "",
) -> AppCreated:
    """An app with its first secrets. `name` is made when it is not given; `signature`, where it is
    new, too.
    """
    name = name or "app_" + "".join(secrets.choice(_LETTERS) for _ in range(_NAME_BYTES))
    app = administration.create_app(account, name, title)
    key, app_secret = new_key(KeyKind.SECRET), new_app_secret()
    administration.add_key(app, key)
    app_id = _free_app_id(administration)
    administration.name_app(app, ZHENZI, app_id)
    administration.add_key(app, app_secret)
    if signature:
        administration.add_signature(account, signature)
        made = administration.directory().apps[name]
        administration.change_app(msgspec.structs.replace(made, signature=signature))
    return AppCreated(name, account, key.secret, app_id, app_secret.secret)


def new_app_secret() -> NewKey:
    """An AppSecret as Zhenzi's are: a UUID in lower case."""
    secret = random_uuid(secrets.token_bytes(16))
    hint = f"{secret[:_HINT_LENGTH]}…{secret[-_HINT_LENGTH:]}"
    return NewKey(kind=KeyKind.APP_SECRET, secret=secret, hint=hint)


def name_of(directory: Directory, app: App, protocol: str) -> str:
    """What the app is called in a protocol; empty when it has no name there."""
    for (named_in, name), one in directory.named.items():
        if named_in == protocol and one.id == app.id:
            return name
    return ""


def app_id_of(directory: Directory, app: App) -> str:
    """What the app is called in the Zhenzi protocol; empty when it has no name there."""
    return name_of(directory, app, ZHENZI)


def rotate_app_secret(administration: Administration, app: App, ends_at: Millis) -> NewKey:
    """A new AppSecret. The one before it ends at a moment; any that was on its way out, now.

    An app that has no AppId yet gets one.
    """
    directory = administration.directory()
    if not app_id_of(directory, app):
        administration.name_app(app.id, ZHENZI, _free_app_id(administration))
    for key in directory.keys.values():
        if key.app.id == app.id and key.kind is KeyKind.APP_SECRET and not _is_of_others(key):
            administration.end_key(app.id, key.hint, ends_at if key.ends_at == NEVER else 0)
    made = new_app_secret()
    administration.add_key(app.id, made)
    return made


def _is_of_others(app_secret: Key) -> bool:
    return app_secret.hint.startswith(tuple(APP_SECRET_HINTS.values()))


def set_callback(
    administration: Administration, app: App, url: str, form: Form | None = None
) -> bytes | None:
    """Where the app is told of its messages' ends, or (with no address) that it is told nowhere.

    The secret that our calls are signed by: made with the first address, shown once.
    """
    if not url:
        administration.change_app(msgspec.structs.replace(app, callback=None))
        return None
    known = app.callback
    made = known.secret if known else secrets.token_bytes(_CALLBACK_SECRET_BYTES)
    if form is None:
        form = known.form if known else Form.TENCENT if app.tencent else Form.ZHENZI
    administration.change_app(msgspec.structs.replace(app, callback=Callback(url, made, form)))
    return None if known else made


def _free_app_id(administration: Administration) -> str:
    taken = {name for protocol, name in administration.directory().named if protocol == ZHENZI}
    while True:
        made = str(_FIRST_APP_ID + secrets.randbelow(_LAST_APP_ID - _FIRST_APP_ID + 1))
        if made not in taken:
            return made


def rotate_key(administration: Administration, app: App, hint: str, ends_at: Millis) -> NewKey:
    """A new key like the one that `hint` names, which ends at a moment. Raises UnknownKey."""
    keys = administration.directory().keys.values()
    old = next((key for key in keys if key.app.id == app.id and key.hint == hint), None)
    if old is None or old.kind is KeyKind.APP_SECRET:
        raise UnknownKey(f"{app.name} has no live key {hint}; for AppSecrets see 'rotate-secret'.")
    key = new_key(old.kind, old.purposes, old.origins)
    administration.add_key(app.id, key)
    administration.end_key(app.id, hint, ends_at)
    return key


def add_template(
    administration: Administration, account: int, name: str, kind: Kind, signature: str, body: str
) -> int:
    """Submit a template; its id. Raises InvalidTemplate, InvalidText and UnknownSignature."""
    directory = administration.directory()
    if (account, signature) not in directory.signatures:
        raise UnknownSignature
    if kind is Kind.MARKETING and directory.accounts[account].is_personal:
        raise InvalidTemplate("A personal account sends no marketing.")
    parsed = template.parse(body)
    text.require_showable(text.signed(signature, body))
    if kind is Kind.VERIFICATION and parsed.count not in (1, 2):
        sentence = "A verification template has {1} for the code and may have {2} for minutes."
        raise InvalidTemplate(sentence)
    return administration.add_template(account, name, kind, signature, body)
