"""TC3-HMAC-SHA256 as CloudBase's SDKs flavour it (since wx-server-sdk 2): verified and made.

It differs from Tencent Cloud's (`wire.tc3`): the method is in lower case, the path has `//host` before
it, values of headers are in lower case, and not the body is signed but the form's fields that
SignedParams names, those that are empty left out. Neither a repetition nor a field that is not named
is noticed; so fields that we use must be named.

Used as `wire.tc3` is: `read` a `Claim`, look the SecretId up, `require`.
"""

import hmac
import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import msgspec

from hongyan.wire.cloudcall.fault import Refused, Word
from hongyan.wire.cloudcall.multipart import Form
from hongyan.wire.http import Request
from hongyan.wire.tc3 import ALGORITHM, signing_key

EXPIRES_S: Final = 600
"""As X-Signature-Expires always says; nobody has signed that header."""
AHEAD_S: Final = 300
"""So far may a caller's clock be before ours."""

_SERVICE: Final = "tcb"
_END: Final = "tc3_request"
_BINARY: Final = "requestdata"
_PART: Final = re.compile(r"(Credential|SignedParams|SignedHeaders|Signature)=([^\s,]+)")
_CREDENTIAL: Final = re.compile(
    rf"([A-Za-z0-9_-]{{1,128}})/(\d{{4}}-\d{{2}}-\d{{2}})/{_SERVICE}/{_END}", re.ASCII
)
_NAMES: Final = re.compile(r"[a-z0-9_.-]{1,64}(?:;[a-z0-9_.-]{1,64}){0,31}")
_SIGNATURE: Final = re.compile(r"[0-9a-f]{64}")
_TIMESTAMP: Final = re.compile(r"\d{1,11}", re.ASCII)
_LONGEST: Final = 2_048
_NEEDED: Final = frozenset({"content-type", "host"})


class Claim(msgspec.Struct, frozen=True):
    """What a call says of who signed it and when. Nothing of it is proven before `require`."""

    secret_id: str
    timestamp: int
    date: str
    """Believed whatever it is: it proves nothing, as the key is derived with it."""
    signed_fields: tuple[str, ...]
    signed_headers: tuple[str, ...]
    signature: str = ""

    def require(
        self, request: Request, form: Form, secret_key: str, now_s: int, also: Sequence[str] = ()
    ) -> None:
        """Raise Refused unless this key has signed this call, lately.

        `also` are names of ours that the Host header may lack behind a proxy.
        """
        if not self.timestamp - AHEAD_S <= now_s <= self.timestamp + EXPIRES_S:
            raise Refused(Word.INVALID_COMMON, "The signature has expired; check the clock.")
        for host in dict.fromkeys((request.header(b"host"), *also)):
            ours = self.signed(request, form, secret_key, host)
            if hmac.compare_digest(ours, self.signature):
                return
        raise Refused(Word.INVALID_COMMON, "The signature does not match; check the SecretKey.")

    def covers(self, names: Collection[str]) -> bool:
        """Whether all of these fields are signed."""
        return set(names) <= set(self.signed_fields)

    def signed(self, request: Request, form: Form, secret_key: str, host: str) -> str:
        """The signature that this key gives the call."""
        values = [(name, _value(request, name, host)) for name in self.signed_headers]
        fields = [(name, _stripped(name, form.get(name, b""))) for name in self.signed_fields]
        payload = b"".join(
            [b"&%b=%b\r\n" % (name.encode(), value) for name, value in fields if value]
        )
        canonical = "\n".join(
            [
                request.method.lower(),
                f"//{host}{request.path}",
                request.query.decode("latin-1"),
                "".join([f"{name}:{value}\n" for name, value in values]),
                ";".join(self.signed_headers),
                sha256(payload).hexdigest(),
            ]
        )
        digest = sha256(canonical.encode("latin-1", "replace")).hexdigest()
        scope = f"{self.date}/{_SERVICE}/{_END}"
        string = f"{ALGORITHM}\n{self.timestamp}\n{scope}\n{digest}"
        key = signing_key(secret_key, self.date, _SERVICE)
        return hmac.digest(key, string.encode(), "sha256").hex()


def read(request: Request) -> Claim:
    """What a call with an Authorization header claims. Raises Refused."""
    written, timestamp = request.header(b"authorization"), request.header(b"x-timestamp")
    parts = dict(_PART.findall(written)) if len(written) <= _LONGEST else {}
    credential = _CREDENTIAL.fullmatch(parts.get("Credential", ""))
    fields, headers = parts.get("SignedParams", ""), parts.get("SignedHeaders", "")
    if (
        credential is None
        or not written.startswith(ALGORITHM)
        or not all((_NAMES.fullmatch(fields), _NAMES.fullmatch(headers)))
        or not _SIGNATURE.fullmatch(parts.get("Signature", ""))
        or not _TIMESTAMP.fullmatch(timestamp)
        or not _NEEDED.issubset(headers.split(";"))
    ):
        raise Refused(Word.INVALID_COMMON, "The Authorization header is not as the SDK writes it.")
    return Claim(
        secret_id=credential[1],
        timestamp=int(timestamp),
        date=credential[2],
        signed_fields=tuple(fields.split(";")),
        signed_headers=tuple(headers.split(";")),
        signature=parts["Signature"],
    )


def headers(
    request: Request, form: Form, credentials: tuple[str, str], timestamp: int
) -> dict[str, str]:
    """What signs a call: its Authorization and the headers that belong to it.

    `request` has all headers that are to be signed; `credentials` are SecretId and SecretKey.
    """
    secret_id, secret_key = credentials
    claim = Claim(
        secret_id=secret_id,
        timestamp=timestamp,
        date=f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d}",
        signed_fields=tuple(sorted(name for name, value in form.items() if value)),
        signed_headers=tuple(sorted(name.decode() for name in request.headers)),
    )
    signature = claim.signed(request, form, secret_key, request.header(b"host"))
    authorization = (
        f"{ALGORITHM} Credential={secret_id}/{claim.date}/{_SERVICE}/{_END},"
        f" SignedParams={';'.join(claim.signed_fields)},"
        f" SignedHeaders={';'.join(claim.signed_headers)}, Signature={signature}"
    )
    return {
        "authorization": authorization,
        "x-signature-expires": str(EXPIRES_S),
        "x-timestamp": str(timestamp),
    }


def _value(request: Request, name: str, host: str) -> str:
    if name == "host":
        return host.lower()
    value = request.header(name.encode())
    if name == "content-type":  # The boundary was not yet known when it was signed.
        value = value.partition(";")[0]
    return value.strip().lower()


def _stripped(name: str, value: bytes) -> bytes:
    """Texts are trimmed before they are signed, but not before they are sent."""
    return value if name == _BINARY else value.strip()
