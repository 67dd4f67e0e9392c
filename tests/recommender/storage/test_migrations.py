"""Migrations: they agree with the models, run both ways, and keep what is there."""

from datetime import datetime

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from recommender import store_opening
from recommender.models import Base, Status, Subscriber
from recommender.storage import database, migrations, queue_schema


def ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether something in the store is ours, and not the job queue's."""
    return kind != "table" or not (name or "").startswith(queue_schema.PREFIX)


def test_migrations_and_models_agree(store: Engine) -> None:
    with store.connect() as connection:
        options = {"compare_type": True, "include_name": ours}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_follow_each_other_as_their_files_are_named(store: Engine) -> None:
    chain = ScriptDirectory.from_config(migrations.configuration(store)).walk_revisions()
    assert [one.revision for one in chain][::-1] == migrations.revisions()


def test_downgrade_and_upgrade_both_run(store: Engine) -> None:
    command.downgrade(migrations.configuration(store), "base")
    left = [name for name in sa.inspect(store).get_table_names() if ours(name, "table", {})]
    assert left == ["alembic_version"]
    command.upgrade(migrations.configuration(store), "head")
    assert migrations.revision(store) == migrations.head()


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
    assert migrations.migrate(store) is False
    store_opening.prepare(store, newsletter="weekly", now=now)
    with database.reading(store) as session:
        found = session.scalars(sa.select(Subscriber)).one()
    assert found.created_at == now
