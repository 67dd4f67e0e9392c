"""Migrations: they agree with the models, run both ways, and keep what is there."""

from datetime import datetime
from pathlib import Path

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
from recommender.storage import bulk, database, locks, queue_schema


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


def row(number: int, now: datetime, **more: object) -> dict[str, object]:
    """A reader, as ``statements.insert_all`` takes them."""
    filled = {"email": f"{number}@example.com", "address_hash": f"{number:064}", "name": ""}
    times = {"created_at": now, "updated_at": now, "paused_until": None}
    return filled | times | {"status": Status.ACTIVE, "attributes": {}} | more


def test_rows_put_in_together_read_as_they_were(store: Engine, now: datetime) -> None:
    awkward = "tab\t, line\n, \\N, “quotes”, 'others', \u2028 and 🦉"
    rows = [row(1, now), row(2, now, name=awkward, attributes={"of": [awkward, None, 1.5]})]
    with database.writing(store) as session:
        bulk.insert_all(session, Subscriber.table(), rows)
    with database.reading(store) as session:
        found = session.scalars(sa.select(Subscriber).order_by(Subscriber.id)).all()
        read = [{name: getattr(reader, name) for name in rows[0]} for reader in found]
        among = sa.select(Subscriber.id).where(bulk.among(session, Subscriber.id, [2, 3]))
        assert session.scalars(among).all() == [2]
    assert read == rows


def test_of_rows_that_do_not_all_fit_none_is_put_in(store: Engine, now: datetime) -> None:
    with pytest.raises(sa.exc.IntegrityError), database.writing(store) as session:
        bulk.insert_all(session, Subscriber.table(), [row(1, now), row(1, now)])
    with database.reading(store) as session:
        assert session.scalars(sa.select(Subscriber)).all() == []


def test_sqlite_runs_with_wal_foreign_keys_and_a_busy_timeout(sqlite_store: Engine) -> None:
    with sqlite_store.connect() as connection:
        for pragma, value in (("journal_mode", "wal"), ("foreign_keys", 1)):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000


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


def test_looking_for_a_store_makes_none(tmp_path: Path) -> None:
    engine = database.connect(f"sqlite:///{tmp_path / 'nowhere.db'}")
    with pytest.raises(StoreError, match="there is no store at"):
        store_module.check_version(engine)
    engine.dispose()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_named(tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("this is not a database, but it is long enough to look at" * 10)
    with pytest.raises(StoreError, match=r"the store .*notes\.txt is damaged \(file is not"):
        store_module.open_store(f"sqlite:///{path}", newsletter="weekly", now=now)


def test_a_lock_is_had_by_one_and_free_when_its_holder_is_done(store: Engine) -> None:
    with locks.hold(store, "one") as first, locks.hold(store, "one") as second:
        assert (bool(first), bool(second)) == (True, False)
    with locks.hold(store, "one") as again:
        assert again


@pytest.mark.postgresql
def test_the_job_queue_is_made_and_brought_up_to_date_with_the_store(
    postgresql_store: Engine, now: datetime
) -> None:
    assert not queue_schema.outdated(postgresql_store)
    with postgresql_store.begin() as connection:  # as a store whose queue lacks the last step
        connection.exec_driver_sql(
            "COMMENT ON TABLE procrastinate_jobs "
            "IS '03.04.00_01_pre_add_retry_failed_job_procedure.sql'"
        )
    url = postgresql_store.url.render_as_string(hide_password=False)
    with pytest.raises(StoreError, match="run `newsletter init`"):
        store_module.open_store(url, newsletter="weekly", now=now)
    assert store_module.migrate(postgresql_store) is True
    assert store_module.migrate(postgresql_store) is False
    store_module.open_store(url, newsletter="weekly", now=now).dispose()
