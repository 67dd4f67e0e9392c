"""Creates, migrates and opens the store. The only place that runs Alembic."""

from datetime import datetime
from io import StringIO

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from recommender import addresses, database, resources, vocabulary
from recommender.errors import StoreError
from recommender.models import Newsletter


def configuration(engine: Engine) -> Config:
    """Alembic's settings for ``engine``, with the migrations that travel with the code."""
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
            return MigrationContext.configure(connection).get_current_revision()
    except (sa.exc.OperationalError, sa.exc.DatabaseError) as error:
        place = engine.url.render_as_string(hide_password=True)
        raise StoreError(f"cannot open the store {place}: {_first_line(error)}") from error


def head() -> str:
    """The migration this version of the code expects."""
    config = Config()
    config.set_main_option("script_location", str(resources.folder("migrations")))
    found = ScriptDirectory.from_config(config).get_current_head()
    if found is None:
        raise StoreError("this installation carries no migrations; reinstall it")
    return found


def migrate(engine: Engine) -> bool:
    """Bring the store to this version; whether anything had to be done."""
    before = revision(engine)
    if before == head():
        return False
    with database.lock(engine, "migration") as free:
        if not free:
            raise StoreError("another process is migrating the store; try again in a minute")
        try:
            command.upgrade(configuration(engine), "head")
        except sa.exc.SQLAlchemyError as error:
            raise StoreError(f"the store could not be migrated: {_first_line(error)}") from error
    return True


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
    found = revision(engine)
    if found is None:
        migrate(engine)
        prepare(engine, newsletter=newsletter, now=now)
    elif found != head():
        raise StoreError(
            f"the store is at version {found}, this code needs {head()}: run `newsletter init`"
        )
    return engine


def _first_line(error: sa.exc.SQLAlchemyError) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0]
