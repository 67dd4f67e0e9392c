"""What readers of a role, or all readers, like best: for those whom nothing else reaches.

Made from what other readers answered. A story that nobody has answered yet stands where it is like
those that most of them liked.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from recommender.ranking.values import Story

Row = npt.NDArray[np.float64]
EVERYBODY = ""
"""Stands for all readers where a role could be named."""
MODELS = 20
"""Stories liked by most to which the others are compared."""
PATIENCE = 3.0
"""Readers with answers at which what they like has half its say."""
LATER = 0.2
"""How much less the last story of a long digest counts than its first."""


class Popularity:
    """``read`` holds the rows (of ``stories``) that each of other readers liked, ``roles`` the
    canonical roles of each; ``similar`` gives the likeness of every story to one row."""

    def __init__(
        self,
        read: Sequence[Sequence[int]],
        roles: Sequence[Sequence[str]],
        stories: Sequence[Story],
        similar: Callable[[int], Row],
    ) -> None:
        self._similar = similar
        self._by_role: dict[str, list[Sequence[int]]] = {EVERYBODY: []}
        for liked, theirs in zip(read, roles, strict=True):
            for role in (EVERYBODY, *theirs) if liked else ():
                self._by_role.setdefault(role, []).append(liked)
        positions = np.array([story.position for story in stories], dtype=np.float64)
        self.order: Row = 1 - LATER * positions / (1 + positions)
        """How much each story counts by its place in its digest, as the editor put it."""

    def known(self, role: str) -> bool:
        """Whether any reader of ``role`` (or, with EVERYBODY, at all) answered anything."""
        return bool(self._by_role.get(role))

    def liked(self, role: str) -> Row:
        """How well each story is liked by readers of ``role``, or like what they liked: 1 for the
        best, times n / (n + ``PATIENCE``) for n readers."""
        readers = self._by_role.get(role, [])
        counts = np.zeros(len(self.order))
        for liked in readers:
            counts[list(set(liked))] += 1
        if not counts.any():
            return counts
        models = np.argsort(-counts, kind="stable")[:MODELS]
        like = np.zeros(len(counts))
        for row in models[counts[models] > 0].tolist():
            like += counts[row] * self._similar(row)
        found = np.maximum(counts / counts.max(), like / max(float(like.max()), 1e-9))
        return np.asarray(found * len(readers) / (len(readers) + PATIENCE))
