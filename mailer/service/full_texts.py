"""Completes the entries of a feed: from what the store has of them, and where ``full_text`` is on
from their pages, each of which is asked for once.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender.articles import full_text
from recommender.articles.values import ArticleDraft, ParsedArticle
from recommender.errors import LimitError, Rejected
from recommender.models import Article
from recommender.safety import http_client
from recommender.safety.http_client import Answer, FetchError
from recommender.safety.isolation import Isolation, Limits
from recommender.settings import Settings
from recommender.storage import database

PAGES = 20
"""Pages of one feed that are asked for in one go: those of its first entries that need it."""
AT_ONCE = 4
SECONDS = 10.0
"""For a page."""
READING = Limits(cpu_seconds=10.0, seconds=20.0)
AGENT = "newsletter-recommender (reader of full texts)"
Entries = Sequence[ParsedArticle | Rejected]


def completed(
    engine: Engine, settings: Settings, entries: Entries, stopped: Callable[[], bool]
) -> list[ParsedArticle | Rejected]:
    """``entries`` with what is known of them beyond what the feed says now.

    An article of which the feed has nothing new to say keeps its text, its picture, and the source
    it first came from: of two feeds that carry it, neither takes it from the other.
    """
    known = _known(engine, [one.draft.key for one in entries if isinstance(one, ParsedArticle)])
    done: list[ParsedArticle | Rejected] = []
    missing: list[int] = []
    for one in entries:
        if isinstance(one, ParsedArticle):
            kept = known.get(one.draft.key)
            if kept is not None and (kept.title, kept.url) == (one.draft.title, one.draft.url):
                done.append(replace(one, draft=_as_kept(one.draft, kept)))
                continue
            if settings.full_text and full_text.is_short(one.draft) and one.draft.url:
                missing.append(len(done))
        done.append(one)
    for at, draft in _from_pages(settings, done, missing[:PAGES], stopped).items():
        entry = done[at]
        if isinstance(entry, ParsedArticle):
            done[at] = replace(entry, draft=draft)
    return done


def _known(engine: Engine, keys: Sequence[str]) -> dict[str, Article]:
    with database.reading(engine) as session:
        query = sa.select(Article).where(Article.key.in_(keys), Article.content_hash != "")
        return {article.key: article for article in session.scalars(query)}


def _as_kept(draft: ArticleDraft, kept: Article) -> ArticleDraft:
    longer = len(kept.body) > len(draft.body) and full_text.is_short(draft)
    return replace(
        draft,
        summary=draft.summary or kept.summary,
        body=kept.body if longer else draft.body,
        image=draft.image or kept.image,
        source=kept.source or draft.source,
    )


def _from_pages(
    settings: Settings, entries: Entries, places: Sequence[int], stopped: Callable[[], bool]
) -> dict[int, ArticleDraft]:
    """The drafts at these places of ``entries``, completed from their pages."""
    drafts = {at: one.draft for at in places if isinstance(one := entries[at], ParsedArticle)}
    if not drafts or stopped():
        return {}
    limits = http_client.Limits(SECONDS, full_text.MAX_PAGE, settings.feeds_private)

    def ask(at: int) -> Answer | None:
        return None if stopped() else _page(drafts[at].url or "", limits)

    found: dict[int, ArticleDraft] = {}
    with ThreadPoolExecutor(AT_ONCE, "full text") as threads, Isolation(READING) as isolation:
        for at, answer in zip(drafts, threads.map(ask, drafts), strict=True):
            if answer is None:
                continue
            try:
                page = isolation.run(
                    full_text.read, answer.body, answer.url, http_client.charset(answer)
                )
            except LimitError:
                continue  # the entry stays as its feed has it
            found[at] = full_text.completed(drafts[at], page)
    return found


def _page(url: str, limits: http_client.Limits) -> Answer | None:
    """A page, or None: an entry without its page is as good as its feed makes it."""
    try:
        answer = http_client.get(url, {"User-Agent": AGENT, "Accept": "text/html"}, limits)
    except (FetchError, OSError, ValueError):
        return None
    good = answer.status == 200 and full_text.is_page(answer.headers.get("content-type", ""))
    return answer if good else None
