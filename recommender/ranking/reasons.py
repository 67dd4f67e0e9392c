"""Why a story was chosen: the true parts of its score, largest first, adding up to 1.

Worked out for all picks of a chunk at once. A part is what one interest added to the score, what
freshness added, or the lift of an editor's word or of exploration; nothing else enters a score.
A new kind of reason: its name in ``ReasonKind`` (``values``), its part here, what it is called in
``reason_phrases``, its words in
``mailer/issue/wording.py`` and ``mailer/cli/picks.py``.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Integers = npt.NDArray[np.int64]
UNIT = 10_000
"""Shares are whole numbers of this part, so that they add up exactly."""
FRESH, MUST_READ, EXPLORE = -1, -2, -3
"""Numbers of the parts that are no interest of the reader's."""


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
