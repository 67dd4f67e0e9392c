"""Migration 0029 changes the table of newsletters; what refers to them stays as it is."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import command
from sqlalchemy.engine import Engine

from recommender.storage import migrations

from .test_migration_of_plannings import insert

PLANNED = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def test_editions_notes_and_sponsors_of_a_newsletter_survive(store: Engine) -> None:
    command.downgrade(migrations.configuration(store), "0028")
    tables = sa.MetaData()
    named = ["newsletters", "template_versions", "editions", "edition_edits", "sponsors"]
    tables.reflect(store, only=named)
    with store.begin() as connection:
        first = connection.execute(sa.select(tables.tables["newsletters"].c.id)).scalar_one()
        insert(connection, tables.tables["template_versions"], hash="")
        for name in ("editions", "edition_edits", "sponsors"):
            insert(connection, tables.tables[name], newsletter_id=first)
    assert migrations.migrate(store)
    command.downgrade(migrations.configuration(store), "0028")
    assert migrations.migrate(store)
    with store.connect() as connection:
        for name in ("editions", "edition_edits", "sponsors"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar() == 1
