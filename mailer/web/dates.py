"""Days and moments as the operators' pages show them: in English, on the newsletter's clocks."""

from datetime import date, datetime

from recommender.settings import Settings


def day(one: date) -> str:
    """``26 November 2026``."""
    return f"{one.day} {one:%B %Y}"


def moment(settings: Settings, one: datetime) -> str:
    """``Thursday, 26 November 2026, 08:00 (Europe/Berlin)``."""
    local = one.astimezone(settings.zone)
    return f"{local:%A}, {day(local)}, {local:%H:%M} ({settings.timezone})"


def short(settings: Settings, one: datetime) -> str:
    """``26 Nov 2026, 08:00``, for lists."""
    return f"{short_day(settings, one)}, {one.astimezone(settings.zone):%H:%M}"


def short_day(settings: Settings, one: datetime) -> str:
    """``26 Nov 2026``."""
    local = one.astimezone(settings.zone)
    return f"{local.day} {local:%b %Y}"


def span(settings: Settings, first: datetime, last: datetime) -> str:
    """``on Thursday, 26 November 2026, 08:00–08:04 (Europe/Berlin)``, or from one day until
    another."""
    begin, end = first.astimezone(settings.zone), last.astimezone(settings.zone)
    if begin.date() != end.date():
        return f"from {begin:%A}, {day(begin)}, {begin:%H:%M} until {moment(settings, last)}"
    until = f"–{end:%H:%M}" if f"{begin:%H:%M}" != f"{end:%H:%M}" else ""
    return f"on {begin:%A}, {day(begin)}, {begin:%H:%M}{until} ({settings.timezone})"
