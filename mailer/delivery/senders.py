"""Senders of one edition: this process, or several processes side by side.

Each process is a sender in its own right: its own lock, claims, connections and copies in the
ledger, so one that is killed leaves what any sender leaves. Rates, pauses and the automatic stop
live in the store and hold for all together. The one that starts the others (``process_group``)
sends beside them, adds up what they say, and sends at last what one that died has left over.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer import process_group
from mailer.delivery import loop
from mailer.delivery.messages import CopyRequest
from mailer.delivery.messages import factory as make_factory
from mailer.delivery.run import DeliveryContext
from mailer.edition import schedule
from mailer.inbound.dead_mailbox_policy import SoftBounceLimit
from mailer.ledger import deliveries
from mailer.ledger.claims import Claim
from mailer.process_group import ProcessGroup
from mailer.relay import registry
from mailer.throttling.circuit_breaker import CircuitBreaker
from mailer.throttling.guard import Guard, Thresholds
from mailer.throttling.throttle import Throttle
from recommender import segments
from recommender.errors import NewsletterError, TransportError
from recommender.models import Edition
from recommender.settings import Settings, limits
from recommender.storage import database

ENOUGH = 1_000
"""Copies that are worth a process of their own: it takes as long to start as to send them."""


@dataclass(frozen=True)
class DeliveryTask:
    """What to send, ``most`` so many copies, and over how many connections to each relay; with
    ``segment`` to its readers as of ``since`` only."""

    settings: Settings
    edition_id: int
    at_local_time: bool
    connections: int
    most: float = float("inf")
    segment: str | None = None
    since: datetime | None = None

    def readers(self, session: Session) -> sa.ColumnElement[bool] | None:
        """The condition under which a subscriber's copy is to be sent; None: all of them."""
        if self.segment is None or self.since is None:
            return None
        return segments.condition(session, self.segment, self.since)

    @property
    def store_url(self) -> str:
        return self.settings.store_url

    def run(
        self, engine: Engine, stop: threading.Event, progress: Callable[[int], None]
    ) -> str | None:
        """The work of one process of the group."""
        return deliver_alone(
            engine,
            self,
            clock=lambda: datetime.now(UTC),  # noqa: TID251  (an edge: time is made here)
            stop=stop,
            progress=progress,
        )


def deliver(
    engine: Engine,
    task: DeliveryTask,
    *,
    processes: int,
    due: int,
    clock: Callable[[], datetime],
    stop: threading.Event,
    progress: Callable[[int], None],
) -> str | None:
    """Send all that is due, about ``due`` copies, by at most so many ``processes``, this one among
    them; otherwise as ``delivery.deliver``. Other processes have the real clock, whatever ``clock``
    is."""
    own, *shares = _shares(task, max(1, min(processes, due // ENOUGH)))
    if not shares:
        return deliver_alone(engine, task, clock=clock, stop=stop, progress=progress)
    others = ProcessGroup([process_group.start(share) for share in shares])
    done = 0

    def both(handled: int) -> None:
        nonlocal done
        done = handled
        others.poll(stop)
        progress(handled + others.handled)

    halt_reason = trouble = None
    try:
        try:
            halt_reason = deliver_alone(engine, own, clock=clock, stop=stop, progress=both)
        except NewsletterError as error:  # which the others need not share
            trouble = error
        others.work(stop, lambda handled: progress(done + handled))
    finally:
        others.end()
    if others.died:
        database.when_available(
            engine, lambda: deliveries.recover(engine, now=clock()), stop.is_set
        )
    if trouble is not None:
        raise trouble
    if others.trouble is not None:
        raise TransportError(others.trouble)
    halt_reason = halt_reason or others.halt_reason
    if halt_reason is not None or stop.is_set():
        return halt_reason
    done += others.handled
    return deliver_alone(
        engine, task, clock=clock, stop=stop, progress=lambda n: progress(done + n)
    )


def _shares(task: DeliveryTask, number: int) -> list[DeliveryTask]:
    """``task`` for each of at most so many processes."""
    return [
        replace(task, connections=connections)
        for connections in registry.shares(task.settings, task.connections, number)
    ]


def deliver_alone(
    engine: Engine,
    task: DeliveryTask,
    *,
    clock: Callable[[], datetime],
    stop: threading.Event,
    progress: Callable[[int], None],
) -> str | None:
    """Send all that is due by this process alone; otherwise as ``delivery.deliver``."""
    context = database.when_available(engine, lambda: _context(engine, task, clock), stop.is_set)
    return loop.deliver(engine, context, clock=clock, stop=stop, progress=progress)


def _context(engine: Engine, task: DeliveryTask, clock: Callable[[], datetime]) -> DeliveryContext:
    settings = task.settings
    with database.reading(engine) as session:
        edition = session.get_one(Edition, task.edition_id)
        factory = make_factory(session, settings, edition)
        factory.proof(clock())
        folder = settings.outbox / edition.name
        readers = task.readers(session)
    late = timedelta(hours=settings.catch_up_hours)
    throttle = Throttle(engine, settings, clock)
    quiet = None if settings.quiet_hours is None else limits.quiet_hours(settings.quiet_hours)

    def awake(claim: Claim, moment: datetime) -> datetime:
        return schedule.after_quiet(moment, ZoneInfo(claim.timezone or settings.timezone), quiet)

    return DeliveryContext(
        soft_bounces=SoftBounceLimit(settings.soft_bounces, settings.soft_bounce_days),
        edition_id=task.edition_id,
        copy=lambda claim: factory.message(CopyRequest.of_claim(claim), clock()),
        open_transport=registry.opener(settings, folder),
        throttle=throttle,
        circuit_breaker=CircuitBreaker(
            task.edition_id,
            settings.stop_when_bouncing,
            Guard(task.edition_id, Thresholds.of(settings)),
        ),
        awake=awake,
        connections=task.connections,
        at_local_time=task.at_local_time,
        too_late=late if task.at_local_time else None,
        retry_for=timedelta(hours=settings.retry_hours),
        most=task.most,
        readers=readers,
    )
