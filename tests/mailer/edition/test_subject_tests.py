"""Subjects are tried with a share; the rest waits, and gets the winner; nothing planned changes."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.delivery import campaign
from mailer.edition import experiments, planning, subject_tests
from mailer.preview import reader_issues
from mailer.reports import experiment_result
from mailer.service import publishing
from mailer.service.context import SchedulerContext
from recommender import newsletters
from recommender.models import (
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    Event,
    EventKind,
)
from recommender.settings import Settings
from recommender.storage import database
from tests.promises.conftest import add_readers, add_stories, configured, engine, home

__all__ = ["configured", "engine", "home"]
PERIOD, READERS = "2026-W48", 300
SUBJECTS = ["Chips", "Robots"]


@pytest.fixture
def settings(engine: Engine, configured: Callable[..., Settings], now: datetime) -> Settings:
    """Two subjects are to be tried with half of 300 readers, for four hours."""
    add_stories(engine, now - timedelta(hours=1))
    add_readers(engine, now - timedelta(hours=1), READERS)
    with database.writing(engine) as session:
        newsletter = newsletters.get(session, "weekly")
        plan = experiments.of_subjects(SUBJECTS, PERIOD, 0.5, 4)
        experiments.start(session, newsletter, "names", plan, by="me", now=now)
    return configured()


def copies(engine: Engine) -> list[Delivery]:
    with database.reading(engine) as session:
        return list(session.scalars(sa.select(Delivery).order_by(Delivery.id)))


def planned(engine: Engine, settings: Settings, at: datetime) -> int:
    return campaign.plan(engine, settings, period=PERIOD, now=at, publishing=True)


def sent(engine: Engine, at: datetime) -> None:
    """As if all that is planned had been sent."""
    with database.writing(engine) as session:
        session.execute(sa.update(Delivery).values(state=DeliveryState.SENT))
        session.execute(
            sa.update(Edition).values(state=EditionState.FINISHED, started_at=at, finished_at=at)
        )


def test_the_winner_goes_to_the_rest_and_what_was_planned_stays(
    engine: Engine, settings: Settings, now: datetime
) -> None:
    edition = planned(engine, settings, now)
    first = copies(engine)
    assert len(first) == pytest.approx(READERS / 2, abs=35)
    found = Counter((copy.subject_arm, copy.reader["subject"]) for copy in first)
    assert set(found) == {("0", "Chips"), ("1", "Robots")}
    planned(engine, settings, now + timedelta(hours=9))  # nothing was sent: nothing is decided
    sent(engine, now + timedelta(hours=9))
    planned(engine, settings, now + timedelta(hours=12))
    assert len(copies(engine)) == len(first)
    with database.reading(engine) as session:
        assert subject_tests.open_trials(session, "weekly") == [PERIOD]
        assert planning.published(session, "weekly", PERIOD)  # there is nothing more to do now
    with database.writing(engine) as session:
        robots = [copy for copy in first if copy.subject_arm == "1"]
        chips = [copy for copy in first if copy.subject_arm == "0"]
        for copy in (*robots[: len(robots) * 9 // 10], *chips[: len(chips) * 4 // 10]):
            session.add(Event(
                at=now, kind=EventKind.CLICK, delivery_id=copy.id, story_id=copy.story_ids[0],
                subscriber_id=copy.subscriber_id, verified=True,
            ))  # fmt: skip
    assert planned(engine, settings, now + timedelta(hours=12, minutes=1)) == edition
    every = copies(engine)
    assert len(every) == READERS
    assert {copy.id: copy.reader for copy in every if copy.subject_arm} == {
        copy.id: copy.reader for copy in first
    }
    assert {copy.reader["subject"] for copy in every if not copy.subject_arm} == {"Robots"}
    with database.reading(engine) as session:
        [row] = experiments.listing(session, 1)
        assert (row.winner, row.stopped_by) == ("1", "its result")
        document = experiment_result.result(session, row)
        assert document["better"] == "Robots"
        assert document["arms"]["Chips"]["answered"] == len(chips) * 4 // 10
        assert subject_tests.open_trials(session, "weekly") == []
        assert planning.published(session, "weekly", PERIOD)
    with database.reading(engine) as session:
        shown = reader_issues.issues(session, settings, edition)
    assert {one.subject for one in shown} == {"Chips", "Robots"}


def minute(engine: Engine, settings: Settings, at: datetime) -> None:
    """What the service does every minute."""
    context = SchedulerContext(engine, settings, lambda: at, threading.Event(), lambda _: None)
    publishing.deliver(context)


def test_without_a_winner_the_one_ahead_goes_out_when_the_hours_are_over(
    engine: Engine, settings: Settings, now: datetime
) -> None:
    planned(engine, settings, now)
    sent(engine, now)
    minute(engine, settings, now + timedelta(hours=3, minutes=59))
    assert len(copies(engine)) < READERS
    minute(engine, settings, now + timedelta(hours=4))
    every = copies(engine)
    assert len(every) == READERS
    assert {copy.reader["subject"] for copy in every if not copy.subject_arm} == {"Chips"}


def test_a_planning_that_was_killed_goes_on_with_those_who_try_the_subjects(
    engine: Engine, settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    stop.set()
    campaign.plan(engine, settings, period=PERIOD, now=now, stop=stop)
    assert copies(engine) == []
    with database.writing(engine) as session:
        [row] = experiments.listing(session, 1)
        experiments.stop(session, row, by="me", now=now + timedelta(minutes=1))
    planning.go_on(engine, "weekly", progress=lambda _: None, stopped=lambda: False)
    first = copies(engine)
    assert {copy.subject_arm for copy in first} == {"0", "1"}
    planned(engine, settings, now + timedelta(minutes=2))  # stopped: the one ahead is taken
    assert len(copies(engine)) == READERS
