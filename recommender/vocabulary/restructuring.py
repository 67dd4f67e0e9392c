"""Merges, splits and removes topics and roles, with all that refers to them; and counts that first.

Stories and readers move in sets. The caller commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender.errors import ConflictError
from recommender.models import Edit, EditKind, SubscriberTopic
from recommender.storage import bulk
from recommender.vocabulary.names import fold
from recommender.vocabulary.terms import TABLES, Kind, change, ids, name_of, required

_EDITS = {"topic": EditKind.TOPICS, "role": EditKind.ROLES}


@dataclass(frozen=True)
class Usage:
    """What refers to a topic or role: ``readers`` who chose it (of them ``muted``: who want nothing
    of it), ``stories``, ``aliases``, and ``edits`` of stories that name it."""

    readers: int
    muted: int
    stories: int
    aliases: int
    edits: int


def usage(session: Session, kind: Kind, name: str) -> Usage:
    """What refers to the topic or role ``name``; NotFoundError when there is none."""
    tables, identifier = TABLES[kind], required(session, kind, name)
    stories, readers = tables.users
    by_story = getattr(stories, tables.column) == identifier
    by_reader = getattr(readers, tables.column) == identifier
    muted = 0
    if kind == "topic":
        muted = _number(session, SubscriberTopic, by_reader, SubscriberTopic.weight < 0)
    return Usage(
        readers=_number(session, readers, by_reader),
        muted=muted,
        stories=_number(session, stories, by_story),
        aliases=_number(session, tables.aliases, tables.target == identifier),
        edits=_edits(session, kind, identifier),
    )


def _number(session: Session, table: type, *conditions: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(table).where(*conditions)
    return session.scalar(query) or 0


def _edits(session: Session, kind: Kind, identifier: int) -> int:
    key = fold(name_of(session, kind, identifier))
    values = sa.select(Edit.value).where(Edit.kind == _EDITS[kind], Edit.ended_at.is_(None))
    return sum(key in map(fold, names) for names in session.scalars(values))


def merge(session: Session, kind: Kind, source: str, target: str) -> None:
    """Make ``source`` a part of ``target``: stories, readers and aliases move to it, and its name
    stays as an alias.

    A story that had both keeps the greater weight. A reader who had both keeps the lesser when one
    of them is below zero, so that what was muted stays out, and the greater otherwise.
    """
    tables = TABLES[kind]
    old, new = required(session, kind, source), required(session, kind, target)
    if old == new:
        raise ConflictError(f"{source!r} and {target!r} are the same {kind} already")
    name = name_of(session, kind, old)
    if session.scalar(sa.select(tables.named.offered).where(tables.named.id == old)):
        change(session, kind, new, offered=True)
    for users in tables.users:
        _copy(session, users.__table__, tables.column, old, new)
    session.execute(
        sa.update(tables.aliases).where(tables.target == old).values({tables.column: new})
    )
    _delete(session, kind, old)
    row = {"key": fold(name), "name": name, tables.column: new}
    session.execute(bulk.insert(session, tables.aliases).on_conflict_do_nothing(), [row])
    session.expire_all()


def split(session: Session, kind: Kind, name: str, parts: Sequence[str]) -> None:
    """Give whoever has ``name`` all of ``parts`` in its place, readers and stories with the weight
    they had; parts that are unknown are added, offered as it was. It stays when it is one of them.

    Weights of a part that was there already as in ``merge``. An alias of ``name`` that is one of
    ``parts`` becomes a term of its own; the others go with it, since they cannot mean several.
    ConflictError for fewer than two different parts.
    """
    tables, old = TABLES[kind], required(session, kind, name)
    offered = session.scalar(sa.select(tables.named.offered).where(tables.named.id == old))
    keys = [fold(part) for part in parts]
    session.execute(  # an alias becomes a term of its own
        sa.delete(tables.aliases).where(tables.target == old, tables.aliases.key.in_(keys))
    )
    into = sorted(set(ids(session, kind, parts).values()))
    if len(into) < 2:
        raise ConflictError(f"a {kind} is split into two or more; repeat --into")
    for new in into:
        if offered:
            change(session, kind, new, offered=True)
        for users in tables.users:
            if new != old:
                _copy(session, users.__table__, tables.column, old, new)
    if old not in into:
        _delete(session, kind, old)
    session.expire_all()


def remove(session: Session, kind: Kind, name: str) -> None:
    """Take ``name`` and its aliases out of the vocabulary, from all readers and stories."""
    _delete(session, kind, required(session, kind, name))
    session.expire_all()


def _delete(session: Session, kind: Kind, identifier: int) -> None:
    tables = TABLES[kind]
    for users in tables.users:
        session.execute(sa.delete(users).where(getattr(users, tables.column) == identifier))
    session.execute(sa.delete(tables.aliases).where(tables.target == identifier))
    session.execute(sa.delete(tables.named).where(tables.named.id == identifier))


def stronger_weight(one: float, other: float) -> float:
    """The weight that holds when two interests become one: the lesser when one of them is below
    zero, so that what was muted stays out, and the greater otherwise."""
    return min(one, other) if min(one, other) < 0 else max(one, other)


def _copy(session: Session, table: sa.Table, column: str, old: int, new: int) -> None:
    """Add rows of ``new`` like those of ``old``, in sets; where both exist one weight is kept."""
    others = [item for item in table.columns if item.name != column]
    select = sa.select(*others, sa.literal(new).label(column)).where(table.c[column] == old)
    names = [item.name for item in others]
    statement = bulk.insert(session, table).from_select([*names, column], select)
    if "weight" in table.c:
        kept, moved = table.c.weight, statement.excluded.weight
        lesser = sa.case((kept < moved, kept), else_=moved)
        greater = sa.case((kept > moved, kept), else_=moved)
        weight = sa.case((sa.or_(kept < 0, moved < 0), lesser), else_=greater)
        keys = [item.name for item in table.primary_key]
        statement = statement.on_conflict_do_update(index_elements=keys, set_={"weight": weight})
    else:
        statement = statement.on_conflict_do_nothing()
    session.execute(statement)
