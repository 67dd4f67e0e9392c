"""The plot of a list's growth counts backwards from now, and stays in its frame."""

from mailer.monitoring.console_statistics import WeekNumbers
from mailer.web import growth


def test_weeks_are_counted_backwards_from_now() -> None:
    weeks = (WeekNumbers("2026-11-23", 5, 1), WeekNumbers("2026-11-16", 0, 2),
             WeekNumbers("2026-11-09", 8, 0))  # fmt: skip
    found = growth.growth(10, weeks)
    assert [(one.monday, one.active) for one in found.weeks] == [
        ("2026-11-09", 8), ("2026-11-16", 6), ("2026-11-23", 10),
    ]  # fmt: skip
    assert (found.most_active, found.most_moved) == (10, 8)
    assert [one.y for one in found.weeks] == [24.0, 48.0, 0.0]
    assert max(one.joined_height for one in found.weeks) == growth.BARS


def test_a_list_of_nobody_is_a_line_at_the_bottom() -> None:
    found = growth.growth(0, (WeekNumbers("2026-11-23", 0, 0),))
    assert (found.most_active, found.weeks[0].y) == (0, growth.LINE)
