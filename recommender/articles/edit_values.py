"""What editors give for an edit of a story, checked: texts as they type them, values as an ``Edit``
keeps them."""

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from recommender.articles import fields
from recommender.models import EditKind

DATE = "2026-12-01"


def moment(text: str, zone: ZoneInfo, now: datetime, *, end: bool = False) -> str:
    """A date or moment to come as ISO 8601 on the clocks of ``zone``; a date is its first moment,
    or with ``end`` its last. ValueError when it is none, or past."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date; write it as {DATE} or {DATE}T08:00") from None
    if end and len(text) <= len(DATE):
        found = datetime.combine(found.date(), time.max, found.tzinfo)
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    if found < now:
        raise ValueError(f"{found:%Y-%m-%d %H:%M} is past; name a time to come")
    return found.isoformat()


def names(text: str) -> list[str]:
    """Names with commas between. ValueError for one that is none."""
    return [fields.name(one.strip()) for one in text.split(",") if one.strip()]


def checked(kind: EditKind, text: str, zone: ZoneInfo, now: datetime) -> Any:
    """The value of an edit of this kind; an empty text stays one, it takes the edit back.
    ValueError says what is wrong."""
    text = text.strip()
    if not text:
        return text
    match kind:
        case EditKind.TITLE:
            return fields.title(text)
        case EditKind.URL:
            return fields.web_address(text)
        case EditKind.TOPICS | EditKind.ROLES:
            return names(text)
        case _:
            return moment(text, zone, now, end=kind == EditKind.NOT_AFTER)
