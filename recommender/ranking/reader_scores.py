"""Scores of a chunk of readers: by their interests, and where these reach nothing by what others
like. Whoever ranks or explains asks here, so a reader's scores are the same everywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from recommender.ranking import profiles, scoring
from recommender.ranking.affinities import Affinities
from recommender.ranking.duplicates import Duplicates
from recommender.ranking.profiles import Profiles
from recommender.ranking.scoring import EXCLUDED, Scores
from recommender.ranking.settings import RankingSettings
from recommender.ranking.story_languages import StoryLanguages
from recommender.ranking.values import ListRequest, Reader, Story

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ScoredReaders:
    """A chunk of readers: their ``profiles``, the ``factors`` of all candidates, and ``scores``
    (readers × candidates), in which EXCLUDED marks what a reader must not get."""

    profiles: Profiles
    factors: npt.NDArray[np.float32]
    scores: Scores


class ReaderScores:
    """Scores ``candidates``, which ``column`` numbers by id. ``row`` numbers the archive, ``shown``
    marks the candidates that may have a place in an issue."""

    def __init__(
        self,
        candidates: Sequence[Story],
        row: Mapping[str, int],
        affinities: Affinities,
        duplicates: Duplicates,
        settings: RankingSettings,
    ) -> None:
        self.column = {story.id: at for at, story in enumerate(candidates)}
        cards = np.array([story.makes_a_card for story in candidates], dtype=bool)
        self.shown: npt.NDArray[np.bool_] = duplicates.shown & cards
        self._candidates, self._row = candidates, row
        self._affinities, self._duplicates = affinities, duplicates
        self._settings = settings
        self.languages = StoryLanguages(candidates)
        self._carriers: dict[str, npt.NDArray[np.bool_]] = {}
        self._repeated: dict[str, Rows] = {}

    def score(self, readers: Sequence[Reader], request: ListRequest) -> ScoredReaders:
        """The scores of ``readers``. Of whom no candidate scores enough (in an issue: as much as
        the floor), those are by what readers of their roles, then all, like best."""
        factors = scoring.freshness(self._candidates, self._settings.freshness, request.now)
        profile = self._profiles(readers, request)
        scores = self._scores(readers, profile, factors, request)
        least = max(self._settings.relevance_floor, 1e-9) if request.as_issue else 1e-9
        open_scores = np.where(self.shown, scores, EXCLUDED) if request.as_issue else scores
        bare = np.flatnonzero(open_scores.max(axis=1, initial=-1.0) < least)
        if self._settings.profile.fallback and len(bare):
            those = [readers[at] for at in bare.tolist()]
            theirs = self._profiles(those, request, fallback=True)
            scores[bare] = self._scores(those, theirs, factors, request)
            likes = profiles.replaced(profile.likes, theirs.likes, bare)
            profile = replace(profile, likes=likes)
        return ScoredReaders(profile, factors, scores)

    def plain(self, scored: ScoredReaders) -> Scores:
        """The same scores, with nothing excluded."""
        return scoring.score(scored.profiles, self._affinities.values, scored.factors)

    def carrying(self, topic: str) -> npt.NDArray[np.bool_]:
        """Candidates that whoever muted ``topic`` (canonical) must not see."""
        if topic not in self._carriers:
            self._carriers[topic] = self._affinities.carriers(topic)
        return self._carriers[topic]

    def _profiles(
        self, readers: Sequence[Reader], request: ListRequest, *, fallback: bool = False
    ) -> Profiles:
        return profiles.build(
            readers, self._affinities, self._settings.profile, request.now, fallback=fallback
        )

    def _scores(
        self,
        readers: Sequence[Reader],
        profile: Profiles,
        factors: npt.NDArray[np.float32],
        request: ListRequest,
    ) -> Scores:
        scores = scoring.score(profile, self._affinities.values, factors)
        repeats = self._repeats if request.as_issue else self._itself
        scoring.exclude(scores, profile, self.carrying, repeats)
        for story in request.exclude:
            scores[:, self._itself(story)] = EXCLUDED
        for row, reader in enumerate(readers):
            if reader.languages:
                scores[row, self.languages.foreign(reader.languages)] = EXCLUDED
        return scores

    def _itself(self, story: str) -> Rows:
        at = self.column.get(story)
        return np.array([] if at is None else [at], dtype=np.int64)

    def _repeats(self, story: str) -> Rows:
        if story not in self._repeated:
            row = self._row.get(story)
            self._repeated[story] = (
                self._itself(story) if row is None else self._duplicates.repeats(row)
            )
        return self._repeated[story]
