"""The latent channel: stories as points in the space of the archive's strongest co-occurrences.

Two stories that share no word can be near here. With few stories such a space is noise, so there
is none then.
"""

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.utils.extmath import randomized_svd

Floats = npt.NDArray[np.float64]
DIMENSIONS = 150
STORIES_PER_DIMENSION = 8
FITTED = 20_000
"""Stories the space is fitted on at most; all others are placed in it."""


class Latent:
    """Truncated SVD of the stories' vectors, and of the texts of topics and roles (latent semantic
    analysis: Deerwester et al., JASIS 1990). ``points`` is stories × dimensions, rows of length 1,
    or of no width at all."""

    def __init__(self, vectors: sp.csr_array, labels: sp.csr_array) -> None:
        step = max(-(-vectors.shape[0] // FITTED), 1)
        fitted = sp.csr_matrix(sp.vstack([vectors[::step], labels]))
        size = min(DIMENSIONS, fitted.shape[0] // STORIES_PER_DIMENSION, fitted.shape[1] - 1)
        self._axes: Floats = np.zeros((vectors.shape[1], 0))
        if size >= 8:
            _, _, axes = randomized_svd(fitted, size, n_iter=5, random_state=0)
            self._axes = axes.T
        self.points = self.place(vectors)

    def place(self, vectors: sp.csr_array) -> Floats:
        """Points (rows × dimensions, length 1 or 0) of any rows of the term space."""
        points: Floats = np.asarray(vectors @ self._axes)
        lengths = np.linalg.norm(points, axis=1, keepdims=True)
        return points / np.where(lengths > 0, lengths, 1.0)
