"""How often something may be asked for: what keeps the pages from being used to flood a mailbox.

Counted in the store (``mailer.throttling.rates``), so that a limit holds for all web processes
together and across restarts. The store sees no address in it, neither of mail nor of the network:
only a keyed fingerprint, which is removed once its window has passed. Strangers, who only name an
address, and readers, who show a link of theirs, are counted apart: strangers never keep a reader
out.
"""

import hmac
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.engine import Engine

from mailer.throttling import rate_store
from mailer.throttling.rates import RateLimiter
from recommender.errors import StoreAwayError
from recommender.settings.limits import DAY, LimitReached, Rate
from recommender.settings.networks import address as network_address
from recommender.settings.networks import around
from recommender.subscribers.addresses import fold

HOUR = 3600
PER_ADDRESS = (Rate(HOUR, 3), Rate(DAY, 5), Rate(7 * DAY, 8), Rate(28 * DAY, 12))
"""Mails to one address that strangers ask for: the intervals grow, up to a few a month."""
PER_READER = (Rate(HOUR, 3), Rate(DAY, 10))
"""Mails to one address that its own reader asks for."""
PER_CLIENT = Rate(HOUR, 20)
OF_STRANGERS = Rate(HOUR, 5_000)
"""Mails that all strangers ask for, so that nobody wears the relay out."""
TRIES = Rate(HOUR, 100)
"""Confirmations by one client; a token cannot be guessed, but nobody needs to try."""

LOOKS = Rate(HOUR, 600)
"""Previews by one client: somebody who ticks and unticks has enough, a program has not."""
TESTS = Rate(HOUR, 30)
"""Test copies that one operator has sent."""
WRONG_PASSWORDS = (Rate(60, 5), Rate(HOUR, 20), Rate(DAY, 60))
"""Wrong passwords of one client; each window that is full makes the wait longer."""
NETWORKS = {4: {32: 1, 24: 5}, 6: {64: 1, 56: 3, 48: 10}}
"""By version of the protocol: what is counted as one client, larger networks with a multiple of
its limit. A household has a /64 or a /56 to itself, a customer of a data centre a /48."""
NO_DOTS = {"gmail.com", "googlemail.com"}
"""Where dots in the local part say nothing, and both domains are one."""
TURN_SECONDS = 2.0
"""How long to wait for others who are asking the store, before it counts as out of reach."""


@dataclass(frozen=True)
class Limits:
    """The limits of one publication's pages; ``secret`` makes the fingerprints."""

    rate_limiter: RateLimiter
    secret: bytes
    clock: Callable[[], datetime]
    turn: threading.Lock = field(default_factory=threading.Lock)

    def allow(self, address: str, client: str) -> bool:
        """Whether ``client``, a stranger, may ask for one more mail to ``address``."""
        return self._take(
            {self._key("address", mailbox(address)): PER_ADDRESS, "pages all": (OF_STRANGERS,)}
            | self._clients("client", client, (PER_CLIENT,))
        )

    def allow_reader(self, address: str, client: str) -> bool:
        """Whether the reader with ``address``, at ``client``, may ask for one more mail."""
        return self._take(
            {self._key("reader", mailbox(address)): PER_READER}
            | self._clients("reader client", client, (PER_CLIENT,))
        )

    def allow_move(self, reader: int, address: str, client: str) -> bool:
        """Whether this reader may have one more mail sent to ``address``, which is to be theirs."""
        return self._take(
            {
                self._key("mover", str(reader)): PER_READER,
                self._key("moved", mailbox(address)): PER_ADDRESS,
            }
            | self._clients("reader client", client, (PER_CLIENT,))
        )

    def try_once(self, client: str) -> bool:
        """Whether ``client`` may try one more link to confirm with."""
        return self._take(self._clients("tries", client, (TRIES,)))

    def look(self, client: str) -> bool:
        """Whether ``client`` may have one more preview."""
        return self._take(self._clients("looks", client, (LOOKS,)))

    def test(self, operator: str) -> bool:
        """Whether this operator may have one more test copy sent."""
        return self._take({self._key("tests", operator): (TESTS,)})

    def wrong_password(self, client: str) -> datetime | None:
        """Count a wrong password of ``client``; until when no more are listened to, if at all."""
        found = self._full(self._clients("guess", client, WRONG_PASSWORDS))
        return None if found is None else found.until

    def held_off(self, engine: Engine, client: str) -> datetime | None:
        """Until when ``client`` is not listened to, after too many wrong passwords; counts none."""
        found = rate_store.peek(
            engine, self._clients("guess", client, WRONG_PASSWORDS), self.clock()
        )
        return None if found is None else found.until

    def _take(self, wanted: dict[str, tuple[Rate, ...]]) -> bool:
        return self._full(wanted) is None

    def _full(self, wanted: dict[str, tuple[Rate, ...]]) -> LimitReached | None:
        # One at a time: a store that is busy is waited for by one thread, and not by all in turn.
        if not self.turn.acquire(timeout=TURN_SECONDS):
            raise StoreAwayError("the store is busy")
        try:
            found = self.rate_limiter.take(wanted, self.clock())
        finally:
            self.turn.release()
        return found if isinstance(found, LimitReached) else None

    def _clients(
        self, kind: str, client: str, most: tuple[Rate, ...]
    ) -> dict[str, tuple[Rate, ...]]:
        """The limits of ``client`` and of the networks it is in."""
        found = network_address(client)
        if found is None:
            return {self._key(kind, client): most}
        sizes = NETWORKS[found.version]
        return {
            self._key(kind, str(one)): tuple(Rate(r.seconds, r.most * times) for r in most)
            for one, times in zip(around(found, sizes), sizes.values(), strict=True)
        }

    def _key(self, kind: str, value: str) -> str:
        fingerprint = hmac.digest(self.secret, f"pages {kind} {value}".encode(), "sha256")
        return f"pages {kind} {fingerprint.hex()[:32]}"


def mailbox(address: str) -> str:
    """The mailbox an address leads to, as far as one can tell: without +tag (RFC 5233), and at
    Gmail without dots."""
    local, _, domain = fold(address).rpartition("@")
    local = local.partition("+")[0] or local
    if domain in NO_DOTS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def network(client: str) -> str:
    """What counts as one client: an address, of IPv6 its first half, since one household has all
    the rest."""
    found = network_address(client)
    if found is None:
        return client
    (size, *_) = NETWORKS[found.version]
    return str(found) if found.version == 4 else str(around(found, [size])[0])
