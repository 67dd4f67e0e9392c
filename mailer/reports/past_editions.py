"""Past editions as they were sent, seen and answered: what a replay is told from. Reads only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.edition.schedule import WELCOME
from mailer.ledger import counts
from recommender.models import Delivery, Edition, Event, EventKind
from recommender.storage import bulk, json_columns

BATCH = 5_000


class LoggedPick(msgspec.Struct, gc=False):
    """A pick as its delivery keeps it: the story (id) and position, and with what probability it
    was drawn, and stood where."""

    story: int
    position: int
    propensity: float | None = None
    places: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class Copy:
    """A copy that was sent: whose, its picks, and which of their stories (ids) were answered with
    interest."""

    id: int
    subscriber_id: int
    picks: Sequence[LoggedPick]
    answered: frozenset[int]


_read_picks = json_columns.reader(tuple[LoggedPick, ...])


def latest(session: Session, newsletter_id: int, most: int) -> list[Edition]:
    """The latest editions of a newsletter with copies that were sent, as they were planned; the
    earliest first. Without welcomes, and those of which only the stories are left."""
    sent = sa.exists().where(Delivery.edition_id == Edition.id, counts.SENT)
    query = (
        sa.select(Edition)
        .options(sa.orm.joinedload(Edition.newsletter))
        .where(Edition.newsletter_id == newsletter_id, Edition.slim_at.is_(None), sent)
        .where(~Edition.period.startswith(WELCOME))
        .order_by(Edition.planned_at.desc(), Edition.id.desc())
        .limit(most)
    )
    return list(session.scalars(query))[::-1]


def sampled(session: Session, edition: Edition, most: int) -> sa.ColumnElement[bool]:
    """The condition on Delivery for the personal copies of an edition that were sent, those of one
    ranker; of more than ``most`` those of every second, third … reader."""
    one_ranker = Delivery.arm.is_(None) | Delivery.arm.in_(("personal", "a", "b"))
    here = (Delivery.edition_id == edition.id) & counts.SENT & one_ranker
    number = session.scalar(sa.select(sa.func.count()).where(here)) or 0
    step = -(-number // most)
    return here & (Delivery.subscriber_id % step == 0) if step > 1 else here


def copies(session: Session, condition: sa.ColumnElement[bool]) -> Iterator[list[Copy]]:
    """The copies that meet ``condition`` and have picks, in batches by reader."""
    after = 0
    query = (
        sa.select(Delivery.id, Delivery.subscriber_id, sa.cast(Delivery.picks, sa.Text))
        .where(condition)
        .order_by(Delivery.subscriber_id)
        .limit(BATCH)
    )
    while rows := session.execute(query.where(Delivery.subscriber_id > after)).all():
        after = rows[-1][1]
        answered = _answered(session, [row[0] for row in rows])
        found = [
            Copy(id_, reader, picks, answered.get(id_, frozenset()))
            for id_, reader, document in rows
            if (picks := _read_picks(document))
        ]
        if found:
            yield found


def _answered(session: Session, ids: list[int]) -> dict[int, frozenset[int]]:
    """Which stories of these copies were clicked or "more", and not "less" beside."""
    given: dict[int | None, dict[int | None, set[EventKind]]] = {}
    query = sa.select(Event.delivery_id, Event.story_id, Event.kind).where(
        Event.delivery_id.in_(sa.select(Delivery.id).where(bulk.among(session, Delivery.id, ids))),
        Event.verified,
        Event.story_id.is_not(None),
        Event.kind.in_((EventKind.CLICK, EventKind.MORE, EventKind.LESS)),
    )
    for delivery, story, kind in session.execute(query):
        given.setdefault(delivery, {}).setdefault(story, set()).add(kind)
    return {
        delivery: frozenset(
            story
            for story, kinds in stories.items()
            if story is not None and EventKind.LESS not in kinds
        )
        for delivery, stories in given.items()
        if delivery is not None
    }
