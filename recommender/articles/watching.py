"""Watched feeds: added by address, fetched politely, their entries brought in like any article.

A feed is asked with what it said last time (ETag, Last-Modified: RFC 9110, 13.1), so an unchanged
one costs next to nothing. What goes wrong with one feed is noted with it and stops no other.
"""

import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.articles import feeds
from recommender.articles.values import Found
from recommender.errors import ConflictError, InputError, NewsletterError, Rejected
from recommender.models import Feed

TIMEOUT = 20.0
MAX_BYTES = 5_000_000
AGENT = "newsletter-recommender (feed reader)"


@dataclass(frozen=True)
class Fetched:
    """What one feed had to say. ``entries`` is empty when nothing changed or it failed."""

    url: str
    entries: tuple[Found | Rejected, ...] = ()
    title: str = ""
    etag: str | None = None
    last_modified: str | None = None
    problem: str | None = None
    changed: bool = False


def add(session: Session, url: str, *, now: datetime) -> Feed:
    """Watch a feed; ConflictError when it is watched already."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or len(url) > 2_000:
        raise NewsletterError(f"{url!r} is not an http(s) address of a feed")
    if session.scalar(sa.select(Feed.id).where(Feed.url == url)) is not None:
        raise ConflictError(f"{url} is watched already")
    feed = Feed(url=url, added_at=now)
    session.add(feed)
    session.flush()
    return feed


def listing(session: Session) -> list[Feed]:
    """All watched feeds in the order they were added."""
    return list(session.scalars(sa.select(Feed).order_by(Feed.id)))


def fetch(watched: list[Feed], *, now: datetime) -> Iterator[Fetched]:
    """Ask each feed for what is new."""
    for feed in watched:
        yield _fetch(feed.url, feed.etag, feed.last_modified, now)


def note(session: Session, fetched: Fetched, *, now: datetime) -> None:
    """Keep what was learned about a feed."""
    values: dict[str, object] = {"fetched_at": now, "problem": fetched.problem}
    if fetched.changed:
        values |= {
            "title": fetched.title,
            "etag": fetched.etag,
            "last_modified": fetched.last_modified,
        }
    session.execute(sa.update(Feed).where(Feed.url == fetched.url).values(**values))


def _fetch(url: str, etag: str | None, last_modified: str | None, now: datetime) -> Fetched:
    headers = {
        "User-Agent": AGENT,
        "Accept": "application/atom+xml, application/rss+xml, */*;q=0.5",
    }
    if etag:
        headers["If-None-Match"] = etag
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  (http(s) only, see add)
    try:
        with _opener().open(request, timeout=TIMEOUT) as response:
            data = response.read(MAX_BYTES + 1)
            etag, last_modified = response.headers["ETag"], response.headers["Last-Modified"]
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.client.NOT_MODIFIED:
            return Fetched(url)
        return Fetched(url, problem=f"the server answered {error.code} {error.reason}")
    except (OSError, http.client.HTTPException, ssl.SSLError, ValueError) as error:
        return Fetched(url, problem=str(getattr(error, "reason", None) or error) or "no answer")
    if len(data) > MAX_BYTES:
        return Fetched(url, problem=f"larger than {MAX_BYTES:,} bytes")
    try:
        feed = feeds.parse(data, file=url, now=now)
    except InputError as error:
        return Fetched(url, problem=error.why)
    return Fetched(url, tuple(feed.entries), feed.title, etag, last_modified, changed=True)


def _opener() -> urllib.request.OpenerDirector:
    """Opens http and https, and follows redirects to those only."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    return opener
