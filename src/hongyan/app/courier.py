"""The courier: calls out to addresses that apps have named, and nowhere near our own network.

An app's address is what a stranger wrote: it must be https, its name is looked up once and all that
it stands for must be public, and the connection goes to just those addresses (so a name cannot
change its mind in between). Redirects are not followed, and of an answer no more is read than the
beginning, where its form says whether it was taken.
"""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from typing import Final, TypeAlias

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from hongyan.service.notify import CallbackSettings
from hongyan.wire.callback import AddressRefused, require_callable, require_public

_TAKEN: Final = range(200, 300)
_MOST_AT_ONCE: Final = 48
"""Whoever tells has places for no more, so that nobody waits here with his time running."""
_LONGEST_ANSWER: Final = 4_096
_USER_AGENT: Final = "Hongyan"
_V4: Final = 4
_MOST_LOOK_UPS: Final = 16
_LOOK_UP_S: Final = 5.0


LookUp: TypeAlias = Callable[[str, int, socket.AddressFamily], Awaitable[list[str]]]
"""(name, port, family) → addresses."""


class HttpCourier:
    """See `service.courier.Courier`."""

    def __init__(self, settings: CallbackSettings, look_up: LookUp | None = None) -> None:
        """Call on the event loop that will use it. `look_up`: else the system's."""
        self._lenient = settings.loopback_http
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_PublicResolver(look_up or _LookUps(), lenient=self._lenient),
                limit=_MOST_AT_ONCE,
                use_dns_cache=False,
            ),
            timeout=aiohttp.ClientTimeout(total=settings.timeout_s),
            headers={"user-agent": _USER_AGENT, "accept-encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            # A few bytes may unfold to many.
            auto_decompress=False,
        )

    async def post(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        is_taken: Callable[[bytes], bool] | None = None,
    ) -> str:
        try:
            return await self._posted(url, headers, body, is_taken)
        except TimeoutError:
            return "It did not answer in time."
        except AddressRefused as error:
            return str(error)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            looked_up = getattr(error, "os_error", None)
            if isinstance(looked_up, AddressRefused):
                return str(looked_up)
            return f"It could not be called: {type(error).__name__}."

    async def close(self) -> None:
        await self._session.close()

    async def _posted(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        is_taken: Callable[[bytes], bool] | None,
    ) -> str:
        require_callable(url, lenient=self._lenient)
        async with self._session.post(
            url, headers=headers, data=body, allow_redirects=False
        ) as answer:
            if answer.status not in _TAKEN:
                return f"It answered {answer.status}."
            if is_taken is None or is_taken(await _beginning(answer)):
                return ""
            return "Its answer does not say that it was taken."


async def _beginning(answer: aiohttp.ClientResponse) -> bytes:
    """As much of its body as anybody needs to say that they have it; all of it, mostly."""
    found = b""
    while len(found) < _LONGEST_ANSWER:
        more = await answer.content.read(_LONGEST_ANSWER - len(found))
        if not more:
            break
        found += more
    return found


class _PublicResolver(AbstractResolver):
    """Looks names up, and refuses those that stand for any address that is not public."""

    def __init__(self, look_up: LookUp, *, lenient: bool) -> None:
        self._look_up = look_up
        self._lenient = lenient

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._look_up(host, port, family)
        return [self._checked(host, port, address) for address in found]

    def _checked(self, host: str, port: int, written: str) -> ResolveResult:
        address = ip_address(written)
        require_public(address, lenient=self._lenient)
        return ResolveResult(
            hostname=host,
            host=written,
            port=port,
            family=socket.AF_INET if address.version == _V4 else socket.AF_INET6,
            proto=socket.IPPROTO_TCP,
            flags=socket.AI_NUMERICHOST,
        )

    async def close(self) -> None:
        """Nothing is kept."""


class _LookUps:
    """Look-ups on threads of their own: the loop's few are the providers', and a name that an app has
    chosen may take its server half a minute. Nobody waits for a thread that is still at it.
    """

    def __init__(self) -> None:
        self._under_way = 0

    async def __call__(self, host: str, port: int, family: socket.AddressFamily) -> list[str]:
        if self._under_way >= _MOST_LOOK_UPS:
            raise OSError("Too many names are being looked up.")
        loop = asyncio.get_running_loop()
        found: asyncio.Future[list[str]] = loop.create_future()
        self._under_way += 1

        def work() -> None:
            try:
                addresses = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
                outcome: list[str] | OSError = [str(one[4][0]) for one in addresses]
            except (OSError, UnicodeError) as error:
                outcome = OSError(str(error))
            with suppress(RuntimeError):  # The loop has ended meanwhile.
                loop.call_soon_threadsafe(self._end, found, outcome)

        threading.Thread(target=work, name="hongyan-look-up", daemon=True).start()
        async with asyncio.timeout(_LOOK_UP_S):
            return [address.partition("%")[0] for address in await found]

    def _end(self, found: "asyncio.Future[list[str]]", outcome: list[str] | OSError) -> None:
        self._under_way -= 1
        if found.done():
            return
        if isinstance(outcome, OSError):
            found.set_exception(outcome)
        else:
            found.set_result(outcome)
