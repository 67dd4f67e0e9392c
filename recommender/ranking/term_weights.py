"""Counts of terms as a matrix, and what each term weighs: TF-IDF as scikit-learn has it
(``DictVectorizer``, ``TfidfTransformer``, ``normalize``), to the last bit.

That library takes 0.2 s of a core to import, as long as it takes to rank for two thousand readers,
and looks at each count by itself; whoever only plans does without.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Counts = Mapping[str, float]
"""How often a text has each of its terms, weighted."""


@dataclass(frozen=True)
class Terms:
    """``names`` in alphabetical order, and the ``weights`` of them: their inverse document
    frequency."""

    names: Sequence[str]
    weights: npt.NDArray[np.float64]
    _column: Mapping[str, int]

    @classmethod
    def of(cls, names: Sequence[str], counts: sp.csr_array) -> "Terms":
        """The terms of ``counts``, texts × ``names``. One that all texts have weighs 1."""
        documents = np.bincount(counts.indices, minlength=len(names))
        weights = np.log((counts.shape[0] + 1) / (documents + 1.0)) + 1.0
        return cls(names, weights, {name: at for at, name in enumerate(names)})

    def rows(self, counted: Sequence[Counts]) -> sp.csr_array:
        """Texts as rows of length 1: log(1 + count) × weight. Other terms are dropped."""
        known = self._column
        found = [[(known[term], n) for term, n in one.items() if term in known] for one in counted]
        pairs = list(chain.from_iterable(found))
        columns = np.array([column for column, _ in pairs], dtype=np.int32)
        counts = np.array([number for _, number in pairs], dtype=np.float64)
        lengths = [len(one) for one in found]
        return self.weighed(_matrix(counts, columns, lengths, len(self.names)))

    def weighed(self, counts: sp.csr_array) -> sp.csr_array:
        """The same of texts that are counted already."""
        damped = np.log1p(counts.data) * self.weights[counts.indices]
        return unit(sp.csr_array((damped, counts.indices, counts.indptr), shape=counts.shape))


def counted_matrix(counted: Sequence[Counts]) -> tuple[list[str], sp.csr_array]:
    """All terms of ``counted`` in alphabetical order, and texts × terms: their counts."""
    seen: dict[str, int] = {}
    met = [seen.setdefault(term, len(seen)) for one in counted for term in one]
    names = sorted(seen)
    place = np.empty(len(names), dtype=np.int32)
    place[[seen[name] for name in names]] = np.arange(len(names), dtype=np.int32)
    counts = np.fromiter(chain.from_iterable(one.values() for one in counted), np.float64, len(met))
    columns = place[np.array(met, dtype=np.int64)]
    return names, _matrix(counts, columns, [len(one) for one in counted], len(names))


def unit(matrix: sp.csr_array) -> sp.csr_array:
    """``matrix`` with every row of length 1; empty rows stay empty."""
    matrix = sp.csr_array(matrix)
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    wide = matrix.data.astype(np.float64)
    length = np.sqrt(np.bincount(rows, wide * wide, matrix.shape[0]))
    length[length == 0] = 1.0
    data = wide / length[rows]
    if matrix.dtype == np.float32:
        data = data.astype(np.float32)
    return sp.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def _matrix(
    data: npt.NDArray[np.float64],
    columns: npt.NDArray[np.int32],
    lengths: Sequence[int],
    width: int,
) -> sp.csr_array:
    starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int32)
    found = sp.csr_array((data, columns, starts), shape=(len(lengths), width))
    found.sort_indices()
    return found
