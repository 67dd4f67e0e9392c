"""Addresses of the network as people write them, and the networks they are counted under.

It looks nothing up: names of hosts are no addresses. What cannot be read is a ValueError with an
example of what can.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated

from pydantic import BeforeValidator

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.1/32"), IPv6Network("::1/128"))
"""This machine, as a proxy beside the pages connects to them."""


def address(text: str) -> Address | None:
    """``text`` as an address, without a zone; None when it is none. An IPv4 address in the clothes
    of IPv6 (``::ffff:192.0.2.7``, RFC 4291) is the IPv4 address."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def networks(value: object) -> tuple[Network, ...] | None:
    """``10.0.0.0/8, 192.0.2.7`` or a list of such; None for nothing."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        parts: Iterable[object] = [part for part in value.split(",") if part.strip()]
    elif isinstance(value, list | tuple):
        parts = value
    else:
        raise ValueError(f"{value!r} is no list of addresses and networks such as 10.0.0.0/8")
    return tuple(_network(str(part).strip()) for part in parts) or None


def _network(text: str) -> Network:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError(
            f"{text!r} is not an address or a network such as 192.0.2.7 or 10.0.0.0/8"
        ) from error


def around(found: Address, lengths: Iterable[int]) -> list[Network]:
    """The networks with prefixes of these ``lengths`` that hold the address."""
    return [ip_network((found, length), strict=False) for length in lengths]


NetworksText = Annotated[tuple[Network, ...] | None, BeforeValidator(networks)]
