"""What operators watch: is it alive, is it ready, how is it doing. Nothing of any reader.

Neither of the first two waits for what other requests wait for: ``/healthz`` for nothing at all,
``/readyz`` for an answer of its own that may take a few seconds and is shared by all who ask.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime

import anyio.to_thread
import sqlalchemy as sa
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from mailer.ledger import counts
from mailer.monitoring import alerts, heartbeats, job_runs, readiness, troubles
from mailer.monitoring.readiness import Problem
from mailer.monitoring.troubles import Kind
from mailer.web.hooks import Hooks
from mailer.web.response_cache import ResponseCache
from mailer.web.site import Site, of
from recommender.models import Edition, Event, InboundMessage, Status, Subscriber, WebhookEvent
from recommender.storage import database

PATIENCE_SECONDS = 3.5
"""For how long `/readyz` waits for the store; those who ask wait four or five."""
FRESH_SECONDS = 1.0
RECENT = 4
"""Editions in the metrics."""


async def alive(_request: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


async def ready(request: Request) -> Response:
    """Whether scheduler and sender are alive, no edition is overdue, and the store can be written;
    otherwise 503, and why."""
    site = request.app.state.site
    found = await _answers(request.app).ask(
        lambda: readiness.problems(site.engine, site.settings, site.clock())
    )
    reasons = [{"what": problem.what, "why": problem.why} for problem in found]
    return JSONResponse({"ready": not found, "reasons": reasons}, 503 if found else 200)


class _Answers:
    """The latest answer to whether all is well, found out by one thread at a time."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._threads = anyio.CapacityLimiter(1)
        self._found: list[Problem] = []
        self._until = float("-inf")

    async def ask(self, look: Callable[[], list[Problem]]) -> list[Problem]:
        async with self._lock:
            if time.monotonic() > self._until:
                self._found = await self._look(look)
                self._until = time.monotonic() + FRESH_SECONDS
            return self._found

    async def _look(self, look: Callable[[], list[Problem]]) -> list[Problem]:
        try:
            with anyio.fail_after(PATIENCE_SECONDS):
                return await anyio.to_thread.run_sync(
                    look, limiter=self._threads, abandon_on_cancel=True
                )
        except TimeoutError:
            return [Problem("store", "the store does not answer")]


def _answers(app: Starlette) -> _Answers:
    if not hasattr(app.state, "readiness"):
        app.state.readiness = _Answers()
    found = app.state.readiness
    if not isinstance(found, _Answers):
        raise TypeError("another has taken the name")
    return found


def metrics(request: Request) -> Response:
    """Counts from the store in Prometheus' text format."""
    site = of(request)
    counted: ResponseCache[bytes] = request.app.state.counted
    return Response(
        counted.get("metrics", lambda: _count(site, request.app.state.hooks)),
        media_type=CONTENT_TYPE_LATEST,
    )


def _count(site: Site, hooks: Hooks) -> bytes:
    registry = CollectorRegistry()
    registry.register(hooks)
    deliveries = Gauge(
        "newsletter_deliveries", "Copies by state", ["edition", "state"], registry=registry
    )
    subscribers = Gauge("newsletter_subscribers", "Readers", ["status"], registry=registry)
    events = Gauge("newsletter_events", "Answers that count", ["kind"], registry=registry)
    with database.reading(site.engine) as session:
        recent = session.scalars(
            sa.select(Edition)
            .options(sa.orm.joinedload(Edition.newsletter))
            .order_by(Edition.id.desc())
            .limit(RECENT)
        ).all()
        for edition in recent:
            for state, number in counts.count(session, edition.id).states.items():
                deliveries.labels(edition.name, str(state)).set(number)
        held = sa.select(Subscriber.status, sa.func.count()).group_by(Subscriber.status)
        found = dict(session.execute(held).all())
        for status in Status:
            subscribers.labels(str(status)).set(found.get(status, 0))
        answered = sa.select(Event.kind, sa.func.count()).where(Event.verified).group_by(Event.kind)
        for kind, number in session.execute(answered):
            events.labels(str(kind)).set(number)
        reported = Gauge(
            "newsletter_webhook_events",
            "Events that providers reported, as long as they are kept",
            ["provider", "meaning"],
            registry=registry,
        )
        kept = sa.select(WebhookEvent.provider, WebhookEvent.meaning, sa.func.count())
        for provider, meaning, number in session.execute(
            kept.group_by(WebhookEvent.provider, WebhookEvent.meaning)
        ):
            reported.labels(provider, meaning).set(number)
        returned = Gauge(
            "newsletter_inbound_messages",
            "Mail that came back and was acted on, as long as that is kept",
            ["way", "kind", "about"],
            registry=registry,
        )
        columns = (InboundMessage.way, InboundMessage.kind, InboundMessage.about)
        for way, taken_for, about, number in session.execute(
            sa.select(*columns, sa.func.count()).group_by(*columns)
        ):
            returned.labels(way, taken_for, about or "").set(number)
        _service(session, site, registry, recent)
    return generate_latest(registry)


def _service(
    session: Session, site: Site, registry: CollectorRegistry, recent: Sequence[Edition]
) -> None:
    """How the service itself is doing: its jobs, its parts, what is late, what goes wrong."""

    def gauge(name: str, what: str, *labels: str) -> Gauge:
        return Gauge(f"newsletter_{name}", what, labels, registry=registry)

    success = gauge("job_last_success_timestamp_seconds", "When a job last did its work", "job")
    failing = gauge("job_failing", "1 when the latest run of a job failed", "job")
    for name, run in job_runs.by_name(session).items():
        success.labels(name).set(_seconds(run.succeeded_at))
        failing.labels(name).set(run.error is not None)
    alive = gauge("heartbeat_timestamp_seconds", "The last sign of life of a part", "part")
    for kind, at in heartbeats.latest(session).items():
        alive.labels(str(kind)).set(_seconds(at))
    working, gone = heartbeats.workers(session, site.clock())
    workers = gauge("workers", "Workers that are alive, or died within the last hour", "state")
    workers.labels("alive").set(working)
    workers.labels("gone").set(len(gone))
    wrong = gauge("trouble", "1 for each thing that is wrong", "kind", "subject")
    for one in troubles.found(site.engine, session, site.settings, site.clock()):
        wrong.labels(one.kind, one.subject).set(1)
    for known in alerts.ongoing(session):  # relays are asked for alerts only
        if known.kind == Kind.RELAY:
            wrong.labels(known.kind, known.subject).set(1)
    late = readiness.overdue(session, site.settings, site.clock())
    gauge("edition_overdue_seconds", "How late the latest edition is").set(late.total_seconds())
    trouble = gauge("edition_trouble", "1 when an edition could not be sent (relay)", "edition")
    last = gauge("edition_last_error_timestamp_seconds", "When that was last so", "edition")
    for edition in recent:
        trouble.labels(edition.name).set(edition.last_error is not None)
        last.labels(edition.name).set(_seconds(edition.last_error_at))


def _seconds(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


ROUTES: list[BaseRoute] = [
    Route("/healthz", alive, methods=["GET"]),
    Route("/readyz", ready, methods=["GET"]),
    Route("/metrics", metrics, methods=["GET"]),
]
