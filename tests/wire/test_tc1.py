"""HmacSHA1 and HmacSHA256: every official client's signature is known again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.wire import tc1
from hongyan.wire.form import fields
from hongyan.wire.tencent.fault import Fault
from support.tencent import SECRET_ID, SECRET_KEY, Recorded, load, recorded, request

SIGNED = [one for one in recorded() if one.is_v1]
NOW = 1_795_198_135
GOOD = {
    "Action": "SendSms",
    "Nonce": "1",
    "SecretId": SECRET_ID,
    "Timestamp": str(NOW),
    "Signature": "x",
}


def parameters(one: Recorded) -> dict[str, str]:
    is_get = one.request.method == "GET"
    return dict(fields(one.request.query if is_get else one.request.body))


@pytest.mark.parametrize("one", SIGNED, ids=lambda one: one.label)
def test_a_recorded_signature_is_known(one: Recorded) -> None:
    claim = tc1.read(parameters(one))
    assert (claim.secret_id, claim.timestamp) == (SECRET_ID, one.timestamp)
    assert (claim.signature, claim.token) == (one.signature, one.token)
    claim.require(one.request, SECRET_KEY, one.timestamp)


@pytest.mark.parametrize("one", SIGNED[::5], ids=lambda one: one.label)
def test_a_recorded_signature_is_no_other_call_s(one: Recorded) -> None:
    other = parameters(one) | {"TemplateId": "2"}
    for claim, key, now, code in (
        (tc1.read(other), SECRET_KEY, one.timestamp, "SignatureFailure"),
        (tc1.read(parameters(one)), "another key", one.timestamp, "SignatureFailure"),
        (tc1.read(parameters(one)), SECRET_KEY, one.timestamp + 301, "SignatureExpire"),
    ):
        with pytest.raises(Fault) as refused:
            claim.require(one.request, key, now)
        assert refused.value.code == f"AuthFailure.{code}"


def test_the_documents_example_has_the_documents_signature() -> None:
    official = load("official.json")[1]
    string = official["string_to_sign"]
    assert tc1.signature(official["secretKey"], string) == official["signature"]


@pytest.mark.parametrize("name", ["SecretId", "Timestamp", "Nonce", "Signature"])
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(Fault) as refused:
        tc1.read({key: value for key, value in GOOD.items() if key != name})
    assert (refused.value.code, refused.value.parameter) == ("MissingParameter", name)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("SignatureMethod", "TC3-HMAC-SHA256", "InvalidParameterValue"),
        ("SignatureMethod", "md5", "InvalidParameterValue"),
        ("Signature", "x" * 65, "AuthFailure.SignatureFailure"),
        ("SecretId", f"{SECRET_ID} ", "AuthFailure.InvalidSecretId"),
        ("Timestamp", "1.5", "AuthFailure.SignatureExpire"),
    ],
)
def test_what_cannot_be_is_refused(name: str, value: str, code: str) -> None:
    with pytest.raises(Fault) as refused:
        tc1.read(GOOD | {name: value})
    assert refused.value.code == code


TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(TEXT, TEXT), st.sampled_from(["sha1", "sha256"]))
def test_what_is_signed_is_known(other: dict[str, str], digest: str) -> None:
    method = {"sha1": "HmacSHA1", "sha256": "HmacSHA256"}[digest]
    whole = other | GOOD | {"SignatureMethod": method}
    string = f"POSTh:1/?{tc1.written(whole)}"
    whole["Signature"] = tc1.signature(SECRET_KEY, string, digest)
    tc1.read(whole).require(request(headers={"host": "h:1"}), SECRET_KEY, NOW)


def test_a_signature_of_any_letters_is_compared() -> None:
    with pytest.raises(Fault, match="SignatureFailure"):
        tc1.read(GOOD | {"Signature": "签名"}).require(request(headers={"host": "h"}), "k", NOW)
