"""A run of delivery under one name: what it has in hand, what has happened, whether it must end.

It makes the copies that lanes ask for. It claims nothing and records nothing.
"""

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.inbound.dead_mailbox_policy import DEFAULT, SoftBounceLimit
from mailer.ledger import editions
from mailer.ledger.claims import Claim
from mailer.mime.message import Message
from mailer.relay.green_threads import Lane, Lanes, current
from mailer.relay.registry import OpenTransport
from mailer.throttling.circuit_breaker import CircuitBreaker
from mailer.throttling.throttle import Throttle
from recommender.errors import StoreAwayError
from recommender.models import EditionState
from recommender.storage import database
from recommender.storage.locks import Lock

POLL_SECONDS = 0.1
"""How often it looks whether the edition has been paused; in between it hears a stop."""
GRACE_SECONDS = 4.0
"""How long copies on the wire may take when the sender shall stop; with all that is to be written
afterwards it must be gone within ten seconds."""
LOOK_SECONDS = 1.0
"""How often it looks whether too many copies are turned away."""


@dataclass(frozen=True)
class DeliveryContext:
    """What to deliver, ``most`` so many copies, and with what. ``copy`` makes the message of a
    claim. ``open_transport`` is called once per connection. ``awake`` moves the moment of a claim's
    next attempt out of its reader's quiet hours. ``readers``, a condition on Subscriber, says whose
    copies to deliver, if not all."""

    edition_id: int
    copy: Callable[[Claim], Message]
    open_transport: OpenTransport
    throttle: Throttle
    circuit_breaker: CircuitBreaker
    awake: Callable[[Claim, datetime], datetime]
    connections: int
    at_local_time: bool
    too_late: timedelta | None
    retry_for: timedelta
    most: float = float("inf")
    readers: sa.ColumnElement[bool] | None = None
    soft_bounces: SoftBounceLimit = DEFAULT


Copy = tuple[Claim, Message | Exception]
"""A claimed copy as a message, or why none could be made."""


@dataclass
class Run:
    """A run of ``deliver`` under one name, ``owner``: what it has in hand (``work``, and what is
    ``made`` of it already), and what has happened so far. ``trouble`` ends it, and so does a limit
    that is used up (``halt_reason`` says which). ``left`` is how many more copies may be claimed;
    ``lock`` says that the owner is alive."""

    engine: Engine
    context: DeliveryContext
    clock: Callable[[], datetime]
    stop: threading.Event
    owner: str = field(default_factory=lambda: uuid.uuid4().hex)
    lanes: Lanes = field(default_factory=Lanes)
    work: deque[Claim] = field(default_factory=deque)
    made: deque[Copy] = field(default_factory=deque)
    idle: list[Lane] = field(default_factory=list)
    no_more: bool = False
    left: float = float("inf")
    handled: int = 0
    lock: Lock | None = None
    leave_by: float = float("inf")
    halt_reason: str | None = None
    trouble: Exception | None = None
    _asked: float = float("-inf")
    _looked: float = float("-inf")

    def next(self, ahead: Copy | None = None) -> Copy | None:
        """The next copy for the lane that calls, ``ahead`` if it has made one; None when there is
        none, or the run has ended."""
        if ahead is not None and not self.no_more:
            return ahead
        while not self.work and not self.made and not self.no_more:
            lane = current()
            if lane is None:
                raise RuntimeError("only a lane waits for copies")
            self.idle.append(lane)
            lane.park()
        return self.ahead()

    def ahead(self) -> Copy | None:
        """The next copy, if there is one already."""
        if not self.made and not self.make():
            return None
        return self.made.popleft()

    def make(self) -> bool:
        """Make a copy for the lane that asks next, while others are waited for; False when there is
        none to be made, or enough are."""
        if not self.work or len(self.made) >= self.context.connections:
            return False
        claim = self.work.popleft()
        try:
            self.made.append((claim, self.context.copy(claim)))
        except Exception as error:  # noqa: BLE001  (for the lane to judge)
            self.made.append((claim, error))
        return True

    def rest(self, seconds: float) -> bool:
        """As ``lanes.rest``; meanwhile copies are made."""
        until = time.monotonic() + seconds
        while not self.lanes.rest(0.0):
            if time.monotonic() >= until or not self.make():
                return self.lanes.rest(max(0.0, until - time.monotonic()))
        return True

    def offer_work(self) -> None:
        """Wake lanes that wait for copies."""
        idle, self.idle = self.idle, []
        for lane in idle:
            lane.wake()

    def busy(self) -> bool:
        """Whether there are copies in hand."""
        return bool(self.work or self.made) or len(self.idle) < self.lanes.alive

    def end(self) -> None:
        """Begin no further copy."""
        self.work.clear()
        self.made.clear()
        self.no_more = True
        self.lanes.halt()
        self.offer_work()

    def late(self) -> bool:
        """Whether it has been asked to stop so long ago that nothing more is waited for."""
        if self.leave_by == float("inf") and self.stop.is_set():
            self.leave_by = time.monotonic() + GRACE_SECONDS
        return time.monotonic() > self.leave_by

    def halted(self) -> bool:
        """Whether this run must end: asked to stop, in trouble, or the edition was paused, be it
        by somebody or because too many copies were turned away."""
        if self.trouble is not None or self.stop.is_set():
            return True
        now = time.monotonic()
        if now < self._asked + POLL_SECONDS:
            return False
        self._asked = now
        if now - self._looked > LOOK_SECONDS:
            self._looked = now
            if self.lock is not None and not self.lock.alive():
                raise StoreAwayError("this sender has lost the lock that says it is alive")
            self.context.circuit_breaker.look(self.engine, self.clock())
        with database.reading(self.engine) as session:
            return editions.state(session, self.context.edition_id) != EditionState.SENDING
