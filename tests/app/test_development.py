"""What `hongyan dev` puts into a house: all that a client of each protocol needs, once."""

import re
from typing import Any

import msgspec

from hongyan.app import development
from hongyan.app.development import DevSecrets, seed
from hongyan.app.furniture import ENVIRONMENT, TENCENT_APP, WECHAT_APP
from hongyan.core.frequency import DOCUMENTED
from hongyan.core.hours import ALWAYS
from hongyan.core.message import Kind
from hongyan.service.administer import rotate_app_secret
from hongyan.service.directory import Account, App, Directory, KeyKind, Review
from support.world import World

PAGE = ("http://127.0.0.1:1",)


def seeded(world: World) -> tuple[Any, Directory]:
    """(the secrets, what is there)"""
    return seed(world.administering, PAGE), world.administering.directory()


def test_a_client_of_tencents_protocol_finds_all_that_it_needs(world: World) -> None:
    secrets, known = seeded(world)
    told = secrets.tencent
    app = known.named["tencent", told["sdk_app_id"]]
    assert app.name == TENCENT_APP
    assert app.tencent is not None
    assert app.tencent.pulls
    assert (app.windows, app.content_windows) == (DOCUMENTED.windows, DOCUMENTED.content_windows)
    assert app.hours == ALWAYS
    key = known.secret_keys[told["secret_id"]]
    assert (key.secret, key.account) == (told["secret_key"], app.account.id)
    assert (app.account.id, told["sign_name"]) in known.signatures
    template = known.template_ids[int(told["template_id"])]
    assert (template.account, template.review) == (app.account.id, Review.APPROVED)
    assert (template.kind, template.body.count) == (Kind.VERIFICATION, 2)
    assert Kind.MARKETING in known.routes


def test_a_mini_program_and_its_cloud_function_find_all_that_they_need(world: World) -> None:
    secrets, known = seeded(world)
    told = secrets.wechat
    app = known.named["wechat", told["appid"]]
    assert app.name == WECHAT_APP
    assert app.wechat is not None
    assert app.wechat.nickname
    assert app.wechat.short_name
    assert not app.wechat.is_personal
    secret = known.keys[world.administering.hashed(told["secret"])]
    assert (secret.app, secret.kind) == (app, KeyKind.APP_SECRET)
    environment = known.environments[told["env"]]
    assert (environment.id, environment.app, environment.has_website) == (ENVIRONMENT, app.id, True)
    template = known.template_ids[int(told["notification_template_id"])]
    assert (template.kind, template.body.count) == (Kind.NOTICE, 2)
    assert template.review is Review.APPROVED
    token = known.cloud_tokens[world.administering.hashed(told["wx_api_token"])]
    assert (token.app, token.environment) == (app, told["env"])
    assert token.permissions == frozenset({"*"})
    assert known.secret_keys[told["secret_id"]].secret == told["secret_key"]
    assert told["secret_id"] != secrets.tencent["secret_id"]


def test_a_second_start_makes_nothing_new(world: World) -> None:
    first, before = seeded(world)
    again, after = seeded(world)
    assert msgspec.structs.asdict(again) == msgspec.structs.asdict(first)
    ignored = {"version": 0, "good_until": 0}
    assert msgspec.structs.replace(after, **ignored) == msgspec.structs.replace(before, **ignored)


def test_what_a_developer_has_changed_stays(world: World) -> None:
    _, known = seeded(world)
    desk, app = world.administering, known.apps[TENCENT_APP]
    desk.change_app(msgspec.structs.replace(app, windows=(), content_windows=()))
    desk.put_route(Kind.MARKETING, ["zhenzi"])
    _, after = seeded(world)
    assert after.apps[TENCENT_APP].windows == ()
    assert after.routes[Kind.MARKETING] == ("zhenzi",)


def test_a_house_of_before_gets_what_it_lacks_and_keeps_the_rest(world: World) -> None:
    desk = world.administering
    with desk.together():
        development._furnish(desk)
        secrets = development._secrets(desk, desk.directory())
        secrets.zhenzi = development._furnish_zhenzi(desk)
        older = {name: getattr(secrets, name) for name in ("api_key", "publishable_key", "zhenzi")}
        desk.put_dev_secrets(msgspec.json.encode(older))
        desk.remove_signature(desk.directory().apps[development.APP].account.id, "鸿雁")
    found, known = seeded(world)
    assert {name: getattr(found, name) for name in older} == older
    assert {TENCENT_APP, WECHAT_APP} <= set(known.apps)
    assert re.fullmatch(r"1400\d{6}", found.tencent["sdk_app_id"])
    assert msgspec.json.decode(desk.dev_secrets() or b"", type=DevSecrets).wechat == found.wechat


def test_zhenzis_secret_is_replaced_without_wechats(world: World) -> None:
    secrets, known = seeded(world)
    rotate_app_secret(world.administering, known.apps[WECHAT_APP], world.clock())
    kept = world.administering.directory().keys
    assert world.administering.hashed(secrets.wechat["secret"]) in kept


def test_all_of_it_belongs_to_one_account(world: World) -> None:
    _, known = seeded(world)
    apps: list[App] = [known.apps[name] for name in (development.APP, TENCENT_APP, WECHAT_APP)]
    accounts: list[Account] = [app.account for app in apps]
    assert accounts == [accounts[0]] * 3
    assert {key.account for key in known.secret_keys.values()} == {accounts[0].id}
