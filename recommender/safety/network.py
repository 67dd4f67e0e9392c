"""Which addresses of the internet a stranger may send us to: public ones only.

A name is looked up once, every address it has is checked, and the connection is made to an address
that was checked, so that a name which answers differently the second time (DNS rebinding) gains
nothing. What is public is what the registries of IANA for special addresses (RFC 6890) leave.
"""

import ipaddress
import socket
import threading
from dataclasses import dataclass
from typing import Any

from recommender.errors import NewsletterError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_METADATA = frozenset({ipaddress.ip_address("168.63.129.16")})
"""Addresses that look public, under which a provider tells a machine about itself (Azure)."""
_PRIVATE_NAMES = (".localhost", ".local", ".internal", ".localdomain", ".home.arpa")
MOST_TRIED = 4
"""Addresses of one name that are tried."""


class AddressError(NewsletterError):
    """A name has no address, or one that must not be asked."""


@dataclass(frozen=True)
class Place:
    """An address that may be connected to, as ``socket`` takes it."""

    family: int
    address: tuple[str | int, ...]


def resolve(host: str, port: int, *, seconds: float, private: bool = False) -> list[Place]:
    """Where ``host`` is; AddressError when that is unknown, or not public and not ``private``."""
    name = host.rstrip(".").lower()
    if not private and (name == "localhost" or f".{name}".endswith(_PRIVATE_NAMES)):
        raise AddressError(f"{host} is a private name; feeds_private = true allows it")
    places = []
    for family, _, _, _, address in _looked_up(host, port, seconds):
        found = ipaddress.ip_address(str(address[0]))
        if not private and not is_public(found):
            raise AddressError(
                f"{host} is at the private address {found}; feeds_private = true allows it"
            )
        places.append(Place(family, tuple(address)))
    return places[:MOST_TRIED]


def is_public(address: Address) -> bool:
    """Whether ``address`` belongs to one machine of the open internet."""
    if isinstance(address, ipaddress.IPv6Address):
        within = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            within = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if within is not None:
            return is_public(within)
        if address not in _UNICAST or address.teredo is not None:
            return False
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_unspecified
        and address not in _METADATA
    )


def _looked_up(host: str, port: int, seconds: float) -> list[Any]:  # Any: as getaddrinfo's
    """As getaddrinfo, which has no limit of time itself."""
    found: list[Any] = []

    def ask() -> None:
        try:
            found.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, ValueError) as error:
            found.append(error)

    asking = threading.Thread(target=ask, name="name lookup", daemon=True)
    asking.start()
    asking.join(max(seconds, 0.0))
    match found:
        case [list(addresses)] if addresses:
            return addresses
        case [socket.gaierror() as error]:
            raise AddressError(f"{host}: {error.strerror or 'is not known'}") from error
        case [Exception() as error]:
            raise AddressError(f"{host}: is no name of a host") from error
        case _:
            raise AddressError(f"{host}: looking up its address took too long")
