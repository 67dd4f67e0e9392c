"""Edits: what editors say of a story, kept apart from its source, so that every import leaves it.

An edit holds from the moment it is made until it is ended or another of its kind takes its place.
Nothing is overwritten: the rows say who said what, and when. ``current`` gives the edits that held
at a moment, so that an edition planned then can be planned further as it began.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from recommender import vocabulary
from recommender.articles.story_edits import ALWAYS, PARTS, Pin, StoryEdits, part
from recommender.errors import NotFoundError
from recommender.models import Article, Edit, EditKind, Role, Story, Topic

NAMES: Mapping[EditKind, vocabulary.Kind] = {EditKind.TOPICS: "topic", EditKind.ROLES: "role"}
"""Edits that are lists of names, and the vocabulary they are from."""


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
