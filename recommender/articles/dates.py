"""Reads dates as people write them, in English, German and French, and with the day first.

A date of three numbers of which either of the first two may be the month is refused: nobody can
tell what was meant.
"""

import re
from datetime import UTC, datetime

from recommender.articles import fields

_MONTHS = (
    "january jan januar jänner janvier janv",
    "february feb februar feber février fevrier févr fév",
    "march mar märz maerz mrz mars",
    "april apr avril avr",
    "may mai",
    "june jun juni juin",
    "july jul juli juillet juil",
    "august aug août aout",
    "september sep sept septembre",
    "october oct oktober okt octobre",
    "november nov novembre",
    "december dec dezember dez décembre decembre déc",
)
MONTHS = {word: number for number, names in enumerate(_MONTHS, 1) for word in names.split()}
_DAY = r"(?P<day>\d{1,2})(?:\.|st|nd|rd|th|er)?"
_NAMED = (
    re.compile(rf"{_DAY}[ -]{{1,2}}(?P<month>[^\W\d_]{{1,12}})\.?,?[ -]{{1,2}}(?P<year>\d{{4}})"),
    re.compile(rf"(?P<month>[^\W\d_]{{1,12}})\.? {_DAY},? (?P<year>\d{{4}})"),
)
_NUMBERS = re.compile(r"(\d{1,2})(?P<mark>[./-])(\d{1,2})(?P=mark)(\d{4})")
_CLOCK = re.compile(
    r",? (?:(?:um|at|à|@) )?(\d{1,2})(?::|h ?)(\d{2})(?::\d{2})?(?: ?uhr)?$", re.IGNORECASE
)
_WEEKDAY = re.compile(r"^[^\W\d_]{2,12}\.?,? (?=\d|[^\W\d_]{1,12}\.? \d)")
_LEADING = re.compile(r"^(?:le|am|den|on|the) ", re.IGNORECASE)


def moment(text: str, now: datetime) -> datetime:
    """A publication date or time in UTC, as ``fields.moment``; ValueError when it is none."""
    line = fields.one_line(text)[:100]
    found = _written(line)
    return fields.moment(text, now) if found is None else fields.plausible(found, now)


def _written(line: str) -> datetime | None:
    clock = _CLOCK.search(line)
    hour, minute = (int(clock[1]), int(clock[2])) if clock else (0, 0)
    day = line[: clock.start()] if clock else line
    day = _LEADING.sub("", day.strip())
    for bare in (day, _LEADING.sub("", _WEEKDAY.sub("", day))):
        date = _named(bare) or _numbers(bare)
        if date is not None:
            try:
                return datetime(*date, hour, minute, tzinfo=UTC)
            except ValueError as error:
                raise ValueError(f"{line[:60]!r} is no day of the calendar") from error
    return None


def _named(text: str) -> tuple[int, int, int] | None:
    for form in _NAMED:
        found = form.fullmatch(text.strip())
        month = MONTHS.get(found["month"].casefold()) if found else None
        if found and month:
            return int(found["year"]), month, int(found["day"])
    return None


def _numbers(text: str) -> tuple[int, int, int] | None:
    found = _NUMBERS.fullmatch(text.strip())
    if found is None:
        return None
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    if found["mark"] == "." or first > 12 or first == second:
        return year, second, first
    if second > 12:
        return year, first, second
    raise ValueError(
        f"{text!r} may be {year}-{second:02}-{first:02} or {year}-{first:02}-{second:02}; "
        "write one of these"
    )
