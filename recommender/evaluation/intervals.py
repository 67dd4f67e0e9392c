"""Bootstrap intervals over readers: how much of a mean is luck of who was asked."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 1_000
SEED = 20_261_124
NORMAL = 1.959964
"""Standard deviations within which 95 % of a normal distribution lie."""


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float


def bootstrap(values: npt.NDArray[np.float64]) -> Estimate:
    """Mean and percentile interval (Efron and Tibshirani, 1993) of one value per reader; readers
    without a value (NaN) are left out."""
    known = values[~np.isnan(values)]
    if not len(known):
        return Estimate(float("nan"), float("nan"), float("nan"))
    draws = np.random.default_rng(SEED)
    means = np.empty(RESAMPLES)
    for at in range(RESAMPLES):
        means[at] = known[draws.integers(0, len(known), len(known))].mean()
    low, high = np.quantile(means, [0.025, 0.975])
    return Estimate(float(known.mean()), float(low), float(high))


def clustered(values: npt.NDArray[np.float64], owners: Sequence[str]) -> Estimate:
    """Mean of ``values``, of which several may belong to one owner, with the percentile interval
    of a bootstrap over owners: their values are drawn together (Field and Welsh, 2007)."""
    if not len(values):
        return Estimate(float("nan"), float("nan"), float("nan"))
    _, owner = np.unique(np.array(owners), return_inverse=True)
    sums, counts = np.bincount(owner, values), np.bincount(owner)
    draws = np.random.default_rng(SEED)
    means = np.empty(RESAMPLES)
    for at in range(RESAMPLES):
        drawn = draws.integers(0, len(sums), len(sums))
        means[at] = sums[drawn].sum() / counts[drawn].sum()
    low, high = np.quantile(means, [0.025, 0.975])
    return Estimate(float(values.mean()), float(low), float(high))


def wilson(successes: int, trials: int) -> Estimate:
    """A share of at least one trial with its score interval (Wilson, 1927), which holds for few
    trials and for shares near 0 and 1."""
    mean = successes / trials
    middle = (mean + NORMAL**2 / (2 * trials)) / (1 + NORMAL**2 / trials)
    half = (NORMAL / (1 + NORMAL**2 / trials)) * math.sqrt(
        mean * (1 - mean) / trials + NORMAL**2 / (4 * trials**2)
    )
    return Estimate(mean, max(0.0, middle - half), min(1.0, middle + half))
