"""Bootstrap intervals over readers."""

import math

import numpy as np
import pytest

from recommender.evaluation.intervals import bootstrap, wilson


def test_the_interval_holds_the_mean_and_narrows_with_readers() -> None:
    few, many = (np.random.default_rng(0).random(n) for n in (30, 3000))
    wide, narrow = bootstrap(few), bootstrap(many)
    assert wide.low < wide.mean < wide.high
    assert narrow.high - narrow.low < (wide.high - wide.low) / 4
    assert bootstrap(many) == narrow
    half = 1.96 * many.std() / math.sqrt(len(many))
    assert narrow.high - narrow.mean == pytest.approx(half, rel=0.15)
    assert math.isnan(bootstrap(np.array([np.nan])).mean)


@pytest.mark.parametrize(("share", "trials"), [(0.02, 50), (0.5, 20), (0.9, 200)])
def test_the_interval_of_a_share_holds_it_about_95_times_in_100(share: float, trials: int) -> None:
    draws = np.random.default_rng(4).binomial(trials, share, 4_000)
    found = [wilson(int(successes), trials) for successes in draws]
    held = np.mean([one.low <= share <= one.high for one in found])
    assert 0.90 < held < 0.99  # successes are whole: no interval can hold it exactly so often
    assert all(0 <= one.low <= one.mean <= one.high <= 1 for one in found)
