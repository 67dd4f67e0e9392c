"""Stories that the same readers clicked."""

import numpy as np
import pytest

from recommender.ranking import co_clicks
from recommender.ranking.co_clicks import CoClicks


def test_read_together_is_a_shrunk_cosine() -> None:
    found = CoClicks([["x", "y"], ["x", "y"], ["x", "z"]], {"x": 0, "y": 1, "z": 2})
    expected = [0, 2 / np.sqrt((3 + 3) * (2 + 3)), 1 / np.sqrt((3 + 3) * (1 + 3))]
    assert found.read_together(0) == pytest.approx(np.array(expected))


def test_read_alike_counts_readers_by_the_square_of_their_nearest_story() -> None:
    found = CoClicks([["x", "y"], ["z"]], {"x": 0, "y": 1, "z": 2})
    shares = found.read_alike(np.array([0.6, 0.1, 0.3]))
    total = 0.6**2 + 0.3**2
    expected = np.array([0.36 / total, 0.36 / total, 0.09 / total])
    assert sorted(shares) == pytest.approx(sorted(expected))
    assert shares[2] == pytest.approx(0.09 / total)


def test_the_sample_of_a_crowd_does_not_depend_on_its_order() -> None:
    histories = [[f"s{n}", f"s{n + 1}"] for n in range(500)]
    assert co_clicks.sample(histories, 50) == co_clicks.sample(histories[::-1], 50)
    assert len(co_clicks.sample(histories, 50)) == 50
