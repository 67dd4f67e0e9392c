"""Which stories each reader answered with interest: what the ranker learns of all readers together.

Reads events, writes nothing. Every ranker over a store asks here, so that planning, previews and
related stories rest on the same answers.
"""

from datetime import datetime
from itertools import groupby
from operator import itemgetter

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import Event, EventKind
from recommender.ranking.answers import liked
from recommender.ranking.values import Action, ActionKind

MOST_EVENTS = 500_000
"""Answers that are read; of a store with more, those of every second, third … reader."""
ANSWERS: dict[EventKind, ActionKind] = {
    EventKind.CLICK: "click",
    EventKind.MORE: "more",
    EventKind.LESS: "less",
}


def load(session: Session, now: datetime, *, most: int = MOST_EVENTS) -> list[list[str]]:
    """For each reader with answers by ``now`` the ids of the stories they liked, oldest first:
    those whose latest answer is a click or "more". Answers that may be a machine's do not count."""
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
    rows = session.execute(query).yield_per(10_000)
    return [
        stories
        for _, answers in groupby(rows, key=itemgetter(0))
        if (stories := liked([Action(str(id_), ANSWERS[kind], at) for _, id_, kind, at in answers]))
    ]
