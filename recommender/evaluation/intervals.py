"""Bootstrap intervals over readers: how much of a mean is luck of who was asked."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 1_000
SEED = 20_261_124


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
