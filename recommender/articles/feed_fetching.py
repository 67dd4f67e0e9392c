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

from recommender.articles import feed_discovery, import_files
from recommender.articles.values import ParsedArticle
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
ADD_SECONDS = 10.0
"""For an address that is being added."""
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
class FetchResult:
    """What one feed had to say. ``entries`` is empty when nothing changed or it failed; ``unread``
    is what it served when that could not be read, ``retry_after`` the field of that name, ``named``
    the feeds that it names if it is a page."""

    url: str
    entries: tuple[ParsedArticle | Rejected, ...] = ()
    title: str = ""
    etag: str | None = None
    last_modified: str | None = None
    problem: str | None = None
    changed: bool = False
    unread: bytes | None = None
    status: int | None = None
    retry_after: str | None = None
    named: tuple[str, ...] = ()


def check(url: str) -> None:
    """NewsletterError when the address is not one that may be asked."""
    try:
        http_client.checked(url)
    except FetchError as error:
        raise NewsletterError(f"cannot be watched: {error}") from error


def add(session: Session, url: str, *, now: datetime) -> Feed:
    """Watch a feed; ConflictError when it is watched already."""
    check(url)
    if session.scalar(sa.select(Feed.id).where(Feed.url == url)) is not None:
        raise ConflictError(f"{url} is watched already")
    feed = Feed(url=url, added_at=now)
    session.add(feed)
    session.flush()
    return feed


@dataclass(frozen=True)
class Discovery:
    """What is at an address: ``url`` is the feed to watch, ``named`` all that a page there names,
    ``problem`` why ``url`` cannot be read now, None when it can."""

    url: str
    fetched: FetchResult
    named: tuple[str, ...] = ()

    @property
    def problem(self) -> str | None:
        return self.fetched.problem


def discover(url: str, *, now: datetime, private: bool) -> Discovery:
    """Ask an address once: a feed is itself, a page is the first feed that it names."""
    limits = http_client.Limits(ADD_SECONDS, MAX_BYTES, private)
    with Isolation(READING) as isolation:
        answer = _asked(url, None, None, limits)
        fetched = _read(url, answer, isolation, now)
        if not fetched.named:
            return Discovery(url, fetched)
        target, named = fetched.named[0], fetched.named
        if target != url:
            fetched = _read(target, _asked(target, None, None, limits), isolation, now)
    return Discovery(target, fetched, named)


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
) -> Iterator[FetchResult]:
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


def _read(url: str, answer: Answer | str, isolation: Isolation, now: datetime) -> FetchResult:
    if isinstance(answer, str):
        return FetchResult(url, problem=answer)
    if answer.status == http.client.NOT_MODIFIED:
        return FetchResult(url)
    if answer.status != http.client.OK:
        return FetchResult(
            url,
            problem=f"the server answered {answer.status} {answer.reason}".strip(),
            status=answer.status,
            retry_after=answer.headers.get("retry-after"),
        )
    try:
        feed = isolation.run(import_files.feed, answer.body, url, now, http_client.charset(answer))
    except InputError as error:
        named = _named(answer, isolation)
        why = f"{error.why}; the page there names {', '.join(named[:3])}" if named else error.why
        return FetchResult(url, problem=why, unread=answer.body, named=named)
    except LimitError as error:
        return FetchResult(url, problem=f"reading it {error}", unread=answer.body)
    return FetchResult(
        url,
        tuple(feed.entries),
        feed.title,
        _validator(answer, "etag"),
        _validator(answer, "last-modified"),
        changed=True,
    )


def _named(answer: Answer, isolation: Isolation) -> tuple[str, ...]:
    if not feed_discovery.is_page(answer.body):
        return ()
    try:
        return isolation.run(feed_discovery.named, answer.body, answer.url)
    except LimitError:
        return ()


def _validator(answer: Answer, name: str) -> str | None:
    value = answer.headers.get(name, "")
    return value if value and len(value) <= MAX_VALIDATOR and value.isascii() else None
