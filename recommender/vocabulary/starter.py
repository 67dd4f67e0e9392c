"""The vocabulary every store starts with: ``topics.toml`` and ``roles.toml`` beside this module.

Installing it again adds what is new and fills definitions that are still empty. It never changes
what an administrator wrote, added, renamed, merged, split or removed.
"""

import tomllib
from importlib import resources
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender import corrections
from recommender.errors import ConfigurationError
from recommender.models import Base
from recommender.ranking.values import Term, Vocabulary
from recommender.storage import bulk
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
    file = resources.files("recommender.vocabulary") / f"{kind}s.toml"
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"the vocabulary {kind}s.toml of this installation is damaged: {error}; reinstall it"
        ) from error
    return tuple(_term(entry) for entry in document[kind])


def _term(entry: dict[str, Any]) -> Term:
    return Term(
        name=tidy(entry["name"]),
        definition=" ".join(entry.get("definition", "").split()),
        aliases=tuple(tidy(name) for name in entry.get("aliases", ())),
        related=tuple(tidy(name) for name in entry.get("related", ())),
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
    _fill(session, kind, [term for term in terms if fold(term.name) in before - gone])
    _add_aliases(session, kind, new)


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
        for other in term.aliases:
            row = {"key": fold(other), "name": other, tables.column: owners[fold(term.name)]}
            wanted.setdefault(fold(other), row)
    taken = find(session, kind, wanted)
    rows = [row for key, row in wanted.items() if key and key not in taken]
    if rows:
        session.execute(bulk.insert(session, tables.aliases).on_conflict_do_nothing(), rows)
