"""Text put together from pieces says what the ranker's picks say."""

import json
from datetime import UTC, datetime

from recommender.ranking.pick_text import PickForm, PickText
from recommender.ranking.ranker import Ranker
from recommender.ranking.reasons import UNIT
from recommender.ranking.values import ListRequest, Reader, Story

REQUEST = ListRequest(now=datetime(2026, 11, 24, 9, 0, tzinfo=UTC), top=3)
SUBJECTS = ("chess", "tides", "brød", "glaciers")
STORIES = [
    Story(f"{at}", f"a{at}", "s", title=f"{one} and more", summary=f"{one} told", topics={one: 1.0})
    for at, one in enumerate(SUBJECTS)
]
READERS = [
    Reader("two", ("Baker",), {"chess": 3.0, "brød": 1.0}),
    Reader("none", (), dict.fromkeys(SUBJECTS, -1.0)),
    Reader("one", (), {"tides": 1.0}),
]


def text_of(ranker: Ranker) -> PickText:
    form = PickForm(
        heads=[f'{{"story": "{story.id}", "position": ' for story in ranker.candidates],
        ends=["]}" for _ in ranker.candidates],
        separator=", ",
        score=', "score": ',
        shares=[f"{at / UNIT}]" for at in range(UNIT + 1)],
        opening=lambda phrase: json.dumps(phrase)[:-1] + ", ",
    )
    return PickText(ranker.phrases, form)


def test_pieces_join_to_what_was_picked_and_why() -> None:
    ranker = Ranker(STORIES)
    text = text_of(ranker)
    for readers in (READERS, READERS[::-1], READERS[:1]):  # openings are remembered in between
        ranked = ranker.ranked(readers, REQUEST)
        scores = [f'{score}, "reasons": ['.encode() for score in ranked.scores.tolist()]
        pieces, starts = text.pieces(ranked, [b"["] * len(readers), b"]", scores, {})
        assert starts[-1] == len(pieces)
        for at, ranking in enumerate(ranker.rank(readers, REQUEST)):
            written = json.loads(b"".join(pieces[starts[at] : starts[at + 1]]))
            assert [(one["story"], one["position"]) for one in written] == [
                (pick.story, pick.position) for pick in ranking.picks
            ]
            assert [[tuple(reason) for reason in one["reasons"]] for one in written] == [
                [tuple(reason) for reason in pick.reasons] for pick in ranking.picks
            ]


def test_a_pick_can_have_an_end_of_its_own() -> None:
    ranker = Ranker(STORIES)
    text, ranked = text_of(ranker), ranker.ranked(READERS[:1], REQUEST)
    scores = [b'0, "reasons": ['] * len(ranked.stories)
    assert text.end(int(ranked.stories[0])) == b"]}"
    pieces, _ = text.pieces(ranked, [b"["], b"]", scores, {0: b'], "drawn": 1}'})
    assert [one.get("drawn") for one in json.loads(b"".join(pieces))][:2] == [1, None]
