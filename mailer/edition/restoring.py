"""What has to be done when a store was restored from a backup, so that nobody gets an issue twice.

The backup knows nothing of what happened after it was made. Every copy that was still to be sent
may have been sent, so it is in doubt; an edition whose hour came meanwhile may have been planned
and sent as a whole, so it is cancelled before it exists; and keys that were given out meanwhile
stand in links that readers hold, so they are never given out again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.edition import planning, schedule, templates
from mailer.ledger import deliveries, editions
from mailer.rendering.templates import Template
from recommender.models import Base, Edition, EditionState, Newsletter, Shard, Subscriber
from recommender.settings import Settings
from recommender.storage import database, maintenance

WHY = "the store was restored from a backup; this may have been sent before"
KEYS_SKIPPED = 1_000_000
EDITIONS_SKIPPED = 20
"""So many editions for all readers fit into the keys that are not given out again."""


@dataclass(frozen=True)
class Doubts:
    """By edition the number of copies in doubt, and the editions that will not be planned."""

    in_doubt: dict[str, int] = field(default_factory=dict)
    cancelled: list[str] = field(default_factory=list)


def restored(
    engine: Engine,
    settings: Settings,
    template: Template,
    *,
    lost_at: datetime,
    now: datetime,
    periods: Sequence[str] = (),
) -> Doubts:
    """Doubt all that may have happened between the backup and ``lost_at``, when the store was lost.

    An edition whose hour had come by then, or whose week is among ``periods``, takes no more
    readers: they may have had it. One of which the store holds nothing is cancelled in either case:
    its hour had come, or it was begun by hand before its hour. Doing it twice changes nothing more
    but the keys.
    """
    doubts = Doubts()
    with database.writing(engine) as session:
        newsletter = planning.newsletter_of(session, settings)
        for edition in editions.listing(session):
            if edition.period in periods or _out(settings, edition, lost_at):
                edition.closed_at = edition.closed_at or now  # more may have been added to it
            if edition.state in editions.ENDED:
                continue
            for_nobody = sa.update(Shard).where(Shard.edition_id == edition.id)
            session.execute(for_nobody.values(done=True))
            doubts.in_doubt[edition.name] = deliveries.mark_open_in_doubt(
                session, edition.id, WHY, now=now
            )
            unplanned = edition.state == EditionState.PLANNING
            edition.state = EditionState.CANCELLED if unplanned else EditionState.FINISHED
            edition.finished_at, edition.why = now, WHY
        templates.save(session, template, settings.secret, now)
        latest, _ = schedule.latest(settings.schedule, schedule.EARLIEST, lost_at)
        for period in sorted({latest, *periods}):
            if _cancelled(session, newsletter, period, template, now):
                doubts.cancelled.append(f"{newsletter.name}-{period}")
        session.flush()
        _skip_keys(session)
    return doubts


def _cancelled(
    session: Session, newsletter: Newsletter, period: str, template: Template, now: datetime
) -> bool:
    """Cancel the edition of a period before it exists; False when it does exist."""
    known = sa.exists().where(Edition.newsletter_id == newsletter.id, Edition.period == period)
    if session.scalar(sa.select(known)):
        return False
    session.add(
        Edition(
            newsletter_id=newsletter.id,
            period=schedule.check_period(period),
            state=EditionState.CANCELLED,
            template_hash=template.hash,
            settings={},
            planned_at=now,
            finished_at=now,
            why=WHY,
        )
    )
    return True


def _out(settings: Settings, edition: Edition, moment: datetime) -> bool:
    hour = schedule.occurrence(settings.schedule, edition.period, schedule.EARLIEST)
    return hour <= moment


def _skip_keys(session: Session) -> None:
    readers = session.scalar(sa.select(sa.func.count()).select_from(Subscriber)) or 0
    connection = session.connection()
    for table in Base.metadata.sorted_tables:
        used = maintenance.keys_used(connection, table)
        skipped = max(KEYS_SKIPPED, EDITIONS_SKIPPED * readers)
        maintenance.reserve_keys(connection, table, used + skipped)
