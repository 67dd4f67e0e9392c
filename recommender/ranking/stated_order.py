"""Equal topics stand in the order their reader gave them: the best story of the first before the
best of the second, whichever of the two scores more. Until the reader answers a story with
interest: from then on answers say which comes first (docs/ranking.md, a year in simulation)."""

from itertools import combinations

import numpy as np
import numpy.typing as npt

from recommender.ranking.calibration import Shares
from recommender.ranking.selection import NONE, Places


def arrange(
    places: Places,
    shares: Shares,
    stated: npt.NDArray[np.bool_],
    seated: Places | None,
    *,
    answered: npt.NDArray[np.bool_] | None = None,
) -> None:
    """Exchange, in place, the first stories of topics of equal weight that stand in another order
    than stated. ``stated`` marks the interests (rows of affinities) that are topics; what is
    ``seated`` at the head of a list stays there, and the lists of those who ``answered`` stay."""
    topics = stated[shares.columns] & (shares.weights > 0)
    equal = topics[:, 1:] & topics[:, :-1] & (shares.weights[:, 1:] == shares.weights[:, :-1])
    bound = equal.any(axis=1)
    if answered is not None:
        bound &= ~answered
    rows = np.flatnonzero(bound)
    if not len(rows):
        return
    some = Shares(shares.columns[rows], shares.weights[rows], shares.values)
    parts = some.of(places[rows])
    owner = np.where(parts.max(axis=0) > 0, parts.argmax(axis=0), NONE)
    owner[places[rows] == NONE] = NONE
    if seated is not None:
        owner[seated[rows] != NONE, 0] = NONE
    leads = [owner == interest for interest in range(shares.weights.shape[1])]
    held = [lead.any(axis=1) for lead in leads]
    before = [lead.argmax(axis=1) for lead in leads]
    after = [at.copy() for at in before]
    for one, other in combinations(range(len(leads)), 2):
        alike = topics[rows, one] & topics[rows, other] & held[one] & held[other]
        alike &= some.weights[:, one] == some.weights[:, other]
        turned = np.flatnonzero(alike & (after[other] < after[one]))
        after[one][turned], after[other][turned] = after[other][turned], after[one][turned]
    old = places[rows].copy()
    for lead, was, now in zip(held, before, after, strict=True):
        moved = np.flatnonzero(lead & (was != now))
        places[rows[moved], now[moved]] = old[moved, was[moved]]
