"""The product's hot queries as they are really sent, and how the database answers them."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session

from benchmarks import filling
from mailer.edition import retention
from mailer.engagement import feedback
from mailer.engagement.feedback import Click
from mailer.ledger import claims, counts, deliveries, editions
from mailer.throttling import circuit_breaker
from mailer.web import archive
from recommender.models import Delivery, Edition, Event, Subscriber
from recommender.subscribers import audience, consent, records

BIG = ("deliveries", "events", "consent_events")
"""Tables that grow with every edition; those of readers are scanned when all readers are asked."""
WASTE = 10_000
"""Rows that a statement may read and throw away."""


@dataclass(frozen=True)
class Probe:
    """One thing the product does."""

    name: str
    act: Callable[[Session], object]


@dataclass
class Explained:
    """How one statement ran: milliseconds, blocks read (PostgreSQL), the tables and how."""

    ms: float
    read: int
    summary: str
    faults: list[str] = field(default_factory=list)


def probes(engine: Engine, *, now: datetime, batch: int = audience.BATCH) -> list[Probe]:
    """Everything that is done often, or for one reader, on the newest of many editions."""
    with Session(engine) as session:
        edition = session.scalars(sa.select(Edition.id).order_by(Edition.id.desc()).limit(1)).one()
        first = session.scalars(sa.select(Edition.id).order_by(Edition.id).limit(1)).one()
        reader = session.scalars(sa.select(Subscriber).order_by(Subscriber.id).limit(1)).one()
        members = session.scalars(sa.select(Subscriber).order_by(Subscriber.id).limit(batch)).all()
        event = session.scalars(sa.select(Event).where(Event.delivery_id > 0).limit(1)).one()
        session.expunge_all()
    click = Click(now, event.story_id or 0, "GET", "Mozilla")
    old = now - timedelta(weeks=20)

    def mailable(session: Session, *, batch: int) -> Iterator[object]:
        return audience.batches(session, audience.mailable(), batch=batch)

    def claim(session: Session, *, at_local_time: bool) -> None:
        claims.claim(session, edition, owner="o", limit=100, now=now, at_local_time=at_local_time)

    return [
        Probe("claim, all due", lambda s: claim(s, at_local_time=False)),
        Probe("claim, local time", lambda s: claim(s, at_local_time=True)),
        Probe("which senders hold copies", lambda s: s.scalars(deliveries.OWNERS).all()),
        Probe(
            "what a sender that is gone held",
            lambda s: deliveries.release_all(s, owner="o", now=now),
        ),
        Probe("count of an edition", lambda s: counts.count(s, edition)),
        Probe("not yet due", lambda s: counts.not_yet_due(s, edition, now=now)),
        Probe("next due", lambda s: counts.next_due(s, edition)),
        Probe("sent per second", lambda s: counts.sent_per_second(s, edition, now=now)),
        Probe("relays, last minute", lambda s: counts.relays(s, edition, since=now)),
        Probe("is it turned away?", lambda s: circuit_breaker.count(s, edition)),
        Probe("is it finished?", lambda s: editions.finish(s, edition, now=now)),
        Probe("troubles of an edition", lambda s: editions.troubles(s, edition)),
        Probe("history of a batch of readers", lambda s: audience.members(s, members)),
        Probe("a batch of mailable readers", lambda s: next(mailable(s, batch=batch))),
        Probe(
            "stories of the archive page",
            lambda s: archive.most_sent(s, s.get_one(Edition, edition)),
        ),
        Probe("a click", lambda s: feedback.record_clicks(s, [(event.delivery_id or 0, click)])),
        Probe("all that is held of a reader", lambda s: records.everything(s, s.merge(reader))),
        Probe("erase a reader", lambda s: consent.erase(s, filling.FIRST, now=now)),
        Probe("retention: copies", lambda s: _slim(s, first)),
        Probe("retention: removal", lambda s: _remove(s, first)),
        Probe("retention: raw clicks", lambda s: _clicks(s, ~Event.verified, old)),
        Probe("retention: answers", lambda s: _clicks(s, Event.verified == sa.true(), old)),
    ]


def _slim(session: Session, edition: int) -> None:
    ids = [row.id for row in session.execute(retention.copies_after(edition, 500))]
    retention.slim(session, ids)


def _remove(session: Session, edition: int) -> None:
    ids = [row.id for row in session.execute(retention.copies_after(edition, 500))]
    session.execute(sa.delete(Delivery).where(Delivery.id.in_(ids)))


def _clicks(session: Session, which: sa.ColumnElement[bool], before: datetime) -> None:
    ids = session.scalars(retention.events_before(which, before)).all()
    session.execute(sa.delete(Event).where(Event.id.in_(ids)))


def explain(engine: Engine, probe: Probe) -> Iterator[Explained]:
    """Do it, undo it, and explain each statement that it took."""
    sent: list[tuple[str, Any]] = []

    def note(_c: Connection, _cursor: object, statement: str, values: Any, *_: object) -> None:
        sent.append((statement, values))

    with engine.connect() as connection:
        sa.event.listen(engine, "before_cursor_execute", note)
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            try:
                probe.act(session)
                session.flush()
            finally:
                sa.event.remove(engine, "before_cursor_execute", note)
            session.rollback()
        connection.rollback()
    for statement, values in sent:
        if statement.split(" ")[0] in {"SELECT", "UPDATE", "DELETE", "WITH"}:
            with engine.connect() as connection:
                yield _explained(connection, statement, values)
                connection.rollback()


def _explained(connection: Connection, statement: str, values: Any) -> Explained:
    if connection.dialect.name == "sqlite":
        return _sqlite(connection, statement, values)
    asked = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
    many = isinstance(values, list)
    answer = connection.exec_driver_sql(asked, values[0] if many else values).scalar_one()
    document = (json.loads(answer) if isinstance(answer, str) else answer)[0]
    found = Explained(
        document["Execution Time"],
        document["Plan"]["Shared Hit Blocks"] + document["Plan"]["Shared Read Blocks"],
        "",
    )
    how = []
    for node in _nodes(document["Plan"]):
        table = node.get("Relation Name")
        wasted = node.get("Rows Removed by Filter", 0) * node.get("Actual Loops", 1)
        if "Seq Scan" in node["Node Type"] and table in BIG:
            found.faults.append(f"scans {table}")
        if wasted > WASTE and table in BIG:
            found.faults.append(f"reads {wasted:,.0f} rows of {table} for nothing")
        if "Index Name" in node:
            how.append(node["Index Name"])
        elif table:
            how.append(f"{node['Node Type']} {table}")
    found.summary = ", ".join(dict.fromkeys(how))
    return found


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def _sqlite(connection: Connection, statement: str, values: Any) -> Explained:
    lines = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    started = time.perf_counter()
    answer = connection.exec_driver_sql(statement, values)
    if answer.returns_rows:
        answer.all()
    found = Explained((time.perf_counter() - started) * 1000, 0, "")
    details = [str(line[3]) for line in lines]
    found.summary = ", ".join(details)
    for detail in details:
        words = detail.split()
        if words[0] == "SCAN" and words[1] in BIG:
            found.faults.append(f"scans {words[1]}")
    return found
