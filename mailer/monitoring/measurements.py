"""The values of the metrics, read from the store. Nothing of any reader.

A store that cannot be read is a measurement, too: ``store_up`` is 0 then, and the trouble has its
name.
"""

import shutil
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from importlib.metadata import version

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.ledger import counts, editions
from mailer.monitoring import (
    alerts,
    heartbeats,
    job_runs,
    probes,
    readiness,
    surroundings,
    troubles,
)
from mailer.monitoring.metric_table import METRICS, PLACES, SERVICE, STORED
from mailer.throttling import pauses
from recommender.articles import feed_schedule
from recommender.errors import StoreError
from recommender.models import (
    Edition,
    Event,
    Feed,
    InboundMessage,
    Status,
    Subscriber,
    WebhookEvent,
)
from recommender.settings import Settings
from recommender.storage import database

RECENT_EDITIONS = 4
"""Editions whose copies are counted."""
DAY = timedelta(days=1)


class Measurements:
    """Values by metric, in the order of the table; a metric without any is there all the same."""

    def __init__(self) -> None:
        self._families = {
            one.name: GaugeMetricFamily(one.full_name, one.help, labels=one.labels)
            for one in (*STORED, *SERVICE, *PLACES)
        }

    def put(self, name: str, value: float | datetime | None, *labels: str) -> None:
        """A value of the metric ``name``; a moment counts in seconds, no moment is 0."""
        if value is None or isinstance(value, datetime):
            value = value.timestamp() if value else 0.0
        if len(labels) != len(METRICS[name].labels):
            raise ValueError(f"{name} has the labels {METRICS[name].labels}")
        self._families[name].add_metric(labels, value)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """As a collector of prometheus_client gives them."""
        yield from self._families.values()


def measure(engine: Engine, settings: Settings, now: datetime) -> Measurements:
    """Everything, at ``now`` of this machine."""
    into = _host(engine, settings)
    begun = time.monotonic()
    try:
        skew = database.skew(engine, now)
        with database.reading(engine) as session:
            _store(into, session, now + skew)
            _service(into, session, settings, now + skew)
            for trouble in troubles.known(engine, session, settings, now + skew, skew):
                into.put("trouble", 1, trouble.kind, trouble.subject)
            _probed(into, session)
        into.put("clock_skew_seconds", skew.total_seconds())
        into.put("store_up", 1)
    except (StoreError, sa.exc.SQLAlchemyError) as error:
        into = _host(engine, settings)  # what was read half is not given
        into.put("store_up", 0)
        trouble = surroundings.store_away(error)
        into.put("trouble", 1, trouble.kind, trouble.subject)
    into.put("store_read_seconds", time.monotonic() - begun)
    return into


def _host(engine: Engine, settings: Settings) -> Measurements:
    into = Measurements()
    into.put("build_info", 1, version("newsletter-recommender"))
    for place in readiness.places(engine, settings):
        disk = shutil.disk_usage(place)
        into.put("disk_free_bytes", disk.free, str(place))
        into.put("disk_size_bytes", disk.total, str(place))
    return into


def _store(into: Measurements, session: Session, now: datetime) -> None:
    recent = _recent(session)
    sent = 0
    for edition in recent:
        for state, number in counts.count(session, edition.id).states.items():
            into.put("deliveries", number, edition.name, state)
        sent += counts.sent_since(session, edition.id, now - DAY)
    into.put("recent_sent_copies", sent)
    on_their_way = editions.on_their_way(session)
    for waits_for, number in counts.queue(session, on_their_way, now).items():
        into.put("queue_copies", number, waits_for)
    oldest = counts.first_due(session, on_their_way)
    late = max(now - oldest, timedelta(0)) if oldest else timedelta(0)
    into.put("queue_oldest_seconds", late.total_seconds())
    _answers(into, session, now)
    _feeds(into, session)
    into.put("paused_domains", len(pauses.paused(session, now)))


def _recent(session: Session) -> Sequence[Edition]:
    query = sa.select(Edition).options(sa.orm.joinedload(Edition.newsletter))
    return session.scalars(query.order_by(Edition.id.desc()).limit(RECENT_EDITIONS)).all()


def _answers(into: Measurements, session: Session, now: datetime) -> None:
    held = sa.select(Subscriber.status, sa.func.count()).group_by(Subscriber.status)
    found = dict(session.execute(held).all())
    for status in Status:
        into.put("subscribers", found.get(status, 0), status)
    answered = sa.select(Event.kind, sa.func.count()).where(Event.verified).group_by(Event.kind)
    for kind, number in session.execute(answered):
        into.put("events", number, kind)
    for kind, number in session.execute(answered.where(Event.at > now - DAY)):
        into.put("recent_events", number, kind)
    reported = (WebhookEvent.provider, WebhookEvent.meaning)
    for provider, meaning, number in session.execute(
        sa.select(*reported, sa.func.count()).group_by(*reported)
    ):
        into.put("webhook_events", number, provider, meaning)
    returned = (InboundMessage.way, InboundMessage.kind, InboundMessage.about)
    for way, taken_for, about, number in session.execute(
        sa.select(*returned, sa.func.count()).group_by(*returned)
    ):
        into.put("inbound_messages", number, way, taken_for, about or "")


def _feeds(into: Measurements, session: Session) -> None:
    states = dict.fromkeys(("well", "failing", "gone", "paused"), 0)
    for feed in session.scalars(sa.select(Feed).order_by(Feed.id)):
        into.put("feed_last_success_timestamp_seconds", feed.succeeded_at, feed.url)
        states[feed_schedule.state(feed)] += 1
    for state, number in states.items():
        into.put("feeds", number, state)


def _service(into: Measurements, session: Session, settings: Settings, now: datetime) -> None:
    """How the service itself is doing: its jobs, its parts, what is late, what goes wrong."""
    for name, run in job_runs.by_name(session).items():
        into.put("job_last_success_timestamp_seconds", run.succeeded_at, name)
        into.put("job_failing", run.error is not None, name)
        if run.begun_at and run.succeeded_at and run.succeeded_at >= run.begun_at:
            took = run.succeeded_at - run.begun_at
            into.put("job_last_duration_seconds", took.total_seconds(), name)
    for kind, at in heartbeats.latest(session).items():
        into.put("heartbeat_timestamp_seconds", at, kind)
    working, gone = heartbeats.workers(session, now)
    into.put("workers", working, "alive")
    into.put("workers", len(gone), "gone")
    for one in alerts.ongoing(session):
        into.put("trouble_began_timestamp_seconds", one.began_at, one.kind, one.subject)
    into.put("alerts_waiting", len(alerts.waiting(session)))
    late = readiness.overdue(session, settings, now)
    into.put("edition_overdue_seconds", late.total_seconds())
    for edition in _recent(session):
        into.put("edition_trouble", edition.last_error is not None, edition.name)
        into.put("edition_last_error_timestamp_seconds", edition.last_error_at, edition.name)
    made = troubles.backed_up(session, settings)
    into.put("backup_last_success_timestamp_seconds", made)


def _probed(into: Measurements, session: Session) -> None:
    """What the process that asks around found last."""
    found = probes.latest(session)
    into.put("probe_timestamp_seconds", found.asked_at)
    into.put("store_write_seconds", found.store_seconds)
    into.put("certificate_expiry_timestamp_seconds", found.certificate_until)
    for relay in found.relays:
        into.put("relay_up", relay.up, relay.name)
        into.put("relay_response_seconds", relay.seconds, relay.name)
