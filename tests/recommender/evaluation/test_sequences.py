"""Intervals that hold at every look."""

import math

import numpy as np
import pytest

from recommender.evaluation import sequences
from recommender.evaluation.sequences import Arm

RUNS, WEEKS = 400, 40


def arms(draws: np.random.Generator, shares: tuple[float, float], readers: int) -> list[list[Arm]]:
    """Two arms, week after week: readers differ, and stay who they are."""
    made = []
    for share in shares:
        own = draws.beta(20 * share, 20 * (1 - share), readers)
        answered = np.cumsum(draws.random((WEEKS, readers)) < own, axis=0).astype(float)
        made.append([
            Arm(np.full(readers, week + 1.0), answered[week]) for week in range(WEEKS)
        ])  # fmt: skip
    return [list(both) for both in zip(*made, strict=True)]


def test_looking_every_week_is_wrong_at_most_once_in_twenty() -> None:
    draws = np.random.default_rng(7)
    wrong, naive = 0, 0
    for _ in range(RUNS):
        looks = arms(draws, (0.2, 0.2), 150)
        found = [sequences.of_arms(*both) for both in looks]
        wrong += any(one.low > 0 or one.high < 0 for one in found)
        differences = [sequences.compare(*both) for both in looks]
        naive += any(abs(one.mean) > 1.96 * one.error for one in differences)
    assert wrong / RUNS <= 0.05
    assert naive / RUNS > 0.1  # what an interval for one look would do


def test_a_difference_that_is_there_is_found() -> None:
    draws = np.random.default_rng(8)
    found = [sequences.of_arms(*both) for both in arms(draws, (0.2, 0.3), 600)]
    assert found[-1].low > 0
    assert found[-1].low < 0.1 < found[-1].high


def test_the_interval_is_narrowest_beside_a_usual_one_where_it_is_tuned() -> None:
    errors = (0.001, 0.003, 0.01, 0.03, 0.1)
    found = [sequences.interval(0.0, error, tuned_at=0.01) for error in errors]
    widths = {e: (one.high - one.low) / e for e, one in zip(errors, found, strict=True)}
    assert min(widths, key=lambda error: widths[error]) == 0.01
    assert 2 * 1.96 < widths[0.01] < 2 * 3.2


def test_few_readers_decide_nothing() -> None:
    few = Arm(np.ones(500), np.r_[np.ones(sequences.LEAST - 1), np.zeros(481)])
    many = Arm(np.ones(500), np.ones(500))
    assert sequences.of_arms(few, many).low == -math.inf
    assert sequences.of_arm(few).high == math.inf
    nobody = Arm(np.zeros(0), np.zeros(0))
    assert math.isnan(nobody.rate)
    assert nobody.error == math.inf


def test_the_error_of_a_rate_counts_readers_not_copies() -> None:
    same = Arm(np.full(100, 10.0), np.repeat([0.0, 10.0], 50))
    assert same.error == pytest.approx(0.05, rel=0.01)
    apart = Arm(np.ones(1_000), np.repeat([0.0, 1.0], 500))
    assert apart.error == pytest.approx(0.0158, rel=0.01)
