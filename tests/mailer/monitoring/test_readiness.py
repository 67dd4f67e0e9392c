"""Ready means: the store can be written, scheduler and sender live, no edition is late or stuck."""

import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from mailer.monitoring import heartbeats, job_runs, readiness
from mailer.monitoring.heartbeats import Kind
from mailer.web import app
from recommender.models import Heartbeat
from recommender.settings import Settings
from recommender.storage import database, engines

WHO = "here:1"


@pytest.fixture
def why(store: Engine, tmp_path: Path) -> Callable[[datetime], list[str]]:
    """``why(now)``: what it is about that keeps this store from being ready."""
    settings = Settings(home=tmp_path, schedule="tuesday 08:00", timezone="UTC")
    return lambda now: [one.what for one in readiness.problems(store, settings, now)]


def test_pages_alone_miss_no_scheduler(why: Callable[..., list[str]], now: datetime) -> None:
    assert why(now) == []


def test_a_scheduler_that_died_is_missed_and_one_that_was_stopped_is_not(
    store: Engine, why: Callable[..., list[str]], now: datetime
) -> None:
    heartbeats.beat(store, [Kind.SCHEDULER, Kind.SENDER], WHO, now)
    assert why(now + timedelta(seconds=30)) == []
    assert why(now + timedelta(minutes=2)) == ["scheduler", "sender"]
    assert why(now - timedelta(days=30)) == ["scheduler", "sender"]  # the clock was ahead
    with database.writing(store) as session:
        heartbeats.leave(session, WHO)
    assert why(now + timedelta(minutes=2)) == []


def test_a_worker_that_died_is_missed_for_an_hour_or_until_another_takes_its_place(
    store: Engine, why: Callable[..., list[str]], now: datetime
) -> None:
    later = now + timedelta(minutes=2)
    for who in ("there:1", "there:2"):
        heartbeats.beat(store, [Kind.WORKER], who, now)
    heartbeats.beat(store, [Kind.WORKER], "there:3", later)
    assert why(later) == ["worker"]
    with database.reading(store) as session:
        assert heartbeats.workers(session, later) == (1, [now, now])
    with database.writing(store) as session:
        heartbeats.replace(session, "there:4", later)
    with database.reading(store) as session:
        assert heartbeats.workers(session, later) == (1, [now])
    assert why(now + timedelta(minutes=61)) == ["worker"]  # the third, by now
    assert why(now + timedelta(minutes=63)) == []


def test_an_edition_that_is_not_planned_after_its_hour_is_overdue(
    store: Engine, why: Callable[..., list[str]], now: datetime
) -> None:
    with database.writing(store) as session:  # a scheduler is at work here
        job_runs.note_begin(session, "deliver", now)
    assert why(now) == ["edition"]  # an hour late
    assert why(now + timedelta(days=6)) == []  # too late to be sent at all


def test_probes_answer_while_forty_requests_wait_for_a_locked_store(
    sqlite_store: Engine, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_SECONDS", 6.0)
    site = app.create(sqlite_store, Settings(home=tmp_path), lambda: now)
    other = sqlite3.connect(tmp_path / "newsletter.db", isolation_level=None)
    with TestClient(site, raise_server_exceptions=False) as client:
        other.execute("BEGIN IMMEDIATE")
        form = {"email": "reader@example.com"}
        origin = {"origin": "http://testserver"}
        threads = [
            threading.Thread(target=lambda: client.post("/subscribe", data=form, headers=origin))
            for _ in range(45)
        ]
        for thread in threads:
            thread.start()
        time.sleep(1)
        begun = time.monotonic()
        assert client.get("/healthz").text == "ok\n"
        assert time.monotonic() - begun < 1.5
        answer = client.get("/readyz")
        assert time.monotonic() - begun < 6
        assert (answer.status_code, answer.json()["ready"]) == (503, False)
        other.execute("ROLLBACK")
        for thread in threads:
            thread.join()
    other.close()


def test_nothing_in_the_store_is_an_object_that_runs(store: Engine) -> None:
    with database.reading(store) as session:
        columns = sa.inspect(session.connection())
        types = {
            (table, column["name"]): str(column["type"])
            for table in columns.get_table_names()
            if not table.startswith("procrastinate_")
            for column in columns.get_columns(table)
        }
    assert {"BLOB", "BYTEA"}.isdisjoint(types.values())
    assert Heartbeat.__tablename__ in {table for table, _ in types}


def test_workers_are_counted_in_the_metrics(store: Engine, tmp_path: Path, now: datetime) -> None:
    heartbeats.beat(store, [Kind.WORKER], "there:1", now - timedelta(minutes=5))
    heartbeats.beat(store, [Kind.WORKER], "there:2", now)
    with TestClient(app.create(store, Settings(home=tmp_path), lambda: now)) as client:
        lines = client.get("/metrics").text.splitlines()
    assert 'newsletter_workers{state="alive"} 1.0' in lines
    assert 'newsletter_workers{state="gone"} 1.0' in lines
