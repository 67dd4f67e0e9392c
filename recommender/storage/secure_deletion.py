"""Overwrites what a SQLite file still holds of rows that were deleted (data remanence).

``secure_delete`` overwrites a row where it lay. It may also lie in the write-ahead log, until that
is emptied, which waits for whoever is reading; and pages that were split keep pieces of it in
unused space, until the file is rewritten (VACUUM). PostgreSQL sees to its files by itself.
"""

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.engine.interfaces import DBAPICursor

from recommender.models import Property
from recommender.storage import database
from recommender.storage.properties import REWRITE_DUE

LARGEST = 256 * 1024 * 1024
"""Bytes of a file that is rewritten at once, which takes some seconds; a larger one when nobody
needs it."""
PIECE = 1 << 20
POLL_SECONDS = 0.1


def overwrite(engine: Engine, words: Sequence[str], *, patience: float) -> list[str]:
    """Leave nothing of deleted rows in the files of the store, within ``patience`` seconds of
    waiting for others; what had to be left, a sentence each, which ``finish`` sees to.

    A file that is too large to be rewritten is searched for ``words``.
    """
    if engine.dialect.name != "sqlite":
        return []
    file = Path(str(engine.url.database))
    until = time.monotonic() + patience
    if file.stat().st_size <= LARGEST:
        rewritten = _rewrite(engine, until)
    else:
        rewritten = not (_emptied(engine, until) and _holds(file, words))
    emptied = _emptied(engine, until)
    if rewritten and emptied:
        return []
    with database.writing(engine) as session:
        session.merge(Property(name=REWRITE_DUE, value="yes"))
    left = []
    if not emptied:
        left.append(f"{file}-wal, while somebody reads the store")
    if not rewritten:
        left.append(f"unused space of {file}")
    return left


def finish(engine: Engine, *, patience: float, large: bool) -> bool:
    """Do what ``overwrite`` had to leave; whether nothing is left. ``large``: also rewrite a file
    that takes long, for which others that write must wait."""
    if engine.dialect.name != "sqlite":
        return True
    until = time.monotonic() + patience
    with database.reading(engine) as session:
        due = session.get(Property, REWRITE_DUE) is not None
    small = Path(str(engine.url.database)).stat().st_size <= LARGEST
    done = not due or ((small or large) and _rewrite(engine, until))
    emptied = _emptied(engine, until)
    if not (emptied and done):
        return False
    if due:
        with database.writing(engine) as session:
            session.execute(sa.delete(Property).where(Property.name == REWRITE_DUE))
    return True


def _rewrite(engine: Engine, until: float) -> bool:
    """Write the file anew; False when somebody else was writing all the time."""
    return _try(engine, "VACUUM", until)


def _emptied(engine: Engine, until: float) -> bool:
    """Empty the write-ahead log; False when somebody was reading from it all the time."""
    return _try(engine, "PRAGMA wal_checkpoint(TRUNCATE)", until)


def _try(engine: Engine, statement: str, until: float) -> bool:
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout = 50")
        while not _done(cursor, statement):
            if time.monotonic() > until:
                return False
            time.sleep(POLL_SECONDS)
        return True
    finally:
        connection.cursor().execute(f"PRAGMA busy_timeout = {database.BUSY_SECONDS * 1000:.0f}")
        connection.close()


def _done(cursor: DBAPICursor, statement: str) -> bool:
    try:
        cursor.execute(statement)
        row = cursor.fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return False
        raise
    return row is None or row[0] == 0  # of a checkpoint: whether it was kept from being complete


def _holds(file: Path, words: Sequence[str]) -> bool:
    """Whether one of ``words`` stands anywhere in the file."""
    wanted = [word.encode() for word in words if word]
    longest = max(map(len, wanted), default=1)
    with file.open("rb") as stream:
        before = b""
        while piece := stream.read(PIECE):
            held = before + piece
            if any(word in held for word in wanted):
                return True
            before = held[-longest:]
    return False
