"""The numbers of a large edition are kept, those of a small one counted for whoever asks."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.reports import edition_statistics
from mailer.service import counting
from recommender.models import Delivery, DeliveryState, Edition, Event, EventKind
from recommender.storage import database
from tests.mailer.monitoring.test_console_statistics import fill


def test_a_large_edition_is_counted_by_the_service_alone(
    store: Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edition_statistics, "SMALL", 2)
    with database.writing(store) as session:
        fill(session, now)
        session.add(Event(at=now, kind=EventKind.CLICK, subscriber_id=1, delivery_id=1))
    with database.reading(store) as session:
        edition = session.get_one(Edition, 1)
        assert edition_statistics.current(session, edition, now) is None
        assert edition_statistics.figures(session, 1) is None
    counting.count_editions(store, now)
    with database.writing(store) as session:
        session.execute(sa.update(Delivery).values(state=DeliveryState.FAILED))
        edition = session.get_one(Edition, 1)
        kept = edition_statistics.current(session, edition, now)
        assert kept is not None
        assert (kept.at, kept.states) == (now, {"failed": 1, "sent": 2})
        assert kept.answers == {"click": 1}
        figures = edition_statistics.figures(session, 1)
        assert figures is not None
        assert (figures.copies, figures.sent, figures.clicked) == (3, 2, 1)


def test_a_small_edition_is_counted_as_it_is(store: Engine, now: datetime) -> None:
    with database.writing(store) as session:
        fill(session, now)
        assert edition_statistics.due(session, now) == []
        found = edition_statistics.current(session, session.get_one(Edition, 1), now)
    assert found is not None
    assert found.states == {"failed": 1, "sent": 2}


def test_what_ended_long_ago_is_counted_seldom(
    sqlite_store: Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edition_statistics, "SMALL", 2)
    with database.writing(sqlite_store) as session:
        fill(session, now)  # it ended four days ago: good for the tenth part of that

        def due(later: timedelta) -> bool:
            return bool(edition_statistics.due(session, now + later))

        assert due(timedelta())
        numbers = edition_statistics.count(session, session.get_one(Edition, 1), now)
        edition_statistics.note(session, 1, numbers)
        assert not due(timedelta(hours=9))
        assert due(timedelta(hours=10))
        session.get_one(Edition, 1).finished_at = None
        assert due(timedelta(minutes=2))
