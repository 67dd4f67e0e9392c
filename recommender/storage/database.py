"""Engine and transactions, on SQLite and PostgreSQL.

SQLite runs in WAL mode with foreign keys on and a busy timeout; a writing transaction takes the
write lock when it begins, so that it never fails half-way for having read first. The caller
commits by leaving the ``with`` block; an exception rolls everything back.
"""

import contextlib
import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session

from recommender.errors import ConfigurationError, StoreAwayError, StoreError
from recommender.safety import private_files
from recommender.storage import json_columns

BUSY_SECONDS = 30.0
"""For how long a writer waits while another process holds SQLite's write lock."""
FIRST_TRY, LONGEST_TRY = 0.0002, 0.01
"""Seconds between two tries: senders write several hundred times a second, for a moment each, and
SQLite's own waiting sleeps through ten of them, and hears no signal."""
LOG_PAGES = 4_000
"""Pages of SQLite's write-ahead log (16 MiB) before they are brought into the file: a copy that is
sent writes its page three times, which is then brought in once."""
LARGEST_SKEW = timedelta(minutes=5)
AWAY_SECONDS = 300.0
"""For how long a server that cannot be reached is waited for."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
PASSING = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
)
"""What SQLite says of a file that may be written again in a moment."""
KEEPALIVES = {"idle": 10, "interval": 5, "count": 3}
"""After how many seconds of silence, how often and how many times either side asks whether the
other is still there: a machine that lost its power holds no lock for longer than half a minute."""

_FORM = (
    "write sqlite:///file or postgresql+psycopg://user:password@host/name, "
    "special characters of user and password as %40 for @ and so on"
)
WAY_IN = "run `newsletter init` to make one, or set home, database_url or --config to where it is"
WAY_OUT = (
    "put the latest backup in its place and run `newsletter store restored`; "
    "only to begin anew, move it away and run `newsletter init`"
)

_OPTION_WITH_AT = re.compile(r"\?[^@]*=[^@]*@")

Result = TypeVar("Result")


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
        with _said_where(file):
            if not file.exists():
                raise StoreError(f"there is no store at {file.absolute()}: {WAY_IN}")
            if file.stat().st_size == 0:
                raise StoreError(f"the store {file.absolute()} is empty (0 bytes): {WAY_OUT}")

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
            hurry, meanwhile = options.get("hurry") or _never, options.get("meanwhile") or _never
            _begin_writing(connection, hurry, meanwhile, options.get("patience", BUSY_SECONDS))
        else:
            connection.exec_driver_sql("BEGIN DEFERRED")

    return engine


def _begin_writing(
    connection: Connection,
    hurry: Callable[[], bool],
    meanwhile: Callable[[], bool],
    seconds: float,
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


def driver(connection: Connection) -> Any:
    """The driver's own connection."""
    return connection.connection.driver_connection


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


def connect_arguments(url: sa.URL) -> dict[str, Any]:
    """What PostgreSQL's driver is told besides ``url``, unless that says otherwise."""
    ours: dict[str, Any] = {f"keepalives_{name}": value for name, value in KEEPALIVES.items()}
    ours["connect_timeout"] = 10
    ours["options"] = " ".join(f"-c tcp_keepalives_{name}={n}" for name, n in KEEPALIVES.items())
    return {name: value for name, value in ours.items() if name not in url.query}


def missing(engine: Engine) -> bool:
    """Whether there is no such file."""
    if engine.dialect.name != "sqlite":
        return False
    file = Path(str(engine.url.database))
    with _said_where(file):
        return not file.exists()


def make(engine: Engine) -> bool:
    """Make SQLite's file, for its owner alone, if it is missing; whether it was. It appears with
    its first page written, so that a store of 0 bytes is always the remains of another."""
    if not missing(engine):
        return False
    file = Path(str(engine.url.database)).absolute()
    with _said_where(file):
        private_files.make_folder(file.parent)
        log = file.with_name(f"{file.name}-wal")
        if log.exists() and log.stat().st_size:  # which would be written into the new file
            raise StoreError(
                f"the store {file} is missing, but its log {log.name} is there: {WAY_OUT}"
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


@contextmanager
def _said_where(file: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or error
        raise StoreError(f"cannot open the store {file.absolute()}: {why}") from error


def damaged(error: BaseException) -> bool:
    """Whether ``error`` says that SQLite's file is damaged, or is none of SQLite's."""
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorcode", None) or 0
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or (
        isinstance(cause, sqlite3.Error) and "Could not decode" in str(cause)
    )


def place(engine: Engine) -> str:
    """Where the store is, without passwords: those in the options too."""
    return engine.url.set(query={}).render_as_string(hide_password=True)


def many_machines(engine: Engine) -> bool:
    """Whether processes on many machines may work on this store, beside each other."""
    return engine.dialect.name == "postgresql"


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
    return (stoppable(engine, hurry) if hurry else engine).execution_options(writing=True)


def writes(session: Session) -> bool:
    """Whether the session's transaction is going to write (``writing``)."""
    return bool(session.get_bind().engine.get_execution_options().get("writing"))


def stoppable(engine: Engine, hurry: Callable[[], bool]) -> Engine:
    """``engine`` whose writers wait for nobody once ``hurry`` returns True."""
    return engine.execution_options(hurry=hurry)


def occupied(engine: Engine, meanwhile: Callable[[], bool]) -> Engine:
    """``engine`` whose writers, while they wait for SQLite's write lock, call ``meanwhile``: it
    does a moment's work that has nothing to do with the store, or returns False for want of any."""
    return engine.execution_options(meanwhile=meanwhile)


def impatient(engine: Engine, seconds: float) -> Engine:
    """``engine`` whose transactions wait for others' locks no longer than ``seconds``: for people
    who wait for an answer."""
    return engine.execution_options(patience=seconds)


def away(engine: Engine, error: BaseException) -> bool:
    """Whether ``error`` means that the server could not be reached, or broke off, or asked to try
    again: the same work may well succeed in a moment. A file is never away."""
    if engine.dialect.name != "postgresql":
        return False
    return isinstance(error, StoreAwayError | sa.exc.OperationalError | sa.exc.InterfaceError) or (
        isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
    )


def passing(engine: Engine, error: BaseException) -> bool:
    """Whether ``error`` may be over in a moment: the server is away, or a file is locked or its
    disk full. For what has happened and must be written down; other work rather ends."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & 0xFF in PASSING or away(engine, error)


def when_available(
    engine: Engine,
    work: Callable[[], Result],
    hurry: Callable[[], bool] = _never,
    may_pass: Callable[[Engine, BaseException], bool] = away,
) -> Result:
    """``work()``, tried again while the server is away, or what else ``may_pass``: for some
    minutes, or until ``hurry``.

    For work in one transaction only. It must bear being done twice, since a server may die between
    keeping a transaction and saying so.
    """
    pause, give_up = FIRST_PAUSE, time.monotonic() + AWAY_SECONDS
    while True:
        try:
            return work()
        except Exception as error:
            if not may_pass(engine, error) or time.monotonic() > give_up or hurry():
                raise
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


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
