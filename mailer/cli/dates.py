"""Dates and moments that are given as options."""

from datetime import date

from mailer.cli.common import Invocation
from recommender.articles import edit_values
from recommender.errors import InputError


def moment(run: Invocation, option: str, text: str | None, *, end: bool = False) -> str | None:
    """A date or moment to come as ISO 8601 in the newsletter's zone; a date is its first moment, or
    with ``end`` its last. None and an empty text stay as they are. InputError when it is none, or
    past."""
    if not text:
        return text
    try:
        return edit_values.moment(text, run.settings.zone, run.now, end=end)
    except ValueError as error:
        raise InputError(option, None, str(error)) from None


def day(option: str, text: str | None) -> date | None:
    """A day; InputError when it is none."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(option, None, f"{text!r} is no date; write it as 2026-12-01") from None
