"""Neighbours change places as often as is said, and what is said of each pick adds up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from recommender.ranking import place_variation
from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import RankingSettings
from recommender.ranking.values import ListRequest, Reader, Story

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SHARE = 0.4


def test_every_pair_changes_places_as_often_as_it_is_said_to() -> None:
    draws = np.random.default_rng(2).random((40_000, 2)).tolist()
    pairs = np.tile([True, False, True, True], (len(draws), 1))
    found = place_variation.vary(pairs, SHARE, [(a, b) for a, b in draws])
    assert (found.moved != 0).any(axis=1).mean() == pytest.approx(SHARE, abs=0.01)
    for at, pair in enumerate(pairs[0]):
        share = (found.order[:, at] == at + 1).mean()
        assert share == pytest.approx(SHARE / 3 if pair else 0, abs=0.006)
    assert found.moves.sum(axis=2) == pytest.approx(1)
    stood = np.take_along_axis(found.moves, found.moved[:, :, None] + 1, axis=2)[:, :, 0]
    # Each pick weighed by the inverse of the probability of its place: 1 on the average.
    by_rank = np.zeros_like(stood)
    np.put_along_axis(by_rank, found.order, (found.moved == 1) / stood, axis=1)
    assert by_rank.mean(axis=0) == pytest.approx([1, 0, 1, 1, 0], abs=0.1)


@pytest.fixture
def stories(singles: list[Story]) -> list[Story]:
    old = [
        replace(one, id=f"old-{one.id}", article=f"old-{one.article}", title=f"{one.title} anew",
                summary=f"{one.title}, and again: {number}", published_at=NOW - timedelta(days=60))
        for number, one in enumerate(singles)
    ]  # fmt: skip
    return [*(replace(one, published_at=NOW - timedelta(days=1)) for one in singles), *old]


def test_of_an_issue_the_same_stories_are_sent_and_new_ones_stay_first(
    stories: list[Story],
) -> None:
    readers = [Reader(f"r{number}", (), {"chess": 3, "compost": 2}) for number in range(60)]
    request = ListRequest(now=NOW, top=6, seed="weekly-2026-W48")
    plain, varied = (
        Ranker(stories, settings=RankingSettings(vary=share)).rank(readers, request)
        for share in (0.0, 0.5)
    )
    changed = 0
    for before, after in zip(plain, varied, strict=True):
        ids = [[pick.story for pick in one.picks] for one in (before, after)]
        assert sorted(ids[0]) == sorted(ids[1])
        assert [pick.position for pick in after.picks] == list(range(1, len(after.picks) + 1))
        old = [[pick.story[:4] == "old-" for pick in one.picks] for one in (before, after)]
        assert old[0] == old[1]
        assert before.picks[-1].propensity == after.picks[-1].propensity
        for pick in after.picks:
            assert not pick.places or sum(p for _, p in pick.places) == pytest.approx(1, abs=1e-5)
            assert not pick.places or pick.position in dict(pick.places)
        moved = [p for p in after.picks if p.places and dict(p.places)[p.position] < 0.5]
        assert len(moved) in (0, 2)
        assert (ids[0] != ids[1]) == bool(moved)
        changed += bool(moved)
    assert 15 < changed < 45
    again = Ranker(stories, settings=RankingSettings(vary=0.5)).rank(readers[:7], request)
    assert again == varied[:7]
