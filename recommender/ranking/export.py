"""Rankings as lines of ``picks.jsonl``, put together from ready-made pieces.

A million readers have tens of millions of reasons; encoding each as an object of its own would
take longer than ranking them.
"""

import json
import math

from recommender.ranking.ranker import Ranked, Ranker
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
        self._openings: dict[tuple[str, str], str] = {}

    def lines(self, ranked: Ranked) -> bytes:
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
        return "".join(result).encode()

    def _encoded(self, ranked: Ranked) -> list[str]:
        openings, shares = self._reasons(ranked)
        starts = ranked.parts.starts.tolist()
        lasts = starts[1:]
        reasons = [opening + share for opening, share in zip(openings, shares, strict=True)]
        heads = self._picks
        plain = [
            f'{heads[story]}{position}, "score": {score:.6f}, "reasons": [{", ".join(reasons[a:b])}]'
            for story, position, score, a, b in zip(
                ranked.stories.tolist(),
                ranked.positions.tolist(),
                ranked.scores.tolist(),
                starts,
                lasts,
                strict=False,
            )
        ]
        return [
            head + self._further(story, propensity)
            for head, story, propensity in zip(
                plain, ranked.stories.tolist(), ranked.propensities.tolist(), strict=True
            )
        ]

    def _reasons(self, ranked: Ranked) -> tuple[list[str], list[str]]:
        parts = ranked.parts
        story_of = ranked.stories.repeat((parts.starts[1:] - parts.starts[:-1]).tolist())
        phrase, opening = self._ranker.phrases.phrase, self._opening
        openings = [
            opening(phrase(interest, story))
            for interest, story in zip(parts.interests.tolist(), story_of.tolist(), strict=True)
        ]
        shares = self._shares
        return openings, [shares[share] for share in parts.shares.tolist()]

    def _opening(self, phrase: tuple[str, str]) -> str:
        found = self._openings.get(phrase)
        if found is None:
            kind, detail = phrase
            found = f'{{"kind": {_text(kind)}, "detail": {_text(detail)}, "share": '
            self._openings[phrase] = found
        return found

    def _further(self, story: int, propensity: float) -> str:
        also = self._ranker.duplicates.also(story)
        end = "}"
        if not math.isnan(propensity):
            end = f', "propensity": {propensity:.6g}}}'
        if also:
            ids = [self._ranker.candidates[other].id for other in also]
            end = f', "also": {json.dumps(ids, ensure_ascii=False)}{end}'
        return end


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
