"""`newsletter doctor` names what an operator would not look for."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from mailer.monitoring import heartbeats
from mailer.monitoring.heartbeats import Kind
from recommender import settings
from recommender.articles import feed_fetching, feed_schedule
from recommender.articles.feed_fetching import FetchResult
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
        os.utime(path, (now.timestamp(), now.timestamp()))
    status, out, _ = newsletter("doctor")
    [line] = [line for line in out.splitlines() if "quarantine" in line]
    assert (status, line.startswith("warning  quarantine: 2 things")) == (0, True)
    assert f"the oldest since {now:%Y-%m-%d}" in line


def test_a_worker_that_died_is_named(newsletter: Run) -> None:
    engine = database.connect(settings.load().store_url)
    now = datetime.now(UTC)
    heartbeats.beat(engine, [Kind.WORKER], "there:1", now)
    assert "sign of life" not in newsletter("doctor")[1]
    with database.writing(engine) as session:
        session.execute(sa.update(Heartbeat).values(at=now - timedelta(minutes=5)))
    engine.dispose()
    assert "warning  worker: a worker has given no sign of life" in newsletter("doctor")[1]


def test_a_feed_that_is_dead_for_a_week_or_gone_is_named(newsletter: Run) -> None:
    engine = database.connect(settings.load().store_url)
    urls = [f"https://{name}.example.com/feed" for name in ("dead", "new", "gone")]
    with database.writing(engine) as session:
        for url, days in zip(urls, (8, 1, 1), strict=True):
            feed_fetching.add(session, url, now=datetime.now(UTC) - timedelta(days=days))
    with database.writing(engine) as session:
        for url, status in zip(urls, (500, 500, 410), strict=True):
            fetched = FetchResult(url, problem=f"the server answered {status}", status=status)
            feed_schedule.note(session, fetched, now=datetime.now(UTC))
    engine.dispose()
    said = [line for line in newsletter("doctor")[1].splitlines() if "warning  feed: " in line]
    assert [line.partition("feed: ")[2].partition(";")[0] for line in said] == [
        f"{urls[0]} could not be read for a week (never well): the server answered 500",
        f"{urls[2]} is gone, and asked no more: the server answered 410",
    ]


def test_an_accent_that_cannot_be_read_is_named_with_what_is_used_instead(
    newsletter: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_ACCENT", "#ffd400")
    assert "accent #ffd400 has a contrast of 1.4 on the light ground" in newsletter("doctor")[1]
    monkeypatch.setenv("NEWSLETTER_ACCENT", "#0b5fff")
    out = newsletter("doctor")[1]
    assert "warning  look" not in out
