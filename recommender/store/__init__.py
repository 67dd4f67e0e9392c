"""Creates, migrates and opens the store. The only place that runs Alembic, and loads it only then:
which migration a store is at, every command asks."""

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender import resources, vocabulary
from recommender.errors import NewsletterError, StoreError
from recommender.models import Newsletter, Property
from recommender.safety import scrubbing
from recommender.storage import database, locks, queue_schema
from recommender.storage.database import place as place
from recommender.subscribers import addresses

if TYPE_CHECKING:
    from alembic.config import Config

AT = sa.table("alembic_version", sa.column("version_num", sa.String))
"""Where Alembic notes the migration that a store is at."""
CHECKED_BYTES = 16 * 1024 * 1024
"""A SQLite store up to this size is looked through whenever it is opened, in about a tenth of a
second; a larger one by ``store check`` and ``store backup``, or when something about it is odd."""
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
    except sa.exc.DatabaseError as error:
        raise refusal(engine, error, "open") from error


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
    database.make(engine)
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
                queue_schema.migrate(engine)
        except sa.exc.SQLAlchemyError as error:
            raise refusal(engine, error, "migrate") from error
    return True


def _jobs_outdated(engine: Engine) -> bool:
    return database.many_machines(engine) and queue_schema.outdated(engine)


def prepare(engine: Engine, *, newsletter: str, now: datetime) -> None:
    """What every store holds from the start: its salt, the starter vocabulary, the newsletter."""
    with database.writing(engine) as session:
        addresses.salt(session)
        vocabulary.install_starter(session)
        if session.scalar(sa.select(Newsletter).where(Newsletter.name == newsletter)) is None:
            session.add(Newsletter(name=newsletter, created_at=now))


def open_store(url: str, *, newsletter: str, now: datetime, make: bool = False) -> Engine:
    """The store at ``url``; with ``make``, one is made when there is none at all.

    Raises StoreError when there is none, when it is damaged or has no such ``newsletter``, and when
    it is of another version than this code: ``newsletter init`` migrates.
    """
    engine = database.connect(url)
    try:
        if make and (database.missing(engine) or revision(engine) is None):
            migrate(engine)
            prepare(engine, newsletter=newsletter, now=now)
        check_version(engine)
        refuse_damaged(engine)
        _settle(engine)
        check_newsletter(engine, newsletter)
    except sa.exc.DBAPIError as error:  # such as a server that ends just now
        engine.dispose()
        raise refusal(engine, error, "open") from error
    except BaseException:
        engine.dispose()
        raise
    return engine


def check_version(engine: Engine) -> None:
    """Raise StoreError when there is no store, or one of another version than this code."""
    found = None if database.missing(engine) else revision(engine)
    if found is None:
        file = Path(str(engine.url.database)).absolute()
        where = place(engine) if database.many_machines(engine) else file
        raise StoreError(f"there is no store at {where}: {database.WAY_IN}")
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


def check_newsletter(engine: Engine, name: str) -> None:
    """Raise StoreError when the store has no newsletter of that name."""
    with database.reading(engine) as session:
        known = session.scalars(sa.select(Newsletter.name).order_by(Newsletter.id)).all()
    if name not in known:
        others = " and ".join(repr(one) for one in known) or "none"
        instead = f', or set newsletter = "{known[0]}"' if known else ""
        raise StoreError(
            f"newsletter: the store has {others}, the settings say {name!r}: "
            f"run `newsletter init` to add it{instead}"
        )


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
    return StoreError(f"cannot {verb} the store {place(engine)}: {why}")


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
        f"the store {place(engine)} is damaged ({what}): `newsletter store check` says where; "
        f"{database.WAY_OUT}"
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


def _first_line(error: Exception) -> str:
    return scrubbing.words(error).partition("\n")[0] or type(error).__name__
