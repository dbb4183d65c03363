"""What is secret or personal stands nowhere but where it must: not in logs, metrics or on the disk."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import apsw
import pytest

from support.process import Client, Dev, hongyan, new_phone

OPENID, DEVICE = "openid-of-nobody-9f3c", "device-of-nobody-77aa"
WORDS = "只有收件人可读"


@pytest.fixture
def lived(tmp_path: Path) -> Iterator[tuple[Dev, list[bytes]]]:
    """A house that logged all it could while it was used, and what nobody may find in it."""
    with Dev(tmp_path / "data", HONGYAN__SERVER__ACCESS_LOG="all") as house:
        app, phone, member = house.app, new_phone(), new_phone()
        client = {"openid": OPENID, "device": DEVICE, "ip": "203.0.113.77"}
        verification = app.started(phone, client=client)
        code = app.code(phone)
        assert app.check(verification, "x", client=client).status == 400
        assert app.resend(verification, client=client).status == 429
        proof = app.check(verification, code, client=client).json["proof"]
        assert app.post("/v1/proofs/verify", {"proof": proof}).status == 200
        assert app.start(phone).status == 429
        app.settled(app.sent(phone, text=WORDS, signature="鸿雁"), "delivered")
        assert house.nobody.post("/register", {"phone": member}).status == 200
        registering = {"phone": member, "code": app.code(member)}
        assert house.nobody.post("/register/verify", registering).status == 200
        assert app.with_key("sk_wrong-key-of-nobody").start(phone).status == 401
        waiting, tried = new_phone(), new_phone()
        app.started(waiting)
        test = ("--test-template", "tencent_code", "--test-number", tried)
        house.command("app", "tencent", "app_tencent", *test)
        secrets = [
            *(tried, house.file["tencent"]["secret_key"]),
            *(house.file["wechat"][one] for one in ("secret", "secret_key", "wx_api_token")),
            *(phone, member, waiting, OPENID, DEVICE, "203.0.113.77", WORDS),
            *(code, registering["code"], app.code(waiting), proof, proof.split(".")[2]),
            *(house.file["api_key"], "sk_wrong-key-of-nobody", verification),
        ]
        yield house, [secret.encode() for secret in secrets]


def found_in(content: bytes, secrets: list[bytes]) -> list[bytes]:
    return [secret for secret in secrets if secret in content]


def test_nothing_personal_is_logged_or_counted(lived: tuple[Dev, list[bytes]]) -> None:
    house, secrets = lived
    metrics = house.nobody.get("/metrics").body
    assert house.stop() == 0
    logged = (house.out + house.err).encode()
    assert b"/v1/proofs/verify" in logged
    assert found_in(logged, secrets) == []
    assert found_in(metrics, secrets) == []


def test_nothing_personal_is_readable_on_the_disk(lived: tuple[Dev, list[bytes]]) -> None:
    house, secrets = lived
    house.kill()  # with all that is still in the write-ahead log
    files = [file for file in house.data.rglob("*") if file.is_file() and file.name != "dev.json"]
    assert {"hongyan.db", "hongyan.db-wal", "handset.log"} <= {file.name for file in files}
    # Six digits are found among enough random bytes: codes are looked for as texts hold them.
    written = [one if len(one) > 6 else b"\xef\xbc\x9a" + one for one in secrets]
    for file in files:
        assert found_in(file.read_bytes(), written) == [], file


def test_a_bug_tells_a_terminal_nothing_personal(tmp_path: Path) -> None:
    """There, and only there, a log is made for people: with colours, and easily with too much."""
    data, phone = tmp_path / "data", new_phone()
    leader, follower = os.openpty()
    command = [sys.executable, "-m", "hongyan", "dev", "--json", "--port", "0", "--data", str(data)]
    house = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=follower)
    os.close(follower)
    try:
        assert house.stdout is not None
        url = json.loads(house.stdout.readline())["base_url"]
        key = json.loads((data / "dev.json").read_text("utf-8"))["api_key"]
        app = Client(url, key)
        message = app.sent(phone, text=WORDS, signature="鸿雁")
        app.settled(message, "delivered")
        with closing(apsw.Connection(str(data / "hongyan.db"))) as connection:
            connection.execute("UPDATE message SET sealed = zeroblob(40)")
        assert app.get(f"/v1/messages/{message}").status == 500
    finally:
        house.kill()
        house.communicate()
    told = _all_of(leader)
    assert b"SealBroken" in told
    assert found_in(told, [phone.encode(), WORDS.encode(), key.encode(), message.encode()]) == []


def _all_of(terminal: int) -> bytes:
    told = b""
    # A terminal that nobody writes to any more ends in an error.
    with suppress(OSError):
        while read := os.read(terminal, 65_536):
            told += read
    os.close(terminal)
    return told


def test_what_doctor_says_of_a_house_is_nothing_personal(lived: tuple[Dev, list[bytes]]) -> None:
    house, secrets = lived
    told = hongyan("doctor", "--data", str(house.data), "--json")
    assert found_in((told.out + told.err).encode(), secrets) == []
