"""Whoever is reached by nothing is scored by what others like, alone or in company."""

import pytest

from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import ProfileSettings, RankingSettings
from recommender.ranking.values import Action, ListRequest, Reader, Story
from tests.recommender.conftest import NOW
from tests.recommender.ranking.test_popularity import CLICKS, ROLES, picks, stories


@pytest.mark.parametrize("as_issue", [True, False])
def test_readers_get_the_same_alone_and_among_others(as_issue: bool) -> None:
    people = [
        Reader("a", ("Founder",)), Reader("b", (), {"loom": 2}), Reader("c", (), {"zeppelins": 1}),
        Reader("d", ("Baker",), {"zeppelins": 1}, (Action("oven0", "less", NOW),)), Reader("e"),
    ]  # fmt: skip
    request = ListRequest(now=NOW, top=4, as_issue=as_issue)

    def ranker() -> Ranker:
        return Ranker(stories(), co_clicks=CLICKS, others_roles=ROLES)

    together = ranker().rank(people, request)
    assert together == [ranker().rank([one], request)[0] for one in people]
    assert all(ranking.picks for ranking in together)


def test_what_was_muted_or_had_is_not_given_for_want_of_others() -> None:
    history = tuple(Action(f"reef{n}", "sent", NOW) for n in range(3))
    found = picks(Reader("r", (), {"zeppelins": 1, "loom": -1}, history), as_issue=True)
    assert [pick.story[:4] for pick in found] == ["oven"] * 3


def test_an_issue_stays_empty_where_that_is_wished() -> None:
    settings = RankingSettings(profile=ProfileSettings(fallback=False))
    ranker = Ranker(stories(), co_clicks=CLICKS, others_roles=ROLES, settings=settings)
    [ranking] = ranker.rank(
        [Reader("r", ("Founder",), {"zeppelins": 1})], ListRequest(now=NOW, top=3)
    )
    assert ranking.picks == ()


def test_a_title_without_text_and_link_is_no_card() -> None:
    bare = Story("bare", "bare", "b", title="reef polyp", published_at=NOW)
    linked = Story("linked", "l", "l", title="reef lagoon", url="https://example.org/",
                   published_at=NOW)  # fmt: skip
    ranker = Ranker([bare, linked, *stories()])
    reader, request = Reader("r", (), {"reef polyp": 1.0}), ListRequest(now=NOW, top=9)
    [ranking] = ranker.rank([reader], request)
    assert "linked" in {pick.story for pick in ranking.picks}
    assert "bare" not in {pick.story for pick in ranking.picks}
    [why] = ranker.explain(reader, ["bare"], request)
    assert why.why == "it has neither text of its own nor a link"
