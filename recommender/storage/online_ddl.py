"""What migrations use to change a table that is being worked on, without keeping anybody waiting.

PostgreSQL: an index is built beside the table's life (``CONCURRENTLY``), outside a transaction; one
that an interrupted migration left half-built is dropped first. Every other change must wait no
longer than ``LOCK_TIMEOUT`` for its lock, since all others queue up behind it. SQLite has one
writer at a time and builds an index in seconds.
"""

from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.engine import Connection

LOCK_TIMEOUT = "5s"


def limit_waiting(connection: Connection) -> None:
    """Let statements that cannot have their lock soon fail, for the whole connection."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        connection.commit()


def add_index(
    op: Operations,
    name: str,
    table: str,
    columns: list[str],
    where: str | None = None,
    sqlite_where: str | None = None,
) -> None:
    """Build an index on a table that has rows, or on those ``where`` (in SQLite's words, if they
    are other)."""
    condition: dict[str, Any] = {}
    if where is not None:
        condition = {
            "sqlite_where": sa.text(sqlite_where or where),
            "postgresql_where": sa.text(where),
        }
    if op.get_bind().dialect.name != "postgresql":
        op.create_index(name, table, columns, **condition)
        return
    with op.get_context().autocommit_block():
        op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
        op.create_index(name, table, columns, postgresql_concurrently=True, **condition)


def drop_index(op: Operations, name: str, table: str) -> None:
    """Drop an index of a table that is in use."""
    if op.get_bind().dialect.name != "postgresql":
        op.drop_index(name, table)
        return
    with op.get_context().autocommit_block():
        op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
