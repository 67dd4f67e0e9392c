"""Weeks, hours and clock changes."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer import schedule
from recommender.errors import NewsletterError

BERLIN = ZoneInfo("Europe/Berlin")


def test_the_period_is_the_iso_week_also_around_new_year() -> None:
    assert schedule.period_of(date(2026, 11, 24)) == "2026-W48"
    assert schedule.period_of(date(2027, 1, 1)) == "2026-W53"


@pytest.mark.parametrize("bad", ["2026-W54", "2025-W53", "2026-48", "W48", "", "2026-W48 "])
def test_what_is_no_week_is_refused_by_name(bad: str) -> None:
    with pytest.raises(NewsletterError, match="is not a week such as 2026-W48"):
        schedule.check_period(bad)


def test_the_same_wall_clock_hour_is_kept_across_clock_changes() -> None:
    hours = [
        schedule.occurrence("thursday 08:00", period, BERLIN).hour
        for period in ("2026-W12", "2026-W13", "2026-W14", "2026-W43", "2026-W44")
    ]
    assert hours == [7, 7, 6, 6, 7]  # UTC: winter, winter, summer, summer, winter


def test_an_hour_that_summer_time_leaves_out_is_taken_right_after_the_gap() -> None:
    moment = schedule.occurrence("sunday 02:30", "2026-W13", BERLIN)
    assert moment == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 03:00 on the clock


def test_an_hour_that_happens_twice_is_taken_the_first_time() -> None:
    moment = schedule.occurrence("sunday 02:30", "2026-W43", BERLIN)
    assert moment == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(
    now=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    hour=st.integers(0, 23),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Kiritimati", "America/St_Johns"]),
)
def test_latest_and_upcoming_enclose_every_moment(now: datetime, hour: int, zone: str) -> None:
    when = f"monday {hour:02}:15"
    period, before = schedule.latest(when, ZoneInfo(zone), now)
    following, after = schedule.upcoming(when, ZoneInfo(zone), now)
    assert before <= now < after
    assert period < following
    assert (after - before).days in (6, 7)
