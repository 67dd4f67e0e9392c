"""What else there is on the subject of an article: the nearest stories of other articles."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from recommender.articles import store_ranker
from recommender.ranking.settings import RankingSettings


@dataclass(frozen=True)
class Related:
    """A story (by its own id and its article's), and how near it is: 0 to about 1."""

    article: str
    story: str
    title: str
    score: float


def to_article(
    session: Session, article: str, *, now: datetime, horizon_days: int, most: int
) -> list[Related]:
    """At most so many stories that can be chosen now, the nearest first; each is as near as it is
    to that story of ``article`` (its id) to which it is nearest."""
    ranker, stories = store_ranker.make(
        session, RankingSettings(), now=now, horizon_days=horizon_days, without=[article]
    )
    own = [story.id for story in stories.archive if story.article == article]
    return [
        Related(story.article, story.key, story.title, score)
        for story, score in ranker.nearest(own, most)
    ]
