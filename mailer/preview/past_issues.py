"""What a reader got in an edition, and why: read from the ledger as it was frozen."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.edition import feedback, snapshot
from mailer.ledger import editions
from recommender.errors import NotFoundError
from recommender.models import Delivery, EditionStory, Event, EventKind
from recommender.settings import Settings
from recommender.storage import json_columns
from recommender.subscribers import records

ANSWERS = (EventKind.CLICK, EventKind.MORE, EventKind.LESS)


def picks(session: Session, settings: Settings, email: str, period: str) -> dict[str, Any]:
    """The picks of the reader's copy with their reasons and what the reader answered, in the form
    of ``reader_issues.next_picks``, and what became of the copy (``delivery``).

    Raises NotFoundError for an unknown reader or edition, and for a reader who is not in it.
    """
    subscriber = records.find(session, email)
    edition = editions.find(session, settings.newsletter, period)
    delivery = session.scalar(
        sa.select(Delivery).where(
            Delivery.edition_id == edition.id, Delivery.subscriber_id == subscriber.id
        )
    )
    if delivery is None:
        raise NotFoundError(
            f"{subscriber.email} is not in {edition.name}; `newsletter subscribers show "
            f"{subscriber.email}` says what they were then"
        )
    chosen = snapshot.picks(json_columns.dump(delivery.picks))
    stories = _stories(session, edition.id, [int(pick.story) for pick in chosen])
    answered = _answers(session, delivery.id)
    return {
        "subscriber": subscriber.email,
        "edition": edition.name,
        "planned": True,
        "delivery": {
            "state": str(delivery.state),
            "reason": delivery.reason,
            "due_at": delivery.due_at,
            "settled_at": delivery.settled_at,
        },
        "picks": [
            {
                "position": pick.position,
                **stories.get(pick.story, {"article": "", "story": "", "title": ""}),
                "score": pick.score,
                "reasons": [feedback.reason(reason, []) for reason in pick.reasons],
                "answers": answered.get(pick.story, []),
            }
            for pick in chosen
        ],
        "runners_up": [],
        "learned_from": [],
    }


def _stories(session: Session, edition_id: int, ids: list[int]) -> dict[str, dict[str, str]]:
    """The names of the edition's stories as they read then, by their id as text."""
    query = sa.select(EditionStory.story_id, EditionStory.content).where(
        EditionStory.edition_id == edition_id, EditionStory.story_id.in_(ids)
    )
    return {
        str(story): {key: str(content[key]) for key in ("article", "story", "title")}
        for story, content in session.execute(query)
    }


def _answers(session: Session, delivery_id: int) -> dict[str, list[str]]:
    """What the reader answered to which story of the copy, in the order of time."""
    query = (
        sa.select(Event.story_id, Event.kind)
        .where(Event.delivery_id == delivery_id, Event.verified, Event.kind.in_(ANSWERS))
        .order_by(Event.at, Event.id)
    )
    answered: dict[str, list[str]] = {}
    for story, kind in session.execute(query):
        kinds = answered.setdefault(str(story), [])
        if str(kind) not in kinds:
            kinds.append(str(kind))
    return answered
