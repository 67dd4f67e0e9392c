"""Finds, adds, changes and shows single readers; lists and exports many. The caller commits."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from recommender.addresses import address_hash
from recommender.errors import NotFoundError
from recommender.models import (
    ConsentEvent,
    Delivery,
    Edition,
    Event,
    Newsletter,
    Story,
    Subscriber,
    SubscriberRole,
    SubscriberTopic,
    Suppression,
)

_INTERESTS = (
    selectinload(Subscriber.topics).joinedload(SubscriberTopic.topic),
    selectinload(Subscriber.roles).joinedload(SubscriberRole.role),
)


def find(session: Session, email: str) -> Subscriber:
    """The reader with this address, whatever its case; NotFoundError when there is none."""
    key = address_hash(session, email.strip())
    query = sa.select(Subscriber).where(Subscriber.address_hash == key).options(*_INTERESTS)
    found = session.scalar(query)
    if found is None:
        raise NotFoundError(
            f"no subscriber {email!r}; see `newsletter subscribers list` for those there are"
        )
    return found


def listing(
    session: Session,
    *,
    status: str | None = None,
    search: str | None = None,
    condition: sa.ColumnElement[bool] | None = None,
    batch: int = 1_000,
) -> Iterator[Subscriber]:
    """Readers in the order they came, in batches by key; ``search`` is a part of the address."""
    query = sa.select(Subscriber).options(*_INTERESTS).order_by(Subscriber.id).limit(batch)
    if status is not None:
        query = query.where(Subscriber.status == status)
    if search is not None:
        query = query.where(
            sa.func.lower(Subscriber.email).contains(search.lower(), autoescape=True)
        )
    if condition is not None:
        query = query.where(condition)
    last = 0
    while rows := session.scalars(query.where(Subscriber.id > last)).all():
        yield from rows
        last = rows[-1].id
        session.expunge_all()


def document(subscriber: Subscriber) -> dict[str, Any]:
    """A reader in the form of ``subscribers.jsonl``: what an import takes back unchanged."""
    return {
        "email": subscriber.email,
        "name": subscriber.name,
        "roles": [row.role.name for row in subscriber.roles],
        "topics": {row.topic.name: row.weight for row in subscriber.topics},
        "timezone": subscriber.timezone,
        "locale": subscriber.locale,
        "status": str(subscriber.status),
        "attributes": subscriber.attributes,
        "frequency": str(subscriber.frequency),
        "day": subscriber.day,
        "hour": subscriber.hour,
    }


def everything(session: Session, subscriber: Subscriber) -> dict[str, Any]:
    """All that is held of a reader: interests, consent, what was sent, what was answered."""
    consent = sa.select(ConsentEvent).where(ConsentEvent.subscriber_id == subscriber.id)
    answers = (
        sa.select(Event, Story.title)
        .outerjoin(Story, Story.id == Event.story_id)
        .where(Event.subscriber_id == subscriber.id)
    )
    suppressed = session.get(Suppression, subscriber.address_hash)
    return document(subscriber) | {
        "created_at": subscriber.created_at.isoformat(),
        "updated_at": subscriber.updated_at.isoformat(),
        "paused_until": _iso(subscriber.paused_until),
        "last_active_at": _iso(subscriber.last_active_at),
        "suppressed": None if suppressed is None else suppressed.reason,
        "consent": [
            {
                "at": event.at.isoformat(),
                "before": event.before,
                "after": event.after,
                "source": event.source,
                "proof": event.proof,
            }
            for event in session.scalars(consent.order_by(ConsentEvent.id))
        ],
        "deliveries": _deliveries(session, subscriber.id),
        "events": [
            {"at": event.at.isoformat(), "kind": event.kind, "story": title, "data": event.data}
            for event, title in session.execute(answers.order_by(Event.id))
        ],
    }


def _deliveries(session: Session, subscriber_id: int) -> list[dict[str, Any]]:
    query = (
        sa.select(Delivery, Edition.period, Newsletter.name)
        .join(Edition, Edition.id == Delivery.edition_id)
        .join(Newsletter, Newsletter.id == Edition.newsletter_id)
        .where(Delivery.subscriber_id == subscriber_id)
        .order_by(Delivery.id)
    )
    return [
        {
            "edition": f"{name}-{period}",
            "state": delivery.state,
            "at": _iso(delivery.settled_at),
            "reason": delivery.reason,
            "reply": delivery.reply,
            "stories": [pick.get("title") for pick in delivery.picks],
        }
        for delivery, period, name in session.execute(query)
    ]


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
