"""What every shard of an edition is planned with: its settings, and the ranker over its candidates.

Made once in a process and kept; what is chosen here is written by others.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.edition import snapshot
from mailer.edition.edition_settings import EditionSettings
from recommender.articles.catalogue import Catalogue
from recommender.models import Edition
from recommender.ranking import knobs as ranking_knobs
from recommender.ranking.settings import ProfileSettings, RankingSettings
from recommender.ranking.values import ListRequest
from recommender.storage import database
from recommender.subscribers.audience import Member

if TYPE_CHECKING:
    from recommender.ranking.ranked_chunk import RankedChunk
    from recommender.ranking.ranker import Ranker


def ranker_for(
    session: Session,
    edition_settings: EditionSettings,
    now: datetime,
    *,
    period: str | None = None,
    edition_id: int | None = None,
    knobs: str = "",
) -> "tuple[Ranker, Catalogue]":
    """The ranker over the stories of the store as of ``now``, and those stories; with
    ``edition_id`` over the candidates of that edition. ``period`` is the edition's. ``knobs`` are
    settings of the ranker that are other than usual (``recommender.ranking.knobs``)."""
    # Here, for its libraries take most of a second to load, and whoever only sends, or looks at
    # editions, does without.
    from recommender.articles import store_ranker

    settings = RankingSettings(
        relevance_floor=edition_settings.relevance_floor,
        max_per_article=edition_settings.stories_per_digest,
        vary=edition_settings.vary_positions,
        profile=ProfileSettings(fallback=edition_settings.fallback),
    )
    return store_ranker.make(
        session,
        ranking_knobs.changed(settings, knobs),
        now=now,
        horizon_days=edition_settings.horizon_days,
        period=period,
        edition_id=edition_id,
    )


@dataclass(frozen=True)
class EditionRanker:
    """What every shard of an edition is planned with."""

    edition: Edition
    settings: EditionSettings
    ranker: "Ranker"

    def choose(self, members: Sequence[Member]) -> list[list[snapshot.Document]]:
        """The picks of each of ``members``, as their deliveries keep them."""
        chunk = self.rank(members)
        candidates = self.ranker.candidates
        stories = [int(story.id) for story in candidates]
        also = [[int(story) for story in others] for others in self.ranker.also]
        picks = [
            snapshot.document(
                stories[at],
                position,
                score,
                reasons,
                also[at],
                propensity=None if propensity != propensity else propensity,
                places=places,
            )
            for at, position, score, reasons, propensity, places in zip(
                chunk.stories.tolist(),
                chunk.positions.tolist(),
                chunk.scores.tolist(),
                self.ranker.reason_rows(chunk),
                chunk.propensities.tolist(),
                chunk.places(),
                strict=True,
            )
        ]
        starts = chunk.readers.searchsorted(range(len(members) + 1)).tolist()
        return [picks[start:end] for start, end in pairwise(starts)]

    def rank(self, members: Sequence[Member]) -> "RankedChunk":
        return self.ranker.ranked(
            [member.reader for member in members],
            ListRequest(
                now=self.edition.planned_at, top=self.settings.picks, seed=self.edition.name
            ),
        )


class EditionRankers:
    """The rankers of this process: an edition's stories are read and prepared once. Safe to share
    between threads."""

    KEPT = 2

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._known: dict[int, EditionRanker] = {}

    def of(self, edition_id: int) -> EditionRanker:
        with self._lock:
            ranker = self._known.pop(edition_id, None) or self._open(edition_id)
            self._known[edition_id] = ranker
            for oldest in list(self._known)[: -self.KEPT]:
                del self._known[oldest]
            return ranker

    def _open(self, edition_id: int) -> EditionRanker:
        with database.reading(self._engine) as session:
            edition = session.get_one(Edition, edition_id, options=[sa.orm.joinedload("*")])
            edition_settings = EditionSettings(**edition.settings)
            ranker, _ = ranker_for(
                session,
                edition_settings,
                edition.planned_at,
                period=edition.period,
                edition_id=edition_id,
            )
            session.expunge_all()
        return EditionRanker(edition, edition_settings, ranker)
