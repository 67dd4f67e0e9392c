"""The service welcomes within a minute of a confirmation, and a stop leaves nothing behind."""

import threading
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.edition import welcome
from mailer.edition.edition_ranker import EditionRankers
from mailer.service import publishing, scheduler, welcoming
from mailer.service.context import SchedulerContext
from recommender import resources
from recommender.articles import import_files
from recommender.articles import intake as article_intake
from recommender.models import Delivery, DeliveryState
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import fields, self_service


def confirmed(store: Engine, now: datetime) -> None:
    briefs = import_files.drafts([resources.folder("sample") / "briefs"], now)
    article_intake.import_articles(lambda: database.writing(store), briefs, now=now)
    draft = fields.draft(0, {"email": "new@example.org", "topics": ["AI Strategy"]})
    with database.writing(store) as session:
        reader = self_service.request(session, draft, now=now, proof={})
        assert reader is not None
        self_service.confirm(session, reader, now=now, proof={})


def service(store: Engine, home: Path, now: datetime) -> SchedulerContext:
    settings = Settings(home=home, database_url=store.url.render_as_string(False))
    return SchedulerContext(store, settings, lambda: now, threading.Event(), print)


def states(store: Engine) -> list[DeliveryState]:
    with database.reading(store) as session:
        return list(session.scalars(sa.select(Delivery.state)))


def test_a_confirmed_reader_has_an_issue_after_one_look(
    store: Engine, tmp_path: Path, now: datetime
) -> None:
    confirmed(store, now)
    context = service(store, tmp_path, now)
    for _ in range(2):
        welcoming.job(context)
    assert states(store) == [DeliveryState.SENT]


def test_what_a_stop_left_behind_goes_out_with_the_next_delivery(
    store: Engine, tmp_path: Path, now: datetime
) -> None:
    confirmed(store, now)
    context = service(store, tmp_path, now)
    welcome.plan(
        store, context.settings, EditionRankers(store), now
    )  # and killed before it is sent
    assert states(store) == [DeliveryState.PLANNED]
    publishing.deliver(context)
    assert states(store) == [DeliveryState.SENT]


def test_it_looks_often_enough_for_a_minute(now: datetime) -> None:
    trigger = welcoming.trigger()
    following = trigger.get_next_fire_time(None, now)
    assert following - now <= timedelta(seconds=15)


def test_welcome_false_leaves_the_job_out(store: Engine, tmp_path: Path, now: datetime) -> None:
    from apscheduler.schedulers.background import BackgroundScheduler

    for wanted in (True, False):
        context = service(store, tmp_path, now)
        settings = context.settings.replace(welcome=wanted)
        clock = BackgroundScheduler(timezone="UTC")
        moment = SchedulerContext(store, settings, lambda: now, threading.Event(), print)
        scheduler.prepare(clock, moment)
        try:
            assert (clock.get_job(welcoming.JOB) is not None) == wanted
        finally:
            clock.shutdown()
