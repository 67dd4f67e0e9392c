"""Edits: what editors say of a story, kept apart from its source, so that every import leaves it.

An edit holds from the moment it is made until it is ended or another of its kind takes its place.
Nothing is overwritten: the rows say who said what, and when. ``current`` gives the edits that held
at a moment, so that an edition planned then can be planned further as it began.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from recommender import vocabulary
from recommender.errors import NotFoundError
from recommender.models import Article, Edit, EditKind, Role, Story, Topic
from recommender.story_text import LISTS, PROSE, Image

NAMES: Mapping[EditKind, vocabulary.Kind] = {EditKind.TOPICS: "topic", EditKind.ROLES: "role"}
"""Edits that are lists of names, and the vocabulary they are from."""
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

    @property
    def bound(self) -> bool:
        """Whether there is a hold or a pin to be released."""
        return self.held or bool(self.pins)

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

    def marks(self, now: datetime) -> list[str]:
        """``edited``, if its source says something else, and what limits it, a few words each."""
        edited = self.replaced() or self.topics is not None or self.roles is not None
        limits = [one for one in self.words(now) if one.startswith(("held", "pinned", "not "))]
        return [*limits, *(["edited"] if edited else [])]

    def labels(
        self, names: Sequence[str] | None, source: Mapping[str, float]
    ) -> Mapping[str, float]:
        """Topics or roles with their weights: the editor's ``names`` in full, if there are any, or
        those of the source."""
        return source if names is None else dict.fromkeys(names, 1.0)

    def replaced(self) -> dict[str, Any]:
        """Fields of a ``StoryText`` that editors have replaced, with their values."""
        address = {"title": self.title, "url": self.url}
        return {name: value for name, value in address.items() if value is not None} | self.parts

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


def find(session: Session, identifier: str) -> Story:
    """The story with the id ``article/story``; of an article with one story, its own id will do.

    Raises NotFoundError when there is none, or when an article's id stands for several.
    """
    identifiers = identifier.split("/")
    for at in range(len(identifiers) - 1, 0, -1):  # either id may have a slash in it
        article, story = "/".join(identifiers[:at]), "/".join(identifiers[at:])
        query = sa.select(Story).join(Article).where(Article.key == article, Story.key == story)
        if (row := session.scalar(query.options(joinedload(Story.article)))) is not None:
            return row
    query = (
        sa.select(Story).join(Article).where(Article.key == identifier, Story.retired_at.is_(None))
    )
    rows = session.scalars(query.options(joinedload(Story.article)).order_by(Story.position)).all()
    if len(rows) == 1:
        return rows[0]
    if rows:
        raise NotFoundError(
            f"{identifier!r} has {len(rows)} stories: say which, such as {identifier}/{rows[0].key}"
        )
    raise NotFoundError(f"no story {identifier!r}; `newsletter stories list` shows those there are")


def source(story: Story) -> dict[EditKind, Any]:
    """What its source says of a story where an edit may replace it, as ``StoryEdits`` has it."""
    plain = {EditKind(name): getattr(story, name) for name in ("title", *PARTS)}
    return plain | {
        EditKind.URL: story.url or story.article.url,
        EditKind.TOPICS: [topic.topic.name for topic in story.topics],
        EditKind.ROLES: [role.role.name for role in story.roles],
    }


def make(
    session: Session,
    story: Story,
    kind: EditKind,
    value: Any = None,
    *,
    by: str,
    now: datetime,
    pin: Pin = ALWAYS,
) -> Edit:
    """Say something of a story; it takes the place of what was said of the same before. ``value``
    is JSON as ``Edit`` keeps it; ``pin`` says where a pin holds. Names go into the vocabulary when
    they are not in it yet."""
    if kind in NAMES:
        value = _names(session, kind, value)
    end(session, story, [kind], by=by, now=now, pin=pin)
    edit = Edit(story_id=story.id, kind=kind, value=value, made_by=by, made_at=now, **pin._asdict())
    session.add(edit)
    session.flush()
    return edit


def _names(session: Session, kind: EditKind, names: Collection[str]) -> list[str]:
    """The names as the vocabulary has them."""
    identifiers = vocabulary.ids(session, NAMES[kind], names)
    table = Topic if kind == EditKind.TOPICS else Role
    query = sa.select(table.id, table.name).where(table.id.in_(set(identifiers.values())))
    proper = {row_id: name for row_id, name in session.execute(query)}  # noqa: C416  (rows, typed)
    return list(dict.fromkeys(proper[identifiers[name]] for name in names))


def end(
    session: Session,
    story: Story,
    kinds: Collection[EditKind],
    *,
    by: str,
    now: datetime,
    pin: Pin = ALWAYS,
) -> int:
    """End what holds of these kinds, of a pin what holds just there; how many edits."""
    same = [getattr(Edit, name) == value for name, value in pin._asdict().items()]
    return _end(session, story, kinds, *same, by=by, now=now)


def pinned_already(session: Session, story: Story, pin: Pin) -> Edit | None:
    """The pin that makes ``pin`` needless: it holds wherever that would. The oldest of several."""
    pins = sa.select(Edit).where(
        Edit.story_id == story.id, Edit.kind == EditKind.PIN, Edit.ended_at.is_(None)
    )
    for row in session.scalars(pins.order_by(Edit.id)):
        if all(getattr(row, name) in (None, value) for name, value in pin._asdict().items()):
            return row
    return None


def release(session: Session, story: Story, *, by: str, now: datetime) -> int:
    """End every hold and pin of the story, of whatever period; how many there were."""
    return _end(session, story, (EditKind.HOLD, EditKind.PIN), by=by, now=now)


def _end(
    session: Session,
    story: Story,
    kinds: Collection[EditKind],
    *also: sa.ColumnElement[bool],
    by: str,
    now: datetime,
) -> int:
    query = sa.select(Edit).where(
        Edit.story_id == story.id, Edit.kind.in_(kinds), Edit.ended_at.is_(None), *also
    )
    rows = session.scalars(query).all()
    for row in rows:
        row.ended_at, row.ended_by = now, by
    session.flush()
    return len(rows)


def current(session: Session, now: datetime) -> Mapping[int, StoryEdits]:
    """The edits that hold at ``now``, by story id."""
    query = (
        sa.select(Edit)
        .where(Edit.made_at <= now, sa.or_(Edit.ended_at.is_(None), Edit.ended_at > now))
        .order_by(Edit.id)
    )
    edits: dict[int, StoryEdits] = {}
    for row in session.scalars(query):
        _apply(edits.setdefault(row.story_id, StoryEdits()), row)
    return edits


def _apply(edits: StoryEdits, row: Edit) -> None:
    match row.kind:
        case EditKind.TITLE:
            edits.title = row.value
        case _ if row.kind in PARTS:
            edits.parts[row.kind] = part(row.kind, row.value)
        case EditKind.TOPICS:
            edits.topics = row.value
        case EditKind.ROLES:
            edits.roles = row.value
        case EditKind.URL:
            edits.url = row.value
        case EditKind.NOT_BEFORE:
            edits.not_before = datetime.fromisoformat(row.value)
        case EditKind.NOT_AFTER:
            edits.not_after = datetime.fromisoformat(row.value)
        case EditKind.HOLD:
            edits.held = True
            edits.held_until = None if row.value is None else datetime.fromisoformat(row.value)
        case EditKind.PIN:
            edits.pins.append(Pin(row.period, row.segment, row.newsletter))


def history(session: Session, story_id: int) -> list[Edit]:
    """All that was ever said of a story, the latest last."""
    query = sa.select(Edit).where(Edit.story_id == story_id).order_by(Edit.id)
    return list(session.scalars(query))
