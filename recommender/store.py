"""Creates, migrates and opens the store. The only place that runs Alembic, and loads it only then:
which migration a store is at, every command asks."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender import (
    addresses,
    database,
    jobtables,
    locks,
    resources,
    scrubbing,
    vocabulary,
)
from recommender.errors import StoreError
from recommender.models import Newsletter, Property

if TYPE_CHECKING:
    from alembic.config import Config

AT = sa.table("alembic_version", sa.column("version_num", sa.String))
"""Where Alembic notes the migration that a store is at."""
IN_USE = "in-use"
"""The lock that every command shares on the store it works on."""
LEAVING_SECONDS = 1.0
"""For how long a server may hold the lock of a connection that was closed."""
COPY = "copy"
"""The property of a store that was copied from another: UNFINISHED, or FINISHED until it is first
used. From then on it has a life of its own, and must not be copied over."""
UNFINISHED, FINISHED = "unfinished", "finished"


def configuration(engine: Engine) -> "Config":
    """Alembic's settings for ``engine``, with the migrations that travel with the code."""
    from alembic.config import Config

    config = Config(stdout=StringIO())
    config.set_main_option("script_location", str(resources.folder("migrations")))
    config.attributes["engine"] = engine
    return config


def revision(engine: Engine) -> str | None:
    """The migration the store is at; None when it is empty.

    Raises StoreError when it cannot be opened.
    """
    try:
        with engine.connect() as connection:
            made = sa.inspect(connection).has_table(AT.name)
            return connection.scalar(sa.select(AT.c.version_num)) if made else None
    except (sa.exc.OperationalError, sa.exc.DatabaseError) as error:
        raise StoreError(f"cannot open the store {place(engine)}: {_first_line(error)}") from error


def head() -> str:
    """The migration this version of the code expects."""
    found = revisions()
    if not found:
        raise StoreError("this installation carries no migrations; reinstall it")
    return found[-1]


def revisions() -> list[str]:
    """All migrations this version of the code knows, in order: their files are named by them."""
    files = (resources.folder("migrations") / "versions").glob("*_*.py")
    return sorted(file.name.partition("_")[0] for file in files if file.name[0].isdigit())


def _refuse_newer(engine: Engine, found: str | None) -> None:
    if found is not None and found not in revisions():
        raise StoreError(
            f"the store {place(engine)} was made by a newer version (it is at {found}, this one "
            f"knows {head()}): install that version"
        )


def migrate(engine: Engine) -> bool:
    """Bring the store to this version; whether anything had to be done.

    Raises StoreError for a store of a newer version.
    """
    _refuse_newer(engine, revision(engine))
    if revision(engine) == head() and not _jobs_outdated(engine):
        return False
    from alembic import command

    with locks.hold(engine, "migration") as free:
        if not free:
            raise StoreError("another process is migrating the store; try again in a minute")
        try:
            command.upgrade(configuration(engine), "head")
            if database.many_machines(engine):
                jobtables.migrate(engine)
        except sa.exc.SQLAlchemyError as error:
            raise StoreError(f"the store could not be migrated: {_first_line(error)}") from error
    return True


def _jobs_outdated(engine: Engine) -> bool:
    return database.many_machines(engine) and jobtables.outdated(engine)


def prepare(engine: Engine, *, newsletter: str, now: datetime) -> None:
    """What every store holds from the start: its salt, the starter vocabulary, the newsletter."""
    with database.writing(engine) as session:
        addresses.salt(session)
        vocabulary.install_starter(session)
        if session.scalar(sa.select(Newsletter).where(Newsletter.name == newsletter)) is None:
            session.add(Newsletter(name=newsletter, created_at=now))


def open_store(url: str, *, newsletter: str, now: datetime) -> Engine:
    """The store at ``url``, made when it does not exist yet.

    Raises StoreError when it is of another version than this code: ``newsletter init`` migrates.
    """
    engine = database.connect(url)
    try:
        if revision(engine) is None:
            migrate(engine)
            prepare(engine, newsletter=newsletter, now=now)
        check_version(engine)
        _settle(engine)
    except sa.exc.DBAPIError as error:  # such as a server that ends just now
        engine.dispose()
        raise StoreError(f"cannot open the store {place(engine)}: {_first_line(error)}") from error
    except BaseException:
        engine.dispose()
        raise
    return engine


def check_version(engine: Engine) -> None:
    """Raise StoreError when there is no store, or one of another version than this code."""
    found = None if database.missing(engine) else revision(engine)
    if found is None:
        raise StoreError(f"there is no store at {place(engine)}")
    _refuse_newer(engine, found)
    if found != head():
        raise StoreError(
            f"the store {place(engine)} is at version {found}, this code needs {head()}: "
            "run `newsletter init`"
        )
    if _jobs_outdated(engine):
        raise StoreError(
            f"the job queue of {place(engine)} is of another version than this code: "
            "run `newsletter init`"
        )


@contextmanager
def using(engine: Engine) -> Iterator[None]:
    """Work on the store beside others; StoreError while somebody wants it alone."""
    refusal = f"{place(engine)} is being copied; wait until that is done"
    with locks.taking_part(engine, IN_USE, refusal):
        yield


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """Have the store for oneself; StoreError while any other command works on it."""
    give_up = time.monotonic() + LEAVING_SECONDS
    while True:
        with locks.hold(engine, IN_USE) as free:
            if free:
                yield
                return
        if time.monotonic() > give_up:
            raise StoreError(
                f"{place(engine)} is in use: stop the service, workers and every other command"
            )
        time.sleep(LEAVING_SECONDS / 10)


def place(engine: Engine) -> str:
    """Where the store is, without its password."""
    return engine.url.render_as_string(hide_password=True)


def _settle(engine: Engine) -> None:
    """Let a finished copy begin its own life; StoreError for one that is not finished."""
    with database.reading(engine) as session:
        found = session.get(Property, COPY)
    if found is None:
        return
    if found.value != FINISHED:
        raise StoreError(
            f"{place(engine)} is a copy that was not finished: run `newsletter store copy` again"
        )
    with database.writing(engine) as session:
        session.execute(sa.delete(Property).where(Property.name == COPY))


def _first_line(error: sa.exc.SQLAlchemyError) -> str:
    return scrubbing.words(error) or type(error).__name__
