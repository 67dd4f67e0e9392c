"""Engine, transactions and locks: everything in which SQLite and PostgreSQL differ.

SQLite runs in WAL mode with foreign keys on and a busy timeout; a writing transaction takes the
write lock when it begins, so that it never fails half-way for having read first. The caller
commits by leaving the ``with`` block; an exception rolls everything back.
"""

import contextlib
import fcntl
import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session

from recommender.errors import ConfigurationError, StoreError

BUSY_SECONDS = 30.0
"""For how long a writer waits while another process holds SQLite's write lock."""
SLICE_SECONDS = 1.0
"""In slices, since a signal is heard only between them."""
LARGEST_SKEW = timedelta(minutes=5)


def connect(url: str) -> Engine:
    """An engine for ``url``; for SQLite the folder is made, and refused when it cannot be."""
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise ConfigurationError(f"database_url: {url!r} is not a database URL") from error
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql(parsed)
    raise ConfigurationError(
        f"database_url: {parsed.get_backend_name()} is not supported; "
        "use sqlite:/// or postgresql+psycopg://"
    )


def _sqlite(url: sa.URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ConfigurationError("database_url: SQLite needs a file (sqlite:///var/newsletter.db)")
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make the folder of {url.database}: {error.strerror}") from error
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:  # Any: the driver's own types
        connection.isolation_level = None  # BEGIN is ours, below
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("writing"):
            _begin_writing(connection, options.get("hurry") or _never)
        else:
            connection.exec_driver_sql("BEGIN DEFERRED")

    return engine


def _begin_writing(connection: Connection, hurry: Callable[[], bool]) -> None:
    """Take the write lock, waiting for whoever holds it until that has been long enough."""
    patience = time.monotonic() + BUSY_SECONDS
    _wait_at_most(connection, SLICE_SECONDS)
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except sa.exc.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > patience or hurry():
                    raise
            else:
                return
    finally:
        _wait_at_most(connection, BUSY_SECONDS)


def _wait_at_most(connection: Connection, seconds: float) -> None:
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")


def _is_busy(error: sa.exc.OperationalError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # without what extends it
    return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _never() -> bool:
    return False


def _postgresql(url: sa.URL) -> Engine:
    try:
        return sa.create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "database_url: PostgreSQL needs an extra: "
            "pip install 'newsletter-recommender[postgresql]'"
        ) from error


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that only reads; nothing it does is kept."""
    with Session(engine, expire_on_commit=False) as session:
        yield session


@contextmanager
def writing(engine: Engine, hurry: Callable[[], bool] | None = None) -> Iterator[Session]:
    """A session in one transaction: kept when the block ends well, undone when it raises.

    ``hurry`` is as for ``writer``.
    """
    with Session(writer(engine, hurry), expire_on_commit=False) as session, session.begin():
        yield session


def writer(engine: Engine, hurry: Callable[[], bool] | None = None) -> Engine:
    """``engine`` with transactions that are going to write; for statements without a session.

    While another process holds SQLite's write lock, it is waited for; not, however, once ``hurry``
    returns True.
    """
    return engine.execution_options(writing=True, hurry=hurry)


Insert = sqlite.Insert | postgresql.Insert


def insert(session: Session, table: type[Any] | sa.Table) -> Insert:
    """An INSERT with ``on_conflict_do_nothing`` and ``on_conflict_do_update``, on either store."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


@contextmanager
def lock(engine: Engine, name: str, *, once: bool = False, shared: bool = False) -> Iterator[bool]:
    """Hold the store-wide lock ``name`` for the block; yields whether it could be had, at once.

    The lock ends with its process, however that ends (``flock`` beside the SQLite file, a session
    advisory lock on PostgreSQL), so a lock that can be had proves that its last holder is gone.
    ``once`` says that the name is never used again, so that nothing of it is kept. Any number may
    hold a ``shared`` lock, but not while one holds it alone.
    """
    if engine.dialect.name == "postgresql":
        with _advisory_lock(engine, name, "_shared" if shared else "") as held:
            yield held
    else:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        with _file_lock(Path(f"{engine.url.database}.locks") / name, kind, once=once) as held:
            yield held


@contextmanager
def _file_lock(path: Path, kind: int, *, once: bool) -> Iterator[bool]:
    path.parent.mkdir(exist_ok=True)
    with path.open("a+b") as handle:
        if not _flock(handle, kind):
            yield False
            return
        try:
            yield True
        finally:
            if once:
                path.unlink(missing_ok=True)
            fcntl.flock(handle, fcntl.LOCK_UN)


def _flock(handle: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _advisory_lock(engine: Engine, name: str, kind: str) -> Iterator[bool]:
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    take = getattr(sa.func, f"pg_try_advisory_lock{kind}")
    give = getattr(sa.func, f"pg_advisory_unlock{kind}")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        held = bool(connection.scalar(sa.select(take(key))))
        try:
            yield held
        finally:
            if held:
                with contextlib.suppress(sa.exc.DBAPIError):  # the server, and the lock, are gone
                    connection.execute(sa.select(give(key)))


def forget(engine: Engine) -> None:
    """Let nothing of what was just deleted stay in SQLite's write-ahead log, if nobody is reading
    it; deleted rows are overwritten in the file itself. PostgreSQL tidies up by itself (VACUUM)."""
    if engine.dialect.name == "sqlite":
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        finally:
            connection.close()


def skew(engine: Engine, now: datetime) -> timedelta:
    """By how much the store's clock is ahead of ``now``, for senders on several machines that must
    agree on the time. A file has no clock of its own; more than a few minutes are no skew, but a
    time that somebody made up."""
    if engine.dialect.name != "postgresql":
        return timedelta(0)
    with engine.connect() as connection:
        theirs: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    ahead = theirs - now
    return ahead if abs(ahead) < LARGEST_SKEW else timedelta(0)
