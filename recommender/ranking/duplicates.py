"""Stories that tell the same thing in nearly the same words, found once for all readers.

Two stories of one article are never duplicates: a digest's editors told them apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from sparse_dot_topn import sp_matmul_topn

from recommender.ranking.features import Space
from recommender.ranking.settings import RankingSettings
from recommender.ranking.values import Story


@dataclass(frozen=True)
class Duplicates:
    """``cluster`` numbers each candidate's cluster; ``shown`` is True for the one story of each
    that is shown. ``members`` lists a cluster's candidates, the shown one first. ``twins`` gives,
    by row of the archive, the candidates that repeat that story (itself included)."""

    cluster: npt.NDArray[np.int32]
    shown: npt.NDArray[np.bool_]
    members: Sequence[tuple[int, ...]]
    twins: sp.csr_array

    def also(self, candidate: int) -> tuple[int, ...]:
        """The other members of a candidate's cluster."""
        return tuple(c for c in self.members[self.cluster[candidate]] if c != candidate)

    def repeats(self, row: int) -> npt.NDArray[np.int64]:
        """Candidates that tell what the archive's story ``row`` tells, with their clusters."""
        direct = self.twins.indices[self.twins.indptr[row] : self.twins.indptr[row + 1]]
        repeated = {member for c in direct for member in self.members[self.cluster[c]]}
        return np.array(sorted(repeated), dtype=np.int64)


def find(
    space: Space, stories: Sequence[Story], candidates: Sequence[Story], settings: RankingSettings
) -> Duplicates:
    """Clusters of candidates whose texts have a cosine of at least ``settings.duplicate``."""
    rows = np.array([space.row[story.id] for story in candidates], dtype=np.int64)
    near = sp.csr_array(
        sp_matmul_topn(
            sp.csr_matrix(space.vectors),
            sp.csr_matrix(space.vectors[rows]).T.tocsr(),
            top_n=min(settings.duplicates_per_story, len(candidates)),
            threshold=settings.duplicate - 1e-9,
            sort=True,
        )
    )
    article = {
        name: number for number, name in enumerate(dict.fromkeys(s.article for s in stories))
    }
    of_row = np.array([article[story.article] for story in stories])
    pairs = near.tocoo()
    same_story = rows[pairs.col] == pairs.row
    keep = same_story | (of_row[pairs.row] != of_row[rows[pairs.col]])
    twins = sp.csr_array(
        (np.ones(keep.sum(), dtype=bool), (pairs.row[keep], pairs.col[keep])), shape=near.shape
    )
    number, cluster = connected_components(twins[rows], directed=False)
    members: list[list[int]] = [[] for _ in range(number)]
    for candidate in range(len(candidates)):
        members[cluster[candidate]].append(candidate)
    ordered = [tuple(sorted(m, key=lambda c: (_poverty(candidates[c]), c))) for m in members]
    shown = np.zeros(len(candidates), dtype=bool)
    shown[[m[0] for m in ordered]] = True
    return Duplicates(cluster.astype(np.int32), shown, ordered, twins)


def _poverty(story: Story) -> tuple[bool, int, int]:
    """Least first: an editor's must-read, then who has most of the parts, then the longest."""
    parts = (story.takeaway, story.insights, story.practice, story.principles, story.topics)
    return (
        not (story.must_read or story.pinned_for),
        -sum(bool(part) for part in parts),
        -len(story.summary),
    )
