"""Store and clock are wrong from a measure on, and not before."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.monitoring import job_runs, probes, surroundings
from mailer.monitoring.probes import Probes
from mailer.monitoring.trouble import Kind
from recommender.storage import database


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (1.5, None),
        (-1.5, None),
        (90, "is 90 s behind the store's"),
        (-7200, "is 120 minutes ahead of the store's"),
    ],
)
def test_a_clock_that_differs_from_the_stores_is_named(
    sqlite_store: Engine, now: datetime, seconds: float, says: str | None
) -> None:
    with database.reading(sqlite_store) as session:
        found = list(surroundings.clock(session, now, timedelta(seconds=seconds)))
    assert [one.sentence for one in found] == ([says] if says else [])


def test_a_clock_that_was_set_back_is_known_by_what_was_noted(store: Engine, now: datetime) -> None:
    with database.writing(store) as session:
        job_runs.note_begin(session, "deliver", now)
    with database.reading(store) as session:
        for minutes, number in ((0, 0), (4, 0), (6, 1)):
            moment = now - timedelta(minutes=minutes)
            assert len(list(surroundings.clock(session, moment, timedelta(0)))) == number


def test_a_store_is_slow_when_a_small_write_took_long(store: Engine, now: datetime) -> None:
    for seconds, number in ((0.1, 0), (2.5, 1)):
        with database.writing(store) as session:
            probes.note(session, Probes(now, store_seconds=seconds))
            assert len(list(surroundings.slow(session))) == number


def test_a_store_that_is_away_is_named_without_its_password() -> None:
    error = sa.exc.OperationalError("SELECT 1", {}, ValueError("user:secret@host"))
    one = surroundings.store_away(error)
    assert (one.kind, one.sentence) == (Kind.STORE, "cannot be used: ValueError")
