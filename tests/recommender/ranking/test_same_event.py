"""Tellings of one event are found by what they share; only dated stories, near in time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from recommender.ranking import features, same_event
from recommender.ranking.settings import TextSettings
from recommender.ranking.values import Story

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MakeStory = Callable[..., Story]


@pytest.fixture
def told(story: MakeStory) -> list[Story]:
    return [
        story("one", "Corvane to buy Lattice Metrics for $1.1 billion", "The vendor pays in cash.",
              source="Deals", published_at=NOW),
        story("two", "Corvane shares fall on $1.1bn purchase of Lattice", "Investors wonder.",
              source="Market", published_at=NOW + timedelta(days=1)),
        story("other", "Corvane sells its advertising arm", "80 staff go to Bright Harbor.",
              source="Deals", published_at=NOW + timedelta(days=2)),
    ]  # fmt: skip


def odds(stories: list[Story]) -> dict[tuple[str, str], float]:
    space = features.build(stories, TextSettings())
    found = same_event.compare(space, stories, stories)
    pairs = zip(found.rows.tolist(), found.candidates.tolist(), found.odds.tolist(), strict=True)
    return {(stories[row].id, stories[at].id): value for row, at, value in pairs}


def test_two_tellings_have_better_odds_than_another_story_of_the_company(
    told: list[Story],
) -> None:
    found = odds(told)
    assert found["one", "two"] == pytest.approx(found["two", "one"])
    assert found["one", "two"] > 1 > found.get(("one", "other"), -9)


def test_stories_of_one_article_weeks_apart_or_undated_are_not_compared(told: list[Story]) -> None:
    for change in (
        {"article": "one"},
        {"published_at": NOW + timedelta(days=30)},
        {"published_at": None},
    ):
        assert ("one", "two") not in odds([told[0], replace(told[1], **change)])
    assert odds([replace(one, published_at=None) for one in told]) == {}
    assert odds([]) == {}
