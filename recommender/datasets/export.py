"""Rankings as lines of ``picks.jsonl``, put together from ready-made pieces.

A million readers have tens of millions of reasons; encoding each as an object of its own would
take longer than ranking them. So a chunk is laid out as an array of pieces that were encoded
before, each found by its number, and joined at once. Pieces are bytes: joining text takes twice as
long, and encoding it copies it once more.
"""

import json
from collections.abc import Iterable, Sequence
from json.encoder import encode_basestring as _text
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.ranking.ranked_chunk import RankedChunk
from recommender.ranking.ranker import Ranker
from recommender.ranking.reasons import UNIT

Pieces = npt.NDArray[np.object_]
Integers = npt.NDArray[np.int64]
OF_READER, OF_PICK, OF_REASON = 2, 4, 2
"""How many pieces there are of a reader, of a pick and of a reason."""


class Export:
    """Writes what one ranker finds."""

    def __init__(self, ranker: Ranker) -> None:
        self._ranker = ranker
        heads = [
            f'{{"article": {_text(story.article)}, "story": {_text(story.key)}, "position": '
            for story in ranker.candidates
        ]
        self._heads = _encoded([*heads, *(f", {head}" for head in heads)])
        ends = [
            _end([ranker.candidates[other].id for other in ranker.duplicates.also(at)])
            for at in range(len(ranker.candidates))
        ]
        self._ends = _encoded([f"]{end}" for end in ends])
        shares = [f"{share / UNIT:.4g}}}" for share in range(UNIT + 1)]
        self._shares = _encoded([*shares, *(f"{share}, " for share in shares)])
        self._openings = _pieces([])

    def lines(self, ranked: RankedChunk) -> bytes:
        """A line for each reader of the chunk, UTF-8."""
        readers, picks = len(ranked.ids), len(ranked.stories)
        reasons = np.diff(ranked.parts.starts)
        first = np.searchsorted(ranked.readers, np.arange(readers + 1))
        # Where the pieces of each reader and of each pick begin.
        sizes = OF_PICK + OF_REASON * reasons
        before = np.concatenate([[0], np.cumsum(sizes)])
        starts = before[first[:-1]] + OF_READER * np.arange(readers)
        at = before[:-1] + OF_READER * ranked.readers + 1
        pieces = np.empty(before[-1] + OF_READER * readers, dtype=object)
        pieces[starts] = [
            f'{{"subscriber": {_text(identifier)}, "picks": ['.encode("utf-8", "replace")
            for identifier in ranked.ids
        ]
        pieces[np.append(starts[1:], len(pieces))[:readers] - 1] = b"]}\n"
        later = np.arange(picks) != first[ranked.readers]
        pieces[at] = self._heads[ranked.stories + later * len(self._ends)]
        pieces[at + 1] = _positions(ranked.positions)
        pieces[at + 2] = [b'%.6f, "reasons": [' % score for score in ranked.scores.tolist()]
        self._reasons(ranked, pieces, at + OF_PICK - 1, reasons)
        pieces[at + sizes - 1] = self._ends[ranked.stories]
        for pick in np.flatnonzero(~np.isnan(ranked.propensities)).tolist():
            drawn = b'], "propensity": %.6g' % ranked.propensities[pick]
            pieces[at[pick] + sizes[pick] - 1] = drawn + self._ends[ranked.stories[pick]][1:]
        return b"".join(pieces.tolist())

    def _reasons(
        self, ranked: RankedChunk, pieces: Pieces, begin: Integers, number: Integers
    ) -> None:
        """Put the reasons of each pick in their places, the first of them at ``begin``."""
        which = self._ranker.phrases.of(ranked.parts, ranked.stories)
        known = self._ranker.phrases.known
        if len(known) > len(self._openings):
            more = _encoded(map(_opening, known[len(self._openings) :]))
            self._openings = np.concatenate([self._openings, more])
        place = np.arange(len(which)) - np.repeat(ranked.parts.starts[:-1], number)
        at = np.repeat(begin, number) + OF_REASON * place
        followed = np.ones(len(which), dtype=np.int64)
        followed[ranked.parts.starts[1:][number > 0] - 1] = 0
        pieces[at] = self._openings[which]
        pieces[at + 1] = self._shares[ranked.parts.shares + followed * (UNIT + 1)]


def _positions(positions: Integers) -> Pieces:
    most = int(positions.max(initial=0))
    told = _encoded(f'{position}, "score": ' for position in range(most + 1))
    found: Pieces = told[positions]
    return found


def _encoded(texts: Iterable[str]) -> Pieces:
    return _pieces(text.encode("utf-8", "replace") for text in texts)


def _pieces(texts: Iterable[bytes]) -> Pieces:
    listed: list[Any] = list(texts)
    found = np.empty(len(listed), dtype=object)
    found[:] = listed
    return found


def _opening(phrase: tuple[str, str]) -> str:
    """A reason as far as its share."""
    kind, detail = phrase
    return f'{{"kind": {_text(kind)}, "detail": {_text(detail)}, "share": '


def _end(others: Sequence[str]) -> str:
    return f', "also": {json.dumps(others, ensure_ascii=False)}}}' if others else "}"
