"""HmacSHA1 and HmacSHA256: how Tencent Cloud's calls were signed before TC3, as SDKs still can.

There are no headers: who calls, when, and the signature stand among the parameters, which are all
signed as they read when decoded. Used as tc3 is: `read` a `Claim`, look the SecretId up, `require`.
"""

import base64
import hmac
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from hongyan.wire.http import Request
from hongyan.wire.tc3 import hosts, paths, read_timestamp, require_recent, require_secret_id
from hongyan.wire.tencent.fault import AuthFailure, Fault

_DIGESTS: Final = {"": "sha1", "HmacSHA1": "sha1", "HmacSHA256": "sha256"}
_LONGEST: Final = 64
_SIGNATURE: Final = "Signature"


class Claim(msgspec.Struct, frozen=True):
    """What the parameters say of who signed them and when. Nothing is proven before `require`."""

    secret_id: str
    timestamp: int
    signature: str
    token: str
    digest: str
    parameters: str
    """All but the signature, as they are signed."""

    def require(
        self, request: Request, secret_key: str, now_s: int, also: Sequence[str] = ()
    ) -> None:
        """Raise AuthFailure unless this key has signed these parameters, within the last 300 s."""
        require_recent(self.timestamp, now_s)
        for host in hosts(request.headers.get(b"host", b""), tuple(also)):
            for path in paths(request.path):
                string = f"{request.method}{host.decode('latin-1')}{path}?{self.parameters}"
                ours = signature(secret_key, string, self.digest)
                if hmac.compare_digest(ours.encode(), self.signature.encode()):
                    return
        raise AuthFailure("SignatureFailure")


def read(parameters: Mapping[str, str]) -> Claim:
    """What a query or form claims. Raises AuthFailure and Fault."""
    for name in ("SecretId", "Timestamp", "Nonce", _SIGNATURE):
        if not parameters.get(name):
            raise Fault("MissingParameter", name)
    digest = _DIGESTS.get(parameters.get("SignatureMethod", ""))
    if digest is None:
        raise Fault("InvalidParameterValue", "SignatureMethod")
    if len(parameters[_SIGNATURE]) > _LONGEST:
        raise AuthFailure("SignatureFailure")
    require_secret_id(parameters["SecretId"])
    return Claim(
        secret_id=parameters["SecretId"],
        timestamp=read_timestamp(parameters["Timestamp"]),
        signature=parameters[_SIGNATURE],
        token=parameters.get("Token", ""),
        digest=digest,
        parameters=written(parameters),
    )


def written(parameters: Mapping[str, str]) -> str:
    """Parameters as they are signed: in the order of their names, nothing escaped."""
    return "&".join(
        f"{name}={parameters[name]}" for name in sorted(parameters.keys() - {_SIGNATURE})
    )


def signature(secret_key: str, string: str, digest: str = "sha1") -> str:
    """The signature of method, host, path, `?` and the written parameters."""
    return base64.b64encode(hmac.digest(secret_key.encode(), string.encode(), digest)).decode()
