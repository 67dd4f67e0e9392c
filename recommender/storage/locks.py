"""Locks that end with their process: they tell who is alive, and keep two from doing the same.

``flock`` beside the SQLite file, advisory locks on PostgreSQL. They know nothing of what they stand
for.
"""

import contextlib
import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session

from recommender.errors import StoreError
from recommender.safety import private_files
from recommender.storage.database import writing


@dataclass
class Lock:
    """A lock that was asked for; true if it could be had."""

    held: bool
    _connection: Connection | None = None

    def __bool__(self) -> bool:
        return self.held

    def alive(self) -> bool:
        """Whether it is held still: a server that was restarted, or a connection that broke, has
        given it up, and others may have it. To be asked by one thread at a time."""
        if self.held and self._connection is not None:
            try:
                self._connection.scalar(sa.select(1))
            except sa.exc.DBAPIError:
                self.held = False
        return self.held


@contextmanager
def hold(engine: Engine, name: str, *, once: bool = False, shared: bool = False) -> Iterator[Lock]:
    """Hold the store-wide lock ``name`` for the block; yields whether it could be had, at once.

    The lock ends with its process, however that ends (``flock`` beside the SQLite file, a session
    advisory lock on PostgreSQL), so a lock that can be had proves that its last holder is gone, or
    has lost touch with the server. ``once`` says that the name is never used again, so that nothing
    of it is kept. Any number may hold a ``shared`` lock, but not while one holds it alone.
    """
    if engine.dialect.name == "postgresql":
        with _advisory_lock(engine, name, "_shared" if shared else "") as held:
            yield held
    else:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        with _file_lock(Path(f"{engine.url.database}.locks") / name, kind, once=once) as free:
            yield Lock(free)


@contextmanager
def taking_part(engine: Engine, name: str, refusal: str) -> Iterator[None]:
    """Share the lock ``name`` for as long as anything can be written through ``engine``; raises
    StoreError with ``refusal`` while somebody holds it alone.

    On PostgreSQL every connection takes its own share when it is made, or is not made. A process
    that lost all of them with the server has no share, but nothing to write with either.
    """
    if engine.dialect.name != "postgresql":
        with hold(engine, name, shared=True) as free:
            if not free:
                raise StoreError(refusal)
            yield
        return

    def take(connection: Any, _record: Any) -> None:  # Any: the driver's own types
        query = "SELECT pg_try_advisory_lock_shared(%s)"
        [free] = connection.execute(query, (_key(name),)).fetchone()
        connection.rollback()  # of the transaction; the lock is the session's
        if not free:
            connection.close()
            raise StoreError(refusal)

    engine.dispose()  # connections that were made without
    sa.event.listen(engine, "connect", take)
    try:
        engine.connect().close()
        yield
    finally:
        sa.event.remove(engine, "connect", take)
        engine.dispose()


@contextmanager
def inheriting(engine: Engine, name: str) -> Iterator[Session | None]:
    """A transaction that holds the lock ``name`` from its beginning to its end; None when somebody
    else holds it. What it writes can thus never be late: on PostgreSQL both end together, whatever
    becomes of connections, so nobody who takes the lock afterwards is overwritten."""
    if engine.dialect.name == "postgresql":
        with writing(engine) as session:
            take = sa.func.pg_try_advisory_xact_lock(_key(name))
            yield session if session.scalar(sa.select(take)) else None
        return
    with hold(engine, name, once=True) as free:
        if not free:
            yield None
            return
        with writing(engine) as session:
            yield session


@contextmanager
def _file_lock(path: Path, kind: int, *, once: bool) -> Iterator[bool]:
    private_files.make_folder(path.parent)
    with private_files.open_file(path, "a+b") as handle:
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
def _advisory_lock(engine: Engine, name: str, kind: str) -> Iterator[Lock]:
    key = _key(name)
    take = getattr(sa.func, f"pg_try_advisory_lock{kind}")
    give = getattr(sa.func, f"pg_advisory_unlock{kind}")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        held = bool(connection.scalar(sa.select(take(key))))
        lock = Lock(held, connection)
        try:
            yield lock
        finally:
            if lock.held:
                with contextlib.suppress(sa.exc.DBAPIError):  # the server, and the lock, are gone
                    connection.execute(sa.select(give(key)))


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
