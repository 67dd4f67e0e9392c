"""When: periods, a newsletter's weekly hour, and what that hour is for each reader.

Pure calendar arithmetic on aware times; it reads no clock. An hour that a change to summer time
leaves out is taken at the first moment after the gap; one that happens twice, at its first.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from recommender.errors import NewsletterError
from recommender.settings import weekday_and_time
from recommender.settings.limits import Quiet

EARLIEST = ZoneInfo("Etc/GMT-14")
"""Where every hour comes first (UTC+14): planning for readers' own hours begins there."""

_PERIOD = re.compile(r"(\d{4})-W(\d{2})")


def period_of(day: date) -> str:
    """The ISO 8601 week a day falls in, such as ``2026-W48``."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def check_period(period: str) -> str:
    """``period`` itself; NewsletterError when it names no ISO week."""
    _monday(period)
    return period


def _monday(period: str) -> date:
    match = _PERIOD.fullmatch(period)
    if match:
        try:
            return date.fromisocalendar(int(match[1]), int(match[2]), 1)
        except ValueError:
            pass
    raise NewsletterError(f"{period!r} is not a week such as 2026-W48")


@lru_cache(maxsize=10_000)
def occurrence(schedule: str, period: str, zone: ZoneInfo) -> datetime:
    """When ``schedule`` (``thursday 08:00``) falls in ``period`` on the clocks of ``zone``: UTC."""
    weekday, hour, minute = weekday_and_time(schedule)
    return _on_the_clock(_monday(period) + timedelta(days=weekday), time(hour, minute), zone)


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
    weekday, _, _ = weekday_and_time(schedule)
    return _on_the_clock(_monday(period) + timedelta(days=weekday), time(0), zone)


def month_of(period: str) -> tuple[int, int]:
    """The year and month a week counts to: those of its Thursday, as ISO 8601 does for years."""
    thursday = _monday(period) + timedelta(days=3)
    return thursday.year, thursday.month


def after(period: str) -> str:
    """The week after ``period``."""
    return period_of(_monday(period) + timedelta(weeks=1))


def weeks_between(earlier: str, later: str) -> int:
    """How many weeks ``later`` comes after ``earlier``."""
    return (_monday(later) - _monday(earlier)).days // 7


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
    for days in (0, 7, 14):
        period = period_of(today - timedelta(days=days))
        moment = occurrence(schedule, period, zone)
        if moment <= now:
            return period, moment
    raise AssertionError("a weekly schedule has an occurrence in any fortnight")


def upcoming(schedule: str, zone: ZoneInfo, now: datetime) -> tuple[str, datetime]:
    """The next occurrence after ``now``: its period and its moment in UTC."""
    today = now.astimezone(zone).date()
    for days in (0, 7, 14):
        period = period_of(today + timedelta(days=days))
        moment = occurrence(schedule, period, zone)
        if moment > now:
            return period, moment
    raise AssertionError("a weekly schedule has an occurrence in any fortnight")
