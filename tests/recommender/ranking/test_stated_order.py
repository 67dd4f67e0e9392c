"""Equal topics stand in the order their reader gave them."""

from datetime import timedelta
from itertools import permutations

import pytest

from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import RankingSettings
from recommender.ranking.values import Action, ActionKind, ListRequest, Reader, Story
from tests.recommender.conftest import NOW

TOPICS = ("Chess", "Sailing", "Weaving")


def stories(days: int = 1) -> list[Story]:
    """Two of each topic; those of "Chess" say it most."""
    return [
        Story(f"{topic}{n}", f"{topic}{n}", "s", title=f"{topic} {n}x", topics={topic: 1.0},
              summary=f"{topic.lower()} " * (3 - at) + f"amber{at}{n} birch{at}{n} cedar{at}{n}",
              published_at=NOW - timedelta(days=days if at else 1, hours=n))
        for at, topic in enumerate(TOPICS) for n in range(2)
    ]  # fmt: skip


def leads(ranker: Ranker, topics: dict[str, float]) -> list[str]:
    """The topics of the picks, each once, in the order of the list."""
    [found] = ranker.rank([Reader("r", (), topics)], ListRequest(now=NOW, top=4))
    return list(dict.fromkeys(pick.story[:-1] for pick in found.picks))


@pytest.mark.parametrize("order", list(permutations(TOPICS)))
def test_the_best_of_equal_topics_stand_in_the_order_given(order: tuple[str, ...]) -> None:
    ranker = Ranker(stories(), settings=RankingSettings(explore=False))
    assert leads(ranker, dict.fromkeys(order, 2.0)) == list(order)


def test_more_weight_goes_before_order() -> None:
    ranker = Ranker(stories(), settings=RankingSettings(explore=False))
    assert leads(ranker, {"Weaving": 1.0, "Chess": 3.0, "Sailing": 3.0})[0] == "Chess"


def test_what_is_new_stands_before_the_archive_in_whatever_order() -> None:
    ranker = Ranker(stories(days=30), settings=RankingSettings(explore=False))
    assert leads(ranker, {"Weaving": 2.0, "Chess": 2.0})[0] == "Chess"


@pytest.mark.parametrize(("kind", "first"), [("click", "Chess"), ("sent", "Weaving")])
def test_who_answered_gets_the_better_story_first(kind: ActionKind, first: str) -> None:
    ranker = Ranker(stories(), settings=RankingSettings(explore=False))
    history = (Action("Chess1", kind, NOW - timedelta(days=7)),)
    reader = Reader("r", (), {"Weaving": 2.0, "Chess": 2.0}, history)
    [found] = ranker.rank([reader], ListRequest(now=NOW, top=2))
    assert found.picks[0].story[:-1] == first
