"""How near every story is to one a reader answered: their words, labels, latent points, readers.

Two models, both linear in the answered stories, so that a reader's score is a sum of rows and every
answered story has its true part in it. Knows no readers but those of the co-clicks.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.linalg
import scipy.sparse as sp

from recommender.ranking import features
from recommender.ranking.co_clicks import CoClicks
from recommender.ranking.features import Space
from recommender.ranking.latent import Latent
from recommender.ranking.settings import SimilaritySettings
from recommender.ranking.tastes import Tastes

Row = npt.NDArray[np.float64]
Tagged = Mapping[str, Mapping[int, float]]


class Similarity:
    """Likeness between the stories of an archive. ``tagged`` gives, by topic, the rows of the
    stories that carry it and how far; ``co_clicks`` what other readers answered, and ``tastes``
    what that says of all stories."""

    def __init__(
        self,
        space: Space,
        latent: Latent,
        tagged: Tagged,
        co_clicks: CoClicks,
        settings: SimilaritySettings,
        tastes: Tastes | None = None,
    ) -> None:
        self._vectors = space.vectors
        self._points = latent.points
        self._labels = _labels(tagged, len(space.row))
        self._co_clicks = co_clicks
        self._tastes = tastes
        self._settings = settings
        self._ridge: npt.NDArray[np.float64] | None = None

    def similar(self, story: int) -> Row:
        """The model from the first answer: likeness to the story itself and, less, to what is
        nearest to it (query expansion by feedback: Rocchio 1971; the nearest stories stand in for
        answers not yet given)."""
        settings = self._settings
        near = self._near(story, 1.0)
        alike = near.copy()
        size = min(settings.neighbours, len(near) - 1)
        nearest = np.sort(np.argpartition(-near, size)[:size]) if size > 0 else np.arange(0)
        weight = near[nearest].sum()
        if weight > 0:
            alike += settings.expansion * self._around(nearest, near[nearest] / weight)
        alike[story] = 0.0
        return self._with_co_clicks(alike, near, story, settings.alike)

    def learned(self, story: int) -> Row:
        """The model once there are answers enough: the story's share in a ridge regression of
        "answered" on the latent points, with the whole archive as weak negatives (Hoerl and
        Kennard 1970; a linear smoother, so its solution is a sum over answered stories), beside
        the likeness of words and labels. What is like everything counts for little in it."""
        settings = self._settings
        if not self._points.shape[1]:
            return self.similar(story)
        near = self._near(story, 0.0)
        fitted = self._points @ (self._penalised() @ self._points[story])
        alike = near + settings.ridge * np.maximum(fitted, 0.0)
        alike[story] = 0.0
        return self._with_co_clicks(alike, self._near(story, 1.0), story, settings.alike_learned)

    def _near(self, story: int, latent: float) -> Row:
        """Words, labels and, so far as asked, latent points; 0 to the story itself."""
        settings = self._settings
        near: Row = self._vectors @ _dense(self._vectors, story)
        near += settings.labels * (self._labels.by_story @ _dense(self._labels.unit, story))
        if latent:
            points = self._points @ self._points[story]
            near += latent * settings.latent * np.maximum(points, 0.0)
        near[story] = 0.0
        return near

    def _around(self, stories: npt.NDArray[np.int64], weights: Row) -> Row:
        """Mean likeness to several stories."""
        words, labels = self._vectors[stories], self._labels.unit[stories]
        near: Row = self._vectors @ (words.T @ weights)
        near += self._settings.labels * (self._labels.by_story @ (labels.T @ weights))
        centre = weights @ self._points[stories]
        return near + self._settings.latent * np.maximum(self._points @ centre, 0.0)

    def _with_co_clicks(self, similarity: Row, near: Row, story: int, alike: float) -> Row:
        settings = self._settings
        if not self._co_clicks.empty:
            similarity = (
                similarity
                + settings.together * self._co_clicks.read_together(story)
                + alike * self._co_clicks.read_alike(near)
            )
        if self._tastes is not None and self._tastes.trust:
            trust = self._tastes.trust
            taste = settings.taste * trust * self._tastes.alike(story)
            if self._tastes.metric is not None:
                taste += settings.metric * trust * self._tastes.metric.alike(story)
            taste[story] = 0.0
            similarity = similarity - settings.noise + taste
            return np.maximum(similarity, 0.0) / (1 + (settings.taste + settings.metric) * trust)
        return np.maximum(similarity - settings.noise, 0.0)

    def _penalised(self) -> npt.NDArray[np.float64]:
        """λ (PᵀP + λI)⁻¹ of the points P, λ in units of the mean eigenvalue of PᵀP."""
        if self._ridge is None:
            gram = self._points.T @ self._points
            penalty = self._settings.penalty * max(float(np.trace(gram)) / len(gram), 1e-9)
            inverse = scipy.linalg.inv(gram + penalty * np.eye(len(gram)))
            self._ridge = np.asarray(penalty * inverse)
        return self._ridge


def _dense(rows: sp.csr_array, at: int) -> Row:
    """One row, dense: a matrix times a dense vector costs far less than times a sparse one."""
    start, end = rows.indptr[at : at + 2].tolist()
    dense = np.zeros(rows.shape[1])
    dense[rows.indices[start:end]] = rows.data[start:end]
    return dense


@dataclass(frozen=True)
class _Labels:
    """Stories × topics: rows of length 1, and rows that keep part of their length."""

    unit: sp.csr_array
    by_story: sp.csr_array


def _labels(tagged: Tagged, stories: int) -> _Labels:
    """Topics as whole names, rare ones weighing more. Candidates are not quite brought to
    length 1: many topics are a sign that many people cared for a story."""
    shared = sorted(name for name, rows in tagged.items() if len(rows) > 1)
    entries = [
        (row, column, weight * (np.log((1 + stories) / (1 + len(tagged[name]))) + 1) ** 1.5)
        for column, name in enumerate(shared)
        for row, weight in tagged[name].items()
    ]
    rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
    matrix = sp.csr_array(
        (values, (rows, columns)), shape=(stories, max(len(shared), 1)), dtype=float
    )
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    usual = float(np.median(lengths[lengths > 0])) if len(entries) else 1.0
    lengths[lengths == 0] = 1.0
    by_story = sp.diags_array(lengths**-0.3 * usual**-0.7) @ matrix
    return _Labels(features.normalised(matrix), sp.csr_array(by_story))
