"""Migrations: they agree with the models, run both ways, and keep what is there."""

from datetime import datetime

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from recommender import store as store_module
from recommender.errors import StoreError
from recommender.models import Base, Status, Subscriber
from recommender.storage import database, queue_schema


def ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether something in the store is ours, and not the job queue's."""
    return kind != "table" or not (name or "").startswith(queue_schema.PREFIX)


def test_migrations_and_models_agree(store: Engine) -> None:
    with store.connect() as connection:
        options = {"compare_type": True, "include_name": ours}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_follow_each_other_as_their_files_are_named(store: Engine) -> None:
    chain = ScriptDirectory.from_config(store_module.configuration(store)).walk_revisions()
    assert [one.revision for one in chain][::-1] == store_module.revisions()


def test_downgrade_and_upgrade_both_run(store: Engine) -> None:
    command.downgrade(store_module.configuration(store), "base")
    left = [name for name in sa.inspect(store).get_table_names() if ours(name, "table", {})]
    assert left == ["alembic_version"]
    command.upgrade(store_module.configuration(store), "head")
    assert store_module.revision(store) == store_module.head()


def test_data_survives_a_second_migration(store: Engine, now: datetime) -> None:
    with database.writing(store) as session:
        session.add(
            Subscriber(
                email="a@example.com",
                address_hash="0" * 64,
                status=Status.ACTIVE,
                created_at=now,
                updated_at=now,
            )
        )
    assert store_module.migrate(store) is False
    store_module.prepare(store, newsletter="weekly", now=now)
    with database.reading(store) as session:
        found = session.scalars(sa.select(Subscriber)).one()
    assert found.created_at == now


def test_a_store_of_another_version_is_refused_with_the_remedy(
    sqlite_store: Engine, now: datetime
) -> None:
    with database.writing(sqlite_store) as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(StoreError, match="run `newsletter init`"):
        store_module.open_store(str(sqlite_store.url), newsletter="weekly", now=now)


def test_a_store_of_a_newer_version_is_left_alone_and_says_so(
    sqlite_store: Engine, now: datetime
) -> None:
    with database.writing(sqlite_store) as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = 'later'"))
    with pytest.raises(StoreError, match="newer version"):
        store_module.open_store(str(sqlite_store.url), newsletter="weekly", now=now)
    with pytest.raises(StoreError, match="newer version"):
        store_module.migrate(sqlite_store)
