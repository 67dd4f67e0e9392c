"""Sessions and transactions, on SQLite and PostgreSQL.

The caller commits by leaving the ``with`` block; an exception rolls everything back.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from recommender.storage.availability import AWAY_SECONDS as AWAY_SECONDS
from recommender.storage.availability import LARGEST_SKEW as LARGEST_SKEW
from recommender.storage.availability import skew as skew
from recommender.storage.availability import transient as transient
from recommender.storage.availability import unavailable as unavailable
from recommender.storage.availability import when_available as when_available
from recommender.storage.engines import BUSY_SECONDS as BUSY_SECONDS
from recommender.storage.engines import connect as connect
from recommender.storage.engines import connect_arguments as connect_arguments
from recommender.storage.engines import driver as driver
from recommender.storage.sqlite_file import HOW_TO_MAKE_ONE as HOW_TO_MAKE_ONE
from recommender.storage.sqlite_file import HOW_TO_RECOVER as HOW_TO_RECOVER
from recommender.storage.sqlite_file import damaged as damaged
from recommender.storage.sqlite_file import make as make
from recommender.storage.sqlite_file import missing as missing


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


def writer(
    engine: Engine,
    hurry: Callable[[], bool] | None = None,
    meanwhile: Callable[[], bool] | None = None,
) -> Engine:
    """``engine`` with transactions that are going to write; for statements without a session.

    While another process holds SQLite's write lock, it is waited for; not, however, once ``hurry``
    returns True. Instead of sleeping in between, ``meanwhile`` is called, which returns False when
    it had nothing to do.
    """
    engine = stoppable(engine, hurry) if hurry else engine
    return engine.execution_options(writing=True, meanwhile=meanwhile)


def writes(session: Session) -> bool:
    """Whether the session's transaction is going to write (``writing``)."""
    return bool(session.get_bind().engine.get_execution_options().get("writing"))


def stoppable(engine: Engine, hurry: Callable[[], bool]) -> Engine:
    """``engine`` whose writers wait for nobody once ``hurry`` returns True."""
    return engine.execution_options(hurry=hurry)


def impatient(engine: Engine, seconds: float) -> Engine:
    """``engine`` whose transactions wait for others' locks no longer than ``seconds``: for people
    who wait for an answer."""
    return engine.execution_options(patience=seconds)


def place(engine: Engine) -> str:
    """Where the store is, without passwords: those in the options too."""
    return engine.url.set(query={}).render_as_string(hide_password=True)


def many_machines(engine: Engine) -> bool:
    """Whether processes on many machines may work on this store, beside each other."""
    return engine.dialect.name == "postgresql"
