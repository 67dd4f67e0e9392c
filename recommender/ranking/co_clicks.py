"""What readers of one story also read: likeness between stories that no text shows.

Made from the histories of other readers, of which only who answered what is kept. A reader's own
history adds nothing to their own scores: it only ties together what they have read already.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.ranking.settings import CoClickSettings

T = TypeVar("T")
Floats = npt.NDArray[np.float64]
DEFAULTS = CoClickSettings()


class CoClicks:
    """Histories as a matrix (readers × stories, 0 or 1)."""

    def __init__(
        self,
        histories: Iterable[Sequence[str]],
        row: Mapping[str, int],
        settings: CoClickSettings = DEFAULTS,
    ) -> None:
        self._shrink = settings.shrink
        sampled = sample(histories, settings.readers)
        lists = [sorted({row[story] for story in history if story in row}) for history in sampled]
        lists = [answered[-settings.longest :] for answered in lists if answered]
        self._starts = np.cumsum([0, *(len(answered) for answered in lists)])[:-1]
        self._flat = np.array([story for answered in lists for story in answered], dtype=np.int64)
        self._matrix = sp.csr_array(
            (np.ones(len(self._flat)), self._flat, [*self._starts, len(self._flat)]),
            shape=(len(lists), len(row)),
        )
        self._by_story = sp.csr_array(self._matrix.T)
        self._readers = np.asarray(self._matrix.sum(axis=0)).ravel()

    @property
    def empty(self) -> bool:
        return len(self._flat) == 0

    @property
    def matrix(self) -> sp.csr_array:
        """Readers × stories, 0 or 1."""
        return self._matrix

    def read_together(self, story: int) -> Floats:
        """Shrunk cosine between the readers of ``story`` (a row of the archive) and of each."""
        together = np.asarray((self._by_story[[story]] @ self._matrix).todense()).ravel()
        together[story] = 0.0
        cosine: Floats = together / np.sqrt(
            (self._readers[story] + self._shrink) * (self._readers + self._shrink)
        )
        return cosine

    def read_alike(self, similarity: Floats) -> Floats:
        """What readers of anything like a story also read: each reader counts by the square of
        ``likeness`` (to every story of the archive) at their nearest story; counts sum to 1."""
        nearest = np.maximum.reduceat(similarity[self._flat], self._starts) ** 2
        total = nearest.sum()
        if total <= 0:
            return np.zeros(len(self._readers))
        likeness: Floats = self._by_story @ (nearest / total)
        return likeness


def sample(histories: Iterable[Sequence[str]], most: int = DEFAULTS.readers) -> list[Sequence[str]]:
    """At most ``most`` of the histories that are not empty, whatever order they come in."""
    answering = (history for history in histories if history)
    return smallest(
        answering, lambda history: "\n".join(history).encode("utf-8", "surrogatepass"), most
    )


def smallest(
    items: Iterable[T], key: Callable[[T], bytes], most: int = DEFAULTS.readers
) -> list[T]:
    """The ``most`` items whose keys have the lowest hashes, in the order of their hashes."""
    lowest: list[tuple[bytes, T]] = []
    limit = b"\xff" * 9
    for item in items:
        digest = hashlib.blake2b(key(item), digest_size=8).digest()
        if digest < limit:
            lowest.append((digest, item))
        if len(lowest) >= 4 * most:
            lowest = sorted(lowest, key=lambda pair: pair[0])[:most]
            limit = lowest[-1][0]
    return [item for _, item in sorted(lowest, key=lambda pair: pair[0])[:most]]
