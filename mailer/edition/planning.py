"""Plans an edition: who gets it, which stories each of them gets, and when each copy is due.

Planning freezes the choice. Opening an edition keeps its settings, its candidates as they read at
that moment, and the shards its audience is divided into, in one transaction; then its shards are
planned by whoever comes along (``shards``). A planning that was killed goes on where it stopped.

An edition may be planned again, for another segment or for everybody: that adds those who are not
in it yet, with the settings and from the candidates of the first time. While its subjects are tried
nobody is added.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, joinedload

from mailer.edition import schedule, shards, subject_tests, worker_jobs
from mailer.edition.edition_ranker import EditionRankers
from mailer.edition.opening import open_edition
from mailer.edition.worker_jobs import Enqueue, enqueue_nothing
from mailer.ledger import counts, editions
from mailer.process_group import ProcessGroup, start
from mailer.rendering.templates import Template
from recommender import segments
from recommender.errors import ConflictError, NewsletterError, NotFoundError
from recommender.models import (
    Edition,
    EditionState,
    Newsletter,
    Segment,
    Shard,
    Subscriber,
)
from recommender.safety import logs
from recommender.settings import Settings
from recommender.storage import database

log = logs.get("planning")
WORTH_A_PROCESS = 5
"""Shards; it takes as long to start a process as to plan them."""
OTHERS_AT_WORK = 0.05
"""Seconds to wait where every shard that is left is in another process's hands."""


def plan(
    engine: Engine,
    settings: Settings,
    template: Template,
    *,
    period: str,
    now: datetime,
    segment: str | None = None,
    publishing: bool = False,
    progress: Callable[[int], None] = lambda _: None,
    stopped: Callable[[], bool] = lambda: False,
    processes: int = 1,
    enqueue: Enqueue = enqueue_nothing,
) -> int:
    """Plan the edition of ``period`` for those of ``segment`` (none: everybody) who are not in it
    yet; its id. A planning that is under way, whoever began it, is finished first.

    Shards are handed out to workers, too. Returns when all are planned, whoever did it, or
    ``stopped`` says so. ``publishing`` notes that the newsletter's hour has planned for everybody.
    An edition that takes no more readers (``takes_readers``) is left as it is. Raises
    NotFoundError for an unknown segment.
    """
    if schedule.check_period(period).startswith(schedule.WELCOME):
        raise NewsletterError(f"{period}: the service plans first issues as readers confirm")
    request = PlanningRequest(period, segment, now, publishing)

    def begin() -> tuple[int, bool, int]:
        with database.writing(engine) as session:
            edition, answered = _open(session, settings, template, request, enqueue)
            return edition.id, answered, len(shards.outstanding(session, edition.id))

    anything = 0
    while True:
        edition_id, answered, left = database.when_available(engine, begin, stopped)
        anything += left
        helpers = min(processes, left // WORTH_A_PROCESS) - 1
        task = PlanningTask(settings.store_url, edition_id)
        process_group = ProcessGroup([start(task) for _ in range(helpers)])
        try:
            work(engine, edition_id, progress=progress, stopped=stopped)
        finally:
            process_group.end()
        if answered or stopped():
            if anything:
                _tell(engine, edition_id)
            return edition_id


def _tell(engine: Engine, edition_id: int) -> None:
    """Log what was decided: how many copies there are, and why readers get none."""
    with database.reading(engine) as session:
        name = session.get_one(Edition, edition_id).name
        counted = counts.count(session, edition_id)
    copies = sum(counted.states.values())
    log.info("planned", edition=name, copies=copies, skipped=sum(counted.skipped.values()))
    for reason, number in counted.skipped.items():
        log.info("skipped", edition=name, reason=reason, copies=number)


@dataclass(frozen=True)
class PlanningRequest:
    """For whom an edition shall be planned, and when that was asked."""

    period: str
    segment: str | None
    now: datetime
    publishing: bool


@dataclass(frozen=True)
class PlanningTask:
    """The work of a process that helps (``process_group``)."""

    store_url: str
    edition_id: int

    def run(
        self, engine: Engine, stop: threading.Event, _progress: Callable[[int], None]
    ) -> str | None:
        """Plan shards until none is left; how many are done, the store knows."""
        work(engine, self.edition_id, progress=lambda _: None, stopped=stop.is_set)
        return None


def work(
    engine: Engine,
    edition_id: int,
    *,
    progress: Callable[[int], None],
    stopped: Callable[[], bool],
) -> None:
    """Plan the shards that are left, beside others who do the same."""
    rankers = EditionRankers(engine)
    while left := database.when_available(engine, lambda: _left(engine, edition_id), stopped):
        idle = True
        for number in left:
            if stopped():
                return
            if database.when_available(
                engine, partial(shards.plan, engine, rankers, edition_id, number), stopped
            ):
                idle = False
                with database.reading(engine) as session:
                    progress(shards.planned(session, edition_id))
        if idle:
            time.sleep(OTHERS_AT_WORK)


def go_on(
    engine: Engine,
    newsletter: str,
    *,
    progress: Callable[[int], None],
    stopped: Callable[[], bool],
) -> list[str]:
    """Plan the shards that a planning of ``newsletter`` left behind when it died; the names of the
    editions of which something was planned. What another process has in hand is left to it."""
    rankers = EditionRankers(engine)
    query = (
        sa.select(Edition)
        .join(Newsletter, Newsletter.id == Edition.newsletter_id)
        .options(joinedload(Edition.newsletter))
        .where(Newsletter.name == newsletter, Edition.state != EditionState.CANCELLED)
        .where(sa.exists().where(Shard.edition_id == Edition.id, ~Shard.done))
        .order_by(Edition.id)
    )
    with database.reading(engine) as session:
        begun = {edition.id: edition.name for edition in session.scalars(query)}
    for edition_id in list(begun):
        done = 0
        for number in _left(engine, edition_id):
            if not stopped() and shards.plan(engine, rankers, edition_id, number):
                done += 1
                progress(done)
        _left(engine, edition_id)
        if not done:
            del begun[edition_id]
    return list(begun.values())


def _left(engine: Engine, edition_id: int) -> list[int]:
    """The shards that are left; when there is none, the edition is planned."""
    with database.writing(engine) as session:
        shards.finish(session, edition_id)
        return shards.outstanding(session, edition_id)


def published(session: Session, newsletter: str, period: str) -> bool:
    """Whether the newsletter's hour has nothing more to plan: it has planned the edition for
    everybody, or nobody may be added to that any more. Who comes later gets the next edition."""
    edition = session.scalar(
        sa.select(Edition)
        .join(Newsletter, Newsletter.id == Edition.newsletter_id)
        .where(Newsletter.name == newsletter, Edition.period == period)
    )
    if edition is None or not takes_readers(edition):
        return edition is not None
    done = edition.published_at is not None or subject_tests.waits(session, edition)
    return done and not shards.outstanding(session, edition.id)


def newsletter_of(session: Session, settings: Settings, *, locked: bool = False) -> Newsletter:
    """The configured newsletter. ``locked``: others who want it so wait for this transaction."""
    query = sa.select(Newsletter).where(Newsletter.name == settings.newsletter)
    newsletter = session.scalar(query.with_for_update() if locked else query)
    if newsletter is None:
        raise NotFoundError(
            f"the store has no newsletter {settings.newsletter!r}; run `newsletter init`"
        )
    if locked and newsletter.retired_at is not None:
        raise ConflictError(
            f"{newsletter.name} has retired; `newsletter newsletters list` says when"
        )
    return newsletter


def _open(
    session: Session,
    settings: Settings,
    template: Template,
    request: PlanningRequest,
    enqueue: Enqueue,
) -> tuple[Edition, bool]:
    """The edition, with shards for those who were asked for; False while others must be planned
    before them."""
    newsletter = newsletter_of(session, settings, locked=True)
    everybody = default_segment(session, newsletter)
    segment = everybody if request.segment is None else request.segment
    if segment is not None:
        segments.get(session, segment)
    edition = session.scalar(
        sa.select(Edition)
        .where(Edition.newsletter_id == newsletter.id, Edition.period == request.period)
        .with_for_update(key_share=True)
    )
    if edition is None:
        edition = open_edition(
            session, settings, newsletter, template,
            period=request.period, segment=segment, now=request.now,
        )  # fmt: skip
    elif not takes_readers(edition):
        return edition, True
    elif shards.outstanding(session, edition.id):
        return edition, False
    elif not subject_tests.decide(session, edition, request.now):
        return edition, True
    added = shards.split(session, edition, segment, request.now)
    if segment == everybody:
        edition.segment = everybody
        if request.publishing and not subject_tests.waits(session, edition):
            edition.published_at = request.now
    session.flush()
    if added:
        editions.reopen(session, edition.id)
        enqueue(session, worker_jobs.to_plan(edition.id, added))
    return edition, True


def default_segment(session: Session, newsletter: Newsletter) -> str | None:
    """The segment that is everybody, to this newsletter."""
    if newsletter.segment_id is None:
        return None
    return session.get_one(Segment, newsletter.segment_id).name


def takes_readers(edition: Edition) -> bool:
    """Whether anybody may still be added to the edition."""
    return (
        edition.state != EditionState.CANCELLED
        and edition.closed_at is None
        and edition.slim_at is None
    )


def to_add(
    session: Session, settings: Settings, period: str, segment: str | None, now: datetime
) -> int:
    """How many readers planning would add to the edition of ``period``."""
    newsletter = newsletter_of(session, settings)
    wanted = default_segment(session, newsletter) if segment is None else segment
    theirs = shards.audience_of(session, newsletter.id, wanted, now)
    edition = session.scalar(
        sa.select(Edition).where(Edition.newsletter_id == newsletter.id, Edition.period == period)
    )
    if edition is not None:
        if not takes_readers(edition):
            return 0
        theirs &= ~shards.contains(edition.id)
    return session.scalar(sa.select(sa.func.count(Subscriber.id)).where(theirs)) or 0
