"""The texts of a story, and its picture: the one list of what an editor writes about it.

A brief, a story cut from it, the ranker's story and what a copy shows are each a ``StoryText`` with
more beside it; the tables have a column for each of its fields.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

PROSE = ("summary", "takeaway")
"""Fields that are one text."""
LISTS = ("insights", "principles", "practice", "code_references")
"""Fields that are lists of points."""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture: its http(s) address, what it shows in words ('' when nobody said), and its size in
    CSS pixels, None when unknown."""

    url: str
    alt: str = ""
    width: int | None = None
    height: int | None = None

    def document(self) -> dict[str, Any]:
        """The same as JSON holds it; what is unknown is left out."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Image":
        """What ``document`` made; keys of later versions are left aside."""
        return cls(**{name: document[name] for name in cls.__slots__ if name in document})


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryText:
    """What there is to read of a story. ``url`` is where it is from, ``image`` its picture, None
    when unknown."""

    title: str
    summary: str = ""
    takeaway: str = ""
    insights: tuple[str, ...] = ()
    principles: tuple[str, ...] = ()
    practice: tuple[str, ...] = ()
    code_references: tuple[str, ...] = ()
    url: str | None = None
    image: Image | None = None


def texts(value: object) -> dict[str, Any]:
    """The fields of a ``StoryText`` by name, of one or of a row of the store."""
    plain = {name: getattr(value, name) for name in ("title", *PROSE, "url", "image")}
    return plain | {name: tuple(getattr(value, name)) for name in LISTS}


def says_something(value: object) -> bool:
    """Whether there is more to read of it than its title."""
    return any(getattr(value, name) for name in (*PROSE, *LISTS))
