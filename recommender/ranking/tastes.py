"""Learned tastes: where each story stands among what readers like, read or not.

Readers and stories are factorised from what readers answered with interest, and a regression says
from a story's text and sources where it would stand: so a story nobody has read yet has its place.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.linalg
import scipy.sparse as sp
from scipy.sparse.linalg import svds

from recommender.ranking import descriptions
from recommender.ranking.latent import Latent
from recommender.ranking.metric import Metric
from recommender.ranking.settings import MetricSettings, TasteSettings
from recommender.ranking.values import Story

Floats = npt.NDArray[np.float64]
SMALLEST = 8
"""Factors; of fewer readers or stories nothing is learned."""
SCALE = 0.02
"""Length of a story's factors that counts as half a certain taste."""


class Tastes:
    """The tastes of a crowd. ``read`` is readers × stories (0 or 1, in the order of ``stories``);
    ``latent`` has the stories' points. ``trust`` is 0 where there are too few readers to learn
    from, and nears 1 as they grow; ``factors`` is stories × factors, rows of length below 1;
    ``promise`` says how many readers each story may expect (about 0 to 2, times the trust)."""

    def __init__(
        self,
        read: sp.csr_array,
        stories: Sequence[Story],
        latent: Latent,
        settings: TasteSettings,
        metric: MetricSettings,
    ) -> None:
        several = int((np.diff(read.indptr) > 1).sum())
        size = min(settings.factors, several // 4, len(stories) // 4, *(n - 1 for n in read.shape))
        density = read.nnz / max(len(stories), 1)
        self.trust = 0.0
        if size >= SMALLEST:
            dense = density**2 / (density**2 + settings.density**2)
            self.trust = several / (several + settings.crowd) * dense
        self.factors: Floats = np.zeros((len(stories), 0))
        self.promise: Floats = np.zeros(len(stories))
        self.metric: Metric | None = None
        if not self.trust:
            return
        described = descriptions.described(stories, latent, settings.description)
        readers = np.asarray(read.sum(axis=0)).ravel()
        factorised = _factorised(read, readers, size, settings)
        predicted = _predicted(factorised, readers, described, settings)
        self.promise = self.trust * _promise(readers, described, settings)
        share = (readers / (readers + settings.own))[:, None]
        mixed = share * factorised + (1 - share) * predicted
        lengths = np.linalg.norm(mixed, axis=1, keepdims=True)
        self.factors = mixed / (lengths + SCALE)
        self.metric = Metric(read, stories, described, metric)

    def alike(self, story: int) -> Floats:
        """How far every story is to the taste of those who like ``story`` (a row): −1 to 1."""
        similarity: Floats = self.factors @ self.factors[story]
        return similarity


def _factorised(read: sp.csr_array, readers: Floats, size: int, settings: TasteSettings) -> Floats:
    """Factors of the stories (stories × ``size``): the truncated SVD of the matrix in which who
    reads everything, and what everybody reads, count less (as the normalised Laplacian of the
    bipartite graph: Chung 1997). Deterministic."""
    by_reader = 1 / np.sqrt(np.maximum(np.diff(read.indptr), 1))
    by_story = 1 / np.sqrt(readers + settings.shrink)
    weighed = sp.csr_matrix(sp.diags_array(by_reader) @ read @ sp.diags_array(by_story))
    _, values, rows = svds(weighed, k=size, v0=np.ones(min(weighed.shape)))
    product: Floats = np.asarray(rows.T * values)
    return product


def _predicted(
    factors: Floats, readers: Floats, described: Floats, settings: TasteSettings
) -> Floats:
    """Factors predicted from ``described`` by a ridge regression over the stories that were read,
    each weighing by its readers (Gantner et al., ICDM 2010)."""
    weights = readers / (readers + settings.own)
    weighed = described * weights[:, None]
    gram = described.T @ weighed + settings.penalty * np.eye(described.shape[1])
    mapped = scipy.linalg.solve(gram, weighed.T @ factors, assume_a="pos")
    predicted: Floats = described @ mapped
    return predicted


def _promise(readers: Floats, described: Floats, settings: TasteSettings) -> Floats:
    """How many readers a story may expect by its text and sources: a ridge regression of
    ln(1 + readers) over the stories that were read, from its mean; 0 for half a unit below."""
    read = readers > 0
    wanted = np.log1p(readers[read])
    rows = described[read]
    gram = rows.T @ rows + settings.promise_penalty * np.eye(rows.shape[1])
    mapped = scipy.linalg.solve(gram, rows.T @ (wanted - wanted.mean()), assume_a="pos")
    predicted: Floats = np.maximum(described @ mapped + 0.5, 0.0)
    return predicted
