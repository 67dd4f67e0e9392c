"""Choices as deliveries keep them, JSON put together from ready-made pieces
(``recommender.ranking.pick_text``): an edition has as many picks as a newsletter has readers, six
times over.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from recommender.ranking.pick_text import PickForm, PickText
from recommender.ranking.ranked_chunk import RankedChunk
from recommender.ranking.ranker import Ranker
from recommender.ranking.reasons import UNIT
from recommender.ranking.values import ReasonKind
from recommender.storage import json_columns


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for one reader: ``stories`` (their ids, in order), and the ``picks`` as a
    delivery keeps them, what ``snapshot.pick_document`` says of each."""

    stories: list[int]
    picks: json_columns.Text


class PickDocuments:
    """Writes what one ranker chooses."""

    def __init__(self, ranker: Ranker) -> None:
        self._ids = np.array([int(story.id) for story in ranker.candidates], dtype=np.int64)
        form = PickForm(
            heads=[f'{{"story":{story.id},"position":' for story in ranker.candidates],
            ends=[f'],"also":[{",".join(others)}],"propensity":null}}' for others in ranker.also],
            separator=",",
            score=',"score":',
            shares=[f"{share}]" for share in _numbers([at / UNIT for at in range(UNIT + 1)])],
            opening=_opening,
        )
        self._text = PickText(ranker.phrases, form)

    def of(self, ranked: RankedChunk) -> list[Choice]:
        """The choice for each reader of the chunk."""
        scores = _numbers([round(score, 6) for score in ranked.scores.tolist()])
        pieces, starts = self._text.pieces(
            ranked,
            [b"["] * len(ranked.ids),
            b"]",
            [f'{score},"reasons":['.encode() for score in scores],
            self._ends(ranked),
        )
        stories = self._ids[ranked.stories].tolist()
        first = np.searchsorted(ranked.readers, np.arange(len(ranked.ids) + 1)).tolist()
        return [
            Choice(stories[start:end], json_columns.Text(b"".join(pieces[begin:stop])))
            for (start, end), (begin, stop) in zip(
                pairwise(first), pairwise(starts.tolist()), strict=True
            )
        ]

    def _ends(self, ranked: RankedChunk) -> dict[int, bytes]:
        """The ends of those picks that were drawn, or whose place was."""
        ends = {}
        drawn = np.flatnonzero(~np.isnan(ranked.propensities)).tolist()
        for pick, chance in zip(drawn, _numbers(ranked.propensities[drawn].tolist()), strict=True):
            end = self._text.end(ranked.stories[pick])
            ends[pick] = b"%b%b}" % (end.removesuffix(b"null}"), chance.encode())
        for pick, places in enumerate(ranked.places()) if ranked.moves is not None else ():
            if places:
                end = ends.get(pick) or self._text.end(ranked.stories[pick])
                ends[pick] = b'%b,"places":%b}' % (end[:-1], json_columns.dump(places).encode())
        return ends


def _opening(phrase: tuple[ReasonKind, str]) -> str:
    """A reason as far as its share."""
    return json_columns.dump(phrase)[:-1] + ","


def _numbers(values: list[float]) -> list[str]:
    """Each of ``values`` as JSON."""
    return json_columns.dump(values)[1:-1].split(",") if values else []
