"""Opens the store, and makes a new one with what every store has from the start.

``storage`` knows the database; this module knows what a newsletter needs in it.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender import vocabulary
from recommender.errors import StoreError
from recommender.models import Newsletter, Property
from recommender.storage import damage, database, migrations
from recommender.storage.properties import COPY, FINISHED
from recommender.subscribers import addresses


def open_store(url: str, *, newsletter: str, now: datetime, make: bool = False) -> Engine:
    """The store at ``url``; with ``make``, one is made when there is none at all.

    Raises StoreError when there is none, when it is damaged or has no such ``newsletter``, and when
    it is of another version than this code: ``newsletter init`` migrates.
    """
    engine = database.connect(url)
    try:
        if make and (database.missing(engine) or migrations.revision(engine) is None):
            migrations.migrate(engine)
            prepare(engine, newsletter=newsletter, now=now)
        migrations.check_version(engine)
        damage.refuse_damaged(engine)
        _settle(engine)
        check_newsletter(engine, newsletter)
    except sa.exc.DBAPIError as error:  # such as a server that ends just now
        engine.dispose()
        raise damage.refusal(engine, error, "open") from error
    except BaseException:
        engine.dispose()
        raise
    return engine


def prepare(engine: Engine, *, newsletter: str, now: datetime) -> None:
    """Write what every store has from the start: salt, starter vocabulary, the newsletter."""
    with database.writing(engine) as session:
        addresses.salt(session)
        vocabulary.install_starter(session)
        if session.scalar(sa.select(Newsletter).where(Newsletter.name == newsletter)) is None:
            session.add(Newsletter(name=newsletter, created_at=now))


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


def _settle(engine: Engine) -> None:
    """Let a finished copy begin its own life; StoreError for one that is not finished."""
    with database.reading(engine) as session:
        found = session.get(Property, COPY)
    if found is None:
        return
    if found.value != FINISHED:
        raise StoreError(
            f"{database.place(engine)} is a copy that was not finished: "
            "run `newsletter store copy` again"
        )
    with database.writing(engine) as session:
        session.execute(sa.delete(Property).where(Property.name == COPY))
