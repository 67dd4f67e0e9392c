"""The words for when a newsletter comes."""

import pytest

from recommender.settings import schedules
from recommender.settings.schedules import Cadence, Schedule


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("thursday 08:00", Schedule(Cadence.WEEKLY, 3, 8, 0)),
        (" Thu 8:05 ", Schedule(Cadence.WEEKLY, 3, 8, 5)),
        ("every monday 23:59", Schedule(Cadence.WEEKLY, 0, 23, 59)),
        ("daily 07:30", Schedule(Cadence.DAILY, None, 7, 30)),
        ("Weekdays 07:30", Schedule(Cadence.WEEKDAYS, None, 7, 30)),
        ("every  other friday 07:30", Schedule(Cadence.FORTNIGHTLY, 4, 7, 30)),
        ("first sunday 00:00", Schedule(Cadence.MONTHLY, 6, 0, 0)),
    ],
)
def test_what_is_written_is_read(words: str, meant: Schedule) -> None:
    assert schedules.parse(words) == meant


@pytest.mark.parametrize(
    "words", ["", "thursday", "08:00", "daily thursday 08:00", "first 08:00", "t 08:00",
              "someday 08:00", "thursday 24:00", "every other 08:00"],
)  # fmt: skip
def test_what_is_no_schedule_is_refused_with_examples(words: str) -> None:
    with pytest.raises(ValueError, match="'weekdays 07:30'"):
        schedules.parse(words)
