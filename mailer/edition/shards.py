"""Plans an edition in shards: runs of a few thousand readers, each planned in one piece.

An edition may be planned several times, for one segment after another and for everybody at last.
Each planning adds shards of those who are not in the edition yet, once the shards of the one before
are done: so no reader is in two of them.

A shard is marked as done in the transaction that writes its copies, so it is planned once, however
often and by however many processes it is tried; a process that dies leaves it as it was. All rank
the candidates that were frozen when the edition was opened, and what a reader gets depends on
nothing else that another process does. The lock of a shard only spares others the work.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.edition import (
    edition_edits,
    frequency,
    pinned_segments,
    sponsors,
    subject_tests,
    sunset,
)
from mailer.edition.edition_ranker import EditionRanker, EditionRankers
from mailer.edition.snapshot import reader_document
from mailer.edition.sponsors import Slots
from mailer.edition.subject_tests import Subjects
from recommender import segments
from recommender.models import (
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    Shard,
    Subscriber,
)
from recommender.storage import bulk, database, locks
from recommender.subscribers import audience, subscriptions
from recommender.subscribers.audience import Member

if TYPE_CHECKING:
    from mailer.edition.pick_documents import Choice

SIZE = 2_000
"""Readers of a shard: a fifth of a second's work, a few megabytes."""
NOTHING_RELEVANT = "nothing_relevant"


def split(session: Session, edition: Edition, segment: str | None, now: datetime) -> list[int]:
    """Divide the readers of ``segment`` (none: everybody), as of ``now``, who are not in the
    edition yet into shards; their numbers. None of its shards may be left to be planned."""
    here = Shard.edition_id == edition.id
    last = session.scalar(sa.select(sa.func.max(Shard.number)).where(here)) or 0
    start = _copies(session, edition.id)
    place = sa.func.row_number(type_=sa.Integer()).over(order_by=Subscriber.id)
    theirs = audience_of(session, edition.newsletter_id, segment, now) & ~contains(edition.id)
    readers = sa.select(Subscriber.id, (place - 1).label("before")).where(theirs).subquery()
    piece = readers.c.before // SIZE
    pieces = sa.select(
        sa.literal(edition.id),
        piece + last + 1,
        sa.func.min(readers.c.id),
        sa.func.max(readers.c.id),
        sa.func.min(readers.c.before) + start,
        sa.func.count(),
        sa.false(),
        sa.literal(segment, Shard.segment.type),
        sa.literal(now, Shard.planned_at.type),
    ).group_by(piece)
    columns = ["edition_id", "number", "first_id", "last_id", "start", "readers", "done"]
    columns += ["segment", "planned_at"]
    session.execute(sa.insert(Shard).from_select(columns, pieces))
    return outstanding(session, edition.id)


def _copies(session: Session, edition_id: int) -> int:
    """The number of the last copy of an edition, or 0."""
    query = sa.select(sa.func.max(Delivery.number)).where(Delivery.edition_id == edition_id)
    return session.scalar(query) or 0


def audience_of(
    session: Session, newsletter_id: int, segment: str | None, now: datetime
) -> sa.ColumnElement[bool]:
    """The condition under which a subscriber may be mailed, has not left the newsletter, and is in
    ``segment`` as of ``now``."""
    condition = audience.mailable() & ~subscriptions.left(newsletter_id)
    if segment is not None:
        condition &= segments.condition(session, segment, now)
    return condition


def contains(edition_id: int) -> sa.ColumnElement[bool]:
    """The condition under which a subscriber is in the edition: has a copy, whatever became of
    it."""
    return sa.exists().where(
        Delivery.edition_id == edition_id, Delivery.subscriber_id == Subscriber.id
    )


def outstanding(session: Session, edition_id: int) -> list[int]:
    """The numbers of the shards that are not planned yet."""
    query = sa.select(Shard.number).where(Shard.edition_id == edition_id, ~Shard.done)
    return list(session.scalars(query.order_by(Shard.number)))


def planned(session: Session, edition_id: int) -> int:
    """How many readers are in the shards that are planned."""
    query = sa.select(sa.func.sum(Shard.readers)).where(Shard.edition_id == edition_id, Shard.done)
    return session.scalar(query) or 0


@dataclass(frozen=True)
class ShardReaders:
    """The readers of a shard, who of them rest this time (ids), and to which of the segments that
    have a note or sponsor each belongs. ``slots``: which sponsor is in whose copy; ``asked``: who
    is asked whether they still want their issues; ``subjects``: those that are tried."""

    members: Sequence[Member]
    resting: frozenset[int]
    segments: Mapping[int, tuple[str, ...]]
    slots: Slots
    asked: frozenset[int] = frozenset()
    subjects: Subjects | None = None


def read(
    session: Session, ranker: EditionRanker, theirs: sa.ColumnElement[bool], at: datetime
) -> ShardReaders:
    """The readers who meet ``theirs``, as of ``at``."""
    newsletter, period = ranker.edition.newsletter, ranker.edition.period
    slots = sponsors.slots(session, newsletter.id, ranker.settings, period, at)
    named = {*edition_edits.current(session, newsletter.name, period).segments, *slots.segments}
    belonging = segments.memberships(session, named, theirs, at)
    members = [
        member
        for batch in audience.batches(session, theirs)
        for member in pinned_segments.members(session, ranker.ranker, batch, at)
    ]
    resting = frequency.resting(session, ranker.edition.newsletter_id, period, members)
    asked = sunset.to_ask(session, ranker.settings.sunset_weeks, [m.id for m in members], at)
    subjects = subject_tests.at(session, ranker.settings, at)
    return ShardReaders(members, resting, belonging, slots, asked, subjects)


def plan(engine: Engine, rankers: EditionRankers, edition_id: int, number: int) -> bool:
    """Plan a shard, unless that has been done. False: another process has it in hand."""
    with locks.hold(engine, f"shard-{edition_id}-{number}", once=True) as free:
        if not free:
            return False
        with database.reading(engine) as session:
            shard = session.get(Shard, (edition_id, number))
            if shard is None or shard.done:
                return True
            ranker = rankers.of(edition_id)
            at = shard.planned_at or ranker.edition.planned_at
            theirs = audience_of(session, ranker.edition.newsletter_id, shard.segment, at)
            theirs &= Subscriber.id.between(shard.first_id, shard.last_id) & ~contains(edition_id)
            readers = _trying(ranker, read(session, ranker, theirs, at))
        rows = copies(ranker, readers, shard.start, at)
        with database.writing(engine) as session:
            marked = session.scalars(
                sa.update(Shard)
                .where(Shard.edition_id == edition_id, Shard.number == number, ~Shard.done)
                .values(done=True)
                .returning(Shard.number)
            ).all()
            if marked and rows:
                held = _still_held(session, readers.members)
                rows = [row for row in rows if row["subscriber_id"] in held]
            if marked and rows:
                bulk.insert_all(session, Delivery.table(), rows)
                planned = {row["subscriber_id"] for row in rows if row["picks"]}
                sunset.note_asked(session, readers.asked & planned, at)
    return True


def _trying(ranker: EditionRanker, readers: ShardReaders) -> ShardReaders:
    """The readers who are planned now: while subjects are tried, those who try one."""
    if readers.subjects is None or readers.subjects.winner is not None:
        return readers
    members = [member for member in readers.members if ranker.tries(member) is not None]
    return replace(readers, members=members)


def _subject(
    ranker: EditionRanker, readers: ShardReaders, member: Member
) -> tuple[str, str | None]:
    """The subject of a reader's copy, and which of those that are tried it is; "" where none is."""
    if readers.subjects is None:
        return "", None
    tries = None if readers.subjects.winner is not None else ranker.tries(member)
    return readers.subjects.text(tries), None if tries is None else str(tries)


def _still_held(session: Session, members: Sequence[Member]) -> set[int]:
    """Who of them has not been erased since they were read; none will be before this is written."""
    query = sa.select(Subscriber.id).where(
        bulk.among(session, Subscriber.id, [m.id for m in members])
    )
    return set(session.scalars(query.with_for_update(read=True, key_share=True)))


def copies(
    ranker: EditionRanker, readers: ShardReaders, start: int, now: datetime
) -> list[dict[str, object]]:
    """The copies of a shard, as rows: their stories chosen, numbered from ``start`` + 1. For who
    rests this time nothing is chosen, nor not."""
    awake = [member for member in readers.members if member.id not in readers.resting]
    chosen = dict(zip([member.id for member in awake], ranker.choose(awake), strict=True))
    return _rows(ranker, readers, chosen, start, now)


def _rows(
    ranker: EditionRanker,
    readers: ShardReaders,
    chosen: "Mapping[int, Choice]",
    start: int,
    now: datetime,
) -> list[dict[str, object]]:
    edition = ranker.edition
    due_at = cache(partial(ranker.settings.due_at, edition.period))  # few zones, many readers
    rows: list[dict[str, object]] = []
    for number, member in enumerate(readers.members, start + 1):
        choice = chosen.get(member.id)
        picks = choice.picks if choice is not None and choice.stories else None
        belonging = readers.segments.get(member.id, ())
        reason = None if picks else frequency.SKIPPED if choice is None else NOTHING_RELEVANT
        subject, subject_arm = _subject(ranker, readers, member)
        rows.append(
            {
                "edition_id": edition.id,
                "subscriber_id": member.id,
                "number": number,
                "state": DeliveryState.PLANNED if picks else DeliveryState.SKIPPED,
                "reason": reason,
                "settled_at": None if picks else now,
                "due_at": due_at(member.timezone, member.day, member.hour),
                "picks": picks or [],
                "story_ids": [] if choice is None else choice.stories,
                "reader": reader_document(
                    member,
                    belonging,
                    readers.slots.of(belonging),
                    asked=member.id in readers.asked,
                    subject=subject,
                ),
                "template_hash": edition.template_hash,
                "attempts": 0,
                "arm": None if (arm := ranker.arm(member)) is None else arm.value,
                "subject_arm": subject_arm,
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
