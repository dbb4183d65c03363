"""Proofs over real sockets: verified here with the JWKS alone, and there once."""

import base64
import json
import time
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from hongyan.core.time import MINUTE, SECOND
from hongyan.service.prove import rotate_keys
from support.held import HeldHouse
from support.process import Client, Dev


def unbase64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def verified(proof: str, jwks: Any) -> Any:
    """The claims, verified as RFC 7515 says and with nothing of ours."""
    head, body, signature = proof.split(".")
    header = json.loads(unbase64url(head))
    assert header["alg"] == "ES256"
    (jwk,) = [key for key in jwks["keys"] if key["kid"] == header["kid"]]
    assert (jwk["kty"], jwk["crv"], jwk["alg"], jwk["use"]) == ("EC", "P-256", "ES256", "sig")
    x, y = (int.from_bytes(unbase64url(jwk[axis])) for axis in ("x", "y"))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    raw = unbase64url(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    key.verify(der, f"{head}.{body}".encode(), ec.ECDSA(SHA256()))
    return json.loads(unbase64url(body))


def jwks(client: Client) -> Any:
    return client.get("/.well-known/jwks.json").json


def test_a_proof_can_be_verified_with_the_published_keys_alone(
    dev: Dev, app: Client, phone: str
) -> None:
    verification = app.started(phone, "bind_phone")
    proof = app.check(verification, app.code(phone)).json["proof"]
    claims = verified(proof, jwks(app))
    assert claims["iss"] == dev.url
    assert (claims["aud"], claims["sub"]) == ("app_dev", f"+86{phone}")
    assert (claims["purpose"], claims["vid"]) == ("bind_phone", verification)
    assert claims["exp"] - claims["iat"] == 300
    assert abs(claims["iat"] - time.time()) < 20
    assert len(claims["jti"]) == 32
    assert "openid" not in claims


def test_a_proof_names_the_openid_that_was_told(app: Client, phone: str) -> None:
    proof = app.approved(phone, client={"openid": "o-1"})
    assert verified(proof, jwks(app))["openid"] == "o-1"
    assert app.post("/v1/proofs/verify", {"proof": proof}).json["openid"] == "o-1"


def test_the_published_keys_hold_no_private_half_and_may_be_kept(app: Client) -> None:
    answer = app.with_key("").get("/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert all(
        key.keys() == {"kty", "crv", "x", "y", "use", "alg", "kid"} for key in answer.json["keys"]
    )


def test_a_proof_is_used_up_by_its_verification(app: Client, phone: str) -> None:
    verification = app.started(phone)
    proof = app.check(verification, app.code(phone)).json["proof"]
    first = app.post("/v1/proofs/verify", {"proof": proof})
    assert first.status == 200
    told = {"phone": f"+86{phone}", "purpose": "login", "verification_id": verification}
    assert first.json == told
    assert app.post("/v1/proofs/verify", {"proof": proof}).problem == (409, "proof_used")


def test_another_app_cannot_use_a_proof_up(app: Client, other_app: Client, phone: str) -> None:
    proof = app.approved(phone)
    answer = other_app.post("/v1/proofs/verify", {"proof": proof})
    assert answer.problem == (400, "proof_invalid")
    assert app.post("/v1/proofs/verify", {"proof": proof}).status == 200


def altered(proof: str, **claims: object) -> str:
    head, body, signature = proof.split(".")
    changed = json.loads(unbase64url(body)) | claims
    return ".".join([head, base64url(json.dumps(changed).encode()), signature])


def test_an_altered_proof_is_invalid(app: Client, phone: str) -> None:
    proof = altered(app.approved(phone), sub="+8613800138000")
    with pytest.raises(InvalidSignature):
        verified(proof, jwks(app))
    assert app.post("/v1/proofs/verify", {"proof": proof}).problem == (400, "proof_invalid")


def unsigned(claims: bytes = b"{}", **header: str) -> str:
    head = json.dumps({"alg": "ES256", "kid": "1"} | header).encode()
    return ".".join([base64url(head), base64url(claims), base64url(bytes(64))])


@pytest.mark.parametrize(
    "proof",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "e30.e30.",
        "e30.e30.e30",
        "鸿.雁.",
        "\0.\0.\0",
        "eyJ=.eyJ=.eyJ=",
        unsigned(),
        unsigned(alg="none"),
        unsigned(alg="HS256"),
        unsigned(b"[]"),
        unsigned(b"\xff"),
        "a" * 4_096,
    ],
)
def test_what_is_no_proof_is_invalid(app: Client, proof: str) -> None:
    assert app.post("/v1/proofs/verify", {"proof": proof}).problem == (400, "proof_invalid")


def test_a_deeply_nested_proof_is_invalid(app: Client) -> None:
    proof = unsigned(b'{"a":' + b"[" * 1_400 + b"]" * 1_400 + b"}")
    assert app.post("/v1/proofs/verify", {"proof": proof}).problem == (400, "proof_invalid")


def test_a_proof_is_good_for_five_minutes(held: HeldHouse, phone: str) -> None:
    proof = held.app.approved(phone)
    held.clock.pass_by(5 * MINUTE + SECOND)
    assert held.app.post("/v1/proofs/verify", {"proof": proof}).problem == (400, "proof_invalid")


def test_a_new_key_is_published_before_it_signs(held: HeldHouse, phone: str) -> None:
    def signed_under() -> str:
        proof = held.app.approved(phone)
        verified(proof, jwks(held.nobody))
        return str(json.loads(unbase64url(proof.split(".")[0]))["kid"])

    held.clock.pass_by(15 * MINUTE)
    (first,) = [key["kid"] for key in jwks(held.nobody)["keys"]]
    with held.administering() as administering:
        rotate_keys(administering, held.clock(), force=True)
    assert signed_under() == first
    assert len(jwks(held.nobody)["keys"]) == 2
    held.clock.pass_by(11 * MINUTE)
    assert signed_under() != first


def test_a_proof_of_a_replaced_key_stays_good(held: HeldHouse, phone: str) -> None:
    proof = held.app.approved(phone)
    with held.administering() as administering:
        held.clock.pass_by(MINUTE)
        rotate_keys(administering, held.clock(), force=True)
    held.clock.pass_by(3 * MINUTE)
    assert held.app.post("/v1/proofs/verify", {"proof": proof}).status == 200
