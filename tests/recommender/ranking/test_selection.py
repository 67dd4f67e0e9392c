"""The choice of the best."""

import numpy as np

from recommender.ranking import selection


def test_the_best_are_found_in_order_and_ties_go_to_the_first() -> None:
    scores = np.array([[0.5, 0.9, -1.0, 0.9, 0.0], [-1, -1, -1, -1, 0.1]], dtype=np.float32)
    assert selection.best(scores, 3).tolist() == [[1, 3, 0], [4, -1, -1]]
    assert selection.best(scores, 9).tolist()[0] == [1, 3, 0, 4, -1]
