"""app, key, package, template, route: what an operator changes beside a house that is open."""

import json
from pathlib import Path

import msgspec
import pytest

from hongyan.core.time import HOUR, SECOND
from hongyan.service.administer import create_app, new_key
from hongyan.service.directory import KeyKind
from support.commands import refused
from support.held import HeldHouse
from support.process import NOTICED_S, Client, Dev, eventually, hongyan, new_phone


@pytest.fixture
def tenant(dev: Dev) -> tuple[str, Client]:
    """An app of this test's own in the shared house: its name, and itself."""
    with dev.administering() as administering, administering.together():
        created = create_app(administering, 1, "Tenant")
        made = administering.directory().apps[created.app]
        administering.change_app(msgspec.structs.replace(made, template="code"))
    return created.app, Client(dev.url, created.api_key)


def test_a_new_apps_key_works_at_once(dev: Dev, phone: str) -> None:
    created = dev.command("app", "create", "New one", "--name", "app_new")
    assert list(created) == ["app", "api_key", "app_id", "app_secret"]
    assert created["app"] == "app_new"
    assert dev.app.with_key(created["api_key"]).send(phone).status == 201


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("app create Again --name app_dev", "There is an app app_dev already."),
        ("app create Nobody --account 99999", "There is no account 99999."),
        ("app show app_none", "There is no app app_none; there are: "),
        ("app change app_dev --template none", "There is no approved template none."),
        ("app limit app_dev --number 5", "write MOST/SECONDS or MOST/day"),
        ("app limit app_dev --number 501/day", "A window counts 1 to 500 events."),
        ("app limit app_dev --number 0/day", "A window counts 1 to 500 events."),
        ("app limit app_dev --number 1/86401", "A window is 1 second to 24 hours long"),
        ("app limit app_dev --number 1/0", "A window is 1 second to 24 hours long"),
        ("key add app_dev --publishable", "at least one --purpose and one --origin"),
        ("key rotate app_dev sk_…none", "app_dev has no live key sk_…none"),
        ("key end app_dev sk_…none", "app_dev has no live key sk_…none"),
        ("package add 5 --account 99999", "There is no account 99999."),
        (
            "template add code a{1} --kind notice --signature 鸿雁",
            "There is a template code already",
        ),
        ("template add x a{2} --kind notice --signature 鸿雁", "Number the placeholders from {1}"),
        ("template add x a --kind verification --signature 鸿雁", "has {1} for the code"),
        (
            "route notice pigeon",
            "There is no provider pigeon; there are: sandbox, zhenzi, tencent, wechat.",
        ),
    ],
)
def test_a_command_that_cannot_be_done_says_why(dev: Dev, arguments: str, sentence: str) -> None:
    assert sentence in refused(*arguments.split(), "--data", dev.data)


@pytest.mark.parametrize(
    "arguments",
    [
        "template add x a{1} --kind notice --signature 鸿雁 --account 99999",
        "key rotate app_dev {hint} --overlap 99999999999999999999",
    ],
)
def test_a_command_that_the_store_refuses_says_why(own: Dev, arguments: str) -> None:
    hint = "sk_…" + own.file["api_key"][-4:]
    assert refused(*arguments.replace("{hint}", hint).split(), "--data", own.data)


def test_a_directory_without_a_house_is_told(tmp_path: Path) -> None:
    assert "is missing" in refused("app", "list", "--data", tmp_path)


def test_apps_are_listed_with_their_balance(dev: Dev) -> None:
    rows = {row["app"]: row for row in dev.command("app", "list")}
    assert rows["app_dev"] == {
        "app": "app_dev",
        "app_id": rows["app_dev"]["app_id"],
        "title": "Development",
        "enabled": True,
        "account": 1,
        "balance": rows["app_dev"]["balance"],
    }
    assert rows["app_zhenzi"]["app_id"] == dev.file["zhenzi"]["app_id"]
    assert "app_dev" in hongyan("app", "list", "--data", dev.data).out


def test_an_app_is_shown_with_its_keys_but_never_a_key(dev: Dev) -> None:
    shown = dev.command("app", "show", "app_dev")
    assert {key["kind"] for key in shown["keys"]} == {"secret", "publishable", "app_secret"}
    assert {key["hint"] for key in shown["keys"]} >= {
        f"sk_…{dev.file['api_key'][-4:]}",
        f"pk_…{dev.file['publishable_key'][-4:]}",
    }
    assert dev.file["api_key"] not in json.dumps(shown)


def test_a_disabled_app_is_refused_until_it_is_enabled(
    dev: Dev, tenant: tuple[str, Client], phone: str
) -> None:
    name, app = tenant
    dev.command("app", "disable", name)
    eventually(lambda: app.start(new_phone()).status == 403, NOTICED_S)
    for answer in (
        app.start(phone),
        app.send(phone),
        app.check("a", "123456"),
        app.resend("a"),
        app.get("/v1/messages/06XSFM3AW0000"),
        app.post("/v1/proofs/verify", {"proof": "a.b.c"}),
    ):
        assert answer.problem == (403, "app_disabled")
    dev.command("app", "enable", name)
    eventually(lambda: app.send(phone).status == 201, NOTICED_S)


def test_an_apps_limits_hold_and_can_be_lifted(
    dev: Dev, tenant: tuple[str, Client], phone: str
) -> None:
    name, app = tenant
    shown = dev.command("app", "limit", name, "--number", "1/60", "--number", "5/day")
    assert shown["limits"] == ["1/60", "5/day"]
    eventually(lambda: app.send(phone).status == 429, NOTICED_S)
    answer = app.send(phone)
    assert answer.problem == (429, "too_soon")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    dev.command("app", "limit", name, "--number", "none")
    eventually(lambda: app.send(phone).status == 201, NOTICED_S)


def test_a_country_can_be_opened(dev: Dev, tenant: tuple[str, Client]) -> None:
    name, app = tenant
    dev.command("app", "change", name, "--country", "CN", "--country", "US")
    eventually(lambda: app.send("+14155552671").status == 201, NOTICED_S)
    assert app.send(new_phone()).status == 201


def test_a_country_that_is_none_is_refused(dev: Dev, tenant: tuple[str, Client]) -> None:
    assert refused("app", "change", tenant[0], "--country", "china", "--data", dev.data)


def test_a_second_key_works_beside_the_first(dev: Dev, tenant: tuple[str, Client]) -> None:
    name, app = tenant
    added = dev.command("key", "add", name)
    assert list(added) == ["hint", "key"]
    for one in (app, app.with_key(added["key"])):
        assert one.send(new_phone()).status == 201


def test_a_publishable_key_is_for_what_it_was_added_for(
    dev: Dev, tenant: tuple[str, Client], phone: str
) -> None:
    what = ("--publishable", "--purpose", "vote", "--origin", "https://vote.example")
    page = dev.app.with_key(dev.command("key", "add", tenant[0], *what)["key"])
    body = {"phone": phone, "purpose": "vote"}
    allowed = page.post("/v1/verifications", body, origin="https://vote.example")
    assert allowed.status == 201
    assert allowed.headers["access-control-allow-origin"] == "https://vote.example"
    assert page.post("/v1/verifications", body).problem == (403, "key_not_allowed")
    other = page.post("/v1/verifications", body, origin="https://other.example")
    assert other.problem == (403, "key_not_allowed")


def hint_of(client: Client) -> str:
    return f"{client.key[:3]}…{client.key[-4:]}"


def test_a_rotated_key_overlaps_with_the_old_one(dev: Dev, tenant: tuple[str, Client]) -> None:
    name, old = tenant
    new = old.with_key(dev.command("key", "rotate", name, hint_of(old))["key"])
    assert new.key != old.key
    assert [one.send(new_phone()).status for one in (old, new)] == [201, 201]


def test_a_key_that_was_rotated_without_overlap_ends(dev: Dev, tenant: tuple[str, Client]) -> None:
    name, old = tenant
    rotated = dev.command("key", "rotate", name, hint_of(old), "--overlap", "0")
    assert old.with_key(rotated["key"]).send(new_phone()).status == 201
    eventually(lambda: old.send(new_phone()).status == 401, NOTICED_S)


def test_a_rotated_key_ends_with_its_overlap(held: HeldHouse) -> None:
    key = new_key(KeyKind.SECRET)
    with held.administering() as administering:
        administering.add_key(1, key)
        administering.end_key(1, key.hint, held.clock() + HOUR)
    old = held.app.with_key(key.secret)
    assert old.send(new_phone()).status == 201
    held.clock.pass_by(HOUR + SECOND)
    eventually(lambda: old.send(new_phone()).status == 401, NOTICED_S)


def test_an_ended_key_is_refused(dev: Dev, tenant: tuple[str, Client]) -> None:
    name, app = tenant
    assert dev.command("key", "end", name, hint_of(app)) == {"ended": hint_of(app)}
    eventually(lambda: app.send(new_phone()).status == 401, NOTICED_S)


def test_a_package_is_credited_while_the_house_is_open(own: Dev) -> None:
    assert own.command("package", "add", "500") == {"account": 1, "balance": 1_000_500}
    own.app.sent(new_phone())
    assert own.balance() == 1_000_499


def test_a_template_can_be_used_once_it_is_added(dev: Dev, phone: str) -> None:
    words = ("lesson", "课程{1}改到{2}。", "--kind", "notice", "--signature", "雁塔")
    added = dev.command("template", "add", *words)
    assert (added["template"], added["review"]) == ("lesson", "approved")
    ask = {"template": "lesson", "params": ["数学", "周五"]}
    eventually(lambda: dev.app.send(phone, **ask).status == 201, NOTICED_S)
    assert dev.app.latest(phone)["text"] == "【雁塔】课程数学改到周五。"
    (row,) = [row for row in dev.command("template", "list") if row["name"] == "lesson"]
    assert (row["kind"], row["signature"]) == ("notice", "雁塔")


def test_a_route_is_taken_once_it_is_put(own: Dev, phone: str) -> None:
    words = ("sale", "周五八折，拒收请回复R", "--kind", "marketing", "--signature", "鸿雁")
    own.command("template", "add", *words)
    # This house does not have that one.
    own.command("route", "marketing", "zhenzi")

    def has_no_route() -> bool:
        answer = own.app.send("13800138001", template="sale")
        return answer.status != 201 and answer.problem[1] == "no_route"

    eventually(has_no_route, NOTICED_S)
    told = own.command("route", "marketing", "sandbox")
    assert told == {"kind": "marketing", "providers": ["sandbox"]}
    eventually(lambda: own.app.send(phone, template="sale").status == 201, NOTICED_S)
    assert own.app.latest(phone)["text"] == "【鸿雁】周五八折，拒收请回复R"
