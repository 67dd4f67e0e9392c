"""The texts of a story: the one list of what an editor writes about it.

A brief, a story cut from it, the ranker's story and what a copy shows are each a ``StoryText`` with
more beside it; the tables have a column for each of its fields.
"""

from dataclasses import dataclass
from typing import Any

PROSE = ("summary", "takeaway")
"""Fields that are one text."""
LISTS = ("insights", "principles", "practice", "code_references")
"""Fields that are lists of points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryText:
    """What there is to read of a story. ``url`` is where it is from, None when unknown."""

    title: str
    summary: str = ""
    takeaway: str = ""
    insights: tuple[str, ...] = ()
    principles: tuple[str, ...] = ()
    practice: tuple[str, ...] = ()
    code_references: tuple[str, ...] = ()
    url: str | None = None


def texts(value: object) -> dict[str, Any]:
    """The fields of a ``StoryText`` by name, of one or of a row of the store."""
    plain = {name: getattr(value, name) for name in ("title", *PROSE, "url")}
    return plain | {name: tuple(getattr(value, name)) for name in LISTS}
