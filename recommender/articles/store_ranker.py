"""The ranker over the stories of the store: the one way to it, whoever asks.

Planning, previews, picks and related stories get the same stories, vocabulary and readers' answers
here, and ``newsletter rank`` the same from files.
"""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender import vocabulary
from recommender.articles import catalogue, readership
from recommender.articles.catalogue import Catalogue
from recommender.models import EditionStory
from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import RankingSettings


def make(
    session: Session,
    settings: RankingSettings,
    *,
    now: datetime,
    horizon_days: int,
    newsletter: str | None = None,
    period: str | None = None,
    edition_id: int | None = None,
    without: Collection[str] = (),
) -> tuple[Ranker, Catalogue]:
    """The ranker over the stories of the store as of ``now``, and those stories; with
    ``edition_id`` over the candidates of that edition. What editors pinned for one
    ``newsletter`` or ``period`` is a must-read in that only. Of the articles ``without`` (their
    ids) no story is a candidate."""
    frozen = None
    if edition_id is not None:
        query = sa.select(EditionStory.story_id).where(EditionStory.edition_id == edition_id)
        frozen = set(session.scalars(query))
    stories = catalogue.load(
        session, now=now, horizon_days=horizon_days, newsletter=newsletter, period=period,
        frozen=frozen,
    )  # fmt: skip
    others = readership.load(session, now)
    ranker = Ranker(
        [story for story in stories.candidates if story.article not in without],
        archive=stories.archive,
        vocabulary=vocabulary.load(session),
        settings=settings,
        co_clicks=[reader.stories for reader in others],
        others_roles=[reader.roles for reader in others],
    )
    return ranker, stories
