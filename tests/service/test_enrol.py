"""Apps in the protocols of others: their names, limits, secrets, tokens, and who acts for whom."""

import re
from ipaddress import ip_network
from typing import Any

import msgspec
import pytest

from hongyan.core.errors import InvalidParameters, InvalidTemplate, UnknownApp, UnknownKey
from hongyan.core.frequency import DOCUMENTED, LIVE, Frequency
from hongyan.core.message import Kind
from hongyan.core.time import DAY, HOUR
from hongyan.service import enrol
from hongyan.service.administer import (
    COMPONENT,
    WECHAT,
    add_template,
    create_app,
    name_of,
    rotate_app_secret,
    set_callback,
)
from hongyan.service.admit import Admission
from hongyan.service.directory import NEVER, App, Directory, Form, TencentProfile, WechatProfile
from hongyan.wire.wechat.tokens import Grant, renewed
from support.world import World

PROFILE = WechatProfile(nickname="云开发")


@pytest.fixture
def desk(world: World) -> Any:
    return world.administering


def app(desk: Any, name: str = "app_test") -> App:
    known: Directory = desk.directory()
    return known.apps[name]


# Keys that sign.


def test_a_key_looks_as_its_users_expect_and_is_no_other() -> None:
    made = [enrol.new_secret_key(1) for _ in range(3)]
    assert all(re.fullmatch(r"AKID[A-Za-z0-9]{32}", one.id) for one in made)
    assert all(re.fullmatch(r"[A-Za-z0-9]{32}", one.secret) for one in made)
    assert len({text for one in made for text in (one.id, one.secret)}) == 6
    assert {(one.account, one.token, one.ends_at) for one in made} == {(1, "", NEVER)}


def test_a_temporary_key_has_a_token_and_an_end() -> None:
    made = enrol.new_secret_key(1, temporary_until=HOUR)
    assert re.fullmatch(r"tmp[A-Za-z0-9]{64}", made.token)
    assert made.ends_at == HOUR


def test_a_rotated_key_is_good_beside_the_new_one_for_a_while(world: World, desk: Any) -> None:
    old = enrol.new_secret_key(world.account, (ip_network("::/8"),))
    desk.add_secret_key(old)
    made = enrol.rotate_secret_key(desk, old.id, world.clock() + HOUR)
    assert (made.account, made.networks) == (old.account, old.networks)
    assert set(desk.directory().secret_keys) == {old.id, made.id}
    world.clock.pass_by(HOUR)
    assert set(desk.directory().secret_keys) == {made.id}
    with pytest.raises(UnknownKey):
        enrol.rotate_secret_key(desk, old.id, world.clock() + HOUR)


def test_a_rotation_never_lets_a_key_live_longer(world: World, desk: Any) -> None:
    old = enrol.new_secret_key(world.account)
    desk.add_secret_key(old)
    desk.end_secret_key(old.id, world.clock() + HOUR)
    enrol.rotate_secret_key(desk, old.id, world.clock() + DAY)
    assert desk.directory().secret_keys[old.id].ends_at == world.clock() + HOUR


def test_a_temporary_key_is_not_rotated(world: World, desk: Any) -> None:
    made = enrol.new_secret_key(world.account, temporary_until=world.clock() + HOUR)
    desk.add_secret_key(made)
    with pytest.raises(UnknownKey, match="made anew"):
        enrol.rotate_secret_key(desk, made.id, world.clock())


# Tencent.


def test_an_app_of_tencents_protocol_has_an_sdk_app_id_and_its_limits(desk: Any) -> None:
    made = enrol.enrol_tencent(desk, app(desk), DOCUMENTED)
    assert re.fullmatch(r"1400\d{6}", made)
    known = app(desk)
    assert desk.directory().named["tencent", made] == known
    assert known.tencent == TencentProfile()
    assert (known.windows, known.content_windows) == (
        DOCUMENTED.windows,
        DOCUMENTED.content_windows,
    )


def test_an_app_keeps_the_sdk_app_id_and_the_limits_that_it_has(desk: Any) -> None:
    first = enrol.enrol_tencent(desk, app(desk), LIVE)
    with pytest.raises(InvalidParameters, match=first):
        enrol.enrol_tencent(desk, app(desk), DOCUMENTED)
    assert enrol.frequency_of(app(desk)) == LIVE


def test_an_app_may_bring_its_names_with_it(desk: Any) -> None:
    sdk_app_id, appid, component = "1400006789", "wx" + "0a" * 8, "wx" + "0b" * 8
    assert enrol.enrol_tencent(desk, app(desk), LIVE, sdk_app_id) == sdk_app_id
    assert enrol.enrol_wechat(desk, app(desk), PROFILE, appid).appid == appid
    assert enrol.enrol_component(desk, app(desk), component).appid == component
    other = app(desk, "app_other")
    for taken in (sdk_app_id, appid, component):
        with pytest.raises(InvalidParameters):
            enrol.enrol_tencent(desk, other, LIVE, taken)
    for taken in (appid, component):
        with pytest.raises(InvalidParameters, match="another app's"):
            enrol.enrol_wechat(desk, other, PROFILE, taken)


@pytest.mark.parametrize("name", ["140000678", "14000067890", "140000678a", "١٤٠٠٠٠٦٧٨٩"])
def test_a_name_that_no_client_could_send_is_refused(desk: Any, name: str) -> None:
    with pytest.raises(InvalidParameters, match="ten digits"):
        enrol.enrol_tencent(desk, app(desk), LIVE, name)


@pytest.mark.parametrize("name", ["wx", "wx" + "0" * 15, "WX" + "0" * 16, "wx" + "G" * 16])
def test_an_appid_that_wechat_could_not_have_given_is_refused(desk: Any, name: str) -> None:
    with pytest.raises(InvalidParameters, match="hexadecimal"):
        enrol.enrol_wechat(desk, app(desk), PROFILE, name)


@pytest.mark.parametrize(
    "frequency",
    [DOCUMENTED, LIVE, Frequency(same_per_day=3, per_hour=7), Frequency(per_minute=0, per_day=0)],
)
def test_limits_are_read_as_they_were_set(desk: Any, frequency: Frequency) -> None:
    enrol.enrol_tencent(desk, app(desk), frequency)
    assert enrol.frequency_of(app(desk)) == frequency


def test_an_app_of_tencents_protocol_is_called_back_in_its_form(desk: Any) -> None:
    set_callback(desk, app(desk, "app_other"), "https://a.example/")
    enrol.enrol_tencent(desk, app(desk), DOCUMENTED)
    for _ in range(2):
        set_callback(desk, app(desk), "https://a.example/")
        callback = app(desk).callback
        assert callback is not None
        assert callback.form is Form.TENCENT
    other = app(desk, "app_other").callback
    assert other is not None
    assert other.form is Form.ZHENZI


# WeChat.


async def enters(world: World, protocol: str, name: str, secret: str) -> bool:
    await world.store.refresh()
    entry = await Admission(world.store, world.sealer).enter(protocol, name, secret, "")
    return entry.app.id == world.app


async def test_an_app_of_wechats_protocol_comes_in_by_its_secret(world: World, desk: Any) -> None:
    made = enrol.enrol_wechat(desk, app(desk), PROFILE)
    assert re.fullmatch(r"wx[0-9a-f]{16}", made.appid)
    assert re.fullmatch(r"[0-9a-f]{32}", made.secret)
    assert made.secret not in repr(made)
    assert await enters(world, WECHAT, made.appid, made.secret)
    known = app(desk)
    assert known.wechat == PROFILE
    assert (known.windows, known.content_windows) == (LIVE.windows, LIVE.content_windows)
    with pytest.raises(InvalidParameters, match=made.appid):
        enrol.enrol_wechat(desk, known, PROFILE)


async def test_each_protocols_secret_is_replaced_by_itself(world: World, desk: Any) -> None:
    now = world.clock()
    zhenzi = rotate_app_secret(desk, app(desk), now)
    wechat = enrol.enrol_wechat(desk, app(desk), PROFILE)
    third = enrol.enrol_component(desk, app(desk))
    zhenzi = rotate_app_secret(desk, app(desk), now)
    app_id = name_of(desk.directory(), app(desk), "zhenzi")
    assert await enters(world, WECHAT, wechat.appid, wechat.secret)
    made = enrol.rotate_wechat_secret(desk, app(desk), WECHAT, now, now)
    assert made != wechat.secret
    assert await enters(world, WECHAT, wechat.appid, made)
    assert await enters(world, "zhenzi", app_id, zhenzi.secret)
    assert await enters(world, COMPONENT, third.appid, third.secret)
    hints = {key.hint for key in desk.directory().keys.values()}
    assert len(hints) == 3


def test_two_secrets_are_good_during_an_overlap_and_never_three(world: World, desk: Any) -> None:
    now = world.clock()
    enrol.enrol_wechat(desk, app(desk), PROFILE)
    for alive in (2, 2):
        enrol.rotate_wechat_secret(desk, app(desk), WECHAT, now + HOUR, now)
        assert len(desk.directory().keys) == alive
    world.clock.pass_by(HOUR)
    assert len(desk.directory().keys) == 1


@pytest.mark.parametrize(("overlap", "lives"), [(0, False), (HOUR, True)])
def test_what_a_leaked_secret_has_fetched_dies_with_it(
    world: World, desk: Any, overlap: int, lives: bool
) -> None:
    now = world.clock()
    enrol.enrol_wechat(desk, app(desk), PROFILE)
    for kind in (1, 2, 4):
        desk.grant(kind, world.app, 0, lambda grant: renewed(grant, now))
    desk.grant(1, world.other_app, 0, lambda grant: renewed(grant, now))
    enrol.rotate_wechat_secret(desk, app(desk), WECHAT, now + overlap, now)
    grants = desk.directory().grants
    fresh = Grant(1, now)
    assert [grants[kind, world.app, 0] == fresh for kind in (1, 2, 4)] == [lives, lives, True]
    assert grants[1, world.other_app, 0] == fresh


def test_a_secret_is_not_rotated_where_the_app_is_not_known(world: World, desk: Any) -> None:
    with pytest.raises(UnknownApp):
        enrol.rotate_wechat_secret(desk, app(desk), WECHAT, world.clock(), world.clock())


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a/b", "..", "a.b", "环境", "a" * 64])
def test_an_environments_id_is_a_plain_name(desk: Any, name: str) -> None:
    with pytest.raises(InvalidParameters):
        enrol.put_environment(desk, app(desk), name)


def test_an_environment_is_not_taken_from_its_app(desk: Any) -> None:
    enrol.put_environment(desk, app(desk), "env-1")
    with pytest.raises(InvalidParameters, match="another app's"):
        enrol.put_environment(desk, app(desk, "app_other"), "env-1")


def test_a_cloud_function_is_permitted_in_its_own_apps_environment(desk: Any) -> None:
    enrol.put_environment(desk, app(desk), "env-1")
    made = enrol.permit(desk, app(desk), "env-1", {"cloudbase.sendSms"})
    kept = desk.directory().cloud_tokens[desk.hashed(made.secret)]
    assert (kept.app.name, kept.environment) == ("app_test", "env-1")
    assert kept.permissions == frozenset({"cloudbase.sendSms"})
    assert made.secret not in made.hint
    for stranger, environment in (("app_other", "env-1"), ("app_test", "env-2")):
        with pytest.raises(InvalidParameters):
            enrol.permit(desk, app(desk, stranger), environment, ())


# Third parties.


def test_a_third_party_is_authorised_with_a_code(world: World, desk: Any) -> None:
    enrol.enrol_wechat(desk, app(desk), PROFILE)
    enrol.enrol_component(desk, app(desk, "app_other"))
    ticket = enrol.new_ticket(desk, app(desk, "app_other"))
    assert ticket.startswith("ticket@@@")
    [(component, given)] = desk.directory().tickets.items()
    assert (component, given.hash) == (world.other_app, desk.hashed(ticket))
    code = enrol.authorise(desk, app(desk, "app_other"), app(desk), {49, 99})
    assert code.startswith("queryauthcode@@@")
    [kept] = desk.directory().authorisations.values()
    assert (kept.component, kept.app) == (world.other_app, world.app)
    assert (kept.rights, kept.code_hash, kept.refresh_hash) == (
        frozenset({49, 99}),
        desk.hashed(code),
        b"",
    )


def test_a_new_authorisation_leaves_the_refresh_token_of_before(desk: Any) -> None:
    enrol.enrol_wechat(desk, app(desk), PROFILE)
    enrol.enrol_component(desk, app(desk, "app_other"))
    enrol.authorise(desk, app(desk, "app_other"), app(desk), {49})
    [first] = desk.directory().authorisations.values()
    desk.put_authorisation(msgspec.structs.replace(first, code_hash=b"", refresh_hash=b"r"))
    enrol.authorise(desk, app(desk, "app_other"), app(desk), {99})
    [second] = desk.directory().authorisations.values()
    assert (second.rights, second.refresh_hash) == (frozenset({99}), b"r")


def test_only_a_third_party_has_tickets_and_only_mini_programs_authorise(desk: Any) -> None:
    with pytest.raises(UnknownApp, match="no third party"):
        enrol.new_ticket(desk, app(desk))
    with pytest.raises(UnknownApp, match="no third party"):
        enrol.authorise(desk, app(desk), app(desk, "app_other"), {99})
    enrol.enrol_component(desk, app(desk))
    with pytest.raises(UnknownApp, match="not known to wechat"):
        enrol.authorise(desk, app(desk), app(desk, "app_other"), {99})


# Accounts.


def test_a_personal_account_submits_no_marketing(desk: Any) -> None:
    personal = desk.create_account("Me", "personal")
    desk.add_signature(personal, "我")
    create_app(desk, personal, "Mine")
    with pytest.raises(InvalidTemplate, match="no marketing"):
        add_template(desk, personal, "ad", Kind.MARKETING, "我", "来")
    assert add_template(desk, personal, "note", Kind.NOTICE, "我", "到了")
