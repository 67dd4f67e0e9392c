"""Who gets what: stated interests, roles, mutes, answers, and streams without topics."""

from datetime import UTC, datetime, timedelta

import pytest

from recommender.errors import NotFoundError
from recommender.ranking.ranker import Ranker
from recommender.ranking.values import Action, ListRequest, Reader, Story, Vocabulary

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def picked(ranker: Ranker, reader: Reader, *, as_issue: bool = True, top: int = 6) -> list[str]:
    [ranking] = ranker.rank([reader], ListRequest(now=NOW, top=top, as_issue=as_issue))
    return [pick.story for pick in ranking.picks]


def test_from_one_digest_each_reader_gets_their_own_story_first(ranker: Ranker) -> None:
    hardware = Reader(
        "h", ("Hardware Engineer",), {"TPU Development": 3, "Compute Infrastructure": 2}
    )
    founder = Reader("f", ("Entrepreneur",), {"Neural Software": 3, "AI Strategy": 2})
    assert picked(ranker, hardware)[:2] == ["brief/tpu", "brief/deal"]
    assert picked(ranker, founder)[0] == "brief/neural"


def test_a_stated_topic_finds_stories_that_carry_no_topics(ranker: Ranker) -> None:
    found = picked(ranker, Reader("r", (), {"Gardening": 3}), as_issue=False, top=5)
    assert {story[:2] for story in found} == {"s0"}


def test_an_alias_is_the_topic_and_case_does_not_matter(ranker: Ranker) -> None:
    by_name = picked(ranker, Reader("r", (), {"Gardening": 3}))
    assert picked(ranker, Reader("r", (), {"HORTICULTURE": 3})) == by_name


def test_a_role_alone_gives_an_issue(ranker: Ranker) -> None:
    assert {story[:2] for story in picked(ranker, Reader("r", ("Baker",)))[:3]} == {"s2"}


def test_mixed_tastes_are_both_served(ranker: Ranker) -> None:
    found = picked(ranker, Reader("r", (), {"Gardening": 2, "Chess": 2}))
    assert {"s0", "s5"} <= {story[:2] for story in found}


@pytest.mark.parametrize("weight", [-1, -2])
def test_a_muted_topic_stays_out(ranker: Ranker, weight: float) -> None:
    reader = Reader("r", (), {"Compute Infrastructure": 3, "TPU Development": weight})
    assert "brief/tpu" not in picked(ranker, reader)
    assert "brief/tpu" not in picked(ranker, reader, as_issue=False, top=50)


def test_a_muted_topic_named_only_in_the_title_stays_out(singles: list[Story]) -> None:
    ranker = Ranker(singles)
    found = picked(ranker, Reader("r", (), {"violin": 2, "concerto": -2}), as_issue=False, top=40)
    titles = {story.id: story.title for story in singles}
    assert found
    assert not [story for story in found if "concerto" in titles[story]]


def test_a_click_brings_stories_like_it(ranker: Ranker) -> None:
    reader = Reader("r", (), {}, (Action("s50", "click", NOW - timedelta(days=3)),))
    assert {story[:2] for story in picked(ranker, reader, as_issue=False, top=4)} == {"s5"}


def test_less_like_this_sinks_stories_like_it(ranker: Ranker) -> None:
    stated = {"Gardening": 2.0, "Chess": 2.0}
    plain = ranker.rank([Reader("r", (), stated)], ListRequest(now=NOW, top=40, as_issue=False))[
        0
    ].picks
    less = Reader("r", (), stated, (Action("s50", "less", NOW),))
    after = ranker.rank([less], ListRequest(now=NOW, top=40, as_issue=False))[0].picks
    before = {pick.story: pick.score for pick in plain}
    chess = [pick for pick in after if pick.story.startswith("s5")]
    assert chess
    assert all(pick.score < before[pick.story] for pick in chess)


def test_stated_interest_keeps_at_least_half_of_the_say(ranker: Ranker) -> None:
    clicks = tuple(Action(f"s5{turn}", "click", NOW) for turn in range(4))
    reader = Reader("r", (), {"TPU Development": 1}, clicks)
    assert picked(ranker, reader, as_issue=False)[0] == "brief/tpu"


def test_a_reader_of_whom_nothing_is_known_gets_the_newest(ranker: Ranker) -> None:
    found = picked(ranker, Reader("r"))
    assert sum(story.startswith("brief/") for story in found) == 2


def test_newer_beats_older_when_all_else_is_equal(story: object) -> None:
    stories = [
        Story(f"s{days}", f"s{days}", f"s{days}", title=f"Chess news number{days}",
              summary="Rook endgames.", published_at=NOW - timedelta(days=days))
        for days in (40, 1, 9)
    ]  # fmt: skip
    found = picked(Ranker(stories), Reader("r", (), {"Chess": 1}), as_issue=False)
    assert found == ["s1", "s9", "s40"]


def test_the_order_stays_when_no_story_has_a_date(singles: list[Story]) -> None:
    reader = Reader("r", (), {"violin": 2})
    early = Ranker(singles).rank([reader], ListRequest(now=NOW, top=5))
    late = Ranker(singles).rank([reader], ListRequest(now=NOW + timedelta(days=400), top=5))
    assert early == late


def test_readers_who_read_the_same_bring_stories_together(singles: list[Story]) -> None:
    together = [["s00", "s70"]] * 12
    reader = Reader("r", (), {}, (Action("s00", "click", NOW),))
    alone = picked(Ranker(singles), reader, as_issue=False, top=10)
    with_others = picked(Ranker(singles, co_clicks=together), reader, as_issue=False, top=10)
    assert "s70" not in alone
    assert with_others[0] == "s70"


def test_why_not_names_the_rule_that_kept_a_story_out(ranker: Ranker) -> None:
    reader = Reader(
        "r", (), {"TPU Development": 3, "Compute Infrastructure": 2, "Film Production AI": 1,
                  "Chess": -2}, (Action("s00", "sent", NOW),),
    )  # fmt: skip
    asked = ("brief/tpu", "brief/film", "s50", "s00", "s71")
    why = {r.story: r.why for r in ranker.explain(reader, asked, ListRequest(now=NOW, top=6))}
    assert why["brief/tpu"] == "chosen, at position 1"
    assert why["brief/film"] == "2 stories of the same article are in already"
    assert "Chess, which this reader muted" in why["s50"]
    assert why["s00"] == "this reader had it before"
    assert "below the relevance floor" in why["s71"]


def test_asking_about_an_unknown_story_says_so(ranker: Ranker) -> None:
    with pytest.raises(NotFoundError, match="not among those"):
        ranker.explain(Reader("r"), ["nowhere"], ListRequest(now=NOW, top=6))


def test_runners_up_are_the_best_that_were_not_chosen(ranker: Ranker) -> None:
    reader = Reader("r", (), {"TPU Development": 3, "Film Production AI": 2, "Chess": 1})
    [ranking] = ranker.rank([reader], ListRequest(now=NOW, top=3), runners_up=3)
    chosen = {pick.story for pick in ranking.picks}
    scores = [other.score for other in ranking.runners_up]
    assert len(scores) == 3
    assert not chosen & {other.story for other in ranking.runners_up}
    assert scores == sorted(scores, reverse=True)
    assert all(other.why for other in ranking.runners_up)


@pytest.mark.parametrize(
    "stories", [[], [Story("a", "a", "a", title="")], [Story("a", "a", "a", title="I")]]
)
def test_no_stories_or_wordless_ones_give_short_lists_not_errors(stories: list[Story]) -> None:
    reader = Reader("r", ("CTO",), {"Chess": 1}, (Action("gone", "click"), Action("a", "less")))
    for as_issue in (True, False):
        [ranking] = Ranker(stories, vocabulary=Vocabulary()).rank(
            [reader, Reader("x")], ListRequest(now=NOW, top=5, as_issue=as_issue), runners_up=2
        )[:1]
        assert len(ranking.picks) <= len(stories)
