"""How useful each watched feed is: which share of what it brings is ever chosen for anybody."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.models import Article, Delivery, Edition, Story

LOOKED_AT = timedelta(weeks=12)
"""How far back it is looked."""
MOST_COPIES = 20_000
"""Copies of an edition that are looked at."""


def picked(session: Session, now: datetime) -> Mapping[int, float]:
    """By feed, the share of the articles it brought in the last twelve weeks of which a story was
    chosen for a reader; feeds that brought none are left out."""
    since = now - LOOKED_AT
    query = (
        sa.select(Story.id, Article.id, Article.feed_id)
        .join(Article, Article.id == Story.article_id)
        .where(Article.feed_id.is_not(None), Article.imported_at >= since)
    )
    of_story = {story: (feed, article) for story, article, feed in session.execute(query) if feed}
    chosen = {of_story[story] for story in _chosen(session, since) if story in of_story}
    brought = set(of_story.values())
    counts: dict[int, list[int]] = {}
    for feed, article in brought:
        count = counts.setdefault(feed, [0, 0])
        count[0] += (feed, article) in chosen
        count[1] += 1
    return {feed: number / total for feed, (number, total) in counts.items()}


def _chosen(session: Session, since: datetime) -> set[int]:
    chosen: set[int] = set()
    for edition in session.scalars(sa.select(Edition.id).where(Edition.planned_at >= since)):
        copies = sa.select(Delivery.story_ids).where(Delivery.edition_id == edition)
        for stories in session.scalars(copies.order_by(Delivery.id).limit(MOST_COPIES)):
            chosen.update(stories)
    return chosen
