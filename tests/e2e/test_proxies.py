"""The sample proxies in front of a recording upstream, and of a real house."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlencode, urlsplit

import pytest

from hongyan.app.http1 import MOST_BODY_BYTES
from hongyan.wire.tencent.call import MOST_JSON_BYTES
from hongyan.wire.wechat.task import LARGEST
from support.process import Dev, new_phone
from support.proxies import NAME, Proxy, Recorder, caddy, free_port, nginx
from support.tencent_app import moved_in

Open: TypeAlias = Callable[[Path, list[int]], AbstractContextManager[Proxy]]

SECRET, NUMBER = "s3cr3t-0f-an-app", "13912345678"
QUERY = urlencode({"appSecret": SECRET, "number": NUMBER})
VERIFICATION = "0193a5b0-0000-7000-8000-000000000000"

pytestmark = pytest.mark.external


@pytest.fixture(params=[nginx, caddy])
def proxy(request: pytest.FixtureRequest) -> Open:
    """Each of the proxies, in turn."""
    opened: Open = request.param
    return opened


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder().listening() as opened:
        yield opened


@pytest.fixture
def before(proxy: Open, tmp_path: Path, recorder: Recorder) -> Iterator[Proxy]:
    """A proxy before the recorder."""
    with proxy(tmp_path, [recorder.port]) as opened:
        yield opened


@pytest.mark.parametrize(
    "target",
    [
        "/v1/messages",
        "//sms/send.do?" + QUERY,
        "/sms//send.do",
        "/x/%2e%2e/a%2Fb?c=%20%E4%BD%A0",
        "/a/../b/./c?d=/../e",
        "/?Action=SendSms&Version=2021-01-11",
    ],
)
def test_what_was_asked_for_arrives_as_it_came(
    before: Proxy, recorder: Recorder, target: str
) -> None:
    assert before.call("GET", target).status == 200
    (request,) = recorder.requests
    assert request.startswith(f"GET {target} HTTP/1.1\r\n".encode())


def test_host_is_kept_and_an_address_cannot_be_forged(before: Proxy, recorder: Recorder) -> None:
    for host in (NAME, f"{NAME}:8443"):
        before.call("POST", "/v1/messages", b"{}", host=host, x_forwarded_for="203.0.113.9")
        request = recorder.requests.pop().lower()
        assert f"host: {host}\r\n".encode() in request
        assert b"x-forwarded-for: 127.0.0.1\r\n" in request
        assert b"203.0.113.9" not in request


def test_the_name_that_was_called_cannot_be_forged(before: Proxy, recorder: Recorder) -> None:
    for path in ("/", "/v1/messages"):
        before.call("POST", path, b"{}", x_forwarded_host="sms.elsewhere.example")
        request = recorder.requests.pop().lower()
        assert f"x-forwarded-host: {NAME}\r\n".encode() in request
        assert b"elsewhere" not in request


def test_nothing_secret_is_logged(before: Proxy) -> None:
    body = urlencode({"message": "您的验证码为384592", "number": "13700001111"}).encode()
    before.call("GET", f"/sms/send.do?{QUERY}")
    before.call("POST", f"/v1/verifications/{VERIFICATION}/check?{QUERY}", body, cookie=SECRET)
    before.call("POST", "/v1/last", body, authorization=f"Bearer {SECRET}")
    logs = before.logged("/v1/last")
    assert "/sms/send.do" in logs
    assert "/v1/verifications/*" in logs
    for secret in (SECRET, NUMBER, VERIFICATION, "384592", "13700001111"):
        assert secret not in logs


def test_nothing_secret_is_logged_when_nobody_answers(proxy: Open, tmp_path: Path) -> None:
    with proxy(tmp_path, [free_port()]) as opened:
        answer = opened.call("GET", f"/sms/send.do?{QUERY}")
        opened.call("GET", f"/v1/verifications/{VERIFICATION}")
        opened.call("GET", "/last")
        logs = opened.logged("/last")
    assert (answer.status, answer.json["code"]) == (502, "away")
    assert answer.headers["content-type"] == "application/problem+json"
    for secret in (SECRET, NUMBER, VERIFICATION):
        assert secret not in logs


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_whose_answer_was_lost_is_not_repeated(
    proxy: Open, tmp_path: Path, method: str
) -> None:
    """Nor by whatever the proxy does about connections that it had used before."""
    with ExitStack() as stack:
        upstreams = [
            stack.enter_context(Recorder(hangs_up=hangs_up).listening())
            for hangs_up in (True, False)
        ]
        opened = stack.enter_context(proxy(tmp_path, [one.port for one in upstreams]))
        statuses = [
            opened.call(method, f"/sms/send.do?messageId={number}").status for number in range(20)
        ]
        arrived = [request for one in upstreams for request in one.requests]
    assert 502 in statuses
    assert len(arrived) == len(set(arrived)) <= len(statuses)


def test_a_body_that_is_too_large_is_refused_in_our_words(
    proxy: Open, tmp_path: Path, dev: Dev
) -> None:
    """By the proxy, with the bound of the house: just so much the house itself still reads."""
    port = int(dev.url.rpartition(":")[2])
    with proxy(tmp_path, [port]) as opened:
        read = opened.call("POST", "/v1/messages", bytes(MOST_BODY_BYTES))
        refused = [
            opened.call("POST", "/v1/messages", bytes(size))
            for size in (MOST_BODY_BYTES + 1, 2_000_000)
        ]
        logs = opened.logged("/v1/messages")
    assert read.problem == (401, "unknown_key")
    for answer in refused:
        assert answer.problem == (413, "too_large")
    assert "\0" not in logs
    assert not [
        path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size > 1e5
    ]


def test_a_call_of_tencents_clients_may_bring_images(proxy: Open, tmp_path: Path, dev: Dev) -> None:
    port = int(dev.url.rpartition(":")[2])
    action = {"x_tc_action": "AddSmsSign", "x_tc_version": "2021-01-11"}
    with proxy(tmp_path, [port]) as opened:
        read = opened.call("POST", "/", bytes(2_000_000), **action)
        refused = opened.call("POST", "/", bytes(MOST_JSON_BYTES + 1), **action)
    codes = []
    for answer in (read, refused):
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
        assert answer.json["Response"]["RequestId"]
        codes.append(answer.json["Response"]["Error"]["Code"])
    assert codes == ["AuthFailure.InvalidAuthorization", "RequestSizeLimitExceeded"]


def upload_of(dev: Dev) -> str:
    """The path of a new address for a file."""
    known = dev.file["wechat"]
    named = {"appid": known["appid"], "secret": known["secret"]}
    asked = {"grant_type": "client_credential"} | named
    token = dev.nobody.call("POST", "/cgi-bin/stable_token", asked).json["access_token"]
    files = {"ExtensionFiles": [{"FileType": "SMS", "FileName": "a.csv"}]}
    path = f"/tcb/describeextensionuploadinfo?access_token={token}"
    told = dev.nobody.call("POST", path, {"PostData": files}).json
    (file,) = told["Response"]["FilesData"]
    return urlsplit(str(file["UploadUrl"])).path


def test_a_file_of_numbers_comes_through(proxy: Open, tmp_path: Path, dev: Dev) -> None:
    port, path = int(dev.url.rpartition(":")[2]), upload_of(dev)
    with proxy(tmp_path, [port]) as opened:
        read = opened.call("PUT", path, bytes(LARGEST))
        refused = opened.call("PUT", upload_of(dev), bytes(LARGEST + 1))
    assert (read.status, read.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert refused.status == 413
    assert not [
        path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size > 1e5
    ]


def test_a_signed_call_is_known_behind_it(proxy: Open, tmp_path: Path, dev: Dev) -> None:
    app = moved_in(dev)
    phone = new_phone()
    body = json.dumps(app.form(phone)).encode()
    signed = app.but(url=f"https://{NAME}").headers("SendSms", body)
    named = {name.lower().replace("-", "_"): value for name, value in signed.items()}
    port = int(dev.url.rpartition(":")[2])
    with proxy(tmp_path, [port]) as opened:
        answer = opened.call("POST", "/", body, **named)
    assert answer.json["Response"]["SendStatusSet"][0]["Code"] == "Ok"


@pytest.mark.timeout(60)
def test_a_whole_house_behind_it(proxy: Open, tmp_path: Path) -> None:
    """Texts by a doubled slash, a long poll, and limits that go by the caller's own address."""
    trusted = {"HONGYAN__SERVER__TRUSTED_PROXIES": '["127.0.0.1/32"]'}
    with Dev(tmp_path / "data", **trusted) as house:
        port = int(house.url.rpartition(":")[2])
        folder = tmp_path / "proxy"
        folder.mkdir()
        with proxy(folder, [port]) as opened:
            phone, named = new_phone(), house.file["zhenzi"]
            secrets = {"appId": named["app_id"], "appSecret": named["app_secret"]}
            sent = secrets | {"number": phone, "message": "您的订单已发货"}
            answer = opened.call("POST", "//sms/send.do", urlencode(sent).encode())
            assert answer.json["code"] == 0
            polled = opened.call(
                "GET", f"/sandbox/messages/latest?phone={phone}&wait=5", host=f"127.0.0.1:{port}"
            )
            assert polled.json["phone"] == phone
            house.command("app", "allow-ip", "app_zhenzi", "127.0.0.1/32")
            forged = opened.call(
                "POST",
                "/account/balance.do",
                urlencode(secrets).encode(),
                x_forwarded_for="203.0.113.9",
            )
            logs = opened.logged("balance.do")
    assert json.loads(forged.body)["code"] == 0
    assert named["app_secret"] not in logs
    assert phone not in logs
