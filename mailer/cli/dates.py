"""Dates and moments that are given as options."""

from datetime import date, datetime, time

from mailer.cli.common import Invocation
from recommender.errors import InputError


def moment(run: Invocation, option: str, text: str | None, *, end: bool = False) -> str | None:
    """A date or moment to come as ISO 8601 in the newsletter's zone; a date is its first moment, or
    with ``end`` its last. None and an empty text stay as they are. InputError when it is none, or
    past."""
    if not text:
        return text
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            option, None, f"{text!r} is no date; write it as 2026-12-01 or 2026-12-01T08:00"
        ) from None
    if end and len(text) <= len("2026-12-01"):
        found = datetime.combine(found.date(), time.max, found.tzinfo)
    if found.tzinfo is None:
        found = found.replace(tzinfo=run.settings.zone)
    if found < run.now:
        raise InputError(option, None, f"{found:%Y-%m-%d %H:%M} is past; name a time to come")
    return found.isoformat()


def day(option: str, text: str | None) -> date | None:
    """A day; InputError when it is none."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(option, None, f"{text!r} is no date; write it as 2026-12-01") from None
