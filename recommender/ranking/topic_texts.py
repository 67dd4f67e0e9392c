"""What the text of a label finds: stories that carry no label, by the words of its field.

A label's definition is read as a short article. A story that speaks of the label's field, if not of
the label itself, is found through the labels around it; words that every field uses count little.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.ranking import common_words, words
from recommender.ranking.features import Space
from recommender.ranking.vocabulary_index import VocabularyIndex

Row = npt.NDArray[np.float64]
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
        self._texts = texts
        self._all = names.all_names()
        self._at = {name: at for at, name in enumerate(self._all)}
        self._queries: dict[str, sp.csr_array] = {}
        self._direct: dict[str, npt.NDArray[np.float32]] = {}
        self._evidence: tuple[sp.csr_array, Row] | None = None
        self._common = common_words.common(space)
        self._present = space.vectors.copy()
        self._present.data = np.ones_like(self._present.data)

    def query(self, name: str) -> sp.csr_array:
        """The name's own text as a row of the space (1 × terms, length 1)."""
        if name not in self._queries:
            self._queries[name] = self._space.vector(self._names.texts(name))
        return self._queries[name]

    def direct(self, name: str) -> npt.NDArray[np.float32]:
        """Cosine of every story with the name's own text."""
        if name not in self._direct:
            query = self.query(name)
            product = self._space.vectors @ query.toarray().ravel()
            weighed = self._weighed(query, [name])
            met = self._present @ weighed.toarray().ravel()
            product[met == ONE_COMMON] = 0.0
            self._direct[name] = np.asarray(product, dtype=np.float32)
        return self._direct[name]

    def own(self, name: str) -> Row:
        """The name's own text, dense."""
        return self._together({name: 1.0})

    def field(self, name: str) -> Row:
        """The texts of the labels around a name, together, dense."""
        return self._together(self.around(name))

    def _together(self, names: Mapping[str, float]) -> Row:
        text_vector = np.zeros(self._space.vectors.shape[1])
        for name, weight in names.items():
            text = self.query(name)
            text_vector[text.indices] += weight * text.data
        return text_vector

    def similarity(self, name: str, full: float) -> Row:
        """Likeness of every story to a label and, less, to those around it, from 0 to 1; nearly 1
        for a cosine of ``full`` with a text no other label claims.

        A label's evidence in a story is cosine^1.5 × the root of its share of what all labels
        have there: the power lets a story count where it matches one of them well, not all a
        little, and the share takes down what speaks of every field at once.
        """
        around = self.around(name)
        evidence, claimed = self._of_labels()
        weights = np.zeros(len(self._all))
        for other, weight in around.items():
            if other in self._at:
                weights[self._at[other]] = weight
        total: Row = evidence.T @ weights
        if name not in self._at:
            own = self.direct(name).astype(np.float64) ** 3
            total += around[name] * own / np.sqrt(np.maximum(claimed + own, TINY))
        return np.asarray(1 - np.exp(-total / around[name] / full**1.5))

    def around(self, name: str) -> dict[str, float]:
        """The labels around a name, with weights that sum to 1. Around one that the vocabulary
        does not hold stand the labels whose texts speak of it most (their cosines squared)."""
        if self._names.known(name) or not self._all:
            return self._names.neighbourhood(name)
        settings = self._names.settings
        speak = self._texts @ self.query(name).toarray().ravel()
        nearest = np.argsort(-speak, kind="stable")[: settings.stand_ins]
        total = float((speak[nearest] ** 2).sum())
        if total <= 0:
            return {name: 1.0}
        weights = {name: settings.own}
        for at in nearest[speak[nearest] > 0].tolist():
            share = (1 - settings.own) * float(speak[at]) ** 2 / total
            for other, weight in self._names.neighbourhood(self._all[at]).items():
                weights[other] = weights.get(other, 0.0) + share * weight
        return weights

    def _of_labels(self) -> tuple[sp.csr_array, Row]:
        """Evidence of every label in every story (labels × stories), and what all labels have in
        each: their cosines, cubed, summed."""
        if self._evidence is None:
            claimed = np.zeros(len(self._space.row))
            blocks = [sp.csc_array((len(self._all), 0))]
            weighed = self._weighed(self._texts, self._all)
            for start in range(0, len(claimed), BLOCK):
                stories = sp.csr_array(self._space.vectors[start : start + BLOCK].T)
                cosines = sp.csr_array(self._texts @ stories)
                met = sp.csr_array(weighed @ self._present[start : start + BLOCK].T)
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

    def _weighed(self, texts: sp.csr_array, names: Sequence[str]) -> sp.csr_array:
        """The terms of ``texts`` (of ``names``, a row each): ``ONE_COMMON`` for a common word, more
        for any other and for one that alone is a name's spelling. So a story that shares no more
        than one common word with a text has just that."""
        found = texts.copy()
        common = self._common[texts.indices]
        for row, name in enumerate(names):
            spelt = [words.tokens(text) for text in self._names.spellings(name)]
            alone = {parts[0] for parts in spelt if len(parts) == 1}
            for at in range(*texts.indptr[row : row + 2].tolist()) if alone else ():
                common[at] &= self._space.names[texts.indices[at]] not in alone
        found.data = np.where(common, ONE_COMMON, 2 * ONE_COMMON)
        return found
