"""Calling: one POST to a platform over HTTPS, and what surely did not happen when it fails.

A connection that never stood has carried nothing: Deferred. Whatever fails after that may have been
read by the other side: Unconfirmed. aiohttp sends no POST again by itself, also not when a kept
connection turns out dead.
"""

import re
import ssl
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from hongyan.core.outcome import Deferred, Unconfirmed
from hongyan.core.time import SECOND, Millis

_OK: Final = 200
_NOT_SERVED: Final = frozenset({401, 403, 404, 405, 413, 429})
"""The platforms answer 200 to all that they have read: these are of something before them, or of a
wrong `api_url`. Neither has sent a text.
"""
MOST_ANSWER_BYTES: Final = 65_536
_IDLE_S: Final = 4.0
"""Apache and Node let go of an idle connection after 5 s: a text that meets its end is in doubt."""
_USER_AGENT: Final = "Hongyan"
_LONGEST_WORDS: Final = 200
_TELLING: Final = re.compile(r"\d{4,}")
"""Codes and numbers, which an answer may repeat."""


class CallSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the tables `[providers.*]` of platforms have in common."""

    api_url: str
    verify_tls: bool = True
    tls_name: str = ""
    """The name to verify its certificate for, where that is not the host."""
    concurrency: Annotated[int, Meta(ge=1, le=1_000)] = 16
    rate: Annotated[float, Meta(ge=0, le=100_000)] = 0
    """Texts a second; 0 for any number."""
    timeout_s: Annotated[float, Meta(ge=0.1, le=60)] = 20
    """For its answer, after the connection stands."""
    connect_s: Annotated[float, Meta(ge=0.1, le=60)] = 5
    """For looking it up, connecting and TLS together."""
    asks_a_second: Annotated[float, Meta(ge=0.01, le=1_000)] = 10
    """How often at most it is asked what became of messages."""

    @property
    def timeout(self) -> Millis:
        """For a whole call."""
        return int((self.connect_s + self.timeout_s) * SECOND)


class Reach:
    """Whether a connection stood: only then can a byte have left."""

    connected = False


class Answered(msgspec.Struct, frozen=True):
    """An answer, whole."""

    body: bytes
    date: str
    """Its Date header."""


class Unanswered(Exception):
    """An answer that is none."""


class Caller:
    """Posts to one platform over connections that are kept."""

    def __init__(self, settings: CallSettings, most_bytes: int = MOST_ANSWER_BYTES) -> None:
        """`most_bytes`: of an answer."""
        self._settings = settings
        self._most_bytes = most_bytes
        self._session: Any = None
        """An aiohttp.ClientSession. That library is loaded with the first call: it takes a third of a
        second, and every command knows the providers' settings.
        """

    async def post(
        self, path: str, body: bytes, headers: Mapping[str, str], reach: Reach | None = None
    ) -> Answered | Deferred | Unconfirmed:
        """What it answers; Deferred when surely nothing reached it, Unconfirmed when it may have."""
        import aiohttp

        reach, settings = reach or Reach(), self._settings
        try:
            async with self._opened().post(
                settings.api_url.rstrip("/") + path,
                data=body,
                headers=headers,
                allow_redirects=False,
                server_hostname=settings.tls_name or None,
                trace_request_ctx=reach,
            ) as response:
                if response.status == _OK:
                    read = await self._read(response)
                    return Answered(read, response.headers.get("date", ""))
                answered = f"It answered HTTP {response.status}."
                served = response.status not in _NOT_SERVED
                return Unconfirmed(answered) if served else Deferred(answered)
        except Unanswered as error:
            return Unconfirmed(str(error))
        except aiohttp.ClientConnectorCertificateError:
            sentence = "Its certificate is not good for its name: see tls_name in the documents."
            return Deferred(sentence, stops=True)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            # Its name alone: the words of some hold addresses.
            kind = type(error).__name__
            if reach.connected:
                return Unconfirmed(f"The connection failed before its answer: {kind}.")
            return Deferred(f"It could not be reached: {kind}.")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> Any:
        """Made with the first call, for it belongs to a running loop."""
        import aiohttp

        if self._session is None:
            settings = self._settings
            verified: Any = ssl.create_default_context() if settings.verify_tls else False
            connects = aiohttp.TraceConfig()
            connects.on_connection_create_end.append(_note)
            connects.on_connection_reuseconn.append(_note)
            self._session = aiohttp.ClientSession(
                # No bound of its own: whoever calls has one, and nobody is to wait for another's.
                connector=aiohttp.TCPConnector(ssl=verified, limit=0, keepalive_timeout=_IDLE_S),
                timeout=aiohttp.ClientTimeout(
                    total=settings.connect_s + settings.timeout_s, connect=settings.connect_s
                ),
                headers={"user-agent": _USER_AGENT, "accept-encoding": "identity"},
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[connects],
            )
        return self._session

    async def _read(self, response: Any) -> bytes:
        """The whole answer. Raises Unanswered for one that is longer than any."""
        body = bytearray()
        async for some in response.content.iter_any():
            body += some
            if len(body) > self._most_bytes:
                raise Unanswered("The answer is too long.")
        return bytes(body)


async def _note(_session: object, context: SimpleNamespace, _params: object) -> None:
    context.trace_request_ctx.connected = True


def said(code: object, words: object, *secrets: str) -> str:
    """A code and its words, without what must not be in a log or a timeline."""
    told = words if isinstance(words, str) else ""
    for secret in secrets:
        told = told.replace(secret, "…")
    told = _TELLING.sub("…", "".join(one for one in told if one.isprintable()))
    return f"{code} {told}".strip()[:_LONGEST_WORDS]
