"""The plot of a list's growth: active readers at the end of each week, and those who joined and
left, as shapes of an SVG that the page draws. It is computed from numbers, and knows no store.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mailer.monitoring.console_statistics import WeekNumbers

WIDTH, LINE, BARS = 520.0, 120.0, 60.0
"""Of the drawing: its width, and the heights of the line of active readers and of the bars above
and below the axis, in its own units."""


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
    """The weeks, the points of the line (``x,y x,y …``), and the largest numbers drawn."""

    weeks: tuple[Week, ...]
    points: str
    most_active: int
    most_moved: int
    step: float = 0.0


def growth(active_now: int, weeks: Sequence[WeekNumbers]) -> Growth:
    """The plot of ``weeks``, the latest first, up to a moment with so many active readers."""
    active, ends = active_now, []
    for one in weeks:
        ends.append(max(active, 0))
        active -= one.came - one.went
    step = WIDTH / max(len(weeks), 1)
    most_active = max(ends, default=0)
    most_moved = max((max(one.came, one.went) for one in weeks), default=0)
    drawn = []
    for number, (one, end) in enumerate(zip(reversed(weeks), reversed(ends), strict=True)):
        drawn.append(
            Week(
                one.monday, end, one.came, one.went, round(number * step, 2),
                round(BARS * one.came / max(most_moved, 1), 2),
                round(BARS * one.went / max(most_moved, 1), 2),
                round(LINE * (1 - end / max(most_active, 1)), 2),
            )
        )  # fmt: skip
    points = " ".join(f"{one.x + step / 2:.1f},{one.y:.1f}" for one in drawn)
    return Growth(tuple(drawn), points, most_active, most_moved, round(step, 2))
