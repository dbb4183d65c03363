"""/v1/verifications: phone → code → proof. Also for browsers, with a publishable key."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from hongyan.api.authenticate import Authentication, believed
from hongyan.api.endpoint import Endpoint, answer, decoded, idempotency
from hongyan.api.problem import BadRequest
from hongyan.core.address import network
from hongyan.core.command import Started
from hongyan.core.identifier import written_uuid
from hongyan.core.time import rfc3339
from hongyan.service.ports import Sealer
from hongyan.service.prove import Proofs
from hongyan.service.verify import Client, Verification
from hongyan.wire.http import Request, Response

_Name = Annotated[str, Meta(max_length=128, pattern="^[^\\x00]*$")]


class ClientBody(msgspec.Struct, forbid_unknown_fields=True):
    """The person's side, as the app's server sees it. Believed from a secret key only."""

    ip: Annotated[str, Meta(max_length=64, description="IPv4 or IPv6.")] = ""
    openid: _Name = ""
    device: _Name = ""


class StartVerification(msgspec.Struct, forbid_unknown_fields=True):
    """Send a code to this number, for this purpose."""

    phone: Annotated[str, Meta(max_length=64, description="Best in E.164.")]
    purpose: Annotated[
        str, Meta(pattern="^[a-z][a-z0-9_]{0,31}$", description="What is verified, such as login.")
    ]
    client: ClientBody | None = None


class ResendVerification(msgspec.Struct, forbid_unknown_fields=True):
    """Send another code."""

    client: ClientBody | None = None


class CheckVerification(msgspec.Struct, forbid_unknown_fields=True):
    """Check the code that the person typed."""

    code: Annotated[str, Meta(max_length=32)]
    client: ClientBody | None = None


class VerificationPending(msgspec.Struct):
    """A code is on its way."""

    id: str
    phone: str
    status: str
    expires_at: str
    resend_at: str
    sends_left: int


class VerificationApproved(msgspec.Struct):
    """The code was right; `proof` is for the app's back end."""

    status: str
    proof: str


_start: Final = msgspec.json.Decoder(StartVerification)
_resend: Final = msgspec.json.Decoder(ResendVerification)
_check: Final = msgspec.json.Decoder(CheckVerification)
_SENDING: Final = ("unknown_template", "too_soon", "step_up_required", "no_balance", "no_route")


class Verifications:
    """Answers for codes."""

    def __init__(
        self,
        authentication: Authentication,
        verification: Verification,
        proofs: Proofs,
        sealer: Sealer,
    ) -> None:
        self._authentication = authentication
        self._verification = verification
        self._proofs = proofs
        self._sealer = sealer

    async def start(self, request: Request) -> Response:
        key = await self._authentication.key(request)
        body: StartVerification = decoded(request, _start)
        started = await self._verification.start(
            key.app,
            body.phone,
            body.purpose,
            believed(key, request, _client(body.client)),
            idempotency=idempotency(request, key.app, self._sealer),
        )
        return _pending(started, 201)

    async def resend(self, request: Request) -> Response:
        key = await self._authentication.key(request)
        body: ResendVerification = (
            decoded(request, _resend) if request.body else ResendVerification()
        )
        started = await self._verification.resend(
            key.app,
            request.variable,
            believed(key, request, _client(body.client)),
            idempotency=idempotency(request, key.app, self._sealer),
        )
        return _pending(started, 200)

    async def check(self, request: Request) -> Response:
        key = await self._authentication.key(request)
        body: CheckVerification = decoded(request, _check)
        client = believed(key, request, _client(body.client))
        approved = await self._verification.check(
            key.app,
            request.variable,
            body.code,
            client,
            idempotency=idempotency(request, key.app, self._sealer),
        )
        proof = self._proofs.made(approved, key.app, client.openid)
        return answer(VerificationApproved("approved", proof))

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="POST",
                path="/v1/verifications",
                handle=self.start,
                name="startVerification",
                summary="Send a code to a number",
                tag="Verifications",
                needs="any",
                takes=StartVerification,
                gives={201: VerificationPending},
                problems=("invalid_number", "country_closed", "invalid_purpose", *_SENDING),
                idempotent=True,
            ),
            Endpoint(
                method="POST",
                path="/v1/verifications/{id}/resend",
                handle=self.resend,
                name="resendVerification",
                summary="Send another code; the one before it is void",
                tag="Verifications",
                needs="any",
                takes=ResendVerification,
                gives={200: VerificationPending},
                problems=("invalid_or_expired", "no_sends_left", *_SENDING),
                idempotent=True,
            ),
            Endpoint(
                method="POST",
                path="/v1/verifications/{id}/check",
                handle=self.check,
                name="checkVerification",
                summary="Check a code; the right one earns a proof, once",
                tag="Verifications",
                needs="any",
                takes=CheckVerification,
                gives={200: VerificationApproved},
                problems=("invalid_code", "invalid_or_expired"),
                idempotent=True,
            ),
        ]


def _client(body: ClientBody | None) -> Client | None:
    """Raises BadRequest for an address that is none."""
    if body is None:
        return None
    try:
        ip = network(body.ip) if body.ip else ""
    except ValueError as error:
        raise BadRequest("invalid_request", "This is no IP address - at `$.client.ip`.") from error
    return Client(ip, body.openid, body.device)


def _pending(started: Started, status: int) -> Response:
    return answer(
        VerificationPending(
            id=written_uuid(started.verification),
            phone=started.phone,
            status="pending",
            expires_at=rfc3339(started.expires_at),
            resend_at=rfc3339(started.resend_at),
            sends_left=started.sends_left,
        ),
        status,
    )
