"""Plans an edition in shards: runs of a few thousand readers, each planned in one piece.

A shard is marked as done in the transaction that writes its copies, so it is planned once, however
often and by however many processes it is tried; a process that dies leaves it as it was. All rank
the candidates that were frozen when the edition was opened, and what a reader gets depends on
nothing else that another process does. The lock of a shard only spares others the work.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.edition import frequency
from mailer.edition.kept import pick_document, reader_document
from mailer.edition.terms import Terms
from recommender import audience, catalogue, database, segments, vocabulary
from recommender.audience import Member
from recommender.catalogue import Catalogue
from recommender.models import (
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    EditionStory,
    Shard,
    Subscriber,
)
from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import RankingSettings
from recommender.ranking.values import Ranking

SIZE = 2_000
"""Readers of a shard: a second's work, a few megabytes."""
NOTHING_RELEVANT = "nothing_relevant"


def ranker_for(
    session: Session, terms: Terms, now: datetime, *, edition_id: int | None = None
) -> tuple[Ranker, Catalogue]:
    """The ranker over the stories of the store as of ``now``, and those stories; with
    ``edition_id`` over the candidates of that edition."""
    frozen = None
    if edition_id is not None:
        query = sa.select(EditionStory.story_id).where(EditionStory.edition_id == edition_id)
        frozen = set(session.scalars(query))
    stories = catalogue.load(session, now=now, horizon_days=terms.horizon_days, frozen=frozen)
    ranker = Ranker(
        stories.candidates,
        archive=stories.archive,
        vocabulary=vocabulary.load(session),
        settings=RankingSettings(relevance_floor=terms.relevance_floor),
    )
    return ranker, stories


def split(session: Session, edition: Edition) -> int:
    """Divide the audience of a new edition into shards; how many."""
    place = sa.func.row_number(type_=sa.Integer()).over(order_by=Subscriber.id)
    readers = (
        sa.select(Subscriber.id, (place - 1).label("before"))
        .where(audience_of(session, edition))
        .subquery()
    )
    piece = readers.c.before // SIZE
    pieces = sa.select(
        sa.literal(edition.id),
        piece + 1,
        sa.func.min(readers.c.id),
        sa.func.max(readers.c.id),
        sa.func.min(readers.c.before),
        sa.func.count(),
        sa.false(),
    ).group_by(piece)
    columns = ["edition_id", "number", "first_id", "last_id", "start", "readers", "done"]
    session.execute(sa.insert(Shard).from_select(columns, pieces))
    return len(outstanding(session, edition.id))


def audience_of(session: Session, edition: Edition) -> sa.ColumnElement[bool]:
    """The condition under which a subscriber gets the edition."""
    condition = audience.mailable()
    if edition.segment is not None:
        condition &= segments.condition(session, edition.segment, edition.planned_at)
    return condition


def outstanding(session: Session, edition_id: int) -> list[int]:
    """The numbers of the shards that are not planned yet."""
    query = sa.select(Shard.number).where(Shard.edition_id == edition_id, ~Shard.done)
    return list(session.scalars(query.order_by(Shard.number)))


def planned(session: Session, edition_id: int) -> int:
    """How many readers are in the shards that are planned."""
    query = sa.select(sa.func.sum(Shard.readers)).where(Shard.edition_id == edition_id, Shard.done)
    return session.scalar(query) or 0


@dataclass(frozen=True)
class Desk:
    """What every shard of an edition is planned with."""

    edition: Edition
    terms: Terms
    ranker: Ranker

    def rank(self, members: Sequence[Member]) -> list[Ranking]:
        return self.ranker.rank(
            [member.reader for member in members],
            now=self.edition.planned_at,
            top=self.terms.picks,
            seed=self.edition.name,
        )


class Desks:
    """The desks of this process: an edition's stories are read and prepared once. Safe to share
    between threads."""

    KEPT = 2

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._known: dict[int, Desk] = {}

    def of(self, edition_id: int) -> Desk:
        with self._lock:
            desk = self._known.pop(edition_id, None) or self._open(edition_id)
            self._known[edition_id] = desk
            for oldest in list(self._known)[: -self.KEPT]:
                del self._known[oldest]
            return desk

    def _open(self, edition_id: int) -> Desk:
        with database.reading(self._engine) as session:
            edition = session.get_one(Edition, edition_id, options=[sa.orm.joinedload("*")])
            terms = Terms(**edition.settings)
            ranker, _ = ranker_for(session, terms, edition.planned_at, edition_id=edition_id)
            session.expunge_all()
        return Desk(edition, terms, ranker)


def plan(engine: Engine, desks: Desks, edition_id: int, number: int) -> bool:
    """Plan a shard, unless that has been done. False: another process has it in hand."""
    with database.lock(engine, f"shard-{edition_id}-{number}", once=True) as free:
        if not free:
            return False
        with database.reading(engine) as session:
            shard = session.get(Shard, (edition_id, number))
            if shard is None or shard.done:
                return True
            desk = desks.of(edition_id)
            theirs = audience_of(session, desk.edition)
            theirs &= Subscriber.id.between(shard.first_id, shard.last_id)
            members = [m for batch in audience.batches(session, theirs) for m in batch]
            resting = frequency.resting(
                session, desk.edition.newsletter_id, desk.edition.period, members
            )
        awake = [member for member in members if member.id not in resting]
        rankings = dict(zip((member.id for member in awake), desk.rank(awake), strict=True))
        rows = _rows(desk, members, rankings, shard.start)
        with database.writing(engine) as session:
            marked = session.scalars(
                sa.update(Shard)
                .where(Shard.edition_id == edition_id, Shard.number == number, ~Shard.done)
                .values(done=True)
                .returning(Shard.number)
            ).all()
            if marked and rows:
                held = _still_held(session, members)
                rows = [row for row in rows if row["subscriber_id"] in held]
            if marked and rows:
                session.connection().execute(sa.insert(Delivery.table()), rows)
    return True


def _still_held(session: Session, members: Sequence[Member]) -> set[int]:
    """Who of them has not been erased since they were read; none will be before this is written."""
    query = sa.select(Subscriber.id).where(Subscriber.id.in_([member.id for member in members]))
    return set(session.scalars(query.with_for_update(read=True, key_share=True)))


def _rows(
    desk: Desk, members: Sequence[Member], rankings: Mapping[int, Ranking], start: int
) -> list[dict[str, object]]:
    """The copies of a shard, as rows. Who rests this time has no ranking."""
    edition = desk.edition
    rows: list[dict[str, object]] = []
    for number, member in enumerate(members, start + 1):
        ranking = rankings.get(member.id)
        picks = ranking.picks if ranking else ()
        reason = None if picks else NOTHING_RELEVANT if ranking else frequency.SKIPPED
        rows.append(
            {
                "edition_id": edition.id,
                "subscriber_id": member.id,
                "number": number,
                "state": DeliveryState.PLANNED if picks else DeliveryState.SKIPPED,
                "reason": reason,
                "settled_at": None if picks else edition.planned_at,
                "due_at": desk.terms.due_at(
                    edition.period, member.timezone, member.day, member.hour
                ),
                "picks": [pick_document(pick) for pick in picks],
                "story_ids": [int(pick.story) for pick in picks],
                "reader": reader_document(member),
                "template_hash": edition.template_hash,
            }
        )
    return rows


def finish(session: Session, edition_id: int) -> None:
    """Note that the edition is planned, once all its shards are."""
    left = sa.exists().where(Shard.edition_id == edition_id, ~Shard.done)
    session.execute(
        sa.update(Edition)
        .where(Edition.id == edition_id, Edition.state == EditionState.PLANNING, ~left)
        .values(state=EditionState.PLANNED)
    )
