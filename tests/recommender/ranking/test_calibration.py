"""Lists follow the mix that readers stated, and keep places for each of their interests."""

import numpy as np
import pytest
import scipy.sparse as sp

from recommender.ranking.calibration import ListMixes, Quotas, Shares
from recommender.ranking.settings import RankingSettings

LIKES = sp.csr_array(np.array([[1.0, 3.0, 0.0], [0.0, 0.0, 2.0]], dtype=np.float32))
VALUES = np.array([[1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 1, 0]], dtype=np.float32)
"""Interests × stories. The first reader has two interests, the second one."""
READERS, STORIES = np.array([0, 0, 0, 1]), np.array([0, 1, 2, 2], dtype=np.int32)
SHARES = Shares.of_strongest(LIKES, VALUES, most=2)


def mixes() -> ListMixes:
    return ListMixes(SHARES, READERS, STORIES, RankingSettings())


def test_the_strongest_interests_come_first_and_make_the_mix() -> None:
    assert SHARES.columns.tolist() == [[1, 0], [2, 0]]
    assert SHARES.counts.tolist() == [2, 1]
    assert SHARES.mix == pytest.approx(np.array([[0.75, 0.25], [1.0, 0.0]]))
    assert Shares.of_strongest(LIKES, VALUES, most=1).columns.tolist() == [[1], [2]]


def test_the_parts_of_a_score_sum_to_one_where_there_are_any() -> None:
    parts = SHARES.of(np.array([[0, 1, 3], [2, 3, -1]], dtype=np.int32))
    assert parts.sum(axis=0) == pytest.approx(np.array([[1, 1, 0], [1, 0, 0]]))


def test_what_a_list_lacks_brings_it_nearer_to_the_mix() -> None:
    found = mixes()
    before = found.divergence()
    assert before[1] < before[0]  # the larger part of the mix first
    found.take(np.array([1]))
    after = found.divergence()
    assert after[0] < after[2] < before[0]  # then the other
    assert after[3] == pytest.approx(before[3])  # nothing of it is the second reader's


def test_places_are_kept_for_interests_that_lack_theirs() -> None:
    quotas = Quotas.of(mixes(), READERS, SHARES, top=4, quota=1.0)
    assert quotas.lacking.tolist() == [[3, 1], [4, 0]]
    gain = np.array([0.9, 0.5, 0.4, 0.3], dtype=np.float32)
    quotas.keep(gain, left=np.array([4, 4]))
    assert np.isfinite(gain).all()
    quotas.take(np.array([0]))
    quotas.keep(gain, left=np.array([3, 4]))
    assert np.isneginf(gain).tolist() == [True, False, False, False]
