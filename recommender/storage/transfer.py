"""Copies a store into another database, and proves that both hold the same.

Works table by table in the order of their foreign keys, in batches by primary key, each batch a
transaction of its own. Every row is compared before it is written, so a copy that was killed goes
on where it stopped, and one that is repeated writes only what has changed. Nothing is converted by
hand: rows are read and written as the models describe them, on either kind of database.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection, Engine

from recommender.errors import StoreError
from recommender.models import (
    Base,
    Newsletter,
    Property,
    Role,
    RoleAlias,
    Topic,
    TopicAlias,
)
from recommender.storage import database, keyset, maintenance, migrations, sharing
from recommender.storage.keyset import Row
from recommender.storage.properties import ADDRESS_SALT, COPY, FINISHED, UNFINISHED

_MADE_BY_INIT = {kind.__tablename__ for kind in (Property, Newsletter, Topic, TopicAlias)} | {
    kind.__tablename__ for kind in (Role, RoleAlias)
}
"""Tables in which a store that was just made has rows."""

_DOCUMENT_OR_NOTHING = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)

Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class TableCopy:
    """What was done to one table: ``rows`` it has now, of which so many were written; rows that
    the source does not have (any more) were removed."""

    rows: int
    added: int
    changed: int
    removed: int


def rows(engine: Engine) -> dict[str, int]:
    """How many rows each table holds."""
    with engine.connect() as connection:
        return {
            table.name: keyset.count(connection, table) for table in Base.metadata.sorted_tables
        }


def copy(source: Engine, target: Engine, advance: Advance = lambda _: None) -> dict[str, TableCopy]:
    """Make ``target`` hold what ``source`` holds; by table, what was done.

    Both are had alone meanwhile. Every row that is written is read back and compared; ``advance``
    is told how many rows are done. Raises StoreError when one of the stores is in use or of
    another version, when ``target`` holds other data, and when both do not hold the same.
    """
    if source.url == target.url:
        raise StoreError(f"{database.place(source)} cannot be copied to itself")
    migrations.check_version(source)
    with sharing.alone(source), _made(target):
        if migrations.revision(target) is None:
            migrations.migrate(target)
        migrations.check_version(target)
        _admit(source, target)
        removed = _remove_strangers(source, target)
        done = 0
        written: dict[str, TableCopy] = {}
        for table in Base.metadata.sorted_tables:
            added = changed = 0
            for batch in keyset.batches(source, table):
                more, other = _write(target, table, batch)
                if more or other:
                    _refuse(_differing(target, table, batch))
                added, changed, done = added + more, changed + other, done + len(batch)
                advance(done)
            _refuse(_more(source, target, table))
            with source.connect() as original, database.writer(target).begin() as connection:
                maintenance.reserve_keys(connection, table, maintenance.keys_used(original, table))
                total = keyset.count(connection, table)
            written[table.name] = TableCopy(total, added, changed, removed.get(table.name, 0))
        _mark(target, FINISHED)
    return written


@contextmanager
def _made(target: Engine) -> Iterator[None]:
    """Have the target for oneself; its file is made when there is none."""
    database.make(target)
    with sharing.alone(target):
        yield


def _refuse(found: Iterator[str]) -> None:
    difference = next(found, None)
    if difference is not None:
        raise StoreError(f"the copy is not the same: {difference}; run it again")


def differences(source: Engine, target: Engine, advance: Advance = lambda _: None) -> Iterator[str]:
    """Every row in which two stores differ, in words; all values of all rows are compared."""
    done = 0
    for table in Base.metadata.sorted_tables:
        for batch in keyset.batches(source, table):
            yield from _differing(target, table, batch)
            done += len(batch)
            advance(done)
        yield from _more(source, target, table)


def _differing(target: Engine, table: sa.Table, batch: Mapping[Row, Row]) -> Iterator[str]:
    with target.connect() as connection:
        theirs = keyset.matching(connection, table, batch)
    for key, row in batch.items():
        other = theirs.get(key)
        if other is None:
            yield f"{table.name} {_words(key)} is missing"
        elif other != row:
            yield f"{table.name} {_words(key)} differs in {_columns(table, row, other)}"


def _more(source: Engine, target: Engine, table: sa.Table) -> Iterator[str]:
    with source.connect() as original, target.connect() as image:
        more = keyset.count(image, table) - keyset.count(original, table)
    if more > 0:
        yield f"{table.name} has {more} rows more"


def _admit(source: Engine, target: Engine) -> None:
    """Begin a copy into an empty store, or go on with one; StoreError for a store with a life of
    its own."""
    salt = sa.select(Property.value).where(Property.name == ADDRESS_SALT)
    mark = sa.select(Property.value).where(Property.name == COPY)
    with source.connect() as connection:
        ours = connection.scalar(salt)
    with target.connect() as connection:
        if connection.scalar(mark) is not None and connection.scalar(salt) == ours:
            return
        used = [
            table.name
            for table in Base.metadata.sorted_tables
            if table.name not in _MADE_BY_INIT
            and connection.scalar(sa.select(sa.exists(sa.select(table))))
        ]
    if used:
        raise StoreError(
            f"{database.place(target)} holds data of its own ({', '.join(used[:3])}); "
            "give an empty database"
        )
    with database.writer(target).begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(sa.delete(table))
        values = [(ADDRESS_SALT, ours), (COPY, UNFINISHED)]
        connection.execute(
            sa.insert(Property),
            [{"name": name, "value": value} for name, value in values if value is not None],
        )


def _mark(target: Engine, value: str) -> None:
    with database.writer(target).begin() as connection:
        connection.execute(sa.update(Property).where(Property.name == COPY).values(value=value))


def _remove_strangers(source: Engine, target: Engine) -> dict[str, int]:
    """Remove rows of the target that the source does not have: children first, and before anything
    is written, so that no unique value is in the way."""
    removed: dict[str, int] = {}
    for table in reversed(Base.metadata.sorted_tables):
        key = tuple(table.primary_key.columns)
        for batch in keyset.batches(target, table, key):
            with source.connect() as connection:
                known = keyset.matching(connection, table, batch, key)
            strangers = [one for one in batch if one not in known]
            if strangers:
                with database.writer(target).begin() as connection:
                    connection.execute(sa.delete(table).where(keyset.among(key, strangers)))
                removed[table.name] = removed.get(table.name, 0) + len(strangers)
    return removed


def _write(target: Engine, table: sa.Table, batch: Mapping[Row, Row]) -> tuple[int, int]:
    """Add or correct the rows of ``batch``; how many were added and how many changed."""
    with database.writer(target).begin() as connection:
        known = keyset.matching(connection, table, batch)
        added = [row for key, row in batch.items() if key not in known]
        changed = [row for key, row in batch.items() if key in known and known[key] != row]
        try:
            with connection.begin_nested():
                _execute(connection, table, added, changed)
        except sa.exc.DBAPIError:
            for row in (*added, *changed):  # one by one, to name the one that is refused
                _one(connection, table, row, new=row in added)
    return len(added), len(changed)


def _execute(
    connection: Connection, table: sa.Table, added: Sequence[Row], changed: Sequence[Row]
) -> None:
    names = [column.name for column in table.columns]
    if added:
        values = {column.name: _parameter(column) for column in table.columns}
        statement = sa.insert(table).values(values)
        connection.execute(statement, [dict(zip(names, row, strict=True)) for row in added])
    if changed:
        key = {column.name for column in table.primary_key.columns}
        same = [column == sa.bindparam(f"key {column.name}") for column in table.primary_key]
        update = (
            sa.update(table)
            .where(*same)
            .values({c.name: _parameter(c) for c in table.columns if c.name not in key})
        )
        connection.execute(
            update,
            [
                {
                    f"key {name}" if name in key else name: v
                    for name, v in zip(names, row, strict=True)
                }
                for row in changed
            ],
        )


def _parameter(column: sa.Column[Any]) -> sa.BindParameter[Any]:
    """A value for ``column``; what is absent stays absent, in JSON columns too."""
    absent = isinstance(column.type, sa.JSON) and column.nullable
    return sa.bindparam(column.name, type_=_DOCUMENT_OR_NOTHING if absent else column.type)


def _one(connection: Connection, table: sa.Table, row: Row, *, new: bool) -> None:
    try:
        with connection.begin_nested():
            _execute(connection, table, [row] if new else [], [] if new else [row])
    except sa.exc.DBAPIError as error:
        key = next(iter(keyset.keyed(table, [row])))
        cause = str(error.orig).strip().splitlines()[0]
        raise StoreError(f"{table.name} {_words(key)} cannot be copied: {cause}") from error


def _columns(table: sa.Table, one: Row, other: Row) -> str:
    pairs = zip(table.columns, one, other, strict=True)
    return ", ".join(column.name for column, mine, theirs in pairs if mine != theirs)


def _words(key: Row) -> str:
    return "/".join(str(part) for part in key)
