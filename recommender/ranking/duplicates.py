"""Stories that tell the same thing, in nearly the same words or in others, found once for all
readers.

Two stories of one article are never duplicates: a digest's editors told them apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from sparse_dot_topn import sp_matmul_topn

from recommender.ranking import same_event, story_facts
from recommender.ranking.features import Space
from recommender.ranking.settings import RankingSettings
from recommender.ranking.values import Story

Integers = npt.NDArray[np.int64]
UNLIKELY, CERTAIN = -3.0, 6.0
"""Odds (their logarithm) of a pair that was not compared, and the most that one pair counts."""


@dataclass(frozen=True)
class Duplicates:
    """``cluster`` numbers each candidate's cluster; ``shown`` is True for the one story of each
    that is shown. ``members`` lists a cluster's candidates, the shown one first. ``twins`` gives,
    by row of the archive, the candidates that repeat that story (itself included)."""

    cluster: npt.NDArray[np.int32]
    shown: npt.NDArray[np.bool_]
    members: Sequence[tuple[int, ...]]
    twins: sp.csr_array

    def also(self, candidate: int) -> tuple[int, ...]:
        """The other members of a candidate's cluster."""
        return tuple(c for c in self.members[self.cluster[candidate]] if c != candidate)

    def repeats(self, row: int) -> npt.NDArray[np.int64]:
        """Candidates that tell what the archive's story ``row`` tells, with their clusters."""
        direct = self.twins.indices[self.twins.indptr[row] : self.twins.indptr[row + 1]]
        repeated = {member for c in direct for member in self.members[self.cluster[c]]}
        return np.array(sorted(repeated), dtype=np.int64)


def find(
    space: Space, stories: Sequence[Story], candidates: Sequence[Story], settings: RankingSettings
) -> Duplicates:
    """Clusters of candidates whose texts have a cosine of at least ``settings.duplicate``, or that
    tell of one event in different words (``settings.same_event``)."""
    rows = np.array([space.row[story.id] for story in candidates], dtype=np.int64)
    article = {
        name: number for number, name in enumerate(dict.fromkeys(s.article for s in stories))
    }
    of_row = np.array([article[story.article] for story in stories])
    told = same_event.compare(space, stories, candidates)
    alike = _alike(space, rows, of_row, settings)
    alike = _without(alike, told.rows[told.odds < 0], told.candidates[told.odds < 0])
    alike = _without(alike, *_other_parts(alike, stories, candidates))
    _, cluster = connected_components(alike[rows], directed=False)
    cluster = _joined(cluster, of_row[rows], _Odds(told, rows), settings.same_event)
    number = int(cluster.max(initial=-1)) + 1
    members: list[list[int]] = [[] for _ in range(number)]
    for candidate in range(len(candidates)):
        members[cluster[candidate]].append(candidate)
    ordered = [tuple(sorted(m, key=lambda c: (_poverty(candidates[c]), c))) for m in members]
    shown = np.zeros(len(candidates), dtype=bool)
    shown[[m[0] for m in ordered]] = True
    twins = _with_events(alike, told, rows, cluster, settings.same_event)
    return Duplicates(cluster.astype(np.int32), shown, ordered, twins)


def _alike(
    space: Space, rows: Integers, of_row: Integers, settings: RankingSettings
) -> sp.csr_array:
    """Which stories (rows) and candidates have nearly the same words, and are of two articles or
    one and the same story."""
    near = sp_matmul_topn(
        sp.csr_matrix(space.vectors),
        sp.csr_matrix(space.vectors[rows]).T.tocsr(),
        top_n=min(settings.duplicates_per_story, len(rows)),
        threshold=settings.duplicate - 1e-9,
        sort=True,
    )
    pairs = sp.csr_array(near).tocoo()
    keep = (rows[pairs.col] == pairs.row) | (of_row[pairs.row] != of_row[rows[pairs.col]])
    return sp.csr_array(
        (np.ones(keep.sum(), dtype=bool), (pairs.row[keep], pairs.col[keep])), shape=near.shape
    )


def _other_parts(
    alike: sp.csr_array, stories: Sequence[Story], candidates: Sequence[Story]
) -> tuple[Integers, Integers]:
    """The pairs of ``alike`` that count differently: part 1 and part 2, issue 41 and issue 42."""
    pairs = alike.tocoo()
    rows, columns = np.unique(pairs.row).tolist(), np.unique(pairs.col).tolist()
    near = {s.id: s for s in [*(stories[at] for at in rows), *(candidates[at] for at in columns)]}
    versions = {name: story_facts.versions(story) for name, story in near.items()}
    other = np.array(
        [
            story_facts.count_differently(
                versions[stories[row].id], versions[candidates[column].id]
            )
            for row, column in zip(pairs.row.tolist(), pairs.col.tolist(), strict=True)
        ],
        dtype=bool,
    )
    return pairs.row[other], pairs.col[other]


def _without(alike: sp.csr_array, rows: Integers, candidates: Integers) -> sp.csr_array:
    pairs = (np.ones(len(rows), dtype=bool), (rows, candidates))
    return sp.csr_array(alike > alike.multiply(sp.csr_array(pairs, shape=alike.shape)))


class _Odds:
    """The odds of pairs of candidates, either way round; UNLIKELY where they were not compared."""

    def __init__(self, told: same_event.Pairs, rows: Integers) -> None:
        candidate = {row: number for number, row in enumerate(rows.tolist())}
        self.of: dict[tuple[int, int], float] = {}
        triples = zip(told.rows.tolist(), told.candidates.tolist(), told.odds.tolist(), strict=True)
        for row, other, odds in triples:
            one = candidate.get(row)
            if one is not None and one != other:
                self.of[min(one, other), max(one, other)] = odds

    def mean(self, some: Sequence[int], others: Sequence[int]) -> float:
        """Of all pairs of one of ``some`` with one of ``others``; no pair counts for too much."""
        found = [
            self.of.get((min(one, other), max(one, other)), UNLIKELY)
            for one in some
            for other in others
        ]
        return sum(max(min(odds, CERTAIN), UNLIKELY) for odds in found) / len(found)


def _joined(cluster: Integers, articles: Integers, odds: _Odds, least: float) -> Integers:
    """``cluster`` in which those that tell of one event are one: best pairs first, where the odds
    are ``least`` for the pair and for all pairs of the two clusters on the average
    (so that a chain of near stories does not become one), and no article is in both."""
    number = cluster.copy()
    members: dict[int, list[int]] = {}
    for candidate, own in enumerate(cluster.tolist()):
        members.setdefault(own, []).append(candidate)
    pairs = [(pair, value) for pair, value in odds.of.items() if value >= least]
    for (one, other), _ in sorted(pairs, key=lambda item: (-item[1], item[0])):
        first, second = int(number[one]), int(number[other])
        if first == second or set(articles[members[first]]) & set(articles[members[second]]):
            continue
        if odds.mean(members[first], members[second]) >= least:
            number[members[second]] = first
            members[first] += members.pop(second)
    return np.unique(number, return_inverse=True)[1]


def _with_events(
    alike: sp.csr_array,
    told: same_event.Pairs,
    rows: Integers,
    cluster: Integers,
    least: float,
) -> sp.csr_array:
    """``alike`` and, for stories that are no candidates, the candidates that tell of the same
    event: those of clusters that have the odds on the average."""
    old = ~np.isin(told.rows, rows)
    at, columns, odds = told.rows[old], told.candidates[old], told.odds[old]
    key, which = np.unique(
        at * (len(cluster) + 1) + cluster[columns] if len(at) else at, return_inverse=True
    )
    best = np.full(len(key), UNLIKELY)
    np.maximum.at(best, which, odds)
    size = np.bincount(cluster, minlength=1)[cluster[columns]] if len(at) else odds
    total = np.bincount(which, np.clip(odds, UNLIKELY, CERTAIN) - UNLIKELY, len(key))
    mean = total[which] / np.maximum(size, 1) + UNLIKELY
    same = (best[which] >= least) & (mean >= least)
    more = sp.coo_array(
        (np.ones(same.sum(), dtype=bool), (at[same], columns[same])), shape=alike.shape
    )
    return sp.csr_array(alike + sp.csr_array(more))


def _poverty(story: Story) -> tuple[bool, int, int]:
    """Least first: an editor's must-read, then who has most of the parts, then the longest."""
    parts = (story.takeaway, story.insights, story.practice, story.principles, story.topics)
    return (
        not (story.must_read or story.pinned_for),
        -sum(bool(part) for part in parts),
        -len(story.summary),
    )
