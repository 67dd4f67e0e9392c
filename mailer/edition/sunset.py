"""Sunset: readers who give no sign of life are asked once, in their issue, and then paused.

Signs of life are clicks that count, answers, replies, and visits that change or ask for something
(``Subscriber.last_active_at``); never opens, which machines make. Without ``tracking`` no click is
seen, so nobody is asked. Who was asked and then heard of may be asked again after as long a
silence. The caller commits.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.issue.question import ANSWER_WEEKS
from recommender.models import Delivery, DeliveryState, Status, Subscriber
from recommender.settings import Settings
from recommender.storage import bulk
from recommender.subscribers import consent

SOURCE = "sunset"
LEAST_COPIES = 3
"""Issues that must have been sent since a reader was heard of before silence says anything."""
ANSWER_WITHIN = timedelta(weeks=ANSWER_WEEKS)
_WITH_QUESTION = Delivery.reader["asked"].as_boolean()
"""The condition under which a copy has the question in it."""


def to_ask(session: Session, weeks: int, readers: Collection[int], at: datetime) -> frozenset[int]:
    """Who of these readers (ids) is to be asked in the issue planned at ``at``: who has given no
    sign of life for so many ``weeks``; nobody when there are none."""
    if not (weeks and readers):
        return frozenset()
    heard = _heard()
    copies = _sent(Delivery.settled_at > heard).with_only_columns(sa.func.count())
    asked = Subscriber.sunset_asked_at
    since = _sent(Delivery.settled_at >= asked, _WITH_QUESTION)
    query = sa.select(Subscriber.id).where(
        bulk.among(session, Subscriber.id, list(readers)),
        Subscriber.status == Status.ACTIVE,
        heard < at - timedelta(weeks=weeks),
        copies.scalar_subquery() >= min(LEAST_COPIES, weeks),
        sa.or_(
            asked.is_(None),
            asked < heard,
            # It was in a copy that never went out.
            sa.and_(asked < at - ANSWER_WITHIN, ~since.exists()),
        ),
    )
    return frozenset(session.scalars(query))


def note_asked(session: Session, readers: Collection[int], at: datetime) -> None:
    """Note that an issue with the question was planned for these readers."""
    if readers:
        session.execute(
            sa.update(Subscriber)
            .where(bulk.among(session, Subscriber.id, list(readers)))
            .values(sunset_asked_at=at),
            execution_options={"synchronize_session": False},
        )


def pause_silent(session: Session, settings: Settings, *, now: datetime) -> int:
    """Pause who was asked, got the issue with the question, and has said nothing since; how many.
    They stay paused until they come back themselves."""
    if not settings.sunset_weeks:
        return 0
    asked = Subscriber.sunset_asked_at
    answered_by = now - ANSWER_WITHIN
    got = _sent(Delivery.settled_at >= asked, Delivery.settled_at < answered_by, _WITH_QUESTION)
    query = sa.select(Subscriber).where(
        Subscriber.status == Status.ACTIVE,
        asked.is_not(None),
        asked < now - ANSWER_WITHIN,
        asked > _heard(),
        got.exists(),
    )
    readers = session.scalars(query.order_by(Subscriber.id)).all()
    for reader in readers:
        proof = {
            "asked_at": reader.sunset_asked_at and reader.sunset_asked_at.isoformat(),
            "weeks": settings.sunset_weeks,
        }
        reader.paused_until = None
        consent.change(session, reader, Status.PAUSED, source=SOURCE, now=now, proof=proof)
    return len(readers)


def _heard() -> sa.ColumnElement[datetime]:
    """When the reader was last heard of; when they came, if never since."""
    return sa.func.coalesce(Subscriber.last_active_at, Subscriber.created_at)


def _sent(*conditions: sa.ColumnElement[bool]) -> sa.Select[int]:
    """Copies the reader of the outer query was sent."""
    return (
        sa.select(Delivery.id)
        .where(
            Delivery.subscriber_id == Subscriber.id,
            Delivery.state == DeliveryState.SENT,
            *conditions,
        )
        .correlate(Subscriber)
    )
