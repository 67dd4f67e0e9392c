"""The service reads what came back: each mailbox by itself, trouble with one named once."""

import mailbox
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.engine import Engine

from mailer.service import bounce_polling, scheduler
from mailer.service.context import SchedulerContext
from recommender.settings import Settings
from tests.mailer.inbound.reports import bounce, failed

TOO_LARGE = bounce(failed("5.3.4", "552 5.3.4 too large"))


def settings_of(home: Path, **changes: object) -> Settings:
    return Settings(home=home, secret_key="a secret of more than forty characters", **changes)  # type: ignore[arg-type]


def test_a_mailbox_in_trouble_stops_no_other(store: Engine, now: datetime, tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "box")
    box.add(TOO_LARGE)
    settings = settings_of(tmp_path, bounce_mailbox=f"{tmp_path}/nowhere,{tmp_path}/box")
    polled = list(bounce_polling.poll(store, settings, lambda: now, lambda _: None))
    assert [one.problem is not None for one in polled] == [True, False]
    assert bounce_polling.sum_up(polled).document()["soft"] == 1


def test_the_service_polls_and_says_what_is_about_the_sender_and_what_is_wrong_once(
    store: Engine, now: datetime, tmp_path: Path
) -> None:
    box = mailbox.Maildir(tmp_path / "box")
    box.add(TOO_LARGE)
    said: list[str] = []
    settings = settings_of(tmp_path, bounce_mailbox=f"{tmp_path}/nowhere,{tmp_path}/box")
    clock: Callable[[], datetime] = lambda: now  # noqa: E731
    service = SchedulerContext(store, settings, clock, threading.Event(), said.append)
    background = BackgroundScheduler(timezone="UTC")
    scheduler.prepare(background, service)
    try:
        job = background.get_job(bounce_polling.JOB)
        for _ in range(2):
            job.func()
    finally:
        background.shutdown()
    assert len([line for line in said if "nowhere" in line]) == 1
    assert len([line for line in said if "about this sender" in line]) == 1
    error = service.runner.known()[bounce_polling.JOB].error  # by which operators are told
    assert "nowhere: is not a Maildir" in str(error)
