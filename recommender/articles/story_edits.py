"""What editors have said of one story, as a value: what it replaces, what limits it, in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from recommender.models import EditKind
from recommender.story_text import LISTS, PROSE, Image

PARTS = (*PROSE, *LISTS, "image")
"""Edits of the texts and the picture, as ``StoryText`` names them."""


class Pin(NamedTuple):
    """A story is a must-read of ``newsletter`` in ``period``, for the readers of ``segment``; None:
    of every one, in every one, for everybody."""

    period: str | None = None
    segment: str | None = None
    newsletter: str | None = None

    def holds(self, newsletter: str | None, period: str | None) -> bool:
        """Whether it is for the edition of ``period`` of ``newsletter``; None: of any."""
        return (period is None or self.period in (None, period)) and (
            newsletter is None or self.newsletter in (None, newsletter)
        )

    def words(self) -> str:
        """``pinned for chiefs in weekly-2026-W48``."""
        edition = "-".join(name for name in (self.newsletter, self.period) if name)
        whom = f" for {self.segment}" if self.segment else ""
        return f"pinned{whom} in {edition}" if edition else f"pinned{whom}"


ALWAYS = Pin()


@dataclass(slots=True)
class StoryEdits:
    """What editors have said of one story; None where they have said nothing. ``parts`` are its
    texts and its picture, by field of ``StoryText``, where editors have said something of them."""

    title: str | None = None
    parts: dict[str, Any] = field(default_factory=dict)
    topics: list[str] | None = None
    roles: list[str] | None = None
    url: str | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    held: bool = False
    held_until: datetime | None = None
    pins: list[Pin] = field(default_factory=list)

    def open_at(self, now: datetime) -> bool:
        """Whether the story may be chosen at ``now``."""
        if self.held and (self.held_until is None or now < self.held_until):
            return False
        if self.not_before is not None and now < self.not_before:
            return False
        return self.not_after is None or now <= self.not_after

    def words(self, now: datetime) -> Iterator[str]:
        """What editors have said, a few words each."""
        for kind, value in (("title", self.title), ("url", self.url)):
            if value is not None:
                yield f"{kind}: {value}"
        for name, value in self.parts.items():
            yield f"{name.replace('_', ' ')} {'edited' if value else 'left out'}"
        for kind, names in (("topics", self.topics), ("roles", self.roles)):
            if names is not None:
                yield f"{kind}: {', '.join(names)}"
        yield from self.limits(now)

    def limits(self, now: datetime) -> Iterator[str]:
        """When and for whom it may or must be chosen, a few words each."""
        if self.not_before is not None:
            yield f"not before {self.not_before:%Y-%m-%d %H:%M}"
        if self.not_after is not None:
            yield f"not after {self.not_after:%Y-%m-%d %H:%M}"
        if self.held and self.held_until is None:
            yield "held"
        elif self.held_until is not None and now < self.held_until:
            yield f"held until {self.held_until:%Y-%m-%d %H:%M}"
        for pin in self.pins:
            yield pin.words()

    def replaced(self) -> dict[str, Any]:
        """Fields of a ``StoryText`` that editors have replaced, with their values."""
        address = {"title": self.title, "url": self.url}
        return {name: value for name, value in address.items() if value is not None} | self.parts

    def replaced_in_document(self) -> dict[str, Any]:
        """The same for a document: the picture as JSON has it."""
        replaced = self.replaced()
        if (image := replaced.get("image")) is not None:
            replaced["image"] = image.document()
        return replaced

    @property
    def edited(self) -> bool:
        """Whether copies say something else than its source."""
        return bool(self.replaced()) or self.topics is not None or self.roles is not None

    def labels(
        self, names: Sequence[str] | None, source: Mapping[str, float]
    ) -> Mapping[str, float]:
        """Topics or roles with their weights: the editor's ``names`` in full, if there are any, or
        those of the source."""
        return source if names is None else dict.fromkeys(names, 1.0)

    def pinned(self, newsletter: str | None, period: str | None) -> bool:
        """Whether it is a must-read for everybody in that edition; None: of any."""
        return any(pin.segment is None and pin.holds(newsletter, period) for pin in self.pins)

    def pinned_for(self, newsletter: str | None, period: str | None) -> frozenset[str]:
        """The segments for whose readers it is a must-read in that edition."""
        found = (pin.segment for pin in self.pins if pin.holds(newsletter, period))
        return frozenset(segment for segment in found if segment)


def part(kind: str, value: Any) -> Any:
    """What an edit of a text or picture holds, as a ``StoryText`` has it."""
    if kind == EditKind.IMAGE:
        return Image.from_document(value) if value else None
    return tuple(value) if kind in LISTS else value


UNEDITED = StoryEdits()
