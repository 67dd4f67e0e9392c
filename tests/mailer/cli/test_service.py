"""What the service does at once begins after all of it could begin, or ends with it."""

import socket
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from mailer.cli import service
from mailer.cli.common import Invocation
from mailer.monitoring.supervision import Supervisor, Troubles
from mailer.service import scheduler
from mailer.web import app as pages
from recommender.errors import ConfigurationError, NewsletterError


def schedule(store: Engine, home: Path, settings: str) -> None:
    """Enter the schedule, and leave it."""
    config = home / "newsletter.toml"
    config.write_text(f'secret_key = "a secret of more than forty characters"\n{settings}')
    config.chmod(0o600)
    troubles = Troubles(lambda _: None)
    stop = threading.Event()
    with service._schedule(Invocation(config), store, stop, Supervisor(), troubles):
        pass


def at_work() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "APScheduler"]


def test_where_mail_cannot_be_taken_no_scheduler_is_left_at_work(
    store: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_HOME", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for place in (f"127.0.0.1:{taken.getsockname()[1]}", "nowhere"):
            with pytest.raises(ConfigurationError, match="lmtp_listen"):
                schedule(store, tmp_path, f'lmtp_listen = "{place}"')
    assert at_work() == []


def test_a_beginning_that_fails_later_leaves_none_either(
    store: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_HOME", str(tmp_path))
    prepare = scheduler.prepare

    def fail(*arguments: object) -> None:
        prepare(*arguments)  # type: ignore[arg-type]
        raise NewsletterError("no more threads")

    with monkeypatch.context() as patch:
        patch.setattr(scheduler, "prepare", fail)
        with socket.create_server(("127.0.0.1", 0)) as free:
            place = f"127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(NewsletterError, match="no more threads"):
            schedule(store, tmp_path, f'lmtp_listen = "{place}"')
    assert at_work() == []
    schedule(store, tmp_path, f'lmtp_listen = "{place}"')  # the port is free again
    assert at_work() == []


def test_a_relay_that_takes_no_mail_is_in_the_metrics_without_alerts_too(
    store: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        place = f"127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setenv("NEWSLETTER_HOME", str(tmp_path))
    monkeypatch.setenv("NEWSLETTER_SMTP_URL", f"smtp://{place}")
    run = Invocation(None)
    app = pages.create(store, run.settings, lambda: datetime.now(UTC))
    shown, until = "", time.monotonic() + 20
    with service._alerting(run, store), TestClient(app) as client:
        while place not in shown and time.monotonic() < until:
            time.sleep(0.1)
            shown = client.get("/metrics").text
    assert f'newsletter_trouble{{kind="relay",subject="{place}"}} 1.0' in shown
