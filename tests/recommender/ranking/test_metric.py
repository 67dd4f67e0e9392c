"""The likeness learned from who reads what, and what is told of a story to learn it."""

from datetime import timedelta

import numpy as np
import pytest
import scipy.sparse as sp

from recommender.ranking.metric import Metric
from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import MetricSettings, RankingSettings
from recommender.ranking.values import Action, ListRequest, Reader, Story
from tests.recommender.conftest import NOW


def story(number: int, *, week: int = 0, dated: bool = True) -> Story:
    published = NOW - timedelta(days=7 * week) if dated else None
    return Story(
        f"s{number}", f"s{number}", f"s{number}", title=f"word{number}", published_at=published
    )


def read(*readers: tuple[int, ...], stories: int) -> sp.csr_array:
    found = np.zeros((len(readers), stories))
    for at, liked in enumerate(readers):
        found[at, list(liked)] = 1.0
    return sp.csr_array(found)


def test_features_read_by_the_same_readers_are_alike_and_others_are_not() -> None:
    # Features: stories 0 to 3 have the first, 4 to 7 the second, 8 to 11 the third.
    described = np.repeat(np.eye(3), 4, axis=0)
    readers = [(n, 4 + n) for n in range(4)] * 5 + [(8 + n, 8 + (n + 1) % 4) for n in range(4)] * 5
    stories = [story(number) for number in range(12)]
    learned = Metric(read(*readers, stories=12), stories, described, MetricSettings())
    alike = learned.alike(0)
    assert alike[5] > 10 * alike[9]  # no reader of story 0 read story 5, nor shares it a feature
    assert alike[8:].max() < 0.1 < alike[4:8].min()


def test_reading_at_the_same_time_is_less_of_a_likeness_than_reading_by_choice() -> None:
    # Three stories a week for six weeks, one on each of three subjects. Readers of a week read
    # all of it; others read the first two subjects, week after week.
    described = np.vstack([np.eye(3)] * 6)
    stories = [story(at, week=at // 3) for at in range(18)]
    of_a_week = [(3 * w, 3 * w + 1, 3 * w + 2) for w in range(6)] * 4
    by_choice = [tuple(at for at in range(18) if at % 3 < 2)] * 4
    matrix = read(*of_a_week, *by_choice, stories=18)
    told = {
        chance: Metric(matrix, stories, described, MetricSettings(chance=chance)).alike(0)
        for chance in (0.0, 0.5)
    }
    assert told[0.0][5] > 0.2  # a story of another week on the third subject
    assert told[0.5][5] < 0.8 * told[0.0][5]
    assert told[0.5][4] > 0.9 * told[0.0][4]


@pytest.mark.parametrize("dated", [True, False])
def test_stories_nobody_read_and_features_nobody_has_do_no_harm(dated: bool) -> None:
    stories = [story(number, dated=dated) for number in range(6)]
    described = np.hstack([np.eye(6)[:, :3], np.zeros((6, 1))])
    learned = Metric(read((0, 1), (1, 2), stories=6), stories, described, MetricSettings())
    assert np.isfinite(learned.factors).all()
    assert learned.alike(5).max() == 0.0


def test_of_a_small_crowd_no_likeness_is_learned() -> None:
    stories = [story(number) for number in range(20)]
    ranker = Ranker(stories, archive=stories, co_clicks=[["s0", "s1"]] * 3)
    assert ranker.affinities.tastes.metric is None
    reader = Reader("r", history=(Action("s0", "click", NOW),))
    [ranking] = ranker.rank([reader], ListRequest(now=NOW, top=3, as_issue=False))
    without = Ranker(stories, archive=stories, co_clicks=[["s0", "s1"]] * 3,
                     settings=RankingSettings(metric=MetricSettings(factors=1)))  # fmt: skip
    assert without.rank([reader], ListRequest(now=NOW, top=3, as_issue=False)) == [ranking]
