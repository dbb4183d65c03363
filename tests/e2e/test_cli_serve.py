"""`init` and `serve`: a house for production; and how any house ends."""

import http.client
import http.server
import resource
import signal
import stat
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from support.commands import inited, refused, rewrite
from support.process import (
    Client,
    Dev,
    Process,
    eventually,
    hongyan,
    new_phone,
)

SILENT = "19900000004"
"""Never answered by the sandbox."""

# init and serve


@pytest.fixture
def served(production: Path, made: tuple[Path, str]) -> Iterator[Client]:
    """Its app, while the house is open."""
    with Process("serve", "--config", production, "--json") as house:
        yield Client(house.ready()["listening"], made[1])


def test_init_makes_a_house_for_its_owner_alone(tmp_path: Path) -> None:
    done = inited(tmp_path)
    assert (done.code, done.err) == (0, "")
    assert list(done.json) == ["config", "data", "app", "api_key", "app_id", "app_secret"]
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


@pytest.mark.parametrize("written", ["https://[sms", "https://sms.example.com:x", "https://a b"])
def test_init_makes_nothing_for_an_address_that_is_none(tmp_path: Path, written: str) -> None:
    directory = tmp_path / "house"
    assert f"{written} is no address" in refused("init", directory, "--base-url", written)
    assert not directory.exists()


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
            while (answer := house.app.send(new_phone())).status == 201:
                accepted.append(answer.json["id"])
            # Whoever comes when it is lost already is told that nothing was kept.
            assert answer.problem == (503, "limits_unavailable")
        assert house.wait() == 75
        assert "store.lost" in house.err
    with Dev(tmp_path) as house:
        for message in accepted:
            house.app.settled(message, "delivered", "submitted", "unconfirmed")
        assert hongyan("doctor", "--data", tmp_path).code == 0


def test_a_disk_that_fails_during_a_stop_ends_it_with_75(tmp_path: Path) -> None:
    with Dev(tmp_path, HONGYAN__PROVIDERS__SANDBOX__TIMEOUT_S="1") as house:
        message = house.app.sent(SILENT)
        house.app.settled(message, "sending")
        full = (tmp_path / "hongyan.db-wal").stat().st_size
        resource.prlimit(house.pid, resource.RLIMIT_FSIZE, (full, full))
        assert house.stop() == 75
    with Dev(tmp_path) as house:
        house.app.settled(message, "unconfirmed")
