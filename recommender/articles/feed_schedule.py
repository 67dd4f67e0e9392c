"""When each watched feed is asked: every hour while it is well, more and more seldom while it is
not, and no sooner than its server wants. The caller commits.

A feed that is gone for good (410) is paused; so is one when an operator says so.
"""

import http.client
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.articles.feed_fetching import FetchResult, find
from recommender.articles.values import ParsedArticle
from recommender.models import Feed

EVERY = timedelta(hours=1)
SELDOM = timedelta(days=1)
"""The longest pause after failures."""
LONGEST = timedelta(days=7)
"""The longest pause that a server can ask for (Retry-After)."""
DEAD = timedelta(days=7)
"""After how long without a success a feed is taken to be dead."""
SPREAD = 0.1
"""By how much of a pause feeds are spread, so that they are not all due at once."""
RECENT = timedelta(weeks=4)
"""Over how long items a week are counted."""


def due(session: Session, now: datetime) -> list[Feed]:
    """The feeds that should be asked now, those that wait longest first."""
    moment = sa.or_(Feed.due_at.is_(None), Feed.due_at <= now, Feed.due_at > now + 2 * LONGEST)
    query = sa.select(Feed).where(Feed.paused_at.is_(None), moment)
    return list(session.scalars(query.order_by(Feed.due_at.nulls_first(), Feed.id)))


def dead(session: Session, now: datetime) -> list[Feed]:
    """The feeds that have not succeeded for a week, though they are asked, and those that are gone
    for good."""
    since = sa.func.coalesce(Feed.succeeded_at, Feed.added_at)
    query = sa.select(Feed).where(
        Feed.problem.is_not(None),
        sa.or_(since < now - DEAD, Feed.paused_at == Feed.fetched_at),
    )
    return list(session.scalars(query.order_by(Feed.id)))


def listing(session: Session) -> list[Feed]:
    """All watched feeds, by address."""
    return list(session.scalars(sa.select(Feed).order_by(Feed.url)))


def state(feed: Feed) -> str:
    """``well``, ``failing``, ``gone`` (410, asked no more) or ``paused`` by an operator."""
    if feed.paused_at is not None:
        return "gone" if feed.problem and feed.paused_at == feed.fetched_at else "paused"
    return "failing" if feed.problem else "well"


def note(session: Session, fetched: FetchResult, *, now: datetime) -> None:
    """Keep what was learned about a feed, and when to ask it again; nothing of one that has been
    removed since."""
    feed = session.scalar(sa.select(Feed).where(Feed.url == fetched.url))
    if feed is None:
        return
    feed.fetched_at, feed.problem = now, fetched.problem
    if fetched.changed:
        feed.title, feed.etag, feed.last_modified = (
            fetched.title,
            fetched.etag,
            fetched.last_modified,
        )
        feed.weekly_items = _weekly(fetched, now)
    if fetched.problem is None:
        feed.succeeded_at, feed.failures = now, 0
    else:
        feed.last_error, feed.last_error_at = fetched.problem, now
        feed.failures += 1
        if fetched.status == http.client.GONE:
            feed.paused_at = now
    feed.due_at = now + _pause(feed, fetched.retry_after, now)


def pause(session: Session, url: str, *, now: datetime) -> None:
    """Ask a feed no more until ``resume``; NotFoundError when it is not watched."""
    feed = find(session, url)
    feed.paused_at = feed.paused_at or now


def resume(session: Session, url: str) -> None:
    """Ask a feed again at once, as if it had never failed; NotFoundError when it is not watched."""
    feed = find(session, url)
    feed.paused_at, feed.due_at, feed.failures = None, None, 0


def remove(session: Session, url: str) -> None:
    """Watch a feed no more; its articles stay. NotFoundError when it is not watched."""
    session.delete(find(session, url))


def _pause(feed: Feed, retry_after: str | None, now: datetime) -> timedelta:
    """Exponential backoff, spread by the feed's number."""
    pause = EVERY if feed.failures < 2 else min(SELDOM, EVERY * 2 ** min(feed.failures - 1, 10))
    pause *= 1 + SPREAD * (feed.id * 0.618 % 1)
    return max(pause, _asked_for(retry_after, now))


def _asked_for(retry_after: str | None, now: datetime) -> timedelta:
    """The pause that a server asks for: seconds or a date (RFC 9110, 10.2.3); none for what is
    neither."""
    text = (retry_after or "").strip()[:100]
    if text.isascii() and text.isdecimal():
        return min(timedelta(seconds=int(text[:9])), LONGEST)
    try:
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return min(max(moment - now, timedelta(0)), LONGEST)
    except (ValueError, TypeError, OverflowError):
        return timedelta(0)


def _weekly(fetched: FetchResult, now: datetime) -> float | None:
    """Items a week, of the last four weeks or as far back as the feed goes; None where it says
    nothing of when."""
    dates = _dates([entry for entry in fetched.entries if isinstance(entry, ParsedArticle)])
    recent = [at for at in dates if now - RECENT <= at <= now]
    if not dates:
        return None
    span = now - max(min(dates), now - RECENT)
    weeks = max(span / timedelta(weeks=1), 1.0)
    return round(len(recent) / weeks, 1)


def _dates(entries: Sequence[ParsedArticle]) -> list[datetime]:
    return [entry.draft.published_at for entry in entries if entry.draft.published_at is not None]
