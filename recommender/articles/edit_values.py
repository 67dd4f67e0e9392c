"""What editors give for an edit of a story, checked: texts as they type them, values as an ``Edit``
keeps them."""

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from recommender.articles import fields, story_edits
from recommender.models import EditKind
from recommender.story_text import LISTS, Image

DATE = "2026-12-01"
NOTHING = "none"
"""What is typed for a text or picture that the story is to go without."""
LONGEST = 5_000
"""Characters of a text, or of all points of one field."""


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


def prose(text: str) -> str:
    """A text of some sentences, its paragraphs kept. ValueError when it is a whole article."""
    found = fields.paragraphs(text)
    if len(found) > LONGEST:
        raise ValueError(f"is {len(found)} characters long; at most {LONGEST:,} are taken")
    return found


def points(text: str) -> list[str]:
    """Points, one a line; blank lines and marks of a list are left out."""
    lines = (line.removeprefix("- ").removeprefix("* ") for line in prose(text).split("\n"))
    return [line.strip() for line in lines if line.strip()]


def picture(url: str, alt: str, before: Image | None) -> dict[str, Any]:
    """A picture as an ``Edit`` keeps it: of the address ``before`` it has the same size. ValueError
    when the address is none that mail programs load."""
    address = fields.web_address(url.strip())
    if not address.startswith("https://"):
        raise ValueError(f"{address!r} must begin with https://, or no copy shows it")
    size = {} if before is None or before.url != address else before.document()
    shown = Image.from_document(size | {"url": address, "alt": fields.alt_text(alt)})
    return shown.document()


def typed(kind: EditKind, value: Any, zone: ZoneInfo) -> str:
    """What an edit or a source holds, as ``checked`` takes it; of a picture its address."""
    if value is None:
        return ""
    if not value:
        return NOTHING if kind in story_edits.PARTS else ""
    match kind:
        case EditKind.TOPICS | EditKind.ROLES:
            return ", ".join(value)
        case EditKind.IMAGE:
            return str(value.url)
        case EditKind.NOT_BEFORE | EditKind.NOT_AFTER:
            return f"{value.astimezone(zone):%Y-%m-%dT%H:%M}"
        case _ if kind in LISTS:
            return "\n".join(value)
        case _:
            return str(value)


def checked(kind: EditKind, text: str, zone: ZoneInfo, now: datetime) -> Any:
    """The value of an edit of this kind; None for an empty text, which takes the edit back. Of a
    picture it is the value without its alternative text. ValueError says what is wrong."""
    text = text.strip()
    if not text:
        return None
    if kind in story_edits.PARTS and text.casefold() == NOTHING:
        return [] if kind in LISTS else {} if kind == EditKind.IMAGE else ""
    match kind:
        case EditKind.TITLE:
            return fields.title(text)
        case EditKind.URL:
            return fields.web_address(text)
        case EditKind.IMAGE:
            return picture(text, "", None)
        case EditKind.SUMMARY | EditKind.TAKEAWAY:
            return prose(text)
        case EditKind.TOPICS | EditKind.ROLES:
            return names(text)
        case _ if kind in LISTS:
            return points(text)
        case _:
            return moment(text, zone, now, end=kind == EditKind.NOT_AFTER)
