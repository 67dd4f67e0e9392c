"""The ledger in numbers, and the answers to it: it reads them and never writes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from recommender.models import Delivery, DeliveryState, Event, EventKind, Subscriber

Attribute = InstrumentedAttribute[Any]
MINUTE = timedelta(minutes=1)
UNSETTLED = (
    DeliveryState.PLANNED,
    DeliveryState.DEFERRED,
    DeliveryState.CLAIMED,
    DeliveryState.ON_WIRE,
)
SENT = Delivery.state == sa.literal_column("'sent'")
"""Copies that were sent; spelt out, so that their index is used."""


@dataclass(frozen=True)
class Count:
    """How many copies of an edition are in which state, and why the skipped ones were."""

    states: dict[DeliveryState, int]
    skipped: dict[str, int]

    def of(self, *states: DeliveryState) -> int:
        return sum(self.states.get(state, 0) for state in states)


def count(
    session: Session, edition_id: int, readers: sa.ColumnElement[bool] | None = None
) -> Count:
    """The ledger of an edition, or of those ``readers`` (a condition on Subscriber), summed up.
    States come from the index alone."""
    here = _copies(edition_id, readers)
    states = (
        sa.select(Delivery.state, sa.func.count())
        .where(here)
        .group_by(Delivery.state)
        .order_by(Delivery.state)
    )
    skipped = (
        sa.select(Delivery.reason, sa.func.count())
        .where(here, Delivery.state == DeliveryState.SKIPPED)
        .group_by(Delivery.reason)
        .order_by(Delivery.reason)
    )
    return Count(
        {row.state: row[1] for row in session.execute(states)},
        {reason or "unknown": number for reason, number in session.execute(skipped)},
    )


def answers(session: Session, edition_id: int) -> dict[EventKind, int]:
    """How many readers of an edition answered it, by what they did; only what counts."""
    columns = Event.kind, sa.func.count(Event.subscriber_id.distinct())
    query = answered(session, edition_id, columns).group_by(Event.kind)
    return {row[0]: row[1] for row in session.execute(query)}


def returned(session: Session, edition_id: int) -> int:
    """How many copies of an edition were sent and came back later; the others were delivered."""
    copies = (sa.func.count(Delivery.id.distinct()),)
    bounces = answered(session, edition_id, copies).where(Event.kind == EventKind.BOUNCE, SENT)
    return session.scalar(bounces) or 0


def ids(session: Session, edition_id: int) -> tuple[int, int]:
    """The first and the last id of an edition's copies, which mostly have all those between;
    (0, -1) of none."""
    bounds = sa.select(sa.func.min(Delivery.id), sa.func.max(Delivery.id))
    query = bounds.where(Delivery.edition_id == edition_id)
    first, last = session.execute(query).one()
    return first or 0, last or -1


def answered(
    session: Session,
    edition_id: int,
    columns: Sequence[sa.ColumnElement[Any] | Attribute],
    between: tuple[int, int] | None = None,
) -> sa.Select[Any]:
    """The answers to an edition that count, with ``columns`` of them and of their copies. They are
    few beside the copies: the sum keeps SQLite from going through these by their index. ``between``
    are the edition's ``ids``, from whoever has them."""
    first, last = between or ids(session, edition_id)
    return (
        sa.select(*columns)
        .select_from(Event)
        .join(Delivery, Delivery.id == Event.delivery_id)
        .where(Event.delivery_id.between(first, last), Event.verified)
        .where(Delivery.edition_id + 0 == edition_id)
    )


def _copies(edition_id: int, readers: sa.ColumnElement[bool] | None) -> sa.ColumnElement[bool]:
    here = Delivery.edition_id == edition_id
    if readers is not None:
        here &= Delivery.subscriber_id.in_(sa.select(Subscriber.id).where(readers))
    return here


def not_yet_due(
    session: Session,
    edition_id: int,
    *,
    now: datetime,
    readers: sa.ColumnElement[bool] | None = None,
) -> int:
    """How many planned copies wait for their reader's own hour."""
    query = sa.select(sa.func.count()).where(
        _copies(edition_id, readers),
        Delivery.state == DeliveryState.PLANNED,
        Delivery.due_at > now,
    )
    return session.scalar(query) or 0


def queue(session: Session, edition_ids: Collection[int], now: datetime) -> dict[str, int]:
    """The copies of these editions that are still to be sent: ``due`` now, ``waiting`` for their
    hour, ``deferred`` to a later attempt, ``in_hand`` of a sender."""
    waits = sa.and_(Delivery.state == DeliveryState.PLANNED, Delivery.due_at > now)
    later = sa.and_(Delivery.state == DeliveryState.DEFERRED, Delivery.due_at > now)
    in_hand = Delivery.state.in_((DeliveryState.CLAIMED, DeliveryState.ON_WIRE))
    kind = sa.case((waits, "waiting"), (later, "deferred"), (in_hand, "in_hand"), else_="due")
    query = sa.select(kind, sa.func.count()).where(
        Delivery.edition_id.in_(edition_ids), Delivery.state.in_(UNSETTLED)
    )
    found = {name: number for name, number in session.execute(query.group_by(kind))}  # noqa: C416
    return {name: found.get(name, 0) for name in ("due", "waiting", "deferred", "in_hand")}


def deferred(session: Session, edition_id: int) -> dict[tuple[str, str], int]:
    """How many copies of an edition wait for another attempt, by the relay that said so and its
    reason (an enhanced status code, or what of ours holds them)."""
    query = sa.select(Delivery.relay, Delivery.reason, sa.func.count()).where(
        Delivery.edition_id == edition_id, Delivery.state == DeliveryState.DEFERRED
    )
    rows = session.execute(query.group_by(Delivery.relay, Delivery.reason))
    return {(relay or "", reason or ""): number for relay, reason, number in rows}


def first_due(session: Session, edition_ids: Collection[int]) -> datetime | None:
    """When the copy of these editions that is due first is, or was, due; None when none waits."""
    firsts = [next_due(session, edition_id) for edition_id in edition_ids]
    return min((first for first in firsts if first is not None), default=None)


def sent_since(session: Session, edition_id: int, since: datetime) -> int:
    """How many copies of an edition were sent after a moment."""
    query = sa.select(sa.func.count()).where(
        Delivery.edition_id == edition_id, SENT, Delivery.settled_at > since
    )
    return session.scalar(query) or 0


def sent_per_second(session: Session, edition_id: int, *, now: datetime) -> float:
    """Messages per second over the last minute, or since the first one if that is later."""
    first, number = session.execute(
        sa.select(sa.func.min(Delivery.settled_at), sa.func.count()).where(
            Delivery.edition_id == edition_id, SENT, Delivery.settled_at > now - MINUTE
        )
    ).one()
    if not number or first is None:
        return 0.0
    begun = session.scalar(
        sa.select(sa.func.min(Delivery.settled_at)).where(Delivery.edition_id == edition_id, SENT)
    )
    seconds = (now - first if begun == first else MINUTE).total_seconds()
    return float(number / max(seconds, 1.0))


def relays(
    session: Session, edition_id: int, *, since: datetime | None = None
) -> list[tuple[str, int]]:
    """Which relay has taken how many copies, the busiest first."""
    number = sa.func.count()
    query = (
        sa.select(Delivery.relay, number)
        .where(Delivery.edition_id == edition_id, SENT)
        .group_by(Delivery.relay)
        .order_by(number.desc(), Delivery.relay)
    )
    if since is not None:
        query = query.where(Delivery.settled_at > since)
    return [(relay or "?", taken) for relay, taken in session.execute(query)]


def next_due(session: Session, edition_id: int) -> datetime | None:
    """When the next copy that waits is due."""
    firsts = [
        session.scalar(
            sa.select(sa.func.min(Delivery.due_at)).where(
                Delivery.edition_id == edition_id, Delivery.state == state
            )
        )
        for state in (DeliveryState.PLANNED, DeliveryState.DEFERRED)
    ]
    return min((first for first in firsts if first is not None), default=None)
