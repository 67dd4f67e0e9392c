"""Which of a reader's interests a list is due to, beside the mix they stated: what calibration
(Steck, RecSys 2018) and its quotas need to know while lists are filled.

Computed anew at every position for whatever may still get a place, and for no more: a slot is one
story in reach of one reader. Slots come in the order of how many interests their readers have, most
first, so that the slots of those who have an interest more are a run from the start.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.ranking.settings import RankingSettings

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Stories = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Shares:
    """Which interests a score is due to. For each reader the ``columns`` (interest rows) and
    ``weights`` of their strongest interests, 0-padded, and ``mix``, the weights scaled to 1."""

    columns: npt.NDArray[np.int32]
    weights: Floats
    values: Floats

    @classmethod
    def of_strongest(cls, likes: sp.csr_array, values: Floats, most: int) -> "Shares":
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
    def counts(self) -> Integers:
        """How many interests each reader has."""
        counts: Integers = np.count_nonzero(self.weights, axis=1)
        return counts

    @property
    def mix(self) -> Floats:
        shares: Floats = self.weights / np.maximum(self.weights.sum(axis=1, keepdims=True), 1e-9)
        return shares

    def of(self, pool: Stories) -> Floats:
        """Interests × readers × pool; each candidate's parts sum to 1 (or 0 when it has none)."""
        parts = self.values[self.columns.T[:, :, None], np.maximum(pool, 0)]
        parts *= self.weights.T[:, :, None]
        parts /= np.maximum(parts.sum(axis=0), 1e-9)
        return parts


class ListMixes:
    """What lists are due to while they are filled. Slot s is candidate ``stories[s]`` for reader
    ``readers[s]``; of its score interest i has the part ``parts[i][s]``, and ``parts[i]`` ends
    where readers have no more than i interests."""

    def __init__(
        self, shares: Shares, readers: Integers, stories: Stories, settings: RankingSettings
    ) -> None:
        self._readers, self._smoothing = readers, settings.smoothing
        ends = np.searchsorted(-shares.counts[readers], -np.arange(shares.weights.shape[1]))
        runs = [(interest, readers[:end]) for interest, end in enumerate(ends.tolist())]
        self.parts = [
            shares.values[shares.columns[those, interest], stories[: len(those)]]
            * shares.weights[those, interest]
            for interest, those in runs
        ]
        _scale(self.parts, len(readers))
        self._listed = np.zeros((len(runs), len(shares.weights)), dtype=np.float32)
        mix = shares.mix
        self._mix = [mix[those, interest] for interest, those in runs]

    def divergence(self) -> Floats:
        """KL(stated mix ‖ list's mix) of each slot's reader, if its story were listed, too."""
        after = [
            listed[self._readers[: len(part)]] + part
            for listed, part in zip(self._listed, self.parts, strict=True)
        ]
        _scale(after, len(self._readers))
        found = np.zeros(len(self._readers), dtype=np.float32)
        for part, mix in zip(after, self._mix, strict=True):
            part *= 1 - self._smoothing
            part += self._smoothing * mix
            np.divide(np.maximum(mix, 1e-12), np.maximum(part, 1e-12, out=part), out=part)
            np.log(part, out=part)
            part *= mix
            found[: len(part)] += part
        return found

    def owners(self) -> npt.NDArray[np.int8]:
        """To which of the reader's interests each slot's story is mostly due."""
        owners = np.zeros(len(self._readers), dtype=np.int8)
        most = np.zeros(len(self._readers), dtype=np.float32)
        for interest, part in enumerate(self.parts):
            more = part > most[: len(part)]
            owners[: len(part)][more] = interest
            np.maximum(most[: len(part)], part, out=most[: len(part)])
        return owners

    def take(self, slots: Integers) -> None:
        """Count the stories of ``slots`` (ascending) as listed; at most one of a reader."""
        for listed, part in zip(self._listed, self.parts, strict=True):
            own = slots[: np.searchsorted(slots, len(part))]
            listed[self._readers[own]] += part[own]


def _scale(parts: Sequence[Floats], slots: int) -> None:
    """Scale, in place, the parts of each slot so that they sum to 1 (or 0)."""
    total = np.zeros(slots, dtype=np.float32)
    for part in parts:
        total[: len(part)] += part
    np.maximum(total, 1e-9, out=total)
    for part in parts:
        part /= total[: len(part)]


@dataclass(frozen=True)
class Quotas:
    """Places kept for a reader's interests: of ``top`` at least ``quota`` times the part an
    interest has in the mix, so far as it has stories. ``owners`` (slots) says to which of the
    reader's interests a story is mostly due, ``lacking`` (readers × interests) how many places
    each has still to get."""

    readers: Integers
    owners: npt.NDArray[np.int8]
    lacking: npt.NDArray[np.int8]

    @classmethod
    def of(
        cls, mixes: ListMixes, readers: Integers, shares: Shares, top: int, quota: float
    ) -> "Quotas":
        places = np.rint(shares.mix * (quota * top))
        return cls(readers, mixes.owners(), places.astype(np.int8))

    def keep(self, gain: Floats, left: Integers) -> None:
        """Close (−inf), in place, the slots of interests that lack nothing where as many places are
        lacked as there are ``left``, if any slot of one that lacks is open."""
        short = self.lacking.sum(axis=1) >= left
        slots = np.flatnonzero(short[self.readers])
        readers = self.readers[slots]
        wanted = self.lacking[readers, self.owners[slots]] > 0
        some = np.zeros(len(left), dtype=bool)
        some[readers[wanted & np.isfinite(gain[slots])]] = True
        gain[slots[~wanted & some[readers]]] = -np.inf

    def take(self, slots: Integers) -> None:
        """Count a place for whom the stories in ``slots`` are mostly due to."""
        readers, owners = self.readers[slots], self.owners[slots]
        self.lacking[readers, owners] = np.maximum(self.lacking[readers, owners] - 1, 0)
