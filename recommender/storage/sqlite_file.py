"""The file of a SQLite store: whether it is there, how it is made, how damage shows."""

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import Engine

from recommender.errors import StoreError
from recommender.safety import private_files

HOW_TO_MAKE_ONE = (
    "run `newsletter init` to make one, or set home, database_url or --config to where it is"
)
HOW_TO_RECOVER = (
    "put the latest backup in its place and run `newsletter store restored`; "
    "only to begin anew, move it away and run `newsletter init`"
)


def missing(engine: Engine) -> bool:
    """Whether there is no such file."""
    if engine.dialect.name != "sqlite":
        return False
    file = Path(str(engine.url.database))
    with naming_file(file):
        return not file.exists()


def make(engine: Engine) -> bool:
    """Make SQLite's file, for its owner alone, if it is missing; whether it was. It appears with
    its first page written, so that a store of 0 bytes is always the remains of another."""
    if not missing(engine):
        return False
    file = Path(str(engine.url.database)).absolute()
    with naming_file(file):
        private_files.make_folder(file.parent)
        log = file.with_name(f"{file.name}-wal")
        if log.exists() and log.stat().st_size:  # which would be written into the new file
            raise StoreError(
                f"the store {file} is missing, but its log {log.name} is there: {HOW_TO_RECOVER}"
            )
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")  # 0600
        os.close(handle)
        try:
            with contextlib.closing(sqlite3.connect(name)) as connection:
                connection.execute("PRAGMA journal_mode = WAL").close()
            with contextlib.suppress(FileExistsError):  # somebody else was faster
                os.link(name, file)
        finally:
            Path(name).unlink()
    return True


def damaged(error: BaseException) -> bool:
    """Whether ``error`` says that SQLite's file is damaged, or is none of SQLite's."""
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorcode", None) or 0
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or (
        isinstance(cause, sqlite3.Error) and "Could not decode" in str(cause)
    )


@contextmanager
def naming_file(file: Path) -> Iterator[None]:
    """Let an error of the file in the block be a StoreError that names it."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or error
        raise StoreError(f"cannot open the store {file.absolute()}: {why}") from error
