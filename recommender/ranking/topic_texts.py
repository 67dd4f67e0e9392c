"""What the text of a label finds: stories that carry no label, by the words of its field.

A label's definition is read as a short article. A story that speaks of the label's field, if not of
the label itself, is found through the labels around it; words that every field uses count little.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.ranking import common_words, words
from recommender.ranking.features import Space
from recommender.ranking.vocabulary_index import VocabularyIndex

Row = npt.NDArray[np.float64]
NONE = -1
TINY = 1e-12
"""What keeps a root above 0."""
ONE_COMMON = 1.0
"""What a story has in common with a text when it is one common word and no more."""
BLOCK = 4_096
"""Stories compared with all labels at a time."""


class TopicTexts:
    """The topics, or the roles, of a vocabulary as texts in the space of the stories. ``texts``
    holds their vectors, in the alphabetical order of their folded names."""

    def __init__(self, names: VocabularyIndex, space: Space, texts: sp.csr_array) -> None:
        self._names = names
        self._space = space
        self._all = names.all_names()
        self._at = {name: at for at, name in enumerate(self._all)}
        self._walks: dict[int, tuple[npt.NDArray[np.int64], Row]] = {}
        self._evidence: tuple[sp.csr_array, Row] | None = None
        self._common = common_words.common(space)
        self._general = common_words.common(space, archive=False)
        self._texts = self._faded(texts, self._all)
        self._by_term = sp.csr_array(self._texts.T)
        self._stories_by_term = sp.csr_array(space.vectors.T)
        self._present = self._stories_by_term.copy()
        self._present.data = np.ones_like(self._present.data)

    def direct(self, names: Sequence[str]) -> npt.NDArray[np.float32]:
        """Cosine of every story with the own text of each of ``names`` (names × stories)."""
        return self._direct(names, self._queries(names))

    def within(self, terms: npt.NDArray[np.int64]) -> "TextsWithin":
        """The texts of names as far as they consist of ``terms`` (ascending numbers)."""
        return TextsWithin(self, terms, sp.csr_array(self._texts[:, terms]))

    def similarities(self, names: Sequence[str], full: float) -> Row:
        """Likeness of every story to each of ``names`` and, less, to the labels around it, from 0
        to 1 (names × stories); nearly 1 for a cosine of ``full`` with a text no other label claims.

        A label's evidence in a story is cosine^1.5 × the root of its share of what all labels
        have there: the power lets a story count where it matches one of them well, not all a
        little, and the share takes down what speaks of every field at once.
        """
        queries = self._queries(names)
        around, itself = self._around(names, queries)
        evidence, claimed = self._of_labels()
        total: Row = (around @ evidence).toarray()
        typed = np.array([at for at, name in enumerate(names) if name not in self._at], dtype=int)
        if len(typed):
            cosine = self._direct([names[at] for at in typed.tolist()], queries[typed])
            own = cosine.astype(np.float64) ** 3
            total[typed] += itself[typed, None] * own / np.sqrt(np.maximum(claimed + own, TINY))
        return np.asarray(1 - np.exp(-total / itself[:, None] / full**1.5))

    def around(self, name: str) -> dict[str, float]:
        """The labels around a name, with weights that sum to 1. Around one that the vocabulary
        does not hold stand the labels whose texts speak of it most (their cosines squared)."""
        around, itself = self._around([name], self._queries([name]))
        pairs = zip(around.indices.tolist(), around.data.tolist(), strict=True)
        return {name: float(itself[0])} | {self._all[at]: weight for at, weight in pairs}

    def around_texts(
        self, names: Sequence[str]
    ) -> tuple[sp.csr_array, sp.csr_array, sp.csr_array, Row]:
        """Of ``names``: their own texts in which common words count less, these texts as they are
        (names × terms), the labels around them (names × labels), and what each name that is no
        label weighs beside those."""
        queries = self._queries(names)
        around, itself = self._around(names, queries)
        itself[[name in self._at for name in names]] = 0.0
        return self._faded(queries, names), queries, around, itself

    def _queries(self, names: Sequence[str]) -> sp.csr_array:
        """The own texts of names as rows of the space (names × terms, of length 1)."""
        return self._space.rows(self._names.texts(name) for name in names)

    def _direct(self, names: Sequence[str], queries: sp.csr_array) -> npt.NDArray[np.float32]:
        product = (queries @ self._stories_by_term).toarray()
        met = (self._weighed(queries, names, self._common) @ self._present).toarray()
        product[met == ONE_COMMON] = 0.0
        return np.asarray(product, dtype=np.float32)

    def _around(self, names: Sequence[str], queries: sp.csr_array) -> tuple[sp.csr_array, Row]:
        """The labels around names (names × labels), and what each name itself weighs beside them,
        a label or not. ``queries`` are the texts of the names."""
        settings = self._names.settings
        labels, weights = [self._at.get(name, NONE) for name in names], np.ones(len(names))
        begins = [(np.array([at]), np.ones(1)) for at in labels]
        typed = [row for row, at in enumerate(labels) if at == NONE]
        if typed:
            speak = (queries[typed] @ self._by_term).toarray()
            nearest = np.argsort(-speak, axis=1, kind="stable")[:, : settings.stand_ins]
            found = np.take_along_axis(speak, nearest, axis=1)
            total = (found**2).sum(axis=1)
            for row, at, cosine, whole in zip(typed, nearest, found, total.tolist(), strict=True):
                some = cosine > 0
                shares = (1 - settings.own) * cosine[some] ** 2 / max(whole, TINY)
                begins[row] = (at[some], shares)
                weights[row] = settings.own if len(shares) else 1.0
        around = _stacked(begins, len(self._all)) @ self._walked(begins)
        for row, at in enumerate(labels):
            if at != NONE:
                weights[row] = self._walk(at)[1][0]
        return sp.csr_array(around), weights

    def _walked(self, begins: Sequence[tuple[npt.NDArray[np.int64], Row]]) -> sp.csr_array:
        """Where a walk from each label ends (labels × labels), for those it begins at."""
        needed = set(np.concatenate([at for at, _ in begins]).tolist())
        nowhere = (np.zeros(0, dtype=np.int64), np.zeros(0))
        size = len(self._all)
        return _stacked([self._walk(at) if at in needed else nowhere for at in range(size)], size)

    def _walk(self, label: int) -> tuple[npt.NDArray[np.int64], Row]:
        """The labels around one of them, itself first, and their weights."""
        if label not in self._walks:
            reached = self._names.neighbourhood(self._all[label])
            at = np.array([self._at[name] for name in reached], dtype=np.int64)
            self._walks[label] = (at, np.array(list(reached.values())))
        return self._walks[label]

    def _of_labels(self) -> tuple[sp.csr_array, Row]:
        """Evidence of every label in every story (labels × stories), and what all labels have in
        each: their cosines, cubed, summed."""
        if self._evidence is None:
            claimed = np.zeros(len(self._space.row))
            blocks = [sp.csc_array((len(self._all), 0))]
            weighed = self._weighed(self._texts, self._all, self._common)
            for start in range(0, len(claimed), BLOCK):
                block = slice(start, start + BLOCK)
                cosines = sp.csr_array(self._texts @ self._stories_by_term[:, block])
                met = sp.csr_array(weighed @ self._present[:, block])
                cosines.sort_indices()
                met.sort_indices()
                cosines.data[met.data == ONE_COMMON] = 0.0
                cosines.data[cosines.data < self._names.settings.unlike] = 0.0
                cosines.eliminate_zeros()
                cubes = sp.csc_array(cosines.power(3))
                own = np.asarray(cubes.sum(axis=0)).ravel()
                claimed[start : start + BLOCK] = own
                blocks.append(cubes @ sp.diags_array(1 / np.sqrt(np.maximum(own, TINY))))
            self._evidence = (sp.csr_array(sp.hstack(blocks)), claimed)
        return self._evidence

    def _faded(self, texts: sp.csr_array, names: Sequence[str]) -> sp.csr_array:
        """``texts`` (of ``names``) in which common words count less than others, but where they are
        a name's spelling."""
        found = texts.copy()
        kept = self._weighed(texts, names, self._general).data > ONE_COMMON
        found.data = np.where(kept, found.data, found.data * self._names.settings.faint)
        return found

    def _weighed(
        self, texts: sp.csr_array, names: Sequence[str], commons: npt.NDArray[np.bool_]
    ) -> sp.csr_array:
        """The terms of ``texts`` (of ``names``, a row each): ``ONE_COMMON`` for a common word, more
        for any other and for one that alone is a name's spelling. So a story that shares no more
        than one common word with a text has just that."""
        found = texts.copy()
        common = commons[texts.indices]
        for row, name in enumerate(names):
            spelt = [words.tokens(text) for text in self._names.spellings(name)]
            alone = {parts[0] for parts in spelt if len(parts) == 1}
            for at in range(*texts.indptr[row : row + 2].tolist()) if alone else ():
                common[at] &= self._space.names[texts.indices[at]] not in alone
        found.data = np.where(common, ONE_COMMON, 2 * ONE_COMMON)
        return found


@dataclass(frozen=True)
class TextsWithin:
    """Texts of names in some ``terms`` alone; ``labels`` are those of all labels."""

    topic_texts: TopicTexts
    terms: npt.NDArray[np.int64]
    labels: sp.csr_array

    def of(self, names: Sequence[str]) -> tuple[Row, Row]:
        """The names' own texts, in which common words count less, and the texts of the labels
        around each, together: dense, names × terms."""
        own, queries, around, itself = self.topic_texts.around_texts(names)
        fields = (around @ self.labels).toarray()
        fields += itself[:, None] * queries[:, self.terms].toarray()
        return np.asarray(own[:, self.terms].toarray()), np.asarray(fields)


def _stacked(rows: Sequence[tuple[npt.NDArray[np.int64], Row]], width: int) -> sp.csr_array:
    """Rows, given as columns and values, as a matrix that keeps their order."""
    starts = np.cumsum([0, *(len(columns) for columns, _ in rows)])
    columns = np.concatenate([columns for columns, _ in rows] or [np.zeros(0, dtype=np.int64)])
    values = np.concatenate([values for _, values in rows] or [np.zeros(0)])
    return sp.csr_array((values, columns, starts), shape=(len(rows), width))
