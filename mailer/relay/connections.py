"""Open connections to relays, shared by the lanes of a sender.

A lane borrows one for one message. A server that takes fewer connections than there are lanes
is served with as many as it takes: the others wait their turn, and now and then one more is tried.
It knows nothing of which relay to use, nor of rates.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from mailer.relay.green_threads import Lane, current
from mailer.relay.transport import Connection, Pipeline, Relay
from recommender.errors import TransportError

WAIT = 0.5
"""Seconds to wait for another's connection before the caller may think again."""
FIRST_TRY = 15.0
LONGEST_TRY = 600.0
"""Seconds until one more connection than the server took is tried again; doubled each time."""


@dataclass
class PooledConnection:
    """A transport that is open to ``relay``; ``carried`` counts the messages it was given.
    ``pipeline`` is the transport where the next message can be begun on it."""

    relay: Relay
    transport: Connection
    carried: int = 0
    pipeline: Pipeline | None = None

    def __post_init__(self) -> None:
        if isinstance(self.transport, Pipeline):
            self.pipeline = self.transport

    @property
    def begun(self) -> bool:
        """Whether the next message is begun on it, so that it can take no other."""
        return self.pipeline is not None and self.pipeline.begun


@dataclass
class _Line:
    """The connections to one relay. ``open`` counts those in use and those being made, too."""

    idle: list[PooledConnection] = field(default_factory=list)
    open: int = 0
    ceiling: int | None = None
    more_at: float = 0.0
    tries: int = 0


class Connections:
    """Connections to several relays, for all lanes of a thread."""

    def __init__(
        self,
        relays: tuple[Relay, ...],
        *,
        timeout: float,
        messages_each: int,
        monotonic: Callable[[], float],
    ) -> None:
        self._timeout = timeout
        self._messages_each = messages_each
        self._monotonic = monotonic
        self._lines = {relay: _Line() for relay in relays}
        self._waiting: deque[Lane] = deque()

    def borrow(self, relay: Relay, *, fresh: bool = False) -> PooledConnection | None:
        """A connection to ``relay`` for one message; ``fresh``: one that has carried none.

        None when the server takes no more and all are in use just now. Raises TransportError when
        none can be made and none is open.
        """
        line = self._lines[relay]
        while (kept := self._kept(line, fresh=fresh)) is None:
            if self._may_open(line):
                return self._open(relay, line)
            if not self._wait():
                return None
        return kept

    def may_carry_another(self, connection: PooledConnection) -> bool:
        """Whether it may carry one more message before somebody else borrows it."""
        line = self._lines[connection.relay]
        return line.ceiling is None and connection.carried < self._messages_each

    def give_back(self, connection: PooledConnection) -> None:
        """The message has been answered, or there was none."""
        if connection.begun:
            connection.transport.abort()
        line = self._lines[connection.relay]
        if connection.transport.open:
            line.idle.append(connection)
        else:
            line.open -= 1
        self._wake(1)

    def drop(self, connection: PooledConnection) -> None:
        """What was offered over it shall not be delivered."""
        connection.transport.abort()
        self.give_back(connection)

    def close(self) -> None:
        """Take leave on every connection that is not in use."""
        for line in self._lines.values():
            while line.idle:
                line.open -= 1
                line.idle.pop().transport.close()

    def _kept(self, line: _Line, *, fresh: bool) -> PooledConnection | None:
        """One that is open and may carry another message; those that may not are closed."""
        while line.idle:
            connection = line.idle.pop()
            if (
                not fresh
                and connection.carried < self._messages_each
                and connection.transport.ready()
            ):
                return connection
            line.open -= 1
            connection.transport.close()
            if fresh:
                break
        return None

    def _may_open(self, line: _Line) -> bool:
        if line.ceiling is None or line.open < line.ceiling:
            return True
        if self._monotonic() < line.more_at:
            return False
        line.ceiling += 1
        self._try_later(line)
        return line.open < line.ceiling

    def _open(self, relay: Relay, line: _Line) -> PooledConnection | None:
        line.open += 1
        try:
            return PooledConnection(relay, relay.connect(self._timeout))
        except TransportError:
            line.open -= 1
            self._wake(len(self._waiting))
            if line.open == 0:
                line.ceiling = None
                raise
            line.ceiling = line.open
            self._try_later(line)
            return None

    def _try_later(self, line: _Line) -> None:
        line.more_at = self._monotonic() + min(FIRST_TRY * 2**line.tries, LONGEST_TRY)
        line.tries += 1

    def _wait(self) -> bool:
        """Wait until a lane has given one back; False when none has in time. Outside of any lane
        there is nobody who could."""
        if (lane := current()) is None:
            return False
        self._waiting.append(lane)
        try:
            return lane.park(time.monotonic() + WAIT) is not None
        finally:
            if lane in self._waiting:
                self._waiting.remove(lane)

    def _wake(self, most: int) -> None:
        """Let so many of those that wait look again."""
        for _ in range(min(most, len(self._waiting))):
            self._waiting.popleft().wake()
