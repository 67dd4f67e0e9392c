"""Which of a few named segments readers belong to: asked once for many readers."""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import Newsletter, Segment, Subscriber
from recommender.segments.conditions import of_segment


def memberships(
    session: Session, names: Collection[str], theirs: sa.ColumnElement[bool], now: datetime
) -> Mapping[int, tuple[str, ...]]:
    """The segments of ``names`` that each of the readers who meet ``theirs`` belongs to, in the
    order of their names. Readers of none are left out, as are segments that are no longer there."""
    found: dict[int, tuple[str, ...]] = {}
    if not names:
        return found
    query = sa.select(Segment).where(Segment.name.in_(set(names))).order_by(Segment.name)
    for segment in session.scalars(query).all():
        belongs = of_segment(session, segment, now)
        for reader in session.scalars(sa.select(Subscriber.id).where(theirs, belongs)):
            found[reader] = (*found.get(reader, ()), segment.name)
    return found


def audiences(session: Session, reader: int, now: datetime) -> frozenset[str]:
    """The published newsletters for a segment that the reader (row id) belongs to."""
    query = (
        sa.select(Newsletter.name, Segment)
        .join(Segment, Segment.id == Newsletter.segment_id)
        .where(Newsletter.retired_at.is_(None))
    )
    return frozenset(
        name
        for name, segment in session.execute(query).all()
        if session.scalar(
            sa.select(Subscriber.id).where(
                Subscriber.id == reader, of_segment(session, segment, now)
            )
        )
        is not None
    )
