"""The hour of every schedule, as APScheduler reads it, is that of the calendar."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from structlog.testing import capture_logs

from mailer.edition import planning, schedule
from mailer.monitoring import readiness
from mailer.service import publishing
from mailer.service.context import SchedulerContext
from recommender.models import Newsletter
from recommender.settings import Settings
from recommender.storage import database
from tests.mailer.conftest import ScriptedServer
from tests.promises.conftest import add_readers, add_stories

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "when", ["daily 08:00", "weekdays 08:00", "thursday 08:00", "first thursday 08:00"]
)
@pytest.mark.parametrize("local_time", [False, True])
def test_the_trigger_fires_when_an_edition_is_out(when: str, local_time: bool) -> None:
    settings = Settings(schedule=when, timezone="Europe/Berlin", local_time=local_time)
    zone = schedule.EARLIEST if local_time else settings.zone
    moment = NOW
    for _ in range(6):
        fires = publishing.hour(settings).get_next_fire_time(None, moment)
        _, out = schedule.upcoming(when, zone, moment)
        assert fires == out
        moment = fires + timedelta(minutes=1)


def test_of_every_other_week_each_is_looked_at() -> None:
    settings = Settings(schedule="every other thursday 08:00")
    first = publishing.hour(settings).get_next_fire_time(None, NOW)
    second = publishing.hour(settings).get_next_fire_time(first, first)
    assert second - first == timedelta(weeks=1)


def test_each_decision_of_an_edition_is_one_entry_of_the_log(
    sqlite_store: Engine, tmp_path: Path, serve: Callable[..., ScriptedServer]
) -> None:
    add_stories(sqlite_store, NOW)
    add_readers(sqlite_store, NOW, 4)
    relay = serve(RCPT=[b"450 4.2.1 later\r\n"])
    port = relay.port
    settings = Settings(
        home=tmp_path, schedule="tuesday 08:00", smtp_url=f"smtp://127.0.0.1:{port}", connections=1
    )
    service = SchedulerContext(
        sqlite_store, settings, lambda: NOW, threading.Event(), lambda _: None
    )
    with capture_logs() as logged:
        publishing.publish(service)
        publishing.deliver(service)
    events = [(one["event"], one.get("copies", one.get("sent"))) for one in logged]
    assert events == [("planned", 4), ("sent", 3), ("deferred", 1)]
    assert logged[-1] == {
        "event": "deferred",
        "log_level": "info",
        "edition": "weekly-2026-W48",
        "relay": f"127.0.0.1:{port}",
        "reason": "4.2.1",
        "copies": 1,
    }


@pytest.mark.parametrize(
    ("relay", "sent"), [("smtp://relay.example.net?starttls=never", False), (None, True)]
)
def test_an_hour_before_there_was_a_newsletter_mails_nobody_beyond_this_machine(
    sqlite_store: Engine, tmp_path: Path, relay: str | None, *, sent: bool
) -> None:
    add_stories(sqlite_store, NOW)
    add_readers(sqlite_store, NOW, 4)
    with database.writing(sqlite_store) as session:
        session.execute(sa.update(Newsletter).values(created_at=NOW - timedelta(minutes=5)))
    settings = Settings(home=tmp_path, schedule="tuesday 08:00", smtp_url=relay)
    told: list[str] = []
    service = SchedulerContext(sqlite_store, settings, lambda: NOW, threading.Event(), told.append)
    publishing.publish_job(service)
    with database.reading(sqlite_store) as session:
        assert planning.published(session, "weekly", "2026-W48") == sent
        assert readiness.lateness(session, settings, NOW) in ([], [(settings, timedelta(0))])
    refused = [words for words in told if "the newsletter was made since" in words]
    assert len(refused) == (not sent)
