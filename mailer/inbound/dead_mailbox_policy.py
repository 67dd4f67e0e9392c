"""Decides whether a bounce, at RCPT or in a notification, means that a mailbox is dead.

``mailbox`` (``refusals``): it is dead at once. ``suspected``: at once when the reader was never
heard of and no copy arrived, else at the second edition. ``unreached``: when enough editions within
some days bounced with no sign of life since the first. A failure of the message or the relay never
counts. It reads the store and changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.relay.refusals import FailureClass
from recommender.models import Delivery, DeliveryState, Event, EventKind

SIGNS_OF_LIFE = (EventKind.CLICK, EventKind.MORE, EventKind.LESS)


@dataclass(frozen=True)
class SoftBounceLimit:
    """``editions`` within ``days`` that did not reach a reader make a dead mailbox."""

    editions: int = 3
    days: int = 60


DEFAULT = SoftBounceLimit()


def is_dead(
    session: Session,
    about: FailureClass,
    reader: int,
    delivery: int,
    *,
    limit: SoftBounceLimit,
    now: datetime,
) -> bool:
    """Whether the mailbox is dead after this bounce of ``delivery``, whose event is recorded."""
    if about == "mailbox":
        return True
    if about not in ("suspected", "unreached"):
        return False
    bounced = dict(_bounced(session, reader, now - timedelta(days=limit.days)))
    suspected = sum(about == "suspected" for about in bounced.values())
    if about == "suspected" and (suspected > 1 or not _alive(session, reader, delivery)):
        return True
    return len(bounced) >= limit.editions


def _bounced(session: Session, reader: int, since: datetime) -> Iterator[tuple[int, str]]:
    """Copies that bounced since the reader was last heard of, and why."""
    mine = Event.subscriber_id == reader
    heard_at = session.scalar(
        sa.select(sa.func.max(Event.at)).where(mine, Event.kind.in_(SIGNS_OF_LIFE), Event.verified)
    )
    events = sa.select(Event.delivery_id, Event.data).where(
        mine, Event.kind == EventKind.BOUNCE, Event.at >= max(since, heard_at or since)
    )
    for copy, data in session.execute(events.order_by(Event.id)):
        if copy is None or data.get("former_address"):
            continue
        if data.get("about") in ("suspected", "unreached"):
            yield copy, data["about"]


def _alive(session: Session, reader: int, delivery: int) -> bool:
    """Whether the reader was heard of, or an earlier copy was delivered and did not come back."""
    heard = sa.select(Event.id).where(
        Event.subscriber_id == reader, Event.kind.in_(SIGNS_OF_LIFE), Event.verified
    )
    came_back = sa.select(Event.id).where(
        Event.delivery_id == Delivery.id, Event.kind == EventKind.BOUNCE
    )
    delivered = sa.select(Delivery.id).where(
        Delivery.subscriber_id == reader,
        Delivery.id < delivery,
        Delivery.state == DeliveryState.SENT,
        ~came_back.exists(),
    )
    return any(session.scalar(query.limit(1)) is not None for query in (heard, delivered))
