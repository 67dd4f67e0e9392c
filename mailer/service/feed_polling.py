"""Polls watched feeds: asks them, brings in what is new, sets aside what cannot be read, and notes
how each did. By hand (``feeds fetch``), and by the service for those that are due.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.service import full_texts
from recommender.articles import feed_fetching, feed_schedule, intake
from recommender.articles.feed_fetching import FetchResult
from recommender.models import Feed
from recommender.safety import quarantine
from recommender.settings import Settings
from recommender.storage import database


@dataclass(frozen=True)
class PollResult:
    """What became of one feed: what was imported, what is wrong with it, and where that is kept
    which could not be read."""

    url: str
    report: intake.Report
    problem: str | None = None
    kept: Path | None = None


def poll(
    engine: Engine,
    settings: Settings,
    watched: Sequence[Feed],
    clock: Callable[[], datetime],
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[PollResult]:
    """Poll these feeds, several at once; those that answer first come first."""
    answers = feed_fetching.fetch(
        watched, now=clock(), private=settings.feeds_private, stopped=stopped
    )
    for fetched in answers:
        yield _bring_in(engine, settings, fetched, clock(), stopped)


def poll_due(
    engine: Engine,
    settings: Settings,
    clock: Callable[[], datetime],
    stopped: Callable[[], bool],
) -> Iterator[PollResult]:
    """Poll the feeds that are due."""
    with database.reading(engine) as session:
        watched = feed_schedule.due(session, clock())
    return poll(engine, settings, watched, clock, stopped)


def _bring_in(
    engine: Engine,
    settings: Settings,
    fetched: FetchResult,
    now: datetime,
    stopped: Callable[[], bool],
) -> PollResult:
    entries = full_texts.completed(engine, settings, fetched.entries, stopped)
    with database.reading(engine) as session:
        feed = session.scalar(sa.select(Feed.id).where(Feed.url == fetched.url))
    report = intake.import_articles(
        lambda: database.writing(engine), entries, now=now, feed_id=feed
    )
    with database.writing(engine) as session:
        feed_schedule.note(session, fetched, now=now)
    kept = None
    if fetched.problem is not None and fetched.unread is not None:
        kept = quarantine.set_aside(
            settings.quarantine,
            fetched.unread,
            kind="feed",
            source=fetched.url,
            why=fetched.problem,
            now=now,
        )
    problem = fetched.problem if kept is None else f"{fetched.problem}; kept in {kept}"
    return PollResult(fetched.url, report, problem, kept)
