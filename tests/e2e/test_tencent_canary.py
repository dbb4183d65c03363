"""What Tencent's clients say in every call stands in no log, no count and no file."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from hongyan.core.message import Kind
from support.process import Client, Dev, eventually, hongyan, new_phone
from support.tencent_app import NOTICE, TencentApp, moved_in

VALUE, CONTEXT, REPLY = "只有收件人可读", "context-of-nobody-55d1", "只有应用可读的回复"
TOKEN, WRONG = "token-of-nobody-7c1e", "0f9a7c1e-wrong-key-of-nobody"


def used(app: TencentApp, phone: str) -> None:
    """Well and badly, by headers, body, query and form."""
    app.sent(phone, TemplateParamSet=[VALUE], SessionContext=CONTEXT)
    asked = {"SmsSdkAppId": app.sdk_app_id, "Limit": 10}
    eventually(lambda: app.call("PullSmsSendStatus", **asked).response["PullSmsSendStatusSet"])
    told = Client(app.url).post("/sandbox/replies", {"phone": phone, "text": REPLY})
    assert told.status < 300, told
    eventually(lambda: app.call("PullSmsReplyStatus", **asked).response["PullSmsReplyStatusSet"])
    assert app.but(secret_key=WRONG).send(phone).error == "AuthFailure.SignatureFailure"
    body = json.dumps(app.form(phone, TemplateParamSet=[VALUE], Unknown=CONTEXT)).encode()
    headers = app.headers("SendSms", body) | {"X-Tc-Token": TOKEN, "X-Tc-Traceid": CONTEXT}
    assert app.post(body, headers).error == "UnknownParameter"
    assert app.post(body[:-1], app.headers("SendSms", body[:-1])).error
    query = urlencode({"Action": "SendSms", "Token": TOKEN, "SignName": VALUE, "Key": WRONG})
    for method, sent in (("GET", b""), ("POST", query.encode())):
        client = Client(app.url)
        client.call(method, f"/?{query}", sent, {"X-Tc-Action": "SendSms"})


@pytest.fixture
def lived(tmp_path: Path) -> Iterator[tuple[Dev, list[bytes]]]:
    """A house that logged all it could while it was used, and what nobody may find in it."""
    with Dev(tmp_path / "data", HONGYAN__SERVER__ACCESS_LOG="all") as house:
        app = moved_in(house, kind=Kind.NOTICE, body=NOTICE, key={"token": TOKEN})
        phone = new_phone()
        used(app.but(token=TOKEN), phone)
        secrets = [app.secret_key, WRONG, TOKEN, phone, VALUE, CONTEXT, REPLY]
        yield house, list(map(str.encode, secrets))


def found_in(content: bytes, secrets: list[bytes]) -> list[bytes]:
    return [secret for secret in secrets if secret in content]


def test_nothing_of_it_is_logged_or_counted(lived: tuple[Dev, list[bytes]]) -> None:
    house, secrets = lived
    metrics = house.nobody.get("/metrics").body
    assert house.stop() == 0
    logged = (house.out + house.err).encode()
    assert b"POST" in logged
    assert found_in(logged, secrets) == []
    assert found_in(metrics, secrets) == []


def test_nothing_of_it_is_readable_on_the_disk(lived: tuple[Dev, list[bytes]]) -> None:
    house, secrets = lived
    house.kill()  # with all that is still in the write-ahead log
    files = [file for file in house.data.rglob("*") if file.is_file() and file.name != "dev.json"]
    assert {"hongyan.db", "hongyan.db-wal"} <= {file.name for file in files}
    for file in files:
        assert found_in(file.read_bytes(), secrets) == [], file


def test_nothing_of_it_is_said_by_commands(lived: tuple[Dev, list[bytes]]) -> None:
    house, secrets = lived
    for command in (("doctor",), ("secret-key", "show"), ("audit",), ("app", "list")):
        told = hongyan(*command, "--data", str(house.data), "--json")
        assert found_in((told.out + told.err).encode(), secrets) == [], command
