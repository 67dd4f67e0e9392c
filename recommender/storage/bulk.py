"""Statements that SQLAlchemy has no common form for, or is slow at: conflicts, long lists of ids,
thousands of rows. They know no table.
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import InstrumentedAttribute, Session

from recommender.storage.database import driver

Insert = sqlite.Insert | postgresql.Insert


def insert(session: Session, table: type[Any] | sa.Table) -> Insert:
    """An INSERT with ``on_conflict_do_nothing`` and ``on_conflict_do_update``, on either store."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def among(
    session: Session, column: sa.ColumnElement[int] | InstrumentedAttribute[int], ids: Sequence[int]
) -> sa.ColumnElement[bool]:
    """``column IN ids``, with all of them as one parameter: thousands take long one by one."""
    if session.get_bind().dialect.name == "postgresql":
        given = sa.bindparam(None, list(ids), postgresql.ARRAY(sa.BigInteger))
        return column == sa.any_(given)
    text = sa.bindparam(None, list(ids), sa.JSON)
    return column.in_(sa.select(sa.func.json_each(text).table_valued("value").c.value))


def after(session: Session, column: InstrumentedAttribute[str], mark: str) -> sa.ColumnElement[str]:
    """What stands after the first ``mark`` in a text column."""
    if session.get_bind().dialect.name == "postgresql":
        return sa.func.split_part(column, mark, 2, type_=sa.String)
    return sa.func.substr(column, sa.func.instr(column, mark) + 1, type_=sa.String)


def joined(
    session: Session, column: sa.ColumnElement[Any] | InstrumentedAttribute[Any], mark: str
) -> sa.ColumnElement[str]:
    """The values of a column as one text, with ``mark`` between them, in no order."""
    text = column if isinstance(column.type, sa.String) else sa.cast(column, sa.Text)
    if session.get_bind().dialect.name == "postgresql":
        return sa.func.string_agg(text, mark)
    return sa.func.group_concat(text, mark)


def rows(
    session: Session, query: sa.Select[*tuple[Any, ...]]
) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """What ``query``, which asks for columns only, finds: many rows, without the session's part in
    reading them, which takes as long again."""
    session.flush()
    return session.connection().execute(query).all()


def insert_all(session: Session, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert ``rows``, which have the same columns in the same order; what they leave out is null
    or the server's to fill in.

    SQLAlchemy looks at each value of each row by itself. Here values that recur, such as times and
    states, are made into what the driver takes once; PostgreSQL gets all rows as one COPY.
    """
    connection = session.connection()
    dialect = connection.dialect
    values: list[Iterable[object]] = list(zip(*(row.values() for row in rows), strict=True))
    for at, name in enumerate(rows[0]):
        kind = table.c[name].type
        made = kind.dialect_impl(dialect).bind_processor(dialect)
        if made is not None:
            recurs = not isinstance(kind, sa.JSON)
            values[at] = map(functools.cache(made) if recurs else made, values[at])
    names, found = ", ".join(rows[0]), list(zip(*values, strict=True))
    if dialect.name == "postgresql":
        _copy(connection, f"COPY {table.name} ({names}) FROM STDIN", found)
    else:
        places = ", ".join("?" * len(rows[0]))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({places})", found)


def _copy(connection: Connection, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    """PostgreSQL's COPY, which SQLAlchemy has no call for; its errors are those of any other."""
    dialect = connection.dialect
    api: Any = dialect.dbapi  # the driver's own module, and its own cursor
    try:
        with driver(connection).cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except api.Error as error:
        raise sa.exc.DBAPIError.instance(
            statement, None, error, api.Error, hide_parameters=True, dialect=dialect
        ) from error
