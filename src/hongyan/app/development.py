"""`hongyan dev`: an embedded house, seeded, safe to start again; what it made is in dev.json."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Final

import msgspec

from hongyan.app.furniture import TENCENT_APP, WECHAT_APP, furnish_tencent, furnish_wechat
from hongyan.core.message import Kind
from hongyan.protocols import TencentSettings
from hongyan.providers import SandboxSettings
from hongyan.service.administer import add_template, create_app, new_key
from hongyan.service.directory import Directory, KeyKind, Review
from hongyan.service.ports import Administration, NewKey
from hongyan.settings import RegisterSettings, Settings
from hongyan.store.opening import StoreUnusable

DEV_FILE: Final = "dev.json"
APP: Final = "app_dev"
ZHENZI_APP: Final = "app_zhenzi"
ZHENZI_TEMPLATE: Final = "zhenzi_code"
SIGNATURE: Final = "鸿雁"
CODE_TEMPLATE: Final = "code"
NOTICE_TEMPLATE: Final = "notice"
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})

_PACKAGE: Final = 1_000_000
_PURPOSES: Final = ("register", "login", "bind_phone", "change_phone", "reset_password")
_NO_ORIGIN: Final = "none"
_REVIEW_S: Final = 3
"""What a review takes where nobody is there to do it: long enough to be seen as pending."""
_ZHENZI_BODY: Final = "您的验证码为{1}，有效期{2}，请勿泄漏给他人。"
"""Whose clients say `5分钟` where ours says `5`."""
_TEMPLATES: Final = (
    (
        CODE_TEMPLATE,
        Kind.VERIFICATION,
        "您的验证码为：{1}，请于{2}分钟内填写。请勿告知他人，如非本人操作，请忽略本短信。",
    ),
    (NOTICE_TEMPLATE, Kind.NOTICE, "您好，{1}已为您预约成功，请按时到店。"),
)


class DevSecrets(msgspec.Struct):
    """What is kept sealed so that a later start can write it out again."""

    api_key: str
    publishable_key: str
    zhenzi: dict[str, str] = {}
    """`app_id`, `app_secret` and `template_id`; empty in houses that are older than that."""
    tencent: dict[str, str] = {}
    wechat: dict[str, str] = {}
    """Likewise: their sections of dev.json."""

    def __repr__(self) -> str:
        return "DevSecrets(…)"


class _DevFile(msgspec.Struct):
    """What other processes of the house need of dev.json."""

    base_url: str


def development_settings(settings: Settings, base_url: str) -> Settings:
    """The settings of `dev`: the sandbox phone for everything, and /register for its app."""
    sandbox = settings.providers.sandbox or SandboxSettings()
    server = msgspec.structs.replace(settings.server, base_url=base_url)
    return msgspec.structs.replace(
        settings,
        server=server,
        callbacks=msgspec.structs.replace(settings.callbacks, loopback_http=True),
        register=RegisterSettings(app=settings.register.app or APP),
        tencent=_reviewing_by_itself(settings.tencent),
        providers=msgspec.structs.replace(settings.providers, sandbox=sandbox),
    )


def _reviewing_by_itself(settings: TencentSettings) -> TencentSettings:
    after_s = settings.approve_after_s
    return msgspec.structs.replace(settings, approve_after_s=_REVIEW_S if after_s < 0 else after_s)


def seed(administration: Administration, base_urls: tuple[str, ...]) -> DevSecrets:
    """Make what is missing: account, package, signature, templates, app, keys, routes."""
    with administration.together():
        if APP not in administration.directory().apps:
            _furnish(administration)
        secrets = _secrets(administration, administration.directory())
        if ZHENZI_APP not in administration.directory().apps:
            secrets.zhenzi = _furnish_zhenzi(administration)
            administration.put_dev_secrets(msgspec.json.encode(secrets))
        _furnish_others(administration, secrets)
    # The port may be another one today, and with it the origin of the page.
    _let_call(administration, secrets, {*base_urls, _NO_ORIGIN})
    return secrets


def open_page(administration: Administration, base_urls: tuple[str, ...]) -> str:
    """Let the page of one more process of a seeded house call it; the publishable key that it is
    told. Raises StoreUnusable.
    """
    with administration.together():
        sealed, directory = administration.dev_secrets(), administration.directory()
        if sealed is None or APP not in directory.apps:
            raise StoreUnusable("This house was not made by 'hongyan dev'. Open that first.")
        secrets = msgspec.json.decode(sealed, type=DevSecrets)
        known = [key for key in directory.keys.values() if key.hint == _hint(secrets)]
        allowed = frozenset[str]().union(*(key.origins for key in known))
        if not allowed.issuperset(base_urls):
            _let_call(administration, secrets, allowed.union(base_urls))
    return secrets.publishable_key


def origins(url: str) -> tuple[str, ...]:
    """What a browser may say that a page comes from which listens there."""
    port = url.rsplit(":", 1)[1]
    return (f"http://127.0.0.1:{port}", f"http://localhost:{port}", f"http://[::1]:{port}")


def base_url_of(directory: Path) -> str:
    """What dev.json says; empty where there is none."""
    try:
        content = (directory / DEV_FILE).read_bytes()
        return msgspec.json.decode(content, type=_DevFile).base_url
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return ""


def write_dev_file(directory: Path, base_url: str, secrets: DevSecrets) -> Path:
    """Put dev.json in place in one step, for its owner alone."""
    content = {
        "base_url": base_url,
        "api_key": secrets.api_key,
        "publishable_key": secrets.publishable_key,
        "zhenzi": secrets.zhenzi,
        "tencent": secrets.tencent,
        "wechat": secrets.wechat,
    }
    path = directory / DEV_FILE
    beside = path.with_suffix(".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(content)) + b"\n")
    beside.replace(path)
    return path


def _let_call(
    administration: Administration, secrets: DevSecrets, base_urls: Collection[str]
) -> None:
    publishable = NewKey(
        kind=KeyKind.PUBLISHABLE,
        secret=secrets.publishable_key,
        hint=_hint(secrets),
        purposes=frozenset(_PURPOSES),
        origins=frozenset(base_urls),
    )
    administration.add_key(administration.directory().apps[APP].id, publishable)


def _hint(secrets: DevSecrets) -> str:
    return f"pk_…{secrets.publishable_key[-4:]}"


def _furnish(administration: Administration) -> None:
    account = administration.create_account("Development", "enterprise")
    administration.add_package(account, _PACKAGE, "seeded")
    administration.add_signature(account, SIGNATURE)
    for name, kind, body in _TEMPLATES:
        made = add_template(administration, account, name, kind, SIGNATURE, body)
        administration.review_template(made, Review.APPROVED, "")
    for kind in (Kind.VERIFICATION, Kind.NOTICE):
        administration.put_route(kind, ["sandbox"])
    created = create_app(administration, account, "Development", APP)
    app = administration.directory().apps[APP]
    administration.change_app(msgspec.structs.replace(app, template=CODE_TEMPLATE))
    publishable = new_key(KeyKind.PUBLISHABLE, _PURPOSES, (_NO_ORIGIN,))
    secrets = DevSecrets(created.api_key, publishable.secret)
    administration.put_dev_secrets(msgspec.json.encode(secrets))


def _furnish_zhenzi(administration: Administration) -> dict[str, str]:
    """An app for the clients of the Zhenzi protocol: texts of its own, no address list, no limits."""
    account = administration.directory().apps[APP].account.id
    created = create_app(administration, account, "云短信体验", ZHENZI_APP, SIGNATURE)
    made = add_template(
        administration, account, ZHENZI_TEMPLATE, Kind.VERIFICATION, SIGNATURE, _ZHENZI_BODY
    )
    administration.review_template(made, Review.APPROVED, "")
    return {
        "app_id": created.app_id,
        "app_secret": created.app_secret,
        "template_id": str(made),
    }


def _furnish_others(administration: Administration, secrets: DevSecrets) -> None:
    """What is missing for the clients of Tencent's protocol and WeChat's."""
    directory = administration.directory()
    account = directory.apps[APP].account.id
    if {TENCENT_APP, WECHAT_APP} <= directory.apps.keys():
        return
    if Kind.MARKETING not in directory.routes:
        administration.put_route(Kind.MARKETING, ["sandbox"])
    administration.add_signature(account, SIGNATURE)
    if TENCENT_APP not in directory.apps:
        secrets.tencent = furnish_tencent(administration, account, SIGNATURE)
    if WECHAT_APP not in directory.apps:
        secrets.wechat = furnish_wechat(administration, account, SIGNATURE)
    administration.put_dev_secrets(msgspec.json.encode(secrets))


def _secrets(administration: Administration, directory: Directory) -> DevSecrets:
    sealed = administration.dev_secrets()
    if sealed is not None:
        return msgspec.json.decode(sealed, type=DevSecrets)
    key = new_key(KeyKind.SECRET)
    administration.add_key(directory.apps[APP].id, key)
    secrets = DevSecrets(key.secret, new_key(KeyKind.PUBLISHABLE).secret)
    administration.put_dev_secrets(msgspec.json.encode(secrets))
    return secrets
