"""Topics and roles in the store: found by name or alias, added when unknown, loaded.

Both kinds work alike, so every function takes the kind. Names are compared as ``fold`` says. A
name or alias means one thing only; what would make it mean two is a ``ConflictError``.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from recommender.errors import ConflictError, NotFoundError
from recommender.models import (
    Role,
    RoleAlias,
    StoryRole,
    StoryTopic,
    SubscriberRole,
    SubscriberTopic,
    Topic,
    TopicAlias,
)
from recommender.ranking.values import Term, Vocabulary
from recommender.storage import bulk
from recommender.vocabulary import translations
from recommender.vocabulary.names import fold, tidy

Kind = Literal["topic", "role"]
LIKENESS = 0.7
"""Of two names, from which on one may be meant by the other (``difflib``'s ratio, 0 to 1)."""
BATCH = 500
"""Names asked for in one statement."""


@dataclass(frozen=True)
class Tables:
    """Where one kind of name is kept, and who refers to it."""

    named: type[Topic | Role]
    aliases: type[TopicAlias | RoleAlias]
    target: InstrumentedAttribute[int]
    column: str
    users: tuple[type[Any], ...]  # Any: association tables share no base but Base


TABLES: Mapping[Kind, Tables] = {
    "topic": Tables(
        Topic, TopicAlias, TopicAlias.topic_id, "topic_id", (StoryTopic, SubscriberTopic)
    ),
    "role": Tables(Role, RoleAlias, RoleAlias.role_id, "role_id", (StoryRole, SubscriberRole)),
}


def topic_ids(session: Session, names: Iterable[str]) -> dict[str, int]:
    """The row id of each topic, by the name as given; unknown ones are added."""
    return ids(session, "topic", names)


def role_ids(session: Session, names: Iterable[str]) -> dict[str, int]:
    """The row id of each role, by the name as given; unknown ones are added."""
    return ids(session, "role", names)


def ids(session: Session, kind: Kind, names: Iterable[str]) -> dict[str, int]:
    """Row ids by name or alias as given; unknown names are added. Blank names are left out."""
    wanted = {name: fold(name) for name in names}
    written = {key: tidy(name) for name, key in sorted(wanted.items(), reverse=True) if key}
    known = find(session, kind, written)
    unknown = [key for key in written if key not in known]
    if unknown:
        rows = [
            {"key": key, "name": written[key], "definition": "", "related": [], "offered": False}
            for key in sorted(unknown)
        ]
        statement = bulk.insert(session, TABLES[kind].named)
        session.execute(statement.on_conflict_do_nothing(), rows)
        known |= find(session, kind, unknown)
    return {name: known[key] for name, key in wanted.items() if key}


def find(session: Session, kind: Kind, keys: Iterable[str]) -> dict[str, int]:
    """Row ids by folded name or alias; unknown keys are left out. A name wins over an alias."""
    tables = TABLES[kind]
    ordered = sorted(set(keys))
    found: dict[str, int] = {}
    for start in range(0, len(ordered), BATCH):
        some = ordered[start : start + BATCH]
        aliases = sa.select(tables.aliases.key, tables.target).where(tables.aliases.key.in_(some))
        found.update(session.execute(aliases).all())
        names = sa.select(tables.named.key, tables.named.id).where(tables.named.key.in_(some))
        found.update(session.execute(names).all())
    return found


def add(
    session: Session,
    kind: Kind,
    name: str,
    *,
    definition: str = "",
    aliases: Sequence[str] = (),
    related: Sequence[str] = (),
) -> int:
    """Add a topic or role, or change the one known by that name; returns its row id. Readers are
    offered it.

    What is not given stays as it is. Raises ConflictError when an alias already means another.
    """
    key = fold(name)
    if not key:
        raise ConflictError(f"a {kind} needs a name")
    identifier = ids(session, kind, [name])[name]
    changes: dict[str, Any] = {"offered": True}
    if definition.strip():
        changes["definition"] = definition.strip()
    if related:
        changes["related"] = [tidy(other) for other in related]
    change(session, kind, identifier, **changes)
    for other in aliases:
        alias(session, kind, name, other)
    return identifier


def set_offered(session: Session, kind: Kind, name: str, *, offered: bool) -> None:
    """Let readers choose the topic or role ``name`` on the pages, or no more; who has chosen it
    keeps it. NotFoundError when unknown."""
    change(session, kind, required(session, kind, name), offered=offered)


def offered(session: Session, kind: Kind) -> frozenset[str]:
    """The names that readers can choose on the pages."""
    named = TABLES[kind].named
    return frozenset(session.scalars(sa.select(named.name).where(named.offered)))


def change(session: Session, kind: Kind, identifier: int, **changes: object) -> None:
    """Set columns of the topic or role with this row id."""
    named = TABLES[kind].named
    session.execute(sa.update(named).where(named.id == identifier).values(**changes))


def alias(session: Session, kind: Kind, name: str, other: str) -> None:
    """Let ``other`` mean the topic or role ``name``; nothing happens when it already does.

    Raises NotFoundError for an unknown name, ConflictError when ``other`` means something else.
    """
    identifier = required(session, kind, name)
    key = fold(other)
    if not key:
        raise ConflictError(f"an alias of the {kind} {name!r} needs a name")
    meaning = find(session, kind, [key]).get(key)
    if meaning == identifier:
        return
    if meaning is not None:
        raise ConflictError(
            f"{other!r} already means the {kind} {name_of(session, kind, meaning)!r}; "
            f"`newsletter {kind}s merge` makes two {kind}s one"
        )
    tables = TABLES[kind]
    row = {"key": key, "name": tidy(other), tables.column: identifier}
    session.execute(sa.insert(tables.aliases), [row])


def load(session: Session) -> Vocabulary:
    """All topics and roles with their aliases, in the order of their names."""
    return Vocabulary(topics=_terms(session, "topic"), roles=_terms(session, "role"))


def _terms(session: Session, kind: Kind) -> tuple[Term, ...]:
    tables = TABLES[kind]
    aliases: dict[int, list[str]] = {}
    translated: dict[int, list[str]] = {}
    foreign = translations.folded() if kind == "topic" else frozenset()
    query = sa.select(tables.target, tables.aliases.name, tables.aliases.key)
    for identifier, other, key in session.execute(query.order_by(tables.aliases.key)):
        (translated if key in foreign else aliases).setdefault(identifier, []).append(other)
    named = tables.named
    rows = session.execute(
        sa.select(named.id, named.name, named.definition, named.related).order_by(named.key)
    )
    return tuple(
        Term(
            name,
            definition,
            tuple(aliases.get(identifier, ())),
            tuple(related),
            tuple(translated.get(identifier, ())),
        )
        for identifier, name, definition, related in rows
    )


def nearest(
    session: Session, kind: Kind, keys: Iterable[str], *, offered_only: bool = False
) -> dict[str, str]:
    """The known, or the offered, name nearest to each folded name; of those that have one."""
    wanted = list(keys)
    if not wanted:
        return {}
    named = TABLES[kind].named
    known = offered(session, kind) if offered_only else session.scalars(sa.select(named.name))
    names = {fold(name): name for name in sorted(known)}
    found = {key: difflib.get_close_matches(key, names, 1, LIKENESS) for key in wanted}
    return {key: names[near[0]] for key, near in found.items() if near}


def required(session: Session, kind: Kind, name: str) -> int:
    """The row id of the topic or role ``name``; NotFoundError when there is none."""
    key = fold(name)
    identifier = find(session, kind, [key]).get(key)
    if identifier is None:
        near = nearest(session, kind, [key])
        guess = f"did you mean {near[key]!r}? " if near else ""
        raise NotFoundError(
            f"no {kind} {name!r}; {guess}`newsletter {kind}s list` shows those there are"
        )
    return identifier


def name_of(session: Session, kind: Kind, identifier: int) -> str:
    """The name of the topic or role with this row id."""
    named = TABLES[kind].named
    found: str = session.scalars(sa.select(named.name).where(named.id == identifier)).one()
    return found
