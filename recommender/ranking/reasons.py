"""Why a story was chosen: the true parts of its score, largest first, adding up to 1.

Worked out for all picks of a chunk at once. A part is what one interest added to the score, what
freshness added, or the lift of an editor's word or of exploration; nothing else enters a score.
A new kind of reason: its name in ``ReasonKind`` (``values``), its part here, its words in
``mailer/issue/wording.py`` and ``mailer/cli/picks.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.ranking.affinities import Affinities
from recommender.ranking.values import LIKED_BY_MANY, LIKED_BY_ROLE, Reason, ReasonKind

UNIT = 10_000
"""Shares are whole numbers of this part, so that they add up exactly."""
FRESH, MUST_READ, EXPLORE = -1, -2, -3
"""Numbers of the parts that are no interest of the reader's."""
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
    extra_pick = np.arange(len(readers))
    pick = np.concatenate([pick, extra_pick, extra_pick])
    interests = np.concatenate([interests, np.full(len(readers), FRESH), chosen.lifted_by])
    amount = np.concatenate([amount * scale[pick[: len(amount)]], fresh, lift])
    share = amount / np.maximum(np.bincount(pick, amount, len(readers)), 1e-300)[pick]
    large = share >= least
    return _ordered(pick[large], interests[large], share[large], len(readers))


def _ordered(
    pick: npt.NDArray[np.int64],
    interests: npt.NDArray[np.int64],
    share: npt.NDArray[np.float64],
    picks: int,
) -> Parts:
    order = np.lexsort((np.arange(len(pick)), -share, pick))
    pick, interests, share = pick[order], interests[order], share[order]
    whole = np.bincount(pick, share, picks)
    units = np.rint(share / whole[pick] * UNIT).astype(np.int64)
    starts = np.searchsorted(pick, np.arange(picks + 1))
    given = np.bincount(pick, units, picks).astype(np.int64)
    filled = starts[:-1] < starts[1:]
    units[starts[:-1][filled]] += UNIT - given[filled]
    return Parts(starts, interests, units)


class Phrases:
    """What each part is called. A topic is named by its name where the story carries it, and by
    the words they share where it does not."""

    def __init__(self, affinities: Affinities, titles: Mapping[str, str]) -> None:
        self._affinities = affinities
        self._titles = titles
        self._known: dict[tuple[str, int], tuple[ReasonKind, str]] = {}

    def phrase(self, interest: int, story: int) -> tuple[ReasonKind, str]:
        """Kind and detail of one part of a pick of candidate ``story``."""
        if interest < 0:
            return _SPECIAL[interest]
        cause = self._affinities.interest(interest)
        if cause.kind in {"history", "learned"}:
            return "history", self._titles[cause.name]
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
        key = (cause.name, story)
        if key not in self._known:
            self._known[key] = self._of_topic(cause.name, story)
        return self._known[key]

    def _of_topic(self, topic: str, story: int) -> tuple[ReasonKind, str]:
        shown = self._affinities.topics.shown(topic)
        if story in self._affinities.evident(topic):
            return "topic", shown
        shared = self._affinities.words(topic, story)
        return ("text", shared) if shared else ("topic", shown)

    def of(
        self, parts: Parts, stories: npt.NDArray[np.int32]
    ) -> tuple[list[tuple[ReasonKind, str]], list[int]]:
        """The phrases that occur among the parts of picks of ``stories``, and which of them each
        part has: looked up once for each interest and story, not for each part."""
        width = int(stories.max(initial=0)) + 1
        story_of = np.repeat(stories, np.diff(parts.starts))
        codes, which = np.unique(
            (parts.interests - EXPLORE) * width + story_of, return_inverse=True
        )
        phrases = [self.phrase(code // width + EXPLORE, code % width) for code in codes.tolist()]
        return phrases, which.tolist()


ReasonRow = tuple[ReasonKind, str, float]
"""A reason as a bare tuple: its kind, detail and share."""


def reason_rows(
    found: Parts, stories: npt.NDArray[np.int32], phrases: Phrases
) -> list[list[ReasonRow]]:
    """The reasons of each pick, for those who tell them by the million."""
    known, which = phrases.of(found, stories)
    parts = [
        (*known[phrase], share / UNIT)
        for phrase, share in zip(which, found.shares.tolist(), strict=True)
    ]
    return [parts[start:end] for start, end in pairwise(found.starts.tolist())]


def reasons(
    found: Parts, stories: npt.NDArray[np.int32], phrases: Phrases
) -> list[tuple[Reason, ...]]:
    """The reasons of each pick."""
    return [
        tuple([Reason(*reason) for reason in pick]) for pick in reason_rows(found, stories, phrases)
    ]
