"""The words that a topic and a story have in common: what a reason says where no label was given.

Where candidates are few all are compared with a topic when the first of them is, since readers by
the hundred thousand have nearly as many different reasons.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.ranking.features import Space
from recommender.ranking.topic_texts import TopicTexts

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Terms = npt.NDArray[np.int32]
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
            own, field = self._topic_texts.own([topic]), self._topic_texts.fields([topic])
            found[pairs] = self._compared(texts, evident, own[0], field[0])
        return found

    def forget(self) -> None:
        """Drop what was found; it is found again when asked for."""
        self._slots.clear()
        self._found = self._found[:0]

    def _add(self, topics: Sequence[str], texts: "_Texts") -> None:
        own, fields = self._topic_texts.own(topics), self._topic_texts.fields(topics)
        wanted = len(self._slots) + len(topics)
        if wanted > len(self._found):
            room = np.zeros((max(wanted, len(self._found)), *self._found.shape[1:]), np.int32)
            self._found = np.concatenate([self._found, room])
        for topic, text, field in zip(topics, own, fields, strict=True):
            slot = self._slots[topic] = len(self._slots)
            self._found[slot] = self._compared(texts, self._evident(topic), text, field)

    def _compared(
        self, texts: "_Texts", evident: npt.NDArray[np.bool_], text: Floats, field: Floats
    ) -> Terms:
        found = texts.weightiest(text, self._parts)
        bare = np.flatnonzero((found[:, 0] == NONE) & ~evident)
        if len(bare):
            found[bare] = texts.rows(bare).weightiest(field, self._parts)
        found[evident] = NONE
        return found


@dataclass(frozen=True)
class _Texts:
    """The terms of stories with their weights (stories × most terms of one, the rest weighs 0),
    and the words of each term as numbers (words of a term × stories × terms, NONE padded)."""

    terms: Terms
    weights: npt.NDArray[np.float64]
    parts: Terms

    @classmethod
    def of(cls, vectors: sp.csr_array, parts: Terms) -> "_Texts":
        sizes = np.diff(vectors.indptr)
        shape = (len(sizes), max(int(sizes.max(initial=0)), 1))
        within = np.arange(shape[1]) < sizes[:, None]
        terms, weights = np.zeros(shape, dtype=np.int32), np.zeros(shape)
        terms[within], weights[within] = vectors.indices, vectors.data
        return cls(terms, weights, parts[:, terms] if parts.shape[1] else parts[:, :0, None])

    def rows(self, rows: Integers) -> "_Texts":
        """The same for some of the stories."""
        return _Texts(self.terms[rows], self.weights[rows], self.parts[:, rows])

    def weightiest(self, text: npt.NDArray[np.float64], parts: Terms) -> Terms:
        """The ``MOST`` terms of greatest weight in each story and in ``text`` (dense), no word in
        two of them (stories × ``MOST``, NONE padded)."""
        found = np.full((len(self.terms), MOST), NONE, dtype=np.int32)
        if not len(text):
            return found
        products = self.weights * text[self.terms]
        rows = np.flatnonzero(products.any(axis=1))
        terms, own_parts, products = self.terms[rows], self.parts[:, rows], products[rows]
        for place in range(MOST):
            best = products.argmax(axis=1)
            at = np.arange(len(rows))
            some = products[at, best] > 0
            chosen = terms[at, best]
            found[rows[some], place] = chosen[some]
            if place + 1 < MOST:
                words = parts[:, chosen]
                products[_any_equal(own_parts, np.where(words == NONE, NONE - 1, words))] = 0.0
        return found


def _any_equal(parts: Terms, words: Terms) -> npt.NDArray[np.bool_]:
    """Which terms have a word in common with others: ``parts`` (words of a term × stories × terms)
    beside ``words`` (words × stories)."""
    found: npt.NDArray[np.bool_] = parts[0] == words[0][:, None]
    for part in parts:
        for word in words:
            found |= part == word[:, None]
    return found


def _parts(names: Iterable[str]) -> Terms:
    """The words of each term as numbers (most words of a term × terms, NONE padded)."""
    number: dict[str, int] = {}
    parts = [[number.setdefault(word, len(number)) for word in name.split()] for name in names]
    found = np.full((max(map(len, parts), default=1), len(parts)), NONE, dtype=np.int32)
    for term, own in enumerate(parts):
        found[: len(own), term] = own
    return found
