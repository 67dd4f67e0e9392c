"""Sources and curators as interests: how often a reader answers what one of them brings, against
how often all readers do."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.ranking.values import Story

Row = npt.NDArray[np.float64]
UNHEARD = 0.005
"""Added to the share of a source, so that one nobody else reads does not weigh without bound."""


class Sources:
    """Who brought which of ``stories``; ``read`` is readers × stories, from which the share of each
    source among all answers comes. Without answers it is its share of the stories."""

    def __init__(self, stories: Sequence[Story], read: sp.csr_array) -> None:
        self._names = [sources_of(story) for story in stories]
        self._of = {story.id: names for story, names in zip(stories, self._names, strict=True)}
        answers = np.asarray(read.sum(axis=0)).ravel()
        if not answers.sum():
            answers = np.ones(len(stories))
        total: Counter[str] = Counter()
        for names, number in zip(self._names, answers.tolist(), strict=True):
            total.update(dict.fromkeys(names, number))
        self._share = {name: number / answers.sum() for name, number in total.items()}
        self._several = len(self._share) > 1

    def weights(self, answered: Mapping[str, float], patience: float) -> dict[str, float]:
        """The sources of ``answered`` stories (ids with weights > 0), each with ln(1 + lift): the
        lift is its share of the answers, after ``patience`` answers as others give them, over its
        share with all readers. Empty where all stories come from one source."""
        if not self._several or not answered:
            return {}
        mine: dict[str, float] = {}
        for story, weight in answered.items():
            for name in self._of[story]:
                mine[name] = mine.get(name, 0.0) + weight
        whole, number = sum(answered.values()), len(answered)
        log_odds = {}
        for name in sorted(mine):
            usual = self._share[name]
            share = (mine[name] / whole * number + patience * usual) / (number + patience)
            log_odds[name] = math.log1p(share / (usual + UNHEARD))
        return log_odds

    def brought_by(self, name: str) -> Row:
        """1 for each story of the archive that ``name`` brought, 0 for the others."""
        return np.array([float(name in names) for names in self._names])


def sources_of(story: Story) -> list[str]:
    """Who brings a story: its source and its curator, each once."""
    return list(dict.fromkeys(name for name in (story.source, story.curator) if name))
