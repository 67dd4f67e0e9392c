"""Metrics against values worked out by hand."""

import math

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from recommender.evaluation import metrics

KEPT = {"a": 1.0, "b": 1.0, "c": 1.0, "z": 0.0}


def test_ndcg_of_a_known_list() -> None:
    found = metrics.ndcg(["a", "x", "b", "y", "z"], KEPT, 5)
    by_hand = (1 + 1 / 2) / (1 + 1 / math.log2(3) + 1 / 2)  # ranks 1 and 3 of the ideal 1, 2, 3
    assert found == pytest.approx(by_hand) == pytest.approx(0.70392, abs=1e-5)


def test_ndcg_looks_at_k_places_and_is_one_for_the_best_order() -> None:
    assert metrics.ndcg(["x", "y", "a"], KEPT, 2) == 0
    assert metrics.ndcg(["c", "b", "a", "x"], KEPT, 10) == 1
    assert metrics.ndcg(["c", "b"], KEPT, 2) == 1
    assert metrics.ndcg(["a"], {}, 10) == 0
    assert metrics.ndcg([], KEPT, 10) == 0


def test_ndcg_gains_two_to_the_grade_minus_one() -> None:
    found = metrics.ndcg(["one", "two"], {"one": 1, "two": 2}, 10)
    assert found == pytest.approx((1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3)))


def test_ndcg_agrees_with_scikit_learn_on_random_lists() -> None:
    draws = np.random.default_rng(1)
    for _ in range(50):
        grades = draws.integers(0, 2, 30)
        scores = draws.permutation(30)
        names = [f"a{n}" for n in range(30)]
        order = [names[at] for at in np.argsort(-scores)]
        kept = {name: float(grade) for name, grade in zip(names, grades, strict=True)}
        if grades.any():
            expected = ndcg_score([grades], [scores], k=10)
            assert metrics.ndcg(order, kept, 10) == pytest.approx(expected)


def test_reciprocal_rank_and_recall() -> None:
    assert metrics.reciprocal_rank(["x", "y", "b"], KEPT) == pytest.approx(1 / 3)
    assert metrics.reciprocal_rank(["x", "z"], KEPT) == 0
    assert metrics.recall(["a", "x", "b"], KEPT, 2) == pytest.approx(1 / 3)
    assert metrics.recall(["a", "x", "b"], KEPT, 3) == pytest.approx(2 / 3)
    assert metrics.recall(["a"], {}, 3) == 0


def test_diversity_is_the_mean_distance_of_pairs() -> None:
    vectors = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    assert metrics.diversity(vectors) == pytest.approx(1 - (0 + 0.6 + 0.8) / 3)
    assert math.isnan(metrics.diversity(vectors[:1]))


def test_calibration_is_zero_for_the_stated_mix_and_grows_with_its_distance() -> None:
    stated = {"a": 3.0, "b": 1.0, "muted": -2.0}
    perfect = metrics.calibration(stated, [{"a"}, {"a"}, {"a"}, {"b", "other"}])
    assert perfect == pytest.approx(0)
    only_a = metrics.calibration(stated, [{"a"}, {"a"}])
    by_hand = 0.75 * math.log(0.75 / (0.99 + 0.0075)) + 0.25 * math.log(0.25 / 0.0025)
    assert only_a == pytest.approx(by_hand)
    assert math.isnan(metrics.calibration({}, [{"a"}]))


def test_novelty_repeats_and_coverage() -> None:
    assert metrics.novelty(["a", "b"], {"a": 3}, 7) == pytest.approx((1 + 3) / 2)
    assert math.isnan(metrics.novelty([], {}, 7))
    assert metrics.repeats(["a", "b", "c", "d"], {"b", "z"}) == 0.25
    assert metrics.repeats([], {"b"}) == 0
    assert metrics.coverage([["a", "b"], ["b"], []], 4) == 0.5
