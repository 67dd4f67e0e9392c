"""From scores to a list: the best by relevance alone, or an issue under the rules of a list.

All readers of a chunk at once, one position at a time. Decides from scores and candidates only;
ties go to the candidate that comes first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

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
    """Lists of a chunk while they are filled, one position at a time."""

    def __init__(
        self,
        scores: Scores,
        features: CandidateFeatures,
        settings: RankingSettings,
        top: int,
        shares: "Shares | None",
        pool: Places,
    ) -> None:
        self.features, self.settings, self.pool = features, settings, pool
        self.places = np.full((len(pool), top), NONE, dtype=np.int32)
        self.count = np.zeros(len(pool), dtype=np.int64)
        rows = np.arange(len(pool))[:, None]
        self.relevance = np.where(pool == NONE, -np.inf, scores[rows, pool]).astype(np.float32)
        most = np.maximum(self.relevance.max(axis=1, initial=0.0), 1e-9)
        self.scaled = self.relevance / most[:, None]
        self.open = self.relevance >= max(settings.relevance_floor, 1e-9)
        self.likest = np.zeros_like(self.relevance)
        caps = (
            (features.articles, settings.stories_per_digest),
            (features.sources, settings.max_per_source),
        )
        self.capped = [_Capped.of(numbers, pool, cap) for numbers, cap in caps if cap is not None]
        self.mix = None if shares is None else np.ascontiguousarray(shares.mix.T)[:, :, None]
        self.shares = None if shares is None else shares.of(pool)
        self.listed = None if self.shares is None else np.zeros_like(self.shares[:, :, 0])
        self.explored = int(settings.explore and top >= EXPLORED)
        self.quotas = (
            None
            if self.shares is None or shares is None
            else _Quotas.of(self.shares, shares, top, settings)
        )

    def gains(self) -> Scores:
        """What each open slot of the pool would add to its list; −inf where it is closed."""
        settings = self.settings
        gain = (1 - settings.diversity) * self.scaled - settings.diversity * self.likest
        if self.mix is not None and self.shares is not None and self.listed is not None:
            after = self.listed[:, :, None] + self.shares
            after /= np.maximum(after.sum(axis=0), 1e-9)
            after *= 1 - settings.smoothing
            after += settings.smoothing * self.mix
            terms = np.divide(
                np.maximum(self.mix, 1e-12), np.maximum(after, 1e-12, out=after), out=after
            )
            np.log(terms, out=terms)
            terms *= self.mix
            gain -= settings.calibration * terms.sum(axis=0)
        gain = np.where(self.open, gain, -np.inf).astype(np.float32)
        if self.quotas is not None:
            self.quotas.keep(gain, self.places.shape[1] - self.explored - self.count)
        return gain


@dataclass(frozen=True)
class _Capped:
    """One rule on how many stories of a kind a list may hold: the ``kinds`` of a pool's stories (−1
    is none, and never capped), and how many of each kind ``have`` a place already."""

    kinds: npt.NDArray[np.int32]
    have: npt.NDArray[np.int32]
    numbers: npt.NDArray[np.int32]
    cap: int

    @classmethod
    def of(cls, numbers: npt.NDArray[np.int32], pool: Places, cap: int) -> "_Capped":
        kinds = numbers[np.maximum(pool, 0)]
        return cls(kinds, np.zeros_like(kinds), numbers, cap)

    def take(
        self, rows: npt.NDArray[np.int64], taken: npt.NDArray[np.int32]
    ) -> npt.NDArray[np.bool_]:
        """Count a story more for each of ``rows``; which slots of theirs are still open."""
        kinds = self.kinds[rows]
        self.have[rows] += kinds == self.numbers[taken][:, None]
        allowed: npt.NDArray[np.bool_] = (self.have[rows] < self.cap) | (kinds == -1)
        return allowed


@dataclass(frozen=True)
class _Quotas:
    """Places kept for a reader's interests: of ``top`` at least ``quota`` times the part an
    interest has in the mix, so far as it has stories. ``owners`` (readers × pool) says to which of
    the reader's interests a story is mostly due, ``lacking`` (readers × interests) how many places
    each has still to get."""

    owners: npt.NDArray[np.int8]
    lacking: npt.NDArray[np.int8]

    @classmethod
    def of(
        cls, shares: npt.NDArray[np.float32], mix: "Shares", top: int, settings: RankingSettings
    ) -> "_Quotas":
        owners = shares.argmax(axis=0).astype(np.int8)
        places = np.rint(mix.mix * (settings.quota * top))
        return cls(owners, places.astype(np.int8))

    def keep(self, gain: Scores, left: npt.NDArray[np.int64]) -> None:
        """Close, in place, the slots of interests that lack nothing where as many places are lacked
        as there are left, if any slot of one that lacks is open."""
        rows = np.flatnonzero(self.lacking.sum(axis=1) >= left)
        if not len(rows):
            return
        wanted = np.take_along_axis(self.lacking[rows], self.owners[rows], axis=1) > 0
        wanted &= np.isfinite(gain[rows])
        some = wanted.any(axis=1)
        gain[rows[some]] = np.where(wanted[some], gain[rows[some]], -np.inf)

    def take(self, rows: npt.NDArray[np.int64], slots: npt.NDArray[np.int64]) -> None:
        """Count a place for whom the stories in ``slots`` of ``rows`` are mostly due to."""
        owners = self.owners[rows, slots]
        self.lacking[rows, owners] = np.maximum(self.lacking[rows, owners] - 1, 0)


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
    shares: "Shares | None" = None,
    seated: Places | None = None,
) -> Places:
    """Lists of at most ``top`` places (readers × top, NONE padded) in the order they were filled.

    Greedy: at each position the candidate with the best (1 − λ)·relevance − λ·(greatest likeness
    to what the list holds) − κ·KL(stated mix ‖ list's mix), relevance scaled to [0, 1] per reader
    (MMR: Carbonell and Goldstein, SIGIR 1998; calibration: Steck, RecSys 2018). Never below the
    floor, never past the caps. ``seated`` (one candidate or NONE per reader) already has a place
    and counts as held.
    """
    pool = best(scores, max(settings.pool, 3 * top))
    lists = _OpenLists(scores, features, settings, top, shares, pool)
    flat = pool[pool != NONE]
    in_lists = flat if seated is None else np.concatenate([flat, seated[seated != NONE]])
    unique = np.unique(in_lists).astype(np.int64)
    at = np.zeros(scores.shape[1], dtype=np.int64)
    at[unique] = np.arange(len(unique))
    similarity = similar(sp.csr_array(features.vectors[unique]))
    if seated is not None:
        _take(lists, seated, at, similarity)
    for _ in range(top):
        gain = lists.gains()
        slot = gain.argmax(axis=1)
        reachable = np.isfinite(gain[np.arange(len(gain)), slot]) & (lists.count < top)
        if not reachable.any():
            break
        chosen = np.where(reachable, pool[np.arange(len(pool)), slot], NONE).astype(np.int32)
        _take(lists, chosen, at, similarity)
    return lists.places


def _take(
    lists: _OpenLists,
    chosen: Places,
    at: npt.NDArray[np.int64],
    similarity: npt.NDArray[np.float32],
) -> None:
    rows = np.flatnonzero(chosen != NONE)
    taken = chosen[rows]
    lists.places[rows, lists.count[rows]] = taken
    lists.count[rows] += 1
    pool = lists.pool[rows]
    known = np.maximum(pool, 0)
    lists.likest[rows] = np.maximum(lists.likest[rows], similarity[at[taken][:, None], at[known]])
    lists.open[rows] &= pool != taken[:, None]
    for capped in lists.capped:
        lists.open[rows] &= capped.take(rows, taken)
    if lists.listed is not None and lists.shares is not None:
        same = pool == taken[:, None]
        slot, known = same.argmax(axis=1), same.any(axis=1)
        lists.listed[:, rows[known]] += lists.shares[:, rows[known], slot[known]]
        if lists.quotas is not None:
            lists.quotas.take(rows[known], slot[known])


@dataclass(frozen=True)
class Shares:
    """Which interests a score is due to. For each reader the ``columns`` (interest rows) and
    ``weights`` of their strongest interests, 0-padded, and ``mix``, the weights scaled to 1."""

    columns: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]
    values: npt.NDArray[np.float32]

    @classmethod
    def of_strongest(
        cls, likes: sp.csr_array, values: npt.NDArray[np.float32], most: int
    ) -> "Shares":
        """From profiles (readers × interests); a reader's first ``most`` interests by weight."""
        size = np.diff(likes.indptr)
        most = min(most, int(size.max(initial=1)))
        reader = np.repeat(np.arange(len(size)), size)
        order = np.lexsort((-likes.data, reader))
        place = np.arange(likes.nnz) - np.repeat(likes.indptr[:-1], size)
        within = place < most
        columns = np.zeros((len(size), most), dtype=np.int32)
        weights = np.zeros((len(size), most), dtype=np.float32)
        columns[reader[within], place[within]] = likes.indices[order][within]
        weights[reader[within], place[within]] = likes.data[order][within]
        return cls(columns, weights, values)

    @property
    def mix(self) -> npt.NDArray[np.float32]:
        shares: npt.NDArray[np.float32] = self.weights / np.maximum(
            self.weights.sum(axis=1, keepdims=True), 1e-9
        )
        return shares

    def of(self, pool: Places) -> npt.NDArray[np.float32]:
        """Interests × readers × pool; each candidate's parts sum to 1 (or 0 when it has none)."""
        parts = self.values[self.columns.T[:, :, None], np.maximum(pool, 0)]
        parts *= self.weights.T[:, :, None]
        parts /= np.maximum(parts.sum(axis=0), 1e-9)
        return parts


def numbers(names: Sequence[str | None]) -> npt.NDArray[np.int32]:
    """Names as numbers; −1 for none."""
    number = {name: at for at, name in enumerate(dict.fromkeys(n for n in names if n is not None))}
    return np.array([-1 if name is None else number[name] for name in names], dtype=np.int32)
