"""The service reads what came back: each mailbox by itself, trouble with one named once."""

import json
import mailbox
import os
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.engine import Engine

from mailer.service import bounce_polling, scheduler
from mailer.service.context import SchedulerContext
from recommender.models import InboundMessage
from recommender.settings import Settings
from recommender.storage import database
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


def test_what_came_by_lmtp_alone_is_answered_and_removed_too(
    store: Engine, now: datetime, tmp_path: Path
) -> None:
    (tmp_path / "replies").mkdir()
    old, new = tmp_path / "replies" / "old.eml", tmp_path / "replies" / "new.eml"
    settings = settings_of(
        tmp_path, lmtp_listen="127.0.0.1:2424", forward_replies_to="desk@example.org"
    )
    for file, days in ((old, settings.keep_webhooks_days + 1), (new, 0)):
        file.write_bytes(b"From: ada@example.com\n\nhello\n")
        at = (now - timedelta(days=days)).timestamp()
        os.utime(file, (at, at))
    answer = json.dumps([{"what": "forward", "file": str(new)}])
    with database.writing(store) as session:
        session.add(InboundMessage(key="k", at=now, way="lmtp", kind="letter", answer=answer))
    service = SchedulerContext(store, settings, lambda: now, threading.Event(), lambda _: None)
    background = BackgroundScheduler(timezone="UTC")
    scheduler.prepare(background, service)
    try:
        background.get_job(bounce_polling.JOB).func()
    finally:
        background.shutdown()
    assert [file.exists() for file in (old, new)] == [False, True]
    assert len(list((tmp_path / "outbox" / "service").rglob("*.eml"))) == 1
    assert service.runner.known()[bounce_polling.JOB].error is None
