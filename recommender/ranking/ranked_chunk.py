"""The picks of a chunk of readers as columns: what those read who rank readers by the million."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.ranking.reasons import Parts


@dataclass(frozen=True)
class RankedChunk:
    """The picks of a chunk as columns: pick p is candidate ``stories[p]`` for reader
    ``readers[p]`` at ``positions[p]`` (from 1), sorted by reader and position."""

    ids: Sequence[str]
    readers: npt.NDArray[np.int64]
    stories: npt.NDArray[np.int32]
    positions: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    propensities: npt.NDArray[np.float64]
    parts: Parts

    @classmethod
    def empty(cls, ids: Sequence[str]) -> "RankedChunk":
        """No pick for any of the readers ``ids``."""
        none = np.zeros(0, dtype=np.int64)
        parts = Parts(np.zeros(1, dtype=np.int64), none, none)
        numbers = np.zeros(0)
        return cls(ids, none, none.astype(np.int32), none, numbers, numbers, parts)
