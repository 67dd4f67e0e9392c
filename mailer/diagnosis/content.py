"""Is there something to send, and somebody to send it to?"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.diagnosis.finding import Finding, ok, warning
from recommender.models import Article, Status, Story, Subscriber
from recommender.settings import Settings

NEW = timedelta(days=7)
"""What was published so lately is new in a weekly issue."""


def check_stories(session: Session, settings: Settings, now: datetime) -> list[Finding]:
    """How many stories may be chosen, and whether some of them are new."""
    published = sa.func.coalesce(Article.published_at, Article.imported_at)
    open_now = (
        Story.retired_at.is_(None),
        Article.withdrawn_at.is_(None),
        published.between(now - timedelta(days=settings.horizon_days), now),
    )
    query = sa.select(
        sa.func.count(),
        sa.func.count().filter(published > now - NEW),
        sa.func.max(published),
    ).select_from(Story)
    number, new, newest = session.execute(
        query.join(Article, Article.id == Story.article_id).where(*open_now)
    ).one()
    bring = "bring some in: `newsletter articles import`, `newsletter feeds add`"
    if number < settings.picks:
        found = f"{number:,} stories may be chosen, and an issue has up to {settings.picks}"
        return [warning("content", found, bring)]
    if not new:
        found = f"{number:,} stories may be chosen; none is of the last {NEW.days} days"
        return [warning("content", f"{found} (the newest: {newest:%Y-%m-%d})", bring)]
    return [ok("content", f"{number:,} stories may be chosen, {new:,} of the last {NEW.days} days")]


def check_readers(session: Session) -> list[Finding]:
    """How many readers there are, by status."""
    query = sa.select(Subscriber.status, sa.func.count().label("number")).group_by(
        Subscriber.status
    )
    held = {row.status: row.number for row in session.execute(query)}
    if not held.get(Status.ACTIVE):
        waiting = held.get(Status.PENDING, 0)
        todo = (
            f"{waiting:,} have not confirmed yet" if waiting else "`newsletter subscribers import`"
        )
        return [warning("readers", "none is active, so nobody gets anything", todo)]
    parts = [f"{held[status]:,} {status}" for status in Status if held.get(status)]
    return [ok("readers", ", ".join(parts))]
