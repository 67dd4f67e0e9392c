"""Likeness to answered stories: the model from the first answer, and the one for many."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.linear_model import Ridge

from recommender.ranking import features, profiles
from recommender.ranking.co_clicks import CoClicks
from recommender.ranking.latent import Latent
from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import ProfileSettings, SimilaritySettings, TextSettings
from recommender.ranking.similarity import Similarity
from recommender.ranking.values import Action, ListRequest, Reader, Story

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MakeStory = Callable[..., Story]
ONLY_RIDGE = SimilaritySettings(labels=0, latent=0, noise=0, together=0, alike_learned=0)


@pytest.fixture
def archive(story: MakeStory) -> list[Story]:
    """A hundred stories of words drawn from ten subjects: enough for a latent space."""
    draw = np.random.default_rng(4)
    topic_texts = [[f"word{subject}x{n}" for n in range(12)] for subject in range(10)]
    return [
        story(f"a{at:03}", " ".join(draw.choice(topic_texts[at % 10], 4)),
              " ".join(draw.choice(topic_texts[at % 10], 8)))
        for at in range(100)
    ]  # fmt: skip


def test_the_learned_part_is_the_ridge_regression_of_scikit_learn(archive: list[Story]) -> None:
    space = features.build(archive, TextSettings())
    latent = Latent(space.vectors, space.labels)
    nobody = CoClicks((), space.row)
    found = Similarity(space, latent, {}, nobody, ONLY_RIDGE)
    answered = [3, 13, 43]
    points: npt.NDArray[np.float64] = latent.points
    label = np.zeros(len(archive))
    label[answered] = 1.0
    penalty = ONLY_RIDGE.penalty * np.trace(points.T @ points) / points.shape[1]
    model = Ridge(alpha=penalty, fit_intercept=False, solver="cholesky").fit(points, label)
    words = (space.vectors @ space.vectors.T).toarray()
    fitted = sum((found.learned(at) - words[at]) / (penalty * ONLY_RIDGE.ridge) for at in answered)
    others = [at for at in range(len(archive)) if at not in answered]
    expected = np.asarray(model.predict(points))
    positive = np.all([points @ model_row > 0 for model_row in _rows(points, answered)], axis=0)
    kept = [at for at in others if positive[at]]  # negative parts are cut off, one by one
    assert len(kept) > 5
    assert np.asarray(fitted)[kept] == pytest.approx(expected[kept], abs=1e-9)


def _rows(points: npt.NDArray[np.float64], answered: list[int]) -> list[npt.NDArray[np.float64]]:
    gram = points.T @ points
    penalty = ONLY_RIDGE.penalty * np.trace(gram) / len(gram)
    return [np.linalg.solve(gram + penalty * np.eye(len(gram)), points[at]) for at in answered]


def test_a_first_answer_reaches_what_is_near_to_what_is_near_to_it(story: MakeStory) -> None:
    chain = [
        story("near", "heron marsh", "reeds"), story("read", "heron", "lagoon"),
        story("far", "marsh", "sedge"), story("other", "violin", "concerto"),
    ]  # fmt: skip
    space = features.build(chain, TextSettings(ngrams=1))
    latent = Latent(space.vectors, space.labels)
    nobody = CoClicks((), space.row)
    plain = Similarity(space, latent, {}, nobody, SimilaritySettings(expansion=0, noise=0))
    wide = Similarity(
        space, latent, {}, nobody, SimilaritySettings(expansion=0.2, neighbours=2, noise=0)
    )
    read, far, other = space.row["read"], space.row["far"], space.row["other"]
    assert plain.similar(read)[far] == 0
    assert wide.similar(read)[far] > 0
    assert wide.similar(read)[other] == 0
    assert wide.similar(read)[read] == 0


def test_answers_are_regressed_once_there_are_enough(archive: list[Story]) -> None:
    ranker = Ranker(archive)
    settings = ProfileSettings(enough=3)
    for clicks, kind in ((2, "history"), (3, "learned")):
        history = tuple(Action(f"a{at:03}", "click", NOW) for at in range(clicks))
        built = profiles.build([Reader("r", history=history)], ranker.affinities, settings, NOW)
        kinds = {ranker.affinities.interest(at).kind for at in built.likes.indices.tolist()}
        assert kinds == {kind}


def test_an_answered_story_is_a_reason_by_its_title_in_either_model(archive: list[Story]) -> None:
    for clicks in (2, 8):
        history = tuple(Action(f"a{at * 10:03}", "click", NOW) for at in range(clicks))
        [ranking] = Ranker(archive).rank(
            [Reader("r", history=history)], ListRequest(now=NOW, top=3)
        )
        titles = {story.title for story in archive}
        for pick in ranking.picks:
            assert pick.reasons[0].kind == "history"
            assert pick.reasons[0].detail in titles


def test_what_was_learned_never_has_more_say_than_what_was_stated(archive: list[Story]) -> None:
    ranker = Ranker(archive)
    draw = np.random.default_rng(1)
    for _ in range(50):
        clicks = draw.choice(100, int(draw.integers(1, 60)), replace=False).tolist()
        kinds = draw.choice(["click", "more", "less"], len(clicks)).tolist()
        actions = tuple(Action(f"a{at:03}", k, NOW) for at, k in zip(clicks, kinds, strict=True))
        topics = {f"word{n}x1": float(draw.integers(1, 4)) for n in range(int(draw.integers(0, 4)))}
        reader = Reader("r", ("CTO",), topics, actions)
        built = profiles.build([reader], ranker.affinities, ProfileSettings(), NOW)
        say = {"stated": 0.0, "learned": 0.0}
        for at, weight in zip(built.likes.indices.tolist(), built.likes.data.tolist(), strict=True):
            stated = ranker.affinities.interest(at).kind in {"topic", "role"}
            say["stated" if stated else "learned"] += weight
        assert say["learned"] <= say["stated"] + 1e-6


def test_a_row_does_not_depend_on_the_number_of_threads(archive: list[Story]) -> None:
    threads = pytest.importorskip("threadpoolctl")
    rows = []
    for limit in (1, 2):
        with threads.threadpool_limits(limit):
            affinities = Ranker(archive).affinities
            for kind in ("history", "learned"):
                affinities.rows[kind]["a007"]
            rows.append(affinities.values.tobytes())
    assert rows[0] == rows[1]


def test_stories_without_topics_are_not_alike_for_that(story: MakeStory) -> None:
    bare = [story("x", "heron"), story("y", "violin"), story("z", "glacier", topics={"Ice": 1.0})]
    ranker = Ranker([*bare, replace(bare[2], id="w", article="w", title="moraine")])
    row = ranker.affinities.rows["history"]["x"]
    assert ranker.affinities.values[row].max() == 0
