"""The command line, as a person or a script calls it: what it says, and its exit codes."""

import http.client
import http.server
import json
import shutil
import socket
import threading
from pathlib import Path

import pytest

from support.commands import refused
from support.process import (
    Dev,
    Process,
    hongyan,
    hongyan_of_an_ordinary_user,
    new_phone,
)

# What there is.


def test_help_names_every_command_and_exit_code() -> None:
    done = hongyan("--help")
    assert (done.code, done.err) == (0, "")
    commands = "dev serve init account package app key template route callback send verify doctor scan version"
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


@pytest.mark.parametrize("url", ["nonsense", "http://[127.0.0.1", "http://127.0.0.1:65536"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    words = ("verify", "start", "13800138000", "--url", url, "--key", "a")
    assert f"{url} does not answer" in refused(*words)


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
