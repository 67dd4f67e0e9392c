"""The words that a topic and a story have in common: what a reason says where no label was given.

What a topic's name shares with the candidates is found for all of them at once, where these are
few. What its field shares is a longer text: it is compared with a candidate when that is asked for,
since of all pairs readers have a few per cent. Where topics come in such numbers that their fields
do not fit in memory, all candidates are compared with the field of each while it is at hand.
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
NONE, OPEN = -1, -2
"""No term; and no term as yet, since the topic's field has not been compared."""
BLOCK = 64
"""Topics whose texts are made at a time."""
FIELDS_BYTES = 48_000_000
"""Memory for the fields of topics, dense."""
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
        vectors = sp.csr_array(space.vectors[rows])
        terms = np.unique(vectors.indices)
        self._vectors = sp.csr_array(vectors[:, terms])
        self._vectors.sort_indices()
        self._numbers = np.append(terms, NONE).astype(np.int32)
        self._topic_texts = topic_texts.within(terms)
        self._evident = evident
        self._parts = _parts([space.names[term] for term in terms.tolist()])
        longest = int(np.diff(self._vectors.indptr).max(initial=0))
        self._all = None
        if len(rows) * longest <= TOGETHER:
            self._all = _Texts.of(self._vectors, self._parts)
        self._slots: dict[str, int] = {}
        self._found = np.zeros((0, len(rows), MOST), dtype=np.int32)
        # Of the first topics that were met, in their order; memory that is not used costs nothing.
        self._fields = np.empty((FIELDS_BYTES // (8 * max(len(terms), 1)), len(terms)))

    def of(self, topics: Sequence[str], which: Integers, candidates: Integers) -> Terms:
        """For pairs of topic ``topics[which[p]]`` (canonical) and ``candidates[p]`` at most
        ``MOST`` terms that both use (numbers, NONE padded), weightiest first and no word in two
        of them; where the topic's own text shares none, those that the labels around it share."""
        if self._all is not None:
            return self._numbers[self._of_few(topics, which, candidates, self._all)]
        found = np.full((len(which), MOST), NONE, dtype=np.int32)
        for number, topic in enumerate(topics):
            pairs = np.flatnonzero(which == number)
            texts = _Texts.of(self._vectors[candidates[pairs]], self._parts)
            own, fields = self._topic_texts.of([topic])
            [named] = self._named([topic], own, texts, candidates[pairs])
            found[pairs] = self._completed(named, texts, fields[0])
        return self._numbers[found]

    def forget(self) -> None:
        """Drop what was found; it is found again when asked for."""
        self._slots.clear()
        self._found = self._found[:0]

    def _of_few(
        self, topics: Sequence[str], which: Integers, candidates: Integers, texts: "_Texts"
    ) -> Terms:
        new = [topic for topic in topics if topic not in self._slots]
        room = len(self._slots) + len(new) <= len(self._fields)
        for start in range(0, len(new), BLOCK):
            self._add(new[start : start + BLOCK], texts, keep_fields=room)
        slots = np.array([self._slots[topic] for topic in topics], dtype=np.int64)[which]
        found: Terms = self._found[slots, candidates]
        left = np.flatnonzero(found[:, 0] == OPEN)
        found[left] = texts.weightiest(self._fields, slots[left], candidates[left], self._parts)
        self._found[slots[left], candidates[left]] = found[left]
        return found

    def _add(self, topics: Sequence[str], texts: "_Texts", *, keep_fields: bool) -> None:
        own, fields = self._topic_texts.of(topics)
        first = len(self._slots)
        wanted = first + len(topics)
        if wanted > len(self._found):
            room = np.zeros((max(wanted, len(self._found)), *self._found.shape[1:]), np.int32)
            self._found = np.concatenate([self._found, room])
        every = np.arange(len(texts.terms))
        for slot, (topic, named, field) in enumerate(
            zip(topics, self._named(topics, own, texts, every), fields, strict=True), first
        ):
            self._slots[topic] = slot
            if keep_fields:
                self._fields[slot] = field
                self._found[slot] = named
            else:
                self._found[slot] = self._completed(named, texts, field)

    def _named(
        self, topics: Sequence[str], own: Floats, texts: "_Texts", candidates: Integers
    ) -> Terms:
        """The terms of each topic's ``own`` text (topics × ``candidates`` × ``MOST``), which are
        those of ``texts``; OPEN where there are none, but NONE where no words are needed."""
        found = texts.few_terms(own, self._parts)
        evident = np.array([self._evident(topic)[candidates] for topic in topics])
        found[:, :, 0][found[:, :, 0] == NONE] = OPEN
        found[evident] = NONE
        return found

    def _completed(self, named: Terms, texts: "_Texts", field: Floats) -> Terms:
        """``named`` of one topic, and where it is OPEN the terms of the topic's ``field``."""
        left = np.flatnonzero(named[:, 0] == OPEN)
        named[left] = texts.weightiest(field[None], np.zeros_like(left), left, self._parts)
        return named


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
        found = np.empty((len(texts), len(self.terms), MOST), dtype=np.int32)
        sizes = (texts != 0).sum(axis=1)
        left = np.argsort(-sizes, kind="stable")
        while len(left):
            most = TOGETHER // (max(len(self.terms), 1) * max(int(sizes[left[0]]), 1))
            some, left = np.split(left, [max(most, 1)])
            found[some] = self._few_terms(texts[some], parts)
        return found

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

    def weightiest(self, texts: Floats, which: Integers, stories: Integers, parts: Words) -> Terms:
        """The ``MOST`` terms of greatest weight in story ``stories[p]`` and in the text
        ``texts[which[p]]`` (dense), no word in two of them (pairs × ``MOST``, NONE padded)."""
        found = np.full((len(which), MOST), NONE, dtype=np.int32)
        block = max(TOGETHER // self.terms.shape[1], 1)
        for start in range(0, len(which) if texts.shape[1] else 0, block):
            some = stories[start : start + block]
            terms = self.terms[some]
            products = self.weights[some] * texts[which[start : start + block, None], terms]
            own_parts = self.parts[:, some]
            found[start : start + block] = _weightiest(products, terms, own_parts, parts)
        return found


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
