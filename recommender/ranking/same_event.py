"""Which stories tell of one event in different words, by what they share of names, numbers and
words, how far apart they are and who tells them.

What an event is tied to is named in all its tellings (first story detection: Allan et al., 1998;
with names: Kumaran and Allan, SIGIR 2004). The weights of the evidence are a logistic regression on
labelled pairs; ``benchmarks/tellings.py`` fits and judges them. Only dated stories are compared.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.preprocessing import normalize
from sparse_dot_topn import sp_matmul_topn

from recommender.ranking import story_facts
from recommender.ranking.common_words import GENERAL
from recommender.ranking.features import Space
from recommender.ranking.values import Story

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
DAYS = 10.0
"""Stories that lie further apart tell of different events."""
COMPARED = 48
"""Stories compared with each candidate, at most; those that share most."""
LEAST = 0.12
"""Mean cosine of names, numbers and words from which two stories are compared."""
BACKGROUND = 150
"""Stories that are thought to lie around the others, so that a word is rare in a small archive."""
RARE = 5
"""Stories up to which a name is rare."""
WEIGHTS = {
    "names": 1.28,
    "numbers": 1.69,
    "words": 1.37,
    "sum of names": 1.67,
    "sum of numbers": 1.39,
    "sum of words": 1.60,
    "names and numbers": 1.43,
    "two rare names": 1.62,
    "names only": -1.01,
    "other names in title": -2.51,
    "other numbers": -0.88,
    "other version": -1.58,
    "days": -1.80,
    "same source": -2.60,
}
"""What a pair is judged by, with its weight: cosines; sums of what is shared, of which rare things
are the larger part; whether something holds; weeks apart."""
BIAS = -2.08
EVIDENCE = tuple(WEIGHTS)
TIES = [EVIDENCE.index(name) for name in ("sum of numbers", "two rare names")]
"""Without any of these two stories may be on one subject, but nothing ties them to one event (long
texts on one subject share many words): the odds are even at best."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of a story (a row of the archive) and a candidate (its number) with the logarithm of
    the odds that they tell of one event."""

    rows: Integers
    candidates: Integers
    odds: Floats


def compare(space: Space, stories: Sequence[Story], candidates: Sequence[Story]) -> Pairs:
    """The pairs of one of ``stories`` and one of ``candidates`` that share enough to be judged."""
    rows, columns, evidence = measured(space, stories, candidates)
    odds = evidence @ np.array(list(WEIGHTS.values())) + BIAS
    tied = evidence[:, TIES].any(axis=1)
    odds = np.where(tied, odds, np.minimum(odds, 0.0))
    return Pairs(rows, columns, odds)


def measured(
    space: Space, stories: Sequence[Story], candidates: Sequence[Story]
) -> tuple[Integers, Integers, Floats]:
    """Rows, candidates and ``EVIDENCE`` (pairs × kinds) of the pairs to be judged."""
    near = _near(stories, candidates)
    own = {story.id: at for at, story in enumerate(near)}
    chosen = [(number, own[s.id]) for number, s in enumerate(candidates) if s.id in own]
    if len(near) < 2 or not chosen:
        none = np.zeros(0, dtype=np.int64)
        return none, none, np.zeros((0, len(EVIDENCE)))
    numbers, at = (np.array(part) for part in zip(*chosen, strict=True))
    window = _Window.of(space, near)
    left, right = window.pairs(at)
    rows = np.array([space.row[story.id] for story in near])
    return rows[left], numbers[right], window.evidence(left, at[right])


def _near(stories: Iterable[Story], candidates: Iterable[Story]) -> list[Story]:
    """The dated stories that lie within ``DAYS`` of the candidates."""
    dates = [one.published_at for one in candidates if one.dated and one.published_at is not None]
    if not dates:
        return []
    first, last = min(dates) - timedelta(days=DAYS), max(dates) + timedelta(days=DAYS)
    dated = (one for one in stories if one.dated and one.published_at is not None)
    return [one for one in dated if one.published_at and first <= one.published_at <= last]


@dataclass(frozen=True)
class _Shares:
    """Stories × things (names, numbers or words): ``unit`` rows of length 1, and what each thing
    that a story has adds to a sum (``present`` is 1 for each, ``added`` its rarity)."""

    unit: sp.csr_array
    present: sp.csr_array
    added: sp.csr_array

    @classmethod
    def of(cls, things: Sequence[Iterable[str]]) -> "_Shares":
        number: dict[str, int] = {}
        rows = [sorted(number.setdefault(thing, len(number)) for thing in own) for own in things]
        uses = Counter(thing for own in rows for thing in own)
        rarity = np.array([_rarity(uses[thing], len(rows)) for thing in range(len(number))])
        starts = np.cumsum([0, *map(len, rows)])
        columns = np.array([thing for own in rows for thing in own], dtype=np.int64)
        shape = (len(rows), max(len(number), 1))
        added = sp.csr_array((rarity[columns], columns, starts), shape=shape)
        return cls.weighed(added, added)

    @classmethod
    def weighed(cls, weights: sp.csr_array, added: sp.csr_array) -> "_Shares":
        present = added.copy()
        present.data = np.ones_like(present.data)
        return cls(sp.csr_array(normalize(weights)), present, added)

    def cosine(self, left: Integers, right: Integers) -> Floats:
        return _summed(self.unit[left].multiply(self.unit[right]))

    def sum(self, left: Integers, right: Integers) -> Floats:
        return _summed(self.added[left].multiply(self.present[right]))


@dataclass(frozen=True)
class _Window:
    """Dated stories that lie near each other, with all that they are compared by."""

    stories: Sequence[Story]
    facts: Sequence[story_facts.Facts]
    names: _Shares
    rare_names: sp.csr_array
    numbers: _Shares
    words: _Shares

    @classmethod
    def of(cls, space: Space, stories: Sequence[Story]) -> "_Window":
        facts = story_facts.of(stories)
        names = _Shares.of([one.names for one in facts])
        uses = np.asarray(names.present.sum(axis=0)).ravel()
        rare = names.present.copy()
        rare.data = (uses[rare.indices] <= RARE).astype(float)
        words = _words(space, stories, facts)
        numbers = _Shares.of([one.numbers for one in facts])
        return cls(stories, facts, names, rare, numbers, words)

    def pairs(self, candidates: Integers) -> tuple[Integers, Integers]:
        """Pairs that share enough, near in time, of different articles and with more than titles:
        stories, and which of ``candidates``."""
        every = sp.csr_matrix(
            sp.hstack([self.names.unit, self.numbers.unit, self.words.unit]), dtype=np.float64
        )
        every /= 3.0
        found = sp_matmul_topn(
            every,
            sp.csr_matrix(every[candidates] * 3.0).T.tocsr(),
            top_n=min(COMPARED, len(candidates)),
            threshold=LEAST,
        ).tocoo()
        left, right = found.row.astype(np.int64), found.col.astype(np.int64)
        articles = _numbered([story.article for story in self.stories])
        keep = articles[left] != articles[candidates[right]]
        keep &= self._days(left, candidates[right]) <= DAYS
        told = np.array([one.told for one in self.facts])  # two titles alone prove little
        keep &= told[left] | told[candidates[right]]
        return left[keep], right[keep]

    def evidence(self, left: Integers, right: Integers) -> Floats:
        """``EVIDENCE`` of pairs of stories."""
        names, numbers = self.names.cosine(left, right), self.numbers.cosine(left, right)
        named = np.minimum(self.names.sum(left, right), 20) / 10
        counted = np.minimum(self.numbers.sum(left, right), 15) / 10
        said = np.minimum(self.words.sum(left, right), 25) / 10
        rare = _summed(self.rare_names[left].multiply(self.names.present[right]))
        sources = _numbered([story.source for story in self.stories])
        facts = self.facts
        apart = np.zeros((len(left), 3))
        for pair, (a, b) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
            one, other = facts[a], facts[b]
            apart[pair] = (
                bool(one.title and other.title) and one.title.isdisjoint(other.title),
                bool(one.numbers and other.numbers) and one.numbers.isdisjoint(other.numbers),
                story_facts.count_differently(one.versions, other.versions),
            )
        return np.column_stack(
            [
                names, numbers, self.words.cosine(left, right), named, counted, said,
                counted * (named > 0), rare > 1,
                (counted == 0) & (said == 0), apart, self._days(left, right) / 7,
                (sources[left] == sources[right]) & (sources[left] >= 0),
            ]
        )  # fmt: skip

    def _days(self, left: Integers, right: Integers) -> Floats:
        moments = np.array(
            [s.published_at.timestamp() if s.published_at else 0 for s in self.stories]
        )
        return np.asarray(np.abs(moments[left] - moments[right]) / 86_400)


def _words(space: Space, stories: Sequence[Story], facts: Sequence[story_facts.Facts]) -> _Shares:
    """Single words that are neither names nor common, by the weights of the space."""
    column = {name: at for at, name in enumerate(space.names)}
    plain = np.array([" " not in name and name not in GENERAL for name in space.names], dtype=bool)
    vectors = sp.csr_array(space.vectors[[space.row[story.id] for story in stories]])
    keep = plain[vectors.indices] if len(plain) else np.zeros(0, dtype=bool)
    for row, one in enumerate(facts):
        start, end = vectors.indptr[row : row + 2].tolist()
        own = [column[name] for name in one.names if name in column]
        keep[start:end] &= ~np.isin(vectors.indices[start:end], own)
    vectors.data = np.where(keep, vectors.data, 0.0)
    vectors.eliminate_zeros()
    uses = np.bincount(vectors.indices, minlength=vectors.shape[1])
    added = vectors.copy()
    added.data = np.array([_rarity(n, len(stories)) for n in uses.tolist()])[vectors.indices]
    return _Shares.weighed(vectors, added)


def _rarity(uses: int, stories: int) -> float:
    """0 for what all stories have, 5 for what none has."""
    every = stories + BACKGROUND
    return 5 * math.log(every / max(uses, 1)) / math.log(every)


def _numbered(names: Sequence[str | None]) -> Integers:
    number = {name: at for at, name in enumerate(dict.fromkeys(n for n in names if n))}
    return np.array([number.get(name, -1) if name else -1 for name in names])


def _summed(products: sp.csr_array) -> Floats:
    found: Floats = np.asarray(products.sum(axis=1)).ravel()
    return found
