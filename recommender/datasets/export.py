"""Rankings as lines of ``picks.jsonl``, put together from ready-made pieces.

A million readers have tens of millions of reasons; encoding each as an object of its own would
take longer than ranking them.
"""

import json
from collections.abc import Sequence

import numpy as np

from recommender.ranking.ranked_chunk import RankedChunk
from recommender.ranking.ranker import Ranker
from recommender.ranking.reasons import UNIT


class Export:
    """Writes what one ranker finds."""

    def __init__(self, ranker: Ranker) -> None:
        self._ranker = ranker
        self._picks = [
            f'{{"article": {_text(story.article)}, "story": {_text(story.key)}, "position": '
            for story in ranker.candidates
        ]
        self._shares = [f"{share / UNIT:.4g}}}" for share in range(UNIT + 1)]
        self._ends = [
            _end([ranker.candidates[other].id for other in ranker.duplicates.also(at)])
            for at in range(len(ranker.candidates))
        ]
        self._openings: dict[tuple[str, str], str] = {}

    def lines(self, ranked: RankedChunk) -> bytes:
        """A line for each reader of the chunk, UTF-8."""
        picks = self._encoded(ranked)
        result, at = [], 0
        readers = ranked.readers.tolist()
        for row, identifier in enumerate(ranked.ids):
            start = at
            while at < len(readers) and readers[at] == row:
                at += 1
            found = ", ".join(picks[start:at])
            result.append(f'{{"subscriber": {_text(identifier)}, "picks": [{found}]}}\n')
        return "".join(result).encode("utf-8", "replace")

    def _encoded(self, ranked: RankedChunk) -> list[str]:
        reasons = self._reasons(ranked)
        starts = ranked.parts.starts.tolist()
        stories = ranked.stories.tolist()
        heads = self._picks
        found = [
            f'{heads[story]}{position}, "score": {score:.6f}, '
            f'"reasons": [{", ".join(reasons[a:b])}]'
            for story, position, score, a, b in zip(
                stories,
                ranked.positions.tolist(),
                ranked.scores.tolist(),
                starts,
                starts[1:],
                strict=False,
            )
        ]
        ends = self._ends
        for pick in np.flatnonzero(~np.isnan(ranked.propensities)).tolist():
            found[pick] += f', "propensity": {ranked.propensities[pick]:.6g}'
        return [pick + ends[story] for pick, story in zip(found, stories, strict=True)]

    def _reasons(self, ranked: RankedChunk) -> list[str]:
        parts = ranked.parts
        phrases, which = self._ranker.phrases.of(parts, ranked.stories)
        openings = [self._opening(phrase) for phrase in phrases]
        shares = self._shares
        return [
            openings[code] + shares[share]
            for code, share in zip(which, parts.shares.tolist(), strict=True)
        ]

    def _opening(self, phrase: tuple[str, str]) -> str:
        found = self._openings.get(phrase)
        if found is None:
            kind, detail = phrase
            found = f'{{"kind": {_text(kind)}, "detail": {_text(detail)}, "share": '
            self._openings[phrase] = found
        return found


def _end(others: Sequence[str]) -> str:
    return f', "also": {json.dumps(others, ensure_ascii=False)}}}' if others else "}"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
