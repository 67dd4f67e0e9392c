"""What readers say of one newsletter of several, and what planning and claiming make of it."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.delivery import campaign
from recommender import newsletters, segments
from recommender.models import Delivery, Status
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import records, self_service, subscriptions
from tests.promises.conftest import add_readers, add_stories, configured, engine, home

__all__ = ["configured", "engine", "home"]
WHO = "reader1@example.com"
DAY = "2026-11-24"


@pytest.fixture
def settings(engine: Engine, configured: Callable[..., Settings], now: datetime) -> Settings:
    """Three readers and two newsletters."""
    made = configured()
    add_stories(engine, now - timedelta(hours=1))
    add_readers(engine, now - timedelta(hours=1), 3)
    with database.writing(engine) as session:
        own = {"schedule": "daily 07:30", "picks": 1}
        newsletters.add(session, made, "daily", own, segment=None, now=now)
    return made


def leave(engine: Engine, name: str, now: datetime) -> list[str]:
    with database.writing(engine) as session:
        reader = records.find(session, WHO)
        return subscriptions.leave(
            session,
            reader,
            name,
            audiences=segments.audiences(session, reader.id, now),
            source="preferences",
            now=now,
            proof={"page": "preferences"},
        )


def sent(engine: Engine, settings: Settings, now: datetime, *, plan_first: bool = True) -> int:
    """How many copies of the daily newsletter are sent now."""
    with database.reading(engine) as session:
        theirs = newsletters.of(settings, newsletters.get(session, "daily"))
    edition = campaign.plan(engine, theirs, period=DAY, now=now)
    if not plan_first:
        leave(engine, "daily", now)
    done = campaign.send(
        engine, theirs, edition_id=edition, clock=lambda: now, stop=threading.Event(),
        at_local_time=False,
    )  # fmt: skip
    return done.sent


def test_who_left_a_newsletter_is_in_no_edition_of_it(
    engine: Engine, settings: Settings, now: datetime
) -> None:
    assert leave(engine, "daily", now) == ["weekly"]
    assert sent(engine, settings, now) == 2
    edition = campaign.plan(engine, settings, period="2026-W48", now=now)
    with database.reading(engine) as session:
        query = sa.select(sa.func.count()).where(Delivery.edition_id == edition)
        assert session.scalar(query) == 3


def test_who_leaves_after_planning_gets_nothing(
    engine: Engine, settings: Settings, now: datetime
) -> None:
    assert sent(engine, settings, now, plan_first=False) == 2
    with database.reading(engine) as session:
        reason = sa.select(Delivery.reason).where(Delivery.reason.is_not(None))
        assert session.scalars(reason).all() == ["unsubscribed"]


def test_who_leaves_all_has_unsubscribed_and_who_subscribes_anew_gets_all(
    engine: Engine, settings: Settings, now: datetime
) -> None:
    assert leave(engine, "daily", now) == ["weekly"]
    assert leave(engine, "weekly", now) == []
    with database.writing(engine) as session:
        reader = records.find(session, WHO)
        assert reader.status == Status.UNSUBSCRIBED
        later = now + timedelta(days=1)
        assert self_service.confirm(session, reader, now=later, proof={}, asked_at=later)
        assert subscriptions.of(session, reader) == {"weekly": True, "daily": True}


def test_readers_choose_among_newsletters_but_at_least_one(
    engine: Engine, settings: Settings, now: datetime
) -> None:
    with database.writing(engine) as session:
        reader = records.find(session, WHO)
        subscriptions.choose(session, reader, ["daily"], now=now, proof={})
        assert subscriptions.of(session, reader) == {"weekly": False, "daily": True}
        with pytest.raises(ValueError, match="at least one"):
            subscriptions.choose(session, reader, ["monthly"], now=now, proof={})


def test_a_newsletter_for_others_is_none_that_a_reader_still_gets(
    engine: Engine, settings: Settings, now: datetime
) -> None:
    with database.writing(engine) as session:
        segments.create(session, "others", 'email in ("reader2@example.com")', now=now)
        row = newsletters.get(session, "daily")
        newsletters.change(session, settings, row, {}, segment="others")
        assert subscriptions.of(session, records.find(session, WHO)) == {"weekly": True}
    assert leave(engine, "weekly", now) == []
    with database.reading(engine) as session:
        assert records.find(session, WHO).status == Status.UNSUBSCRIBED
    assert sent(engine, settings, now) == 1
    with database.reading(engine) as session:
        theirs = subscriptions.of(session, records.find(session, "reader2@example.com"))
    assert theirs == {"weekly": True, "daily": True}


def test_who_leaves_one_before_the_first_issue_of_another_still_gets_the_other(
    engine: Engine, settings: Settings, now: datetime
) -> None:
    with database.writing(engine) as session:
        segments.create(session, "mine", f'email in ("{WHO}")', now=now)
        row = newsletters.get(session, "weekly")
        newsletters.change(session, settings, row, {}, segment="mine")
    assert leave(engine, "daily", now) == ["weekly"]
    with database.reading(engine) as session:
        assert records.find(session, WHO).status == Status.ACTIVE
        assert segments.audiences(
            session, records.find(session, "reader2@example.com").id, now
        ) == (frozenset())
    assert leave(engine, "weekly", now) == []
