"""Zhenzi over HTTP: where it answers, to which requests, and never with anything but 200 and JSON."""

from contextlib import closing
from urllib.parse import quote, urlencode

import pytest

from support.process import Client, Dev
from support.serving import chunked
from support.zhenzi import (
    BALANCE,
    FIND,
    FORM,
    MESSAGE,
    PATHS,
    SEND,
    SEND_PATHS,
    SEND_TEMPLATE,
    SENT,
    Line,
    Zhenzi,
)

NO_OPERATION = '{"code":100,"data":"参数格式错误: 没有这个接口，或者不是POST请求"}'.encode()
NOT_READ = '{"code":100,"data":"参数格式错误: 请求过大或不完整"}'.encode()
METHODS = ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND")


@pytest.fixture
def house(dev: Dev) -> Zhenzi:
    return Zhenzi.of(dev)


def body_of(house: Zhenzi, phone: str, path: str = SEND, **changes: str | None) -> bytes:
    return urlencode(house.form(path, phone, **changes)).encode()


# Paths and methods.


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", METHODS)
def test_another_method_is_code_100(house: Zhenzi, method: str, path: str, phone: str) -> None:
    assert house.post(path, body_of(house, phone, path), method=method).body == NO_OPERATION


@pytest.mark.parametrize("path", PATHS)
def test_a_head_request_is_answered_without_a_body(house: Zhenzi, path: str) -> None:
    with closing(Line(house.url)) as line:
        line.say(f"HEAD {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        head, _, body = line.hear_raw().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"content-length: %d\r\n" % len(NO_OPERATION) in head + b"\r\n"
    assert body == b""


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/sms",
            "/sms/",
            "/sms/send",
            "/sms/send.do.html",
            "/sms/v3/send.do",
            "/sms/v2/balance.html",
        ),
        *(
            "/account",
            "/account/",
            "/account/balance.html",
            "/account/x/y",
            "/smslog/",
            "/smslog/x",
        ),
        *("//sms//x.do", "/sms/send.DO", "/sms/..", "/sms/%2e%2e/%00", "/sms/%E9%B8%BF"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_an_unknown_path_of_these_families_is_code_100(
    house: Zhenzi, path: str, method: str, phone: str
) -> None:
    assert house.post(path, body_of(house, phone), method=method).body == NO_OPERATION


@pytest.mark.parametrize("before", ["/", "//", "/api", "/api/v1/", "/鸿雁", "/a//b/"])
@pytest.mark.parametrize("path", PATHS)
def test_slashes_are_doubled_and_prefixes_put_before(
    house: Zhenzi, path: str, before: str, phone: str
) -> None:
    house.sent(phone, messageId=f"of {phone}")
    target = quote(before) + path
    assert house.call(target, phone, **house.form(path, phone)).code == 0


def test_a_query_is_passed_over_and_names_nobody(house: Zhenzi, phone: str) -> None:
    query = urlencode(house.form(SEND, phone))
    assert house.post(f"{SEND}?{query}", b"").data == "参数格式错误: appId不能为空"
    assert house.post(f"{SEND}?number=1&x=%", body_of(house, phone)).body == SENT


# Requests.


@pytest.mark.parametrize(
    "header",
    [
        *(
            f"Content-Type: {FORM}",
            f"Content-Type: {FORM};charset=UTF-8",
            "Content-Type: text/plain",
        ),
        *("Content-Type: application/json", "Content-Type: multipart/form-data; boundary=x"),
        *(f"Content-Type: {FORM}; charset=GBK", "Content-Type:", "X-None: 1", "Accept: image/png"),
        *(
            "Accept: application/xml;q=1, */*;q=0",
            "Accept-Charset: gbk",
            "Accept-Encoding: gzip;q=1",
        ),
        *("Authorization: Bearer sk_of-somebody", "Origin: https://evil.example", "Cookie: a=b"),
    ],
)
def test_whatever_a_header_says_it_is_a_form_and_the_answer_is_json(
    house: Zhenzi, header: str, phone: str
) -> None:
    body = body_of(house, phone)
    head = f"POST {SEND} HTTP/1.1\r\nHost: x\r\n{header}\r\nContent-Length: {len(body)}\r\n\r\n"
    assert house.say(head.encode(), body).body == SENT


@pytest.mark.parametrize(
    "host", ["sms_developer.zhenzikj.com", "smsdeveloper.zhenzikj.com:443", ""]
)
def test_any_host_name_is_answered(house: Zhenzi, host: str) -> None:
    body = body_of(house, "", BALANCE)
    head = f"POST {BALANCE} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
    assert house.say(head.encode(), body).code == 0


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_both_versions_of_http_and_chunks_are_understood(
    house: Zhenzi, path: str, version: str, phone: str, *, is_chunked: bool
) -> None:
    house.sent(phone, messageId=f"of {phone}")
    body = body_of(house, phone, path)
    length = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(body)}"
    head = f"POST {path} HTTP/{version}\r\nHost: here\r\n{length}\r\n\r\n".encode()
    assert house.say(head, chunked(body[:7], body[7:]) if is_chunked else body).code == 0


def test_requests_that_are_sent_together_are_answered_in_order(house: Zhenzi, phone: str) -> None:
    body = body_of(house, phone)
    head = f"POST {SEND} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with closing(Line(house.url)) as line:
        line.say((head + body) * 3)
        heard = b""
        while heard.count(SENT) < 3:
            heard += line.hear_raw()
    assert heard.count(b"HTTP/1.1 200 OK") == 3


# Bodies that are no form, or too much of one.


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "body",
    [
        *(
            b"",
            b"&",
            b"\x00",
            b"null",
            b'{"appId":"100001"}',
            b"<xml/>",
            b"appId",
            b"=",
            b"%00=%00",
        ),
        b"--x\r\nContent-Disposition: form-data; name=appId\r\n\r\n100001\r\n--x--",
    ],
)
def test_what_names_no_app_is_code_100(house: Zhenzi, path: str, body: bytes) -> None:
    assert (
        house.post(path, body).body == '{"code":100,"data":"参数格式错误: appId不能为空"}'.encode()
    )


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "more", [b"&x=%", b"&x=%zz", b"&x=\xff", b"&x=%B0%A1", b"&message=" + "验证码".encode("gbk")]
)
def test_a_form_that_is_not_utf_8_is_code_100(
    house: Zhenzi, path: str, more: bytes, phone: str
) -> None:
    heard = house.post(path, body_of(house, phone, path) + more)
    assert heard.body == '{"code":100,"data":"参数格式错误: 表单不是UTF-8编码"}'.encode()


@pytest.mark.parametrize("path", SEND_PATHS)
def test_a_repeated_field_is_code_100(house: Zhenzi, path: str, phone: str) -> None:
    for name, value in house.form(path, phone).items():
        heard = house.post(path, body_of(house, phone, path) + f"&{name}={quote(value)}".encode())
        assert (heard.code, heard.data) == (100, f"参数格式错误: {name}重复")


@pytest.mark.parametrize("path", [*PATHS, "/api/sms/send.do", "//sms/send.do", "/sms/unknown.do"])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_two_megabytes_are_code_100(house: Zhenzi, path: str, *, is_chunked: bool) -> None:
    body = body_of(house, "13800138000") + b"&x=" + b"x" * (2 << 20)
    length = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(body)}"
    head = f"POST {path} HTTP/1.1\r\nHost: here\r\n{length}\r\n\r\n".encode()
    heard = house.say(head, chunked(body) if is_chunked else body)
    assert heard.body == NOT_READ
    assert heard.headers["connection"] == "close"


@pytest.mark.parametrize(
    "header",
    [
        f"X-Long: {'x' * 40_000}",
        "Content-Length: many",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked, x",
        "no colon",
    ],
    ids=["long", "no_number", "two_lengths", "length_and_chunks", "no_chunks_last", "no_header"],
)
@pytest.mark.parametrize("path", PATHS)
def test_what_is_hardly_http_is_code_100(house: Zhenzi, path: str, header: str) -> None:
    heard = house.say(f"POST {path} HTTP/1.1\r\nHost: here\r\n{header}\r\n\r\n".encode())
    assert heard.body == NOT_READ
    assert heard.headers["connection"] == "close"


def test_a_long_but_decent_body_is_read(house: Zhenzi, phone: str) -> None:
    assert house.call(SEND, phone, unknown="x" * 200_000).body == SENT


def test_what_is_not_served_here_is_refused_as_everywhere(dev: Dev) -> None:
    for path in ("/smsx/send.do", "/send.do", "/v2/send.do", "/api/sms/unknown.do", "/accounts"):
        assert dev.nobody.post(path, b"appId=1").status in (400, 404)


def test_nothing_of_it_costs_anything(own: Dev) -> None:
    house, phone = Zhenzi.of(own), "13800138000"
    for method in METHODS:
        house.post(SEND, body_of(house, phone), method=method)
    house.post("/sms/x", body_of(house, phone))
    house.post(SEND, body_of(house, phone) + b"&x=%")
    house.post(SEND, body_of(house, phone) + b"&message=again")
    house.say(f"POST {SEND} HTTP/1.1\r\nContent-Length: 999999\r\n\r\n".encode() + b"x" * 999_999)
    for name in house.form(SEND_TEMPLATE, phone):
        house.call(SEND_TEMPLATE, phone, **{name: None})
    assert house.call(FIND, phone).code == 100
    assert house.balance() == 1_000_000
    assert own.nobody.texts(phone) == []


# Two kinds of secret, neither good for the other's door.


def test_an_app_secret_is_no_bearer_key(dev: Dev, house: Zhenzi, phone: str) -> None:
    caller = Client(dev.url, house.app_secret)
    for method, path in (
        ("POST", "/v1/messages"),
        ("POST", "/v1/verifications"),
        ("GET", "/v1/messages/0000000000000"),
        ("POST", "/v1/proofs/verify"),
    ):
        assert caller.call(method, path, {"to": phone}).problem == (401, "unknown_key")


def test_an_api_key_is_no_app_secret(own: Dev, phone: str) -> None:
    house = Zhenzi.of(own)
    created = own.command("app", "create", "Other", "--name", "app_other", "--signature", "鸿雁")
    for key in (own.app.key, own.page.key, created["api_key"], created["app_secret"]):
        assert house.with_secret(key).call(SEND, phone).code == 110
    other = Zhenzi(own.url, created["app_id"], created["app_secret"])
    assert other.with_secret(created["api_key"]).call(SEND, phone).code == 110
    other.sent(phone)


def test_what_a_command_prints_of_an_app_lets_it_in(own: Dev, phone: str) -> None:
    account = own.command("account", "create", "个人", "--kind", "personal")["account"]
    own.command("package", "add", "10", "--account", str(account))
    created = own.command("app", "create", "小店", "--account", str(account), "--signature", "小店")
    app = Zhenzi(own.url, created["app_id"], created["app_secret"])
    app.sent(phone)
    assert own.nobody.latest(phone)["text"] == f"【小店】{MESSAGE}"
    assert app.balance() == 9


def test_a_template_is_sent_once_it_is_approved(own: Dev, phone: str) -> None:
    house = Zhenzi.of(own)
    submit = ("template", "submit", "pickup", "取件码{1}，请到{2}领取。", "--kind", "notice")
    made = own.command(*submit, "--signature", "鸿雁")
    template = str(made["template_id"])
    values = '["A-17","南门"]'
    one = {"templateId": template, "templateParams": values}
    assert house.call(SEND_TEMPLATE, phone, **one).code == 117
    own.command("template", "approve", template)
    house.balance()
    house.sent(phone, SEND_TEMPLATE, **one)
    assert own.nobody.latest(phone)["text"] == "【鸿雁】取件码A-17，请到南门领取。"
    own.command("template", "reject", template, "--reason", "过期")
    house.balance()
    assert house.call(SEND_TEMPLATE, phone, **one).code == 117
