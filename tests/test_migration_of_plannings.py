"""What migration 0009 makes of editions that were planned when each could be planned once only."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.engine import Engine

from mailer.edition import planning
from recommender.models import Edition, Shard
from recommender.storage import database, migrations

PLANNED = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def old_store(store: Engine) -> Engine:
    """A store as the version before left it, without newsletters."""
    command.downgrade(migrations.configuration(store), "0008")
    with store.begin() as connection:
        connection.exec_driver_sql("DELETE FROM newsletters")
    return store


def insert(connection: sa.Connection, table: sa.Table, **values: object) -> None:
    """A row; what must be given and is not is a moment, an empty document, an empty text, or 0."""
    empty = {sa.DateTime: PLANNED, sa.Date: PLANNED.date(), sa.JSON: {}, sa.String: ""}
    empty |= {sa.Boolean: False}
    for column in table.columns:
        if not (column.name in values or column.nullable or column.primary_key):
            kind = next((kind for kind in empty if isinstance(column.type, kind)), None)
            values[column.name] = 0 if kind is None else empty[kind]
    connection.execute(sa.insert(table).values(**values))


def test_only_what_was_planned_for_all_its_readers_is_published(old_store: Engine) -> None:
    tables = sa.MetaData()
    tables.reflect(
        old_store, only=["newsletters", "segments", "template_versions", "editions", "shards"]
    )
    table = tables.tables
    with old_store.begin() as connection:
        insert(connection, table["template_versions"], hash="")
        insert(connection, table["segments"], id=1, name="everybody")
        insert(connection, table["segments"], id=2, name="pilots")
        insert(connection, table["newsletters"], id=1, name="all")
        insert(connection, table["newsletters"], id=2, name="some", segment_id=1)
        cases = [
            (1, 1, None, "planned"),
            (2, 1, "pilots", "planned"),
            (3, 1, "pilots", "finished"),
            (4, 1, "pilots", "cancelled"),
            (5, 2, "everybody", "sending"),
            (6, 2, "pilots", "sending"),
        ]
        for number, newsletter, segment, state in cases:
            insert(
                connection, table["editions"],
                id=number, newsletter_id=newsletter, period=f"2026-W{40 + number}",
                segment=segment, state=state, planned_at=PLANNED,
            )  # fmt: skip
        insert(connection, table["shards"], edition_id=2, number=1, done=True)
    assert migrations.migrate(old_store)
    with database.reading(old_store) as session:
        found = dict(session.execute(sa.select(Edition.id, Edition.published_at)).all())
        assert found == {1: PLANNED, 2: None, 3: PLANNED, 4: PLANNED, 5: PLANNED, 6: None}
        assert set(session.scalars(sa.select(Edition.closed_at))) == {None}
        assert session.execute(sa.select(Shard.segment, Shard.planned_at)).one() == (
            "pilots",
            PLANNED,
        )
        assert planning.published(session, "all", "2026-W41")
        assert not planning.published(session, "all", "2026-W42")  # the hour adds the rest
