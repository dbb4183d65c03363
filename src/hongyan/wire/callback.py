"""Callbacks: how an app can tell that a call is ours, and new. The format is our own.

`hongyan-signature: v1=<hex>` is HMAC-SHA-256, under the secret that was shown with the callback's
address, of `<hongyan-timestamp>.<hongyan-event>.<body>`. A receiver compares in constant time, takes
timestamps within 300 s only, and each event once.
"""

import hmac
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

import yarl

TOLERANCE_S: Final = 300

_V4_COMPATIBLE: Final = IPv6Network("::/96")
_NAT64: Final = IPv6Network("64:ff9b::/96")


class AddressRefused(OSError):
    """An address that no app may have called; the sentence says why."""


def signed(secret: bytes, timestamp: int, event: str, body: bytes) -> dict[str, str]:
    """The headers of a call; `timestamp` in seconds."""
    return {
        "hongyan-event": event,
        "hongyan-timestamp": str(timestamp),
        "hongyan-signature": f"v1={_digest(secret, timestamp, event, body)}",
    }


def is_signed(
    secret: bytes, timestamp: int, event: str, body: bytes, signature: str, now: int
) -> bool:
    """What a receiver asks; here for the tests and as the pattern for receivers in Python."""
    expected = f"v1={_digest(secret, timestamp, event, body)}"
    is_new = abs(now - timestamp) <= TOLERANCE_S
    return hmac.compare_digest(expected.encode(), signature.encode()) and is_new


def _digest(secret: bytes, timestamp: int, event: str, body: bytes) -> str:
    return hmac.digest(secret, f"{timestamp}.{event}.".encode() + body, "sha256").hex()


def require_callable(url: str, *, lenient: bool) -> None:
    """Raises AddressRefused for what may not be called, as far as its writing tells."""
    try:
        parts = yarl.URL(url)  # What is judged must be what is called, as the caller reads it.
        host = parts.host
    except ValueError as error:
        raise AddressRefused(f"{url} is no address.") from error
    if not host or parts.scheme not in {"https", "http"}:
        raise AddressRefused("A callback's address begins with https://.")
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise AddressRefused("A callback's address holds no user name or password.")
    if not url.isascii():
        raise AddressRefused("A callback's address is plain ASCII; write other names as xn--….")
    literal = _literal(host)
    is_here = host == "localhost" or (literal is not None and literal.is_loopback)
    if parts.scheme == "http" and not (lenient and is_here):
        raise AddressRefused("A callback's address begins with https://.")
    if literal is not None:
        require_public(literal, lenient=lenient)


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def require_public(address: IPv4Address | IPv6Address, *, lenient: bool) -> None:
    """Raises AddressRefused for one of our own network; with `lenient`, not for this machine."""
    if not (_is_public(address) or (lenient and address.is_loopback)):
        raise AddressRefused("It is not a public address, and only those are called.")


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    """Also of what an IPv6 address stands for in an IPv4 network."""
    if isinstance(address, IPv6Address):
        if address in _V4_COMPATIBLE:
            return False
        if address in _NAT64:
            return _is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
        within = address.ipv4_mapped or address.sixtofour
        if within is not None:
            return _is_public(within)
        if address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast
