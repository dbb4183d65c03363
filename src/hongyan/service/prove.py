"""Prove: a passed verification becomes a signed proof that an app's back end can trust."""

from collections.abc import Mapping
from typing import Any, Final

from hongyan.core.command import Approved, Consume, Consumed
from hongyan.core.errors import HongyanError, NotFound, ProofInvalid
from hongyan.core.identifier import read_uuid, written_uuid
from hongyan.core.time import DAY, MINUTE, SECOND, Millis
from hongyan.service.directory import App, SigningKey
from hongyan.service.ports import Administration, Clock, Store
from hongyan.wire.jwt import JwtError, Signer, new_key, verified

_ROTATE_AFTER: Final = 30 * DAY
_KNOWN_BEFORE_USE: Final = 10 * MINUTE
"""A new key stands in the JWKS for so long before it signs, so that caches have it by then."""
_KEPT_AFTER: Final = 60 * MINUTE
"""A replaced key stands there for so long after, longer than any proof lives."""


class Proofs:
    """Makes, checks and consumes proofs: JWTs, ES256, five minutes."""

    def __init__(self, store: Store, clock: Clock, issuer: str, lifetime: Millis) -> None:
        """`issuer`: the base URL of this house, where its JWKS is."""
        self._store = store
        self._clock = clock
        self._issuer = issuer
        self._lifetime = lifetime
        self._keys: tuple[SigningKey, ...] = ()
        self._signers: dict[str, Signer] = {}

    def made(self, approved: Approved, app: App, openid: str) -> str:
        """The proof of a verification. Made again of the same answer, it has the same claims."""
        issued_at = approved.at // SECOND
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": app.name,
            "sub": approved.phone,
            "purpose": approved.purpose,
            "vid": written_uuid(approved.verification),
            "jti": approved.proof.hex(),
            "iat": issued_at,
            "exp": issued_at + self._lifetime // SECOND,
        }
        if openid:
            claims["openid"] = openid
        return self._signing().sign(claims)

    async def consumed(self, proof: str, app: App) -> tuple[Consumed, Mapping[str, Any]]:
        """Use a proof up: what it proves, with its claims.

        Raises ProofInvalid (not ours, another app's, too old) and ProofUsed.
        """
        claims = self._claims(proof, app)
        try:
            verification = read_uuid(str(claims["vid"]))
            token = bytes.fromhex(str(claims["jti"]))
        except (KeyError, ValueError, NotFound) as error:
            raise ProofInvalid from error
        answer = await self._store.accept(Consume(app.id, verification, token))
        if isinstance(answer, HongyanError):
            raise answer
        assert isinstance(answer, Consumed)  # noqa: S101 - the fold answers a Consume so
        return answer, claims

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public keys, for back ends that verify a proof themselves."""
        return {"keys": [signer.jwk() for signer in self._current().values()]}

    def _claims(self, proof: str, app: App) -> dict[str, Any]:
        try:
            claims = verified(proof, self._current())
        except JwtError as error:
            raise ProofInvalid from error
        expires_at = claims.get("exp")
        if claims.get("iss") != self._issuer or claims.get("aud") != app.name:
            raise ProofInvalid
        if not isinstance(expires_at, int) or self._clock() >= expires_at * SECOND:
            raise ProofInvalid
        return claims

    def _signing(self) -> Signer:
        """The newest key that has been known long enough; the oldest of a new house."""
        signers = self._current()
        known = self._clock() - _KNOWN_BEFORE_USE
        usable = [key for key in self._keys if key.created_at <= known] or self._keys[:1]
        return signers[usable[-1].id]

    def _current(self) -> dict[str, Signer]:
        keys = self._store.directory.signing_keys
        if keys is not self._keys:
            self._keys = keys
            self._signers = {key.id: Signer(key.id, key.private) for key in keys}
        return self._signers


def rotate_keys(administration: Administration, now: Millis, *, force: bool = False) -> bool:
    """Make a new signing key when there is none or the newest is a month old; whether it did."""
    with administration.together():  # Processes that start at once make one key between them.
        keys = administration.directory().signing_keys
        administration.forget_signing_keys(now - _KNOWN_BEFORE_USE - _KEPT_AFTER)
        if keys and not force and now - keys[-1].created_at < _ROTATE_AFTER:
            return False
        administration.add_signing_key(f"{now:x}", new_key())
    return True
