"""Finds, adds, changes and shows single readers; lists and exports many. The caller commits."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from recommender import corrections
from recommender.errors import NotFoundError
from recommender.models import (
    AddressChange,
    ConsentEvent,
    Delivery,
    Edition,
    EditionStory,
    Event,
    InboundMessage,
    Newsletter,
    Segment,
    SegmentMember,
    Story,
    Subscriber,
    SubscriberRole,
    SubscriberTopic,
    WebhookEvent,
)
from recommender.storage import database
from recommender.subscribers import consent as consent_log
from recommender.subscribers import pasted, subscriptions
from recommender.subscribers.addresses import address_hash
from recommender.subscribers.fields import FIELDS

_INTERESTS = (
    selectinload(Subscriber.topics).joinedload(SubscriberTopic.topic),
    selectinload(Subscriber.roles).joinedload(SubscriberRole.role),
)


def find(session: Session, email: str) -> Subscriber:
    """The reader with this address, whatever its case; NotFoundError when there is none."""
    key = address_hash(session, pasted.address(email))
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


def document(reader: Subscriber) -> dict[str, Any]:
    """A reader in the form of ``subscribers.jsonl``: what an import takes back unchanged."""
    return {"email": reader.email} | {field.name: field.of(reader) for field in FIELDS}


def lock(session: Session, identifier: int) -> Subscriber | None:
    """The reader with this row id, None when there is none (any more); in a transaction that writes
    nobody else changes them until it ends, so that a form sent twice is dealt with once after the
    other (SQLite has one writer anyway)."""
    mine = database.writes(session)
    return session.get(Subscriber, identifier, with_for_update=mine, populate_existing=mine)


def everything(session: Session, subscriber: Subscriber) -> dict[str, Any]:
    """All that is held of a reader: interests, consent, what was sent, what was answered."""
    consent = sa.select(ConsentEvent).where(ConsentEvent.subscriber_id == subscriber.id)
    answers = (
        sa.select(Event, Story.title)
        .outerjoin(Story, Story.id == Event.story_id)
        .where(Event.subscriber_id == subscriber.id)
    )
    change = session.get(AddressChange, subscriber.id)
    return document(subscriber) | {
        "created_at": subscriber.created_at.isoformat(),
        "updated_at": subscriber.updated_at.isoformat(),
        "paused_until": _iso(subscriber.paused_until),
        "last_active_at": _iso(subscriber.last_active_at),
        "suppressed": consent_log.reason_of(session, subscriber.email),
        "address_change": None
        if change is None
        else {"email": change.email, "asked_at": change.at.isoformat()},
        "newsletters": subscriptions.of(session, subscriber),
        "segments": list(session.scalars(_segments(subscriber.id))),
        "consent": [
            {
                "at": event.at.isoformat(),
                "before": event.before,
                "after": event.after,
                "source": event.source,
                "proof": event.proof,
            }
            for event in session.scalars(consent.order_by(ConsentEvent.at, ConsentEvent.id))
        ],
        "corrections": corrections.of(session, subscriber.id),
        "deliveries": _deliveries(session, subscriber.id),
        "events": [
            {
                "at": event.at.isoformat(),
                "kind": event.kind,
                "story": title,
                "counted": event.verified,
                "data": event.data,
            }
            for event, title in session.execute(answers.order_by(Event.id))
        ],
        "mail": _mail(session, subscriber.id),
        "webhooks": _webhooks(session, subscriber.id),
    }


def _mail(session: Session, subscriber_id: int) -> list[dict[str, Any]]:
    """Mail that came back about the reader or from them, and was acted on."""
    columns = (InboundMessage.at, InboundMessage.way, InboundMessage.kind, InboundMessage.about)
    query = sa.select(*columns).where(InboundMessage.subscriber_id == subscriber_id)
    return [
        {"at": at.isoformat(), "way": way, "kind": kind, "about": about}
        for at, way, kind, about in session.execute(query.order_by(InboundMessage.id))
    ]


def _webhooks(session: Session, subscriber_id: int) -> list[dict[str, Any]]:
    """What providers reported about the reader."""
    query = sa.select(WebhookEvent).where(WebhookEvent.subscriber_id == subscriber_id)
    return [
        {"at": one.at.isoformat(), "provider": one.provider, "event": one.body}
        for one in session.scalars(query.order_by(WebhookEvent.id))
    ]


def _segments(subscriber_id: int) -> sa.Select[Any]:
    """Names of the static lists the reader stands on."""
    return (
        sa.select(Segment.name)
        .join(SegmentMember, SegmentMember.segment_id == Segment.id)
        .where(SegmentMember.subscriber_id == subscriber_id)
        .order_by(Segment.name)
    )


def _deliveries(session: Session, subscriber_id: int) -> list[dict[str, Any]]:
    query = (
        sa.select(Delivery, Edition.period, Newsletter.name)
        .join(Edition, Edition.id == Delivery.edition_id)
        .join(Newsletter, Newsletter.id == Edition.newsletter_id)
        .where(Delivery.subscriber_id == subscriber_id)
        .order_by(Delivery.id)
    )
    rows = session.execute(query).all()
    titles = _titles(session, subscriber_id)
    return [
        {
            "edition": f"{name}-{period}",
            "state": delivery.state,
            "due_at": delivery.due_at.isoformat(),
            "at": _iso(delivery.settled_at),
            "reason": delivery.reason,
            "reply": delivery.reply,
            "shown_of_reader": delivery.reader,
            "picks": [
                {
                    "position": pick["position"],
                    "title": titles.get((delivery.edition_id, pick["story"]), ""),
                    "score": pick["score"],
                    "reasons": [
                        {"kind": kind, "detail": detail, "share": share}
                        for kind, detail, share in pick["reasons"]
                    ],
                }
                for pick in delivery.picks
            ],
        }
        for delivery, period, name in rows
    ]


def _titles(session: Session, subscriber_id: int) -> dict[tuple[int, int], str]:
    """Titles of stories as they stood in the editions the reader has a copy of."""
    editions = sa.select(Delivery.edition_id).where(Delivery.subscriber_id == subscriber_id)
    frozen = sa.select(EditionStory.edition_id, EditionStory.story_id, EditionStory.content)
    return {
        (edition, story): str(content["title"])
        for edition, story, content in session.execute(
            frozen.where(EditionStory.edition_id.in_(editions))
        )
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
