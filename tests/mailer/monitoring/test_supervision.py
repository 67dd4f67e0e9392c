"""A trouble is said once; an edition keeps its last error; the doctor tries to write."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.engine import Engine

from mailer.delivery import campaign
from mailer.ledger import editions
from mailer.monitoring import readiness
from mailer.monitoring.supervision import Supervisor, Troubles
from recommender.models import Edition
from recommender.storage import database
from tests.promises.conftest import add_readers, add_stories
from tests.promises.conftest import configured as configured
from tests.promises.conftest import home as home


def test_a_trouble_is_said_when_it_begins_and_when_it_is_over() -> None:
    said: list[str] = []
    troubles = Troubles(said.append)
    for number in range(5):
        troubles.note("relay", f"refused after {number} s")
    troubles.over("relay")
    troubles.over("relay")
    assert [line.partition(" after")[0] for line in said] == [
        "error: relay: refused",
        "relay: well again",
    ]


def test_a_thread_that_ends_before_its_time_is_a_failure() -> None:
    supervisor = Supervisor()
    supervisor.start("scheduler", lambda: None, lambda: True).join()
    assert supervisor.failure is None
    supervisor.start("scheduler", lambda: None, lambda: False).join()
    assert supervisor.failure == "the scheduler thread died (it has ended)"


def test_an_edition_says_why_it_could_not_be_sent(
    store_asked_for: Engine, configured: Callable[..., object]
) -> None:
    now = datetime.now(UTC)
    add_stories(store_asked_for, now - timedelta(hours=1))
    add_readers(store_asked_for, now - timedelta(hours=1), 3)
    settings = configured(smtp_url="smtp://127.0.0.1:9?starttls=never")
    edition = campaign.plan(store_asked_for, settings, period="2026-W48", now=now)  # type: ignore[arg-type]  # what the fixture gives

    def send(with_settings: object) -> Edition:
        campaign.send(
            store_asked_for,
            with_settings,  # type: ignore[arg-type]  # what the fixture gives
            edition_id=edition,
            clock=lambda: now,
            stop=threading.Event(),
            at_local_time=False,
        )
        with database.reading(store_asked_for) as session:
            return editions.find(session, "weekly", "2026-W48")

    found = send(settings)
    assert found.last_error is not None
    assert "127.0.0.1" in found.last_error
    with database.reading(store_asked_for) as session:
        assert [one.id for one in readiness.in_trouble(session)] == [edition]
    assert send(configured()).last_error is None


def test_that_a_folder_cannot_be_written_is_found_by_trying(tmp_path: Path) -> None:
    assert readiness.cannot_be_written(tmp_path) is None
    assert readiness.cannot_be_written(tmp_path / "nowhere") == "No such file or directory"
    assert list(tmp_path.iterdir()) == []
