"""Engines for SQLite and PostgreSQL, and how a transaction begins on either.

SQLite runs in WAL mode with foreign keys on and a busy timeout; a writing transaction takes the
write lock when it begins, so that it never fails half-way for having read first.
"""

import re
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from recommender.errors import ConfigurationError, StoreError
from recommender.storage import json_columns
from recommender.storage.sqlite_file import HOW_TO_MAKE_ONE, HOW_TO_RECOVER, naming_file

BUSY_SECONDS = 30.0
"""For how long a writer waits while another process holds SQLite's write lock."""
FIRST_TRY, LONGEST_TRY = 0.0002, 0.01
"""Seconds between two tries: senders write several hundred times a second, for a moment each, and
SQLite's own waiting sleeps through ten of them, and hears no signal."""
LOG_PAGES = 4_000
"""Pages of SQLite's write-ahead log (16 MiB) before they are brought into the file: a copy that is
sent writes its page three times, which is then brought in once."""
KEEPALIVES = {"idle": 10, "interval": 5, "count": 3}
"""After how many seconds of silence, how often and how many times either side asks whether the
other is still there: a machine that lost its power holds no lock for longer than half a minute."""

_FORM = (
    "write sqlite:///file or postgresql+psycopg://user:password@host/name, "
    "special characters of user and password as %40 for @ and so on"
)

_OPTION_WITH_AT = re.compile(r"\?[^@]*=[^@]*@")


def connect(url: str) -> Engine:
    """An engine for ``url``. It makes no file: to connect where none is, or an empty or damaged
    one, raises StoreError; ``make`` makes one."""
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise ConfigurationError(f"database_url: this is not a database URL; {_FORM}") from error
    file = parsed.get_backend_name() == "sqlite"
    odd = url.count("@") > 1 or _OPTION_WITH_AT.search(url)
    if odd and not file:  # what is read as a host is part of a password, and would be shown
        raise ConfigurationError(f"database_url: there is one @ too many; {_FORM}")
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql(parsed)
    raise ConfigurationError(
        f"database_url: {parsed.get_backend_name()} is not supported; "
        "use sqlite:/// or postgresql+psycopg://"
    )


def connect_arguments(url: sa.URL) -> dict[str, Any]:
    """What PostgreSQL's driver is told besides ``url``, unless that says otherwise."""
    ours: dict[str, Any] = {f"keepalives_{name}": value for name, value in KEEPALIVES.items()}
    ours["connect_timeout"] = 10
    ours["options"] = " ".join(f"-c tcp_keepalives_{name}={n}" for name, n in KEEPALIVES.items())
    return {name: value for name, value in ours.items() if name not in url.query}


def driver(connection: Connection) -> Any:
    """The driver's own connection."""
    return connection.connection.driver_connection


def _sqlite(url: sa.URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ConfigurationError("database_url: SQLite needs a file (sqlite:///var/newsletter.db)")
    file = Path(url.database)
    engine = sa.create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS},
        hide_parameters=True,  # they are readers' names and addresses
        **json_columns.READ_AND_WRITE,
    )

    @sa.event.listens_for(engine, "do_connect")
    def _look(*_: Any) -> None:  # SQLite would make a file, or take an empty one for a new store
        with naming_file(file):
            if not file.exists():
                raise StoreError(f"there is no store at {file.absolute()}: {HOW_TO_MAKE_ONE}")
            if file.stat().st_size == 0:
                raise StoreError(
                    f"the store {file.absolute()} is empty (0 bytes): {HOW_TO_RECOVER}"
                )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:  # Any: the driver's own types
        connection.isolation_level = None  # BEGIN is ours, below
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("writing"):
            hurry, patience = options.get("hurry") or _never, options.get("patience", BUSY_SECONDS)
            _begin_writing(connection, hurry, patience, options.get("meanwhile") or _never)
        else:
            connection.exec_driver_sql("BEGIN DEFERRED")

    return engine


def _begin_writing(
    connection: Connection,
    hurry: Callable[[], bool],
    seconds: float,
    meanwhile: Callable[[], bool],
) -> None:
    """Take the write lock, waiting for whoever holds it until that has been long enough."""
    patience = time.monotonic() + seconds
    pause = FIRST_TRY
    _wait_at_most(connection, 0)
    try:
        while not _has_begun(connection):
            if time.monotonic() > patience or hurry():
                connection.exec_driver_sql("BEGIN IMMEDIATE")  # and if not now, say why
                return
            if not meanwhile():
                time.sleep(pause)
                pause = min(pause * 2, LONGEST_TRY)
    finally:
        _wait_at_most(connection, BUSY_SECONDS)


def _has_begun(connection: Connection) -> bool:
    """Whether a writing transaction could be begun; raises what is no matter of waiting."""
    try:
        driver(connection).execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        # Without what extends the code: SQLITE_BUSY_RECOVERY and its like are waited for, too.
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise sa.exc.OperationalError("BEGIN IMMEDIATE", None, error) from error
        return False
    return True


def _wait_at_most(connection: Connection, seconds: float) -> None:
    driver(connection).execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")


def _never() -> bool:
    return False


def _postgresql(url: sa.URL) -> Engine:
    arguments = connect_arguments(url)
    url = url.set(drivername="postgresql+psycopg")
    try:
        engine = sa.create_engine(
            url,
            pool_pre_ping=True,
            connect_args=arguments,
            hide_parameters=True,
            **json_columns.READ_AND_WRITE,
        )
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "database_url: PostgreSQL needs an extra: "
            "pip install 'newsletter-recommender[postgresql]'"
        ) from error

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        patience = connection.get_execution_options().get("patience")
        if patience is not None:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {patience * 1000:.0f}")

    return engine
