"""WeChat's tokens: given out, good for so long, refused in the platform's words."""

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import msgspec
import pytest

from hongyan.core.time import HOUR, MINUTE, SECOND
from hongyan.service.directory import Authorisation, WechatProfile
from hongyan.service.wechat import bearer
from hongyan.wire.wechat.tokens import Kind, revoked
from support.commands import refused
from support.fake import wechat_secret
from support.held import HeldHouse
from support.mini_program import (
    NICKNAME,
    RECORDS,
    SEND,
    STABLE,
    TOKEN,
    Holder,
    MiniProgram,
    app_of,
    changed,
    moved_in,
    new_number,
    noticed,
    third_party_in,
)
from support.process import Dev, new_address

pytestmark = pytest.mark.timeout(40)

COMPONENT_TOKEN = "/cgi-bin/component/api_component_token"
QUERY_AUTH = "/cgi-bin/component/api_query_auth"
AUTHORIZER_TOKEN = "/cgi-bin/component/api_authorizer_token"
NOT_LATEST = (40001, "invalid credential, access_token is invalid or not latest")


@pytest.fixture
def mini(held: HeldHouse) -> MiniProgram:
    return moved_in(held)


def works(mini: MiniProgram, token: str) -> bool:
    return Holder(mini, token).send(new_number()).errcode == 0


def refusal(mini: MiniProgram, token: str) -> tuple[int, str]:
    return Holder(mini, token).send(new_number()).fault


def test_a_token_is_good_for_two_hours(held: HeldHouse, mini: MiniProgram) -> None:
    heard = mini.token_answer()
    assert list(heard.json) == ["access_token", "expires_in"]
    assert heard.json["expires_in"] == 7_200
    token = heard.json["access_token"]
    assert works(mini, token)
    held.clock.pass_by(2 * HOUR - MINUTE)
    assert works(mini, token)
    held.clock.pass_by(MINUTE)
    assert refusal(mini, token) == (42001, "access_token expired")


def test_the_token_before_it_is_good_for_five_minutes(held: HeldHouse, mini: MiniProgram) -> None:
    first, second = mini.token(), mini.token()
    assert first != second
    assert works(mini, first)
    held.clock.pass_by(5 * MINUTE)
    assert refusal(mini, first) == NOT_LATEST
    assert works(mini, second)
    third = mini.token()
    fourth = mini.token()
    assert refusal(mini, second) == NOT_LATEST
    assert works(mini, third)
    assert works(mini, fourth)


def test_a_stable_token_stays_and_is_alone(held: HeldHouse, mini: MiniProgram) -> None:
    token = mini.stable_token()
    assert [mini.stable_token() for _ in range(3)] == [token] * 3
    ordinary = [mini.token() for _ in range(3)][-1]
    assert works(mini, token)
    held.clock.pass_by(HOUR)
    heard = mini.stable_answer()
    assert heard.json["access_token"] == token
    assert 3_590 <= heard.json["expires_in"] <= 3_600
    held.clock.pass_by(55 * MINUTE)
    later = mini.stable_answer().json
    assert later["access_token"] != token
    assert later["expires_in"] == 7_200
    assert works(mini, token)
    assert works(mini, ordinary)
    held.clock.pass_by(5 * MINUTE)
    assert refusal(mini, token) == (42001, "access_token expired")
    assert works(mini, later["access_token"])


def test_a_forced_refresh_ends_the_token_at_once(held: HeldHouse, mini: MiniProgram) -> None:
    token = mini.stable_token()
    forced = mini.stable_answer(force_refresh=True).json["access_token"]
    assert refusal(mini, token) == NOT_LATEST
    assert works(mini, forced)
    too_soon = mini.stable_answer(force_refresh=True)
    assert too_soon.fault == (
        45011,
        "api minute-quota reach limit mustslower retry next minute",
    )
    assert works(mini, forced)


def test_twenty_forced_refreshes_a_day(held: HeldHouse, mini: MiniProgram) -> None:
    day = 24 * HOUR
    # From a moment of the day that leaves time for all of them.
    into_day = (held.clock() + 8 * HOUR) % day
    held.clock.pass_by(day - into_day + HOUR)
    for _ in range(20):
        assert mini.stable_answer(force_refresh=True).errcode == 0
        held.clock.pass_by(30 * SECOND)
    heard = mini.stable_answer(force_refresh=True)
    assert heard.fault == (45009, "reach max api daily quota limit")
    held.clock.pass_by(day)
    assert mini.stable_answer(force_refresh=True).errcode == 0


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"appid": ""}, (41002, "appid missing")),
        ({"secret": ""}, (41004, "appsecret missing")),
        ({"grant_type": "authorization_code"}, (40002, "invalid grant_type")),
        ({"grant_type": ""}, (40002, "invalid grant_type")),
        ({"appid": "wx0123456789abcdef"}, (40013, "invalid appid")),
        ({"secret": wechat_secret(77)}, (40125, "invalid appsecret")),
    ],
)
def test_who_asks_for_a_token_is_looked_at(
    mini: MiniProgram, changes: dict[str, str], fault: tuple[int, str]
) -> None:
    assert mini.token_answer(**changes).fault == fault
    assert mini.stable_answer(**changes).fault == fault


def test_stable_token_is_a_post_with_json(mini: MiniProgram) -> None:
    assert mini.get(STABLE).fault == (43002, "require POST method")
    assert mini.post(STABLE, b"").fault == (44002, "empty post data")
    assert mini.post(STABLE, b"grant_type=client_credential").fault == (
        47001,
        "data format error",
    )
    assert mini.post(STABLE, {"appid": 1}).fault == (47001, "data format error")


def test_a_token_is_asked_for_from_listed_addresses_only(
    held: HeldHouse, mini: MiniProgram
) -> None:
    address = new_address()
    changed(held, mini, networks=(ip_network("127.0.0.1/32"),))
    at_home = mini.token()
    away = mini.at(address)
    told = f"invalid ip {address} ipv6 ::ffff:{address}, not in whitelist"
    assert away.token_answer().fault == (40164, told)
    assert away.stable_answer().fault == (40164, told)
    # Only there: a token is good from anywhere.
    assert works(away, at_home)


def test_a_disabled_app_has_a_frozen_secret(held: HeldHouse, mini: MiniProgram) -> None:
    token = mini.token()
    changed(held, mini, enabled=False)
    assert mini.token_answer().fault == (40243, "AppSecret has been frozen")
    assert refusal(mini, token) == (48001, "api unauthorized,")


def test_a_closed_account_has_no_apis(held: HeldHouse, mini: MiniProgram) -> None:
    token = mini.token()
    account = app_of(held, mini).account.id
    with held.administering() as administering:
        administering.open_account(account, is_open=False)
    noticed(held)
    assert mini.token_answer().fault == (48001, "api unauthorized,")
    assert refusal(mini, token) == (48001, "api unauthorized,")


def test_who_guesses_secrets_waits_at_the_door(held: HeldHouse, mini: MiniProgram) -> None:
    guesser = mini.at(new_address())
    for seed in range(10):
        wrong = guesser.with_secret(wechat_secret(1_000 + seed))
        assert wrong.token_answer().fault[0] == 40125
    assert guesser.token_answer().fault[0] == 40125
    assert guesser.stable_answer().fault[0] == 40125
    assert mini.token_answer().errcode == 0
    held.clock.pass_by(SECOND)
    assert guesser.token_answer().errcode == 0


def test_where_a_token_stands_and_what_it_is(mini: MiniProgram) -> None:
    token = mini.token()
    body = Holder(mini, token).marketing([new_number()])
    missing = (41001, "access_token missing")
    assert mini.post(SEND, body).fault == missing
    assert mini.post(SEND, body, access_token="").fault == missing
    assert mini.post(SEND, body | {"access_token": token}).fault == missing
    assert refusal(mini, "x") == (40014, "invalid access_token")
    assert refusal(mini, token[:-1]) == (40014, "invalid access_token")
    forged = token[:20] + ("A" if token[20] != "A" else "B") + token[21:]
    assert refusal(mini, forged) == NOT_LATEST
    assert mini.get(SEND, access_token=token).fault == (43002, "require POST method")
    assert mini.post(SEND, b"", access_token=token).fault == (44002, "empty post data")


def test_a_token_of_another_app_opens_only_that(held: HeldHouse, mini: MiniProgram) -> None:
    other = moved_in(held).token()
    assert refusal(mini, other) == (-601027, "invalid env")


# Without a token.


def pushed(held: HeldHouse, app: int) -> str:
    """A token as it is pushed into a container."""
    with held.administering() as administering:
        (one,) = (one for one in administering.directory().apps.values() if one.id == app)
        made = bearer.pushed(administering, held.sealer, one, held.clock())
    noticed(held)
    return made


def trusted(held: HeldHouse, address: str, **more: Any) -> MiniProgram:
    networks = (ip_network(f"{address}/32"),)
    profile = WechatProfile(nickname=NICKNAME, trusted_networks=networks)
    return moved_in(held, profile=profile, **more).at(address)


def test_a_trusted_network_needs_no_token(held: HeldHouse) -> None:
    address = new_address()
    mini = trusted(held, address)
    noticed(held)
    body = Holder(mini, "").marketing([new_number()])
    heard = mini.post(SEND, body)
    assert heard.errcode == 0, heard
    assert heard.headers["x-openapi-seqid"]
    assert mini.at("127.0.0.1").post(SEND, body).fault == (41001, "access_token missing")
    headers = {"X-Forwarded-For": address}
    given = msgspec.json.encode(body)
    claimed = mini.at("127.0.0.1").http("POST", SEND, given, headers)
    assert claimed.fault == (41001, "access_token missing")
    # Nor whoever comes through a proxy in that network, which `trusted_proxies` does not name.
    by_proxy = mini.http("POST", SEND, given, {"X-Forwarded-For": "192.0.2.7"})
    assert by_proxy.fault == (41001, "access_token missing")


def test_a_server_of_several_apps_says_for_which_it_calls(held: HeldHouse) -> None:
    address = new_address()
    one, other = trusted(held, address), trusted(held, address)
    noticed(held)
    number = new_number()
    body = Holder(one, "").marketing([number])
    assert one.post(SEND, body).fault == (85105, "not authorized")
    assert one.post(SEND, body, from_appid=one.appid).errcode == 0
    assert one.post(SEND, body, from_appid=other.appid).fault == (-601027, "invalid env")
    stranger = moved_in(held)
    assert one.post(SEND, body, from_appid=stranger.appid).fault == (85105, "not authorized")


def test_a_cloudbase_token_has_a_parameter_of_its_own(held: HeldHouse, mini: MiniProgram) -> None:
    app = app_of(held, mini)
    token = pushed(held, app.id)
    body = Holder(mini, "").marketing([new_number()])
    assert mini.post(SEND, body, cloudbase_access_token=token).errcode == 0
    assert mini.post(SEND, body, access_token=token).fault == NOT_LATEST
    ordinary = mini.token()
    assert mini.post(SEND, body, cloudbase_access_token=ordinary).fault == NOT_LATEST


# Third parties.


class Third:
    """A third party with its tokens."""

    def __init__(self, held: HeldHouse) -> None:
        self.held = held
        self.mini = third_party_in(held)
        with held.administering() as administering:
            administering.put_ticket(app_of(held, self.mini).id, "ticket@@@good")
        noticed(held)

    def component_answer(self, **changes: str) -> Any:
        body = {
            "component_appid": self.mini.appid,
            "component_appsecret": self.mini.secret,
            "component_verify_ticket": "ticket@@@good",
        }
        return self.mini.post(COMPONENT_TOKEN, body | changes)

    def component_token(self) -> str:
        heard = self.component_answer()
        assert heard.errcode == 0, heard
        assert heard.json["expires_in"] == 7_200
        found: str = heard.json["component_access_token"]
        return found

    def authorised(self, mini: MiniProgram, *rights: int) -> str:
        """The authorization_code that the mini program's owner has let it have."""
        code = "queryauthcode@@@" + mini.appid
        with self.held.administering() as administering:
            authorisation = Authorisation(
                component=app_of(self.held, self.mini).id,
                app=app_of(self.held, mini).id,
                rights=frozenset(rights),
                code_hash=administering.hashed(code),
                refresh_hash=b"",
            )
            administering.put_authorisation(authorisation)
        noticed(self.held)
        return code

    def by_code(self, token: str, code: str) -> Any:
        body = {"component_appid": self.mini.appid, "authorization_code": code}
        return self.mini.post(QUERY_AUTH, body, component_access_token=token)

    def by_refresh(self, token: str, mini: MiniProgram, refresh: str) -> Any:
        body = {
            "component_appid": self.mini.appid,
            "authorizer_appid": mini.appid,
            "authorizer_refresh_token": refresh,
        }
        return self.mini.post(AUTHORIZER_TOKEN, body, component_access_token=token)


@pytest.fixture
def third(held: HeldHouse) -> Third:
    return Third(held)


def test_a_third_party_sends_for_a_mini_program(
    held: HeldHouse, mini: MiniProgram, third: Third
) -> None:
    component = third.component_token()
    code = third.authorised(mini, 1, 99)
    info = third.by_code(component, code).json["authorization_info"]
    assert info["authorizer_appid"] == mini.appid
    assert info["func_info"] == [
        {"funcscope_category": {"id": 1}},
        {"funcscope_category": {"id": 99}},
    ]
    assert info["expires_in"] == 7_200
    assert info["authorizer_refresh_token"].startswith("refreshtoken@@@")
    token, number = info["authorizer_access_token"], new_number()
    holder = Holder(mini, token)
    assert holder.sent(holder.send(number))[0]["code"] == "Ok"
    # With the third party's environment: its website, the mini program's name and package.
    theirs = {"env": third.mini.env, "resource_appid": third.mini.appid}
    after = holder.text(number)["id"]
    assert holder.sent(holder.send(number, content="别的", **theirs))[0]["code"] == "Ok"
    assert holder.text(number, after=after)["text"].startswith(f"【{NICKNAME}】")
    assert holder.balance(held) == 100_000 - 2
    for wrong in (
        {"env": third.mini.env},
        {"env": mini.env, "resource_appid": third.mini.appid},
        {"env": third.mini.env, "resource_appid": mini.appid},
        {"env": third.mini.env, "resource_appid": "wx"},
    ):
        assert holder.send(number, **wrong).fault == (-601027, "invalid env")
    # The mini program itself may not use it.
    own = mini.with_token()
    assert own.send(number, **theirs).fault == (-601027, "invalid env")


def test_a_refresh_token_brings_further_tokens(
    held: HeldHouse, mini: MiniProgram, third: Third
) -> None:
    component = third.component_token()
    info = third.by_code(component, third.authorised(mini, 49)).json["authorization_info"]
    refresh = info["authorizer_refresh_token"]
    heard = third.by_refresh(component, mini, refresh)
    assert heard.json["authorizer_refresh_token"] == refresh
    assert heard.json["expires_in"] == 7_200
    assert works(mini, heard.json["authorizer_access_token"])
    assert works(mini, info["authorizer_access_token"])
    held.clock.pass_by(5 * MINUTE)
    assert refusal(mini, info["authorizer_access_token"]) == NOT_LATEST
    assert third.by_refresh(component, mini, refresh + "x").fault == (
        61023,
        "refresh_token is invalid",
    )
    assert third.by_refresh(component, mini, "").fault[0] == 61023


def test_a_code_is_good_once(mini: MiniProgram, third: Third) -> None:
    component, code = third.component_token(), third.authorised(mini, 99)
    assert third.by_code(component, code).errcode == 0
    for given in (code, "queryauthcode@@@none", ""):
        assert third.by_code(component, given).fault == (61010, "code is expired")


def test_a_third_party_needs_the_right_to_send(mini: MiniProgram, third: Third) -> None:
    component = third.component_token()
    info = third.by_code(component, third.authorised(mini, 1, 3)).json["authorization_info"]
    holder = Holder(mini, info["authorizer_access_token"])
    assert holder.send(new_number()).fault == (61007, "api is unauthorized to component")
    records = {"EnvId": mini.env, "StartDate": "2026-11-01", "EndDate": "2026-11-30"}
    assert holder.call(RECORDS, records).fault[0] == 61007


def test_an_authorisation_can_be_taken_back(
    held: HeldHouse, mini: MiniProgram, third: Third
) -> None:
    component = third.component_token()
    info = third.by_code(component, third.authorised(mini, 99)).json["authorization_info"]
    holder = Holder(mini, info["authorizer_access_token"])
    assert holder.send(new_number()).errcode == 0
    with held.administering() as administering:
        component_id = app_of(held, third.mini).id
        assert administering.drop_authorisation(component_id, app_of(held, mini).id)
    noticed(held)
    gone = (61003, "component is not authorized by this account")
    assert holder.send(new_number()).fault == gone
    assert third.by_refresh(component, mini, info["authorizer_refresh_token"]).fault == gone


def test_who_asks_for_a_component_token_is_looked_at(held: HeldHouse, third: Third) -> None:
    assert third.component_answer(component_appid="").fault == (41002, "appid missing")
    assert third.component_answer(component_appsecret="").fault == (41004, "appsecret missing")
    assert third.component_answer(component_appid="wx1").fault == (40013, "invalid appid")
    assert third.component_answer(component_appsecret="x").fault == (40125, "invalid appsecret")
    expired = (61006, "component ticket is expired")
    assert third.component_answer(component_verify_ticket="ticket@@@old").fault == expired
    assert third.component_answer(component_verify_ticket="").fault == expired
    changed(held, third.mini, networks=(ip_network("10.0.0.0/8"),))
    told = (61004, "access clientip is not registered, not in whitelist 127.0.0.1")
    assert third.component_answer().fault == told


def test_a_component_token_is_for_nothing_else(mini: MiniProgram, third: Third) -> None:
    component = third.component_token()
    assert refusal(mini, component) == NOT_LATEST
    code = third.authorised(mini, 99)
    assert third.by_code(mini.token(), code).fault == NOT_LATEST
    assert third.by_code("", code).fault == (41001, "access_token missing")
    other = replace(third.mini, appid="wx1")
    body = {"component_appid": other.appid, "authorization_code": code}
    heard = other.post(QUERY_AUTH, body, component_access_token=component)
    assert heard.fault == (40013, "invalid appid")
    assert third.mini.get(TOKEN, grant_type="client_credential").fault[0] == 41002


def test_a_revoked_token_is_dead_at_once(held: HeldHouse, mini: MiniProgram) -> None:
    token = mini.token()
    now = held.clock()
    with held.administering() as administering:
        app = administering.directory().apps[mini.name].id
        administering.grant(Kind.ACCESS.value, app, 0, lambda grant: revoked(grant, now))
    noticed(held)
    assert refusal(mini, token) == NOT_LATEST
    assert works(mini, mini.token())


def test_a_containers_token_is_made_by_command(dev: Dev) -> None:
    told = dev.file["wechat"]
    mini = MiniProgram(dev.url, told["appid"], told["secret"], told["env"])
    made = dev.command("app", "cloudbase-token", told["appid"])
    token = made["cloudbase_access_token"]
    body = Holder(mini, "").marketing([new_number()])
    assert mini.post(SEND, body, cloudbase_access_token=token).errcode == 0
    assert mini.post(SEND, body, access_token=token).fault == NOT_LATEST
    said = refused("app", "cloudbase-token", "app_dev", "--data", dev.data)
    assert "is no mini program" in said
