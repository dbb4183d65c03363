"""Bad input over real HTTP: always refused with a stable code and a clear sentence, never charged."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from support.process import NO_SUCH_ID, NOTICE, Answer, Client, Dev, new_address

START = "/v1/verifications"
RESEND = f"/v1/verifications/{NO_SUCH_ID}/resend"
CHECK = f"/v1/verifications/{NO_SUCH_ID}/check"
SEND = "/v1/messages"
PROVE = "/v1/proofs/verify"
REGISTER = "/register"
VERIFY = "/register/verify"

V1 = (START, RESEND, CHECK, SEND, PROVE)
LOOP = (REGISTER, VERIFY)

CLIENT = {"ip": "192.0.2.1", "openid": "o1", "device": "d1"}
GOOD: list[tuple[str, dict[str, Any]]] = [
    (START, {"phone": "13800138000", "purpose": "login", "client": CLIENT}),
    (RESEND, {"client": CLIENT}),
    (CHECK, {"code": "123456", "client": CLIENT}),
    (SEND, {"to": "13800138000", "template": "notice", "params": ["周五"]}),
    (SEND, {"to": ["13800138000"], "text": "周五见", "signature": "鸿雁"}),
    (PROVE, {"proof": "a.b.c"}),
    (REGISTER, {"phone": "13800138000"}),
    (VERIFY, {"phone": "13800138000", "code": "123456"}),
]
"""Bodies of the right form, one for each way to write one."""

Place = tuple[str | int, ...]


def places(body: Any, place: Place = ()) -> Iterator[Place]:
    """Where in a body its strings stand."""
    if isinstance(body, str):
        yield place
    for key, value in enumerate(body) if isinstance(body, list) else ():
        yield from places(value, (*place, key))
    for name, value in body.items() if isinstance(body, dict) else ():
        yield from places(value, (*place, name))


def changed(body: Any, place: Place, value: object) -> Any:
    """The body with another value at one place."""
    if not place:
        return value
    copy = body.copy()
    copy[place[0]] = changed(body[place[0]], place[1:], value)
    return copy


FIELDS = [(path, body, place) for path, body in GOOD for place in places(body)]


def said(path: str, answer: Answer) -> tuple[int, object]:
    """(status, code) of a refusal, in the words of whoever was asked."""
    if path in LOOP and answer.headers["content-type"] == "application/json":
        assert answer.json["message"]
        return answer.status, answer.json["code"]
    return answer.problem


def named(one: object) -> str:
    """What a parameter is called in a test's name."""
    return one if isinstance(one, str) and one.isascii() and one.isprintable() else ascii(one)[:40]


@pytest.fixture
def caller(dev: Dev) -> Client:
    """With a secret key, at an address of its own."""
    return dev.app.at(new_address())


# The whole body.

NOT_JSON: list[bytes] = [
    b"",
    b" ",
    b"{",
    b"}",
    b'{"phone":}',
    b'{"phone":"1",}',
    b"{'phone':'1'}",
    b'{"phone":"1"}{"phone":"1"}',
    b'{"phone":"1"} x',
    b"phone=13800138000&purpose=login",
    b"<phone>1</phone>",
    b'{"phone":"1\n"}',
    b'{"phone":"\\x31"}',
    b'{"phone":"\\ud800"}',
    b'{"phone":"\\udc00\\ud800"}',
    b'{"phone":"\xff\xfe"}',
    b'{"phone":"\xed\xa0\x80"}',
    b'\xef\xbb\xbf{"phone":"1"}',
    '{"phone":"1"}'.encode("utf-16"),
    '{"phone":"鸿"}'.encode("gbk"),
    b'{"phone":NaN}',
    b'{"phone":Infinity}',
    b"\0" * 100,
]


@pytest.mark.parametrize(
    ("path", "body"),
    # A resend needs no body.
    [(path, body) for path in V1 for body in NOT_JSON if body or path != RESEND],
    ids=named,
)
def test_what_is_not_json_is_refused(caller: Client, path: str, body: bytes) -> None:
    answer = caller.post(path, body)
    assert answer.problem[0] == 400
    assert answer.problem[1] in {"invalid_json", "invalid_request"}


@pytest.mark.parametrize("body", NOT_JSON, ids=named)
@pytest.mark.parametrize("path", LOOP)
def test_what_is_not_json_is_1002(caller: Client, path: str, body: bytes) -> None:
    assert said(path, caller.post(path, body)) == (400, 1002)


@pytest.mark.parametrize("body", [b"[]", b'"a"', b"1", b"true", b"null", b"[{}]"])
@pytest.mark.parametrize("path", [*V1, *LOOP])
def test_json_that_is_no_object_is_refused(caller: Client, path: str, body: bytes) -> None:
    expected = 1002 if path in LOOP else "invalid_request"
    assert said(path, caller.post(path, body)) == (400, expected)


@pytest.mark.parametrize("path", [*V1, *LOOP])
def test_a_body_of_a_megabyte_is_refused(caller: Client, path: str) -> None:
    body = b'{"phone":"' + b"1" * (1 << 20) + b'"}'
    assert caller.post(path, body).problem == (413, "too_large")


@pytest.mark.parametrize(
    "nested", [b"[" * 100_000, b'{"a":' * 40_000, b"[" * 100_000 + b"]" * 100_000]
)
@pytest.mark.parametrize("path", V1)
def test_deep_nesting_is_refused(caller: Client, path: str, nested: bytes) -> None:
    assert caller.post(path, nested).problem[0] == 400


@pytest.mark.parametrize("path", [START, SEND, PROVE])
def test_deep_nesting_in_a_field_is_refused(caller: Client, path: str) -> None:
    for field in ("phone", "to", "proof", "params", "client", "more"):
        body = b'{"%b":' % field.encode() + b"[" * 5_000 + b"]" * 5_000 + b"}"
        assert caller.post(path, body).problem == (400, "invalid_request")


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/json",
        "application/jsonx",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "application/json; charset=gbk",
        "application/json;charset=utf-16",
    ],
)
@pytest.mark.parametrize("path", [*V1, *LOOP])
def test_another_content_type_is_refused(caller: Client, path: str, content_type: str) -> None:
    _, body = next(one for one in GOOD if one[0] == path)
    answer = caller.call("POST", path, json.dumps(body).encode(), {"Content-Type": content_type})
    assert said(path, answer) == ((400, 1002) if path in LOOP else (415, "unsupported_media_type"))


@pytest.mark.parametrize("path", [*V1, *LOOP])
def test_a_body_of_no_type_is_refused(caller: Client, path: str) -> None:
    """A page of another site may send such a body without being asked (no preflight)."""
    _, body = next(one for one in GOOD if one[0] == path)
    sent = json.dumps(body).encode()
    answer = caller.call("POST", path, sent, {"Content-Type": "", "Origin": "https://evil.example"})
    assert said(path, answer) == ((400, 1002) if path in LOOP else (415, "unsupported_media_type"))


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=UTF-8", "Application/JSON"]
)
def test_json_is_known_by_its_name(caller: Client, content_type: str) -> None:
    answer = caller.call("POST", CHECK, b"{}", {"Content-Type": content_type})
    assert answer.problem == (400, "invalid_request")


# Each field.


@pytest.mark.parametrize(("path", "body", "place"), FIELDS, ids=named)
@pytest.mark.parametrize("value", [None, 0, 1.5, True, {}, 10**400], ids=named)
def test_a_field_of_another_type_is_refused(
    caller: Client, path: str, body: Any, place: Place, value: object
) -> None:
    answer = caller.post(path, changed(body, place, value))
    assert said(path, answer) == (400, 1002 if path in LOOP else "invalid_request")


@pytest.mark.parametrize(("path", "body", "place"), FIELDS, ids=named)
def test_a_lone_surrogate_is_refused(caller: Client, path: str, body: Any, place: Place) -> None:
    answer = caller.post(path, changed(body, place, "1\ud8001"))
    assert said(path, answer) == (400, 1002 if path in LOOP else "invalid_json")


@pytest.mark.parametrize(("path", "body", "place"), FIELDS, ids=named)
def test_a_field_that_is_far_too_long_is_refused(
    caller: Client, path: str, body: Any, place: Place
) -> None:
    answer = caller.post(path, changed(body, place, "1" * 5_000))
    assert said(path, answer) == (400, 1002 if path in LOOP else "invalid_request")


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        (path, body, name)
        for path, body in GOOD
        for name in body
        if name not in {"client", "params"}
    ],
    ids=named,
)
def test_a_missing_field_is_refused(caller: Client, path: str, body: Any, name: str) -> None:
    left = {other: value for other, value in body.items() if other != name}
    status, code = said(path, caller.post(path, left))
    expected = {1002} if path in LOOP else {"invalid_request", "invalid_text", "unknown_signature"}
    assert status == 400
    assert code in expected


@pytest.mark.parametrize(("path", "body"), [one for one in GOOD if one[0] in V1], ids=named)
def test_an_unknown_field_is_refused_by_its_name(caller: Client, path: str, body: Any) -> None:
    answer = caller.post(path, body | {"phnoe": "1"})
    assert answer.problem == (400, "invalid_request")
    assert "phnoe" in answer.json["detail"]


@pytest.mark.parametrize(("path", "body"), [one for one in GOOD if "client" in one[1]], ids=named)
def test_an_unknown_field_of_the_client_is_refused(caller: Client, path: str, body: Any) -> None:
    answer = caller.post(path, changed(body, ("client",), {"opneid": "1"}))
    assert answer.problem == (400, "invalid_request")
    assert "$.client" in answer.json["detail"]


HOSTILE = {
    "nul": "1\x00",
    "sql": "' OR 1=1; DROP TABLE message;--",
    "crlf": "1\r\nSet-Cookie: a=b",
    "markup": "<script>alert(1)</script>",
    "wide": "１２３４５６",
    "spaces": " 123 456 ",
    "path": "../../hongyan.key",
    "format": "%s%n{0}${1}",
}
OPEN = {"text", "params", "openid", "device", "ip"}
"""Fields that hold whatever an app likes."""
WORDS = {
    "phone": "invalid_number",
    "to": "invalid_number",
    "purpose": "invalid_request",
    "code": "invalid_code",
    "template": "unknown_template",
    "signature": "unknown_signature",
    "proof": "proof_invalid",
}


def field_of(place: Place) -> str:
    return next(str(name) for name in reversed(place) if isinstance(name, str))


CLOSED_FIELDS = [one for one in FIELDS if field_of(one[2]) not in OPEN]
OPEN_FIELDS = [one for one in FIELDS if field_of(one[2]) in OPEN]


@pytest.mark.parametrize(("path", "body", "place"), CLOSED_FIELDS, ids=named)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_value_is_refused_and_not_repeated(
    caller: Client, path: str, body: Any, place: Place, hostile: str
) -> None:
    answer = caller.post(path, changed(body, place, HOSTILE[hostile]))
    if isinstance(body.get("to"), list) and field_of(place) == "to":
        (told,) = answer.json["messages"]
        assert told["error"]["code"] == "invalid_number"
        return
    in_loop = 1004 if place == ("code",) else 1002
    expected = in_loop if path in LOOP else WORDS[field_of(place)]
    assert said(path, answer) == (400, expected)
    assert HOSTILE[hostile].encode() not in answer.body


@pytest.mark.parametrize("hostile", ["sql", "markup", "format", "path"])
def test_a_hostile_text_arrives_as_it_was_written(caller: Client, phone: str, hostile: str) -> None:
    caller.sent(phone, text=HOSTILE[hostile], signature="鸿雁")
    assert caller.latest(phone)["text"] == "【鸿雁】" + HOSTILE[hostile]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"text": "a\0b", "signature": "鸿雁"}, "invalid_text"),
        ({"template": "notice", "params": ["a\0b"]}, "invalid_parameters"),
    ],
)
def test_a_text_with_nul_is_refused(
    caller: Client, phone: str, body: dict[str, Any], code: str
) -> None:
    assert caller.post(SEND, {"to": phone} | body).problem == (400, code)


@pytest.mark.parametrize("field", ["openid", "device", "ip"])
def test_a_client_with_nul_is_refused(caller: Client, phone: str, field: str) -> None:
    assert caller.start(phone, client={field: "a\0b"}).problem == (400, "invalid_request")


@pytest.mark.parametrize("ip", ["here", "1.2.3", "1.2.3.4.5", "192.0.2.1:80", "::g", " 192.0.2.1"])
def test_a_client_address_that_is_none_is_refused(caller: Client, phone: str, ip: str) -> None:
    assert caller.start(phone, client={"ip": ip}).problem == (400, "invalid_request")


@pytest.mark.parametrize("value", ["' OR 1=1;--", "a\r\nb: c", "鸿雁", "%s%n"])
def test_an_openid_may_be_anything_and_means_only_itself(
    caller: Client, phone: str, value: str
) -> None:
    verification = caller.started(phone, client={"openid": value})
    code = caller.code(phone)
    other = caller.check(verification, code, client={"openid": value + "x"})
    assert other.problem == (400, "invalid_or_expired")
    assert caller.check(verification, code, client={"openid": value}).status == 200


# Ids and keys.


@pytest.mark.parametrize(
    "written",
    [
        "0",
        "%00",
        "%27%20OR%201=1",
        "..",
        "%2e%2e",
        "%E9%B8%BF",
        "a" * 20_000,
        NO_SUCH_ID,
        "-",
        "%0d%0a",
    ],
    ids=named,
)
def test_an_unknown_id_is_refused(caller: Client, written: str) -> None:
    check = caller.post(f"/v1/verifications/{written}/check", {"code": "123456"})
    assert check.problem == (400, "invalid_or_expired")
    assert caller.post(f"/v1/verifications/{written}/resend").problem == (400, "invalid_or_expired")
    assert caller.get(f"/v1/messages/{written}").problem == (404, "not_found")


@pytest.mark.parametrize("key", ["", "a" * 256, "\xe9", "a\tb"], ids=named)
@pytest.mark.parametrize("path", [START, CHECK, SEND])
def test_a_bad_idempotency_key_is_refused(caller: Client, phone: str, path: str, key: str) -> None:
    body = dict(next(one for one in GOOD if one[0] == path)[1])
    for name in ("phone", "to"):
        if name in body:
            body[name] = phone
    answer = caller.post(path, body, idempotency_key=key)
    assert answer.problem == (400, "invalid_idempotency_key")
    assert caller.texts(phone) == []


@pytest.mark.parametrize("key", ["a", " a ~", "a" * 255])
def test_a_good_idempotency_key_is_printable_ascii(caller: Client, phone: str, key: str) -> None:
    body = {"to": phone, **NOTICE}
    first = caller.post(SEND, body, idempotency_key=phone + key[: 255 - len(phone)])
    assert first.status == 201


def test_an_idempotency_key_with_another_code_is_refused(caller: Client, phone: str) -> None:
    path = f"/v1/verifications/{caller.started(phone)}/check"
    code = caller.code(phone)
    other = f"{(int(code) + 1) % 1_000_000:06d}"
    first = caller.post(path, {"code": other}, idempotency_key="a")
    assert first.problem == (400, "invalid_or_expired")
    again = caller.post(path, {"code": code}, idempotency_key="a")
    assert again.problem == (409, "idempotency_key_reused")
    assert caller.check(path.split("/")[3], code).status == 200


# What is left of all that: nothing.


def refused_by(path: str, body: Any, place: Place) -> Iterator[object]:
    """Bodies that are refused, as the tests above have them."""
    for value in (None, 0, "1\ud8001", "1" * 5_000):
        yield changed(body, place, value)
    if field_of(place) not in OPEN and field_of(place) != "code":
        for value in HOSTILE.values():
            yield changed(body, place, value)


def test_bad_input_costs_nothing_and_leaves_nothing(own: Dev, phone: str) -> None:
    app = own.app
    verification, code = app.started(phone), app.code(phone)
    before = own.balance()
    for path, body, place in FIELDS:
        for bad in refused_by(path, body, place):
            answer = app.post(path.replace(NO_SUCH_ID, verification), bad)
            assert answer.status == 400 or answer.json["messages"][0]["error"]
    for path in V1:
        for raw in NOT_JSON[2:]:
            assert app.post(path.replace(NO_SUCH_ID, verification), raw).status == 400
    assert own.balance() == before
    assert len(app.get("/sandbox/messages").json["messages"]) == 1
    assert "hongyan_messages_waiting 0.0" in app.get("/metrics").body.decode()
    assert app.check(verification, code).status == 200
    assert "Traceback" not in own.err
