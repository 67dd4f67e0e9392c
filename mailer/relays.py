"""Which relay a message goes through: the first that works, and the next when it does not.

A relay that cannot be used is left alone for a while, longer each time (a circuit breaker); all
connections of a sender share what is known of it. A message moves on to another relay only while it
is certain that the first has not taken it.
"""

import ipaddress
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from mailer.message import Message
from mailer.smtp import CLOSING, Connection, ConnectionLost, Relay, StartTls
from mailer.transport import Verdict, VerdictKind
from recommender.errors import ConfigurationError, TransportError

FIRST_PAUSE = 5.0
LONGEST_PAUSE = 300.0
STRIKES = 3
"""Connections lost in a row, with nothing accepted in between, before a relay is left alone."""
_MODES: dict[str, StartTls] = {"require": "require", "optional": "optional", "never": "never"}


def parse(text: str) -> tuple[Relay, ...]:
    """The relays of ``smtp_url``, in order. ConfigurationError names the key, never a password."""
    urls = [part.strip() for part in text.split(",")]
    found = tuple(_relay(url, number) for number, url in enumerate(urls, 1) if url)
    if not found:
        raise ConfigurationError("smtp_url: names no relay; leave it out to write to the outbox")
    return found


def _relay(url: str, number: int) -> Relay:
    form = (
        f"smtp_url: relay {number} is not smtp://user:password@host:port?starttls=require or "
        "smtps://…; write special characters of user and password as %40 for @ and so on"
    )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigurationError(form) from error
    if parts.scheme not in ("smtp", "smtps") or not host or parts.path not in ("", "/"):
        raise ConfigurationError(form)
    if parts.fragment or "#" in url or (parts.username is None) != (parts.password is None):
        raise ConfigurationError(form)
    options = parse_qs(parts.query, keep_blank_values=True)
    mode = options.pop("starttls", ["optional" if is_local(host) else "require"])[-1]
    if options or mode not in _MODES:
        raise ConfigurationError(
            f"smtp_url: relay {number}: the only option is starttls=require|optional|never"
        )
    implicit = parts.scheme == "smtps"
    if mode == "optional" and parts.username and not (implicit or is_local(host)):
        raise ConfigurationError(
            f"smtp_url: relay {number}: starttls=optional could send the password in the clear; "
            "use starttls=require"
        )
    return Relay(
        host=host,
        port=port or (465 if implicit else 587 if parts.username else 25),
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
        starttls=_MODES[mode],
        implicit_tls=implicit,
    )


def is_local(host: str) -> bool:
    """Whether ``host`` is this machine's loopback."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def try_out(relay: Relay, timeout: float) -> None:
    """Open a connection and take leave; TransportError when that does not work."""
    Connection(relay, timeout).close()


@dataclass
class _Standing:
    """How a relay has been doing. ``strikes`` and ``pauses`` are counted since it last worked."""

    relay: Relay
    strikes: int = 0
    pauses: int = 0
    not_before: float = float("-inf")
    why: str = ""


class RelayPool:
    """The relays in order of preference, and how each is doing. Shared by all connections."""

    def __init__(
        self,
        relays: tuple[Relay, ...],
        *,
        timeout: float,
        messages_per_connection: int,
        context: ssl.SSLContext | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.relays = relays
        self.timeout = timeout
        self.messages_per_connection = messages_per_connection
        self._context = context or ssl.create_default_context()
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._standings = {relay: _Standing(relay) for relay in relays}

    def transport(self) -> "RelayTransport":
        """A way out for one thread."""
        return RelayTransport(self)

    def connect(self, relay: Relay) -> Connection:
        return Connection(relay, self.timeout, context=self._context)

    def usable(self, relay: Relay) -> bool:
        """Whether ``relay`` is not being left alone."""
        with self._lock:
            return self._standings[relay].not_before <= self._monotonic()

    def works(self, relay: Relay) -> None:
        with self._lock:
            self._standings[relay] = _Standing(relay)

    def strike(self, relay: Relay, why: str) -> None:
        """A connection was lost; too many in a row, and the relay is left alone."""
        with self._lock:
            standing = self._standings[relay]
            standing.strikes += 1
            if standing.strikes >= STRIKES:
                self._leave_alone(standing, why)

    def broken(self, relay: Relay, why: str) -> None:
        """No connection can be made: the relay is left alone at once."""
        with self._lock:
            self._leave_alone(self._standings[relay], why)

    def trouble(self) -> TransportError:
        """Why no relay can be used."""
        with self._lock:
            whys = (standing.why for standing in self._standings.values())
            return TransportError("; ".join(why for why in whys if why))

    def _leave_alone(self, standing: _Standing, why: str) -> None:
        now = self._monotonic()
        standing.why = why if why.startswith("relay ") else f"relay {standing.relay.name}: {why}"
        if standing.not_before > now:
            return  # another connection has come to the same conclusion
        standing.not_before = now + min(FIRST_PAUSE * 2**standing.pauses, LONGEST_PAUSE)
        standing.pauses += 1


class RelayTransport:
    """One thread's way out: an open connection, and the relays to fall back on."""

    def __init__(self, pool: RelayPool) -> None:
        self._pool = pool
        self._connection: Connection | None = None

    def offer(self, message: Message, *, number: int) -> Verdict | None:
        """As ``Transport.offer``; ``number`` means nothing to a relay.

        A relay that closes, or loses the connection, is passed over for the next. When none is
        left, the message is deferred with the last one's words: it may be the message that they
        cannot digest, and the others shall not wait for it.
        """
        deferred: Verdict | None = None
        for relay in self._pool.relays:
            if not (self._pool.usable(relay) or self._holds(relay)):
                continue
            try:
                verdict = self._through(relay, message)
            except TransportError as error:
                self._pool.broken(relay, str(error))
                continue
            except ConnectionLost as lost:
                verdict = Verdict(VerdictKind.DEFERRED, relay.name, reply=str(lost))
            if verdict is None or (verdict.code not in (None, CLOSING)):
                return verdict
            self._pool.strike(relay, verdict.reply or "")
            deferred = verdict
        if deferred is None:
            raise self._pool.trouble()
        return deferred

    def _through(self, relay: Relay, message: Message) -> Verdict | None:
        """Offer by way of ``relay``. A kept connection that turns out to be closed, or about to be,
        is opened anew once: servers have limits of their own, and some close without a word."""
        if self._holds(relay) and self._connection is not None:
            try:
                verdict = self._connection.offer(message)
            except ConnectionLost:
                pass
            else:
                if verdict is None or verdict.code != CLOSING:
                    return verdict
        self.close()
        self._connection = self._pool.connect(relay)
        return self._connection.offer(message)

    def _holds(self, relay: Relay) -> bool:
        """Whether there is a connection to ``relay`` that can take one more message."""
        held = self._connection
        if held is None or held.relay != relay:
            return False
        return held.carried < self._pool.messages_per_connection and held.ready()

    def commit(self) -> Verdict:
        if self._connection is None:
            raise RuntimeError("commit without offer")
        relay = self._connection.relay
        verdict = self._connection.commit()
        unanswered = verdict.kind is VerdictKind.UNANSWERED
        if unanswered or verdict.code in (None, CLOSING):
            self._pool.strike(relay, verdict.reply or "")
        else:
            self._pool.works(relay)
        return verdict

    def abort(self) -> None:
        """The text has been written, so the only way not to deliver it is to hang up."""
        if self._connection is not None:
            self._connection.close(polite=False)
            self._connection = None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
