"""A likeness of stories learned from who reads what: which words, letters and sources two stories
must share to be read by the same readers.

A story that nobody has read yet is as near to others by it as one that many did. Knows no reader:
what is learned is a likeness between stories.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.linalg
import scipy.sparse as sp

from recommender.ranking.settings import MetricSettings
from recommender.ranking.values import Story

Floats = npt.NDArray[np.float64]
DAYS = 7
"""Stories compete for readers with those of the same week."""
HALF = 0.4
"""Square of a product of factors that is half a certain likeness; so the ten stories nearest to one
are about where cosines of their words are."""


class Metric:
    """The learned likeness. ``read`` is readers × stories (0 or 1, in the order of ``stories``),
    ``described`` stories × features. ``factors`` is stories × factors: the likeness of two stories
    grows with the square of their rows' product, and is 0 where the product is negative."""

    def __init__(
        self,
        read: sp.csr_array,
        stories: Sequence[Story],
        described: Floats,
        settings: MetricSettings,
    ) -> None:
        readers = np.asarray(read.sum(axis=0)).ravel()
        together = _read_together(read, readers, _weeks(stories), described, settings)
        weights = readers / (readers + settings.own)
        gram = (described.T * weights) @ described + settings.penalty * np.eye(len(described.T))
        inverse = scipy.linalg.inv(gram)
        learned = inverse @ together @ inverse
        size = min(settings.factors, len(learned))
        last = len(learned) - 1
        values, axes = scipy.linalg.eigh(
            (learned + learned.T) / 2, subset_by_index=[last + 1 - size, last]
        )
        found = described @ (axes * np.sqrt(np.maximum(values, 0.0)))
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        usual = max(float(np.median(lengths)), 1e-12)
        bound = settings.bound
        self.factors: Floats = found * ((1 + bound) / (lengths + bound * usual))

    def alike(self, story: int) -> Floats:
        """How far the readers of ``story`` (a row) would read every story: 0 to 1."""
        squared = np.maximum(self.factors @ self.factors[story], 0.0) ** 2
        found: Floats = squared / (squared + HALF)
        return found


def _read_together(
    read: sp.csr_array,
    readers: Floats,
    weeks: npt.NDArray[np.int64],
    described: Floats,
    settings: MetricSettings,
) -> Floats:
    """How often two different stories have a reader in common, as a form over their features
    (features × features): a reader counts by 1/√n of the n stories read, a story by 1/√readers.
    Of each reader's stories, ``chance`` times what readers of as many stories of that week read on
    the average is taken off, so that neither the hour nor what everybody reads counts as taste."""
    answered = np.maximum(np.diff(read.indptr), 1)
    weighed = described / np.sqrt(readers + settings.shrink)[:, None]
    week = sp.csr_array(
        (np.ones(len(weeks)), (np.arange(len(weeks)), weeks)),
        shape=(len(weeks), int(weeks.max(initial=0)) + 1),
    )
    share = readers / np.maximum(week @ (week.T @ readers), 1.0)
    usual = week.T @ (share[:, None] * weighed)
    tastes = read @ weighed - settings.chance * ((read @ week) @ usual)
    tastes /= np.sqrt(answered)[:, None]
    alone = read.T @ (1 / answered)
    found: Floats = tastes.T @ tastes - (weighed.T * alone) @ weighed
    return found


def _weeks(stories: Sequence[Story]) -> npt.NDArray[np.int64]:
    """The week of each story, counted from the oldest (0); undated stories have one of theirs."""
    dated = [story.published_at.timestamp() for story in stories if story.published_at]
    first = min(dated, default=0.0)
    return np.array(
        [
            1 + int((story.published_at.timestamp() - first) // (DAYS * 86_400))
            if story.published_at
            else 0
            for story in stories
        ],
        dtype=np.int64,
    )
