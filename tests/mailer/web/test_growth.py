"""The plots of a list's growth count backwards from now, stay in their frame, and begin where the
list does."""

from datetime import date, timedelta

import pytest

from mailer.monitoring.console_statistics import WeekNumbers
from mailer.web import growth


def test_weeks_are_counted_backwards_from_now() -> None:
    weeks = (WeekNumbers("2026-11-23", 5, 1), WeekNumbers("2026-11-16", 0, 2),
             WeekNumbers("2026-11-09", 8, 0))  # fmt: skip
    found = growth.growth(10, weeks)
    assert [(one.monday, one.active) for one in found.weeks] == [
        ("2026-11-09", 8), ("2026-11-16", 6), ("2026-11-23", 10),
    ]  # fmt: skip
    assert (found.actives, found.moves) == ((10, 5, 0), (8, 0, 8))
    assert [one.y for one in found.weeks] == [24.0, 48.0, 0.0]
    assert max(one.joined_height for one in found.weeks) == growth.BARS
    assert found.active_words == (
        "Active readers: 8 at the end of the week of 9 November 2026, 10 now; the most were 10, in "
        "the week of 23 November 2026."
    )
    assert found.moved_words == "In 3 weeks 13 joined and 3 left."


def test_a_list_of_nobody_is_a_line_at_the_bottom() -> None:
    found = growth.growth(0, (WeekNumbers("2026-11-23", 0, 0),))
    assert (found.actives, found.weeks[0].y) == ((1, 0), growth.LINE)


@pytest.mark.parametrize(
    ("most", "top"), [(0, 1), (1, 1), (3, 4), (9, 10), (11, 20), (640_000, 800_000)]
)
def test_axes_end_at_a_round_number(most: int, top: int) -> None:
    assert growth.growth(most, (WeekNumbers("2026-11-23", most, 0),)).actives[0] == top


@pytest.mark.parametrize(
    ("age", "drawn", "first"), [(2, 8, "5 Oct"), (10, 12, "7 Sep"), (52, 52, "Dec 2025")]
)
def test_a_young_list_has_no_weeks_before_its_first_reader(
    age: int, drawn: int, first: str
) -> None:
    monday = date(2026, 11, 23)
    weeks = [
        WeekNumbers(f"{monday - timedelta(weeks=back)}", int(back == age - 1), 0)
        for back in range(52)
    ]
    found = growth.growth(1, weeks)
    assert (len(found.weeks), found.labels[0], len(found.labels)) == (drawn, first, 4)
