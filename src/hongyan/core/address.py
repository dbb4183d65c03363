"""Addresses: what a caller is counted by."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_V6_PREFIX: Final = 64


@lru_cache(maxsize=65_536)
def network(ip: str) -> str:
    """What an address is counted by: IPv4 as it is, IPv6 by its /64 (policy row 12).

    Raises ValueError for what is no address.
    """
    address = ip_address(ip)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        high = int(address) >> _V6_PREFIX << _V6_PREFIX
        return str(IPv6Address(high))
    return str(address)


def is_within(ip: str, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    """Whether an address lies in one of the networks; what is no address lies nowhere."""
    try:
        address = ip_address(ip)
    except ValueError:
        return False
    # As some proxies write an IPv4 address.
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in networks)
