"""What Zhenzi's clients say in every request stands in no log, no count and no file."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import apsw
import pytest

from support.process import Dev, eventually, hongyan, new_phone
from support.zhenzi import (
    BALANCE,
    FIND,
    PATHS,
    SEND,
    SEND_TEMPLATE,
    Zhenzi,
    moved_in,
)

WORDS, CODE, VALUE = "只有收件人可读的话", "748291", "只有收件人"
REFERENCE, CLIENT = "reference-of-nobody-55d1", "203.0.113.211"
GUESS = "0f9a7c1e-wrong-secret-of-nobody"


def used(app: Zhenzi, phone: str) -> None:
    """Every path, well and badly."""
    named: dict[str, str | None] = {"messageId": REFERENCE, "clientIp": CLIENT}
    app.sent(phone, message=f"{WORDS}，验证码：{CODE}", **named)
    app.sent(phone, SEND_TEMPLATE, templateParams=f'["{CODE}","{VALUE}"]')
    eventually(lambda: app.found(REFERENCE)["status"] == "success")
    assert app.with_secret(GUESS).call(BALANCE).code == 110
    for path in PATHS:
        query = urlencode(app.form(path, phone, message=WORDS) | named)
        app.post(f"{path}?{query}", b"", method="GET")
        app.post(f"/{app.app_secret}/{phone}{path}", query.encode())
        app.call(path, phone, message=WORDS, templateParams=f'["{VALUE}"]', **named)
        app.post(path, query.encode() + b"&x=%")
    app.post(f"/sms/{app.app_secret}/{phone}", b"")


@pytest.fixture
def lived(tmp_path: Path) -> Iterator[tuple[Dev, list[bytes]]]:
    """A house that logged all it could while it was used, and what nobody may find in it."""
    with Dev(tmp_path / "data", HONGYAN__SERVER__ACCESS_LOG="all") as house:
        app, phone = moved_in(house), new_phone()
        used(app, phone)
        secrets = [app.app_secret, GUESS, phone, WORDS, VALUE, REFERENCE, CLIENT]
        yield house, [*map(str.encode, secrets), f"：{CODE}".encode()]


def found_in(content: bytes, secrets: list[bytes]) -> list[bytes]:
    return [secret for secret in secrets if secret in content]


def test_nothing_of_it_is_logged_or_counted(lived: tuple[Dev, list[bytes]]) -> None:
    house, secrets = lived
    metrics = house.nobody.get("/metrics").body
    assert house.stop() == 0
    logged = (house.out + house.err).encode()
    for path in PATHS:
        assert path.encode() in logged
    assert found_in(logged, secrets) == []
    assert found_in(metrics, secrets) == []


def test_nothing_of_it_is_readable_on_the_disk(lived: tuple[Dev, list[bytes]]) -> None:
    house, secrets = lived
    house.kill()  # with all that is still in the write-ahead log
    files = [file for file in house.data.rglob("*") if file.is_file() and file.name != "dev.json"]
    assert {"hongyan.db", "hongyan.db-wal"} <= {file.name for file in files}
    for file in files:
        assert found_in(file.read_bytes(), secrets) == [], file


def test_nothing_of_it_is_said_by_doctor(lived: tuple[Dev, list[bytes]]) -> None:
    house, secrets = lived
    told = hongyan("doctor", "--data", str(house.data), "--json")
    assert found_in((told.out + told.err).encode(), secrets) == []


def test_a_bug_is_code_1000_and_its_log_tells_nothing_personal(tmp_path: Path) -> None:
    with Dev(tmp_path / "data", HONGYAN__SERVER__ACCESS_LOG="all") as house:
        app, phone = moved_in(house), new_phone()
        app.sent(phone, SEND, message=WORDS, messageId=REFERENCE, clientIp=CLIENT)
        eventually(lambda: app.found(REFERENCE)["status"] == "success")
        with closing(apsw.Connection(str(house.data / "hongyan.db"))) as connection:
            connection.execute("UPDATE message SET sealed = zeroblob(40)")
        heard = app.call(FIND, messageId=REFERENCE)
        assert heard.body == '{"code":1000,"data":"系统未知错误"}'.encode()
        assert house.stop() == 0
        logged = house.out + house.err
    assert "zhenzi.failed" in logged
    assert "SealBroken" in logged
    secrets = [app.app_secret, phone, WORDS, REFERENCE, CLIENT]
    assert found_in(logged.encode(), list(map(str.encode, secrets))) == []
