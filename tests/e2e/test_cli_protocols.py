"""secret-key, environment, component, audit and what `app` has of Tencent's and WeChat's protocols,
beside a house that is open.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hongyan.service import enrol
from hongyan.service.administer import create_app
from hongyan.service.directory import WechatProfile
from support.commands import refused
from support.process import Dev, hongyan


@pytest.fixture
def name(dev: Dev) -> str:
    """An app of this test's own."""
    with dev.administering() as administering, administering.together():
        return create_app(administering, 1, "Own").app


def audited(house: Dev, subject: str) -> list[tuple[str, str]]:
    """(who, action), newest first."""
    rows = house.command("audit", "--subject", subject)
    return [(row["who"], row["action"]) for row in rows]


# Keys that sign.


@pytest.fixture
def key(dev: Dev) -> str:
    """The SecretId of a key of this test's own."""
    made = enrol.new_secret_key(1)
    with dev.administering() as administering:
        administering.add_secret_key(made)
    return made.id


def test_a_secret_key_is_made_for_some_networks(dev: Dev) -> None:
    made = dev.command("secret-key", "create", "--by", "ann", "--allow-ip", "10.0.0.0/8")
    assert list(made) == ["secret_id", "secret_key"]
    assert re.fullmatch(r"AKID[A-Za-z0-9]{32}", made["secret_id"])
    shown = dev.command("secret-key", "show", made["secret_id"])
    assert shown["networks"] == ["10.0.0.0/8"]
    assert (shown["temporary"], shown["used_at"], shown["ends_at"]) == (False, "", "")
    assert audited(dev, f"secret key {made['secret_id']}") == [("ann", "created")]


def test_a_secret_keys_networks_and_last_use_are_shown(dev: Dev, key: str) -> None:
    allowed = dev.command("secret-key", "allow-ip", key, "10.0.0.0/8", "::1")
    assert allowed == {"secret_id": key, "networks": ["10.0.0.0/8", "::1/128"]}
    with dev.administering() as administering:
        administering.used_secret_keys({key: 1_795_233_600_000})
    assert dev.command("secret-key", "show", key)["used_at"] == "2026-11-21T04:00:00.000Z"
    allowed = dev.command("secret-key", "allow-ip", key, "none")
    assert allowed == {"secret_id": key, "networks": []}


def test_a_rotated_secret_key_ends_after_the_new_one_has_begun(dev: Dev, key: str) -> None:
    other = dev.command("secret-key", "rotate", key, "--overlap", "1")
    rows = {row["secret_id"]: row for row in dev.command("secret-key", "show")}
    assert rows[key]["ends_at"]
    assert rows[other["secret_id"]]["ends_at"] == ""
    assert [action for _, action in audited(dev, f"secret key {key}")] == ["rotated"]


def test_a_secret_key_that_has_ended_is_gone(dev: Dev, key: str) -> None:
    assert dev.command("secret-key", "end", key) == {"ended": key}
    assert "no live key" in refused("secret-key", "show", key, "--data", dev.data)


def test_a_key_that_may_have_leaked_is_held_until_it_is_released(dev: Dev, key: str) -> None:
    assert dev.command("secret-key", "hold", key, "--by", "ann") == {"held": key}
    assert dev.command("secret-key", "show", key)["held"]
    rows = {row["secret_id"]: row["held"] for row in dev.command("secret-key", "show")}
    assert [one for one, is_held in rows.items() if is_held] == [key]
    assert key in hongyan("secret-key", "show", "--data", dev.data).out
    assert dev.command("secret-key", "release", key, "--by", "bo") == {"released": key}
    assert not dev.command("secret-key", "show", key)["held"]
    assert audited(dev, f"secret key {key}") == [("bo", "released"), ("ann", "held")]
    assert "no live key" in refused("secret-key", "hold", "AKIDnone", "--data", dev.data)


def test_temporary_credentials_come_with_a_token_and_an_end(dev: Dev) -> None:
    made = dev.command("secret-key", "create", "--temporary", "2")
    assert list(made) == ["secret_id", "secret_key", "token", "ends_at"]
    shown = dev.command("secret-key", "show", made["secret_id"])
    assert shown["temporary"]
    assert shown["ends_at"] == made["ends_at"]


def test_a_secret_is_told_once_and_never_again(dev: Dev) -> None:
    key = dev.file["tencent"]["secret_id"]
    told = hongyan("secret-key", "show", "--data", dev.data).out
    told += hongyan("secret-key", "show", key, "--data", dev.data).out
    told += hongyan("app", "show", "app_wechat", "--data", dev.data).out
    told += hongyan("audit", "--data", dev.data).out
    told += hongyan("app", "permissions", "app_wechat", "--data", dev.data).out
    assert told.count(key) == 2
    secrets = [dev.file["tencent"]["secret_key"]]
    secrets += [dev.file["wechat"][one] for one in ("secret", "secret_key", "wx_api_token")]
    assert not [secret for secret in secrets if secret in told]


# Tencent.


def test_an_app_becomes_known_to_tencents_protocol(dev: Dev, name: str) -> None:
    shown = dev.command("app", "tencent", name, "--no-pulls")
    sdk_app_id = shown["tencent"]["sdk_app_id"]
    assert re.fullmatch(r"1400\d{6}", sdk_app_id)
    assert shown["tencent"] == {"sdk_app_id": sdk_app_id, "pulls": False}
    assert (shown["limits"], shown["same_text_limits"]) == (["1/60", "30/day"], ["1/30"])
    assert dev.command("app", "show", sdk_app_id)["app"] == name


def test_an_apps_limits_are_changed_one_by_one_or_all_at_once(dev: Dev, name: str) -> None:
    dev.command("app", "tencent", name, "--frequency", "live")
    shown = dev.command("app", "frequency", name, "--hour", "5", "--same-day", "2")
    assert shown["limits"] == ["5/3600", "10/day"]
    assert shown["same_text_limits"] == ["1/30", "2/day"]
    shown = dev.command("app", "frequency", name, "--preset", "documented", "--day", "0")
    assert (shown["limits"], shown["same_text_limits"]) == (["1/60"], ["1/30"])


def test_a_template_in_review_may_be_tried_on_some_numbers(dev: Dev, name: str) -> None:
    arguments = ("--kind", "notice", "--signature", "鸿雁")
    template = f"tried_{name}"
    dev.command("template", "submit", template, "到{1}", *arguments)
    numbers = ("--test-number", "13800138000", "--test-number", "+852 6123 4567")
    shown = dev.command("app", "tencent", name, "--test-template", template, *numbers)
    tried = shown["tencent"]
    assert tried["test_template"] == template
    assert tried["test_numbers"] == ["+85****4567", "138****8000"]
    assert tried["test_until"] > "2026"
    shown = dev.command("app", "tencent", name, "--test-template", "none")
    assert set(shown["tencent"]) == {"sdk_app_id", "pulls"}


# WeChat.


@pytest.fixture
def mini_program(dev: Dev, name: str) -> tuple[str, str, str]:
    """(the app's name, its appid, its environment)"""
    with dev.administering() as administering, administering.together():
        app = administering.directory().apps[name]
        appid = enrol.enrol_wechat(administering, app, WechatProfile(nickname="店")).appid
        environment = appid.replace("wx", "shop-")
        enrol.put_environment(administering, app, environment)
    return name, appid, environment


def test_an_app_becomes_a_mini_program(dev: Dev, name: str) -> None:
    made = dev.command("app", "wechat", name, "--nickname", "小店", "--trust", "10.0.0.0/8")
    assert re.fullmatch(r"[0-9a-f]{32}", made["app_secret"])
    appid = made["wechat"]["appid"]
    assert re.fullmatch(r"wx[0-9a-f]{16}", appid)
    changed = dev.command("app", "wechat", name, "--ending", "拒收请回复R", "--short-name", "店")
    assert "app_secret" not in changed
    assert changed["wechat"] == {
        "appid": appid,
        "nickname": "小店",
        "short_name": "店",
        "personal": False,
        "ending": "拒收请回复R",
        "original_id": "",
        "trusted_networks": ["10.0.0.0/8"],
        "environments": [],
    }


def test_an_environment_is_put_and_listed(dev: Dev, mini_program: tuple[str, str, str]) -> None:
    name, appid, environment = mini_program
    put = dev.command("environment", "put", environment, "--app", appid, "--no-website")
    assert put == {"env": environment, "app": name, "website": False}
    assert put | {"apis": ["/*"]} in dev.command("environment", "list")


def test_the_apis_of_an_environment_are_bounded_closed_and_opened(
    dev: Dev, mini_program: tuple[str, str, str]
) -> None:
    name, _, environment = mini_program

    def listed() -> list[str]:
        (row,) = (one for one in dev.command("environment", "list") if one["env"] == environment)
        found: list[str] = row["apis"]
        return found

    two = ["/tcb/sendsms", "/wxa/*"]
    allowed = [word for path in two for word in ("--allow", path)]
    told = dev.command("environment", "apis", environment, *allowed, "--by", "ann")
    assert told == {"env": environment, "open": True, "apis": two}
    assert listed() == two
    told = dev.command("environment", "apis", environment, "--close", "--by", "bo")
    assert told == {"env": environment, "open": False, "apis": two}
    dev.command("environment", "put", environment, "--app", name, "--no-website")
    dev.command("environment", "put", f"{environment}-2", "--app", name)
    rows = {one["env"]: one["apis"] for one in dev.command("environment", "list")}
    assert (rows[environment], rows[f"{environment}-2"]) == ([], []), "a new one is as the others"
    dev.command("environment", "apis", environment, "--open")
    assert listed() == two
    by = [who for who, _ in audited(dev, f"environment {environment}")]
    assert by[1:] == ["bo", "ann"]


def test_a_cloud_function_is_permitted_what_its_config_names(
    dev: Dev, mini_program: tuple[str, str, str], tmp_path: Path
) -> None:
    name, _, environment = mini_program
    config = tmp_path / "config.json"
    config.write_text('{"permissions": {"openapi": ["cloudbase.sendSms"]}}', "utf-8")
    token = dev.command("app", "permit", name, str(config), "--env", environment)
    assert token["permissions"] == ["cloudbase.sendSms"]
    [row] = dev.command("app", "permissions", name)
    assert (row["hint"], row["env"]) == (token["hint"], environment)
    assert dev.command("app", "forbid", name, token["hint"]) == {"ended": token["hint"]}
    assert dev.command("app", "permissions", name) == []
    actions = [action for _, action in audited(dev, f"app {name}")]
    assert actions == ["forbade", "permitted"]


def test_a_mini_programs_secret_is_replaced(dev: Dev, mini_program: tuple[str, str, str]) -> None:
    name, appid, _ = mini_program
    rotated = dev.command("app", "rotate-wechat-secret", appid, "--overlap", "0")
    assert rotated["appid"] == appid
    assert re.fullmatch(r"[0-9a-f]{32}", rotated["secret"])
    assert [action for _, action in audited(dev, f"app {name}")] == ["rotated"]


def test_a_mini_program_of_a_personal_account_says_so(dev: Dev) -> None:
    account = str(dev.command("account", "create", "小张", "--kind", "personal")["account"])
    made = dev.command("app", "create", "Mine", "--account", account)["app"]
    assert dev.command("app", "wechat", made)["wechat"]["personal"]
    arguments = ("--kind", "marketing", "--signature", "小张", "--account", account)
    sentence = refused("template", "submit", "ad", "来", *arguments, "--data", dev.data)
    assert sentence == "A personal account sends no marketing."


def test_an_app_becomes_a_third_party(dev: Dev, name: str) -> None:
    made = dev.command("component", "enrol", name)
    assert list(made) == ["component_appid", "component_appsecret"]
    ticket = dev.command("component", "ticket", made["component_appid"])
    assert ticket["component_verify_ticket"].startswith("ticket@@@")
    rotated = dev.command("component", "rotate-secret", name)
    assert rotated["component_appid"] == made["component_appid"]
    assert rotated["component_appsecret"] != made["component_appsecret"]


def test_a_third_party_is_authorised_and_let_go(
    dev: Dev, mini_program: tuple[str, str, str]
) -> None:
    name, appid, _ = mini_program
    with dev.administering() as administering, administering.together():
        other = create_app(administering, 1, "Agency").app
        made = enrol.enrol_component(administering, administering.directory().apps[other])
    told = dev.command("component", "authorise", other, name, "--right", "99")
    assert told["authorization_code"].startswith("queryauthcode@@@")
    assert (told["authorizer_appid"], told["rights"]) == (appid, [99])
    acting = {"component": other, "component_appid": made.appid, "acts_for": [name]}
    assert acting in dev.command("component", "list")
    assert dev.command("component", "withdraw", other, name) == {"withdrawn": name}
    assert acting not in dev.command("component", "list")


# What an app may send in a day.


def test_an_app_has_caps_and_what_is_not_given_stays(dev: Dev, name: str) -> None:
    set_caps = ("app", "caps", name)
    assert dev.command("app", "show", name)["caps"] == {}
    made = dev.command(*set_caps, "--all", "900", "--mainland", "800", "--country", "HK=20")
    assert made["caps"] == {"all": 900, "mainland": 800, "countries": {"HK": 20}}
    made = dev.command(*set_caps, "--abroad", "50", "--country", "MY=5", "--never", "US")
    assert made["caps"] == {
        "all": 900,
        "mainland": 800,
        "abroad": 50,
        "countries": {"HK": 20, "MY": 5},
        "never": ["US"],
    }
    lifted = ("--all", "0", "--abroad", "0", "--country", "HK=0", "--country", "MY=0")
    made = dev.command(*set_caps, *lifted, "--mainland", "7", "--never", "none")
    assert made["caps"] == {"mainland": 7}


# What cannot be done.


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("secret-key create --account 99999", "There is no account 99999."),
        ("secret-key create --allow-ip 10.0.0.1/8", "write an address or a network"),
        ("secret-key rotate AKID0", "There is no live key AKID0"),
        ("secret-key end AKID0", "There is no live key AKID0."),
        ("secret-key allow-ip AKID0 none", "There is no key AKID0."),
        ("app frequency app_dev", "Give a --preset or a number."),
        ("app hours app_dev 9-21", "write the hours as 09:00-21:00"),
        ("app hours app_dev 21:00-09:00", "Hours open before they close"),
        ("app hours app_dev 00:00-24:01", "Hours open before they close"),
        ("app caps app_dev", "Give a number, a --country or a country that is --never texted."),
        ("app caps app_dev --country HK", "write its two letters and the most a day"),
        ("app caps app_dev --country ZZ=1", "There is no country ZZ"),
        ("app caps app_dev --country CN=1", "give that as --mainland"),
        ("app caps app_dev --country HK=1000000001", "1000000000 a day are the most"),
        ("app caps app_dev --never hk", "There is no country hk"),
        ("app tencent app_dev --sdk-app-id 1", "those are ten digits"),
        ("app tencent app_tencent --sdk-app-id 1400000000", "has an SdkAppId already"),
        ("app tencent app_dev --test-template x", "go together"),
        ("app tencent app_dev --test-number 13800138000", "go together"),
        (
            "app tencent app_tencent --test-template x --test-number 13800138000",
            "There is no template x that could be tried.",
        ),
        (
            "app tencent app_tencent --test-template code --test-number 123",
            "This phone number has too few digits.",
        ),
        ("app wechat app_dev --appid wx1", "those are wx and 16 hexadecimal digits"),
        ("app wechat app_wechat --appid wx0123456789abcdef", "has an appid already"),
        ("app wechat app_dev --short-name 一二三四五六七八九十甲乙丙", "12 characters at most"),
        ("app rotate-wechat-secret app_dev", "is not known to wechat"),
        ("app forbid app_wechat none", "has no live token none"),
        ("environment put Shop --app app_wechat", "An environment's id has"),
        ("environment apis none-1", "There is no environment none-1"),
        ("environment apis hongyan-dev --allow tcb", "takes paths"),
        ("environment put hongyan-dev --app app_dev", "is another app's"),
        ("component ticket app_dev", "is no third party"),
        ("component authorise app_dev app_wechat", "is no third party"),
        ("component withdraw app_dev app_wechat", "does not act for"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(dev: Dev, arguments: str, sentence: str) -> None:
    assert sentence in refused(*arguments.split(), "--data", dev.data)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ("{", "This is no config.json of a cloud function"),
        ("{}", "names no API"),
        ('{"permissions": {"openapi": ["*"]}}', "Name each API"),
    ],
)
def test_a_config_that_names_no_api_permits_nothing(
    dev: Dev, tmp_path: Path, config: str, sentence: str
) -> None:
    file = tmp_path / "config.json"
    file.write_text(config, "utf-8")
    permit = ("app", "permit", "app_wechat", file, "--env", "hongyan-dev")
    assert sentence in refused(*permit, "--data", dev.data)


def test_outside_development_hours_are_never_wider_than_the_laws(tmp_path: Path) -> None:
    made = hongyan("init", tmp_path, "--base-url", "https://sms.example.com", "--json")
    assert made.code == 0, made
    config = ("--config", tmp_path / "hongyan.toml")
    created = json.loads(hongyan("app", "create", "A", "--json", *config).out)
    hours: Any = ("app", "hours", created["app"])
    assert "only less can be chosen" in refused(*hours, "07:59-22:00", *config)
    assert "only less can be chosen" in refused(*hours, "08:00-22:01", *config)
    shown = json.loads(hongyan(*hours, "09:00-21:30", "--json", *config).out)
    assert shown["marketing_hours"] == "09:00-21:30"
