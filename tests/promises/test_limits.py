"""A limit holds sending back without making it deaf: it can be stopped, and says why it ended."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.engine import Engine

from mailer.delivery import campaign, loop
from recommender.settings import Settings


def planned(
    engine: Engine, settings: Settings, stories: Callable[..., None], readers: Callable[..., None]
) -> tuple[int, datetime]:
    now = datetime.now(UTC)
    stories(engine, now - timedelta(hours=1))
    readers(engine, now - timedelta(hours=1), 20)
    return campaign.plan(engine, settings, period="2026-W48", now=now), now


def test_a_sender_that_waits_for_its_rate_hears_that_it_shall_stop(
    engine: Engine,
    configured: Callable[..., Settings],
    stories: Callable[..., None],
    readers: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loop, "BATCH", 4)  # so that copies are waiting to be queued, too
    settings = configured(rate="2/minute")
    edition, _ = planned(engine, settings, stories, readers)
    stop = threading.Event()
    threading.Timer(1.0, stop.set).start()
    started = time.monotonic()
    summary = campaign.send(
        engine,
        settings,
        edition_id=edition,
        clock=lambda: datetime.now(UTC),
        stop=stop,
        at_local_time=False,
    )
    assert time.monotonic() - started < 10
    assert (summary.sent, summary.deferred, summary.in_doubt) == (2, 18, 0)


def test_a_run_that_a_limit_ends_says_which(
    engine: Engine,
    configured: Callable[..., Settings],
    stories: Callable[..., None],
    readers: Callable[..., None],
) -> None:
    settings = configured(warm_up="5, 50")
    edition, now = planned(engine, settings, stories, readers)
    summary = campaign.send(
        engine,
        settings,
        edition_id=edition,
        clock=lambda: now,
        stop=threading.Event(),
        at_local_time=False,
    )
    assert (summary.due, summary.sent, summary.deferred) == (20, 5, 15)
    assert summary.held is not None
    assert "warm-up" in summary.held
    assert "held back" in summary.sentence()
