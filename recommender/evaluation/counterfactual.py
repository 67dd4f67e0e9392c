"""What other lists would have brought, told from what was sent, seen and answered.

Answers are taken to be a person's interest in a story times the probability that they looked at its
place (the position-based model: Craswell, Zoeter, Taylor and Ramsey, WSDM 2008); the latter falls
like k^-η with the position k (Joachims, Swaminathan and Schnabel, WSDM 2017). Each answer is
weighed by the inverse of the probability that its story was looked at in its copy, over all places
at which it might have stood (policy-aware: Oosterhuis and de Rijke, SIGIR 2020). Of a story that
could not have been sent nothing is known, and that is said, not guessed.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from recommender.evaluation.intervals import RESAMPLES, SEED, Estimate

CLIP = 20.0
"""Largest weight of an answer (Ionides, 2008): a few heavy ones would decide alone."""
LEAST_MOVED = 30
"""Answers to stories that had changed places, below which η is not told."""
UNTOLD = (0.0, 0.5, 1.0)
"""Low, middle and high η where it is not told: from looking at every place alike to 1/k."""
LEAST_READERS = 20
"""Readers who answered, below which nothing is concluded."""
ENOUGH = 0.8
"""Share of a list, weighed by looks, that must have been sent, or what is left decides."""
Numbers = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Verdict = Literal["better", "worse", "undecided"]


@dataclass(frozen=True)
class SentPicks:
    """What was sent, a pick a row: in which ``copies`` (numbers from 0), which ``stories``, with
    what probability at all (``propensities``) and where (``places``, picks × positions; rows add up
    to 1), at which ``positions`` (from 1) it stood, and whether it was ``answered`` (0 or 1).
    ``readers`` says whose each copy is (numbers from 0)."""

    copies: Integers
    stories: Integers
    positions: Integers
    propensities: Numbers
    places: Numbers
    answered: Numbers
    readers: Integers


@dataclass(frozen=True)
class Lists:
    """Other lists for the same copies, a pick a row. ``propensities`` are those with which picks
    were drawn, 1 of the others; a draw is the one of the copy that was sent (the same seed)."""

    copies: Integers
    stories: Integers
    positions: Integers
    propensities: Numbers


@dataclass(frozen=True)
class Bias:
    """How fast looks fall with the position: η with its interval. ``told``: from the data, not
    assumed."""

    low: float
    eta: float
    high: float
    told: bool

    @property
    def each(self) -> tuple[float, float, float]:
        return self.low, self.eta, self.high


@dataclass(frozen=True)
class Worth:
    """What lists bring: answers a copy (``value``), by how much that is more than what was sent
    brought (``ahead``), the same if everything that was not sent brought nothing (``at_least``),
    and which share of the lists, weighed by looks, the data tell of (``known``). ``readers`` is how
    many answered anything."""

    value: Estimate
    ahead: Estimate
    at_least: Estimate
    known: float
    readers: int

    @property
    def verdict(self) -> Verdict:
        """Better if it is so even when what was not sent is worth nothing; else only where enough
        of it was sent."""
        if self.readers < LEAST_READERS:
            return "undecided"
        if self.at_least.low > 0:
            return "better"
        if self.known < ENOUGH or self.ahead.low <= 0 <= self.ahead.high:
            return "undecided"
        return "better" if self.ahead.low > 0 else "worse"


def looks(positions: int, eta: float) -> Numbers:
    """The probability that each of so many positions is looked at, beside the first."""
    found: Numbers = np.arange(1, positions + 1, dtype=np.float64) ** -eta
    return found


def bias(sent: SentPicks) -> Bias:
    """η from stories that changed places by chance; ``UNTOLD`` where too few of them did.

    Of a story that may stand at k and at k + 1, answers at either, each by the inverse probability
    of standing there, are as looks at the two places (intervention harvesting: Agarwal, Zaitsev,
    Wang, Li, Najork and Joachims, WSDM 2019). η is where these differences add up to nothing.
    """
    upper, lower = _swaps(sent)
    moved = sent.answered[sent.places[np.arange(len(sent.copies)), sent.positions - 1] < 0.5]
    if moved.sum() < LEAST_MOVED:
        return Bias(*UNTOLD, told=False)
    number = int(sent.readers.max()) + 1
    of = sent.readers[sent.copies]
    tops = np.stack([np.bincount(of, column, number) for column in upper.T])
    bottoms = np.stack([np.bincount(of, column, number) for column in lower.T])
    draws = np.random.default_rng(SEED)
    found = np.array(
        [
            _root(tops @ weights, bottoms @ weights)
            for weights in (_resample(draws, number) for _ in range(RESAMPLES // 2))
        ]
    )
    low, high = np.quantile(found, [0.025, 0.975])
    eta = _root(tops.sum(axis=1), bottoms.sum(axis=1))
    return Bias(float(low), eta, float(high), told=True)


def _swaps(sent: SentPicks) -> tuple[Numbers, Numbers]:
    """For each pick (rows) and pair of neighbouring places (columns): the answer at the upper one,
    and at the lower one, by the inverse probability of standing there; of picks that may stand at
    both."""
    both = (sent.places[:, :-1] > 0) & (sent.places[:, 1:] > 0)
    rows = np.arange(len(sent.copies))
    weight = sent.answered / sent.places[rows, sent.positions - 1]
    column = np.arange(1, both.shape[1] + 1)
    upper = np.where(both & (sent.positions[:, None] == column), weight[:, None], 0.0)
    lower = np.where(both & (sent.positions[:, None] == column + 1), weight[:, None], 0.0)
    return upper, lower


def _root(tops: Numbers, bottoms: Numbers) -> float:
    """The η at which Σ (tops·looks(k + 1) - bottoms·looks(k)) is nothing; between -0.5 and 4."""
    low, high = -0.5, 4.0
    for _ in range(40):
        middle = (low + high) / 2
        seen = looks(len(tops) + 1, middle)
        if float((tops * seen[1:] - bottoms * seen[:-1]).sum()) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _resample(draws: np.random.Generator, number: int) -> Numbers:
    """How often each of so many readers is drawn."""
    return np.bincount(draws.integers(0, number, number), minlength=number).astype(np.float64)


def worth(sent: SentPicks, lists: Lists, eta: float, *, clip: float = CLIP) -> Worth:
    """What ``lists`` bring, with 95 % bootstrap intervals over readers.

    ``value`` is self-normalised (Swaminathan and Joachims, NIPS 2015): the interest found in the
    stories of the lists that were sent stands for all of them.
    """
    seen = looks(sent.places.shape[1], eta)
    row = _rows(sent, lists)
    hit = row >= 0
    at, wanted = row[hit], seen[lists.positions - 1]
    looked = sent.propensities[at] * (sent.places[at] @ seen)
    weight = np.minimum(lists.propensities[hit] * wanted[hit] / looked, clip)
    number = int(sent.readers.max()) + 1
    of = sent.readers[lists.copies]
    sums = np.stack(
        [
            np.bincount(of[hit], weight * sent.answered[at], number),
            np.bincount(of[hit], weight * seen[sent.positions[at] - 1], number),
            np.bincount(of, wanted, number),
            np.bincount(sent.readers[sent.copies], sent.answered, number),
            np.bincount(sent.readers, minlength=number),
        ]
    )
    draws = np.random.default_rng(SEED)
    drawn = np.stack([sums @ _resample(draws, number) for _ in range(RESAMPLES)])
    found, resampled = _values(sums.sum(axis=1)), _values(drawn.T)
    value, ahead, least = (
        Estimate(float(one), *(float(end) for end in np.nanquantile(many, [0.025, 0.975])))
        for one, many in zip(found, resampled, strict=True)
    )
    total = sums.sum(axis=1)
    known = min(1.0, float(total[1] / max(total[2], 1e-12)))
    return Worth(value, ahead, least, known, int((sums[3] > 0).sum()))


def _values(sums: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Answers a copy; by how much that is ahead of what was sent; the same if what was not sent
    brought nothing."""
    weighed, known, wanted, answered, copies = np.maximum(sums, 1e-12)
    value = weighed / known * wanted / copies
    logged = answered / copies
    return value, value - logged, weighed / copies - logged


def _rows(sent: SentPicks, lists: Lists) -> Integers:
    """The row of ``sent`` that each pick of ``lists`` is in its copy; -1 where it was not sent."""
    span = int(max(sent.stories.max(initial=0), lists.stories.max(initial=0))) + 1
    keys = sent.copies * span + sent.stories
    order = np.argsort(keys, kind="stable")
    asked = lists.copies * span + lists.stories
    place = np.minimum(np.searchsorted(keys[order], asked), len(keys) - 1)
    rows = order[place]
    found: Integers = np.where(keys[rows] == asked, rows, -1)
    return found
