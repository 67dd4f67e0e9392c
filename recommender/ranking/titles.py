"""The titles of an archive as one text, in which a name is found word for word."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from recommender.ranking import words


@dataclass(frozen=True)
class Titles:
    """The titles of an archive, one after the other in one ``text``; each begins at its place of
    ``starts``. Words stand between spaces, titles between line ends."""

    text: str
    starts: Sequence[int]

    @classmethod
    def of(cls, titles: Iterable[str]) -> "Titles":
        lines = [f" {' '.join(words.tokens(title))} \n" for title in titles]
        return cls("".join(lines), [0, *accumulate(map(len, lines))][:-1])

    def naming(self, spellings: Iterable[Sequence[str]]) -> npt.NDArray[np.bool_]:
        """Which titles hold one of ``spellings`` (content words), word for word."""
        found = np.zeros(len(self.starts), dtype=bool)
        for spelling in spellings:
            wanted = f" {' '.join(spelling)} "
            at = self.text.find(wanted)
            while at >= 0:
                found[bisect_right(self.starts, at) - 1] = True
                at = self.text.find(wanted, at + 1)
        return found
