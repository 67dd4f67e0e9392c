"""Stories as vectors: fielded text to TF-IDF, and topics, over everything ever published.

The weight of a word comes from the whole archive, never from one week. Knows nothing of readers.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.ranking import words
from recommender.ranking.settings import TextSettings
from recommender.ranking.values import Story

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Space:
    """The space of terms. ``vectors`` (stories × terms, CSR, rows of length 1) holds the stories
    in the order given, ``labels`` the texts of topics and roles; ``row`` finds a story's row."""

    settings: TextSettings
    terms: Mapping[str, int]
    names: Sequence[str]
    idf: Floats
    vectors: sp.csr_array
    labels: sp.csr_array
    row: Mapping[str, int]

    def vector(self, texts: Iterable[tuple[str, float]]) -> sp.csr_array:
        """Weighted ``texts`` as one row of length 1 (1 × terms); words never seen are dropped."""
        counts = _counts(texts, self.settings.ngrams)
        known = sorted(
            (self.terms[term], count) for term, count in counts.items() if term in self.terms
        )
        columns = np.array([column for column, _ in known], dtype=np.int32)
        values = np.log1p([count for _, count in known]) * self.idf[columns]
        length = math.sqrt(float(values @ values)) or 1.0
        return sp.csr_array((values / length, columns, [0, len(known)]), shape=(1, len(self.names)))


def build(
    stories: Sequence[Story],
    settings: TextSettings,
    labels: Sequence[Sequence[tuple[str, float]]] = (),
) -> Space:
    """The space spanned by ``stories`` and by ``labels``, the texts that stand for topics and
    roles. Deterministic: terms are numbered in alphabetical order."""
    counted = [_counts(texts(story, settings), settings.ngrams) for story in stories]
    standing = [_counts(label, settings.ngrams) for label in labels]
    documents: Counter[str] = Counter()
    for counts in (*counted, *standing):
        documents.update(counts.keys())
    total = len(stories) + len(labels)
    most = max(settings.max_share * total, 20.0)
    names = sorted(
        term
        for term, number in documents.items()
        if number <= most and (number > 1 or " " not in term)
    )
    index = {term: column for column, term in enumerate(names)}
    frequency = np.array([documents[term] for term in names], dtype=np.float64)
    idf = np.log((1 + total) / (1 + frequency)) + 1
    return Space(
        settings=settings,
        terms=index,
        names=names,
        idf=idf,
        vectors=_matrix(counted, index, idf),
        labels=_matrix(standing, index, idf),
        row={story.id: number for number, story in enumerate(stories)},
    )


def texts(story: Story, settings: TextSettings) -> list[tuple[str, float]]:
    """The texts of a story with their weights."""
    weights = settings.fields
    found = [(name, weight * weights["topics"]) for name, weight in sorted(story.topics.items())]
    for field, weight in weights.items():
        value = getattr(story, field)
        if field != "topics" and value:
            found += [(value, weight)] if isinstance(value, str) else [(v, weight) for v in value]
    return found


def _counts(texts: Iterable[tuple[str, float]], ngrams: int) -> dict[str, float]:
    counts: dict[str, float] = {}
    for text, weight in texts:
        for term in words.terms(text, ngrams):
            counts[term] = counts.get(term, 0.0) + weight
    return counts


def _matrix(
    counted: Sequence[Mapping[str, float]], index: Mapping[str, int], idf: Floats
) -> sp.csr_array:
    columns: list[int] = []
    values: list[float] = []
    starts = [0]
    for counts in counted:
        known = sorted((index[term], count) for term, count in counts.items() if term in index)
        columns += [column for column, _ in known]
        values += [count for _, count in known]
        starts.append(len(columns))
    at = np.array(columns, dtype=np.int32)
    weighted = np.log1p(np.array(values, dtype=np.float64)) * idf[at]
    matrix = sp.csr_array((weighted, at, starts), shape=(len(counted), len(index)))
    return normalised(matrix)


def normalised(matrix: sp.csr_array) -> sp.csr_array:
    """``matrix`` with every row of length 1; empty rows stay empty."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    lengths[lengths == 0] = 1.0
    return sp.csr_array(sp.diags_array(1 / lengths) @ matrix)
