"""Always-valid intervals: they hold at every look, however often and whenever one looks.

A 95 % interval of the usual kind holds for one look that was fixed beforehand; who looks every week
and stops at the first that excludes zero is wrong far more often than once in twenty. A confidence
sequence is wrong with that probability over all looks together, so deciding early does no harm.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import lambertw

from recommender.evaluation.intervals import Estimate

ALPHA = 0.05
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """How much better the second of two arms is than the first: ``mean`` with its standard
    ``error``. ``before`` and ``after`` are what each arm has on its own."""

    before: float
    after: float
    error: float

    @property
    def mean(self) -> float:
        return self.after - self.before


def interval(mean: float, error: float, *, tuned_at: float, alpha: float = ALPHA) -> Estimate:
    """The always-valid interval around ``mean``, whose standard error is ``error`` now.

    The normal mixture boundary on the scale of information τ = 1 / error²:
    |mean - truth| < sqrt(2 (τρ² + 1) / (τ²ρ²) · ln(sqrt(τρ² + 1) / α)) for all τ at once, with
    probability 1 - α (Robbins, 1970; Howard, Ramdas, McAuliffe and Sekhon, Annals of Statistics
    2021, eq. 14; asymptotically for estimates that are means: Waudby-Smith, Arbour, Sinha, Kennedy
    and Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences", Annals of
    Statistics 2024, theorem 2.2). It needs no independent increments from look to look: the
    estimate over the same readers, week after week, has them on this scale (Jennison and Turnbull,
    1997). ``tuned_at`` is the standard error at which it shall be narrowest; it must not depend on
    what was found.
    """
    if not (math.isfinite(mean) and error > 0):
        return Estimate(mean, -math.inf, math.inf)
    information = 1.0 / error**2
    scaled = information * _rate(alpha) * tuned_at**2
    half = math.sqrt(
        2 * (scaled + 1) / (information * scaled) * math.log(math.sqrt(scaled + 1) / alpha)
    )
    return Estimate(mean, mean - half, mean + half)


def _rate(alpha: float) -> float:
    """ρ² for a boundary that is narrowest at information 1 (Waudby-Smith and others, 2024,
    appendix B.2; Howard and others, 2021, proposition 3)."""
    return float(-lambertw(-(alpha**2) * math.exp(-1), -1).real) - 1.0


LEAST = 20
"""Readers of an arm who answered, below which nothing is concluded: what holds for means of many
does not hold for these."""
TUNED_AT = 0.01
"""Standard error at which intervals are narrowest: one copy in a hundred."""
TEAMS_TUNED_AT = 0.005
"""The same where two teams stand in each issue: about what 2,000 readers, a third of whom answers,
give in six issues; errors are smaller there, and so are the differences looked for."""


@dataclass(frozen=True)
class Arm:
    """The readers of an arm, a number each: ``copies`` they got, ``answered`` of them; or by how
    much more they answered one of two teams, over all their copies."""

    copies: Numbers
    answered: Numbers

    @property
    def rate(self) -> float:
        """Answered copies of all; NaN of none."""
        copies = self.copies.sum()
        return float(self.answered.sum() / copies) if copies else math.nan

    @property
    def error(self) -> float:
        """Standard error of the rate. A reader's copies belong together: it is that of a ratio of
        means over readers (Cochran, Sampling Techniques, 1977, 2.11)."""
        number = len(self.copies)
        if number < 2 or not self.copies.sum():
            return math.inf
        rest = self.answered - self.rate * self.copies
        return math.sqrt(float((rest**2).sum()) * number / (number - 1)) / float(self.copies.sum())

    @property
    def enough(self) -> bool:
        return int((self.answered != 0).sum()) >= LEAST


def compare(before: Arm, after: Arm) -> Difference:
    """How much higher the second arm's share of answered copies is."""
    return Difference(before.rate, after.rate, math.hypot(before.error, after.error))


def of_arms(
    before: Arm, after: Arm, *, tuned_at: float = TUNED_AT, alpha: float = ALPHA
) -> Estimate:
    """The always-valid interval of ``compare``; without bounds while either arm is too small."""
    found = compare(before, after)
    if not (before.enough and after.enough):
        return Estimate(found.mean, -math.inf, math.inf)
    return interval(found.mean, found.error, tuned_at=tuned_at, alpha=alpha)


def of_arm(arm: Arm, *, tuned_at: float = TEAMS_TUNED_AT, alpha: float = ALPHA) -> Estimate:
    """The always-valid interval of an arm's rate, by how much one of two teams is ahead; without
    bounds while it is too small."""
    if not arm.enough:
        return Estimate(arm.rate, -math.inf, math.inf)
    return interval(arm.rate, arm.error, tuned_at=tuned_at, alpha=alpha)
