"""How often something may be asked for: what keeps the pages from being used to flood a mailbox.

Counted in the store (``mailer.pace.rates``), so that a limit holds for all web processes together
and across restarts. The store sees no address in it, neither of mail nor of the network: only a
keyed fingerprint, which is removed once its window has passed.
"""

import hmac
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mailer.pace.rates import Full, Limiter
from recommender.limits import Rate

HOUR = 3600
PER_ADDRESS = Rate(HOUR, 3)
PER_CLIENT = Rate(HOUR, 20)
IN_ALL = Rate(HOUR, 1_000)
TRIES = Rate(HOUR, 100)
"""Confirmations by one client; a token cannot be guessed, but nobody needs to try."""

LOOKS = Rate(HOUR, 600)
"""Previews by one client: somebody who ticks and unticks has enough, a program has not."""


@dataclass(frozen=True)
class Limits:
    """The limits of one publication's pages; ``secret`` makes the fingerprints."""

    limiter: Limiter
    secret: bytes
    clock: Callable[[], datetime]

    def allow(self, address: str, client: str) -> bool:
        """Whether one more mail may be asked for by ``client`` to ``address``."""
        return self._take(
            {
                self._key("address", address.casefold()): PER_ADDRESS,
                self._key("client", network(client)): PER_CLIENT,
                "pages all": IN_ALL,
            }
        )

    def try_once(self, client: str) -> bool:
        """Whether ``client`` may try one more link to confirm with."""
        return self._take({self._key("tries", network(client)): TRIES})

    def look(self, client: str) -> bool:
        """Whether ``client`` may have one more preview."""
        return self._take({self._key("looks", network(client)): LOOKS})

    def _take(self, wanted: dict[str, Rate]) -> bool:
        limits = {key: (rate,) for key, rate in wanted.items()}
        return not isinstance(self.limiter.take(limits, self.clock()), Full)

    def _key(self, kind: str, value: str) -> str:
        fingerprint = hmac.digest(self.secret, f"pages {kind} {value}".encode(), "sha256")
        return f"pages {kind} {fingerprint.hex()[:32]}"


def network(client: str) -> str:
    """The address a limit is for; of IPv6 its first half, since one household has all the rest."""
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
