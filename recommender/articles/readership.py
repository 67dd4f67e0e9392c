"""Which stories each reader answered with interest: what the ranker learns of all readers together.

Reads events, writes nothing. Every ranker over a store asks here, so that planning, previews and
related stories rest on the same answers.
"""

from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import Event, EventKind, Role, SubscriberRole
from recommender.ranking.answers import liked
from recommender.ranking.values import Action, ActionKind

MOST_EVENTS = 500_000
"""Answers that are read; of a store with more, those of every second, third … reader."""
ANSWERS: dict[EventKind, ActionKind] = {
    EventKind.CLICK: "click",
    EventKind.MORE: "more",
    EventKind.LESS: "less",
}


class Answering(NamedTuple):
    """A reader with answers: the ids of the ``stories`` they liked, oldest first, and their
    ``roles``."""

    stories: list[str]
    roles: list[str]


def load(session: Session, now: datetime, *, most: int = MOST_EVENTS) -> list[Answering]:
    """Every reader with answers by ``now`` and what they liked: the stories whose latest answer is
    a click or "more". Answers that may be a machine's do not count."""
    counted = (
        Event.story_id.is_not(None),
        Event.verified,
        Event.kind.in_(ANSWERS),
        Event.at <= now,
    )
    number = session.scalar(sa.select(sa.func.count(Event.id)).where(*counted)) or 0
    step = -(-number // most)
    query = (
        sa.select(Event.subscriber_id, Event.story_id, Event.kind, Event.at)
        .where(*counted)
        .order_by(Event.subscriber_id, Event.at, Event.id)
    )
    if step > 1:
        query = query.where(Event.subscriber_id % step == 0)
    roles = _roles(session, sa.select(Event.subscriber_id).where(*counted))
    rows = session.execute(query).yield_per(10_000)
    return [
        Answering(stories, roles.get(reader, []))
        for reader, answers in groupby(rows, key=itemgetter(0))
        if (stories := liked([Action(str(id_), ANSWERS[kind], at) for _, id_, kind, at in answers]))
    ]


def _roles(session: Session, answering: sa.Select[int]) -> dict[int, list[str]]:
    """The roles of the readers that ``answering`` selects."""
    query = (
        sa.select(SubscriberRole.subscriber_id, Role.name)
        .join(Role, Role.id == SubscriberRole.role_id)
        .where(SubscriberRole.subscriber_id.in_(answering))
        .order_by(SubscriberRole.subscriber_id, Role.key)
    )
    roles: dict[int, list[str]] = {}
    for reader, name in session.execute(query):
        roles.setdefault(reader, []).append(name)
    return roles
