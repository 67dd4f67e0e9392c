"""What has to be done when a store was restored from a backup, so that nobody gets an issue twice.

The backup knows nothing of what happened after it was made. Every copy that was still to be sent
may have been sent, so it is in doubt; an edition whose hour came meanwhile may have been planned
and sent as a whole, so it is cancelled before it exists; and keys that were given out meanwhile
stand in links that readers hold, so they are never given out again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.edition import schedule, templates
from mailer.edition.edition_settings import EditionSettings
from mailer.ledger import deliveries, editions
from mailer.rendering.templates import Template
from recommender import newsletters
from recommender.models import (
    Base,
    Edition,
    EditionState,
    Heartbeat,
    Newsletter,
    Shard,
    Subscriber,
)
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
    newsletter: str | None = None,
    periods: Sequence[str] = (),
) -> Doubts:
    """Doubt all that may have happened between the backup and ``lost_at``, when the store was lost.

    An edition of any newsletter whose hour had come by then, or whose week is among ``periods``,
    takes no more readers: they may have had it. One of which the store holds nothing is cancelled
    in either case: its hour had come, or it was begun by hand before its hour. ``settings`` are
    those of the first newsletter; ``periods`` are those of ``newsletter`` (default: the first).
    Doing it twice changes nothing more but the keys.
    """
    doubts = Doubts()
    with database.writing(engine) as session:
        session.execute(sa.delete(Heartbeat))  # of processes that served the store that is lost
        named = newsletters.get(session, newsletter or settings.newsletter)
        for edition in editions.listing(session):
            theirs = newsletters.of(settings, edition.newsletter)
            if edition.period in periods or _out(theirs, edition.period, lost_at):
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
        for row in newsletters.listing(session, retired=True):
            theirs = newsletters.of(settings, row)
            latest = _latest(settings, row, lost_at)
            for period in sorted({*latest, *(periods if row is named else ())}):
                if _cancelled(session, theirs, row, period, template, now):
                    doubts.cancelled.append(f"{row.name}-{period}")
        session.flush()
        _skip_keys(session)
    return doubts


def _latest(settings: Settings, newsletter: Newsletter, moment: datetime) -> Iterator[str]:
    """The period that was published last; none of a newsletter that has retired, or that was added
    after that hour."""
    theirs = newsletters.of(settings, newsletter)
    period, hour = schedule.latest(theirs.schedule, schedule.publishing_zone(theirs), moment)
    first = newsletter.name == settings.newsletter
    if newsletter.retired_at is None and (first or newsletter.created_at <= hour):
        yield period


def _cancelled(
    session: Session,
    theirs: Settings,
    newsletter: Newsletter,
    period: str,
    template: Template,
    now: datetime,
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
            settings=asdict(EditionSettings.of(theirs)),
            planned_at=now,
            finished_at=now,
            why=WHY,
        )
    )
    return True


def _out(theirs: Settings, period: str, moment: datetime) -> bool:
    return schedule.occurrence(theirs.schedule, period, schedule.publishing_zone(theirs)) <= moment


def _skip_keys(session: Session) -> None:
    readers = session.scalar(sa.select(sa.func.count()).select_from(Subscriber)) or 0
    connection = session.connection()
    for table in Base.metadata.sorted_tables:
        used = maintenance.keys_used(connection, table)
        skipped = max(KEYS_SKIPPED, EDITIONS_SKIPPED * readers)
        maintenance.reserve_keys(connection, table, used + skipped)
