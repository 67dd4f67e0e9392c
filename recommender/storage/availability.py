"""Tries work again while the store is away: its server out of reach, its file locked."""

import sqlite3
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender.errors import StoreAwayError

AWAY_SECONDS = 300.0
"""For how long a server that cannot be reached is waited for."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
TRANSIENT = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
)
"""What SQLite says of a file that may be written again in a moment."""
LARGEST_SKEW = timedelta(minutes=5)

Result = TypeVar("Result")


def unavailable(engine: Engine, error: BaseException) -> bool:
    """Whether ``error`` means that the server could not be reached, or broke off, or asked to try
    again: the same work may well succeed in a moment. A file is never away."""
    if engine.dialect.name != "postgresql":
        return False
    return isinstance(error, StoreAwayError | sa.exc.OperationalError | sa.exc.InterfaceError) or (
        isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
    )


def transient(engine: Engine, error: BaseException) -> bool:
    """Whether ``error`` may be over in a moment: the server is away, or a file is locked or its
    disk full. For what has happened and must be written down; other work rather ends."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & 0xFF in TRANSIENT or unavailable(engine, error)


def _never() -> bool:
    return False


def when_available(
    engine: Engine,
    work: Callable[[], Result],
    hurry: Callable[[], bool] = _never,
    may_pass: Callable[[Engine, BaseException], bool] = unavailable,
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
