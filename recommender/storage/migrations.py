"""Creates and migrates the store. The only module that runs Alembic, and loads it only then: every
command asks which migration a store is at."""

from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender import resources
from recommender.errors import StoreError
from recommender.storage import database, locks, queue_schema
from recommender.storage.damage import refusal

if TYPE_CHECKING:
    from alembic.config import Config

AT = sa.table("alembic_version", sa.column("version_num", sa.String))
"""Where Alembic notes the migration that a store is at."""


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


def check_version(engine: Engine) -> None:
    """Raise StoreError when there is no store, or one of another version than this code."""
    found = None if database.missing(engine) else revision(engine)
    if found is None:
        file = Path(str(engine.url.database)).absolute()
        where = database.place(engine) if database.many_machines(engine) else file
        raise StoreError(f"there is no store at {where}: {database.HOW_TO_MAKE_ONE}")
    _refuse_newer(engine, found)
    if found != head():
        raise StoreError(
            f"the store {database.place(engine)} is at version {found}, "
            f"this code needs {head()}: run `newsletter init`"
        )
    if _jobs_outdated(engine):
        raise StoreError(
            f"the job queue of {database.place(engine)} is of another version than this code: "
            "run `newsletter init`"
        )


def _refuse_newer(engine: Engine, found: str | None) -> None:
    if found is not None and found not in revisions():
        raise StoreError(
            f"the store {database.place(engine)} was made by a newer version (it is at {found}, "
            f"this one knows {head()}): install that version"
        )


def _jobs_outdated(engine: Engine) -> bool:
    return database.many_machines(engine) and queue_schema.outdated(engine)
