"""The plots of a list's growth: active readers at the end of each week, and those who joined and
left, as shapes of SVGs that the page draws, with the numbers of their axes and what they show in
words. It is computed from numbers, and knows no store.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from mailer.monitoring.console_statistics import WeekNumbers
from mailer.web import dates

WIDTH, LINE, BARS = 520.0, 120.0, 60.0
"""Of the drawings: their width, and the heights of the line of active readers and of the bars above
and below the axis, in their own units."""
QUARTERS = 4
"""Parts of a plot that begin with a label each."""
FEWEST = 2 * QUARTERS
"""Weeks that are drawn at least; those before a list had readers are left out otherwise."""
LONG = 26
"""Weeks of a plot whose labels are months."""


@dataclass(frozen=True)
class Week:
    """A week, the first one first: ``active`` readers at its end, ``joined`` and ``left`` in it;
    where its bars begin (``x``), how tall they are, and where its point of the line is (``y``)."""

    monday: str
    active: int
    joined: int
    left: int
    x: float
    joined_height: float
    left_height: float
    y: float


@dataclass(frozen=True)
class Growth:
    """The weeks, the points of the line (``x,y x,y …``), the numbers at the axes from the top down,
    the labels below, each at the beginning of a part of equal width, and both plots in words."""

    weeks: tuple[Week, ...]
    points: str
    step: float
    actives: tuple[int, ...]
    moves: tuple[int, ...]
    labels: tuple[str, ...]
    active_words: str
    moved_words: str


def growth(active_now: int, weeks: Sequence[WeekNumbers]) -> Growth:
    """The plots of ``weeks``, the latest first, up to a moment with so many active readers."""
    active, ends = active_now, []
    for one in weeks:
        ends.append(max(active, 0))
        active -= one.came - one.went
    shown = _shown(weeks, ends)
    weeks, ends = weeks[:shown], ends[:shown]
    step = WIDTH / max(shown, 1)
    most_active, most_moved = _top(max(ends, default=0)), _top(_most_moved(weeks))
    drawn = tuple(
        Week(
            one.monday, end, one.came, one.went, round(number * step, 2),
            round(BARS * one.came / most_moved, 2),
            round(BARS * one.went / most_moved, 2),
            round(LINE * (1 - end / most_active), 2),
        )
        for number, (one, end) in enumerate(zip(reversed(weeks), reversed(ends), strict=True))
    )  # fmt: skip
    points = " ".join(f"{one.x + step / 2:.1f},{one.y:.1f}" for one in drawn)
    return Growth(
        drawn, points, round(step, 2), _ticks(most_active), (most_moved, 0, most_moved),
        _labels(drawn), _active_words(drawn), _moved_words(drawn),
    )  # fmt: skip


def _shown(weeks: Sequence[WeekNumbers], ends: Sequence[int]) -> int:
    """How many weeks are drawn: quarters of equal width, and none before the first reader."""
    busy = [at for at, one in enumerate(weeks, 1) if one.came or one.went or ends[at - 1]]
    wanted = -(-max(busy, default=0) // QUARTERS) * QUARTERS
    return min(len(weeks), max(FEWEST, wanted))


def _most_moved(weeks: Sequence[WeekNumbers]) -> int:
    return max((max(one.came, one.went) for one in weeks), default=0)


def _top(most: int) -> int:
    """The number at the top of an axis: the next round one."""
    power = 1
    while True:
        for times in (1, 2, 4, 6, 8):
            if times * power >= most:
                return times * power
        power *= 10


def _ticks(top: int) -> tuple[int, ...]:
    return (top, 0) if top == 1 else (top, top // 2, 0)


def _labels(weeks: Sequence[Week]) -> tuple[str, ...]:
    every = len(weeks) // QUARTERS
    starts = [date.fromisoformat(one.monday) for one in weeks[:: every or 1]][:QUARTERS]
    months = len(weeks) >= LONG
    return tuple(f"{one:%b %Y}" if months else f"{one.day} {one:%b}" for one in starts)


def _week_of(week: Week) -> str:
    return f"the week of {dates.day(date.fromisoformat(week.monday))}"


def _active_words(weeks: Sequence[Week]) -> str:
    if not weeks:
        return ""
    most = max(weeks, key=lambda one: one.active)
    return (
        f"Active readers: {weeks[0].active:,} at the end of {_week_of(weeks[0])}, "
        f"{weeks[-1].active:,} now; the most were {most.active:,}, in {_week_of(most)}."
    )


def _moved_words(weeks: Sequence[Week]) -> str:
    joined, left = sum(one.joined for one in weeks), sum(one.left for one in weeks)
    return f"In {len(weeks)} weeks {joined:,} joined and {left:,} left."
