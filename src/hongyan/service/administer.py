"""Administer: accounts, apps and keys, as an operator makes them. A secret is shown once."""

import secrets
from collections.abc import Iterable
from typing import Final

import msgspec

from hongyan.core import template, text
from hongyan.core.errors import InvalidTemplate, UnknownKey, UnknownSignature
from hongyan.core.message import Kind
from hongyan.core.time import Millis
from hongyan.service.directory import App, KeyKind
from hongyan.service.ports import Administration, NewKey

_KEY_BYTES: Final = 24
"""192 bits: a keyed hash of it needs no slow function."""
_NAME_BYTES: Final = 6
_PREFIXES: Final = {KeyKind.SECRET: "sk_", KeyKind.PUBLISHABLE: "pk_"}
_HINT_LENGTH: Final = 4
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"


class AppCreated(msgspec.Struct, frozen=True):
    """A new app with its first secret key, in the clear for this once."""

    app: str
    account: int
    api_key: str


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
    administration: Administration, account: int, title: str, name: str = ""
) -> AppCreated:
    """An app with a secret key. `name` is made when it is not given."""
    name = name or "app_" + "".join(secrets.choice(_LETTERS) for _ in range(_NAME_BYTES))
    app = administration.create_app(account, name, title)
    key = new_key(KeyKind.SECRET)
    administration.add_key(app, key)
    return AppCreated(name, account, key.secret)


def rotate_key(administration: Administration, app: App, hint: str, ends_at: Millis) -> NewKey:
    """A new key like the one that `hint` names, which ends at a moment. Raises UnknownKey."""
    keys = administration.directory().keys.values()
    old = next((key for key in keys if key.app.id == app.id and key.hint == hint), None)
    if old is None:
        raise UnknownKey(f"{app.name} has no live key {hint}.")
    key = new_key(old.kind, old.purposes, old.origins)
    administration.add_key(app.id, key)
    administration.end_key(app.id, hint, ends_at)
    return key


def add_template(
    administration: Administration, account: int, name: str, kind: Kind, signature: str, body: str
) -> None:
    """A template, approved as it is. Raises InvalidTemplate, InvalidText and UnknownSignature."""
    if (account, signature) not in administration.directory().signatures:
        raise UnknownSignature
    parsed = template.parse(body)
    text.require_showable(text.signed(signature, body))
    if kind is Kind.VERIFICATION and parsed.count not in (1, 2):
        sentence = "A verification template has {1} for the code and may have {2} for minutes."
        raise InvalidTemplate(sentence)
    administration.add_template(account, name, kind, signature, body)
