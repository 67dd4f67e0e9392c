"""What a bounce means for its reader, at RCPT as in a notification: whether the mailbox is dead.

One that is said to be dead plainly is, at once. One that is only ``suspected`` (``refusals``): at
once when nothing has ever shown that there is anybody, else when a second edition says so. Trouble
that may pass adds up: so many editions within a window, with no sign of life since the first. What
is about a message or its sender never counts. It reads the store and changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.relay.refusals import Whom
from recommender.models import Delivery, DeliveryState, Event, EventKind

SIGNS_OF_LIFE = (EventKind.CLICK, EventKind.MORE, EventKind.LESS)


@dataclass(frozen=True)
class Window:
    """``editions`` within ``days`` that did not reach a reader make a dead mailbox."""

    editions: int = 3
    days: int = 60


DEFAULT = Window()


def is_dead(
    session: Session,
    about: Whom,
    reader: int,
    delivery: int,
    *,
    window: Window,
    now: datetime,
) -> bool:
    """Whether the mailbox is dead, after this bounce of ``delivery``, which is an event already."""
    if about == "mailbox":
        return True
    if about not in ("suspected", "unreached"):
        return False
    bounced = dict(_bounced(session, reader, now - timedelta(days=window.days)))
    suspected = sum(about == "suspected" for about in bounced.values())
    if about == "suspected" and (suspected > 1 or not _alive(session, reader, delivery)):
        return True
    return len(bounced) >= window.editions


def _bounced(session: Session, reader: int, since: datetime) -> Iterator[tuple[int, str]]:
    """Copies that bounced since the reader was last heard of, and why."""
    mine = Event.subscriber_id == reader
    heard = session.scalar(
        sa.select(sa.func.max(Event.at)).where(mine, Event.kind.in_(SIGNS_OF_LIFE), Event.verified)
    )
    events = sa.select(Event.delivery_id, Event.data).where(
        mine, Event.kind == EventKind.BOUNCE, Event.at >= max(since, heard or since)
    )
    for copy, data in session.execute(events.order_by(Event.id)):
        if copy is not None and data.get("about") in ("suspected", "unreached"):
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
    return any(session.scalar(found.limit(1)) is not None for found in (heard, delivered))
