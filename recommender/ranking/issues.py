"""What an issue has beyond relevance: the editors' must-read, and one place to look further.

Fills in around ``selection.issue``; every draw is a function of the seed and the reader.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.ranking import selection
from recommender.ranking.reasons import EXPLORE, FRESH, MUST_READ
from recommender.ranking.scoring import EXCLUDED, Scores
from recommender.ranking.selection import NONE, Places, Shelf
from recommender.ranking.settings import RankingSettings
from recommender.ranking.values import Story

DRAWN_FROM = 20
"""Stories the exploration slot draws from, the newest first."""


@dataclass(frozen=True)
class Lists:
    """A chunk's lists: ``places``, and for each place by how much it was lifted beyond its own
    score (``lifts``), by what (``lifted_by``), and with what probability it was drawn
    (``propensities``, NaN where nothing was drawn)."""

    places: Places
    lifts: npt.NDArray[np.float64]
    lifted_by: npt.NDArray[np.int64]
    propensities: npt.NDArray[np.float64]


def plain(places: Places) -> Lists:
    """Lists in which nothing was lifted."""
    return Lists(
        places,
        np.zeros(places.shape),
        np.full(places.shape, FRESH, dtype=np.int64),
        np.full(places.shape, np.nan),
    )


def fill(
    readers: Sequence[str],
    scores: Scores,
    candidates: Sequence[Story],
    shown: npt.NDArray[np.bool_],
    shelf: Shelf,
    settings: RankingSettings,
    top: int,
    seed: int | str,
    shares: selection.Shares | None,
) -> Lists:
    """Lists of at most ``top`` for ``readers`` (ids), from ``scores`` (readers × candidates) and
    the candidates that are ``shown`` (the others are near-identical to one of them)."""
    open_scores = np.where(shown, scores, EXCLUDED)
    seated = _must_reads(open_scores, candidates, settings)
    places = selection.issue(open_scores, shelf, settings, top, shares=shares, seated=seated)
    lists = plain(places)
    floor = max(settings.relevance_floor, 0.01)
    if seated is not None:
        for row in np.flatnonzero(seated != NONE).tolist():
            second = 1 if top > 1 and places[row, 1] != NONE else 0
            places[row, [0, second]] = places[row, [second, 0]]
            lists.lifts[row, second] = scores[row, places[row, second]] + floor
            lists.lifted_by[row, second] = MUST_READ
    if settings.explore and top >= 5:
        full = np.flatnonzero(places[:, -1] != NONE).tolist()
        for row in full:
            _explore(lists, row, open_scores[row], shelf, settings, f"{seed}/{readers[row]}")
    return lists


def _must_reads(
    scores: Scores, candidates: Sequence[Story], settings: RankingSettings
) -> Places | None:
    """The newest must-read each reader may get, or NONE; None when there is none at all."""
    columns = [at for at, story in enumerate(candidates) if story.must_read]
    if not columns or not settings.must_read:
        return None
    allowed = scores[:, columns] >= 0
    first = np.array(columns)[allowed.argmax(axis=1)]
    found: Places = np.where(allowed.any(axis=1), first, NONE).astype(np.int32)
    return found


def _explore(
    lists: Lists,
    row: int,
    scores: npt.NDArray[np.float32],
    shelf: Shelf,
    settings: RankingSettings,
    seed: str,
) -> None:
    """Give the last place to one of the newest stories the reader's interests do not reach."""
    listed = lists.places[row]
    articles = shelf.articles[listed]
    below = np.flatnonzero((scores >= 0) & (scores < max(settings.relevance_floor, 1e-6)))
    pool = below[~np.isin(shelf.articles[below], articles)][:DRAWN_FROM]
    if len(pool) == 0 or lists.lifted_by[row, -1] == MUST_READ:
        return
    digest = hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest()
    drawn = int(pool[int.from_bytes(digest[:8], "big") % len(pool)])
    listed[-1] = drawn
    lists.lifts[row, -1] = float(scores[drawn]) + max(settings.relevance_floor, 0.01)
    lists.lifted_by[row, -1] = EXPLORE
    lists.propensities[row, -1] = 1 / len(pool)
