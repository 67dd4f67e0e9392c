"""Copying a store: both ways, every value, again and again, and never over a store of its own."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender import store_opening
from recommender.errors import StoreError
from recommender.models import (
    ConsentEvent,
    Property,
    Status,
    Subscriber,
    SubscriberTopic,
    Suppression,
    Topic,
)
from recommender.storage import database, keyset, maintenance, sharing, transfer
from recommender.subscribers import fields, intake

READERS = 60


def fill(engine: Engine, now: datetime) -> None:
    """Readers with everything that could be lost on the way."""
    rows = [
        fields.draft(
            n,
            {
                "email": f"reader{n}@example.com",
                "name": f"Zoë “{n}” 読者 \U0001f600 O'Neil \\ %s :x",
                "roles": ["CTO"],
                "topics": {"TPU Development": 2.5, "Data": -2},
                "timezone": "Asia/Tokyo",
                "attributes": {"n": n, "deep": {"list": [1, None, 2.5, "€"]}, "yes": True},
            },
        )
        for n in range(READERS)
    ]
    report = intake.import_rows(lambda: database.writing(engine), rows, file="readers", now=now)
    assert report.added == READERS
    with database.writing(engine) as session:
        session.add(Suppression(address_hash="f" * 64, reason="erased", at=now))


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyset, "BATCH", 7)


@pytest.mark.postgresql
@pytest.mark.usefixtures("small_batches")
def test_a_store_goes_to_postgresql_and_back_without_losing_a_value(
    sqlite_store: Engine, empty_database: Engine, tmp_path: Path, now: datetime
) -> None:
    fill(sqlite_store, now)
    there = transfer.copy(sqlite_store, empty_database)
    assert there["subscribers"] == transfer.TableCopy(READERS, READERS, 0, 0)
    back = database.connect(f"sqlite:///{tmp_path / 'back.db'}")
    transfer.copy(empty_database, back)
    assert list(transfer.differences(sqlite_store, back)) == []
    assert transfer.rows(back) == transfer.rows(sqlite_store)
    assert maintenance.problems(back) == maintenance.problems(empty_database) == []
    back.dispose()


@pytest.mark.postgresql
def test_new_rows_in_the_copy_get_keys_of_their_own(
    sqlite_store: Engine, empty_database: Engine, now: datetime
) -> None:
    fill(sqlite_store, now)
    transfer.copy(sqlite_store, empty_database)
    engine = store_opening.open_store(
        empty_database.url.render_as_string(hide_password=False), newsletter="weekly", now=now
    )
    row = fields.draft(1, {"email": "new@example.com"})
    report = intake.import_rows(lambda: database.writing(engine), [row], file="new", now=now)
    assert report.added == 1
    with database.reading(engine) as session:
        assert session.scalar(sa.select(sa.func.max(Subscriber.id))) == READERS + 1
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """An empty database of either kind."""
    if request.param == "postgresql":
        yield request.getfixturevalue("empty_database")
        return
    engine = database.connect(f"sqlite:///{tmp_path / 'target.db'}")
    yield engine
    engine.dispose()


@pytest.mark.usefixtures("small_batches")
def test_a_copy_that_was_cut_short_goes_on_and_is_not_used_before(
    sqlite_store: Engine, target: Engine, now: datetime
) -> None:
    fill(sqlite_store, now)
    url = target.url.render_as_string(hide_password=False)

    def cut(done: int) -> None:
        if done > transfer.rows(sqlite_store)["topics"]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        transfer.copy(sqlite_store, target, cut)
    with pytest.raises(StoreError, match="not finished"):
        store_opening.open_store(url, newsletter="weekly", now=now)
    written = transfer.copy(sqlite_store, target)
    assert 0 < sum(one.added for one in written.values()) < sum(transfer.rows(target).values())
    assert list(transfer.differences(sqlite_store, target)) == []
    store_opening.open_store(url, newsletter="weekly", now=now).dispose()


def test_a_second_copy_writes_only_what_has_changed(
    sqlite_store: Engine, target: Engine, now: datetime
) -> None:
    fill(sqlite_store, now)
    transfer.copy(sqlite_store, target)
    with database.writing(sqlite_store) as session:
        session.execute(sa.delete(Subscriber).where(Subscriber.id == 5))
        session.get_one(Subscriber, 6).attributes = {"n": "other"}
        session.get_one(Subscriber, 7).status = Status.PAUSED
        session.add(Suppression(address_hash="a" * 64, reason="bounced", at=now))
    again = transfer.copy(sqlite_store, target)
    assert again["subscribers"] == transfer.TableCopy(READERS - 1, 0, 2, 1)
    assert again["suppressions"] == transfer.TableCopy(2, 1, 0, 0)
    assert again["subscriber_topics"].removed == 2 or target.dialect.name == "postgresql"
    assert list(transfer.differences(sqlite_store, target)) == []


def test_a_copy_that_lives_a_life_of_its_own_is_not_copied_over(
    sqlite_store: Engine, target: Engine, now: datetime
) -> None:
    fill(sqlite_store, now)
    transfer.copy(sqlite_store, target)
    url = target.url.render_as_string(hide_password=False)
    store_opening.open_store(url, newsletter="weekly", now=now).dispose()
    with pytest.raises(StoreError, match="holds data of its own"):
        transfer.copy(sqlite_store, target)


def test_a_store_that_was_only_just_made_may_be_copied_into(
    sqlite_store: Engine, target: Engine, now: datetime
) -> None:
    fill(sqlite_store, now)
    url = target.url.render_as_string(hide_password=False)
    store_opening.open_store(url, newsletter="another", now=now, make=True).dispose()
    transfer.copy(sqlite_store, target)
    assert list(transfer.differences(sqlite_store, target)) == []


@pytest.mark.parametrize("side", ["source", "target"])
def test_nothing_is_copied_while_somebody_works_on_either_store(
    sqlite_store: Engine, target: Engine, now: datetime, side: str
) -> None:
    url = (sqlite_store if side == "source" else target).url
    one, other = (database.connect(url.render_as_string(hide_password=False)) for _ in "ab")
    with sharing.using(one), sharing.using(other), pytest.raises(StoreError, match="is in use"):
        transfer.copy(sqlite_store, target)
    with sharing.alone(one), pytest.raises(StoreError, match="wait"), sharing.using(other):
        pass
    transfer.copy(sqlite_store, target)
    one.dispose()
    other.dispose()


@pytest.mark.postgresql
def test_a_process_that_was_cut_off_cannot_write_beside_a_copy(postgresql_store: Engine) -> None:
    url = postgresql_store.url.render_as_string(hide_password=False)
    process = database.connect(url)
    with sharing.using(process):
        with postgresql_store.begin() as connection:  # as a restart of the server would
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with (
            sharing.alone(postgresql_store),
            pytest.raises(StoreError, match="is being copied"),
            database.writing(process) as session,
        ):
            session.execute(sa.delete(Property))
        with database.writing(process) as session:  # and when that is over it takes part again
            session.execute(sa.delete(Property))
        with pytest.raises(StoreError, match="is in use"), sharing.alone(postgresql_store):
            pass


CHANGES: list[tuple[str, Callable[[], sa.Executable]]] = [
    (
        "subscribers 3 differs in name",
        lambda: sa.update(Subscriber).where(Subscriber.id == 3).values(name="x"),
    ),
    (
        "subscribers 3 differs in attributes",
        lambda: sa.update(Subscriber).where(Subscriber.id == 3).values(attributes={"n": 3.25}),
    ),
    ("suppressions fff", lambda: sa.delete(Suppression)),
    (
        "subscriber_topics 9/",
        lambda: sa.delete(SubscriberTopic).where(SubscriberTopic.subscriber_id == 9),
    ),
    (
        "properties has 1 rows more",
        lambda: sa.insert(Property).values(name="stranger", value=""),
    ),
    (
        "differs in at",
        lambda: (
            sa.update(ConsentEvent)
            .where(ConsentEvent.id == 1)
            .values(at=datetime.fromisoformat("2026-11-24T09:00:00.000001+00:00"))
        ),
    ),
]


@pytest.mark.parametrize(("words", "change"), CHANGES, ids=[words for words, _ in CHANGES])
def test_any_difference_is_found_and_named(
    sqlite_store: Engine,
    target: Engine,
    now: datetime,
    words: str,
    change: Callable[[], sa.Executable],
) -> None:
    fill(sqlite_store, now)
    transfer.copy(sqlite_store, target)
    with database.writing(target) as session:
        session.execute(change())
    found = list(transfer.differences(sqlite_store, target))
    assert any(words in line for line in found), found


@pytest.mark.postgresql
def test_what_postgresql_cannot_hold_is_named(
    sqlite_store: Engine, empty_database: Engine, now: datetime
) -> None:
    fill(sqlite_store, now)
    with database.writing(sqlite_store) as session:
        session.execute(sa.update(Subscriber).where(Subscriber.id == 8).values(name="a\0b"))
    with pytest.raises(StoreError, match=r"subscribers 8 cannot be copied: .*NUL"):
        transfer.copy(sqlite_store, empty_database)


def test_a_place_without_a_store_is_refused(tmp_path: Path, sqlite_store: Engine) -> None:
    nothing = database.connect(f"sqlite:///{tmp_path / 'nothing.db'}")
    with pytest.raises(StoreError, match="there is no store"):
        transfer.copy(nothing, sqlite_store)
    with pytest.raises(StoreError, match="itself"):
        transfer.copy(sqlite_store, sqlite_store)
    with database.reading(sqlite_store) as session:
        assert session.scalar(sa.select(Topic.id).limit(1)) is not None
    nothing.dispose()
