"""JSON Web Tokens signed with ES256 (RFC 7515, 7517, 7518 §3.4, 7519): just what a proof needs."""

import base64
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

_ALGORITHM: Final = ec.ECDSA(SHA256())
_COORDINATE_BYTES: Final = 32
_LONGEST: Final = 4_096
_BASE64URL: Final = re.compile(rb"([\w-]{4})*([\w-]{2,3})?")


class JwtError(Exception):
    """Not a token of ours, or not one that these keys signed."""


class _Header(msgspec.Struct):
    alg: str
    kid: str
    typ: str = "JWT"


class Signer:
    """A P-256 key under its id."""

    def __init__(self, key_id: str, private_der: bytes) -> None:
        key = load_der_private_key(private_der, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("a proof is signed with a P-256 key")
        self.key_id = key_id
        self._key = key
        self.public = key.public_key()
        header = msgspec.json.encode(_Header("ES256", key_id))
        self.head = _base64url(header) + b"."

    def sign(self, claims: Mapping[str, Any]) -> str:
        """The token in its compact form."""
        signed = self.head + _base64url(msgspec.json.encode(claims))
        r, s = decode_dss_signature(self._key.sign(signed, _ALGORITHM))
        raw = r.to_bytes(_COORDINATE_BYTES) + s.to_bytes(_COORDINATE_BYTES)
        return (signed + b"." + _base64url(raw)).decode("ascii")

    def has_signed(self, content: bytes, signature: bytes) -> bool:
        """Whether this is a signature of ours; `signature` is r and s, as RFC 7518 §3.4 has it."""
        if len(signature) != 2 * _COORDINATE_BYTES:
            return False
        r = int.from_bytes(signature[:_COORDINATE_BYTES])
        s = int.from_bytes(signature[_COORDINATE_BYTES:])
        try:
            self.public.verify(encode_dss_signature(r, s), content, _ALGORITHM)
        except InvalidSignature:
            return False
        return True

    def jwk(self) -> dict[str, str]:
        """The public half, for a JWKS."""
        point = self.public.public_numbers()
        return {
            "kty": "EC",
            "crv": "P-256",
            "x": _base64url(point.x.to_bytes(_COORDINATE_BYTES)).decode(),
            "y": _base64url(point.y.to_bytes(_COORDINATE_BYTES)).decode(),
            "use": "sig",
            "alg": "ES256",
            "kid": self.key_id,
        }


def new_key() -> bytes:
    """A new P-256 private key, PKCS #8 DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def verified(token: str, signers: Mapping[str, Signer]) -> dict[str, Any]:
    """The claims of a token that one of these keys signed; what they say is the caller's to judge.

    A key of ours signs under one header only, so that tells it, and nothing is decoded that it did
    not sign. Raises JwtError for anything else, whatever the bytes.
    """
    if len(token) > _LONGEST or not token.isascii():
        raise JwtError("This is not a proof.")
    content, _, signature = token.encode("ascii").rpartition(b".")
    signer = next((one for one in signers.values() if content.startswith(one.head)), None)
    if signer is None or not signer.has_signed(content, _unbase64url(signature)):
        raise JwtError("No key of this house signed this.")
    return msgspec.json.decode(_unbase64url(content[len(signer.head) :]), type=dict[str, Any])


def _base64url(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _unbase64url(text: bytes) -> bytes:
    """Raises JwtError."""
    if not _BASE64URL.fullmatch(text):
        raise JwtError("This is not a proof.")
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
