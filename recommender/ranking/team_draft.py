"""Two lists made one, so that their reader's answers say which is better.

Team-draft interleaving (Radlinski, Kurup and Joachims, CIKM 2008): the lists take turns in giving
their best story that is not there yet, and a coin decides who comes first in each round. What both
would give at the beginning of a round is nobody's: answers to it say nothing of a difference (as
Chapelle, Joachims, Radlinski and Yue, TOIS 2012, section 5, leave out what both lists begin with).
Within a round each gives what it has: the same two picks whoever comes first, so neither list
stands higher than the other but by chance, and what places are worth cancels out.

The further apart the lists see what they give in a round, the more an answer to it says; one given
from next to the same place says little. So each round has a weight, the same for either team and
set before the coin falls: what cancelled out still does (as the credit by ranks of Radlinski and
Craswell, WSDM 2013, without its lists drawn from a linear programme).
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Team = Literal["a", "b"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A story in a list: its ``key``, its ``group`` (digest), of which an issue has only so many,
    and where in its list it stands (``place``, from 0)."""

    key: Hashable
    group: Hashable
    place: int


@dataclass(frozen=True, slots=True)
class Drafted:
    """What was given: the candidate, from which list it was taken, and whose it counts as; None:
    nobody's. ``weight``: how much an answer counts for the team, about 1 on the average."""

    candidate: Candidate
    source: Team
    team: Team | None
    weight: float = 1.0


def draft(
    a: Sequence[Candidate], b: Sequence[Candidate], coins: Iterator[bool], *, top: int, cap: int
) -> list[Drafted]:
    """At most ``top`` of the candidates of two lists, each best first; at most ``cap`` of a group,
    unless the list would be shorter than both without more. ``coins``: whether ``a`` comes first.
    """
    drafting = _Draft({"a": list(a), "b": list(b)}, coins)
    drafting.fill(top, cap)
    drafting.fill(min(top, max(len(a), len(b))), len(a) + len(b))
    return drafting.given


class _Draft:
    """A list while it is drafted."""

    def __init__(self, lists: Mapping[Team, list[Candidate]], coins: Iterator[bool]) -> None:
        self._lists, self._coins = lists, coins
        self._taken: set[Hashable] = set()
        self._groups: Counter[Hashable] = Counter()
        self._sizes: dict[Team, int] = {"a": 0, "b": 0}
        self._places = [{one.key: one.place for one in lists[team]} for team in ("a", "b")]
        self._longest = max(len(lists["a"]), len(lists["b"]), 1)
        self._weight = 1.0
        self.given: list[Drafted] = []

    def fill(self, top: int, cap: int) -> None:
        while len(self.given) < top:
            best = {team: self._next(team, cap) for team in self._lists}
            one, other = best["a"], best["b"]
            if one is None and other is None:
                return
            even = self._sizes["a"] == self._sizes["b"]
            if even and one is not None and other is not None and one.key == other.key:
                self._give(one, "a", None)
                continue
            if even:
                self._weight = self._apart([pick for pick in (one, other) if pick is not None])
            team = self._turn(one is not None, other is not None)
            chosen = best[team]
            if chosen is not None:
                self._give(chosen, team, team)
                self._sizes[team] += 1

    def _turn(self, a: bool, b: bool) -> Team:
        """Whose turn it is, of those who have something to give."""
        if not (a and b):
            return "a" if a else "b"
        if self._sizes["a"] == self._sizes["b"]:
            return "a" if next(self._coins) else "b"
        return "a" if self._sizes["a"] < self._sizes["b"] else "b"

    def _apart(self, picks: Sequence[Candidate]) -> float:
        """Places between where either list has the picks, in halves of a list, on the average; a
        list has what it lacks after its end."""
        a, b = self._places
        places = [(a.get(one.key, self._longest), b.get(one.key, self._longest)) for one in picks]
        return 2 * sum(abs(one - other) for one, other in places) / (len(picks) * self._longest)

    def _next(self, team: Team, cap: int) -> Candidate | None:
        return next(
            (
                one
                for one in self._lists[team]
                if one.key not in self._taken and self._groups[one.group] < cap
            ),
            None,
        )

    def _give(self, one: Candidate, source: Team, team: Team | None) -> None:
        self._taken.add(one.key)
        self._groups[one.group] += 1
        self.given.append(Drafted(one, source, team, self._weight if team else 1.0))
