"""The readers of the store as values for the ranker, in batches by key, so memory stays flat."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import (
    Delivery,
    DeliveryState,
    Edition,
    Event,
    EventKind,
    Frequency,
    Role,
    Status,
    Subscriber,
    SubscriberRole,
    SubscriberTopic,
    Suppression,
    Topic,
)
from recommender.ranking.values import Action, ActionKind, Reader
from recommender.storage import bulk

BATCH = 2_000
NOT_RECEIVED = (DeliveryState.FAILED, DeliveryState.SKIPPED)
"""Copies that never reached the reader; their stories may be chosen again."""
_ANSWERS: dict[EventKind, ActionKind] = {
    EventKind.CLICK: "click",
    EventKind.MORE: "more",
    EventKind.LESS: "less",
}


@dataclass(frozen=True, slots=True)
class Member:
    """One reader of an audience: what the ranker needs, and what their copy shows of them."""

    id: int
    email: str
    name: str
    timezone: str | None
    locale: str | None
    reader: Reader
    frequency: Frequency = Frequency.WEEKLY
    day: str | None = None
    hour: int | None = None


def mailable() -> sa.ColumnElement[bool]:
    """The condition under which a subscriber may be mailed at all."""
    suppressed = sa.exists().where(Suppression.address_hash == Subscriber.address_hash)
    return sa.and_(Subscriber.status == Status.ACTIVE, ~suppressed)


def mailable_at(moment: datetime) -> sa.ColumnElement[bool]:
    """The condition under which a subscriber may be mailed at ``moment``, once those whose pause is
    over by then are active again."""
    suppressed = sa.exists().where(Suppression.address_hash == Subscriber.address_hash)
    back = (Subscriber.status == Status.PAUSED) & (Subscriber.paused_until <= moment)
    return ((Subscriber.status == Status.ACTIVE) | back) & ~suppressed


def batches(
    session: Session,
    condition: sa.ColumnElement[bool],
    *,
    after: int = 0,
    batch: int = BATCH,
    as_of: datetime | None = None,
) -> Iterator[list[Member]]:
    """Readers that meet ``condition``, by id above ``after``; with what they had been sent and had
    answered before ``as_of``, if not by now."""
    query = (
        sa.select(
            Subscriber.id,
            Subscriber.email,
            Subscriber.name,
            Subscriber.timezone,
            Subscriber.locale,
            Subscriber.languages,
            Subscriber.frequency,
            Subscriber.day,
            Subscriber.hour,
        )
        .where(condition)
        .order_by(Subscriber.id)
        .limit(batch)
    )
    while rows := bulk.rows(session, query.where(Subscriber.id > after)):
        after = rows[-1].id
        yield members(session, rows, as_of=as_of)


def member(
    session: Session, subscriber: Subscriber, *, without_edition: int | None = None
) -> Member:
    """One reader, as ``batches`` would give them; with ``without_edition`` as if their copy of
    that edition had not been planned yet."""
    return members(session, [subscriber], without_edition=without_edition)[0]


def members(
    session: Session,
    rows: Any,
    *,
    without_edition: int | None = None,
    as_of: datetime | None = None,
) -> list[Member]:
    """``rows`` (columns of Subscriber as in ``batches``) with their interests and history."""
    ids = [row.id for row in rows]
    topics: dict[int, dict[str, float]] = {id_: {} for id_ in ids}
    for owner, name, weight in bulk.rows(
        session,
        sa.select(SubscriberTopic.subscriber_id, Topic.name, SubscriberTopic.weight)
        .join(Topic, Topic.id == SubscriberTopic.topic_id)
        .where(bulk.among(session, SubscriberTopic.subscriber_id, ids))
        .order_by(SubscriberTopic.position, Topic.key),
    ):
        topics[owner][name] = weight
    roles: dict[int, list[str]] = {id_: [] for id_ in ids}
    for owner, name in bulk.rows(
        session,
        sa.select(SubscriberRole.subscriber_id, Role.name)
        .join(Role, Role.id == SubscriberRole.role_id)
        .where(bulk.among(session, SubscriberRole.subscriber_id, ids))
        .order_by(Role.key),
    ):
        roles[owner].append(name)
    history = _history(session, ids, without_edition, as_of)
    return [
        Member(
            row.id,
            row.email,
            row.name,
            row.timezone,
            row.locale,
            Reader(
                row.email,
                tuple(roles[row.id]),
                topics[row.id],
                tuple(history[row.id]),
                languages=tuple(row.languages),
            ),
            row.frequency,
            row.day,
            row.hour,
        )
        for row in rows
    ]


def _history(
    session: Session, ids: list[int], without_edition: int | None, as_of: datetime | None
) -> dict[int, list[Action]]:
    """What each was sent and what they answered, oldest first within each kind."""
    history: dict[int, list[Action]] = {id_: [] for id_ in ids}
    sent = (
        sa.select(Delivery.subscriber_id, Delivery.story_ids, Delivery.due_at)
        .where(
            bulk.among(session, Delivery.subscriber_id, ids),
            Delivery.state.not_in(NOT_RECEIVED),
        )
        .order_by(Delivery.subscriber_id, Delivery.id)  # as the index is, or it is not used
    )
    answered = (
        sa.select(Event.subscriber_id, Event.story_id, Event.kind, Event.at)
        .where(
            bulk.among(session, Event.subscriber_id, ids),
            Event.story_id.is_not(None),
            Event.verified,
            Event.kind.in_(_ANSWERS),
        )
        .order_by(Event.subscriber_id, Event.at, Event.id)
    )
    if without_edition is not None:
        sent = sent.where(Delivery.edition_id != without_edition)
    if as_of is not None:
        earlier = sa.select(Edition.id).where(Edition.planned_at < as_of)
        sent = sent.where(Delivery.edition_id.in_(earlier))
        answered = answered.where(Event.at < as_of)
    for owner, stories, at in bulk.rows(session, sent):
        history[owner] += [Action(str(story), "sent", at) for story in stories]
    for owner, story, kind, at in bulk.rows(session, answered):
        history[owner].append(Action(str(story), _ANSWERS[kind], at))
    return history
