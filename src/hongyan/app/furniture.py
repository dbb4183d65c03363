"""Furniture: what `hongyan dev` puts into a house for the clients of Tencent Cloud and of WeChat.

Each returns its section of dev.json.
"""

from typing import Final

import msgspec

from hongyan.core.frequency import DOCUMENTED
from hongyan.core.hours import ALWAYS
from hongyan.core.message import Kind
from hongyan.service import enrol
from hongyan.service.administer import add_template
from hongyan.service.directory import App, Review, SecretKey, WechatProfile
from hongyan.service.ports import Administration
from hongyan.wire.cloudcall.permission import EVERYTHING

TENCENT_APP: Final = "app_tencent"
WECHAT_APP: Final = "app_wechat"
ENVIRONMENT: Final = "hongyan-dev"
"""The CloudBase environment of development, and the folder of its website."""

DOCUMENTED_ENVIRONMENT: Final = "online-12345678910"
DOCUMENTED_TEMPLATE: Final = "923584"
"""Those of WeChat's samples, which so can be run as they stand."""

_TENCENT_TEMPLATE: Final = "tencent_code"
_TENCENT_BODY: Final = "您的验证码为：{1}，请于{2}分钟内填写。如非本人操作，请忽略本短信。"
_WECHAT_TEMPLATE: Final = "wechat_notice"
_WECHAT_BODY: Final = "您订购的{1}已发货，点击查看：{2}"
_NICKNAME: Final = "鸿雁体验"
_SHORT_NAME: Final = "鸿雁"
_ORIGINAL_ID: Final = "gh_0123456789ab"


def furnish_tencent(administration: Administration, account: int, signature: str) -> dict[str, str]:
    """An app under Tencent's own limits, with a template for codes."""
    app = _made(administration, account, TENCENT_APP, "腾讯云短信体验", signature)
    sdk_app_id = enrol.enrol_tencent(administration, app, DOCUMENTED)
    key = _key(administration, account)
    body, kind = _TENCENT_BODY, Kind.VERIFICATION
    made = add_template(administration, account, _TENCENT_TEMPLATE, kind, signature, body)
    administration.review_template(made, Review.APPROVED, "")
    return {
        "secret_id": key.id,
        "secret_key": key.secret,
        "sdk_app_id": sdk_app_id,
        "sign_name": signature,
        "template_id": str(made),
    }


def furnish_wechat(administration: Administration, account: int, signature: str) -> dict[str, str]:
    """A mini program with an environment and its website; and what a cloud function there holds."""
    app = _made(administration, account, WECHAT_APP, _NICKNAME, signature)
    profile = WechatProfile(nickname=_NICKNAME, short_name=_SHORT_NAME, original_id=_ORIGINAL_ID)
    enrolled = enrol.enrol_wechat(administration, app, profile)
    for environment in (ENVIRONMENT, DOCUMENTED_ENVIRONMENT):
        enrol.put_environment(administration, app, environment)
    templates = [
        add_template(administration, account, name, Kind.NOTICE, signature, _WECHAT_BODY)
        for name in (_WECHAT_TEMPLATE, DOCUMENTED_TEMPLATE)
    ]
    for made in templates:
        administration.review_template(made, Review.APPROVED, "")
    key = _key(administration, account)
    token = enrol.permit(administration, app, ENVIRONMENT, {EVERYTHING})
    return {
        "appid": enrolled.appid,
        "secret": enrolled.secret,
        "env": ENVIRONMENT,
        "notification_template_id": str(templates[0]),
        "secret_id": key.id,
        "secret_key": key.secret,
        "wx_api_token": token.secret,
    }


def _made(
    administration: Administration, account: int, name: str, title: str, signature: str
) -> App:
    administration.create_app(account, name, title)
    app = administration.directory().apps[name]
    # At night, too, a developer wants to see a marketing text arrive.
    changed = msgspec.structs.replace(app, signature=signature, hours=ALWAYS)
    administration.change_app(changed)
    return changed


def _key(administration: Administration, account: int) -> SecretKey:
    key = enrol.new_secret_key(account)
    administration.add_secret_key(key)
    return key
