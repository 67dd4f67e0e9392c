"""What was learned from a reader: their answers, and which of them a reason rests on.

Reads events, writes nothing; the ranker itself knows stories and weights only.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import Event, EventKind, Story
from recommender.ranking.values import Reason

ANSWERS = (EventKind.MORE, EventKind.LESS, EventKind.MUTE, EventKind.CLICK)
SHOWN = 10


def answers(session: Session, subscriber_id: int, *, most: int = SHOWN) -> list[dict[str, Any]]:
    """The reader's latest answers that count, the newest first: ``at``, ``kind``, and the ``story``
    (its title) or the ``topic`` they are about."""
    query = (
        sa.select(Event, Story.title)
        .outerjoin(Story, Story.id == Event.story_id)
        .where(Event.subscriber_id == subscriber_id, Event.verified, Event.kind.in_(ANSWERS))
        .where(Event.story_id.is_not(None) | (Event.kind == EventKind.MUTE))
        .order_by(Event.at.desc(), Event.id.desc())
        .limit(most)
    )
    return [
        {"at": event.at, "kind": str(event.kind)}
        | ({"topic": event.data.get("topic")} if event.kind == EventKind.MUTE else {"story": title})
        for event, title in session.execute(query)
    ]


def reason(found: Reason, learned: list[dict[str, Any]]) -> dict[str, Any]:
    """A reason as a document; one that rests on an answer (kind ``history``) names it."""
    document = {"kind": found.kind, "detail": found.detail, "share": found.share}
    if found.kind == "history":
        given = [one["kind"] for one in learned if one.get("story") == found.detail]
        if given:
            document["answer"] = given[0]
    return document
