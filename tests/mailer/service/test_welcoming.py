"""The service welcomes within a minute of a confirmation, and a stop leaves nothing behind."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.edition import welcome
from mailer.edition.edition_ranker import EditionRankers
from mailer.service import publishing, welcoming
from mailer.service.context import SchedulerContext
from recommender import newsletters, resources, segments
from recommender.articles import import_files
from recommender.articles import intake as article_intake
from recommender.models import Delivery, DeliveryState, Edition
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


def test_welcome_false_welcomes_nobody(store: Engine, tmp_path: Path, now: datetime) -> None:
    confirmed(store, now)
    context = service(store, tmp_path, now)
    welcoming.job(replace(context, settings=context.settings.replace(welcome=False)))
    assert states(store) == []
    welcoming.job(context)
    assert states(store) == [DeliveryState.SENT]


def test_who_is_of_an_added_newsletter_alone_is_welcomed_by_it(
    store: Engine, tmp_path: Path, now: datetime
) -> None:
    confirmed(store, now)
    context = service(store, tmp_path, now)
    with database.writing(store) as session:
        segments.create(session, "chiefs", 'role = "CTO"', now=now)
        weekly = newsletters.get(session, "weekly")
        newsletters.change(session, context.settings, weekly, {}, segment="chiefs")
        values = {"title": "The Daily Brief", "schedule": "daily 07:00"}
        newsletters.add(session, context.settings, "daily", values, segment=None, now=now)
        silent = {"schedule": "daily 08:00", "welcome": "false"}
        newsletters.add(session, context.settings, "silent", silent, segment=None, now=now)
    for _ in range(2):
        welcoming.job(context)
    with database.reading(store) as session:
        editions = session.scalars(sa.select(Edition).join(Delivery))
        names = [one.name for one in editions]
    assert names == ["daily-welcome-2026-W48"]
    (message,) = (tmp_path / "outbox" / names[0]).glob("*.eml")
    assert b"List-Id: The Daily Brief <daily." in message.read_bytes()
