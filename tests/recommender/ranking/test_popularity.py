"""Whom nothing else reaches gets what readers of the role, then all, like best, and is told so."""

from datetime import timedelta

import pytest

from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import RankingSettings
from recommender.ranking.values import ListRequest, Pick, Reader, Story
from tests.recommender.conftest import NOW

OWN = ("amber", "birch", "cedar", "delta", "ember", "fjord")
SUBJECTS = ("reef polyp lagoon", "loom warp shuttle", "oven crust flour")
FOUNDERS, BAKERS = "what readers in the role of Founder like", "what readers in the role of Baker"


def stories(age: int = 1) -> list[Story]:
    """Three stories on each of three subjects."""
    return [
        Story(f"{words.split()[0]}{n}", f"{words.split()[0]}{n}", f"{n}", title=f"{words} {n}x",
              summary=" ".join(f"{own}{n}{words[:2]}" for own in OWN),
              published_at=NOW - timedelta(days=age))
        for words in SUBJECTS for n in range(3)
    ]  # fmt: skip


CLICKS = [*[["loom0", "loom1"]] * 6, *[["reef0", "reef1"]] * 8, ["oven0"]]
ROLES = [*[("Founder",)] * 6, *[("Baker",)] * 8, ("Sculptor",)]


def picks(reader: Reader, *, as_issue: bool, clicks: list[list[str]] = CLICKS) -> tuple[Pick, ...]:
    ranker = Ranker(
        stories(), co_clicks=clicks, others_roles=ROLES[: len(clicks)],
        settings=RankingSettings(explore=False),
    )  # fmt: skip
    return ranker.rank([reader], ListRequest(now=NOW, top=3, as_issue=as_issue))[0].picks


@pytest.mark.parametrize("as_issue", [True, False])
@pytest.mark.parametrize("topics", [{}, {"zeppelins": 2.0}])
def test_a_reader_of_a_role_gets_what_its_readers_like_and_is_told_so(
    as_issue: bool, topics: dict[str, float]
) -> None:
    found = picks(Reader("r", ("Founder",), topics), as_issue=as_issue)
    assert len(found) == 3
    assert found[0].story.startswith("loom")
    assert found[0].reasons[0][:2] == ("role", FOUNDERS)
    assert sum(reason.share for reason in found[0].reasons) == pytest.approx(1)


@pytest.mark.parametrize("as_issue", [True, False])
@pytest.mark.parametrize("role", [(), ("Notary",)])
def test_who_has_no_such_role_gets_what_most_like(as_issue: bool, role: tuple[str, ...]) -> None:
    found = picks(Reader("r", role, {"zeppelins": 2.0}), as_issue=as_issue)
    assert found[0].story.startswith("reef")
    assert found[0].reasons[0][:2] == ("fresh", "what many readers like")


def test_a_new_story_stands_by_its_likeness_to_what_they_liked() -> None:
    old, new = stories(90), [
        Story(f"new {words[:4]}", f"new {words[:4]}", "n", title=f"{words} week",
              summary=f"cedar{words[:2]}", published_at=NOW - timedelta(days=1))
        for words in SUBJECTS
    ]  # fmt: skip
    ranker = Ranker(new, archive=[*old, *new], co_clicks=CLICKS, others_roles=ROLES)
    request = ListRequest(now=NOW, top=3)
    founder, baker = ranker.rank([Reader("f", ("Founder",)), Reader("b", ("Baker",))], request)
    assert (founder.picks[0].story, baker.picks[0].story) == ("new loom", "new reef")
    assert founder.picks[0].reasons[0].detail == FOUNDERS
    assert baker.picks[0].reasons[0].detail.startswith(BAKERS)


def test_without_answers_the_labels_of_roles_and_the_editor_s_order_decide() -> None:
    digest = [
        Story(f"d/{n}", "d", f"{9 - n}", title=f"amber{n} birch", summary=f"cedar{n} delta{n}",
              published_at=NOW, position=n, roles={"Baker": 1.0} if n == 3 else {})
        for n in range(4)
    ]  # fmt: skip
    ranker = Ranker(digest, settings=RankingSettings(explore=False, stories_per_digest=4))
    for as_issue in (True, False):
        request = ListRequest(now=NOW, top=4, as_issue=as_issue)
        plain, baker = ranker.rank([Reader("p", (), {"zeppelins": 1}), Reader("b", ("Baker",))],
                                   request)  # fmt: skip
        assert [pick.story for pick in plain.picks] == ["d/0", "d/1", "d/2", "d/3"]
        assert baker.picks[0].story == "d/3"
        assert baker.picks[0].reasons[0][:2] == ("role", "Baker")
