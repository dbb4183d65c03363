"""The command line, as an operator or a script calls it: what it says, and its exit codes."""

import http.client
import http.server
import json
import resource
import shutil
import signal
import socket
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hongyan.core.time import HOUR, SECOND
from hongyan.service.administer import create_app, new_key
from hongyan.service.directory import KeyKind
from support.held import HeldHouse
from support.process import (
    Client,
    Dev,
    Finished,
    Process,
    eventually,
    hongyan,
    hongyan_of_an_ordinary_user,
    new_phone,
)

NOTICED_S = 1.5
"""A serving house notices a command within a second."""


def refused(*arguments: str | Path, **environment: str) -> str:
    """The sentence of a command that ends with 1."""
    done = hongyan(*arguments, "--json", **environment)
    assert (done.code, done.err) == (1, ""), done
    assert list(done.json) == ["error"]
    return str(done.json["error"])


# What there is.


def test_help_names_every_command_and_exit_code() -> None:
    done = hongyan("--help")
    assert (done.code, done.err) == (0, "")
    commands = "dev serve init app key package template route send verify doctor version"
    assert all(f" {command} " in done.out for command in commands.split())
    assert "0 done" in done.out
    for code in ("1 refused", "2 wrong usage", "3 a finding", "75 the disk"):
        assert code in done.out


@pytest.mark.parametrize("command", ["dev", "key rotate"])
def test_every_command_explains_itself(command: str) -> None:
    done = hongyan(*command.split(), "--help")
    assert (done.code, done.err) == (0, "")
    assert f"Usage: hongyan {command}" in done.out
    assert "--json" in done.out


def test_the_version_is_told() -> None:
    assert hongyan("version", "--json").json == {"version": "0.1.0"}
    assert hongyan("version").out == "0.1.0\n"


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "fly",
        "dev --fly",
        "send",
        "package add none",
        "package add 0",
        "route postcards sandbox",
    ],
)
def test_wrong_usage_ends_with_2(arguments: str) -> None:
    assert hongyan(*arguments.split()).code == 2


# dev


def test_dev_prints_a_guide_with_a_call_that_works(tmp_path: Path) -> None:
    with Process("dev", "--port", "0", "--data", tmp_path / "data") as house:
        house.read_until("Ctrl-C")
        told = json.loads((tmp_path / "data" / "dev.json").read_text())
        assert f"is open at {told['base_url']}" in house.out
        assert f"Authorization: Bearer {told['api_key']}" in house.out
        assert str(tmp_path / "data" / "dev.json") in house.out


def test_dev_tells_machines_where_it_is(dev: Dev) -> None:
    assert json.loads(dev.out) == {"base_url": dev.url, "dev_json": str(dev.data / "dev.json")}


@pytest.mark.parametrize("host", ["0.0.0.0", "example.com"])  # noqa: S104
def test_dev_refuses_a_host_that_others_reach_and_says_why(tmp_path: Path, host: str) -> None:
    sentence = refused("dev", "--host", host, "--data", tmp_path / "data")
    assert f"{host} is not a loopback address" in sentence
    assert "hongyan serve" in sentence
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("host", ["localhost", "::1", "[::1]"])
def test_dev_opens_on_any_loopback_address(tmp_path: Path, host: str) -> None:
    with Dev(tmp_path / "data", "--host", host) as house:
        assert house.listening().page.start(new_phone()).status == 201


def test_a_port_in_use_is_told_with_the_cure(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        sentence = refused("dev", "--port", port, "--data", tmp_path / "data")
    assert f"Port {port} on 127.0.0.1 cannot be used: Address already in use" in sentence
    assert "--port" in sentence


@pytest.mark.parametrize("port", ["65536", "-1"])
def test_a_port_that_is_none_is_wrong_usage(tmp_path: Path, port: str) -> None:
    done = hongyan("dev", "--port", port, "--data", tmp_path / "data")
    assert done.code == 2
    assert "--port" in done.err


def test_a_second_house_in_one_directory_is_refused(dev: Dev) -> None:
    sentence = refused("dev", "--port", "0", "--data", dev.data)
    assert f"is being served by process {dev.pid}" in sentence


def test_a_setting_of_the_environment_that_is_wrong_is_named(tmp_path: Path) -> None:
    sentence = refused("dev", "--data", tmp_path, HONGYAN__VERIFICATION__ATTEMPTS="99")
    assert sentence.startswith("the environment: verification.attempts: ")


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Path]:
    """A directory with whose rights a test plays."""
    path = tmp_path / "mine"
    path.mkdir()
    yield path
    for one in (path, *path.rglob("*")):
        one.chmod(0o700)


def test_a_directory_that_cannot_be_made_is_told(mine: Path) -> None:
    mine.chmod(0o555)
    done = hongyan_of_an_ordinary_user("dev", "--port", "0", "--data", mine / "data")
    assert done.code == 1
    assert f"{mine / 'data'} cannot be made: Permission denied." in done.err


def test_a_new_directory_that_cannot_be_written_is_told(mine: Path) -> None:
    mine.chmod(0o555)
    done = hongyan_of_an_ordinary_user("dev", "--port", "0", "--data", mine)
    assert (done.code, "Traceback" in done.err) == (1, False)
    assert str(mine) in done.err


@pytest.mark.parametrize("writable", ["nothing", "the directory"])
def test_a_house_that_cannot_be_written_is_told(data: Path, mine: Path, writable: str) -> None:
    house = shutil.copytree(data, mine / "data")
    for file in house.iterdir():
        file.chmod(0o400)
    house.chmod(0o700 if writable == "the directory" else 0o500)
    done = hongyan_of_an_ordinary_user("dev", "--port", "0", "--data", house)
    assert (done.code, "Traceback" in done.err) == (1, False)
    assert str(house) in done.err


# A data directory that is not as it was left.


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of a house that has been closed; to be copied."""
    data = tmp_path_factory.mktemp("furnished") / "data"
    with Dev(data) as house:
        house.app.settled(house.app.sent(new_phone()), "delivered")
        assert house.stop() == 0
    return data


@pytest.fixture
def data(furnished: Path, tmp_path: Path) -> Path:
    """Such a directory, of this test's own."""
    return shutil.copytree(furnished, tmp_path / "data")


def change(data: Path, sql: str) -> None:
    connection = sqlite3.connect(data / "hongyan.db")
    connection.executescript(sql)
    connection.close()


def newer(data: Path) -> None:
    change(data, "PRAGMA user_version = 999")


def garbage(data: Path) -> None:
    (data / "hongyan.db").write_bytes(b"not a database" * 1_000)


def keyless(data: Path) -> None:
    (data / "hongyan.key").unlink()


def foreign_key(data: Path) -> None:
    key = json.loads((data / "hongyan.key").read_text())
    key["keys"][0]["key"] = "A" * 43 + "="
    (data / "hongyan.key").write_text(json.dumps(key))


def broken_key(data: Path) -> None:
    (data / "hongyan.key").write_text("{")


def from_tomorrow(data: Path) -> None:
    change(data, "UPDATE message SET id = id + (86400000 << 22)")


DAMAGES = [
    (newer, "this version of Hongyan knows"),
    (garbage, "hongyan.db"),
    (keyless, "hongyan.key is missing. Restore it"),
    (foreign_key, "is not the key file of this hongyan.db"),
    (broken_key, "is not a key file"),
    (from_tomorrow, "before the store's last write. Set the clock right"),
]


@pytest.mark.parametrize(
    ("damage", "sentence"), DAMAGES, ids=lambda one: getattr(one, "__name__", "")
)
def test_a_damaged_directory_is_not_opened_and_the_reason_told(
    data: Path, damage: Any, sentence: str
) -> None:
    damage(data)
    before = (data / "dev.json").read_bytes()
    assert sentence in refused("dev", "--port", "0", "--data", data)
    assert (data / "dev.json").read_bytes() == before


@pytest.mark.parametrize(
    ("damage", "sentence"), DAMAGES, ids=lambda one: getattr(one, "__name__", "")
)
def test_the_doctor_finds_the_damage(data: Path, damage: Any, sentence: str) -> None:
    damage(data)
    done = hongyan("doctor", "--data", data, "--json")
    assert done.code == 3
    found = [one for one in done.json if not one["ok"]]
    assert found
    assert all(one["sentence"] and one["cure"] for one in found)


# doctor


def test_a_healthy_house_has_no_findings(dev: Dev) -> None:
    dev.listening()
    done = hongyan("doctor", "--data", dev.data, "--json")
    assert done.code == 0, done
    assert {one["area"] for one in done.json} == {"disk", "keys", "clock", "books", "routes"}
    assert all(one["ok"] and not one["cure"] for one in done.json)
    assert not (dev.data / ".doctor").exists()


def test_a_person_is_told_each_finding_with_its_cure(tmp_path: Path) -> None:
    done = hongyan("doctor", "--data", tmp_path / "none")
    assert done.code == 3
    assert f"BAD  data       {tmp_path / 'none'} does not exist." in done.out
    assert "→ Make one with 'hongyan init' or 'hongyan dev'" in done.out


def test_broken_books_are_found(data: Path) -> None:
    change(data, "UPDATE account SET balance = balance + 1")
    done = hongyan("doctor", "--data", data, "--json")
    assert done.code == 3
    (found,) = [one for one in done.json if not one["ok"]]
    assert (found["area"], "account 1" in found["sentence"]) == ("books", True)


def test_a_house_without_routes_is_found(production: Path) -> None:
    done = hongyan("doctor", "--config", production, "--json")
    assert done.code == 3
    (found,) = [one for one in done.json if not one["ok"]]
    assert (found["area"], found["sentence"]) == ("routes", "No provider is routed.")


def test_an_unsafe_configuration_is_found(production: Path) -> None:
    rewrite(production, "https://", "http://")
    done = hongyan("doctor", "--config", production, "--json")
    assert done.code == 3
    assert "in the clear" in next(one["sentence"] for one in done.json if not one["ok"])


def test_a_broken_configuration_is_found(production: Path) -> None:
    rewrite(production, "drain_s = 6", "drain_s = 0")
    done = hongyan("doctor", "--config", production, "--json")
    assert done.code == 3
    (found,) = done.json
    assert "server.drain_s" in found["sentence"]


def test_a_disk_that_cannot_be_written_is_found(mine: Path) -> None:
    mine.chmod(0o555)
    done = hongyan_of_an_ordinary_user("doctor", "--data", mine, "--json")
    assert done.code == 3
    assert any("cannot be written" in one["sentence"] for one in done.json)


# init and serve


def rewrite(config: Path, old: str, new: str) -> None:
    text = config.read_text("utf-8")
    assert old in text
    config.write_text(text.replace(old, new), encoding="utf-8")


def inited(directory: Path) -> Finished:
    return hongyan("init", directory, "--base-url", "https://sms.example.com", "--json")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """What `init` makes, to be copied, and the key that it printed."""
    directory = tmp_path_factory.mktemp("made")
    done = inited(directory)
    assert done.code == 0, done
    rewrite(directory / "hongyan.toml", "port = 8080", "port = 0")
    return directory, done.json["api_key"]


@pytest.fixture
def production(made: tuple[Path, str], tmp_path: Path) -> Path:
    """The configuration of a house of this test's own."""
    return shutil.copytree(made[0], tmp_path / "production") / "hongyan.toml"


@pytest.fixture
def served(production: Path, made: tuple[Path, str]) -> Iterator[Client]:
    """Its app, while the house is open."""
    with Process("serve", "--config", production, "--json") as house:
        yield Client(house.ready()["listening"], made[1])


def test_init_makes_a_house_for_its_owner_alone(tmp_path: Path) -> None:
    done = inited(tmp_path)
    assert (done.code, done.err) == (0, "")
    assert list(done.json) == ["config", "data", "app", "api_key"]
    assert 'base_url = "https://sms.example.com"' in (tmp_path / "hongyan.toml").read_text()
    modes = [
        stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("data", "data/hongyan.key")
    ]
    assert modes == [0o700, 0o600]


def test_init_overwrites_nothing(production: Path) -> None:
    files = [path for path in production.parent.rglob("*") if path.is_file()]
    before = {path: path.read_bytes() for path in files}
    done = inited(production.parent)
    assert (done.code, "nothing was changed" in done.json["error"]) == (1, True)
    assert {path: path.read_bytes() for path in files} == before


def test_init_writes_a_file_that_can_be_read(tmp_path: Path) -> None:
    done = hongyan("init", tmp_path, "--base-url", 'https://sms.example.com"', "--json")
    if done.code == 0:
        assert "not TOML" not in refused("serve", "--config", tmp_path / "hongyan.toml")


def test_serve_needs_a_configuration(tmp_path: Path) -> None:
    sentence = refused("serve", "--config", tmp_path / "hongyan.toml")
    assert "does not exist. Make one with 'hongyan init'." in sentence


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('base_url = "https://sms.example.com"', 'base_url = ""', "base_url is missing"),
        ("https://sms", "http://sms", "would travel in the clear. Use https://."),
        ("[register]", "[providers.sandbox]\n[register]", "for development only"),
        ('key = ""', 'key = "short"', "at least 16 characters"),
    ],
)
def test_serve_refuses_to_start_unsafe(production: Path, old: str, new: str, reason: str) -> None:
    rewrite(production, old, new)
    sentence = refused("serve", "--config", production)
    assert sentence.startswith("This house is not safe to open:\n - ")
    assert reason in sentence


def test_serve_refuses_a_key_file_that_others_can_read(production: Path) -> None:
    (production.parent / "data" / "hongyan.key").chmod(0o644)
    assert "chmod 600" in refused("serve", "--config", production)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("attempts = 5", "attempts = 50", "verification.attempts: "),
        ("code_length = 6", "code_length = 5", "verification.code_length: "),
        ("drain_s = 6", "drain = 6", "server.drain: "),
    ],
)
def test_serve_names_file_line_and_key_of_a_mistake(
    production: Path, old: str, new: str, told: str
) -> None:
    rewrite(production, f"\n{old}\n", f"\n{new}\n")
    line = production.read_text().splitlines().index(new) + 1
    sentence = refused("serve", "--config", production)
    assert sentence.startswith(f"{production}, line {line}: {told}")


def test_a_safe_house_opens_without_what_is_for_development(served: Client) -> None:
    assert served.get("/readyz").status == 200
    assert served.get("/").status == 200
    for path in ("/sandbox/messages", "/sandbox/page.json", "/metrics"):
        assert served.get(path).problem == (404, "no_such_path")
    assert served.post("/register", {}).problem == (404, "no_such_path")


def test_metrics_are_served_under_their_key_only(production: Path) -> None:
    rewrite(production, 'key = ""', 'key = "a-key-of-20-letters."')
    with Process("serve", "--config", production, "--json") as house:
        client = Client(house.ready()["listening"])
        for key in ("", "a-key-of-20-letters", "a-key-of-20-letters.x"):
            assert client.with_key(key).get("/metrics").problem == (401, "unknown_key")
        assert client.with_key("a-key-of-20-letters.").get("/metrics").status == 200


def furnish(data: Path, *more: tuple[str, ...]) -> None:
    """What an operator does between `init` and `serve`."""
    code = ("code", "验证码{1}", "--kind", "verification", "--signature", "鸿雁")
    notice = ("notice", "您好{1}", "--kind", "notice", "--signature", "鸿雁")
    (app,) = hongyan("app", "list", "--data", data, "--json").json
    for command in (
        ("package", "add", "100"),
        ("template", "add", *code),
        ("template", "add", *notice),
        ("app", "change", app["app"], "--template", "code"),
        *more,
    ):
        assert hongyan(*command, "--data", data).code == 0


def test_the_key_of_init_works_and_nothing_is_routed(
    production: Path, made: tuple[Path, str], phone: str
) -> None:
    data = production.parent / "data"
    furnish(data)
    with Process("serve", "--config", production, "--json") as house:
        app = Client(house.ready()["listening"], made[1])
        assert app.start(phone).problem == (503, "no_route")
        assert app.send(phone).problem == (503, "no_route")
    assert hongyan("app", "list", "--data", data, "--json").json[0]["balance"] == 100


def test_a_text_that_no_configured_provider_takes_is_not_accepted(
    production: Path, made: tuple[Path, str], phone: str
) -> None:
    furnish(production.parent / "data", ("route", "notice", "sandbox"))
    with Process("serve", "--config", production, "--json") as house:
        app = Client(house.ready()["listening"], made[1])
        assert app.send(phone).problem == (503, "no_route")


# app, key, package, template, route: beside a house that is open


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
    assert list(created) == ["app", "api_key"]
    assert created["app"] == "app_new"
    assert dev.app.with_key(created["api_key"]).send(phone).status == 201


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("app create Again --name app_dev", "There is an app app_dev already."),
        ("app create Nobody --account 99", "There is no account 99."),
        ("app show app_none", "There is no app app_none; there are: "),
        ("app change app_dev --template none", "There is no template none."),
        ("app change app_dev --limit 5", "write MOST/SECONDS or MOST/day"),
        ("app change app_dev --limit 501/day", "MOST at most 500"),
        ("key add app_dev --publishable", "at least one --purpose and one --origin"),
        ("key rotate app_dev sk_…none", "app_dev has no live key sk_…none."),
        ("key end app_dev sk_…none", "app_dev has no live key sk_…none."),
        ("package add 5 --account 99", "There is no account 99."),
        (
            "template add code a{1} --kind notice --signature 鸿雁",
            "There is a template code already",
        ),
        ("template add x a{2} --kind notice --signature 鸿雁", "Number the placeholders from {1}"),
        ("template add x a --kind verification --signature 鸿雁", "has {1} for the code"),
        ("route notice pigeon", "There is no provider pigeon; there are: sandbox."),
    ],
)
def test_a_command_that_cannot_be_done_says_why(dev: Dev, arguments: str, sentence: str) -> None:
    assert sentence in refused(*arguments.split(), "--data", dev.data)


@pytest.mark.parametrize(
    "arguments",
    [
        "template add x a{1} --kind notice --signature 鸿雁 --account 99",
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
        "title": "Development",
        "enabled": True,
        "account": 1,
        "balance": rows["app_dev"]["balance"],
        "template": "code",
        "countries": ["CN"],
        "limits": [],
    }
    assert "app_dev" in hongyan("app", "list", "--data", dev.data).out


def test_an_app_is_shown_with_its_keys_but_never_a_key(dev: Dev) -> None:
    shown = dev.command("app", "show", "app_dev")
    assert {key["kind"] for key in shown["keys"]} == {"secret", "publishable"}
    assert {key["hint"] for key in shown["keys"]} >= {
        f"sk_…{dev.file['api_key'][-4:]}",
        f"pk_…{dev.file['publishable_key'][-4:]}",
    }
    assert dev.file["api_key"] not in json.dumps(shown)


def test_a_disabled_app_is_refused_until_it_is_enabled(
    dev: Dev, tenant: tuple[str, Client], phone: str
) -> None:
    name, app = tenant
    dev.command("app", "change", name, "--disable")
    eventually(lambda: app.start(new_phone()).status == 403, NOTICED_S)
    for answer in (app.start(phone), app.send(phone), app.check("a", "123456"), app.resend("a")):
        assert answer.problem == (403, "app_disabled")
    dev.command("app", "change", name, "--enable")
    eventually(lambda: app.send(phone).status == 201, NOTICED_S)


def test_an_apps_limits_hold_and_can_be_lifted(
    dev: Dev, tenant: tuple[str, Client], phone: str
) -> None:
    name, app = tenant
    shown = dev.command("app", "change", name, "--limit", "1/60", "--limit", "5/day")
    assert shown["limits"] == ["1/60", "5/day"]
    eventually(lambda: app.send(phone).status == 429, NOTICED_S)
    answer = app.send(phone)
    assert answer.problem == (429, "too_soon")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    dev.command("app", "change", name, "--limit", "none")
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
    assert dev.command("template", "add", *words) == {"template": "lesson"}
    ask = {"template": "lesson", "params": ["数学", "周五"]}
    eventually(lambda: dev.app.send(phone, **ask).status == 201, NOTICED_S)
    assert dev.app.latest(phone)["text"] == "【雁塔】课程数学改到周五。"
    (row,) = [row for row in dev.command("template", "list") if row["name"] == "lesson"]
    assert (row["kind"], row["signature"]) == ("notice", "雁塔")


def test_a_route_is_taken_once_it_is_put(own: Dev, phone: str) -> None:
    words = ("sale", "周五八折，拒收请回复R", "--kind", "marketing", "--signature", "鸿雁")
    own.command("template", "add", *words)
    eventually(lambda: own.app.send(phone, template="sale").problem[1] == "no_route", NOTICED_S)
    told = own.command("route", "marketing", "sandbox")
    assert told == {"kind": "marketing", "providers": ["sandbox"]}
    eventually(lambda: own.app.send(phone, template="sale").status == 201, NOTICED_S)
    assert own.app.latest(phone)["text"] == "【鸿雁】周五八折，拒收请回复R"


# send, verify


def test_a_text_is_sent_and_its_id_told(dev: Dev, phone: str) -> None:
    told = dev.command("send", phone, "--template", "notice", "--param", "周五")
    assert dev.app.latest(phone)["id"] == told["id"]
    free = hongyan("send", phone, "--text", "a", "--signature", "鸿雁", "--data", dev.data)
    assert (free.code, free.out.endswith("  queued, 1 segment(s)\n")) == (0, True)


def test_a_code_is_started_resent_and_checked(dev: Dev, phone: str) -> None:
    started = dev.command("verify", "start", phone, "--purpose", "bind_phone")
    assert started["status"] == "pending"
    resend = hongyan("verify", "resend", started["id"], "--data", dev.data, "--json")
    assert (resend.code, resend.json["problem"]["code"]) == (1, "too_soon")
    checked = dev.command("verify", "check", started["id"], dev.app.code(phone))
    assert checked["status"] == "approved"
    wrong = hongyan("verify", "check", started["id"], "123456", "--data", dev.data)
    assert wrong.code == 1
    assert wrong.err == "invalid_or_expired: The code is invalid or has expired.\n"


def test_a_house_is_found_by_address_and_key(dev: Dev, tmp_path: Path) -> None:
    words = ("send", new_phone(), "--template", "notice", "--param", "a", "--data", tmp_path)
    given = hongyan(*words, "--url", dev.url, "--key", dev.file["api_key"])
    known = hongyan(*words, HONGYAN_URL=dev.url, HONGYAN_API_KEY=dev.file["api_key"])
    assert (given.code, known.code) == (0, 0)
    assert "Give --url and --key" in refused(*words)


def test_a_house_that_does_not_answer_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    sentence = refused("verify", "start", "13800138000", "--url", url, "--key", "a")
    assert f"{url} does not answer" in sentence
    assert "Connection refused" in sentence


class NotAHouse(http.server.BaseHTTPRequestHandler):
    """Answers as some other web server does."""

    def do_POST(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None: ...


def test_an_address_that_is_no_house_is_told() -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), NotAHouse) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}"
            assert url in refused("verify", "start", "13800138000", "--url", url, "--key", "a")
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("written", ["not an id", "../x"])
def test_an_id_that_is_none_is_refused_as_any(dev: Dev, written: str) -> None:
    done = hongyan("verify", "check", written, "123456", "--data", dev.data, "--json")
    assert (done.code, done.json["problem"]["code"]) == (1, "invalid_or_expired")


# The end.


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_house_that_is_told_to_stop_ends_with_0(own: Dev, number: int) -> None:
    own.listening().terminate(number)
    assert own.wait() == 0
    assert own.err == ""


def test_a_house_that_is_told_to_stop_as_soon_as_it_is_ready_ends_with_0(own: Dev) -> None:
    assert own.stop() == 0


def test_serve_ends_with_0(production: Path) -> None:
    with Process("serve", "--config", production, "--json") as house:
        assert Client(house.ready()["listening"]).get("/readyz").status == 200
        assert house.stop() == 0


def test_a_stop_under_load_loses_nothing_and_sends_nothing_twice(tmp_path: Path) -> None:
    accepted: list[str] = []
    # Slower than it is asked, so that much is waiting when it is told to stop.
    with Dev(tmp_path, HONGYAN__PROVIDERS__SANDBOX__RATE="300") as house:
        app, enough = house.app, threading.Event()

        def ask() -> None:
            while True:
                try:
                    answer = app.send([new_phone() for _ in range(10)])
                except (OSError, http.client.HTTPException):
                    return
                accepted.extend(one["id"] for one in answer.json["messages"])
                if len(accepted) > 600:
                    enough.set()

        callers = [threading.Thread(target=ask) for _ in range(8)]
        for caller in callers:
            caller.start()
        assert enough.wait(10)
        assert house.stop() == 0
        for caller in callers:
            caller.join()
    with Dev(tmp_path) as house:
        texts = eventually(
            lambda: (
                len(found := house.app.get("/sandbox/messages").json["messages"]) >= len(accepted)
                and found
            ),
            10,
        )
        assert texts
        arrived = [text["id"] for text in texts]
        assert len(set(arrived)) == len(arrived)
        assert set(accepted) <= set(arrived)
        assert house.balance() == 1_000_000 - len(arrived)


def test_a_disk_that_fails_during_a_commit_ends_the_house_with_75(tmp_path: Path) -> None:
    accepted: list[str] = []
    with Dev(tmp_path) as house:
        accepted += [house.app.sent(new_phone()) for _ in range(5)]
        full = (tmp_path / "hongyan.db-wal").stat().st_size
        resource.prlimit(house.pid, resource.RLIMIT_FSIZE, (full, full))
        with suppress(OSError, http.client.HTTPException):
            accepted += iter(lambda: house.app.sent(new_phone()), "")
        assert house.wait() == 75
        assert "store.lost" in house.err
    with Dev(tmp_path) as house:
        for message in accepted:
            house.app.settled(message, "delivered", "submitted", "unconfirmed")
        assert hongyan("doctor", "--data", tmp_path).code == 0
