"""From scores to a list: the best by relevance alone, or an issue under the rules of a list.

All readers of a chunk at once, one position at a time. Decides from scores and candidates only;
ties go to the candidate that comes first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.ranking.calibration import ListMixes, Quotas, Shares
from recommender.ranking.scoring import Scores
from recommender.ranking.settings import RankingSettings

Places = npt.NDArray[np.int32]
NONE = -1
EXPLORED = 5
"""Length from which a list has a place for exploration, its last one."""


def best(scores: Scores, most: int) -> Places:
    """The ``most`` highest non-negative scores of each row, best first (readers × ≤ most);
    NONE where a row has fewer."""
    width = scores.shape[1]
    most = min(most, width)
    # Non-negative floats order like their bits, so one integer holds the score and, below it, the
    # candidate's place: a total order without a second sort.
    keys = scores.view(np.int32).astype(np.int64) << 32
    keys |= np.arange(width - 1, -1, -1, dtype=np.int64)
    if most < width:
        keys = np.partition(keys, width - most, axis=1)[:, width - most :]
    keys = np.sort(keys, axis=1)[:, ::-1]
    places: Places = (width - 1 - (keys & 0xFFFFFFFF)).astype(np.int32)
    places[keys < 0] = NONE
    return places


@dataclass(frozen=True)
class CandidateFeatures:
    """What the rules need to know of the candidates: their vectors (CSR, rows of length 1) and
    the numbers of their articles and sources."""

    vectors: sp.csr_array
    articles: npt.NDArray[np.int32]
    sources: npt.NDArray[np.int32]


class _OpenLists:
    """Lists of a chunk while they are filled, one position at a time, from each reader's ``pool``.

    What may get a place is a slot: candidate ``stories[s]`` for reader ``readers[s]``, at ``at[s]``
    of the pool. There are as many as pass the floor, or are ``seated``; ``open`` marks those that
    may be listed still."""

    def __init__(
        self,
        scores: Scores,
        features: CandidateFeatures,
        settings: RankingSettings,
        top: int,
        shares: Shares | None,
        seated: Places | None,
    ) -> None:
        self.settings = settings
        self.pool = pool = best(scores, max(settings.pool, 3 * top))
        self.places = np.full((len(pool), top), NONE, dtype=np.int32)
        self.count = np.zeros(len(pool), dtype=np.int64)
        rows = np.arange(len(pool))
        relevance = np.where(pool == NONE, -np.inf, scores[rows[:, None], pool]).astype(np.float32)
        most = np.maximum(relevance.max(axis=1, initial=0.0), 1e-9)
        passing = relevance >= max(settings.relevance_floor, 1e-9)
        known = passing if seated is None else passing | ((pool == seated[:, None]) & (pool >= 0))
        order = rows if shares is None else np.argsort(-shares.counts, kind="stable")
        ordered, self.at = np.nonzero(known[order])
        self.readers = order[ordered]
        self.stories = pool[self.readers, self.at]
        self.open = passing[self.readers, self.at]
        self.scaled = relevance[self.readers, self.at] / most[self.readers]
        self.likest = np.zeros_like(self.scaled)
        self.likeness = _Likeness.of(
            self.stories if seated is None else np.concatenate([self.stories, seated]), features
        )
        caps = (
            (features.articles, settings.stories_per_digest),
            (features.sources, settings.max_per_source),
        )
        self.capped = [
            _Capped.of(numbers, self.stories, cap) for numbers, cap in caps if cap is not None
        ]
        self.explored = int(settings.explore and top >= EXPLORED)
        self.mixes = self.quotas = None
        if shares is not None:
            self.mixes = ListMixes(shares, self.readers, self.stories, settings)
            self.quotas = Quotas.of(self.mixes, self.readers, shares, top, settings.quota)

    def gains(self) -> Scores:
        """What each story of the pool would add to its list (readers × pool); −inf where none may
        be listed."""
        settings = self.settings
        gain = (1 - settings.diversity) * self.scaled - settings.diversity * self.likest
        if self.mixes is not None:
            gain -= settings.calibration * self.mixes.divergence()
        gain[~self.open] = -np.inf
        if self.quotas is not None:
            self.quotas.keep(gain, self.places.shape[1] - self.explored - self.count)
        found = np.full(self.pool.shape, -np.inf, dtype=np.float32)
        found[self.readers, self.at] = gain
        return found

    def take(self, chosen: Places) -> None:
        """Give the next place of each list to the candidate ``chosen`` for it, if any (NONE)."""
        rows = np.flatnonzero(chosen != NONE)
        self.places[rows, self.count[rows]] = chosen[rows]
        self.count[rows] += 1
        taken = chosen[self.readers]
        listed = taken != NONE
        np.maximum(
            self.likest, self.likeness.between(taken, self.stories), out=self.likest, where=listed
        )
        self.open &= self.stories != taken
        for capped in self.capped:
            self.open &= capped.take(taken, listed)
        if self.mixes is not None and self.quotas is not None:
            slots = np.flatnonzero(self.stories == taken)
            self.mixes.take(slots)
            self.quotas.take(slots)


@dataclass(frozen=True)
class _Likeness:
    """How like candidates are to each other, of those that may be listed: ``at`` finds their rows
    in ``cosines``."""

    at: npt.NDArray[np.int64]
    cosines: npt.NDArray[np.float32]

    @classmethod
    def of(cls, stories: Places, features: CandidateFeatures) -> "_Likeness":
        unique = np.unique(stories[stories != NONE]).astype(np.int64)
        at = np.zeros(len(features.articles), dtype=np.int64)
        at[unique] = np.arange(len(unique))
        return cls(at, similar(sp.csr_array(features.vectors[unique])))

    def between(self, ones: Places, others: Places) -> npt.NDArray[np.float32]:
        """The cosine of each of ``ones`` and its counterpart; of no meaning where one is NONE."""
        found: npt.NDArray[np.float32] = self.cosines[self.at[ones], self.at[others]]
        return found


@dataclass(frozen=True)
class _Capped:
    """One rule on how many stories of a kind a list may hold: the ``kinds`` of the slots' stories
    (−1 is none, and never capped), and how many of each kind ``have`` a place already."""

    kinds: npt.NDArray[np.int32]
    have: npt.NDArray[np.int32]
    numbers: npt.NDArray[np.int32]
    cap: int

    @classmethod
    def of(cls, numbers: npt.NDArray[np.int32], stories: Places, cap: int) -> "_Capped":
        kinds = numbers[stories]
        return cls(kinds, np.zeros_like(kinds), numbers, cap)

    def take(self, taken: Places, listed: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Count the story ``taken`` by each slot's reader, where one is ``listed``; which slots are
        still open."""
        self.have[:] += listed & (self.kinds == self.numbers[taken])
        allowed: npt.NDArray[np.bool_] = (self.have < self.cap) | (self.kinds == -1)
        return allowed


def similar(vectors: sp.csr_array) -> npt.NDArray[np.float32]:
    """Cosines between all rows (rows × rows, dense)."""
    product: npt.NDArray[np.float32] = (vectors @ vectors.T).toarray().astype(np.float32)
    return product


def issue(
    scores: Scores,
    features: CandidateFeatures,
    settings: RankingSettings,
    top: int,
    *,
    shares: Shares | None = None,
    seated: Places | None = None,
) -> Places:
    """Lists of at most ``top`` places (readers × top, NONE padded) in the order they were filled.

    Greedy: at each position the candidate with the best (1 − λ)·relevance − λ·(greatest likeness
    to what the list holds) − κ·KL(stated mix ‖ list's mix), relevance scaled to [0, 1] per reader
    (MMR: Carbonell and Goldstein, SIGIR 1998; calibration: Steck, RecSys 2018). Never below the
    floor, never past the caps. ``seated`` (one candidate or NONE per reader) already has a place
    and counts as held.
    """
    lists = _OpenLists(scores, features, settings, top, shares, seated)
    if seated is not None:
        lists.take(seated)
    rows = np.arange(len(scores))
    for _ in range(top):
        gain = lists.gains()
        slot = gain.argmax(axis=1)
        reachable = np.isfinite(gain[rows, slot]) & (lists.count < top)
        if not reachable.any():
            break
        lists.take(np.where(reachable, lists.pool[rows, slot], NONE).astype(np.int32))
    return lists.places


def numbers(names: Sequence[str | None]) -> npt.NDArray[np.int32]:
    """Names as numbers; −1 for none."""
    number = {name: at for at, name in enumerate(dict.fromkeys(n for n in names if n is not None))}
    return np.array([-1 if name is None else number[name] for name in names], dtype=np.int32)
