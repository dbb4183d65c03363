"""JSON Web Tokens: what we sign others can verify, and we take nothing that we did not sign."""

import base64
import hashlib
import hmac
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from hongyan.wire.jwt import JwtError, Signer, new_key, verified

SIGNER = Signer("k1", new_key())
OTHER = Signer("k1", new_key())
KEYS = {"k1": SIGNER}
CLAIMS = {"iss": "https://hongyan.test", "sub": "+8613800138000", "exp": 1_795_233_900}
TOKEN = SIGNER.sign(CLAIMS)
HEAD, BODY, SIGNATURE = TOKEN.split(".")


def encoded(value: object) -> str:
    raw = value if isinstance(value, bytes) else msgspec.json.encode(value)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def header(**differing: object) -> str:
    return encoded({"alg": "ES256", "kid": "k1", "typ": "JWT"} | differing)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), json_values, max_size=5))
def test_what_was_signed_is_read_back(claims: dict[str, Any]) -> None:
    assert verified(SIGNER.sign(claims), KEYS) == claims


def test_whoever_has_the_jwk_can_verify_without_us() -> None:
    jwk = SIGNER.jwk()
    assert (jwk["kty"], jwk["crv"], jwk["alg"], jwk["use"]) == ("EC", "P-256", "ES256", "sig")
    x, y = (int.from_bytes(decoded(jwk[name])) for name in "xy")
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    raw = decoded(SIGNATURE)
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    public.verify(encode_dss_signature(r, s), f"{HEAD}.{BODY}".encode(), ec.ECDSA(SHA256()))


def test_a_token_names_its_key_and_algorithm_and_is_plain_base64url() -> None:
    assert msgspec.json.decode(decoded(HEAD)) == {"alg": "ES256", "kid": "k1", "typ": "JWT"}
    assert msgspec.json.decode(decoded(BODY)) == CLAIMS
    assert len(decoded(SIGNATURE)) == 64
    assert not set(TOKEN) & set("=+/")


def test_a_jwk_holds_both_coordinates_whole() -> None:
    for _ in range(600):
        jwk = Signer("k", new_key()).jwk()
        assert (len(decoded(jwk["x"])), len(decoded(jwk["y"]))) == (32, 32)


@given(st.integers(0, 2), st.data())
def test_a_changed_byte_anywhere_is_noticed(part: int, data: st.DataObject) -> None:
    parts = TOKEN.split(".")
    raw = bytearray(decoded(parts[part]))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    parts[part] = encoded(bytes(raw))
    with pytest.raises(JwtError):
        verified(".".join(parts), KEYS)


NO_TOKENS = {
    "nothing": "",
    "only dots": "..",
    "no signature": f"{HEAD}.{BODY}",
    "an empty signature": f"{HEAD}.{BODY}.",
    "a fourth part": f"{TOKEN}.{SIGNATURE}",
    "a trailing dot": f"{TOKEN}.",
    "a leading space": f" {TOKEN}",
    "a trailing newline": f"{TOKEN}\n",
    "padding": f"{TOKEN}=",
    "other letters": f"{TOKEN}é",
    "no end": TOKEN + "A" * 4_096,
    "a signature of zeros": f"{HEAD}.{BODY}.{encoded(bytes(64))}",
    "a short signature": f"{HEAD}.{BODY}.{encoded(decoded(SIGNATURE)[:63])}",
    "a long signature": f"{HEAD}.{BODY}.{encoded(decoded(SIGNATURE) + bytes(1))}",
    "a header that is a list": f"{encoded([])}.{BODY}.{SIGNATURE}",
    "a header that says nothing": f"{encoded({})}.{BODY}.{SIGNATURE}",
    "a header of numbers": f"{header(alg=1, kid=2)}.{BODY}.{SIGNATURE}",
    "claims that are a list": f"{HEAD}.{encoded([1])}.{SIGNATURE}",
    "claims that are cut off": f"{HEAD}.{encoded(b'{')}.{SIGNATURE}",
    "claims that are not base64": f"{HEAD}.A.{SIGNATURE}",
}


@pytest.mark.parametrize("token", NO_TOKENS.values(), ids=NO_TOKENS)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(JwtError):
        verified(token, KEYS)


def test_another_house_with_the_same_key_id_is_refused() -> None:
    with pytest.raises(JwtError):
        verified(OTHER.sign(CLAIMS), KEYS)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(JwtError):
        verified(Signer("k2", new_key()).sign(CLAIMS), KEYS)
    with pytest.raises(JwtError):
        verified(TOKEN, {})


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "ES384", "es256", ""])
@pytest.mark.parametrize("signature", ["", SIGNATURE], ids=["unsigned", "signed"])
def test_no_other_algorithm_is_taken(algorithm: str, signature: str) -> None:
    with pytest.raises(JwtError):
        verified(f"{header(alg=algorithm)}.{BODY}.{signature}", KEYS)


def test_a_public_key_is_never_taken_for_a_shared_secret() -> None:
    jwk = SIGNER.jwk()
    signed = f"{header(alg='HS256')}.{BODY}"
    for secret in (decoded(jwk["x"]), decoded(jwk["x"]) + decoded(jwk["y"])):
        forged = hmac.digest(secret, signed.encode(), hashlib.sha256)
        with pytest.raises(JwtError):
            verified(f"{signed}.{encoded(forged + forged)}", KEYS)


@given(st.text() | st.text("eyJ0.-_AQ=", max_size=200))
def test_whatever_is_presented_is_refused_and_nothing_else_happens(token: str) -> None:
    with pytest.raises(JwtError):
        verified(token, KEYS)


@given(st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=70))
def test_whatever_is_encoded_is_refused_and_nothing_else_happens(
    head: bytes, body: bytes, signature: bytes
) -> None:
    with pytest.raises(JwtError):
        verified(".".join(map(encoded, (head, body, signature))), KEYS)


def test_brackets_in_brackets_are_refused_too() -> None:
    body = encoded(b'{"a":' + b"[" * 1_400 + b"]" * 1_400 + b"}")
    with pytest.raises(JwtError):
        verified(f"{HEAD}.{body}.{SIGNATURE}", KEYS)


def test_a_key_of_another_kind_signs_no_proofs() -> None:
    other = ed25519.Ed25519PrivateKey.generate()
    der = other.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(TypeError):
        Signer("k", der)
