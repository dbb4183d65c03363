"""Calls: which action is asked for, by whom, with what, however the request has been written.

Who serves goes in this order, so that a fault is the one that the platform would name:
`is_call` (else it is the page) → `read` → look up `call.claim.secret_id` →
`call.claim.require(…)` → `call.action()` → `call.request(action)` → `bounds.require(…)`.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, TypeAlias
from urllib.parse import urlencode

import msgspec

from hongyan.wire import tc1, tc3
from hongyan.wire.form import BrokenForm, fields
from hongyan.wire.http import Request as HttpRequest
from hongyan.wire.tencent import strict
from hongyan.wire.tencent.actions import NEW, Action, action_of
from hongyan.wire.tencent.codes import CHINESE, ENGLISH, Language
from hongyan.wire.tencent.fault import Fault
from hongyan.wire.tencent.requests import Request

Claim: TypeAlias = tc3.Claim | tc1.Claim

MOST_JSON_BYTES: Final = 10 * 1024 * 1024
MOST_PLAIN_JSON_BYTES: Final = 1024 * 1024
"""Ours, for actions that bring no image: no good request of theirs is near it."""
MOST_FORM_BYTES: Final = 1024 * 1024
MOST_FIELDS: Final = 10_000
"""Ours: 200 texts with 20 values each have fewer."""
MOST_QUERY_BYTES: Final = 32 * 1024

_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"
_COMMON: Final = frozenset(
    {
        "Action",
        "Version",
        "Timestamp",
        "Nonce",
        "SecretId",
        "Region",
        "Token",
        "Language",
        "RequestClient",
        "SignatureMethod",
        "Signature",
    }
)
"""Parameters that say who calls and how, and are none of the action's."""


class Call(msgspec.Struct, frozen=True):
    """A call that was read. Who made it is not proven yet."""

    name: str
    version: str
    language: Language
    claim: Claim
    parameters: Mapping[str, str] | bytes | None
    """Flat ones, or JSON, or in a form that no action takes."""

    def action(self) -> Action:
        """Raises Fault."""
        return action_of(self.version, self.name)

    def request(self, action: Action) -> Request:
        """The action's request. Raises Fault."""
        # multipart/form-data, which the SDKs can write and sign, among others.
        if self.parameters is None:
            raise Fault("InvalidRequest")
        if isinstance(self.parameters, bytes):
            if len(self.parameters) > MOST_PLAIN_JSON_BYTES and not action.brings_images:
                raise Fault("RequestSizeLimitExceeded")
            return strict.from_json(self.parameters, action.request)
        return strict.from_flat(self.parameters, action.request)


def is_call(request: HttpRequest) -> bool:
    """Whether a request for `/` is for this API. The page is asked for without an action."""
    if b"x-tc-action" in request.headers or b"Action=" in request.query:
        return True
    return _is_flat(request) and b"Action=" in request.body[:MOST_FORM_BYTES]


def language_of(request: HttpRequest) -> Language:
    """In which language to refuse a call, also one that cannot be read: Chinese unless asked."""
    return ENGLISH if request.header(b"x-tc-language").lower().startswith("en") else CHINESE


def trace_of(request: HttpRequest) -> tuple[tuple[bytes, bytes], ...]:
    """The header that goes back as it came: the Node SDK shows it with an error."""
    trace = request.headers.get(b"x-tc-traceid")
    return ((b"x-tc-traceid", trace[:128]),) if trace else ()


def read(request: HttpRequest) -> Call:
    """Raises Fault, AuthFailure among them."""
    if request.method not in ("GET", "POST"):
        raise Fault("UnsupportedProtocol")
    is_flat = _is_flat(request)
    _require_size(request, is_flat=is_flat)
    asked = _flat(request.query)
    flat = asked if request.method == "GET" else {}
    if is_flat and request.method == "POST":
        flat = _flat(request.body)
        asked |= flat
    name = request.header(b"x-tc-action") or asked.get("Action", "")
    version = request.header(b"x-tc-version") or asked.get("Version", "")
    if not name:
        raise Fault("MissingParameter", "Action")
    if not version:
        raise Fault("MissingParameter", "Version")
    if b"authorization" in request.headers or "Signature" not in flat:
        claim: Claim = tc3.read(request)
    else:
        claim = tc1.read(flat)
    return Call(
        name=name[:1].upper() + name[1:],
        version=version,
        language=_language(request, asked),
        claim=claim,
        parameters=_bare(flat) if is_flat else _json_of(request),
    )


def posted(request: Request, name: str, version: str = NEW) -> tuple[bytes, dict[str, str]]:
    """(body, headers but for the signature's) of a call that we make."""
    headers = {"x-tc-action": name, "x-tc-version": version, "x-tc-language": ENGLISH}
    return msgspec.json.encode(request), headers


def query_of(request: Request) -> bytes:
    """The query of a call by GET."""
    return urlencode(strict.flattened(request)).encode()


def _require_size(request: HttpRequest, *, is_flat: bool) -> None:
    most = MOST_FORM_BYTES if is_flat else MOST_JSON_BYTES
    if len(request.body) > most or len(request.query) > MOST_QUERY_BYTES:
        raise Fault("RequestSizeLimitExceeded")


def _is_flat(request: HttpRequest) -> bool:
    return request.method == "GET" or _media_type(request) == _FORM


def _flat(written: bytes) -> dict[str, str]:
    """Raises Fault, also for a name that comes twice."""
    if not written:
        return {}
    if written.count(b"&") > MOST_FIELDS:
        raise Fault("RequestSizeLimitExceeded")
    try:
        pairs = fields(written)
    except BrokenForm as error:
        raise Fault("InvalidRequest") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise Fault("InvalidParameter", name)
        found[name] = value
    return found


def _bare(flat: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in flat.items() if name not in _COMMON}


def _json_of(request: HttpRequest) -> bytes | None:
    return request.body if _media_type(request) == _JSON else None


def _language(request: HttpRequest, asked: dict[str, str]) -> Language:
    if asked and asked.get("Language", "").startswith("en"):
        return ENGLISH
    return language_of(request)


def _media_type(request: HttpRequest) -> str:
    return _bare_type(request.headers.get(b"content-type", b""))


@lru_cache(maxsize=256)
def _bare_type(header: bytes) -> str:
    """Cached: a client sends the same all day."""
    return header.decode("latin-1").partition(";")[0].strip().lower()
