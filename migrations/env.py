"""Runs migrations: on the engine the product hands over, or on the configured store."""

from typing import Any

from alembic import context
from sqlalchemy import Engine

from recommender import settings
from recommender.models import Base
from recommender.storage import database, online_ddl, queue_schema


def mine(name: str | None, kind: str, _parents: Any) -> bool:
    """Whether a table found in the store is one of ours."""
    if kind != "table" or name is None:
        return True
    return not name.startswith(queue_schema.PREFIX)


def run() -> None:
    engine: Engine = context.config.attributes.get("engine") or database.connect(
        settings.load().store_url
    )
    with engine.connect() as connection:
        online_ddl.limit_waiting(connection)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_name=mine,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
