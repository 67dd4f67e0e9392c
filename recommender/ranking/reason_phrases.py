"""What the parts of a score are called: a topic by its name or by the words that a story shares
with it, a story, a source, a role.

Named once for each interest and story, however many readers share them.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from recommender.ranking import common_words, words
from recommender.ranking.affinities import Affinities
from recommender.ranking.interests import Interest
from recommender.ranking.reasons import EXPLORE, FRESH, MUST_READ, UNIT, Parts
from recommender.ranking.shared_words import NONE
from recommender.ranking.values import LIKED_BY_MANY, LIKED_BY_ROLE, Reason, ReasonKind

UNKNOWN = -1
_TOPIC: ReasonKind = "topic"
_TEXT: ReasonKind = "text"
_SPECIAL: Mapping[int, tuple[ReasonKind, str]] = {
    FRESH: ("fresh", "published recently"),
    MUST_READ: ("must_read", "the editors' choice"),
    EXPLORE: ("explore", "outside the usual topics"),
}
_ANYTHING = "new, where nothing else is known to fit"


class Phrases:
    """What each part is called. A topic is named by its name where the story carries it, and by
    the words they share where it does not."""

    def __init__(self, affinities: Affinities, titles: Mapping[str, str], candidates: int) -> None:
        self._affinities = affinities
        self._titles = titles
        self._number: dict[tuple[ReasonKind, str], int] = {}
        self._by_terms: dict[tuple[int, ...], int] = {}
        self._general = common_words.common(affinities.space, archive=False)
        names = affinities.space.names
        self._term = {names[at]: at for at in np.flatnonzero(self._general).tolist()}
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
        told = self._affinities.told(topics, which, stories)
        plain = told[:, 0] == NONE
        names = [self._affinities.topics.shown(topic) for topic in topics]
        kept = self._unlike_any(told, names, which)
        bare = (kept[:, 0] == NONE) & ~plain
        numbers = np.array(list(map(self._worded, map(tuple, kept.tolist()))), dtype=np.int32)
        for mask, kind in ((plain, _TOPIC), (bare, _TEXT)):
            theirs = np.unique(which[mask])
            called = np.zeros(len(names), dtype=np.int32)
            called[theirs] = [self._numbered((kind, names[at])) for at in theirs.tolist()]
            numbers[mask] = called[which[mask]]
        self._numbers[rows, stories] = numbers

    def _unlike_any(
        self, told: npt.NDArray[np.int32], names: Sequence[str], which: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int32]:
        """Of the terms that pair p shares with the topic ``names[which[p]]`` those that are no
        words of any subject, or are words of its name, in their order (NONE padded)."""
        general = self._general[told] & (told != NONE)
        pairs, at = np.nonzero(general)
        if not len(pairs):
            return told
        size = len(self._general)
        owners, terms = which[pairs], told[pairs, at]
        asked = [
            topic * size + self._term[word]
            for topic in np.unique(owners).tolist()
            for word in words.tokens(names[topic])
            if word in self._term
        ]
        general[pairs, at] = ~np.isin(owners * size + terms, asked)
        kept = np.where(general, NONE, told)
        order = np.argsort(kept == NONE, axis=1, kind="stable")
        return np.take_along_axis(kept, order, axis=1)

    def _worded(self, terms: tuple[int, ...]) -> int:
        """What terms (NONE padded) are called as a reason; UNKNOWN where there is none."""
        number = self._by_terms.get(terms)
        if number is None:
            names = self._affinities.space.names
            told = ", ".join([names[term] for term in terms if term != NONE])
            number = self._by_terms[terms] = self._numbered((_TEXT, told)) if told else UNKNOWN
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


def reasons(
    found: Parts, stories: npt.NDArray[np.int32], phrases: Phrases
) -> list[tuple[Reason, ...]]:
    """The reasons of each pick."""
    which, known = phrases.of(found, stories), phrases.known
    parts = [
        Reason(kind, detail, share / UNIT)
        for (kind, detail), share in zip(
            map(known.__getitem__, which.tolist()), found.shares.tolist(), strict=True
        )
    ]
    return [tuple(parts[start:end]) for start, end in pairwise(found.starts.tolist())]
