"""Which relay a message goes through: the first that works, and the next when it does not.

A relay that cannot be used is left alone for a while, longer each time (a circuit breaker). A
message moves on to another relay only while it is certain that the first has not taken it.
"""

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from mailer.message import Message
from mailer.smtp import Connection, ConnectionLost, Relay, StartTls
from mailer.transport import Verdict
from recommender.errors import ConfigurationError, TransportError

FIRST_PAUSE = 5.0
LONGEST_PAUSE = 300.0
_MODES: dict[str, StartTls] = {"require": "require", "optional": "optional", "never": "never"}


def parse(text: str) -> tuple[Relay, ...]:
    """The relays of ``smtp_url``, in order. ConfigurationError names the key, never a password."""
    return tuple(_relay(part.strip()) for part in text.split(",") if part.strip())


def _relay(text: str) -> Relay:
    wrong = "smtp_url: expected smtp://user:password@host:port?starttls=require or smtps://…"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(wrong) from error
    host = parts.hostname
    if parts.scheme not in ("smtp", "smtps") or not host or parts.path not in ("", "/"):
        raise ConfigurationError(wrong)
    options = parse_qs(parts.query, keep_blank_values=True)
    mode = options.pop("starttls", ["optional" if is_local(host) else "require"])[-1]
    if options or mode not in _MODES:
        raise ConfigurationError("smtp_url: the only option is starttls=require|optional|never")
    implicit = parts.scheme == "smtps"
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


@dataclass
class _Standing:
    """How a relay has been doing."""

    relay: Relay
    failures: int = 0
    not_before: float = 0.0
    why: str = ""


class Relays:
    """The relays as one transport for one thread: an open connection and those to fail over to."""

    def __init__(
        self,
        relays: tuple[Relay, ...],
        *,
        timeout: float,
        messages_per_connection: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._standings = [_Standing(relay) for relay in relays]
        self._timeout = timeout
        self._most = messages_per_connection
        self._monotonic = monotonic
        self._connection: Connection | None = None

    def offer(self, message: Message, *, number: int) -> Verdict | None:
        """As ``Transport.offer``; ``number`` means nothing to a relay."""
        for standing in self._standings:
            if standing.not_before > self._monotonic():
                continue
            try:
                return self._through(standing.relay, message)
            except (TransportError, ConnectionLost) as error:
                self._set_aside(standing, str(error))
        raise TransportError("; ".join(standing.why for standing in self._standings))

    def try_out(self) -> None:
        """Open a connection to the first relay; TransportError when that does not work."""
        self._connected(self._standings[0].relay)

    def _through(self, relay: Relay, message: Message) -> Verdict | None:
        """Offer by way of ``relay``. A kept connection that turns out to be closed is opened anew
        once: servers close at a limit of their own, without a word."""
        connection, fresh = self._connected(relay)
        try:
            return connection.offer(message)
        except ConnectionLost:
            connection.close(polite=False)
            if fresh:
                raise
            connection, _ = self._connected(relay)
            return connection.offer(message)

    def _connected(self, relay: Relay) -> tuple[Connection, bool]:
        held = self._connection
        if held is not None and held.open and held.relay == relay and held.sent < self._most:
            return held, False
        if held is not None:
            held.close()
        self._connection = Connection(relay, self._timeout)
        return self._connection, True

    def _set_aside(self, standing: _Standing, why: str) -> None:
        pause = min(FIRST_PAUSE * 2**standing.failures, LONGEST_PAUSE)
        standing.failures += 1
        standing.not_before = self._monotonic() + pause
        standing.why = why if why.startswith("relay ") else f"relay {standing.relay.name}: {why}"

    def commit(self) -> Verdict:
        if self._connection is None:
            raise RuntimeError("commit without offer")
        verdict = self._connection.commit()
        for standing in self._standings:
            if standing.relay == self._connection.relay:
                standing.failures = 0
        return verdict

    def abort(self) -> None:
        """The text has been written, so the only way not to deliver it is to hang up."""
        if self._connection is not None:
            self._connection.close(polite=False)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
