"""Bootstrap intervals over readers."""

import math

import numpy as np
import pytest

from recommender.evaluation.intervals import bootstrap


def test_the_interval_holds_the_mean_and_narrows_with_readers() -> None:
    few, many = (np.random.default_rng(0).random(n) for n in (30, 3000))
    wide, narrow = bootstrap(few), bootstrap(many)
    assert wide.low < wide.mean < wide.high
    assert narrow.high - narrow.low < (wide.high - wide.low) / 4
    assert bootstrap(many) == narrow
    half = 1.96 * many.std() / math.sqrt(len(many))
    assert narrow.high - narrow.mean == pytest.approx(half, rel=0.15)
    assert math.isnan(bootstrap(np.array([np.nan])).mean)
