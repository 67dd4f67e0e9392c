"""What an issue has beyond relevance: the editors' must-read, and one place to look further.

Fills in around ``selection.issue``; every draw is a function of the seed and the reader.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from recommender.ranking import place_variation, selection, stated_order
from recommender.ranking.calibration import Shares
from recommender.ranking.place_variation import Variation
from recommender.ranking.reasons import EXPLORE, FRESH, MUST_READ
from recommender.ranking.scoring import EXCLUDED, Scores
from recommender.ranking.selection import EXPLORED, NONE, CandidateFeatures, Places
from recommender.ranking.settings import RankingSettings
from recommender.ranking.values import ListRequest, Story


@dataclass(frozen=True)
class CandidatePool:
    """What slates are filled from. ``shown`` marks the candidates that stand for themselves; the
    others are near-identical to one of them."""

    features: CandidateFeatures
    candidates: Sequence[Story]
    shown: npt.NDArray[np.bool_]
    settings: RankingSettings


@dataclass(frozen=True)
class SlateRequest:
    """The slates of a chunk of ``readers`` (ids) with their ``segments``: their ``scores`` (readers
    × candidates), the interests these are due to (``stated`` marks the topics), and what the lists
    shall be. ``answered`` marks the readers whose answers say which of their topics comes first."""

    readers: Sequence[str]
    segments: Sequence[Sequence[str]]
    scores: Scores
    shares: Shares | None
    asked: ListRequest
    stated: npt.NDArray[np.bool_] | None = None
    answered: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Slates:
    """A chunk's lists: ``places``, and for each place by how much it was lifted beyond its own
    score (``lifts``), by what (``lifted_by``), and with what probability it was drawn
    (``propensities``, NaN where nothing was drawn); and how places were varied, if at all."""

    places: Places
    lifts: npt.NDArray[np.float64]
    lifted_by: npt.NDArray[np.int64]
    propensities: npt.NDArray[np.float64]
    variation: Variation | None = None

    def varied(
        self, rows: npt.NDArray[np.int64], at: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int8]] | tuple[()]:
        """``moves`` and ``moved`` of the places ``at`` in the lists ``rows``; () if none were."""
        varied = self.variation
        return () if varied is None else (varied.moves[rows, at], varied.moved[rows, at])


def plain(places: Places) -> Slates:
    """Lists in which nothing was lifted."""
    return Slates(
        places,
        np.zeros(places.shape),
        np.full(places.shape, FRESH, dtype=np.int64),
        np.full(places.shape, np.nan),
    )


def fill(pool: CandidatePool, request: SlateRequest) -> Slates:
    """Lists of at most ``request.asked.top`` stories for each reader."""
    settings, top = pool.settings, request.asked.top
    open_scores = np.where(pool.shown, request.scores, EXCLUDED)
    seated = _must_reads(open_scores, pool.candidates, settings, request)
    places = selection.issue(
        open_scores, pool.features, settings, top, shares=request.shares, seated=seated
    )
    if request.shares is not None and request.stated is not None:
        stated_order.arrange(
            places, request.shares, request.stated, seated, answered=request.answered
        )
    _newest_first(places, seated, pool, request.asked.now)
    lists = plain(places)
    floor = max(settings.relevance_floor, 0.01)
    if seated is not None:
        for row in np.flatnonzero(seated != NONE).tolist():
            second = 1 if top > 1 and places[row, 1] != NONE else 0
            places[row, [0, second]] = places[row, [second, 0]]
            lists.lifts[row, second] = request.scores[row, places[row, second]] + floor
            lists.lifted_by[row, second] = MUST_READ
    if settings.explore and top >= EXPLORED:
        _explore(lists, pool, request, open_scores)
    return _varied(lists, pool, request) if settings.vary else lists


def _varied(lists: Slates, pool: CandidatePool, request: SlateRequest) -> Slates:
    """The lists, in some of which two neighbours have changed places. What was lifted stays, and
    new stories stay before those from the archive."""
    free = (lists.places != NONE) & (lists.lifts == 0)
    older = _older(pool, request.asked.now)[lists.places]
    pairs = free[:, :-1] & free[:, 1:] & (older[:, :-1] == older[:, 1:])
    draws = [
        (
            _share(f"{request.asked.seed}/{reader}/vary"),
            _share(f"{request.asked.seed}/{reader}/pair"),
        )
        for reader in request.readers
    ]
    variation = place_variation.vary(pairs, pool.settings.vary, draws)
    order = variation.order
    return Slates(
        np.take_along_axis(lists.places, order, axis=1),
        np.take_along_axis(lists.lifts, order, axis=1),
        np.take_along_axis(lists.lifted_by, order, axis=1),
        np.take_along_axis(lists.propensities, order, axis=1),
        variation,
    )


def _newest_first(
    places: Places, seated: Places | None, pool: CandidatePool, now: datetime
) -> None:
    """Put, in place, a list's stories of the last ``new_days`` before those from the archive, each
    group in its order. A must-read (``seated``) keeps the first place."""
    older = _older(pool, now)
    if not older.any():
        return
    late = older[places] & (places != NONE)
    if seated is not None:
        late[seated != NONE, 0] = False
    order = np.argsort(late + 2 * (places == NONE), axis=1, kind="stable")
    places[:] = np.take_along_axis(places, order, axis=1)


def _older(pool: CandidatePool, now: datetime) -> npt.NDArray[np.bool_]:
    """Which candidates are from the archive."""
    oldest = now - timedelta(days=pool.settings.new_days)
    return np.array(
        [s.published_at is not None and s.published_at < oldest for s in pool.candidates],
        dtype=bool,
    )


def _must_reads(
    scores: Scores, candidates: Sequence[Story], settings: RankingSettings, request: SlateRequest
) -> Places | None:
    """The newest must-read each reader may get, or NONE; None when there is none at all."""
    columns = [
        at
        for at, story in enumerate(candidates)
        if (story.must_read or story.pinned_for) and story.id not in request.asked.unpinned
    ]
    if not columns or not settings.must_read:
        return None
    allowed = scores[:, columns] >= 0
    for place, at in enumerate(columns):
        if not candidates[at].must_read:
            allowed[:, place] &= _among(request.segments, candidates[at].pinned_for)
    first = np.array(columns)[allowed.argmax(axis=1)]
    places: Places = np.where(allowed.any(axis=1), first, NONE).astype(np.int32)
    return places


def _among(readers: Sequence[Sequence[str]], segments: frozenset[str]) -> npt.NDArray[np.bool_]:
    """Which of ``readers`` (the segments of each) are in one of ``segments``."""
    return np.array([not segments.isdisjoint(theirs) for theirs in readers], dtype=bool)


def _explore(
    lists: Slates, candidates: CandidatePool, request: SlateRequest, scores: Scores
) -> None:
    """Give the last place of a full list to one of the newest stories the reader's interests do
    not reach."""
    settings, articles = candidates.settings, candidates.features.articles
    full = np.flatnonzero((lists.places[:, -1] != NONE) & (lists.lifted_by[:, -1] != MUST_READ))
    listed = np.zeros((len(full), int(articles.max(initial=0)) + 1), dtype=bool)
    listed[np.arange(len(full))[:, None], articles[lists.places[full]]] = True
    below = (scores[full] >= 0) & (scores[full] < max(settings.relevance_floor, 1e-6))
    below &= ~listed[:, articles]
    number = np.cumsum(below, axis=1, dtype=np.int32)
    pool = np.minimum(number[:, -1], settings.explore_pool)
    some = np.flatnonzero(pool)
    full, pool = full[some], pool[some]
    draws = np.array(
        [_draw(f"{request.asked.seed}/{request.readers[row]}") for row in full.tolist()],
        dtype=np.uint64,
    )
    nth = (draws % pool.astype(np.uint64)).astype(np.int32) + 1
    drawn = (number[some] == nth[:, None]).argmax(axis=1)
    lists.places[full, -1] = drawn
    lists.lifts[full, -1] = scores[full, drawn].astype(np.float64) + max(
        settings.relevance_floor, 0.01
    )
    lists.lifted_by[full, -1] = EXPLORE
    lists.propensities[full, -1] = 1 / pool


def _share(seed: str) -> float:
    """A number in [0, 1) that is a function of the seed."""
    return (_draw(seed) >> 11) / 2**53


def _draw(seed: str) -> int:
    """A number of 64 bits that is a function of the seed."""
    return int.from_bytes(hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest()[:8], "big")
