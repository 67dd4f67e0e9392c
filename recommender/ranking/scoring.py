"""Scores of a chunk of readers × all candidates: one sparse product, and what overrides it.

A score is (sum of the reader's likes) × freshness × (what dislikes leave of it). Only the sum has
parts; the factors scale all of them alike. EXCLUDED marks what a reader must never get.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt

from recommender.ranking.profiles import Profiles
from recommender.ranking.settings import FreshnessSettings
from recommender.ranking.values import Story

Scores = npt.NDArray[np.float32]
EXCLUDED = np.float32(-1.0)


def freshness(
    stories: Sequence[Story], settings: FreshnessSettings, now: datetime
) -> npt.NDArray[np.float32]:
    """The factor of each story's age: exponential decay between two bounds; 1 without a date."""
    factors = np.ones(len(stories), dtype=np.float32)
    for at, story in enumerate(stories):
        if story.published_at is not None:
            days = max((now - story.published_at).total_seconds() / 86_400, 0.0)
            left = 0.5 ** (days / settings.half_life)
            factors[at] = settings.oldest + (settings.newest - settings.oldest) * left
    return factors


def score(
    profiles: Profiles, values: npt.NDArray[np.float32], factors: npt.NDArray[np.float32]
) -> Scores:
    """Readers × candidates, each ≥ 0. Every row is summed on its own and in the order of its
    interests, so it does not depend on which other readers share the chunk."""
    scores: Scores = profiles.likes @ values
    scores *= factors
    if profiles.dislikes.nnz:
        scores /= 1 + profiles.dislikes @ values
    return scores


def exclude(
    scores: Scores,
    profiles: Profiles,
    carriers: Callable[[str], npt.NDArray[np.bool_]],
    repeats: Callable[[str], npt.NDArray[np.int64]],
) -> None:
    """Mark, in place, the stories each reader must not get: those that carry a topic they muted,
    and those that repeat a story they were sent or answered."""
    muting: dict[str, list[int]] = {}
    rows: list[int] = []
    stories: list[npt.NDArray[np.int64]] = []
    for row, (muted, answered) in enumerate(zip(profiles.muted, profiles.answered, strict=True)):
        for topic in muted:
            muting.setdefault(topic, []).append(row)
        rows += [row] * len(answered)
        stories += map(repeats, answered)
    for topic, theirs in muting.items():
        scores[np.ix_(np.array(theirs), np.flatnonzero(carriers(topic)))] = EXCLUDED
    if rows:
        repeated = np.repeat(rows, [len(found) for found in stories])
        scores[repeated, np.concatenate(stories)] = EXCLUDED
