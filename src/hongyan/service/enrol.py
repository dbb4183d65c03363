"""Enrol: make apps known in the protocols of others, with the keys, tokens and tickets of those.

Whatever is secret is made here, shown once by whoever asked for it, and kept hashed or sealed.
"""

import re
import secrets
import string
from collections.abc import Callable, Collection, Mapping
from typing import Final

import msgspec

from hongyan.core.errors import InvalidParameters, UnknownApp, UnknownKey
from hongyan.core.frequency import (
    DAY_WINDOW,
    HOUR_WINDOW,
    LIVE,
    MINUTE_WINDOW,
    SAME_30S,
    SAME_DAY,
    Frequency,
)
from hongyan.core.time import Millis
from hongyan.service.administer import (
    APP_SECRET_HINTS,
    COMPONENT,
    TENCENT,
    WECHAT,
    name_of,
)
from hongyan.service.credentials import NewCloudToken
from hongyan.service.directory import (
    NEVER,
    App,
    Authorisation,
    Environment,
    KeyKind,
    Network,
    SecretKey,
    TencentProfile,
    WechatProfile,
)
from hongyan.service.ports import Administration, NewKey
from hongyan.wire.wechat import tokens

_SECRET_ID: Final = "AKID"  # noqa: S105 - what every one begins with
_SECRET_LENGTH: Final = 32
_TOKEN: Final = "tmp"  # noqa: S105
_LETTERS: Final = string.ascii_letters + string.digits
_FIRST_SDK_APP_ID: Final = 1_400_000_000
_SDK_APP_IDS: Final = 1_000_000
_SDK_APP_ID: Final = re.compile(r"[0-9]{10}")
_APPID_BYTES: Final = 8
_APPID: Final = re.compile(r"wx[0-9a-f]{16}")
_APP_SECRET_BYTES: Final = 16
_CLOUD_TOKEN_BYTES: Final = 32
_TICKET_BYTES: Final = 32
_HINT_LENGTH: Final = 4
_ENVIRONMENT: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""It stands in addresses and names a folder."""
_FETCHED: Final[Mapping[str, frozenset[tokens.Kind]]] = {
    WECHAT: frozenset({tokens.Kind.ACCESS, tokens.Kind.STABLE}),
    COMPONENT: frozenset({tokens.Kind.COMPONENT}),
}
"""The tokens that an AppSecret fetches."""


def new_secret_key(
    account: int, networks: Collection[Network] = (), temporary_until: Millis = 0
) -> SecretKey:
    """A key that signs. With an end: temporary credentials, which come with a token."""
    return SecretKey(
        id=_SECRET_ID + _letters(_SECRET_LENGTH),
        account=account,
        secret=_letters(_SECRET_LENGTH),
        token=_TOKEN + _letters(2 * _SECRET_LENGTH) if temporary_until else "",
        networks=tuple(networks),
        ends_at=temporary_until or NEVER,
    )


def rotate_secret_key(administration: Administration, name: str, ends_at: Millis) -> SecretKey:
    """A key like the one before, which ends at a moment; until then both are good. Raises UnknownKey."""
    old = administration.directory().secret_keys.get(name)
    if old is None or old.token:
        raise UnknownKey(f"There is no live key {name}; temporary ones are made anew.")
    key = new_secret_key(old.account, old.networks)
    administration.add_secret_key(key)
    if ends_at < old.ends_at:
        administration.end_secret_key(name, ends_at)
    return key


def enrol_tencent(
    administration: Administration, app: App, frequency: Frequency, name: str = ""
) -> str:
    """Make it known to Tencent's protocol, with that protocol's limits; its SdkAppId, `name` where
    that is given. Raises InvalidParameters where it is known there already.
    """
    if name and not _SDK_APP_ID.fullmatch(name):
        raise InvalidParameters(f"{name} is no SdkAppId: those are ten digits.")

    def made() -> str:
        return str(_FIRST_SDK_APP_ID + secrets.randbelow(_SDK_APP_IDS))

    sdk_app_id = _named(administration, app, TENCENT, name, made)
    enrolled = msgspec.structs.replace(app, tencent=app.tencent or TencentProfile())
    administration.change_app(limited(enrolled, frequency))
    return sdk_app_id


def limited(app: App, frequency: Frequency) -> App:
    """The app with these limits, in place of those it had."""
    return msgspec.structs.replace(
        app, windows=frequency.windows, content_windows=frequency.content_windows
    )


def frequency_of(app: App) -> Frequency:
    """Its limits, as far as they have this form; others that it may have are left out."""
    most = {window.name: window.most for window in (*app.windows, *app.content_windows)}
    return Frequency(
        same_per_30s=most.get(SAME_30S, 0),
        same_per_day=most.get(SAME_DAY, 0),
        per_minute=most.get(MINUTE_WINDOW, 0),
        per_hour=most.get(HOUR_WINDOW, 0),
        per_day=most.get(DAY_WINDOW, 0),
    )


class WechatEnrolled(msgspec.Struct, frozen=True):
    """What an app is called in WeChat's protocol, with its first secret there."""

    appid: str
    secret: str

    def __repr__(self) -> str:
        return f"WechatEnrolled({self.appid!r})"


def enrol_wechat(
    administration: Administration, app: App, profile: WechatProfile, name: str = ""
) -> WechatEnrolled:
    """Make it known to WeChat's protocol, with that protocol's limits, as `name` where that is given.
    Raises InvalidParameters where it is known there already.
    """
    enrolled = _enrolled(administration, app, WECHAT, name)
    changed = msgspec.structs.replace(limited(app, LIVE), wechat=profile)
    administration.change_app(changed)
    return enrolled


def enrol_component(administration: Administration, app: App, name: str = "") -> WechatEnrolled:
    """Make it a third party, which may act for apps that authorise it. Raises InvalidParameters."""
    return _enrolled(administration, app, COMPONENT, name)


def rotate_wechat_secret(
    administration: Administration, app: App, protocol: str, ends_at: Millis, now: Millis
) -> str:
    """A new AppSecret there. The one before it ends at a moment; any that was on its way out, now.

    What the old one fetched is good no longer than it. Raises UnknownApp.
    """
    directory = administration.directory()
    if not name_of(directory, app, protocol):
        raise UnknownApp(f"{app.name} is not known to {protocol}.")
    for key in directory.keys.values():
        if key.app.id == app.id and key.hint.startswith(APP_SECRET_HINTS[protocol]):
            administration.end_key(app.id, key.hint, ends_at if key.ends_at == NEVER else 0)
    if ends_at <= now:
        _revoke(administration, app, protocol, now)
    return _new_secret(administration, app, protocol)


def put_environment(
    administration: Administration, app: App, name: str, *, has_website: bool = True
) -> None:
    """Give the app a CloudBase environment, or change it. It is open as the app's others are. Raises
    InvalidParameters.
    """
    if not _ENVIRONMENT.fullmatch(name):
        sentence = "An environment's id has 1 to 63 of a-z, 0-9 and '-', as online-12345678910."
        raise InvalidParameters(sentence)
    environments = administration.directory().environments
    known = environments.get(name)
    if known is None or known.app != app.id:
        known = Environment(id=name, app=app.id)
        for other in environments.values():
            if other.app == app.id:
                known = msgspec.structs.replace(
                    known, opens_apis=other.opens_apis, opened_at=other.opened_at
                )
    made = msgspec.structs.replace(known, has_website=has_website)
    if not administration.put_environment(made):
        raise InvalidParameters(f"The environment {name} is another app's.")


def permit(
    administration: Administration, app: App, environment: str, permissions: Collection[str]
) -> NewCloudToken:
    """A `wxCloudApiToken` for one cloud function. Raises InvalidParameters."""
    known = administration.directory().environments.get(environment)
    if known is None or known.app != app.id:
        raise InvalidParameters(f"{app.name} has no environment {environment}.")
    secret = secrets.token_hex(_CLOUD_TOKEN_BYTES)
    made = NewCloudToken(
        app=app.id,
        environment=environment,
        permissions=frozenset(permissions),
        secret=secret,
        hint=_hint(secret),
    )
    administration.add_cloud_token(made)
    return made


def new_ticket(administration: Administration, component: App) -> str:
    """A component_verify_ticket, good for 12 hours; the one before it is not. Raises UnknownApp."""
    _require_component(administration, component)
    ticket = tokens.secret(tokens.TICKET, secrets.token_bytes(_TICKET_BYTES))
    administration.put_ticket(component.id, ticket)
    return ticket


def authorise(
    administration: Administration, component: App, app: App, rights: Collection[int]
) -> str:
    """Let a third party act for an app; the authorization_code that it fetches its token by.

    A refresh token of before stays good, with the rights of now. Raises UnknownApp.
    """
    _require_component(administration, component)
    directory = administration.directory()
    if not name_of(directory, app, WECHAT):
        raise UnknownApp(f"{app.name} is not known to {WECHAT}.")
    before = directory.authorisations.get((component.id, app.id))
    code = tokens.secret(tokens.AUTHORIZATION_CODE, secrets.token_bytes(_TICKET_BYTES))
    administration.put_authorisation(
        Authorisation(
            component=component.id,
            app=app.id,
            rights=frozenset(rights),
            code_hash=administration.hashed(code),
            refresh_hash=before.refresh_hash if before else b"",
        )
    )
    return code


def _enrolled(administration: Administration, app: App, protocol: str, name: str) -> WechatEnrolled:
    if name and not _APPID.fullmatch(name):
        raise InvalidParameters(f"{name} is no appid: those are wx and 16 hexadecimal digits.")

    def made() -> str:
        return "wx" + secrets.token_hex(_APPID_BYTES)

    appid = _named(administration, app, protocol, name, made)
    return WechatEnrolled(appid, _new_secret(administration, app, protocol))


def _named(
    administration: Administration, app: App, protocol: str, name: str, make: Callable[[], str]
) -> str:
    directory = administration.directory()
    if known := name_of(directory, app, protocol):
        raise InvalidParameters(f"{app.name} is known there already, as {known}.")
    # In none of the protocols: commands take any of an app's names.
    taken = {name for _, name in directory.named}
    if name in taken:
        raise InvalidParameters(f"{name} is another app's name.")
    while not name or name in taken:
        name = make()
    administration.name_app(app.id, protocol, name)
    return name


def _new_secret(administration: Administration, app: App, protocol: str) -> str:
    secret = secrets.token_hex(_APP_SECRET_BYTES)
    hint = APP_SECRET_HINTS[protocol] + _hint(secret)
    administration.add_key(app.id, NewKey(kind=KeyKind.APP_SECRET, secret=secret, hint=hint))
    return secret


def _revoke(administration: Administration, app: App, protocol: str, now: Millis) -> None:
    """No token that the app's secret has fetched is good any more."""
    fetched = _FETCHED[protocol]
    for kind, owner, third_party in administration.directory().grants:
        if owner == app.id and tokens.Kind(kind) in fetched:
            administration.grant(kind, owner, third_party, lambda grant: tokens.revoked(grant, now))


def _require_component(administration: Administration, component: App) -> None:
    if not name_of(administration.directory(), component, COMPONENT):
        raise UnknownApp(f"{component.name} is no third party; see 'hongyan component enrol'.")


def _letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))


def _hint(secret: str) -> str:
    return f"{secret[:_HINT_LENGTH]}…{secret[-_HINT_LENGTH:]}"
