"""Alerts are written when a trouble begins and when it is over, and wait until they are taken."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.monitoring import alerts
from mailer.monitoring.troubles import Kind, Trouble
from recommender.models import Alert, Channel, Turn
from recommender.storage import database

DISK = Trouble(Kind.DISK, "/srv", "has only 5.0 MB left", "make room")
RELAY = Trouble(Kind.RELAY, "mx.example", "takes no mail: it hangs", "look")
MAIL = (Channel.MAIL,)


def look(store: Engine, now: datetime, *found: Trouble, asked: bool = True) -> list[Turn]:
    """The turns that wait to be told after a look."""
    with database.writing(store) as session:
        alerts.look(session, found, MAIL, now, unknown=() if asked else (Kind.RELAY,))
        return [one.turn for one in alerts.waiting(session)]


def test_relays_that_were_not_asked_are_as_they_were(store: Engine, now: datetime) -> None:
    minute = timedelta(minutes=1)
    assert look(store, now, RELAY) == []
    for late in range(1, 30):
        assert look(store, now + late * minute, asked=False) == []
    assert look(store, now + 30 * minute, RELAY) == [Turn.BEGAN]
    assert look(store, now + 31 * minute) == [Turn.BEGAN]
    assert look(store, now + 36 * minute) == [Turn.OVER]


def test_what_is_wrong_twice_is_one_trouble(store: Engine, now: datetime) -> None:
    assert look(store, now, DISK, DISK) == [Turn.BEGAN]


def test_old_alerts_go(store: Engine, now: datetime) -> None:
    look(store, now, DISK)
    look(store, now + timedelta(days=89), DISK)
    with database.reading(store) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Alert)) == 1
    look(store, now + timedelta(days=91), DISK)
    with database.reading(store) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Alert)) == 0


def test_a_clock_that_was_set_back_keeps_no_alert_waiting(store: Engine, now: datetime) -> None:
    look(store, now, DISK)
    with database.writing(store) as session:
        (group,) = alerts.due(session, Channel.MAIL, now)
        alerts.failed(session, group, "no answer", now)
        assert alerts.due(session, Channel.MAIL, now) == []
        assert alerts.due(session, Channel.URL, now + timedelta(minutes=2)) == []
        assert len(alerts.due(session, Channel.MAIL, now + timedelta(minutes=2))) == 1
        assert len(alerts.due(session, Channel.MAIL, now - timedelta(days=2))) == 1


def test_without_a_channel_troubles_are_known_and_told_once_there_is_one(
    store: Engine, now: datetime
) -> None:
    with database.writing(store) as session:
        alerts.look(session, [DISK], (), now)
        assert [one.kind for one in alerts.ongoing(session)] == [Kind.DISK]
    assert look(store, now + timedelta(minutes=1), DISK) == [Turn.BEGAN]
