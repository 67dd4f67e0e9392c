"""Weeks, hours and clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.edition import schedule
from mailer.edition.edition_settings import EditionSettings
from recommender.errors import NewsletterError
from recommender.settings.limits import quiet_hours

BERLIN = ZoneInfo("Europe/Berlin")


def test_the_period_is_the_iso_week_also_around_new_year() -> None:
    assert schedule.period_of(date(2026, 11, 24), "thursday 08:00") == "2026-W48"
    assert schedule.period_of(date(2027, 1, 1), "thursday 08:00") == "2026-W53"


@pytest.mark.parametrize(
    "bad", ["2026-W54", "2025-W53", "2026-48", "W48", "", "2026-W48 ", "2026-02-30", "20261127"]
)
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


EVERY = {
    "daily 08:15": (0, 1),
    "weekdays 08:15": (0, 3),
    "monday 08:15": (6, 7),
    "every other monday 08:15": (13, 14),
    "first monday 08:15": (27, 35),
}


@given(
    now=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    when=st.sampled_from(list(EVERY)),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Kiritimati", "America/St_Johns"]),
)
def test_occurrences_follow_each_other_as_often_as_is_said(
    now: datetime, when: str, zone: str
) -> None:
    period, before = schedule.latest(when, ZoneInfo(zone), now)
    following, after = schedule.upcoming(when, ZoneInfo(zone), now)
    least, most = EVERY[when]
    assert before <= now < after
    assert schedule.after(period, when) == following > period
    assert least <= (after - before).days <= most
    assert schedule.check_period(period, when) == period
    assert schedule.period_of(before.astimezone(ZoneInfo(zone)).date(), when) == period


@pytest.mark.parametrize(
    ("when", "period", "local"),
    [
        ("daily 07:30", "2026-11-28", "2026-11-28 07:30"),
        ("weekdays 07:30", "2026-11-27", "2026-11-27 07:30"),
        ("first thursday 07:30", "2026-10", "2026-10-01 07:30"),
        ("first sunday 07:30", "2026-11", "2026-11-01 07:30"),
        ("sunday 07:30", "2026-W53", "2027-01-03 07:30"),
    ],
)
def test_an_occurrence_lies_in_its_period(when: str, period: str, local: str) -> None:
    moment = schedule.occurrence(when, period, BERLIN)
    assert f"{moment.astimezone(BERLIN):%Y-%m-%d %H:%M}" == local


@pytest.mark.parametrize(
    ("when", "period", "nearest"),
    [
        ("weekdays 08:00", "2026-11-28", "2026-11-30"),
        ("thursday 08:00", "2026-11-26", "2026-W48"),
        ("first thursday 08:00", "2026-W48", "2026-11"),
        ("every other thursday 08:00", "2026-W49", "2026-W50"),
    ],
)
def test_a_period_of_another_schedule_is_refused_with_the_nearest(
    when: str, period: str, nearest: str
) -> None:
    with pytest.raises(NewsletterError, match=f"the nearest is {nearest}$"):
        schedule.check_period(period, when)


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


NIGHT, NOON = quiet_hours("21:00-07:00"), quiet_hours("12:00-14:00")


def local(month: int, day: int, hour: int, minute: int = 0, fold: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("period", "every", "after"),
    [
        ("welcome-2026-W48", "thursday 08:00", "2026-W49"),
        ("welcome-2026-W48", "daily 08:00", "2026-11-24"),
        ("welcome-2026-W48", "first thursday 08:00", "2026-12"),
    ],
)
def test_the_week_of_welcomes_is_a_week_like_any_other(period: str, every: str, after: str) -> None:
    assert schedule.after(period, every) == after
    assert schedule.month_of("welcome-2026-W53") == schedule.month_of("2026-W53") == (2026, 12)
    assert schedule.occurrence("thursday 08:00", period, BERLIN) == schedule.occurrence(
        "thursday 08:00", "2026-W48", BERLIN
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (local(11, 24, 20, 59), local(11, 24, 20, 59)),
        (local(11, 24, 21), local(11, 25, 7)),
        (local(11, 24, 23, 30), local(11, 25, 7)),
        (local(11, 25, 0), local(11, 25, 7)),
        (local(11, 25, 6, 59), local(11, 25, 7)),
        (local(11, 25, 7), local(11, 25, 7)),
        (local(3, 28, 22), local(3, 29, 7)),  # that night is an hour shorter
        (local(10, 24, 22), local(10, 25, 7)),  # and that one longer
    ],
)
def test_what_falls_into_the_night_is_due_in_the_morning(before: datetime, after: datetime) -> None:
    assert schedule.after_quiet(before, BERLIN, NIGHT) == after


def test_quiet_hours_may_lie_within_a_day_or_be_none() -> None:
    assert schedule.after_quiet(local(11, 24, 13), BERLIN, NOON) == local(11, 24, 14)
    assert schedule.after_quiet(local(11, 24, 15), BERLIN, NOON) == local(11, 24, 15)
    assert schedule.after_quiet(local(11, 24, 23), BERLIN, None) == local(11, 24, 23)


def test_an_end_that_summer_time_leaves_out_is_after_the_gap() -> None:
    quiet = quiet_hours("21:00-02:30")
    assert schedule.after_quiet(local(3, 28, 23), BERLIN, quiet) == local(3, 29, 3)


def test_an_end_that_the_clock_shows_twice_is_never_in_the_past() -> None:
    quiet = quiet_hours("21:00-02:30")
    assert schedule.after_quiet(local(10, 24, 23), BERLIN, quiet) == local(10, 25, 2, 30)
    second = local(10, 25, 2, 10, fold=1)
    assert schedule.after_quiet(second, BERLIN, quiet) == local(10, 25, 2, 30, fold=1)


@given(
    moment=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    start=st.times(),
    end=st.times(),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"]),
)
def test_nothing_is_due_in_quiet_hours_and_nothing_is_due_earlier(
    moment: datetime, start: time, end: time, zone: str
) -> None:
    quiet = start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    if quiet[0] == quiet[1]:
        return
    after = schedule.after_quiet(moment, ZoneInfo(zone), quiet)
    assert moment <= after <= moment + timedelta(hours=25)
    assert schedule.after_quiet(after, ZoneInfo(zone), quiet) == after


def test_a_copy_is_due_after_the_night_of_its_reader() -> None:
    edition_settings = EditionSettings(6, 0.05, 1200, "thursday 08:00", "UTC", False, "21:00-07:00")
    assert edition_settings.due_at("2026-W48", "Europe/Berlin").hour == 8
    assert edition_settings.due_at("2026-W48", "America/Los_Angeles").hour == 15  # 07:00 there
    assert edition_settings.due_at("2026-W48", None).hour == 8
