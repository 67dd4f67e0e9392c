"""What a part of a score is called: by words that say something, in any order of asking."""

from datetime import UTC, datetime

from recommender.ranking.ranker import Ranker
from recommender.ranking.values import ListRequest, Reader, Story

NOW = datetime(2026, 11, 24, tzinfo=UTC)
STORIES = [
    Story("a", "a", "a", title="Glacier ice in a new place", summary="moraine and place"),
    Story("b", "b", "b", title="Violin varnish", summary="a place for strings and bows"),
    Story("c", "c", "c", title="Harvest of barley", summary="fields, threshing"),
]


def _told(reader: Reader) -> list[tuple[str, str, str]]:
    ranker = Ranker(STORIES)
    [ranking] = ranker.rank([reader], ListRequest(now=NOW, top=3, as_issue=False))
    return [(pick.story, why.kind, why.detail) for pick in ranking.picks for why in pick.reasons]


def test_a_word_of_any_subject_is_told_only_to_whoever_names_it() -> None:
    told = _told(Reader("r", topics={"varnish place": 1.0}))
    assert ("b", "text", "varnish, place") in told
    assert not [one for one in _told(Reader("r", topics={"barley": 1.0})) if "place" in one[2]]


def test_reasons_do_not_depend_on_who_was_ranked_before() -> None:
    readers = [
        Reader("x", topics={"violin strings": 1.0, "Glacier": 2.0}),
        Reader("y", topics={"glacier": 1.0, "harvest": 1.0}),
        Reader("z", topics={"place": 1.0, "moraine ice": 1.0}),
    ]
    request = ListRequest(now=NOW, top=3, as_issue=False)
    together, ranker = Ranker(STORIES).rank(readers, request), Ranker(STORIES)
    one_by_one = [ranker.rank([reader], request)[0] for reader in readers]
    assert together == one_by_one
    assert any(pick.reasons for ranking in together for pick in ranking.picks)
