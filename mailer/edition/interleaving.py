"""One issue from the lists of two rankers; each pick notes whose it is (``team_draft``).

The rules of an issue hold for it as for either list: new stories before those from the archive, one
place to look further at the end, so many stories of a digest.
"""

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mailer.edition.snapshot import Document
from recommender.ranking import team_draft
from recommender.ranking.team_draft import Candidate, Drafted
from recommender.ranking.values import ListRequest

if TYPE_CHECKING:
    from recommender.ranking.ranker import Ranker

Documents = Sequence[Any]
"""Picks as deliveries keep them."""


def interleave(
    ranker: "Ranker", a: Documents, b: Documents, request: ListRequest, reader: str
) -> list[Document]:
    """The picks of a reader (their id) from those of both lists. ``ranker`` is either of the two:
    they have the same candidates."""
    coins = _coins(f"{request.seed}/{reader}")
    last = (a if next(coins) else b)[-1:]
    explored = [pick for pick in last if _is(pick, "explore")]
    lists = [_candidates(ranker, picks) for picks in (a, b)]
    drafted = team_draft.draft(
        lists[0],
        lists[1],
        coins,
        top=min(request.top, max(len(a), len(b))) - len(explored),
        cap=ranker.settings.stories_per_digest,
    )
    picks = [{**_taken(one, a, b), "team": one.team, "weight": one.weight} for one in drafted]
    oldest = request.now - timedelta(days=ranker.settings.new_days)
    picks.sort(key=lambda pick: _archived(ranker, pick, oldest))
    # As in either list: relevance leads, the editors' choice follows.
    chosen = [pick for pick in picks if _is(pick, "must_read")]
    others = [pick for pick in picks if not _is(pick, "must_read")]
    picks = [*others[:1], *chosen, *others[1:]]
    held = {pick["story"] for pick in picks}
    picks += [{**pick, "team": None} for pick in explored if pick["story"] not in held]
    return [_placed(pick, position) for position, pick in enumerate(picks, 1)]


def _coins(seed: str) -> Iterator[bool]:
    """Coins that are a function of the seed."""
    for block in itertools.count():
        digest = hashlib.sha256(f"{seed}/team {block}".encode("utf-8", "surrogatepass")).digest()
        yield from (bool(byte >> bit & 1) for byte in digest for bit in range(8))


def _candidates(ranker: "Ranker", picks: Documents) -> list[Candidate]:
    return [
        Candidate(pick["story"], _story(ranker, pick).article, place)
        for place, pick in enumerate(picks)
        if not _is(pick, "explore")
    ]


def _taken(one: Drafted, a: Documents, b: Documents) -> Any:
    return (a if one.source == "a" else b)[one.candidate.place]


def _archived(ranker: "Ranker", pick: Any, oldest: Any) -> bool:
    published = _story(ranker, pick).published_at
    return published is not None and published < oldest


def _story(ranker: "Ranker", pick: Any) -> Any:
    return ranker.candidates[ranker.column[str(pick["story"])]]


def _is(pick: Any, kind: str) -> bool:
    return any(reason[0] == kind for reason in pick["reasons"])


def _placed(pick: Any, position: int) -> Document:
    """The pick at its place; where it stood in a list of its own says nothing here."""
    kept = {key: value for key, value in pick.items() if key not in ("places", "team", "weight")}
    kept["position"] = position
    if not pick["team"]:
        return kept
    return kept | {"team": pick["team"], "weight": round(pick["weight"], 4)}
