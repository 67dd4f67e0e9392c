"""The stories of the store as values: for the ranker, and as they are frozen into an edition."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.articles import edits, placements
from recommender.articles.story_edits import UNEDITED, StoryEdits
from recommender.models import Article, Role, StoryRole, StoryTopic, Topic
from recommender.models import Story as StoryRow
from recommender.ranking.values import Story
from recommender.story_text import says_something, texts


@dataclass(frozen=True)
class Catalogue:
    """``candidates`` may be chosen now; ``archive`` is every story ever published, candidates
    included, from which words get their weights. ``documents`` holds what a copy shows of each
    candidate, by story id."""

    candidates: tuple[Story, ...]
    archive: tuple[Story, ...]
    documents: Mapping[str, dict[str, Any]]


def load(
    session: Session,
    *,
    now: datetime,
    horizon_days: int,
    newsletter: str | None = None,
    period: str | None = None,
    frozen: Collection[int] | None = None,
) -> Catalogue:
    """Stories imported by ``now``, as editors want them. Candidates are those neither retired,
    withdrawn nor held by then, with a text or a link to show, and published in the last
    ``horizon_days`` but not after ``now``; the undated count from their import. With ``frozen``,
    ids of stories, the candidates are those, whatever became of them. What is pinned for one
    ``newsletter`` or ``period`` is a must-read in no other."""
    topics = _weights(session, StoryTopic, StoryTopic.topic_id, Topic)
    roles = _weights(session, StoryRole, StoryRole.role_id, Role)
    oldest = now - timedelta(days=horizon_days)
    edited = edits.current(session, now)
    candidates, archive = [], []
    documents: dict[str, dict[str, Any]] = {}
    digests: dict[int, tuple[Article, list[Story]]] = {}
    query = (
        sa.select(StoryRow, Article)
        .join(Article, Article.id == StoryRow.article_id)
        .where(Article.imported_at <= now)
        .order_by(StoryRow.id)
    )
    for row, article in session.execute(query):
        story = _story(row, article, topics.get(row.id, {}), roles.get(row.id, {}))
        words = edited.get(row.id, UNEDITED)
        story = _edited(story, words, newsletter, period)
        archive.append(story)
        open_now = words.open_at(now)
        if row.retired_at is None and open_now:
            digests.setdefault(row.article_id, (article, []))[1].append(story)
        if (
            row.id in frozen
            if frozen is not None
            else _fresh(row, article, oldest, now)
            and open_now
            and can_be_shown(row, article, words)
        ):
            candidates.append(story.id)
            shown = document(row, article, list(story.topics))
            documents[story.id] = shown | words.replaced_in_document()
    by_id = {story.id: story for story in archive} | _placed(digests.values(), documents)
    chosen = tuple([by_id[identifier] for identifier in candidates])
    return Catalogue(chosen, tuple(by_id.values()), documents)


def _placed(
    digests: Iterable[tuple[Article, list[Story]]], documents: Mapping[str, dict[str, Any]]
) -> dict[str, Story]:
    """The stories that tell of topics of their digest which have no card, by id; their documents
    get what they tell."""
    leads = {}
    for article, parts in digests:
        parts.sort(key=lambda story: story.position)
        placed = placements.place(parts, article.topics, article)
        if placed is not None:
            leads[placed.lead.id] = placed.lead
            if placed.lead.id in documents:
                told = [one.document() for one in placed.placements]
                documents[placed.lead.id]["elsewhere"] = told
    return leads


def _edited(story: Story, words: StoryEdits, newsletter: str | None, period: str | None) -> Story:
    """The story as editors want it."""
    return replace(
        story,
        **words.replaced(),
        topics=words.labels(words.topics, story.topics),
        roles=words.labels(words.roles, story.roles),
        must_read=story.must_read or words.pinned(newsletter, period),
        pinned_for=words.pinned_for(newsletter, period),
    )


def _fresh(row: StoryRow, article: Article, oldest: datetime, now: datetime) -> bool:
    if row.retired_at is not None or article.withdrawn_at is not None:
        return False
    return oldest <= (article.published_at or article.imported_at) <= now


def can_be_shown(row: StoryRow, article: Article, words: StoryEdits) -> bool:
    """Whether a card of the story has anything but its title: a text of its own, or a link."""
    shown = SimpleNamespace(**texts(row) | words.parts) if words.parts else row
    return says_something(shown) or bool(words.url or row.url or article.url)


def _weights(
    session: Session,
    table: type[StoryTopic | StoryRole],
    item: sa.orm.InstrumentedAttribute[int],
    names: type[Topic | Role],
) -> dict[int, dict[str, float]]:
    weights: dict[int, dict[str, float]] = {}
    query = sa.select(table.story_id, names.name, table.weight).join(names, names.id == item)
    for story, name, weight in session.execute(query.order_by(table.story_id, names.key)):
        weights.setdefault(story, {})[name] = weight
    return weights


def _story(
    row: StoryRow, article: Article, topics: dict[str, float], roles: dict[str, float]
) -> Story:
    return Story(
        id=str(row.id),
        article=article.key,
        key=row.key,
        body=article.body if row.key == article.key else "",
        topics=topics,
        roles=roles,
        source=article.source,
        curator=article.curator,
        published_at=article.published_at or article.imported_at,
        dated=article.published_at is not None,
        must_read=article.must_read,
        position=row.position,
        language=article.language,
        **texts(row) | {"url": row.url or article.url},
    )


def document(row: StoryRow, article: Article, topics: list[str]) -> dict[str, Any]:
    """What a copy shows of a story, as JSON: frozen into the edition when it is planned."""
    return {
        "article": article.key,
        "story": row.key,
        "article_title": article.title,
        **texts(row),
        "url": row.url or article.url,
        "image": None if row.image is None else row.image.document(),
        "source": article.source,
        "curator": article.curator,
        "topics": topics,
        "language": article.language,
        "published_at": None if article.published_at is None else article.published_at.isoformat(),
    }
