"""`newsletter doctor` names what an operator would not look for."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from mailer.monitoring import heartbeats
from mailer.monitoring.heartbeats import Kind
from recommender import settings
from recommender.models import Heartbeat
from recommender.safety import quarantine
from recommender.storage import database

Run = Callable[..., tuple[int, str, str]]


def test_what_was_set_aside_is_counted(newsletter: Run, now: datetime) -> None:
    assert "quarantine" not in newsletter("doctor")[1]
    for data in (b"<rss", b"<feed"):
        path = quarantine.set_aside(
            Path("quarantine"), data, kind="feed", source="a feed", why="no XML", now=now
        )
        assert path is not None
    status, out, _ = newsletter("doctor")
    [line] = [line for line in out.splitlines() if "quarantine" in line]
    assert (status, line.startswith("warning  quarantine: 2 things")) == (0, True)
    assert f"the oldest since {datetime.now(UTC):%Y-%m-%d}" in line


def test_a_worker_that_died_is_named(newsletter: Run) -> None:
    engine = database.connect(settings.load().store_url)
    now = datetime.now(UTC)
    heartbeats.beat(engine, [Kind.WORKER], "there:1", now)
    assert "sign of life" not in newsletter("doctor")[1]
    with database.writing(engine) as session:
        session.execute(sa.update(Heartbeat).values(at=now - timedelta(minutes=5)))
    engine.dispose()
    assert "warning  worker: a worker has given no sign of life" in newsletter("doctor")[1]
