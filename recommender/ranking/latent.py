"""The latent channel: stories as points in the space of the archive's strongest co-occurrences.

Two stories that share no word can be near here. With few stories such a space is noise, so there
is none then.
"""

import numpy as np
import numpy.typing as npt
import scipy.linalg
import scipy.sparse as sp

from recommender.ranking.settings import LatentSettings

Floats = npt.NDArray[np.float64]
SMALLEST = 8
"""Dimensions; with fewer the space would be noise."""


class Latent:
    """Truncated SVD of the stories' vectors, and of the texts of topics and roles (latent semantic
    analysis: Deerwester et al., JASIS 1990). ``points`` is stories × dimensions, rows of length 1,
    or of no width at all."""

    def __init__(
        self,
        vectors: sp.csr_array,
        labels: sp.csr_array,
        settings: LatentSettings | None = None,
    ) -> None:
        settings = settings or LatentSettings()
        number = vectors.shape[0]
        chosen = np.unique(
            np.linspace(0, number - 1, min(number, settings.fitted)).astype(np.int64)
        )
        fitted = sp.csr_array(sp.vstack([vectors[chosen], labels]))
        size = min(
            settings.dimensions,
            fitted.shape[0] // settings.stories_per_dimension,
            fitted.shape[1] - 1,
        )
        self._axes: Floats = (
            _axes(fitted, size) if size >= SMALLEST else np.zeros((vectors.shape[1], 0))
        )
        self.points = self.place(vectors)

    def place(self, vectors: sp.csr_array) -> Floats:
        """Points (rows × dimensions, length 1 or 0) of any rows of the term space."""
        points: Floats = np.asarray(vectors @ self._axes)
        lengths = np.linalg.norm(points, axis=1, keepdims=True)
        return points / np.where(lengths > 0, lengths, 1.0)


def _axes(rows: sp.csr_array, size: int) -> Floats:
    """The first ``size`` right singular vectors (terms × ``size``), by way of the Gram matrix:
    there are far fewer rows than terms."""
    gram = (rows @ rows.T).toarray()
    last = len(gram) - 1
    values, vectors = scipy.linalg.eigh(gram, subset_by_index=[last + 1 - size, last])
    positive = values > 1e-9 * max(float(values[-1]), 1e-12)
    points: Floats = np.asarray(rows.T @ (vectors[:, positive] / np.sqrt(values[positive])))
    return points
