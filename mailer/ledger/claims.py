"""Claims: which copies of an edition are due, and taking them for one sender.

Whoever may no longer be mailed is found here, at the last moment before a copy is made. The caller
commits.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.ledger import transitions
from mailer.ledger.transitions import HELD
from recommender.models import (
    Delivery,
    DeliveryState,
    Edition,
    Status,
    Subscriber,
    Suppression,
)
from recommender.subscribers import subscriptions


@dataclass(frozen=True, slots=True)
class Claim:
    """A copy this sender alone may send now. ``picks`` and ``reader`` are documents as the store
    keeps them; ``snapshot`` reads them."""

    delivery_id: int
    subscriber_id: int
    number: int
    email: str
    picks: str
    reader: str
    attempts: int
    timezone: str | None = None


def claim(
    session: Session,
    edition_id: int,
    *,
    owner: str,
    limit: int,
    now: datetime,
    at_local_time: bool,
    too_late: datetime | None = None,
    readers: sa.ColumnElement[bool] | None = None,
) -> tuple[list[Claim], int]:
    """Take up to ``limit`` due copies of an edition, in order of due time.

    Returns the claims and how many copies were looked at; none looked at means none is due. Copies
    whose reader may no longer be mailed, whose retries have expired, or (with ``too_late``) that
    were due before that moment, are settled as skipped. Without ``at_local_time`` every planned
    copy is due now; a deferred one always waits for its next attempt. ``readers``, a condition on
    Subscriber, leaves all other readers' copies alone.
    """
    planned = None if not at_local_time else now
    # Two statements, each in the order of the index: one for both would sort all that waits.
    rows = [
        *session.execute(_due(edition_id, DeliveryState.DEFERRED, now, limit, readers)),
        *session.execute(_due(edition_id, DeliveryState.PLANNED, planned, limit, readers)),
    ]
    rows = sorted(rows, key=lambda row: (row.due_at, row.id))[:limit]
    skipped: dict[str, list[int]] = {}
    wanted: dict[int, Any] = {}
    for row in rows:
        reason = _skip_reason(row, now, too_late)
        if reason is None:
            wanted[row.id] = row
        else:
            skipped.setdefault(reason, []).append(row.id)
    for reason, ids in skipped.items():
        these = Delivery.id.in_(ids)
        transitions.move(session, these, DeliveryState.SKIPPED, reason=reason, settled_at=now)
    these = Delivery.id.in_(list(wanted))
    taken = transitions.move(
        session, these, DeliveryState.CLAIMED, claimed_by=owner, claimed_at=now
    )
    return [_claimed(row) for key, row in wanted.items() if key in taken], len(rows)


def _claimed(row: Any) -> Claim:
    return Claim(
        delivery_id=row.id,
        subscriber_id=row.subscriber_id,
        number=row.number,
        email=row.email,
        picks=row.picks,
        reader=row.reader,
        attempts=row.attempts,
        timezone=row.timezone,
    )


def _due(
    edition_id: int,
    state: DeliveryState,
    by: datetime | None,
    limit: int,
    readers: sa.ColumnElement[bool] | None,
) -> sa.Select[*tuple[Any, ...]]:
    """Copies in ``state``, in order of due time; with ``by``, those that are due by then."""
    due = Delivery.state == state
    if by is not None:
        due &= Delivery.due_at <= by
    if readers is not None:
        due &= readers
    suppressed = sa.exists().where(Suppression.address_hash == Subscriber.address_hash)
    newsletter = sa.select(Edition.newsletter_id).where(Edition.id == edition_id).scalar_subquery()
    return (
        sa.select(
            Delivery.id,
            Delivery.subscriber_id,
            Delivery.number,
            sa.cast(Delivery.picks, sa.Text).label("picks"),
            sa.cast(Delivery.reader, sa.Text).label("reader"),
            Delivery.attempts,
            Delivery.due_at,
            Delivery.state,
            Delivery.expires_at,
            Subscriber.email,
            Subscriber.timezone,
            Subscriber.status,
            suppressed.label("suppressed"),
            subscriptions.left(newsletter).label("left"),
        )
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(Delivery.edition_id == edition_id, due)
        .order_by(Delivery.due_at, Delivery.id)
        .limit(limit)
        .with_for_update(of=Delivery, skip_locked=True)
    )


def is_due(
    session: Session,
    edition_id: int,
    *,
    now: datetime,
    at_local_time: bool,
    readers: sa.ColumnElement[bool] | None = None,
) -> bool:
    """Whether any copy of the edition, or of those ``readers``, could be claimed."""
    planned = Delivery.state == DeliveryState.PLANNED
    if at_local_time:
        planned &= Delivery.due_at <= now
    deferred = (Delivery.state == DeliveryState.DEFERRED) & (Delivery.due_at <= now)
    here = Delivery.edition_id == edition_id
    if readers is not None:
        here &= Delivery.subscriber_id.in_(sa.select(Subscriber.id).where(readers))
    due = [sa.exists().where(here, either) for either in (planned, deferred)]
    return bool(session.scalar(sa.select(sa.or_(*due))))


def in_hand(session: Session, edition_id: int) -> int:
    """How many copies are in senders' hands."""
    query = sa.select(sa.func.count()).where(
        Delivery.edition_id == edition_id, Delivery.state.in_(HELD)
    )
    return session.scalar(query) or 0


def _skip_reason(row: Any, now: datetime, too_late: datetime | None) -> str | None:
    if row.suppressed:
        return "suppressed"
    if row.status != Status.ACTIVE:
        return str(row.status)
    if row.left:
        return str(Status.UNSUBSCRIBED)
    if row.expires_at is not None and row.expires_at <= now:
        return "expired"
    if too_late is not None and row.state == DeliveryState.PLANNED and row.due_at < too_late:
        return "too_late"
    return None
