"""The words that a topic and a story have in common: what a reason says where no label was given.

Where candidates are few all are compared with a topic when the first of them is, since readers by
the hundred thousand have nearly as many different reasons.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.ranking.features import Space
from recommender.ranking.topic_texts import TopicTexts

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Terms = npt.NDArray[np.int32]
Words = npt.NDArray[np.signedinteger[Any]]
"""Numbers of words: compared so often that half the bytes are a third of the time."""
MOST = 3
"""Words named, at most."""
NONE = -1
BLOCK = 64
"""Topics whose texts are in memory, dense, at a time."""
TOGETHER = 200_000
"""Terms of all candidates up to which these are compared with a topic together."""


class SharedWords:
    """Compares the ``rows`` of a space, which are the candidates, with the texts of topics.
    ``evident`` says of which candidates a topic needs no words."""

    def __init__(
        self,
        space: Space,
        rows: Integers,
        topic_texts: TopicTexts,
        evident: Callable[[str], npt.NDArray[np.bool_]],
    ) -> None:
        self._topic_texts = topic_texts
        self._evident = evident
        self._parts = _parts(space.names)
        self._vectors = sp.csr_array(space.vectors[rows])
        self._vectors.sort_indices()
        longest = int(np.diff(self._vectors.indptr).max(initial=0))
        self._all = None
        if len(rows) * longest <= TOGETHER:
            self._all = _Texts.of(self._vectors, self._parts)
        self._slots: dict[str, int] = {}
        self._found = np.zeros((0, len(rows), MOST), dtype=np.int32)

    def of(self, topics: Sequence[str], which: Integers, candidates: Integers) -> Terms:
        """For pairs of topic ``topics[which[p]]`` (canonical) and ``candidates[p]`` at most
        ``MOST`` terms that both use (numbers, NONE padded), weightiest first and no word in two
        of them; where the topic's own text shares none, those that the labels around it share."""
        if self._all is not None:
            new = [topic for topic in topics if topic not in self._slots]
            for start in range(0, len(new), BLOCK):
                self._add(new[start : start + BLOCK], self._all)
            slots = np.array([self._slots[topic] for topic in topics], dtype=np.int64)
            found: Terms = self._found[slots[which], candidates]
            return found
        found = np.full((len(which), MOST), NONE, dtype=np.int32)
        for number, topic in enumerate(topics):
            pairs = np.flatnonzero(which == number)
            texts = _Texts.of(self._vectors[candidates[pairs]], self._parts)
            evident = self._evident(topic)[candidates[pairs]]
            own, fields = self._topic_texts.texts([topic])
            of_name = texts.few_terms(own, self._parts)[0]
            found[pairs] = self._completed(of_name, texts, evident, fields[0])
        return found

    def forget(self) -> None:
        """Drop what was found; it is found again when asked for."""
        self._slots.clear()
        self._found = self._found[:0]

    def _add(self, topics: Sequence[str], texts: "_Texts") -> None:
        own, fields = self._topic_texts.texts(topics)
        wanted = len(self._slots) + len(topics)
        if wanted > len(self._found):
            room = np.zeros((max(wanted, len(self._found)), *self._found.shape[1:]), np.int32)
            self._found = np.concatenate([self._found, room])
        of_names = texts.few_terms(own, self._parts)
        for topic, found, field in zip(topics, of_names, fields, strict=True):
            slot = self._slots[topic] = len(self._slots)
            self._found[slot] = self._completed(found, texts, self._evident(topic), field)

    def _completed(
        self, found: Terms, texts: "_Texts", evident: npt.NDArray[np.bool_], field: Floats
    ) -> Terms:
        """``found``, the terms of a topic's own text, and where there are none those of its
        ``field``."""
        bare = (found[:, 0] == NONE) & ~evident
        if bare.any():
            found[bare] = texts.weightiest(field, self._parts)[bare]
        found[evident] = NONE
        return found


@dataclass(frozen=True)
class _Texts:
    """The terms of stories with their weights (stories × most terms of one, the rest weighs 0),
    and the words of each term as numbers (words of a term × stories × terms, NONE padded). The
    same terms by columns are in ``vectors``."""

    terms: Terms
    weights: npt.NDArray[np.float64]
    parts: Words
    vectors: sp.csc_array

    @classmethod
    def of(cls, vectors: sp.csr_array, parts: Words) -> "_Texts":
        sizes = np.diff(vectors.indptr)
        shape = (len(sizes), max(int(sizes.max(initial=0)), 1))
        within = np.arange(shape[1]) < sizes[:, None]
        terms, weights = np.zeros(shape, dtype=np.int32), np.zeros(shape)
        terms[within], weights[within] = vectors.indices, vectors.data
        words = parts[:, terms] if parts.shape[1] else parts[:, :0, None]
        return cls(terms, weights, words, sp.csc_array(vectors))

    def few_terms(self, texts: Floats, parts: Words) -> Terms:
        """The weightiest terms of each story and each of ``texts`` (dense, of few terms; texts ×
        stories × ``MOST``): of many at once, and of no other terms than theirs."""
        longest = max(int((texts != 0).sum(axis=1).max(initial=0)), 1)
        block = max(TOGETHER // max(len(self.terms) * longest, 1), 1)
        starts = range(0, len(texts), block)
        return np.concatenate([self._few_terms(texts[at : at + block], parts) for at in starts])

    def _few_terms(self, texts: Floats, parts: Words) -> Terms:
        own, terms = np.nonzero(texts)
        sizes = np.bincount(own, minlength=len(texts))
        longest = max(int(sizes.max(initial=0)), 1)
        places = np.arange(len(own)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        unique, which = np.unique(terms, return_inverse=True)
        columns = self.vectors[:, unique].toarray().T
        products = np.zeros((len(texts), len(self.terms), longest))
        used = np.zeros((len(texts), longest), dtype=np.int32)
        products[own, :, places] = columns[which] * texts[own, terms][:, None]
        used[own, places] = terms
        every = np.broadcast_to(used[:, None], products.shape).reshape(-1, longest)
        words = parts[:, every] if parts.shape[1] else parts[:, :0, None]
        found = _weightiest(products.reshape(-1, longest), every, words, parts)
        return found.reshape(len(texts), len(self.terms), MOST)

    def weightiest(self, text: npt.NDArray[np.float64], parts: Words) -> Terms:
        """The ``MOST`` terms of greatest weight in each story and in ``text`` (dense), no word in
        two of them (stories × ``MOST``, NONE padded)."""
        if not len(text):
            return np.full((len(self.terms), MOST), NONE, dtype=np.int32)
        return _weightiest(self.weights * text[self.terms], self.terms, self.parts, parts)


def _weightiest(products: Floats, terms: Terms, own_parts: Words, parts: Words) -> Terms:
    """The ``MOST`` of ``terms`` (rows × terms) with the greatest ``products``, no word in two of
    them (rows × ``MOST``, NONE padded). ``own_parts`` are their words."""
    found = np.full((len(terms), MOST), NONE, dtype=np.int32)
    rows = np.arange(len(found))
    for place in range(MOST):
        best = products.argmax(axis=1)
        some = products[rows, best] > 0
        if not some.any():
            break
        chosen = terms[rows, best]
        found[some, place] = chosen[some]
        if place + 1 < MOST:
            words = parts[:, chosen]
            same = _any_equal(own_parts, np.where(words == NONE, NONE - 1, words))
            np.copyto(products, 0.0, where=same)
    return found


def _any_equal(parts: Words, words: Words) -> npt.NDArray[np.bool_]:
    """Which terms have a word in common with others: ``parts`` (words of a term × stories × terms)
    beside ``words`` (words × stories)."""
    found: npt.NDArray[np.bool_] = parts[0] == words[0][:, None]
    for part in parts:
        for word in words:
            found |= part == word[:, None]
    return found


def _parts(names: Iterable[str]) -> Words:
    """The words of each term as numbers (most words of a term × terms, NONE padded)."""
    number: dict[str, int] = {}
    parts = [[number.setdefault(word, len(number)) for word in name.split()] for name in names]
    small = np.int16 if len(number) <= np.iinfo(np.int16).max else np.int32
    found = np.full((max(map(len, parts), default=1), len(parts)), NONE, dtype=small)
    for term, own in enumerate(parts):
        found[: len(own), term] = own
    return found
