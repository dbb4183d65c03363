"""/v1/proofs/verify and the JWKS: for back ends that let us verify a proof, and those that do not."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from hongyan.api.authenticate import Authentication
from hongyan.api.endpoint import Endpoint, answer, decoded
from hongyan.core.identifier import written_uuid
from hongyan.service.prove import Proofs
from hongyan.wire.http import Request, Response


class VerifyProof(msgspec.Struct, forbid_unknown_fields=True):
    """A proof that a front end handed to the app's back end."""

    proof: Annotated[str, Meta(max_length=4_096)]


class ProofVerified(msgspec.Struct, omit_defaults=True):
    """What the proof proves. It is used up now."""

    phone: str
    purpose: str
    verification_id: str
    openid: str = ""


class Jwks(msgspec.Struct):
    """RFC 7517."""

    keys: list[dict[str, str]]


_decoder: Final = msgspec.json.Decoder(VerifyProof)
_CACHED: Final = ((b"cache-control", b"public, max-age=300"),)
"""Less than the time for which a new key is shown before it signs."""


class ProofsApi:
    """Answers for proofs."""

    def __init__(self, authentication: Authentication, proofs: Proofs) -> None:
        self._authentication = authentication
        self._proofs = proofs

    async def verify(self, request: Request) -> Response:
        key = await self._authentication.secret_key(request)
        body: VerifyProof = decoded(request, _decoder)
        consumed, claims = await self._proofs.consumed(body.proof, key.app)
        return answer(
            ProofVerified(
                phone=consumed.phone,
                purpose=consumed.purpose,
                verification_id=written_uuid(consumed.verification),
                openid=str(claims.get("openid", "")),
            )
        )

    async def jwks(self, _request: Request) -> Response:
        response = answer(self._proofs.jwks())
        response.headers = _CACHED
        return response

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="POST",
                path="/v1/proofs/verify",
                handle=self.verify,
                name="verifyProof",
                summary="Verify a proof and use it up",
                tag="Proofs",
                needs="secret",
                takes=VerifyProof,
                gives={200: ProofVerified},
                problems=("proof_invalid", "proof_used"),
            ),
            Endpoint(
                method="GET",
                path="/.well-known/jwks.json",
                handle=self.jwks,
                name="jwks",
                summary="The public keys that proofs are signed with",
                tag="Proofs",
                gives={200: Jwks},
            ),
        ]
