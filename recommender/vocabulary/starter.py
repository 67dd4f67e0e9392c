"""The vocabulary every store starts with: ``topics.toml`` and ``roles.toml`` beside this module,
and in ``topic_names.toml`` what topics are called in other languages.

Installing it again adds what is new, names in other languages too, and fills definitions that are
still empty. It never changes what an administrator wrote, added, renamed, merged, split or removed;
a name that means something already keeps its meaning.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender import corrections
from recommender.models import Base
from recommender.ranking.values import Term, Vocabulary
from recommender.storage import bulk
from recommender.vocabulary import shipped, translations
from recommender.vocabulary.names import fold, tidy
from recommender.vocabulary.terms import TABLES, Kind, find


def read() -> Vocabulary:
    """The starter topics and roles as they are shipped."""
    return Vocabulary(topics=_read("topic"), roles=_read("role"))


def install_starter(session: Session) -> None:
    """Bring the starter topics and roles into the store."""
    _install(session, "topic", _read("topic"))
    _install(session, "role", _read("role"))


def _read(kind: Kind) -> tuple[Term, ...]:
    translated = translations.by_topic() if kind == "topic" else {}
    return tuple(_term(entry, translated) for entry in shipped.document(f"{kind}s.toml")[kind])


def _term(entry: dict[str, Any], translated: Mapping[str, tuple[str, ...]]) -> Term:
    return Term(
        name=tidy(entry["name"]),
        definition=" ".join(entry.get("definition", "").split()),
        aliases=tuple(tidy(name) for name in entry.get("aliases", ())),
        related=tuple(tidy(name) for name in entry.get("related", ())),
        translations=translated.get(fold(entry["name"]), ()),
    )


def _install(session: Session, kind: Kind, terms: tuple[Term, ...]) -> None:
    tables = TABLES[kind]
    named = tables.named
    before = set(find(session, kind, [fold(term.name) for term in terms]))
    gone = {fold(name) for name in corrections.taken_out(session, kind)}
    new = [term for term in terms if fold(term.name) not in before | gone]
    if new:
        rows = [
            {
                "key": fold(term.name),
                "name": term.name,
                "definition": term.definition,
                "related": list(term.related),
                "offered": True,
            }
            for term in new
        ]
        session.execute(bulk.insert(session, named).on_conflict_do_nothing(), rows)
    kept = [term for term in terms if fold(term.name) in before - gone]
    _fill(session, kind, kept)
    _add_aliases(session, kind, new)
    _add_aliases(session, kind, [replace(term, aliases=()) for term in kept if term.translations])


def _fill(session: Session, kind: Kind, terms: list[Term]) -> None:
    """Define, and offer, what an import added before: only where nothing has been written yet."""
    named = TABLES[kind].named
    table = Base.metadata.tables[named.__tablename__]
    blank = sa.select(named.key).where(
        named.definition == "", named.key.in_([fold(term.name) for term in terms])
    )
    empty = set(session.scalars(blank))
    rows = [
        {
            "known": fold(term.name),
            "text": term.definition,
            "others": list(term.related),
        }
        for term in terms
        if fold(term.name) in empty and term.definition
    ]
    if rows:
        statement = (
            sa.update(table)
            .where(table.c.key == sa.bindparam("known"))
            .values(
                definition=sa.bindparam("text"), related=sa.bindparam("others"), offered=sa.true()
            )
        )
        session.connection().execute(statement, rows)
        _add_aliases(session, kind, [term for term in terms if fold(term.name) in empty])


def _add_aliases(session: Session, kind: Kind, terms: list[Term]) -> None:
    """Aliases that do not mean anything yet; the first term that claims one has it."""
    tables = TABLES[kind]
    owners = find(session, kind, [fold(term.name) for term in terms])
    wanted: dict[str, dict[str, Any]] = {}
    for term in terms:
        for other in (*term.aliases, *term.translations):
            row = {"key": fold(other), "name": other, tables.column: owners[fold(term.name)]}
            wanted.setdefault(fold(other), row)
    taken = find(session, kind, wanted)
    rows = [row for key, row in wanted.items() if key and key not in taken]
    if rows:
        session.execute(bulk.insert(session, tables.aliases).on_conflict_do_nothing(), rows)
