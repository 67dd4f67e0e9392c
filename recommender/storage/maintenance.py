"""The upkeep of a store, on either database: is it damaged, which keys were given out, a backup."""

import contextlib
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection, Engine

from recommender.errors import StoreError
from recommender.models import Base
from recommender.safety import private_files
from recommender.storage import database

MOST_SAID = 20
"""Damages that are said."""
ROWS = 1_000
_TREE = re.compile(r"(?:On tree page|Tree) (\d+)")
"""How SQLite names a table or an index: by its first page."""
HEAD_BYTES = 100
BACKUP_PAGES = 10_000
"""Pages that are copied at once; others may write in between, and those pages are copied again."""


def problems(engine: Engine) -> list[str]:
    """What is damaged, as far as the database can tell: broken pages and indexes, and references
    that lead nowhere (PostgreSQL never lets those in; its pages are verified by ``pg_amcheck``)."""
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            invalid = connection.exec_driver_sql(
                "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"
            )
            return [f"the index {name} is not valid: drop and make it again" for (name,) in invalid]
    with engine.connect() as connection:
        found = _broken_pages(connection)
        if found:
            return found  # what they hold cannot be trusted
        lost = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        return [
            f"{table} {row} refers to a row of {parent} that is not there"
            for table, row, parent, _ in lost
        ] + [
            line for table in Base.metadata.sorted_tables for line in _unreadable(connection, table)
        ]


def cut_or_overwritten(file: Path) -> list[str]:
    """What the first bytes of a SQLite file say is wrong, when it cannot even be opened."""
    with file.open("rb") as opened:
        head = opened.read(HEAD_BYTES)
    if not head.startswith(b"SQLite format 3\0") or len(head) < HEAD_BYTES:
        return ["page 1 does not begin as SQLite's files do: it is overwritten, or another file"]
    page = int.from_bytes(head[16:18], "big")
    page = 65_536 if page == 1 else page
    pages, there = int.from_bytes(head[28:32], "big"), file.stat().st_size // max(page, 1)
    return [f"the file ends after page {there} of {pages}"] if there < pages else []


def _broken_pages(connection: Connection) -> list[str]:
    """What SQLite says of its pages, table by table, a line each."""
    try:
        schema = connection.exec_driver_sql("SELECT rootpage, name, type FROM sqlite_schema").all()
    except sa.exc.DatabaseError as error:
        return [f"the list of tables (page 1) cannot be read: {error.orig}"]
    names = {str(page): name for page, name, _ in schema if page}
    said = [line for _, name, kind in schema if kind == "table" for line in _said(connection, name)]
    found = list(dict.fromkeys(_TREE.sub(lambda m: names.get(m[1], m[0]), line) for line in said))
    return found[:MOST_SAID] or [
        line for line in _said(connection, None) if "malformed" not in line
    ]


def _said(connection: Connection, table: str | None) -> list[str]:
    """What SQLite says of one table and its indexes, or of the whole file."""
    asked = MOST_SAID if table is None else '"' + table.replace('"', '""') + '"'
    what = f"{table}: " if table else ""
    try:
        lines = connection.exec_driver_sql(f"PRAGMA integrity_check({asked})").scalars().all()
    except sa.exc.DatabaseError as error:
        return [f"{what}{error.orig}"]
    said = [line for text in lines for line in str(text).splitlines()]
    return [f"{what}{line}" for line in said if line != "ok" and not line.startswith("***")]


def _unreadable(connection: Connection, table: sa.Table) -> Iterator[str]:
    """The table, if it holds a value that is none of its kind."""
    try:
        for _ in connection.execution_options(yield_per=ROWS).execute(sa.select(table)):
            pass
    except (sa.exc.DatabaseError, ValueError, LookupError, TypeError) as error:
        cause = getattr(error, "orig", None) or error
        yield f"{table.name} holds a value that cannot be read ({type(cause).__name__})"


def reserve_keys(connection: Connection, table: sa.Table, used: int) -> None:
    """Let the next row of ``table`` get a key above ``used``. PostgreSQL counts beside the rows;
    SQLite does so for tables whose keys must never be given out again, the others look at the
    rows themselves."""
    column = table.autoincrement_column
    if column is None or not used:
        return
    if connection.dialect.name == "postgresql":
        sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
        connection.execute(sa.select(sa.func.setval(sequence, used)))
    elif table.dialect_options["sqlite"]["autoincrement"]:
        counted = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))
        connection.execute(sa.delete(counted).where(counted.c.name == table.name))
        connection.execute(sa.insert(counted).values(name=table.name, seq=used))


def keys_used(connection: Connection, table: sa.Table) -> int:
    """The highest key that a row of ``table`` has or, where that is counted, ever had; 0 when
    none."""
    column = table.autoincrement_column
    if column is None:
        return 0
    highest = connection.scalar(sa.select(sa.func.max(column))) or 0
    if connection.dialect.name == "postgresql":
        sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
        counted = sa.func.pg_sequence_last_value(sa.cast(sequence, postgresql.REGCLASS))
        return max(highest, connection.scalar(sa.select(counted)) or 0)
    if table.dialect_options["sqlite"]["autoincrement"]:
        kept = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))
        query = sa.select(kept.c.seq).where(kept.c.name == table.name)
        return max(highest, connection.scalar(query) or 0)
    return int(highest)


def backup(engine: Engine, file: Path, advance: Callable[[int], None]) -> int:
    """Write a SQLite store to ``file`` page by page while others work on it; how many pages.

    Raises StoreError for PostgreSQL, which has its own tools, and when the file is there already.
    """
    if engine.dialect.name == "postgresql":
        raise StoreError("a PostgreSQL store is backed up with pg_dump; see docs/operations.md")
    if file.exists():
        raise StoreError(f"{file} is there already; give a new file")
    done = 0

    def progress(_status: int, left: int, total: int) -> None:
        nonlocal done
        done = total
        advance(total - left)

    with private_files.open_file(file, "xb"):  # before SQLite makes it for everybody to read
        pass
    try:
        with (
            contextlib.closing(sqlite3.connect(str(engine.url.database))) as source,
            contextlib.closing(sqlite3.connect(file)) as target,
        ):
            source.backup(target, pages=BACKUP_PAGES, progress=progress)
    except sqlite3.Error as error:
        file.unlink(missing_ok=True)
        raise StoreError(f"cannot copy {database.place(engine)} to {file}: {error}") from error
    return done
