"""Rows of any table in batches by primary key: what copying and comparing stores is made of."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from recommender.models import Property
from recommender.storage.properties import COPY

BATCH = 2_000
Columns = tuple[sa.Column[Any], ...]
Row = tuple[Any, ...]  # Any: whatever the columns hold


def batches(
    engine: Engine, table: sa.Table, columns: Columns | None = None
) -> Iterator[dict[Row, Row]]:
    """All rows of ``table``, or only these columns, by their keys, in batches; each is read in a
    moment of its own."""
    key = tuple(table.primary_key.columns)
    query = _rows(table, columns).order_by(*key).limit(BATCH)
    after: Row | None = None
    while True:
        beyond = sa.true() if after is None else _beyond(key, after)
        with engine.connect() as connection:
            found = keyed(table, connection.execute(query.where(beyond)).all(), columns)
        if not found:
            return
        yield found
        after = next(reversed(found))


def _rows(table: sa.Table, columns: Columns | None = None) -> sa.Select[Any]:
    query = sa.select(*(columns or table.columns))
    if table.name == Property.__tablename__:
        return query.where(table.c.name != COPY)
    return query


def keyed(
    table: sa.Table, found: Sequence[Sequence[Any]], columns: Columns | None = None
) -> dict[Row, Row]:
    """Rows as they were read, by their keys."""
    held = list(columns or table.columns)
    places = [held.index(column) for column in table.primary_key.columns]
    return {tuple(row[place] for place in places): tuple(row) for row in found}


def _beyond(key: Columns, after: Row) -> sa.ColumnElement[bool]:
    return sa.and_(_tuple(key) > _tuple(key, after))


def _tuple(key: Columns, values: Row | None = None) -> Any:
    """A key, or its ``values``, as SQL; Any since a column and a tuple compare alike."""
    if values is None:
        return key[0] if len(key) == 1 else sa.tuple_(*key)
    literals = [sa.literal(v, column.type) for column, v in zip(key, values, strict=True)]
    return literals[0] if len(key) == 1 else sa.tuple_(*literals)


def matching(
    connection: Connection,
    table: sa.Table,
    batch: Mapping[Row, Row],
    columns: Columns | None = None,
) -> dict[Row, Row]:
    """The rows of ``table`` that have a key of this batch, perhaps with others among them."""
    key = tuple(table.primary_key.columns)
    if all(isinstance(column.type, sa.Integer) for column in key):
        keys = [*batch]  # numbers: every database orders them alike
        wanted = sa.and_(_tuple(key) >= _tuple(key, keys[0]), _tuple(key) <= _tuple(key, keys[-1]))
    else:
        wanted = among(key, [*batch])
    return keyed(table, connection.execute(_rows(table, columns).where(wanted)).all(), columns)


def among(key: Columns, keys: Sequence[Row]) -> sa.ColumnElement[bool]:
    """The condition that a row has one of ``keys``."""
    if len(key) == 1:
        return key[0].in_([one[0] for one in keys])
    return sa.tuple_(*key).in_(keys)


def count(connection: Connection, table: sa.Table) -> int:
    """How many rows ``table`` has."""
    return connection.scalar(sa.select(sa.func.count()).select_from(_rows(table).subquery())) or 0
