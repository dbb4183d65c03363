"""TC3: every official client's signature is known again, and nothing else is."""

import hashlib
import hmac
import re

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hongyan.wire import tc3
from hongyan.wire.http import Request
from hongyan.wire.tencent.fault import AuthFailure, Fault
from support.tencent import SECRET_ID, SECRET_KEY, Recorded, load, recorded, request

SIGNED = [one for one in recorded() if one.signature and not one.is_v1]
NOW = 1_795_198_134
BODY = b'{"SmsSdkAppId":"1400006666"}'
HEADERS = {
    "content-type": "application/json",
    "host": "sms.example.cn",
    "x-tc-action": "SendSms",
    "x-tc-timestamp": str(NOW),
}


def signed(body: bytes = BODY, host: str = "sms.example.cn", path: str = "/") -> Request:
    headers = tc3.Signer(SECRET_ID, SECRET_KEY, host).posted(body, NOW, path)
    return request(body, headers, path=path)


def changed(one: Request, **headers: str | None) -> Request:
    """The same request with other headers; None takes one off."""
    new = dict(one.headers)
    for name, value in headers.items():
        key = name.replace("_", "-").encode()
        if value is None:
            del new[key]
        else:
            new[key] = value.encode()
    return msgspec.structs.replace(one, headers=new)


def refusal(one: Request, now: int = NOW, key: str = SECRET_KEY) -> str:
    with pytest.raises(Fault) as refused:
        tc3.read(one).require(one, key, now)
    return refused.value.code


# Recorded.


def test_the_recordings_are_whole() -> None:
    assert len(recorded()) == 97
    assert len(SIGNED) == 73
    assert sum(one.is_v1 for one in recorded()) == 22


@pytest.mark.parametrize("one", SIGNED, ids=lambda one: one.label)
def test_a_recorded_signature_is_known(one: Recorded) -> None:
    claim = tc3.read(one.request)
    assert (claim.secret_id, claim.timestamp) == (SECRET_ID, one.timestamp)
    assert (claim.signature, claim.token) == (one.signature, one.token)
    claim.require(one.request, SECRET_KEY, one.timestamp)


@pytest.mark.parametrize("one", SIGNED[::9], ids=lambda one: one.label)
def test_a_recorded_signature_is_no_other_request_s(one: Recorded) -> None:
    assert refusal(one.request, one.timestamp, "another key") == "AuthFailure.SignatureFailure"
    for late in (-301, 301):
        assert refusal(one.request, one.timestamp + late) == "AuthFailure.SignatureExpire"
    tc3.read(one.request).require(one.request, SECRET_KEY, one.timestamp + 300)


@pytest.mark.parametrize(
    "one", [one for one in recorded() if not one.signature], ids=lambda one: one.label
)
def test_a_call_that_is_not_signed_is_refused(one: Recorded) -> None:
    assert refusal(one.request) == "AuthFailure.InvalidAuthorization"


def test_the_body_of_another_request_is_refused() -> None:
    for one in SIGNED:
        is_bound = one.request.method == "POST" and "unsigned" not in one.label
        other = msgspec.structs.replace(one.request, body=one.request.body + b" ")
        if is_bound:
            assert refusal(other, one.timestamp) == "AuthFailure.SignatureFailure"


def test_the_documents_example_has_the_documents_signature() -> None:
    official = load("official.json")[0]
    digest = hashlib.sha256(official["body"].encode()).hexdigest().encode()
    assert digest.decode() == official["payload_sha256"]
    headers = {
        name.encode(): official["headers"][name].encode() for name in ("content-type", "host")
    }
    reading = tc3.canonical("POST", "/", b"", headers, digest)
    assert hashlib.sha256(reading).hexdigest() == official["canonical_request_sha256"]
    authorization = (
        f"TC3-HMAC-SHA256 Credential={official['secretId']}/2019-02-25/cvm/tc3_request,"
        f" SignedHeaders=content-type;host, Signature={official['signature']}"
    )
    one = request(
        official["body"].encode(),
        official["headers"] | {"authorization": authorization, "x-tc-timestamp": "1551113065"},
    )
    tc3.read(one).require(one, official["secretKey"], 1_551_113_065)


# Both sides.

TEXT = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=12)


@given(st.binary(), TEXT, st.integers(0, 4_000_000_000), st.sampled_from(["/", "/tencent/"]))
def test_what_is_signed_is_known_and_a_changed_body_is_not(
    body: bytes, secret_key: str, now: int, path: str
) -> None:
    headers = tc3.Signer("AKIDx", secret_key, "h:1").posted(body, now, path)
    one = request(body, headers, path=path)
    tc3.read(one).require(one, secret_key, now)
    other = msgspec.structs.replace(one, body=body + b"x")
    assert refusal(other, now, secret_key) == "AuthFailure.SignatureFailure"


@given(st.binary(), st.binary())
def test_a_query_is_signed_too(query: bytes, other: bytes) -> None:
    assume(query != other)
    headers = tc3.Signer(SECRET_ID, SECRET_KEY, "h").got(query, NOW)
    one = request(b"not looked at", headers, method="GET", query=query)
    tc3.read(one).require(one, SECRET_KEY, NOW)
    assert refusal(msgspec.structs.replace(one, query=other)) == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize(
    ("signs", "sends"),
    [
        ("sms.example.cn", "sms.example.cn"),
        ("127.0.0.1", "127.0.0.1:8080"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("127.0.0.1:8080", "127.0.0.1:8080/tencent"),
        ("sms.tencentcloudapi.com", "sms.example.cn"),
        ("public.example.cn", "backend:9000"),
        ("sms.example.cn", "SMS.Example.CN"),
    ],
)
def test_the_host_that_was_signed_is_found(signs: str, sends: str) -> None:
    one = changed(signed(host=signs), host=sends)
    tc3.read(one).require(one, SECRET_KEY, NOW, also=["public.example.cn"])


@pytest.mark.parametrize("sends", ["evil.example.cn", "", "x" * 300])
def test_another_host_is_refused(sends: str) -> None:
    assert refusal(changed(signed(), host=sends)) == "AuthFailure.SignatureFailure"


def test_python_signs_the_root_whatever_the_path() -> None:
    one = msgspec.structs.replace(signed(path="/"), path="/tencent")
    tc3.read(one).require(one, SECRET_KEY, NOW)
    other = msgspec.structs.replace(signed(path="/tencent"), path="/")
    assert refusal(other) == "AuthFailure.SignatureFailure"


def test_values_in_lower_case_are_known_as_the_documents_have_them() -> None:
    headers = HEADERS | {"content-type": "application/json; charset=utf-8"}
    names = ("content-type", "host", "x-tc-action")
    lower = {name.encode(): headers[name].lower().encode() for name in names}
    digest = hashlib.sha256(BODY).hexdigest().encode()
    reading = hashlib.sha256(tc3.canonical("POST", "/", b"", lower, digest)).hexdigest()
    key = tc3.signing_key(SECRET_KEY, "2026-11-20", "sms")
    string = f"TC3-HMAC-SHA256\n{NOW}\n2026-11-20/sms/tc3_request\n{reading}"
    authorization = (
        f"TC3-HMAC-SHA256 Credential={SECRET_ID}/2026-11-20/sms/tc3_request,"
        " SignedHeaders=content-type;host;x-tc-action,"
        f" Signature={hmac.digest(key, string.encode(), 'sha256').hex()}"
    )
    one = request(BODY, headers | {"authorization": authorization})
    tc3.read(one).require(one, SECRET_KEY, NOW)


# Bad input.


def test_the_parts_of_the_header_may_come_in_any_order() -> None:
    one = signed()
    parts = re.findall(r"\w+=[^\s,]+", one.header(b"authorization"))
    other = changed(one, authorization="TC3-HMAC-SHA256 " + ",".join(reversed(parts)))
    tc3.read(other).require(other, SECRET_KEY, NOW)


def test_a_header_that_is_cut_anywhere_is_refused() -> None:
    whole = signed().header(b"authorization")
    for length in range(len(whole)):
        code = refusal(changed(signed(), authorization=whole[:length]))
        assert code == "AuthFailure.InvalidAuthorization", whole[:length]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("TC3-HMAC-SHA256", "TC3-HMAC-SM3"),
        ("/tc3_request", "/tc4_request"),
        ("2026-11-20", "20261120"),
        ("content-type;host", "content-type"),
        ("content-type;host", "host"),
        ("content-type;host", "content-type;host;" + ";".join("abcdefghijklmnop")),
        ("content-type;host", "content-type;host;X-TC-Action"),
        ("Signature=", "Signature=0"),
        ("/sms/", "/"),
        ("/sms/", f"/{'s' * 257}/"),
    ],
)
def test_another_form_is_no_authorization(old: str, new: str) -> None:
    whole = signed().header(b"authorization")
    code = refusal(changed(signed(), authorization=whole.replace(old, new)))
    assert code == "AuthFailure.InvalidAuthorization"


@pytest.mark.parametrize("secret_id", ["密钥", "AKID.x", "x" * 129, ""])
def test_what_is_no_secret_id_is_named(secret_id: str) -> None:
    whole = signed().header(b"authorization").replace(SECRET_ID, secret_id)
    assert refusal(changed(signed(), authorization=whole)) == "AuthFailure.InvalidSecretId"


def test_a_date_that_is_not_the_timestamp_s_is_refused() -> None:
    whole = signed().header(b"authorization").replace("2026-11-20", "2026-11-21")
    code = refusal(changed(signed(), authorization=whole))
    assert code == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (None, "MissingParameter"),
        ("", "MissingParameter"),
        ("now", "AuthFailure.SignatureExpire"),
        ("-1", "AuthFailure.SignatureExpire"),
        ("1e9", "AuthFailure.SignatureExpire"),
        ("9" * 400, "AuthFailure.SignatureExpire"),
        (str(NOW * 1000), "AuthFailure.SignatureExpire"),
        ("١٧٩٥١٩٨١٣٤", "AuthFailure.SignatureExpire"),
    ],
)
def test_a_time_that_is_none_is_refused(written: str | None, code: str) -> None:
    assert refusal(changed(signed(), x_tc_timestamp=written)) == code


def test_an_unsigned_payload_binds_no_body_and_is_not_taken_back() -> None:
    one = next(one for one in SIGNED if "unsigned" in one.label)
    other = msgspec.structs.replace(one.request, body=b"anything")
    tc3.read(other).require(other, SECRET_KEY, one.timestamp)
    plain = changed(one.request, x_tc_content_sha256=None)
    assert refusal(plain, one.timestamp) == "AuthFailure.SignatureFailure"


@given(st.text(st.characters(codec="latin-1")))
def test_whatever_stands_there_is_refused_in_a_word(written: str) -> None:
    one = request(headers=HEADERS | {"authorization": written})
    with pytest.raises(AuthFailure):
        tc3.read(one)


@pytest.mark.parametrize("sent", ["", "tmpTOKEN", "令牌"])
def test_temporary_credentials_need_their_token(sent: str) -> None:
    tc3.require_token("tmpTOKEN/abc+==", "tmpTOKEN/abc+==")
    tc3.require_token(sent, "")
    with pytest.raises(AuthFailure, match="TokenFailure"):
        tc3.require_token(sent, "tmpTOKEN/abc+==")


def test_no_key_is_shown() -> None:
    assert SECRET_KEY not in repr(tc3.Signer(SECRET_ID, SECRET_KEY, "h"))
