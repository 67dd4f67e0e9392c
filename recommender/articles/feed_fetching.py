"""Watched feeds: added by address, fetched politely, their entries brought in like any article.

A feed is asked with what it said last time (ETag, Last-Modified: RFC 9110, 13.1), so an unchanged
one costs next to nothing. What goes wrong with one feed is noted with it and stops no other:
several are asked at once, each under its own deadline, and what they serve is read in a process
apart (``isolation``). ``feed_schedule`` says when each is asked.
"""

import http.client
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.articles import import_files
from recommender.articles.values import Found
from recommender.errors import (
    ConflictError,
    InputError,
    LimitError,
    NewsletterError,
    NotFoundError,
    Rejected,
)
from recommender.models import Feed
from recommender.safety import http_client
from recommender.safety.http_client import Answer, FetchError
from recommender.safety.isolation import Isolation, Limits

SECONDS = 30.0
"""For all of a feed's answer, redirects included."""
MAX_BYTES = 5_000_000
READING = Limits(cpu_seconds=10.0, seconds=30.0)
"""What reading one feed may take."""
AT_ONCE = 8
"""Feeds that are asked at the same time."""
LOOK_SECONDS = 0.5
"""How often it is looked whether to stop."""
MAX_VALIDATOR = 500
"""Characters of an ETag or a Last-Modified; a longer one is not kept."""
AGENT = "newsletter-recommender (feed reader)"


@dataclass(frozen=True)
class Fetched:
    """What one feed had to say. ``entries`` is empty when nothing changed or it failed; ``unread``
    is what it served when that could not be read, ``retry_after`` the field of that name."""

    url: str
    entries: tuple[Found | Rejected, ...] = ()
    title: str = ""
    etag: str | None = None
    last_modified: str | None = None
    problem: str | None = None
    changed: bool = False
    unread: bytes | None = None
    status: int | None = None
    retry_after: str | None = None


def add(session: Session, url: str, *, now: datetime) -> Feed:
    """Watch a feed; ConflictError when it is watched already."""
    try:
        http_client.checked(url)
    except FetchError as error:
        raise NewsletterError(f"cannot be watched: {error}") from error
    if session.scalar(sa.select(Feed.id).where(Feed.url == url)) is not None:
        raise ConflictError(f"{url} is watched already")
    feed = Feed(url=url, added_at=now)
    session.add(feed)
    session.flush()
    return feed


def listing(session: Session) -> list[Feed]:
    """All watched feeds in the order they were added."""
    return list(session.scalars(sa.select(Feed).order_by(Feed.id)))


def find(session: Session, url: str) -> Feed:
    """The feed with this address; NotFoundError when it is not watched."""
    feed = session.scalar(sa.select(Feed).where(Feed.url == url))
    if feed is None:
        raise NotFoundError(f"{url} is not watched; `newsletter feeds list` names all that are")
    return feed


def fetch(
    watched: Sequence[Feed],
    *,
    now: datetime,
    private: bool,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Fetched]:
    """Ask each feed for what is new; those that answer first come first.

    ``private`` allows addresses that are not public. When ``stopped`` says so, feeds that have not
    answered are left as they are.
    """
    limits = http_client.Limits(SECONDS, MAX_BYTES, private)
    waiting = iter([(feed.url, feed.etag, feed.last_modified) for feed in watched])
    asked: dict[Future[Answer | str], str] = {}
    with Isolation(READING) as isolation:
        while not stopped():
            # More answers than are being read stay with their servers.
            for url, etag, last_modified in islice(waiting, AT_ONCE - len(asked)):
                asked[_in_a_thread(url, etag, last_modified, limits)] = url
            if not asked:
                return
            for answered in wait(asked, LOOK_SECONDS, return_when=FIRST_COMPLETED).done:
                yield _read(asked.pop(answered), answered.result(), isolation, now)


def _in_a_thread(
    url: str, etag: str | None, last_modified: str | None, limits: http_client.Limits
) -> "Future[Answer | str]":
    """The same as ``_asked``, in a thread that keeps no process from ending."""
    future: Future[Answer | str] = Future()

    def ask() -> None:
        future.set_result(_asked(url, etag, last_modified, limits))

    threading.Thread(target=ask, name="feed", daemon=True).start()
    return future


def _asked(
    url: str, etag: str | None, last_modified: str | None, limits: http_client.Limits
) -> Answer | str:
    """What the server answered, or why it did not."""
    headers = {
        "User-Agent": AGENT,
        "Accept": "application/atom+xml, application/rss+xml, */*;q=0.5",
    }
    if etag:
        headers["If-None-Match"] = etag
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    try:
        return http_client.get(url, headers, limits)
    except FetchError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  (one server stops no other)
        return f"its answer cannot be read ({type(error).__name__})"


def _read(url: str, answer: Answer | str, isolation: Isolation, now: datetime) -> Fetched:
    if isinstance(answer, str):
        return Fetched(url, problem=answer)
    if answer.status == http.client.NOT_MODIFIED:
        return Fetched(url)
    if answer.status != http.client.OK:
        return Fetched(
            url,
            problem=f"the server answered {answer.status} {answer.reason}".strip(),
            status=answer.status,
            retry_after=answer.headers.get("retry-after"),
        )
    try:
        feed = isolation.run(import_files.feed, answer.body, url, now, http_client.charset(answer))
    except InputError as error:
        return Fetched(url, problem=error.why, unread=answer.body)
    except LimitError as error:
        return Fetched(url, problem=f"reading it {error}", unread=answer.body)
    return Fetched(
        url,
        tuple(feed.entries),
        feed.title,
        _validator(answer, "etag"),
        _validator(answer, "last-modified"),
        changed=True,
    )


def _validator(answer: Answer, name: str) -> str | None:
    value = answer.headers.get(name, "")
    return value if value and len(value) <= MAX_VALIDATOR and value.isascii() else None
