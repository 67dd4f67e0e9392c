"""Lets two neighbours of a list change places, now and then, with a probability that is known.

Readers click more on what stands first, whatever it is. What a place is worth can be told from what
a story is only where a story might have stood elsewhere: so in a small share of lists one pair of
neighbours, drawn at random, is exchanged (pairwise randomisation as in Joachims, Swaminathan and
Schnabel, WSDM 2017). Every draw is a function of the seed and the reader.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Places = tuple[tuple[int, float], ...]
"""Positions (from 1) with the probability of each; empty: there was but one."""
UP, STAY, DOWN = 0, 1, 2


@dataclass(frozen=True)
class Variation:
    """``order`` (lists × places) says which place of the list by rank stands at each place now;
    ``moves`` (lists × places × 3) with what probability the pick that stands there stands one
    higher than by rank, there, and one lower; ``moved`` which came about: -1, 0 or 1."""

    order: npt.NDArray[np.int64]
    moves: npt.NDArray[np.float64]
    moved: npt.NDArray[np.int8]


def vary(
    pairs: npt.NDArray[np.bool_], share: float, draws: Sequence[tuple[float, float]]
) -> Variation:
    """``pairs`` (lists × places - 1) marks the places that may change with the next one; in
    ``share`` of the lists one of these pairs does. ``draws`` are two numbers in [0, 1) a list:
    whether, and which."""
    lists, places_ = len(pairs), pairs.shape[1] + 1
    number = pairs.sum(axis=1)
    chance = np.where(pairs, share / np.maximum(number, 1)[:, None], 0.0)
    moves = np.zeros((lists, places_, 3))
    moves[:, :-1, DOWN], moves[:, 1:, UP] = chance, chance
    moves[:, :, STAY] = 1.0 - moves[:, :, UP] - moves[:, :, DOWN]
    order = np.tile(np.arange(places_), (lists, 1))
    moved = np.zeros((lists, places_), dtype=np.int8)
    whether, which = np.array(draws, dtype=np.float64).reshape(lists, 2).T
    rows = np.flatnonzero((whether < share) & (number > 0))
    nth = (which[rows] * number[rows]).astype(np.int64) + 1
    first = (np.cumsum(pairs[rows], axis=1) == nth[:, None]).argmax(axis=1)
    order[rows, first], order[rows, first + 1] = first + 1, first
    moved[rows, first], moved[rows, first + 1] = -1, 1
    return Variation(order, np.take_along_axis(moves, order[:, :, None], axis=1), moved)


def places(
    positions: npt.NDArray[np.int64], moves: npt.NDArray[np.float64], moved: npt.NDArray[np.int8]
) -> list[Places]:
    """For each pick at ``positions`` where it might have stood, and how probably."""
    found: list[Places] = []
    ranks = positions - moved
    for rank, chances in zip(ranks.tolist(), moves.tolist(), strict=True):
        possible = [(rank + at - 1, round(p, 6)) for at, p in enumerate(chances) if p > 0]
        found.append(tuple(possible) if len(possible) > 1 else ())
    return found
