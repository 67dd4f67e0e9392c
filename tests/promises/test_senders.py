"""Several processes send one edition: whichever of them dies, nobody is missed or gets it twice."""

import json
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

from mailer import process_group
from mailer.delivery import campaign, senders
from mailer.delivery.summary import Summary
from mailer.edition import shards
from mailer.ledger import editions
from recommender.errors import TransportError
from recommender.models import Delivery, DeliveryState, EditionState
from recommender.settings import Settings
from recommender.storage import database

READERS = 600
S = DeliveryState
# The command, with processes worth their while for a few hundred copies already.
COMMAND = (
    "from mailer import cli; from mailer.delivery import senders; senders.ENOUGH = 100; cli.main()"
)


def states(engine: Engine) -> Counter[DeliveryState]:
    with database.reading(engine) as session:
        return Counter(session.scalars(sa.select(Delivery.state)))


@pytest.fixture
def newsletter(
    engine: Engine, stories: Callable[..., None], readers: Callable[..., None]
) -> Engine:
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    stories(engine, an_hour_ago)
    readers(engine, an_hour_ago, READERS)
    return engine


def send(engine: Engine, settings: Settings) -> Summary:
    now = datetime.now(UTC)
    return campaign.send(
        engine,
        settings,
        edition_id=campaign.plan(engine, settings, period="2026-W48", now=now),
        clock=lambda: datetime.now(UTC),
        stop=threading.Event(),
        at_local_time=False,
        processes=3,
    )


def start(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            COMMAND,
            "editions",
            "send",
            "--yes",
            "--period",
            "2026-W48",
            "--json",
        ],
        env={"NEWSLETTER_HOME": str(home), "NEWSLETTER_PROCESSES": "2", "PATH": "/usr/bin:/bin"},
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def files(home: Path) -> int:
    return len(list((home / "outbox").rglob("*.eml")))


def test_a_process_that_is_killed_loses_and_repeats_nothing(
    newsletter: Engine,
    home: Path,
    configured: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[process_group.ChildProcess] = []
    real = process_group.start

    def start(task: process_group.Task) -> process_group.ChildProcess:
        started.append(real(task))
        return started[-1]

    monkeypatch.setattr(senders, "ENOUGH", 100)
    monkeypatch.setattr(process_group, "start", start)

    def kill() -> None:
        wait_for(lambda: states(newsletter)[S.SENT] >= 50)
        started[0].process.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    summary = send(newsletter, configured())
    killer.join()
    assert [member.last is None for member in started] == [True, False]
    assert summary.trouble is None
    assert summary.in_doubt <= 1
    assert summary.sent + summary.in_doubt == READERS
    assert summary.sent <= files(home) <= READERS


def test_what_one_cannot_send_the_others_do(
    newsletter: Engine, configured: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise TransportError("the relay takes no connection from here")

    monkeypatch.setattr(senders, "ENOUGH", 100)
    monkeypatch.setattr(senders, "deliver_alone", refused)
    summary = send(newsletter, configured())
    assert (summary.sent, summary.deferred) == (READERS, 0)
    assert summary.trouble == "the relay takes no connection from here"


@pytest.mark.slow
def test_when_the_first_is_killed_the_others_stop_and_give_back(
    newsletter: Engine, home: Path
) -> None:
    first = start(home)
    wait_for(lambda: states(newsletter)[S.SENT] >= 50)
    first.kill()
    first.communicate(timeout=60)  # their output is ours too: none of them is left
    left = states(newsletter)
    assert 0 < left[S.CLAIMED] + left[S.ON_WIRE] < READERS / 2  # what the first had in hand
    assert left[S.ON_WIRE] <= 1
    out, err = start(home).communicate(timeout=100)
    summary = json.loads(out.splitlines()[-1])
    assert summary["sent"] + summary["in_doubt"] == READERS - left[S.SENT], err
    assert summary["in_doubt"] == left[S.ON_WIRE]
    assert READERS - 1 <= files(home) <= READERS


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_all_of_them_without_a_doubt(
    newsletter: Engine, home: Path, number: signal.Signals
) -> None:
    parent = start(home)
    wait_for(lambda: states(newsletter)[S.SENT] >= 50)
    os.kill(parent.pid, number)
    out, _ = parent.communicate(timeout=10)
    summary = json.loads(out.splitlines()[-1])
    left = states(newsletter)
    assert left == {S.SENT: summary["sent"], S.PLANNED: summary["deferred"]}
    assert summary["in_doubt"] == 0


def test_processes_that_help_to_plan_leave_nobody_out(
    newsletter: Engine, configured: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "SIZE", 30)
    edition = campaign.plan(
        newsletter,
        configured(),
        period="2026-W48",
        now=datetime.now(UTC),
        processes=3,
    )
    with database.reading(newsletter) as session:
        planned = session.execute(sa.select(Delivery.subscriber_id, Delivery.number)).all()
        assert editions.state(session, edition) == EditionState.PLANNED
    assert len({reader for reader, _ in planned}) == len(planned) == READERS
    assert {number for _, number in planned} == set(range(1, READERS + 1))
