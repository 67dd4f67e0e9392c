"""The first issue of a new reader: planned as soon as they confirm, from the last weeks' stories.

It is an edition of the newsletter like any other, of the period ``welcome-2026-W48`` for all who
confirm in that ISO week, so the ledger, its sum and its unique key hold unchanged: a reader has one
copy of an edition. Who has had any issue before gets none, so nobody gets two in two weeks. What a
copy holds counts as sent to its reader, and the next edition chooses other stories.

Whom to welcome follows from the consent log alone; a process that dies leaves nothing half done.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.edition import planning, shards, templates
from mailer.edition.edition_ranker import EditionRankers
from mailer.edition.opening import open_edition
from mailer.edition.schedule import WELCOME
from mailer.edition.shards import ShardReaders
from mailer.edition.sponsors import Slots
from mailer.ledger import editions
from recommender.models import (
    Article,
    ConsentEvent,
    Delivery,
    Edition,
    EditionState,
    Newsletter,
    Shard,
    Status,
    Subscriber,
)
from recommender.settings import Settings
from recommender.storage import bulk, database
from recommender.subscribers import audience

CONFIRMED_WITHIN = timedelta(days=1)
"""Who confirmed longer ago, while nothing ran, waits for the next edition."""
WEEKS = timedelta(weeks=4)
"""How far back its stories go; as far as an edition's where the last weeks brought none."""
AT_ONCE = 500
"""Readers of one planning."""


def period_of(settings: Settings, now: datetime) -> str:
    """The period of the welcomes of this moment: ``welcome-2026-W48``."""
    year, week, _ = now.astimezone(settings.zone).date().isocalendar()
    return f"{WELCOME}{year}-W{week:02}"


def is_welcome(period: str) -> bool:
    """Whether a period is one of welcomes."""
    return period.startswith(WELCOME)


def waiting(session: Session, settings: Settings, now: datetime) -> list[int]:
    """Ids of the readers who have just confirmed and never had an issue, the first first."""
    confirmed = (
        sa.select(ConsentEvent.subscriber_id, sa.func.min(ConsentEvent.id).label("turn"))
        .where(
            ConsentEvent.source == "confirm",
            ConsentEvent.after == Status.ACTIVE,
            ConsentEvent.at > now - CONFIRMED_WITHIN,
        )
        .group_by(ConsentEvent.subscriber_id)
        .subquery()
    )
    newsletter = planning.newsletter_of(session, settings)
    query = (
        sa.select(Subscriber.id)
        .join(confirmed, confirmed.c.subscriber_id == Subscriber.id)
        .where(_new(session, newsletter, now))
        .order_by(confirmed.c.turn)
        .limit(AT_ONCE)
    )
    return list(session.scalars(query))


def _new(session: Session, newsletter: Newsletter, now: datetime) -> sa.ColumnElement[bool]:
    """The condition under which a reader is in the newsletter's audience, and never was sent an
    issue."""
    had = sa.exists().where(Delivery.subscriber_id == Subscriber.id)
    everybody = planning.default_segment(session, newsletter)
    return shards.audience_of(session, newsletter.id, everybody, now) & ~had


def plan(engine: Engine, settings: Settings, rankers: EditionRankers, now: datetime) -> int | None:
    """Plan the first issues of those who wait; the edition they are in, None when nobody waits.

    A copy is due at once. For who has nothing to be given a skipped copy is kept with its reason,
    so that the sum of the edition holds.
    """
    with database.reading(engine) as session:
        ids = waiting(session, settings, now)
    if not ids:
        return None
    with database.writing(engine) as session:
        edition_id = _open(session, settings, now).id
    with database.reading(engine) as session:
        condition = bulk.among(session, Subscriber.id, ids)
        members = [m for batch in audience.batches(session, condition) for m in batch]
    rows = shards.copies(
        rankers.of(edition_id), ShardReaders(members, frozenset(), {}, Slots()), 0, now
    )
    with database.writing(engine) as session:
        _add(session, settings, edition_id, rows, now)
    return edition_id


def _open(session: Session, settings: Settings, now: datetime) -> Edition:
    """The edition of this week's welcomes, made for the first of them."""
    newsletter = planning.newsletter_of(session, settings, locked=True)
    period = period_of(settings, now)
    query = sa.select(Edition).where(
        Edition.newsletter_id == newsletter.id, Edition.period == period
    )
    edition = session.scalar(query)
    if edition is None:
        edition = open_edition(
            session,
            _from_the_last_weeks(session, settings, now),
            newsletter,
            templates.installed(settings),
            period=period,
            segment=None,
            now=now,
        )
        edition.closed_at = now  # no planning adds readers to it
        shards.finish(session, edition.id)
    return edition


def _from_the_last_weeks(session: Session, settings: Settings, now: datetime) -> Settings:
    recent = sa.exists().where(
        Article.published_at > now - WEEKS,
        Article.published_at <= now,
        Article.withdrawn_at.is_(None),
    )
    if not session.scalar(sa.select(recent)):
        return settings
    return settings.replace(horizon_days=min(WEEKS.days, settings.horizon_days))


def _add(
    session: Session,
    settings: Settings,
    edition_id: int,
    rows: Sequence[dict[str, object]],
    now: datetime,
) -> None:
    """Write the copies of those who still wait: nobody is welcomed twice, whoever else plans.

    None while an edition is being planned: its shards may have read these readers already, and know
    nothing of what is chosen here. Whoever plans an edition waits for this transaction.
    """
    newsletter = planning.newsletter_of(session, settings, locked=True)
    if _being_planned(session, settings):
        return
    ids = [int(str(row["subscriber_id"])) for row in rows]
    new = _new(session, newsletter, now)
    still = sa.select(Subscriber.id).where(bulk.among(session, Subscriber.id, ids), new)
    free = set(session.scalars(still.with_for_update(read=True, key_share=True, of=Subscriber)))
    query = sa.select(sa.func.max(Delivery.number)).where(Delivery.edition_id == edition_id)
    before = session.scalar(query) or 0
    wanted = [row for row in rows if row["subscriber_id"] in free]
    for number, row in enumerate(wanted, before + 1):
        row |= {"number": number, "due_at": now}
    if wanted:
        bulk.insert_all(session, Delivery.table(), wanted)
        editions.reopen(session, edition_id)


def _being_planned(session: Session, settings: Settings) -> bool:
    left = (
        sa.exists()
        .where(Shard.edition_id == Edition.id, ~Shard.done)
        .where(Edition.newsletter_id == Newsletter.id, Newsletter.name == settings.newsletter)
        .where(Edition.state != EditionState.CANCELLED)
    )
    return bool(session.scalar(sa.select(left)))
