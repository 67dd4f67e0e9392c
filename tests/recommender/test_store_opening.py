"""Opening a store: one of another version is refused, with what to do."""

from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender import store_opening
from recommender.errors import StoreError
from recommender.storage import database, migrations


def test_a_store_of_another_version_is_refused_with_the_remedy(
    sqlite_store: Engine, now: datetime
) -> None:
    with database.writing(sqlite_store) as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(StoreError, match="run `newsletter init`"):
        store_opening.open_store(str(sqlite_store.url), newsletter="weekly", now=now)


def test_a_store_of_a_newer_version_is_left_alone_and_says_so(
    sqlite_store: Engine, now: datetime
) -> None:
    with database.writing(sqlite_store) as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = 'later'"))
    with pytest.raises(StoreError, match="newer version"):
        store_opening.open_store(str(sqlite_store.url), newsletter="weekly", now=now)
    with pytest.raises(StoreError, match="newer version"):
        migrations.migrate(sqlite_store)
