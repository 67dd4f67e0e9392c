"""Rankings as lines of ``picks.jsonl``."""

import json
from collections.abc import Sequence
from json.encoder import encode_basestring as _text

import numpy as np

from recommender.ranking.pick_text import PickForm, PickText
from recommender.ranking.ranked_chunk import RankedChunk
from recommender.ranking.ranker import Ranker
from recommender.ranking.reasons import UNIT


class Export:
    """Writes what one ranker finds."""

    def __init__(self, ranker: Ranker) -> None:
        ids = [story.id for story in ranker.candidates]
        also = (ranker.duplicates.also(at) for at in range(len(ids)))
        form = PickForm(
            heads=[
                f'{{"article": {_text(story.article)}, "story": {_text(story.key)}, "position": '
                for story in ranker.candidates
            ],
            ends=[f"]{_end([ids[other] for other in others])}" for others in also],
            separator=", ",
            score=', "score": ',
            shares=[f"{share / UNIT:.4g}}}" for share in range(UNIT + 1)],
            opening=_opening,
        )
        self._picks = PickText(ranker.phrases, form)

    def lines(self, ranked: RankedChunk) -> bytes:
        """A line for each reader of the chunk, UTF-8."""
        readers = [
            f'{{"subscriber": {_text(identifier)}, "picks": ['.encode("utf-8", "replace")
            for identifier in ranked.ids
        ]
        scores = [b'%.6f, "reasons": [' % score for score in ranked.scores.tolist()]
        ends = {}
        for pick in np.flatnonzero(~np.isnan(ranked.propensities)).tolist():
            drawn = b'], "propensity": %.6g' % ranked.propensities[pick]
            ends[pick] = drawn + self._picks.end(ranked.stories[pick])[1:]
        pieces, _ = self._picks.pieces(ranked, readers, b"]}\n", scores, ends)
        return b"".join(pieces)


def _opening(phrase: tuple[str, str]) -> str:
    """A reason as far as its share."""
    kind, detail = phrase
    return f'{{"kind": {_text(kind)}, "detail": {_text(detail)}, "share": '


def _end(others: Sequence[str]) -> str:
    return f', "also": {json.dumps(others, ensure_ascii=False)}}}' if others else "}"
