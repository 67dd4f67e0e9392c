"""How many fell into a sliding window: counting that can be kept in a few numbers and is never low.

A window is cut into pieces. A permit may be used until a moment a little after it was given out,
and is counted in the piece of that latest moment, at the piece's end. It thus leaves the count
only when its message left the window for certain: whichever window one looks at, it holds no more
messages than permits were counted when the last of them was given out. The price is that a window
counts up to 3 % longer than it is. Times are whole microseconds since 1970; it reads no clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

PIECES = 100
HOLD = 2
"""Pieces of the shortest window for which a permit may be used."""
AHEAD = 300 * 1_000_000
"""By how much the clocks of senders may differ, or one of them have waited for a lock."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def ticks(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def moment(of: int) -> datetime:
    return _EPOCH + of * _MICROSECOND


@dataclass
class Window:
    """What is counted of ``seconds``: pairs of a piece's number and how many are in it, in order.
    A piece is numbered by its end."""

    seconds: int
    pieces: list[list[int]] = field(default_factory=list)

    @property
    def length(self) -> int:
        return self.seconds * 1_000_000

    @property
    def piece(self) -> int:
        return self.length // PIECES

    def forget(self, now: int) -> None:
        """Leave out what is no longer in any window that reaches ``now``."""
        self.pieces = [pair for pair in self.pieces if self._leaves(pair[0]) >= now and pair[1] > 0]

    def return_to(self, now: int, hold: int) -> bool:
        """Count what seems to be used long after ``now + hold``, which no permit can be, as used by
        then: a clock was ahead, and has come back. Whether there was any."""
        latest = -(-(now + hold + AHEAD) // self.piece)
        number = sum(pair[1] for pair in self.pieces if pair[0] > latest)
        if number:
            self.pieces = [pair for pair in self.pieces if pair[0] <= latest]
            self.add(now + hold, number)
        return number > 0

    def count(self) -> int:
        return sum(number for _, number in self.pieces)

    def add(self, until: int, number: int) -> None:
        """Count ``number`` permits, good up to ``until``; negative: count them no more."""
        place = -(-until // self.piece)
        for pair in self.pieces:
            if pair[0] == place:
                pair[1] = max(0, pair[1] + number)
                return
        if number > 0:
            self.pieces.append([place, number])
            self.pieces.sort()

    def frees(self, most: int) -> int:
        """When fewer than ``most`` will be counted, if none is added."""
        left = self.count()
        for place, number in self.pieces:
            left -= number
            if left < most:
                return self._leaves(place) + 1
        raise ValueError("a limit of nothing never frees a permit")

    def ends(self) -> int:
        """When nothing is counted any more."""
        return self._leaves(self.pieces[-1][0]) if self.pieces else 0

    def _leaves(self, place: int) -> int:
        return place * self.piece + self.length


def hold(shortest: int) -> int:
    """For how long a permit may be used, where the shortest window has so many seconds."""
    return HOLD * shortest * 1_000_000 // PIECES


def read(document: dict[str, list[list[int]]], seconds: Iterable[int]) -> dict[int, Window]:
    """The windows as a store kept them. One that is new begins with what the next longer one, or
    else the longest, has counted: a limit that was changed does not start from nothing."""
    stored = {
        int(name): Window(int(name), [[*pair] for pair in document[name]]) for name in document
    }
    windows: dict[int, Window] = {}
    for wanted in seconds:
        if wanted in stored:
            windows[wanted] = stored[wanted]
            continue
        windows[wanted] = Window(wanted)
        longer = [other for other in stored if other > wanted]
        source = min(longer) if longer else max(stored, default=None)
        if source is not None:
            for place, number in stored[source].pieces:
                windows[wanted].add(place * stored[source].piece, number)
    return windows


def to_document(windows: Iterable[Window]) -> dict[str, list[list[int]]]:
    return {str(window.seconds): window.pieces for window in windows}
