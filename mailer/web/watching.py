"""What operators watch: is it alive, is it ready, how is it doing. Nothing of any reader."""

import sqlalchemy as sa
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy.engine import Engine
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from mailer.edition import counts
from mailer.web.shared import Shared
from mailer.web.site import of
from recommender import database, store
from recommender.errors import NewsletterError
from recommender.models import Edition, Event, Status, Subscriber

RECENT = 4
"""Editions in the metrics."""


def alive(_request: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


def ready(request: Request) -> Response:
    """The store can be read and is of this version."""
    site = of(request)
    try:
        found = store.revision(site.engine)
    except NewsletterError:
        return PlainTextResponse("the store cannot be read\n", 503)
    if found != store.head():
        return PlainTextResponse("the store must be migrated: newsletter init\n", 503)
    return PlainTextResponse("ready\n")


def metrics(request: Request) -> Response:
    """Counts from the store in Prometheus' text format."""
    engine = of(request).engine
    counted: Shared[bytes] = request.app.state.counted
    return Response(counted.get("metrics", lambda: _count(engine)), media_type=CONTENT_TYPE_LATEST)


def _count(engine: Engine) -> bytes:
    registry = CollectorRegistry()
    deliveries = Gauge(
        "newsletter_deliveries", "Copies by state", ["edition", "state"], registry=registry
    )
    subscribers = Gauge("newsletter_subscribers", "Readers", ["status"], registry=registry)
    events = Gauge("newsletter_events", "Answers that count", ["kind"], registry=registry)
    with database.reading(engine) as session:
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
    return generate_latest(registry)


ROUTES: list[BaseRoute] = [
    Route("/healthz", alive, methods=["GET"]),
    Route("/readyz", ready, methods=["GET"]),
    Route("/metrics", metrics, methods=["GET"]),
]
