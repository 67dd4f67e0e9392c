"""Pins for the readers of a segment: tells the ranker which of those segments readers are in."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from recommender import segments
from recommender.models import Subscriber
from recommender.storage import bulk
from recommender.subscribers.audience import Member

if TYPE_CHECKING:
    from recommender.ranking.ranker import Ranker


def members(
    session: Session, ranker: "Ranker", found: Sequence[Member], now: datetime
) -> list[Member]:
    """The same readers with those of their segments, as of ``now``, that a candidate is pinned
    for."""
    names = {name for story in ranker.candidates for name in story.pinned_for}
    if not names or not found:
        return list(found)
    theirs = bulk.among(session, Subscriber.id, [member.id for member in found])
    belonging = segments.memberships(session, names, theirs, now)
    return [
        replace(member, reader=replace(member.reader, segments=belonging.get(member.id, ())))
        for member in found
    ]
