"""The picks of a chunk as text, put together from ready-made pieces.

A million readers have tens of millions of reasons; encoding each as an object of its own would
take longer than ranking them. So a chunk is laid out as an array of pieces that were encoded
before, each found by its number, and joined at once. Pieces are bytes: joining text takes twice as
long, and encoding it copies it once more.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.ranking.ranked_chunk import RankedChunk
from recommender.ranking.reason_phrases import Phrases
from recommender.ranking.reasons import UNIT
from recommender.ranking.values import ReasonKind

Pieces = npt.NDArray[np.object_]
Integers = npt.NDArray[np.int64]
OF_READER, OF_PICK, OF_REASON = 2, 4, 2
"""How many pieces there are of a reader, of a pick and of a reason."""


@dataclass(frozen=True)
class PickForm:
    """How picks are written: ``heads`` and ``ends`` of each candidate (up to its position, after
    its last reason), what stands between two picks or reasons, and what before the score.
    ``shares`` ends a reason, by its share in ``UNIT``; ``opening`` begins it."""

    heads: Sequence[str]
    ends: Sequence[str]
    separator: str
    score: str
    shares: Sequence[str]
    opening: Callable[[tuple[ReasonKind, str]], str]


class PickText:
    """Writes what one ranker finds. ``phrases`` are what its reasons are called."""

    def __init__(self, phrases: Phrases, form: PickForm) -> None:
        self._phrases, self._form = phrases, form
        self._heads = _encoded([*form.heads, *(f"{form.separator}{head}" for head in form.heads)])
        self._ends = _encoded(form.ends)
        self._shares = _encoded([*form.shares, *(f"{end}{form.separator}" for end in form.shares)])
        self._openings = _pieces([])

    def pieces(
        self,
        ranked: RankedChunk,
        readers: Sequence[bytes],
        end: bytes,
        scores: Sequence[bytes],
        ends: Mapping[int, bytes],
    ) -> tuple[list[bytes], Integers]:
        """The text of a chunk in pieces, and where those of each reader begin, and all end.
        ``readers`` begins and ``end`` ends what is written of a reader, ``scores`` are those of the
        picks, each up to its reasons. Some picks have ``ends`` of their own, by their number."""
        number, reasons = len(ranked.ids), np.diff(ranked.parts.starts)
        first = np.searchsorted(ranked.readers, np.arange(number + 1))
        sizes = OF_PICK + OF_REASON * reasons
        before = np.concatenate([[0], np.cumsum(sizes)])
        starts = before[first] + OF_READER * np.arange(number + 1)
        at = before[:-1] + OF_READER * ranked.readers + 1
        pieces = np.empty(starts[-1], dtype=object)
        pieces[starts[:-1]] = readers
        pieces[starts[1:] - 1] = end
        later = np.arange(len(ranked.stories)) != first[ranked.readers]
        pieces[at] = self._heads[ranked.stories + later * len(self._ends)]
        pieces[at + 1] = self._positions(ranked.positions)
        pieces[at + 2] = scores
        self._write_reasons(ranked, pieces, at + OF_PICK - 1, reasons)
        pieces[at + sizes - 1] = self._ends[ranked.stories]
        some = np.fromiter(ends, dtype=np.int64, count=len(ends))
        pieces[(at + sizes - 1)[some]] = list(ends.values())
        return pieces.tolist(), starts

    def end(self, story: int) -> bytes:
        """What ends a pick of candidate ``story``."""
        found: bytes = self._ends[story]
        return found

    def _positions(self, positions: Integers) -> Pieces:
        most = int(positions.max(initial=0))
        told = _encoded(f"{position}{self._form.score}" for position in range(most + 1))
        found: Pieces = told[positions]
        return found

    def _write_reasons(
        self, ranked: RankedChunk, pieces: Pieces, begin: Integers, number: Integers
    ) -> None:
        """Put the reasons of each pick in their places, the first of them at ``begin``."""
        which = self._phrases.of(ranked.parts, ranked.stories)
        known = self._phrases.known
        if len(known) > len(self._openings):
            more = _encoded(map(self._form.opening, known[len(self._openings) :]))
            self._openings = np.concatenate([self._openings, more])
        place = np.arange(len(which)) - np.repeat(ranked.parts.starts[:-1], number)
        at = np.repeat(begin, number) + OF_REASON * place
        followed = np.ones(len(which), dtype=np.int64)
        followed[ranked.parts.starts[1:][number > 0] - 1] = 0
        pieces[at] = self._openings[which]
        pieces[at + 1] = self._shares[ranked.parts.shares + followed * (UNIT + 1)]


def _encoded(texts: Iterable[str]) -> Pieces:
    return _pieces(text.encode("utf-8", "replace") for text in texts)


def _pieces(texts: Iterable[bytes]) -> Pieces:
    listed: list[Any] = list(texts)
    found = np.empty(len(listed), dtype=object)
    found[:] = listed
    return found
