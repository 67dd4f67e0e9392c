"""Why a story was chosen: the true parts of its score, largest first, adding up to 1.

Worked out for all picks of a chunk at once. A part is what one interest added to the score, what
freshness added, or the lift of an editor's word or of exploration; nothing else enters a score.
A new kind of reason: its name in ``ReasonKind`` (``values``), its part here, its words in
``mailer/issue/wording.py`` and ``mailer/cli/picks.py``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.ranking import common_words, words
from recommender.ranking.affinities import Affinities
from recommender.ranking.interests import Interest
from recommender.ranking.shared_words import NONE
from recommender.ranking.values import LIKED_BY_MANY, LIKED_BY_ROLE, Reason, ReasonKind

Integers = npt.NDArray[np.int64]
UNIT = 10_000
"""Shares are whole numbers of this part, so that they add up exactly."""
FRESH, MUST_READ, EXPLORE = -1, -2, -3
"""Numbers of the parts that are no interest of the reader's."""
UNKNOWN = -1
_SPECIAL: Mapping[int, tuple[ReasonKind, str]] = {
    FRESH: ("fresh", "published recently"),
    MUST_READ: ("must_read", "the editors' choice"),
    EXPLORE: ("explore", "outside the usual topics"),
}
_ANYTHING = "new, where nothing else is known to fit"


@dataclass(frozen=True)
class Parts:
    """The parts of a chunk's picks, one after the other. Pick p has those from ``starts[p]`` to
    ``starts[p + 1]``: ``interests`` (row numbers, or one of the special numbers) and ``shares``
    (in ``UNIT``)."""

    starts: npt.NDArray[np.int64]
    interests: npt.NDArray[np.int64]
    shares: npt.NDArray[np.int64]


@dataclass(frozen=True)
class ChosenStories:
    """Picks as columns: pick p is candidate ``stories[p]`` for reader ``readers[p]`` (row numbers).

    ``factors[p]`` multiplies what the interests add; what it adds above 1 is due to freshness.
    ``lifts[p]`` is a further part relative to the interests' sum × the factor (absolute where that
    is 0), due to ``lifted_by[p]``.
    """

    readers: npt.NDArray[np.int64]
    stories: npt.NDArray[np.int32]
    factors: npt.NDArray[np.float32]
    lifts: npt.NDArray[np.float64]
    lifted_by: npt.NDArray[np.int64]

    @classmethod
    def of_one_reader(
        cls, stories: npt.NDArray[np.int32], factors: npt.NDArray[np.float32]
    ) -> "ChosenStories":
        """Stories that nothing lifts; ``factors`` are those of all candidates."""
        size = len(stories)
        return cls(
            np.zeros(size, dtype=np.int64),
            stories,
            factors[stories],
            np.zeros(size),
            np.full(size, FRESH, dtype=np.int64),
        )


def parts(
    likes: sp.csr_array, values: npt.NDArray[np.float32], chosen: ChosenStories, least: float
) -> Parts:
    """The parts of each pick's score. ``likes`` is readers × interests, ``values`` interests ×
    candidates; shares below ``least`` are left out, and the others scaled to add up to 1."""
    readers, stories, factors = chosen.readers, chosen.stories, chosen.factors
    size = np.diff(likes.indptr)[readers]
    pick = np.repeat(np.arange(len(readers)), size)
    first = np.repeat(np.cumsum(size) - size, size)
    at = likes.indptr[readers][pick] + (np.arange(len(pick)) - first)
    interests = likes.indices[at].astype(np.int64)
    amount = likes.data[at].astype(np.float64) * values[interests, stories[pick]]
    total = np.bincount(pick, amount, len(readers))
    scale = np.minimum(factors, 1.0).astype(np.float64)
    fresh = total * np.maximum(factors - 1.0, 0.0)
    whole = total * factors
    lift = np.where(whole > 0, chosen.lifts * whole, chosen.lifts)
    amount *= scale[pick]
    total = np.bincount(pick, amount, len(readers)) + fresh + lift
    total = np.maximum(total, 1e-300)
    share = amount / total[pick]
    large = np.flatnonzero(share >= least)
    kept = _Kept(len(readers))
    kept.add(pick[large], interests[large], share[large])
    for special, part in ((FRESH, fresh), (chosen.lifted_by, lift)):
        share = part / total
        large = np.flatnonzero(share >= least)
        kept.add(large, np.broadcast_to(special, share.shape)[large], share[large])
    return kept.ordered()


class _Kept:
    """The parts of picks that are large enough to be told, while they are collected."""

    def __init__(self, picks: int) -> None:
        self._number = np.zeros(picks, dtype=np.int64)
        self._parts: list[tuple[Integers, Integers, Integers, npt.NDArray[np.float64]]] = []

    def add(self, pick: Integers, interests: Integers, share: npt.NDArray[np.float64]) -> None:
        """More parts, sorted by pick."""
        own = np.bincount(pick, minlength=len(self._number))
        place = np.arange(len(pick)) - np.repeat(np.cumsum(own) - own, own)
        self._parts.append((pick, self._number[pick] + place, interests, share))
        self._number += own

    def ordered(self) -> Parts:
        """The parts of each pick, largest first, in whole units that add up."""
        shape = (len(self._number), int(self._number.max(initial=0)))
        shares, which = np.zeros(shape), np.zeros(shape, dtype=np.int64)
        for pick, place, interests, share in self._parts:
            shares[pick, place], which[pick, place] = share, interests
        order = np.argsort(-shares, axis=1, kind="stable")
        filled = np.arange(shape[1]) < self._number[:, None]
        share = np.take_along_axis(shares, order, axis=1)[filled]
        interests = np.take_along_axis(which, order, axis=1)[filled]
        pick = np.repeat(np.arange(shape[0]), self._number)
        whole = np.bincount(pick, share, shape[0])
        units = np.rint(share / whole[pick] * UNIT).astype(np.int64)
        starts = np.concatenate([[0], np.cumsum(self._number)])
        given = np.bincount(pick, units, shape[0]).astype(np.int64)
        some = self._number > 0
        units[starts[:-1][some]] += UNIT - given[some]
        return Parts(starts, interests, units)


class Phrases:
    """What each part is called. A topic is named by its name where the story carries it, and by
    the words they share where it does not."""

    def __init__(self, affinities: Affinities, titles: Mapping[str, str], candidates: int) -> None:
        self._affinities = affinities
        self._titles = titles
        self._number: dict[tuple[ReasonKind, str], int] = {}
        self._by_terms: dict[tuple[int, ...], int] = {}
        self._general = common_words.common(affinities.space, archive=False)
        self.known: list[tuple[ReasonKind, str]] = []
        """Every phrase met so far."""
        self._numbers = np.full((64, candidates), UNKNOWN, dtype=np.int32)
        self._made = 0

    def of(self, parts: Parts, stories: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Which of the ``known`` phrases each part of picks of ``stories`` is called: looked up
        once for each interest and story, not for each part."""
        self._grow()
        rows = parts.interests - EXPLORE
        story_of = np.repeat(stories, np.diff(parts.starts))
        numbers: npt.NDArray[np.int32] = self._numbers[rows, story_of]
        missing = np.flatnonzero(numbers == UNKNOWN)
        if len(missing):
            width = self._numbers.shape[1]
            pairs = np.unique(rows[missing] * width + story_of[missing])
            self._name(pairs // width, pairs % width)
            numbers[missing] = self._numbers[rows[missing], story_of[missing]]
        return numbers

    def _grow(self) -> None:
        """Make room for the interests there are; forget all when these were made anew."""
        if self._made != self._affinities.made:
            self._made = self._affinities.made
            self._numbers.fill(UNKNOWN)
        wanted, width = len(self._affinities.values) - EXPLORE, self._numbers.shape[1]
        if wanted > len(self._numbers):
            more = np.full((max(wanted, len(self._numbers)), width), UNKNOWN, dtype=np.int32)
            self._numbers = np.vstack([self._numbers, more])

    def _name(self, rows: npt.NDArray[np.int64], stories: npt.NDArray[np.int64]) -> None:
        """Note how the interests of ``rows`` are called with ``stories``."""
        unique, which = np.unique(rows, return_inverse=True)
        topics: dict[int, str] = {}
        for at, row in enumerate((unique + EXPLORE).tolist()):
            cause = None if row < 0 else self._affinities.interest(row)
            if cause is not None and cause.kind == "topic":
                topics[at] = cause.name
            else:
                phrase = _SPECIAL[row] if cause is None else self._alike(cause)
                self._numbers[row - EXPLORE] = self._numbered(phrase)
        places = np.full(len(unique), UNKNOWN)
        places[list(topics)] = np.arange(len(topics))
        pairs = np.flatnonzero(places[which] != UNKNOWN)
        self._name_topics(list(topics.values()), places[which[pairs]], rows[pairs], stories[pairs])

    def _name_topics(
        self,
        topics: Sequence[str],
        which: npt.NDArray[np.int64],
        rows: npt.NDArray[np.int64],
        stories: npt.NDArray[np.int64],
    ) -> None:
        terms = self._affinities.told(topics, which, stories)
        topic_index = self._affinities.topics
        self._numbers[rows, stories] = [
            self._numbered(("topic", topic_index.shown(topics[topic])))
            if told[0] == NONE
            else self._worded(told, topics[topic])
            for topic, told in zip(which.tolist(), map(tuple, terms.tolist()), strict=True)
        ]

    def _worded(self, terms: tuple[int, ...], topic: str) -> int:
        """The words shared with a topic; its name where these are words of any subject."""
        shown, names = self._affinities.topics.shown(topic), self._affinities.space.names
        asked = set(words.tokens(shown)) if self._general[[*terms]].any() else ()
        kept = tuple(
            [t for t in terms if t != NONE and (not self._general[t] or names[t] in asked)]
        )
        if not kept:
            return self._numbered(("text", shown))
        number = self._by_terms.get(kept)
        if number is None:
            told = ", ".join([names[term] for term in kept])
            number = self._by_terms[kept] = self._numbered(("text", told))
        return number

    def _numbered(self, phrase: tuple[ReasonKind, str]) -> int:
        number = self._number.get(phrase)
        if number is None:
            number = self._number[phrase] = len(self.known)
            self.known.append(phrase)
        return number

    def _alike(self, cause: Interest) -> tuple[ReasonKind, str]:
        """What a part that is no topic's is called, whatever the story."""
        if cause.kind == "crowd":
            return "fresh", LIKED_BY_MANY
        if cause.kind == "liked" and cause.name:
            role = self._affinities.roles.shown(cause.name)
            return "role", LIKED_BY_ROLE.format(role=role)
        if cause.kind == "liked":
            return "fresh", LIKED_BY_MANY
        if cause.kind == "source":
            return "history", cause.name
        if cause.kind == "role":
            return "role", self._affinities.roles.shown(cause.name)
        if cause.kind == "fresh":
            return "fresh", _ANYTHING
        return "history", self._titles[cause.name]


ReasonRow = tuple[ReasonKind, str, float]
"""A reason as a bare tuple: its kind, detail and share."""


def reason_rows(
    found: Parts, stories: npt.NDArray[np.int32], phrases: Phrases
) -> list[list[ReasonRow]]:
    """The reasons of each pick, for those who tell them by the million."""
    which, known = phrases.of(found, stories), phrases.known
    parts = [
        (*known[phrase], share / UNIT)
        for phrase, share in zip(which.tolist(), found.shares.tolist(), strict=True)
    ]
    return [parts[start:end] for start, end in pairwise(found.starts.tolist())]


def reasons(
    found: Parts, stories: npt.NDArray[np.int32], phrases: Phrases
) -> list[tuple[Reason, ...]]:
    """The reasons of each pick."""
    return [
        tuple([Reason(*reason) for reason in pick]) for pick in reason_rows(found, stories, phrases)
    ]
