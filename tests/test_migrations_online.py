"""Migrations keep nobody waiting: what they send to PostgreSQL is read, statement by statement."""

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from recommender.errors import StoreError
from recommender.storage import migrations, online_ddl

FIRST_IN_USE = "0002"
"""The migrations up to this one made the store; those after it meet stores that are at work."""
SLOW = (
    (r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)\S+ ON (\w+)", "build the index CONCURRENTLY"),
    (r"DROP INDEX (?!CONCURRENTLY)(\w+)", "drop the index CONCURRENTLY"),
    (r"ALTER TABLE (\w+) ALTER COLUMN \w+ TYPE", "add a column and move the values in batches"),
    (r"ALTER TABLE (\w+) ALTER COLUMN \w+ SET NOT NULL", "give the column a default instead"),
    (r"ALTER TABLE (\w+) ADD COLUMN (?!.*DEFAULT)(.* NOT NULL)", "the column needs a default"),
    (r"ALTER TABLE (\w+) ADD CONSTRAINT (?!.*NOT VALID)", "add it NOT VALID, then validate"),
)


def faults(statements: list[str]) -> Iterator[str]:
    """What in the statements of a migration would make others wait; tables that it makes itself
    nobody waits for."""
    plain = [re.sub(r"\s+", " ", statement).replace('"', "") for statement in statements]
    own = {match[1] for line in plain if (match := re.match(r"CREATE TABLE (\w+)", line))}
    for line in plain:
        for pattern, remedy in SLOW:
            match = re.match(pattern, line)
            if match and own.isdisjoint(match.groups()):
                yield f"{line[:100]}: {remedy}"


def after_first() -> list[str]:
    script = ScriptDirectory.from_config(migrations.configuration(sa.create_engine("sqlite://")))
    revisions = [found.revision for found in script.walk_revisions()][::-1]
    return revisions[revisions.index(FIRST_IN_USE) + 1 :]


@pytest.mark.postgresql
def test_no_migration_locks_a_busy_table(empty_database: Engine) -> None:
    configuration = migrations.configuration(empty_database)
    command.upgrade(configuration, FIRST_IN_USE)
    for revision in after_first():
        sent: list[str] = []

        def note(*arguments: object, into: list[str] = sent) -> None:
            into.append(str(arguments[2]).strip())

        sa.event.listen(empty_database, "before_cursor_execute", note)
        command.upgrade(configuration, revision)
        sa.event.remove(empty_database, "before_cursor_execute", note)
        assert f"SET lock_timeout = '{online_ddl.LOCK_TIMEOUT}'" in sent
        assert list(faults(sent)) == [], revision


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX ix_a ON deliveries (relay)",
        "CREATE UNIQUE INDEX ix_a ON deliveries (relay)",
        "DROP INDEX ix_a",
        "ALTER TABLE deliveries ALTER COLUMN relay TYPE VARCHAR(10)",
        "ALTER TABLE deliveries ADD COLUMN a INTEGER NOT NULL",
        "ALTER TABLE deliveries ADD CONSTRAINT fk FOREIGN KEY(a) REFERENCES b (id)",
    ],
)
def test_what_would_lock_a_busy_table_is_found(statement: str) -> None:
    assert list(faults([statement]))
    assert (
        list(faults(["CREATE TABLE deliveries (id int)", statement])) == [] or "DROP" in statement
    )


@pytest.mark.postgresql
def test_a_migration_that_would_have_to_wait_gives_up_and_can_be_run_again(
    empty_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(online_ddl, "LOCK_TIMEOUT", "200ms")
    command.upgrade(migrations.configuration(empty_database), "0005")
    with empty_database.connect() as other:
        other.exec_driver_sql("LOCK TABLE editions IN ACCESS SHARE MODE")
        with pytest.raises(StoreError, match="lock timeout"):
            migrations.migrate(empty_database)
    assert migrations.migrate(empty_database)
