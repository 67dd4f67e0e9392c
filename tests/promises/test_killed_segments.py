"""A second send of one edition, killed with -9 while it plans or sends: the service goes on with it
within minutes, nobody gets two copies, and nobody is left out."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.delivery import campaign
from mailer.service import publishing
from mailer.service.context import SchedulerContext
from recommender import segments, settings
from recommender.models import Delivery, DeliveryState, Edition, EditionState, Shard, Subscriber
from recommender.settings import Settings
from recommender.storage import database
from tests.promises.conftest import add_readers, add_stories

PERIOD = "2026-W48"
HOUR = datetime(2026, 11, 26, 8, 1, tzinfo=UTC)
READERS, PILOTS, RECENT = 60, 10, 40
S = DeliveryState

CHILD = """
import sys, threading, time
from datetime import datetime
from mailer.delivery import campaign
from mailer.edition import shards
from recommender import settings
from recommender.storage import database

url, home, moment, processes, sends = sys.argv[1:]
shards.SIZE = 4
plan = shards.plan
def slowly(*arguments):
    time.sleep(0.05)
    return plan(*arguments)
shards.plan = slowly
now = datetime.fromisoformat(moment)
found = settings.load(environment={"NEWSLETTER_HOME": home, "NEWSLETTER_DATABASE_URL": url})
engine = database.connect(url)
edition = campaign.plan(
    engine, found, period="2026-W48", now=now, segment="recent", processes=int(processes)
)
if sends == "send":
    campaign.send(
        engine, found, edition_id=edition, clock=lambda: now, stop=threading.Event(),
        at_local_time=False, segment="recent", since=now,
    )
"""


@pytest.fixture
def configured(store: Engine, now: datetime, tmp_path: Path) -> Settings:
    """Stories, readers and two segments, the first of which has its copies."""
    add_stories(store, now - timedelta(hours=1))
    add_readers(store, now - timedelta(hours=1), READERS)
    with database.writing(store) as session:
        emails = list(session.scalars(sa.select(Subscriber.email).order_by(Subscriber.id)))
        for name, members in (("pilots", emails[:PILOTS]), ("recent", emails[: PILOTS + RECENT])):
            listed = ", ".join(f'"{email}"' for email in members)
            segments.create(session, name, f"email in ({listed})", now=now)
    found = settings.load(environment={"NEWSLETTER_HOME": str(tmp_path)})
    edition = campaign.plan(store, found, period=PERIOD, now=now, segment="pilots")
    done = campaign.send(
        store, found, edition_id=edition, clock=lambda: now, stop=threading.Event(),
        at_local_time=False, segment="pilots", since=now,
    )  # fmt: skip
    assert done.sent == PILOTS
    return found


def killed(
    store: Engine,
    configured: Settings,
    now: datetime,
    arrived: Callable[[], bool],
    *,
    processes: int = 1,
    sends: bool = False,
) -> None:
    """Send to the second segment in a process of its own, with all its helpers killed -9 when
    ``arrived``."""
    url = store.url.render_as_string(hide_password=False)
    told = [url, str(configured.home), now.isoformat(), str(processes), "send" if sends else "plan"]
    with subprocess.Popen([sys.executable, "-c", CHILD, *told], start_new_session=True) as process:
        while not arrived():
            assert process.poll() is None, "it was done before it could be killed"
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGKILL)


def shards_left(store: Engine) -> list[bool]:
    with database.reading(store) as session:
        return list(session.scalars(sa.select(Shard.done)))


def next_minutes(store: Engine, configured: Settings, now: datetime) -> None:
    """The service's job every minute, in no time: until nothing is left to be planned, or for a
    while. A database server takes a moment to notice that its client died, and keeps the dead
    client's locks until then."""
    for _ in range(40):
        publishing.deliver(service(store, configured, now))
        if all(shards_left(store)):
            return
        time.sleep(0.25)


def states(store: Engine) -> Counter[DeliveryState]:
    with database.reading(store) as session:
        return Counter(session.scalars(sa.select(Delivery.state)))


def service(store: Engine, configured: Settings, now: datetime) -> SchedulerContext:
    return SchedulerContext(store, configured, lambda: now, threading.Event(), lambda _: None)


def everybody_has_one_copy(store: Engine, configured: Settings, doubts: int) -> None:
    with database.reading(store) as session:
        copies = Counter(session.scalars(sa.select(Delivery.subscriber_id)))
        edition = session.scalars(sa.select(Edition)).one()
        assert (len(copies), set(copies.values())) == (READERS, {1})
        assert edition.state == EditionState.FINISHED
    ledger = states(store)
    assert ledger[S.SENT] + ledger[S.IN_DOUBT] == READERS
    assert ledger[S.IN_DOUBT] <= doubts
    files = [path.name for path in configured.outbox.rglob("*.eml")]
    assert len(files) == len(set(files))
    assert ledger[S.SENT] <= len(files) <= READERS


@pytest.mark.parametrize("processes", [1, 2])
def test_a_planning_of_a_second_segment_that_was_killed_is_finished_within_minutes(
    store: Engine, configured: Settings, now: datetime, processes: int
) -> None:
    killed(store, configured, now, lambda: sum(shards_left(store)) >= 4, processes=processes)
    assert not all(shards_left(store))
    next_minutes(store, configured, now)
    assert all(shards_left(store))
    assert sum(states(store).values()) == PILOTS + RECENT
    publishing.publish(service(store, configured, HOUR))
    everybody_has_one_copy(store, configured, doubts=0)


def test_a_first_planning_that_was_killed_is_finished_within_minutes(
    store: Engine, configured: Settings, now: datetime
) -> None:
    with database.writing(store) as session:
        for table in (Delivery, Shard, Edition):
            session.execute(sa.delete(table))
    killed(store, configured, now, lambda: sum(shards_left(store)) >= 3)
    next_minutes(store, configured, now)
    with database.reading(store) as session:
        assert session.scalars(sa.select(Edition.state)).one() != EditionState.PLANNING
    assert all(shards_left(store))
    assert sum(states(store).values()) == PILOTS + RECENT


def test_a_sending_to_a_second_segment_that_was_killed_is_finished_by_the_service(
    store: Engine, configured: Settings, now: datetime
) -> None:
    killed(store, configured, now, lambda: states(store)[S.SENT] >= PILOTS + 5, sends=True)
    assert states(store)[S.SENT] < PILOTS + RECENT
    publishing.publish(service(store, configured, HOUR))
    everybody_has_one_copy(store, configured, doubts=1)
