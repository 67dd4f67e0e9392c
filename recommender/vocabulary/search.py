"""The topics and roles that readers can choose, the most chosen first; searched as readers type.

They are cached for a few minutes: counting what everybody chose takes a while with many readers.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender.models import SubscriberRole, SubscriberTopic
from recommender.storage import database
from recommender.vocabulary.names import fold
from recommender.vocabulary.terms import TABLES, Kind

KEEP = timedelta(minutes=5)
MOST_FOUND = 8
LONGEST_QUERY = 100


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A topic or role: name, definition, and keys, of the name first, then of its aliases."""

    name: str
    definition: str
    keys: tuple[str, ...]


class VocabularySearch:
    """The offered vocabulary of one store. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._cache: dict[Kind, tuple[datetime, tuple[Suggestion, ...]]] = {}

    def names(self, kind: Kind, now: datetime) -> list[str]:
        """All names, those that most readers chose first."""
        return [one.name for one in self._all(kind, now)]

    def search(
        self, kind: Kind, text: str, now: datetime, most: int = MOST_FOUND
    ) -> list[Suggestion]:
        """What ``text`` may be the beginning of, by name or alias: whole names first, then their
        beginnings, then beginnings of words within, then any part."""
        wanted = fold(text[:LONGEST_QUERY])
        if not wanted:
            return []
        ranked = [
            (_nearness(wanted, one.keys), place, one)
            for place, one in enumerate(self._all(kind, now))
        ]
        matches = sorted(entry for entry in ranked if entry[0] is not None)  # places differ
        return [one for _, _, one in matches[:most]]

    def _all(self, kind: Kind, now: datetime) -> tuple[Suggestion, ...]:
        with self._lock:
            cached = self._cache.get(kind)
            if cached is None or abs(now - cached[0]) > KEEP:
                cached = self._cache[kind] = (now, tuple(_load(self._engine, kind)))
            return cached[1]


def _nearness(wanted: str, keys: Sequence[str]) -> int | None:
    """How well it fits, 0 best; None when it does not."""
    if wanted in keys:
        return 0
    if any(key.startswith(wanted) for key in keys):
        return 1
    if any(f" {wanted}" in key for key in keys):
        return 2
    return 3 if any(wanted in key for key in keys) else None


def _load(engine: Engine, kind: Kind) -> list[Suggestion]:
    tables = TABLES[kind]
    named, alias, target = tables.named, tables.aliases, tables.target
    chosen = SubscriberTopic.topic_id if kind == "topic" else SubscriberRole.role_id
    with database.reading(engine) as session:
        aliases: dict[int, list[str]] = {}
        for identifier, key in session.execute(sa.select(target, alias.key).order_by(alias.key)):
            aliases.setdefault(identifier, []).append(key)
        often = sa.select(chosen, sa.func.count().label("times")).group_by(chosen).subquery()
        rows = session.execute(
            sa.select(named.id, named.name, named.definition, named.key)
            .outerjoin(often, often.c[0] == named.id)
            .where(named.offered)
            .order_by(sa.func.coalesce(often.c.times, 0).desc(), named.key)
        )
        return [
            Suggestion(row.name, row.definition, (row.key, *aliases.get(row.id, ())))
            for row in rows
        ]
