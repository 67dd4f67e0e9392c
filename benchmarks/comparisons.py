"""How soon comparisons of two settings are certain, how often they claim what is not so, and what
a gain of five per cent takes: on made readers who click, looked at after every issue.

Two settings order the same stories by a guess at each reader's interest; the better guesses better.
Their issues are interleaved as the product does it (``recommender.ranking.team_draft``), or each is
sent to half of the readers, or one to a holdout; clicks fall with the position. Intervals are those
of the product (``recommender.evaluation.sequences``). The named reference is the usual interval for
one look, looked at as often.
Run: python benchmarks/comparisons.py [--runs 200] [--readers 2000] [--seed 1]
"""

import argparse
import itertools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from recommender.evaluation import sequences
from recommender.evaluation.intervals import NORMAL, Estimate
from recommender.evaluation.sequences import Arm
from recommender.ranking.team_draft import Candidate, draft

TOP, STORIES, POOL, ISSUES = 6, 24, 6_000, 16
LOOKS = np.arange(1, TOP + 1) ** -0.7
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Issues:
    """Issues to draw from: how likely each place is clicked by a reader who looks at every issue
    (``likely``, issues × places), and whose each pick is (``teams``: 0, or its weight, less than 0
    for a)."""

    likely: Numbers
    teams: Numbers

    @property
    def clicks(self) -> float:
        return float(self.likely.sum(axis=1).mean())


def issues(draws: np.random.Generator, noises: tuple[float, float]) -> dict[str, Issues]:
    """Issues of setting a and of b, whose guesses are off by ``noises``, and both interleaved."""
    interest = draws.beta(0.6, 6, (POOL, STORIES))
    guesses = [interest + draws.normal(0, noise, interest.shape) for noise in noises]
    orders = [np.argsort(-guess, axis=1)[:, :TOP] for guess in guesses]
    found = {
        name: Issues(np.take_along_axis(interest, order, axis=1) * LOOKS, np.zeros((POOL, TOP)))
        for name, order in zip("ab", orders, strict=True)
    }
    likely, teams = np.zeros((POOL, TOP)), np.zeros((POOL, TOP))
    coins = (bool(bit) for bit in itertools.chain.from_iterable(_bits(draws)))
    for row in range(POOL):
        lists = [
            [Candidate(int(story), int(story), place) for place, story in enumerate(order[row])]
            for order in orders
        ]
        for place, one in enumerate(draft(lists[0], lists[1], coins, top=TOP, cap=TOP)):
            likely[row, place] = interest[row, int(str(one.candidate.key))] * LOOKS[place]
            teams[row, place] = {"a": -1.0, "b": 1.0, None: 0.0}[one.team] * one.weight
    return {**found, "both": Issues(likely, teams)}


def _bits(draws: np.random.Generator) -> Iterator[list[int]]:
    while True:
        yield draws.integers(0, 2, 10_000).tolist()


Look = Callable[[np.random.Generator, dict[str, Issues], int], Iterator[tuple[Estimate, bool]]]
"""After every issue: the always-valid interval, and whether the usual one excludes nothing."""


def interleaved(
    draws: np.random.Generator, made: dict[str, Issues], readers: int
) -> Iterator[tuple[Estimate, bool]]:
    eager, ahead = draws.beta(4, 2, readers), np.zeros(readers)
    for number in itertools.count(1):
        clicked, rows = _clicks(draws, made["both"], eager)
        ahead += (clicked * made["both"].teams[rows]).sum(axis=1)
        arm = Arm(np.full(readers, float(number)), ahead)
        yield sequences.of_arm(arm), abs(arm.rate) > NORMAL * arm.error


def ab(share: float) -> Look:
    """b for ``share`` of the readers, a for the others; the share of copies that were clicked."""

    def look(
        draws: np.random.Generator, made: dict[str, Issues], readers: int
    ) -> Iterator[tuple[Estimate, bool]]:
        sizes = {"a": readers - int(readers * share), "b": int(readers * share)}
        eager = {name: draws.beta(4, 2, size) for name, size in sizes.items()}
        answered = {name: np.zeros(size) for name, size in sizes.items()}
        for number in itertools.count(1):
            for name, counted in answered.items():
                clicked, _ = _clicks(draws, made[name], eager[name])
                counted += clicked.any(axis=1)
            a, b = (Arm(np.full(sizes[n], float(number)), answered[n].copy()) for n in "ab")
            found = sequences.compare(a, b)
            yield sequences.of_arms(a, b), abs(found.mean) > NORMAL * found.error

    return look


def _clicks(
    draws: np.random.Generator, of: Issues, eager: Numbers
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    rows = draws.integers(0, len(of.likely), len(eager))
    return draws.random((len(eager), TOP)) < of.likely[rows] * eager[:, None], rows


LOOKS_AT: dict[str, Look] = {
    "interleaving": interleaved,
    "A/B": ab(0.5),
    "holdout of a tenth": ab(0.9),
}


@dataclass(frozen=True)
class Outcome:
    """Of so many runs: after how many issues each was certain (inf: it never was), whether the
    first claim was that b is better, and how many would have claimed it with usual intervals."""

    issues: Numbers
    for_b: npt.NDArray[np.bool_]
    naive: int

    def found_by(self, number: int) -> float:
        """The share of runs that were certain of b by then."""
        return float(((self.issues <= number) & self.for_b).mean())


def run(look: Look, made: dict[str, Issues], runs: int, readers: int, seed: int) -> Outcome:
    certain, for_b, naive = np.full(runs, np.inf), np.zeros(runs, dtype=bool), 0
    for number in range(runs):
        draws = np.random.default_rng([seed, number])
        fooled = False
        for issue, (found, usual) in zip(
            range(1, ISSUES + 1), look(draws, made, readers), strict=False
        ):
            fooled |= usual
            if found.low > 0 or found.high < 0:
                certain[number], for_b[number] = issue, found.low > 0
                break
        naive += fooled
    return Outcome(certain, for_b, naive)


def main(runs: int, readers: int, seed: int) -> bool:
    good = True
    draws = np.random.default_rng(seed)
    print(f"{runs} runs of {ISSUES} issues to {readers:,} readers, seed {seed}")
    print("two settings that are worth the same: runs that claimed a difference")
    same = issues(draws, (0.1, 0.1))
    # Exactly as good: no chance of this pool is left. Every interleaved issue is there twice, with
    # the teams exchanged.
    both = same["both"]
    twice = Issues(np.concatenate([both.likely] * 2), np.concatenate([both.teams, -both.teams]))
    same = {"a": same["b"], "b": same["b"], "both": twice}
    for name, look in LOOKS_AT.items():
        found = run(look, same, runs, readers, seed)
        wrong = float(np.isfinite(found.issues).mean())
        print(f"  {name:<20} {wrong:6.1%}   usual intervals {found.naive / runs:6.1%}")
        good &= wrong <= 0.05
    print("b is better: issues until it is certain (median), by issue 8, and claims of a")
    for worse, better in ((0.1185, 0.1), (0.13, 0.1), (0.16, 0.1), (0.25, 0.1)):
        made = issues(draws, (worse, better))
        gain = made["b"].clicks / made["a"].clicks - 1
        medians = {}
        for name, look in LOOKS_AT.items():
            found = run(look, made, runs, readers, seed)
            medians[name] = float(np.median(found.issues))
            wrong = float((np.isfinite(found.issues) & ~found.for_b).mean())
            print(
                f"  {gain:+6.1%} clicks  {name:<20} {medians[name]:5.1f} issues, "
                f"{found.found_by(8):6.1%} by issue 8, {wrong:5.1%} wrong"
            )
        good &= medians["interleaving"] <= medians["A/B"]
    return good


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--readers", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sys.exit(0 if main(given.runs, given.readers, given.seed) else 1)
