"""Plans an edition: who gets it, which stories each of them gets, and when each copy is due.

Planning freezes the choice. Opening an edition keeps its terms, its candidates as they read at
that moment, and the shards its audience is divided into, in one transaction; then its shards are
planned by whoever comes along (``shards``). A planning that was killed goes on where it stopped.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.dispatch.crew import Crew, start
from mailer.edition import schedule, shards, templates, tickets
from mailer.edition.desks import Desks
from mailer.edition.terms import Terms
from mailer.edition.tickets import HandOut, to_nobody
from mailer.issue.rendering import Template
from recommender import catalogue, database, segments
from recommender.errors import ConflictError, NotFoundError
from recommender.models import (
    Edition,
    EditionState,
    EditionStory,
    Newsletter,
    Segment,
)
from recommender.settings import Settings

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
    progress: Callable[[int], None] = lambda _: None,
    stopped: Callable[[], bool] = lambda: False,
    processes: int = 1,
    hand_out: HandOut = to_nobody,
) -> int:
    """Plan the edition of ``period``, or help to finish that; its id. Already planned: no change.

    Shards are handed out to workers, too. Returns when the edition is planned, whoever did it, or
    ``stopped`` says so. Raises ConflictError when it was planned for another segment; NotFoundError
    for an unknown segment.
    """
    schedule.check_period(period)

    def begin() -> Edition:
        with database.writing(engine) as session:
            return _open(session, settings, template, period, segment, now, hand_out)

    edition = database.patiently(engine, begin, stopped)
    if edition.state == EditionState.PLANNING:
        with database.reading(engine) as session:
            left = len(shards.outstanding(session, edition.id))
        helpers = min(processes, left // WORTH_A_PROCESS) - 1
        order = Planning(settings.store_url, edition.id)
        crew = Crew([start(order) for _ in range(helpers)])
        try:
            work(engine, edition.id, progress=progress, stopped=stopped)
        finally:
            crew.end()
    return edition.id


@dataclass(frozen=True)
class Planning:
    """What a process that helps is to do (``crew``)."""

    store_url: str
    edition_id: int

    def carry_out(
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
    desks = Desks(engine)
    while left := database.patiently(engine, lambda: _left(engine, edition_id), stopped):
        idle = True
        for number in left:
            if stopped():
                return
            if database.patiently(
                engine, partial(shards.plan, engine, desks, edition_id, number), stopped
            ):
                idle = False
                with database.reading(engine) as session:
                    progress(shards.planned(session, edition_id))
        if idle:
            time.sleep(OTHERS_AT_WORK)


def _left(engine: Engine, edition_id: int) -> list[int]:
    """The shards that are left; when there is none, the edition is planned."""
    with database.writing(engine) as session:
        shards.finish(session, edition_id)
        return shards.outstanding(session, edition_id)


def newsletter_of(session: Session, settings: Settings, *, locked: bool = False) -> Newsletter:
    """The configured newsletter. ``locked``: others who want it so wait for this transaction."""
    query = sa.select(Newsletter).where(Newsletter.name == settings.newsletter)
    found = session.scalar(query.with_for_update() if locked else query)
    if found is None:
        raise NotFoundError(
            f"the store has no newsletter {settings.newsletter!r}; run `newsletter init`"
        )
    return found


def _open(
    session: Session,
    settings: Settings,
    template: Template,
    period: str,
    segment: str | None,
    now: datetime,
    hand_out: HandOut,
) -> Edition:
    newsletter = newsletter_of(session, settings, locked=True)
    found = session.scalar(
        sa.select(Edition).where(Edition.newsletter_id == newsletter.id, Edition.period == period)
    )
    if found is not None:
        if segment is not None and found.segment != segment:
            planned_for = f"segment {found.segment!r}" if found.segment else "all readers"
            raise ConflictError(f"{found.name} is already planned, for {planned_for}")
        return found
    if segment is None and newsletter.segment_id is not None:
        segment = session.get_one(Segment, newsletter.segment_id).name
    if segment is not None:
        segments.get(session, segment)
    templates.keep(session, template, settings.secret, now)
    edition = Edition(
        newsletter_id=newsletter.id,
        period=period,
        state=EditionState.PLANNING,
        segment=segment,
        template_hash=template.hash,
        settings=asdict(Terms.of(settings, newsletter)),
        planned_at=now,
    )
    session.add(edition)
    session.flush()
    _freeze(session, edition)
    hand_out(session, tickets.to_plan(edition.id, shards.split(session, edition)))
    return edition


def _freeze(session: Session, edition: Edition) -> None:
    """Keep the candidates as they read now."""
    terms = Terms(**edition.settings)
    stories = catalogue.load(session, now=edition.planned_at, horizon_days=terms.horizon_days)
    rows = [
        {"edition_id": edition.id, "story_id": int(story), "content": content}
        for story, content in stories.documents.items()
    ]
    if rows:
        session.execute(sa.insert(EditionStory), rows)
