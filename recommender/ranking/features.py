"""Stories as vectors: fielded text to TF-IDF, and topics, over everything ever published.

The weight of a word comes from the whole archive, never from one week. Knows nothing of readers.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.preprocessing import normalize

from recommender.ranking import words
from recommender.ranking.settings import TextSettings
from recommender.ranking.values import Story


@dataclass(frozen=True)
class Space:
    """The space of terms, ``names`` in alphabetical order, which ``column`` numbers. ``vectors``
    (stories × terms, CSR, rows of length 1) holds the stories in the order given, ``labels`` the
    texts of topics and roles; ``row`` finds a story's row."""

    settings: TextSettings
    weigher: TfidfTransformer
    names: Sequence[str]
    column: Mapping[str, int]
    vectors: sp.csr_array
    labels: sp.csr_array
    row: Mapping[str, int]

    def rows(self, texts: Iterable[Iterable[tuple[str, float]]]) -> sp.csr_array:
        """Weighted ``texts``, each a row of length 1; words never seen are dropped."""
        counted = [_counts(text, self.settings.ngrams) for text in texts]
        if not self.names or not counted:
            return sp.csr_array((len(counted), len(self.names)))
        counts = _matrix(counted, self.column)
        found = sp.csr_array(self.weigher.transform(counts.log1p()))
        found.sort_indices()
        return found


def build(
    stories: Sequence[Story],
    settings: TextSettings,
    labels: Sequence[Sequence[tuple[str, float]]] = (),
) -> Space:
    """The space spanned by ``stories`` and by ``labels``, the texts that stand for topics and
    roles. A term counts by its fields' weights, damped by log(1 + count), times its inverse
    document frequency. Deterministic."""
    counted = [_counts(texts(story, settings), settings.ngrams) for story in stories]
    counted += [_counts(label, settings.ngrams) for label in labels]
    documents = Counter(chain.from_iterable(counted))
    most = max(settings.max_share * len(counted), 20.0)
    frequent = (
        name
        for name, number in documents.items()
        if number <= most and (number > 1 or " " not in name)
    )
    names = sorted(frequent)
    column = {name: at for at, name in enumerate(names)}
    weigher, matrix = TfidfTransformer(), sp.csr_array((len(counted), 0))
    if names:
        matrix = sp.csr_array(weigher.fit_transform(_matrix(counted, column).log1p()))
    return Space(
        settings=settings,
        weigher=weigher,
        names=names,
        column=column,
        vectors=matrix[: len(stories)],
        labels=matrix[len(stories) :],
        row={story.id: number for number, story in enumerate(stories)},
    )


def _matrix(counted: Sequence[Mapping[str, float]], column: Mapping[str, int]) -> sp.csr_array:
    """``counted`` as rows; terms that have no ``column`` are left out."""
    columns = np.array([column.get(term, -1) for counts in counted for term in counts], np.int32)
    values = np.array([value for counts in counted for value in counts.values()], np.float64)
    known = columns >= 0
    before = np.concatenate([[0], np.cumsum(known)])
    ends = np.cumsum([0, *map(len, counted)])
    starts = before[ends].astype(np.int32)
    shape = (len(counted), len(column))
    found = sp.csr_array((values[known], columns[known], starts), shape=shape)
    found.sort_indices()
    return found


def texts(story: Story, settings: TextSettings) -> list[tuple[str, float]]:
    """The texts of a story with their weights."""
    weights = settings.fields
    weighted = [(name, weight * weights["topics"]) for name, weight in sorted(story.topics.items())]
    for field, weight in weights.items():
        value = getattr(story, field)
        if field != "topics" and value:
            weighted += (
                [(value, weight)] if isinstance(value, str) else [(v, weight) for v in value]
            )
    return weighted


def _counts(texts: Iterable[tuple[str, float]], ngrams: int) -> dict[str, float]:
    counts: dict[str, float] = {}
    for text, weight in texts:
        for term in words.terms(text, ngrams):
            counts[term] = counts.get(term, 0.0) + weight
    return counts


def normalised(matrix: sp.csr_array) -> sp.csr_array:
    """``matrix`` with every row of length 1; empty rows stay empty."""
    return sp.csr_array(normalize(matrix)) if matrix.shape[0] else matrix
