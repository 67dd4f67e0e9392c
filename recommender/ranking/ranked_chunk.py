"""The picks of a chunk of readers as columns: what those read who rank readers by the million."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.ranking.place_variation import Places, places
from recommender.ranking.reasons import Parts


@dataclass(frozen=True)
class RankedChunk:
    """The picks of a chunk as columns: pick p is candidate ``stories[p]`` for reader
    ``readers[p]`` at ``positions[p]`` (from 1), sorted by reader and position. Where places were
    varied, ``moves[p]`` are the probabilities that pick p stands one higher than by rank, there,
    and one lower, and ``moved[p]`` is which of it came about: -1, 0 or 1."""

    ids: Sequence[str]
    readers: npt.NDArray[np.int64]
    stories: npt.NDArray[np.int32]
    positions: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    propensities: npt.NDArray[np.float64]
    parts: Parts
    moves: npt.NDArray[np.float64] | None = None
    moved: npt.NDArray[np.int8] | None = None

    @classmethod
    def empty(cls, ids: Sequence[str]) -> "RankedChunk":
        """No pick for any of the readers ``ids``."""
        none = np.zeros(0, dtype=np.int64)
        parts = Parts(np.zeros(1, dtype=np.int64), none, none)
        numbers = np.zeros(0)
        return cls(ids, none, none.astype(np.int32), none, numbers, numbers, parts)

    def places(self) -> list[Places]:
        """For each pick the positions at which it might have stood, with their probabilities;
        empty where there was but one."""
        if self.moves is None or self.moved is None:
            return [()] * len(self.stories)
        return places(self.positions, self.moves, self.moved)
