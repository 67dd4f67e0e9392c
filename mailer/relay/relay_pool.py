"""Which relay a message goes through: the first that works, and the next when it does not.

All lanes of a sender share the open connections (``connections``) and what is known of each
relay (``health``). A message moves on to another relay only while it is certain that the first has
not taken it. Right before a message is offered, the lane's permits are asked.
"""

import time
from collections.abc import Callable
from datetime import timedelta

from mailer.mime.message import Message
from mailer.relay import refusals, slowdown
from mailer.relay.connections import Connections, PooledConnection
from mailer.relay.health import RelayHealth
from mailer.relay.transport import (
    ConnectionLostError,
    NoLimits,
    Permits,
    Relay,
    Verdict,
    VerdictKind,
    held,
)
from recommender.errors import TransportError

HELD = VerdictKind.HELD
LIMITS = "limits"
"""Who holds a message that may not go by way of any relay."""
RESTART = "restart"
"""Who holds a message while a relay that has worked is away for a moment."""
SPILL = timedelta(minutes=1)
"""A relay in reserve takes over from one whose rate is used up when that lasts longer."""
CLOSING = 421
"""The reply of a server that is about to close the connection (RFC 5321 section 3.8)."""


class RelayPool:
    """The relays in order of preference, for all lanes of a sender."""

    def __init__(
        self,
        relays: tuple[Relay, ...],
        *,
        timeout: float,
        messages_per_connection: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.relays = relays
        self.health = RelayHealth(relays, monotonic)
        self.connections = Connections(
            relays,
            timeout=timeout,
            messages_each=messages_per_connection,
            monotonic=monotonic,
        )
        self._users = 0

    def transport(self, permits: Permits | None = None) -> "RelayTransport":
        """A way out for one lane. The last to be closed takes leave of the relays."""
        self._users += 1
        return RelayTransport(self, permits or NoLimits())

    def leave(self) -> None:
        """One of the lanes needs no connection any more."""
        self._users -= 1
        if self._users == 0:
            self.connections.close()


class RelayTransport:
    """One lane's way out. Between ``offer`` and ``commit`` it has a connection of its own."""

    def __init__(self, pool: RelayPool, permits: Permits) -> None:
        self._pool = pool
        self._permits = permits
        self._connection: PooledConnection | None = None
        self._begun: PooledConnection | None = None  # on which the next message is begun
        self._closed = False

    def offer(self, message: Message, *, number: int) -> Verdict | None:
        """As ``Transport.offer``.

        A relay that closes, or loses the connection, is passed over for the next. When none is
        left, the message is deferred with the last one's words: it may be the message that they
        cannot digest, and the others shall not wait for it. When relays that work may not, or do
        not want to, take it now, it is held; so it is while one that has worked until now may be
        starting again. What a relay says of us and not of the message is no answer to it
        (``refusals``): others are tried, and after a few of those in a row it counts as broken.
        """
        try:
            return self._offer(message, number)
        finally:
            self._hang_up()

    def _offer(self, message: Message, number: int) -> Verdict | None:
        put_off: list[Verdict] = []
        for group in self._pool.health.groups():
            for relay in group:
                final, verdict = self._by_way_of(relay, message, number)
                if final:
                    return verdict
                if verdict is not None:
                    put_off.append(verdict)
            if any(v.until and v.until <= self._permits.now() + SPILL for v in put_off):
                break
        if put_off:
            return max(put_off, key=_weighty)
        if (seconds := self._pool.health.back_in()) is None:
            raise self._pool.health.trouble()
        until = self._permits.now() + timedelta(seconds=seconds)
        return Verdict(HELD, RESTART, reply="it may be starting again", until=until)

    def _by_way_of(
        self, relay: Relay, message: Message, number: int
    ) -> tuple[bool, Verdict | None]:
        """Offer by way of ``relay``: whether that settles it, and the verdict if there is one."""
        health = self._pool.health
        if not health.usable(relay):
            return False, None
        if health.rests(relay) > 0:
            return False, self._spared(relay, "it asked for less")
        try:
            verdict = self._through(relay, message, number)
        except TransportError as error:
            health.broken(relay, str(error))
            return False, None
        except ConnectionLostError as lost:
            verdict = Verdict(VerdictKind.DEFERRED, relay.name, reply=str(lost))
        if verdict is None or verdict.relay == LIMITS:
            return True, verdict
        if verdict.kind is HELD:
            return False, verdict
        if (ours := refusals.for_the_relay(verdict)) is not None:
            health.strike(relay, verdict.reply or "")
            return False, ours
        if slowdown.asked_by(verdict) == "relay":
            health.spare(relay, verdict.retry_after)
            return False, self._spared(relay, verdict.reply or "")
        if verdict.code is None or _closes(verdict):
            health.strike(relay, verdict.reply or "")
        settled = verdict.code is not None and not _closes(verdict)
        return settled and verdict.command is not None, verdict

    def _spared(self, relay: Relay, why: str) -> Verdict:
        """It takes no message for a moment; this one has nothing to do with that, and waits."""
        until = self._permits.now() + timedelta(seconds=self._pool.health.rests(relay))
        return Verdict(HELD, relay.name, reply=why, until=until)

    def _through(self, relay: Relay, message: Message, number: int) -> Verdict | None:
        """Offer over a connection. One that was kept and turns out to be closed, or about to be, is
        made anew once: servers have limits of their own, and some close without a word."""
        key = f"relay:{relay.name}"
        for fresh in (False, True):
            begun, self._begun = self._begun, None
            connection = begun or self._pool.connections.borrow(relay, fresh=fresh)
            if connection is None:
                words = "it takes no more connections"
                return Verdict(HELD, relay.name, reply=words, until=self._permits.now())
            kept = connection.carried > 0
            try:
                limit = self._permits.take(message.recipient, key, relay.rates)
                if limit is not None:
                    self._pool.connections.give_back(connection)
                    return held(limit, relay.name if limit.key == key else LIMITS)
                self._pool.health.serves(relay)
                connection.carried += 1
                verdict = connection.transport.offer(message, number=number)
            except ConnectionLostError:
                self._pool.connections.drop(connection)
                if not kept:
                    raise
                continue
            except BaseException:
                self._pool.connections.drop(connection)
                raise
            if verdict is None:
                self._connection = connection
                return None
            self._pool.connections.give_back(connection)
            if not (kept and _closes(verdict)):
                break
        return verdict

    def may_follow(self) -> bool:
        """Whether ``commit`` can begin the next message at once: there is one relay, and it takes
        as many connections as are wanted."""
        connection = self._connection
        return (
            connection is not None
            and connection.pipeline is not None
            and len(self._pool.relays) == 1
            and not connection.relay.rates
            and self._pool.connections.may_carry_another(connection)
        )

    def follow(self, message: Message) -> None:
        """``message``, which no limit holds, is offered next."""
        if self._connection is not None and self._connection.pipeline is not None:
            self._connection.pipeline.follow(message)

    def commit(self) -> Verdict:
        connection = self._connection
        if connection is None:
            raise RuntimeError("commit without offer")
        health, relay = self._pool.health, connection.relay
        try:
            verdict = connection.transport.commit()
        finally:
            self._connection = None
            if connection.begun:
                self._begun = connection
            else:
                self._pool.connections.give_back(connection)
        if verdict.kind is VerdictKind.ACCEPTED:
            health.works(relay)
            return verdict
        if (ours := refusals.for_the_relay(verdict)) is not None:
            if verdict.command == "AUTH":  # no message will go until somebody mends it
                health.broken(relay, f"relay {relay.name}: {verdict.reply}")
            else:
                health.strike(relay, verdict.reply or "")
            return ours
        if slowdown.asked_by(verdict) == "relay":
            health.spare(relay, verdict.retry_after)
        elif verdict.kind is VerdictKind.UNANSWERED or verdict.code is None or _closes(verdict):
            health.strike(relay, verdict.reply or "")
        else:
            health.works(relay)
        return verdict

    def abort(self) -> None:
        if self._connection is not None:
            self._pool.connections.drop(self._connection)
            self._connection = None
        self._hang_up()

    def _hang_up(self) -> None:
        """Take back the message that was begun, if it is not offered after all."""
        if self._begun is not None:
            self._pool.connections.give_back(self._begun)
            self._begun = None

    def close(self) -> None:
        self.abort()
        if not self._closed:
            self._closed = True
            self._pool.leave()


def _weighty(verdict: Verdict) -> tuple[int, float]:
    """A server's own words count most; of those that hold a message, the one that does so least;
    what we knew ourselves, that a relay cannot take it, only when there is no other."""
    if verdict.kind is HELD:
        return 1, -verdict.until.timestamp() if verdict.until else 0.0
    return 0 if verdict.kind is VerdictKind.REFUSED and verdict.command is None else 2, 0.0


def _closes(verdict: Verdict) -> bool:
    """Whether the server goes away with this answer, and not because of the recipient."""
    return verdict.code == CLOSING and not (
        verdict.command in ("RCPT", "DATA", ".")
        and (verdict.enhanced or "").startswith("4.7.")
        and slowdown.asked_by(verdict) == "domain"
    )
