"""Finds damage in the store, and explains errors of the database in one line.

SQLite's file is checked; PostgreSQL checks its own.
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender.errors import NewsletterError, StoreError
from recommender.safety import scrubbing
from recommender.storage import database

CHECKED_BYTES = 16 * 1024 * 1024
"""A SQLite store up to this size is looked through whenever it is opened, in about a tenth of a
second; a larger one by ``store check`` and ``store backup``, or when something about it is odd."""


def refusal(engine: Engine, error: Exception, verb: str = "use") -> StoreError:
    """``error`` of the database in one line: what, where and, when the store is damaged or cannot
    be written, what to do."""
    why = _first_line(error)
    if database.damaged(error):
        return _damage(engine, why)
    if "locked" in why:
        why += "; something else is writing to it: try again"
    elif engine.dialect.name == "sqlite" and "full" in why:
        why += "; free some space and run the command again"
    elif "readonly" in why or "unable to open" in why:
        why += "; the file, its folder or the disk may not be written by this user"
    return StoreError(f"cannot {verb} the store {database.place(engine)}: {why}")


@contextmanager
def explained(engine: Engine) -> Iterator[None]:
    """Let what the database cannot do in the block be one StoreError. Whatever else goes wrong, a
    damaged store may be the cause of: it is looked through then."""
    try:
        yield
    except (NewsletterError, OSError):
        raise
    except Exception as error:
        if database.damaged(error) or isinstance(error, sa.exc.OperationalError):
            raise refusal(engine, error) from error
        if (found := suspect(engine)) is not None:
            raise _damage(engine, found) from error
        if _is_odd_value(error):
            raise _damage(
                engine, f"it holds a value that is none: {type(error).__name__}"
            ) from error
        raise


def suspect(engine: Engine) -> str | None:
    """What is first found damaged in a SQLite store, if anything is; nothing else is looked at."""
    if engine.dialect.name != "sqlite":
        return None
    try:
        with engine.connect() as connection:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    except sa.exc.DatabaseError as error:
        return _first_line(error) if database.damaged(error) else None
    return None if found == "ok" else " ".join(str(found).rpartition("***")[2].split())


def refuse_damaged(engine: Engine, largest: int | None = CHECKED_BYTES) -> None:
    """Raise StoreError when SQLite's file is damaged. A file of more than ``largest`` bytes is not
    looked at; None: any is."""
    if engine.dialect.name != "sqlite":
        return
    if largest is not None and Path(str(engine.url.database)).stat().st_size > largest:
        return
    found = suspect(engine)
    if found is not None:
        raise _damage(engine, found)


def _damage(engine: Engine, what: str) -> StoreError:
    return StoreError(
        f"the store {database.place(engine)} is damaged ({what}): "
        f"`newsletter store check` says where; {database.HOW_TO_RECOVER}"
    )


def _is_odd_value(error: Exception) -> bool:
    """Whether the database's own library stumbled over what it was given by the store."""
    modules = (
        frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)
    )
    reading = any(
        name.startswith("sqlalchemy.engine.result")
        or "_processors" in name
        or name == "sqlalchemy.engine.cursor"
        for name in modules
    )
    return reading and isinstance(error, ValueError | LookupError | TypeError)


def _first_line(error: Exception) -> str:
    return scrubbing.words(error).partition("\n")[0] or type(error).__name__
