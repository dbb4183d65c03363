"""TC3-HMAC-SHA256: how Tencent Cloud's calls are signed since API 3.0, from both sides.

Who serves reads a `Claim`, looks the SecretId up, checks the token and calls `require`; who calls
has a `Signer`. https://cloud.tencent.com/document/api/382/52071, and what the SDKs really do: they
sign another host than they send (Node drops the port), another path (Python always `/`), and take
the service from the endpoint (`127`). So hosts and paths are tried, and the service is believed: it
proves nothing, as the key is derived with it.
"""

import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from hongyan.wire.http import Request
from hongyan.wire.tencent.fault import AuthFailure, Fault

ALGORITHM: Final = "TC3-HMAC-SHA256"
TOLERANCE_S: Final = 300
CLOUD_HOST: Final = b"sms.tencentcloudapi.com"
"""What is signed by callers who were sent here by DNS, or through a gateway."""

_END: Final = "tc3_request"
_UNSIGNED: Final = b"UNSIGNED-PAYLOAD"
_UNSIGNED_DIGEST: Final = sha256(_UNSIGNED).hexdigest().encode()
_PORT: Final = re.compile(rb":\d+$")
_PART: Final = re.compile(r"(Credential|SignedHeaders|Signature)=([^\s,]+)")
_SIGNATURE: Final = re.compile(r"[0-9a-f]{64}")
_SECRET_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TIMESTAMP: Final = re.compile(r"\d{1,11}", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_HEADER: Final = re.compile(r"[a-z0-9-]{1,64}")
_MOST_HEADERS: Final = 16
_LONGEST: Final = 2_048
_LONGEST_SERVICE: Final = 256
_LONGEST_HOST: Final = 256
_NEEDED: Final = frozenset({"content-type", "host"})


class Claim(msgspec.Struct, frozen=True):
    """What a request says of who signed it and when. Nothing of it is proven before `require`."""

    secret_id: str
    timestamp: int
    signature: str
    """With the SecretId it tells a request from every other one, but not from its repetition."""
    token: str
    """Of temporary credentials; it is not signed."""
    date: str
    service: str
    signed_headers: tuple[bytes, ...]

    def require(
        self, request: Request, secret_key: str, now_s: int, also: Sequence[str] = ()
    ) -> None:
        """Raise AuthFailure unless this key has signed this request, within the last 300 s.

        `also` are names of ours that the Host header may lack: configured ones, and
        X-Forwarded-Host from a proxy that is trusted.
        """
        require_recent(self.timestamp, now_s)
        if self.date != _date(self.timestamp):
            raise AuthFailure("SignatureFailure")
        key = signing_key(secret_key, self.date, self.service)
        before = f"{ALGORITHM}\n{self.timestamp}\n{self.date}/{self.service}/{_END}\n"
        for reading in self._readings(request, also):
            string = before + sha256(reading).hexdigest()
            if hmac.compare_digest(_sign(key, string).hex(), self.signature):
                return
        raise AuthFailure("SignatureFailure")

    def _readings(self, request: Request, also: Sequence[str]) -> Iterator[bytes]:
        """Each canonical request that the caller may have signed, the likely ones first."""
        is_get = request.method == "GET"
        query = request.query if is_get else b""
        if request.headers.get(b"x-tc-content-sha256") == _UNSIGNED:
            digest = _UNSIGNED_DIGEST
        else:
            digest = sha256(b"" if is_get else request.body).hexdigest().encode()
        came = {name: request.headers.get(name, b"").strip() for name in self.signed_headers}
        for values in _writings(came):
            for host in hosts(values[b"host"], tuple(also)):
                values[b"host"] = host
                for path in paths(request.path):
                    yield canonical(request.method, path, query, values, digest)


def read(request: Request) -> Claim:
    """What a request with an Authorization header claims. Raises AuthFailure and Fault."""
    written = request.header(b"authorization")
    parts = dict(_PART.findall(written)) if len(written) <= _LONGEST else {}
    signature = parts.get("Signature", "")
    who = _who(parts.get("Credential", ""), parts.get("SignedHeaders", ""))
    if who is None or not written.startswith(ALGORITHM) or not _SIGNATURE.fullmatch(signature):
        raise AuthFailure("InvalidAuthorization")
    require_secret_id(who.secret_id)
    return Claim(
        secret_id=who.secret_id,
        timestamp=read_timestamp(request.header(b"x-tc-timestamp")),
        signature=signature,
        token=request.header(b"x-tc-token"),
        date=who.date,
        service=who.service,
        signed_headers=who.signed_headers,
    )


class _Who(NamedTuple):
    secret_id: str
    date: str
    service: str
    signed_headers: tuple[bytes, ...]


@lru_cache(maxsize=1_024)
def _who(credential: str, signed_headers: str) -> _Who | None:
    """None for what has not the form. Cached: a client sends the same all day."""
    secret_id, _, rest = credential.partition("/")
    date, _, rest = rest.partition("/")
    service, _, end = rest.rpartition("/")  # It may hold slashes and colons.
    names = tuple(signed_headers.split(";"))
    if not 0 < len(service) <= _LONGEST_SERVICE or end != _END or not _DATE.fullmatch(date):
        return None
    if not _NEEDED.issubset(names) or len(names) > _MOST_HEADERS:
        return None
    if not all(map(_HEADER.fullmatch, names)):
        return None
    return _Who(secret_id, date, service, tuple(name.encode() for name in names))


def require_secret_id(written: str) -> None:
    """A key that was copied with a blank behind it is the usual case. Raises AuthFailure."""
    if not _SECRET_ID.fullmatch(written):
        raise AuthFailure("InvalidSecretId")


def read_timestamp(written: str) -> int:
    """Seconds. Raises Fault and AuthFailure."""
    if not written:
        raise Fault("MissingParameter", "Timestamp")
    if not _TIMESTAMP.fullmatch(written):
        raise AuthFailure("SignatureExpire")
    return int(written)


def require_recent(timestamp: int, now_s: int) -> None:
    """Raises AuthFailure."""
    if abs(now_s - timestamp) > TOLERANCE_S:
        raise AuthFailure("SignatureExpire")


def require_token(sent: str, known: str) -> None:
    """Raise AuthFailure unless this is the token of temporary credentials; others have none."""
    if known and not hmac.compare_digest(sent.encode(), known.encode()):
        raise AuthFailure("TokenFailure")


@lru_cache(maxsize=1_024)
def hosts(header: bytes, also: tuple[str, ...]) -> tuple[bytes, ...]:
    """Every host that a caller may have signed who sent this Host header."""
    if len(header) > _LONGEST_HOST:
        return (CLOUD_HOST,)
    bare = header.removeprefix(b"http://").removeprefix(b"https://")
    cut = bare.partition(b"/")[0]
    without_port = _PORT.sub(b"", cut)
    ours = [name.encode() for name in also]
    return tuple(dict.fromkeys((header, bare, cut, without_port, *ours, CLOUD_HOST)))


def paths(path: str) -> tuple[str, ...]:
    """Every path that a caller may have signed who asked for this one."""
    return ("/",) if path == "/" else (path, "/")


def _writings(values: dict[bytes, bytes]) -> Iterator[dict[bytes, bytes]]:
    """Headers as they came, then as the documents want them and no SDK has them: in lower case."""
    yield dict(values)
    lower = {name: value.lower() for name, value in values.items()}
    if lower != values:
        yield lower


def canonical(
    method: str, path: str, query: bytes, headers: Mapping[bytes, bytes], payload_digest: bytes
) -> bytes:
    """The canonical request, its headers in their order here."""
    lines = b"".join([b"%b:%b\n" % header for header in headers.items()])
    before = f"{method}\n{path}\n".encode()
    return b"%b%b\n%b\n%b\n%b" % (before, query, lines, b";".join(headers), payload_digest)


@lru_cache(maxsize=4_096)
def signing_key(secret_key: str, date: str, service: str) -> bytes:
    """The key of a day and a service. Cached: deriving it costs as much as a whole signature."""
    of_date = _sign(b"TC3" + secret_key.encode(), date)
    return _sign(_sign(of_date, service), _END)


@lru_cache(maxsize=256)
def _date(timestamp: int) -> str:
    """Cached because the calls of a second all name the same few of them."""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")


def _sign(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


class Signer:
    """Signs calls to one host with one key, as the SDKs do. Its repr tells nothing."""

    def __init__(self, secret_id: str, secret_key: str, host: str, service: str = "sms") -> None:
        self._secret_id = secret_id
        self._secret_key = secret_key
        self._host = host.encode()
        self._service = service

    def posted(self, body: bytes, timestamp: int, path: str = "/") -> dict[str, str]:
        """The headers of a call that posts JSON."""
        headers = {b"content-type": b"application/json", b"host": self._host}
        reading = canonical("POST", path, b"", headers, sha256(body).hexdigest().encode())
        return self._headers(headers, reading, timestamp)

    def got(self, query: bytes, timestamp: int, path: str = "/") -> dict[str, str]:
        """The headers of a call whose parameters stand in the query."""
        headers = {b"content-type": b"application/x-www-form-urlencoded", b"host": self._host}
        reading = canonical("GET", path, query, headers, sha256().hexdigest().encode())
        return self._headers(headers, reading, timestamp)

    def _headers(
        self, headers: Mapping[bytes, bytes], reading: bytes, timestamp: int
    ) -> dict[str, str]:
        date = _date(timestamp)
        scope = f"{date}/{self._service}/{_END}"
        string = f"{ALGORITHM}\n{timestamp}\n{scope}\n{sha256(reading).hexdigest()}"
        key = signing_key(self._secret_key, date, self._service)
        authorization = (
            f"{ALGORITHM} Credential={self._secret_id}/{scope},"
            f" SignedHeaders={b';'.join(headers).decode()}, Signature={_sign(key, string).hex()}"
        )
        written = {name.decode(): value.decode() for name, value in headers.items()}
        return written | {"authorization": authorization, "x-tc-timestamp": str(timestamp)}
