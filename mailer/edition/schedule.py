"""When: periods, a newsletter's hour in each, and what that hour is for each reader.

Pure calendar arithmetic on aware times; it reads no clock. An hour that a change to summer time
leaves out is taken at the first moment after the gap; one that happens twice, at its first.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from recommender.errors import NewsletterError
from recommender.settings import Settings, schedules
from recommender.settings.limits import Quiet
from recommender.settings.schedules import Cadence

EARLIEST = ZoneInfo("Etc/GMT-14")
"""Where every hour comes first (UTC+14): planning for readers' own hours begins there."""

WELCOME = "welcome-"
"""Before the ISO week in which readers confirmed: the period of their first issues."""
_WEEK, _MONTH = re.compile(r"(\d{4})-W(\d{2})"), re.compile(r"(\d{4})-(\d{2})")
FRIDAY = 4
_LONGEST = 70
"""Days: in any such time every schedule has an occurrence."""


def period_of(day: date, schedule: str) -> str:
    """The period of ``schedule`` that a day falls in: ``2026-11-27``, the ISO 8601 week
    ``2026-W48`` or the month ``2026-11``. A day on which, or a week in which, none is published
    belongs to the next one."""
    cadence = schedules.parse(schedule).cadence
    if cadence == Cadence.MONTHLY:
        return f"{day:%Y-%m}"
    if cadence == Cadence.DAILY:
        return day.isoformat()
    if cadence == Cadence.WEEKDAYS:
        weekend = day.weekday() > FRIDAY
        return (day + timedelta(days=7 - day.weekday() if weekend else 0)).isoformat()
    if cadence == Cadence.FORTNIGHTLY:
        day += timedelta(weeks=_week(day) % 2)
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def _week(day: date) -> int:
    """Weeks counted without end, so that every other one is every other one in any year."""
    return (day.toordinal() - 1) // 7


def check_period(period: str, schedule: str | None = None) -> str:
    """``period`` itself; NewsletterError when it is none, or none of ``schedule``."""
    first = first_day(period)
    if period.startswith(WELCOME):
        return period
    if schedule is not None and period_of(first, schedule) != period:
        like = period_of(first, schedule)
        raise NewsletterError(
            f"{period!r} is no period of a newsletter that comes {schedule!r}; "
            f"the nearest is {like}"
        )
    return period


def first_day(period: str) -> date:
    """The day on which a period begins; NewsletterError when it is none."""
    period = period.removeprefix(WELCOME)
    week, month = _WEEK.fullmatch(period), _MONTH.fullmatch(period)
    try:
        if week:
            return date.fromisocalendar(int(week[1]), int(week[2]), 1)
        if month:
            return date(int(month[1]), int(month[2]), 1)
        if len(period) == len("2026-11-27"):
            return date.fromisoformat(period)
    except ValueError:
        pass
    raise NewsletterError(f"{period!r} is not a week such as 2026-W48, a day or a month")


def publishing_day(settings: Settings, period: str) -> date:
    """The day an edition is of, in its copies and in the archive alike, whenever each copy went
    out: that of the newsletter's hour, on its own clock."""
    return occurrence(settings.schedule, period, settings.zone).astimezone(settings.zone).date()


def _day(schedule: str, period: str) -> date:
    """The day in ``period`` on which the newsletter comes."""
    first, weekday = first_day(period), schedules.parse(schedule).weekday
    return first if weekday is None else first + timedelta(days=(weekday - first.weekday()) % 7)


@lru_cache(maxsize=10_000)
def occurrence(schedule: str, period: str, zone: ZoneInfo) -> datetime:
    """When ``schedule`` (``thursday 08:00``) falls in ``period`` on the clocks of ``zone``: UTC."""
    return _on_the_clock(_day(schedule, period), hour_of(schedule), zone)


def hour_of(schedule: str) -> time:
    """The time of day at which the newsletter comes."""
    parsed = schedules.parse(schedule)
    return time(parsed.hour, parsed.minute)


def next_on_the_clock(
    moment: datetime, hour: time, zone: ZoneInfo, weekday: int | None = None
) -> datetime:
    """The first time from ``moment`` on that the clocks of ``zone`` show ``hour``, on a ``weekday``
    (Monday is 0) or on any day: UTC."""
    today = moment.astimezone(zone).date()
    for days in range(8):
        day = today + timedelta(days=days)
        if weekday is None or day.weekday() == weekday:
            found = _on_the_clock(day, hour, zone)
            if found >= moment:
                return found
    raise AssertionError("any weekday comes within eight days")


def day_begins(schedule: str, period: str, zone: ZoneInfo) -> datetime:
    """When the day of ``schedule`` begins in ``period`` on the clocks of ``zone``: UTC."""
    return _on_the_clock(_day(schedule, period), time(0), zone)


def month_of(period: str) -> tuple[int, int]:
    """The year and month a period counts to; of a week those of its Thursday, as ISO 8601 does for
    years."""
    day = first_day(period)
    if _WEEK.fullmatch(period.removeprefix(WELCOME)):
        day += timedelta(days=3)
    return day.year, day.month


def last_week_of(period: str) -> str:
    """The latest ISO week in which an edition of ``period`` may come out: of a month, that of its
    seventh day."""
    month = _MONTH.fullmatch(period)
    year, week, _ = (first_day(period) + timedelta(days=6 if month else 0)).isocalendar()
    return f"{year}-W{week:02}"


def after(period: str, schedule: str) -> str:
    """The period of ``schedule`` that comes after ``period``."""
    day = first_day(period)
    if period.startswith(WELCOME):
        period = period_of(day, schedule)
    while (found := period_of(day, schedule)) <= period:
        day += timedelta(days=1)
    return found


def weeks_between(earlier: str, later: str) -> int:
    """How many weeks the week of ``later`` comes after the week of ``earlier``."""
    return _week(first_day(later)) - _week(first_day(earlier))


def _on_the_clock(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """When the clocks of ``zone`` first show ``hour`` on that day, or would have: UTC."""
    local = datetime.combine(day, hour, zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        moment = _end_of_gap(moment, zone)
    return moment


def _end_of_gap(moment: datetime, zone: ZoneInfo) -> datetime:
    """The first minute at or before ``moment`` that has the offset ``moment`` has."""
    offset = moment.astimezone(zone).utcoffset()
    while (moment - timedelta(minutes=1)).astimezone(zone).utcoffset() == offset:
        moment -= timedelta(minutes=1)
    return moment


def publishing_zone(settings: Settings) -> ZoneInfo:
    """On whose clocks the newsletter's hour publishes an edition: its own, or with readers' own
    hours, those on which it comes first."""
    return EARLIEST if settings.local_time else settings.zone


def after_quiet(moment: datetime, zone: ZoneInfo, quiet: Quiet | None) -> datetime:
    """``moment``, or the end of the quiet hours it falls in on the clocks of ``zone``: UTC.

    ``21:00-07:00`` begins at 21:00 sharp and is over at 07:00 sharp.
    """
    if quiet is None:
        return moment
    start, end = quiet
    local = moment.astimezone(zone)
    clock = local.time()
    if not (start <= clock < end if start < end else clock >= start or clock < end):
        return moment
    day = local.date() + timedelta(days=clock >= end)
    over = _on_the_clock(day, end, zone)
    if over < moment:  # the clock shows the end twice, and has shown it once
        over = datetime.combine(day, end.replace(fold=1), zone).astimezone(UTC)
    return over


def latest(schedule: str, zone: ZoneInfo, now: datetime) -> tuple[str, datetime]:
    """The latest occurrence at or before ``now``: its period and its moment in UTC."""
    today = now.astimezone(zone).date()
    for days in range(_LONGEST):
        period = period_of(today - timedelta(days=days), schedule)
        moment = occurrence(schedule, period, zone)
        if moment <= now:
            return period, moment
    raise AssertionError("every schedule has an occurrence in ten weeks")


def upcoming(schedule: str, zone: ZoneInfo, now: datetime) -> tuple[str, datetime]:
    """The next occurrence after ``now``: its period and its moment in UTC."""
    today = now.astimezone(zone).date()
    for days in range(_LONGEST):
        period = period_of(today + timedelta(days=days), schedule)
        moment = occurrence(schedule, period, zone)
        if moment > now:
            return period, moment
    raise AssertionError("every schedule has an occurrence in ten weeks")
