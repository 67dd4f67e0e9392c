"""Stories as vectors: fielded text to TF-IDF, and topics, over everything ever published.

The weight of a word comes from the whole archive, never from one week. Knows nothing of readers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.preprocessing import normalize

from recommender.ranking import words
from recommender.ranking.settings import TextSettings
from recommender.ranking.values import Story


@dataclass(frozen=True)
class Space:
    """The space of terms, ``names`` in alphabetical order. ``vectors`` (stories × terms, CSR, rows
    of length 1) holds the stories in the order given, ``labels`` the texts of topics and roles;
    ``row`` finds a story's row."""

    settings: TextSettings
    counter: DictVectorizer
    weigher: TfidfTransformer
    names: Sequence[str]
    vectors: sp.csr_array
    labels: sp.csr_array
    row: Mapping[str, int]

    def rows(self, texts: Iterable[Iterable[tuple[str, float]]]) -> sp.csr_array:
        """Weighted ``texts``, each a row of length 1; words never seen are dropped."""
        counted = [_counts(text, self.settings.ngrams) for text in texts]
        if not self.names or not counted:
            return sp.csr_array((len(counted), len(self.names)))
        found = sp.csr_array(self.weigher.transform(self.counter.transform(counted).log1p()))
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
    counter, weigher = DictVectorizer(), TfidfTransformer()
    matrix = sp.csr_array((len(counted), 0))
    if any(counted):
        counts = counter.fit_transform(counted)
        documents = np.bincount(counts.indices, minlength=counts.shape[1])
        single = np.array([" " not in name for name in counter.get_feature_names_out()])
        frequent = documents <= max(settings.max_share * len(counted), 20.0)
        frequent &= (documents > 1) | single
        if frequent.any():
            counter.restrict(frequent)
            matrix = sp.csr_array(weigher.fit_transform(counts[:, frequent].log1p()))
    return Space(
        settings=settings,
        counter=counter,
        weigher=weigher,
        names=list(counter.feature_names_) if matrix.shape[1] else [],
        vectors=matrix[: len(stories)],
        labels=matrix[len(stories) :],
        row={story.id: number for number, story in enumerate(stories)},
    )


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
