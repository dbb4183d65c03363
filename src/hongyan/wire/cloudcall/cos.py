"""`q-sign-algorithm=sha1`: COS's signature, which SDKs before wx-server-sdk 2 send as a form field.

Signed are method, path, a few headers and the form's fields but for requestData: the scheme cannot
prove what is sent, only who sends something to this API now. It is served because the SDKs exist; an
operator may turn it off. Used as `tc3` is, but that no host is signed.
"""

import hmac
import re
from collections.abc import Collection, Sequence
from hashlib import sha1
from typing import Final
from urllib.parse import quote

import msgspec

from hongyan.wire.cloudcall.fault import Refused, Word
from hongyan.wire.cloudcall.multipart import Form
from hongyan.wire.http import Request

LIFETIME_S: Final = 900
"""As the SDKs say."""
LONGEST_LIFETIME_S: Final = 3_600
AHEAD_S: Final = 300

UNSIGNED: Final = frozenset({"requestdata", "authorization", "sessiontoken", "sdk_version"})
"""Fields that the SDKs add once they have signed."""

_UNESCAPED: Final = "!'()*"
"""What JavaScript's encodeURIComponent leaves as it is, beside what `quote` does."""
_AUTHORIZATION: Final = re.compile(
    r"q-sign-algorithm=sha1&q-ak=([A-Za-z0-9_-]{1,128})"
    r"&q-sign-time=((\d{1,11});(\d{1,11}))&q-key-time=(\d{1,11};\d{1,11})"
    r"&q-header-list=([a-z0-9_;.-]{0,512})&q-url-param-list=([a-z0-9_;.-]{0,512})"
    r"&q-signature=([0-9a-f]{40})",
    re.ASCII,
)


class Claim(msgspec.Struct, frozen=True):
    """What a call says of who signed it and when. Nothing of it is proven before `require`."""

    secret_id: str
    starts: int
    ends: int
    signed_fields: tuple[str, ...]
    signed_headers: tuple[str, ...]
    key_time: str
    signature: str = ""

    def require(self, request: Request, form: Form, secret_key: str, now_s: int) -> None:
        """Raise Refused unless this key has signed this call, for a time that is now."""
        lately = self.starts - AHEAD_S <= now_s <= self.ends
        if not lately or self.ends - self.starts > LONGEST_LIFETIME_S:
            raise Refused(Word.INVALID_COMMON, "The signature has expired; check the clock.")
        if not hmac.compare_digest(self.signed(request, form, secret_key), self.signature):
            raise Refused(Word.INVALID_COMMON, "The signature does not match; check the SecretKey.")

    def covers(self, names: Collection[str]) -> bool:
        """Whether all of these fields are signed, but for those that never are."""
        return set(names) - UNSIGNED <= set(self.signed_fields)

    def signed(self, request: Request, form: Form, secret_key: str) -> str:
        """The signature that this key gives the call."""
        fields = _written([(name, form.get(name, b"")) for name in self.signed_fields])
        values = [(name, request.headers.get(name.encode(), b"")) for name in self.signed_headers]
        http = f"{request.method.lower()}\n{request.path}\n{fields}\n{_written(values)}\n"
        digest = sha1(http.encode()).hexdigest()  # noqa: S324 - the scheme is what it is
        key = hmac.digest(secret_key.encode(), self.key_time.encode(), "sha1").hex()
        string = f"sha1\n{self.starts};{self.ends}\n{digest}\n"
        return hmac.digest(key.encode(), string.encode(), "sha1").hex()


def read(form: Form) -> Claim:
    """What the field `authorization` of a form claims. Raises Refused."""
    found = _AUTHORIZATION.fullmatch(form.get("authorization", b"").decode("latin-1"))
    if found is None:
        raise Refused(Word.INVALID_COMMON, "The call is not signed as the SDK signs.")
    return Claim(
        secret_id=found[1],
        starts=int(found[3]),
        ends=int(found[4]),
        signed_fields=_names(found[7]),
        signed_headers=_names(found[6]),
        key_time=found[5],
        signature=found[8],
    )


def authorization(
    request: Request, form: Form, credentials: tuple[str, str], timestamp: int
) -> str:
    """The field that signs a form; `request` has the headers that are to be signed."""
    secret_id, secret_key = credentials
    time = f"{timestamp};{timestamp + LIFETIME_S}"
    claim = Claim(
        secret_id=secret_id,
        starts=timestamp,
        ends=timestamp + LIFETIME_S,
        signed_fields=tuple(sorted(form.keys() - UNSIGNED)),
        signed_headers=tuple(sorted(name.decode() for name in request.headers)),
        key_time=time,
    )
    return (
        f"q-sign-algorithm=sha1&q-ak={secret_id}&q-sign-time={time}&q-key-time={time}"
        f"&q-header-list={';'.join(claim.signed_headers)}"
        f"&q-url-param-list={';'.join(claim.signed_fields)}"
        f"&q-signature={claim.signed(request, form, secret_key)}"
    )


def _names(written: str) -> tuple[str, ...]:
    return tuple([name for name in written.split(";") if name])


def _written(values: Sequence[tuple[str, bytes]]) -> str:
    return "&".join([f"{name}={quote(value, safe=_UNESCAPED)}" for name, value in values])
