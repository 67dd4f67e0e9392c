"""The tables of the job queue in a PostgreSQL store: made and migrated together with the store.

They are procrastinate's own (its SQL files come with it); this module applies them and remembers,
as a comment on their main table, how far. It imports no library: commands that open the store do
not wait for that.
"""

import importlib.util
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender.errors import ConfigurationError

PREFIX = "procrastinate_"
_APPLIED = sa.text("SELECT obj_description(to_regclass('procrastinate_jobs'), 'pg_class')")


def migrate(engine: Engine) -> bool:
    """Bring the tables to the version of the installed library; whether anything had to be done."""
    changed = False
    while step := _next_step(engine):
        with engine.begin() as connection:
            applied, script = step
            driver: Any = connection.connection.driver_connection  # its own type
            driver.execute(script)  # which, without parameters, takes a script of many statements
            connection.exec_driver_sql(f"COMMENT ON TABLE procrastinate_jobs IS '{applied}'")
        changed = True
    return changed


def outdated(engine: Engine) -> bool:
    """Whether there is something for ``migrate`` to do."""
    return _next_step(engine) is not None


def _next_step(engine: Engine) -> tuple[str, str] | None:
    folder = _folder()
    steps = sorted(file.name for file in (folder / "migrations").glob("*.sql"))
    with engine.connect() as connection:
        applied = connection.scalar(_APPLIED)
    if applied is None:
        return steps[-1], (folder / "schema.sql").read_text("utf-8")
    for step in steps:  # their names begin with versions, written so that they sort
        if step > applied:
            return step, (folder / "migrations" / step).read_text("utf-8")
    return None


def _folder() -> Path:
    found = importlib.util.find_spec("procrastinate")
    if found is None or not found.submodule_search_locations:
        raise ConfigurationError(
            "database_url: PostgreSQL needs an extra: "
            "pip install 'newsletter-recommender[postgresql]'"
        )
    return Path(found.submodule_search_locations[0]) / "sql"
